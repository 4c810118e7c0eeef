import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { approveGate } from '../../src/operations/approve-gate.ts';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { rollback } from '../../src/operations/rollback.ts';
import { shiftTraffic } from '../../src/operations/shift-traffic.ts';
import type { Report } from '../../src/report/result.ts';
import { budget, junk, mutatedText, patienceMs } from '../support/fuzz.ts';
import { type House, openHouse } from '../support/house.ts';

// The resume tokens of the operations that follow the release record: none changes how a run ends, or makes it write.

let house: House;
let releases: readonly string[];
beforeAll(async () => {
  house = await openHouse();
  await house.inProduction('1.0.0');
  releases = (house.record()?.ended ?? []).map(({ id }) => id);
});
afterAll(() => house.close());

type Run = (token?: string) => Promise<Report | undefined>;
const given = (token?: string) => (token === undefined ? {} : { 'resume-token': token });
const runs: Readonly<Record<string, Run>> = {
  'deploy-endpoint': (token) => house.run(deployEndpoint, { version: '1.0.0', ...given(token) }, { runId: '9' }),
  'deploy-endpoint of a version nobody registered': (token) =>
    house.run(deployEndpoint, { version: '7.0.0', ...given(token) }, { runId: '9' }),
  rollback: (token) => house.run(rollback, given(token), { runId: '9' }),
  'rollback of what expired': (token) =>
    house.run(rollback, { 'only-expired': 'true', ...given(token) }, { runId: '9' }),
  'shift-traffic': (token) => house.run(shiftTraffic, { version: '1.0.0', ...given(token) }, { runId: '9' }),
  'approve-gate': (token) => house.run(approveGate, { version: '1.0.0', ...given(token) }, { runId: '9' }),
};

test.each(Object.keys(runs))(
  '%s ends with any token as it ends with none',
  async (name) => {
    const run = runs[name];
    if (run === undefined) throw new Error(`no run ${name}`);
    const none = await run();
    const token = fc.oneof(
      fc.constantFrom(...releases, '', 'churn-1.0.0-1').map((release) => JSON.stringify({ v: 1, release })),
      junk.map((release) => JSON.stringify({ v: 1, release })),
      fc
        .dictionary(fc.constantFrom('release', 'live', 'ended', 'of', 'phase'), junk)
        .map((value) => JSON.stringify({ ...value, v: 1 })),
      mutatedText(JSON.stringify({ v: 1, release: releases[0] })),
    );
    await fc.assert(
      fc.asyncProperty(token, async (forged) => {
        const record = JSON.stringify(house.record());
        const seen = house.watch();
        const report = await run(forged);
        const { outcome, reason } = report?.result ?? {};
        expect(reason).not.toBe('internal-error');
        if (reason !== 'invalid-input')
          expect({ outcome, reason }).toEqual({ outcome: none?.result.outcome, reason: none?.result.reason });
        expect(seen().filter(({ mutation }) => mutation)).toEqual([]);
        expect(JSON.stringify(house.record())).toBe(record);
      }),
      budget(0.1),
    );
  },
  patienceMs,
);
