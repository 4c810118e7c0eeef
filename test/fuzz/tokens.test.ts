import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { OperationName } from '../../src/operation.ts';
import type { AnyOperation } from '../../src/operations/all.ts';
import { operations } from '../../src/operations/all.ts';
import { openAccount, type TestAccount } from '../support/account.ts';
import { budget, junk, mutatedText } from '../support/fuzz.ts';
import { regress, withRegression } from '../support/golden-set.ts';
import { operationNames } from '../support/operation-rows.ts';
import { fc } from '../support/properties.ts';

// The resume tokens of the operations that follow the release record: none changes how a run ends, or makes it write.

let account: TestAccount;
let releases: readonly string[];
beforeAll(async () => {
  account = await openAccount();
  await account.inProduction('1.0.0');
  await account.prepare('1.1.0');
  withRegression(account);
  expect((await regress(account, '1.1.0'))?.result.reason).toBe('regression-passed');
  releases = (account.record()?.ended ?? []).map(({ id }) => id);
});
afterAll(() => account.close());

/** Inputs of a run of each operation; none where no release record is followed. */
const requested: Readonly<Record<OperationName, readonly Readonly<Record<string, string>>[]>> = {
  // Its memory names no release: test/fuzz/registry.test.ts.
  'register-model': [],
  'approve-gate': [{ version: '1.0.0' }],
  // The token of a run that has its verdict already.
  'regression-test': [{ version: '1.1.0' }],
  'deploy-endpoint': [{ version: '1.0.0' }, { version: '7.0.0' }],
  'shift-traffic': [{ version: '1.0.0' }],
  rollback: [{}, { 'only-expired': 'true' }],
};
const runs = operationNames.flatMap((name) =>
  requested[name].map((inputs) => ({ name, inputs, operation: operations[name] as AnyOperation })),
);

test.each(runs)('$name of $inputs ends with any token as it ends with none', async ({ operation, inputs }) => {
  const run = (token?: string) =>
    account.run(operation, { ...inputs, ...(token === undefined ? {} : { 'resume-token': token }) }, { runId: '9' });
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
      const record = JSON.stringify(account.record());
      const seen = account.watch();
      const report = await run(forged);
      const { outcome, reason } = report?.result ?? {};
      expect(reason).not.toBe('internal-error');
      if (reason !== 'invalid-input')
        expect({ outcome, reason }).toEqual({ outcome: none?.result.outcome, reason: none?.result.reason });
      expect(seen().filter(({ mutation }) => mutation)).toEqual([]);
      expect(JSON.stringify(account.record())).toBe(record);
    }),
    budget(0.1),
  );
});
