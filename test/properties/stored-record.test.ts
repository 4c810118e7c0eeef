import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Memory, Operation } from '../../src/operation.ts';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { rollback } from '../../src/operations/rollback.ts';
import { shiftTraffic } from '../../src/operations/shift-traffic.ts';
import { rollouts } from '../../src/rehearsal/manifest.ts';
import type { ReleaseRecord } from '../../src/release/record.ts';
import { openAccount, type TestAccount } from '../support/account.ts';
import { mutated, rearranged } from '../support/broken-text.ts';
import { fc } from '../support/properties.ts';

let account: TestAccount;
let records: readonly ReleaseRecord[] = [];

const recordNow = (): ReleaseRecord => {
  const record = account.record();
  if (record?.live === undefined) throw new Error('no release is live');
  return record;
};

/** Real records with a live release: a delivery before and after its submission, and a rollout in steps. */
beforeAll(async () => {
  account = await openAccount();
  await account.inProduction('1.0.0');
  await account.prepare('1.1.0');
  const found: ReleaseRecord[] = [];
  await account.run(
    deployEndpoint,
    { version: '1.1.0' },
    { death: { atCall: 'sagemaker.createModel', received: false } },
  );
  found.push(recordNow());
  await account.run(
    deployEndpoint,
    { version: '1.1.0' },
    { death: { atCall: 'sagemaker.updateEndpoint', received: true } },
  );
  found.push(recordNow());
  await account.run(rollback, {});
  account.writeManifest((text) => text.replace(/rollout: .*/, `rollout: { ${rollouts.steps}, minimum-requests: 600 }`));
  await account.run(deployEndpoint, { version: '1.1.0', retry: 'true' });
  await account.run(
    shiftTraffic,
    { version: '1.1.0', retry: 'true' },
    { death: { atCall: 'sagemaker.updateEndpointWeightsAndCapacities', received: true } },
  );
  found.push(recordNow());
  records = found;
});
afterAll(() => account.close());

const asks: readonly (readonly [Operation<unknown, Memory, unknown>, Readonly<Record<string, string>>])[] = (
  [
    [deployEndpoint, { version: '1.1.0', retry: 'true' }],
    [shiftTraffic, { version: '1.1.0', retry: 'true' }],
    [shiftTraffic, { version: '1.1.0', operation: 'abort' }],
    [rollback, {}],
    [rollback, { to: '1.0.0' }],
    [rollback, { 'only-expired': 'true' }],
  ] as const
).map(([operation, inputs]) => [operation as unknown as Operation<unknown, Memory, unknown>, inputs]);

test('no change of a real record makes an operation fail as if it were a defect of the suite', async () => {
  const record = fc
    .nat(records.length - 1)
    .chain((index) =>
      fc.oneof({ weight: 1, arbitrary: mutated(records[index]) }, { weight: 4, arbitrary: rearranged(records[index]) }),
    );
  await fc.assert(
    fc.asyncProperty(
      record,
      fc.constantFrom(...asks),
      fc.constantFrom('1', '2'),
      async (text, [operation, inputs], runId) => {
        account.forge(text);
        const report = await account.run(operation, { ...inputs, wait: 'false' }, { runId });
        expect(`${report?.result.reason}: ${report?.result.because}`).not.toMatch(/^internal-error/);
      },
    ),
    { numRuns: 150 },
  );
});
