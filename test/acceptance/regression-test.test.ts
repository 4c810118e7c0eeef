import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { openAccount, type TestAccount } from '../support/account.ts';
import { goldenRows, namedVerdict, regress, temporaries, testRecords, withRegression } from '../support/golden-set.ts';

let account: TestAccount;
beforeEach(async () => {
  account = await openAccount();
});
afterEach(() => account.close());

describe('a version on a temporary endpoint, against the version that serves', () => {
  test.each([
    ['1.0.0', 'succeeded', 'regression-passed', 'pass'],
    ['1.2.0', 'rejected', 'regression-failed', 'fail'],
  ] as const)('%s: %s/%s', async (version, outcome, reason, verdict) => {
    await account.inProduction('1.1.0');
    await account.prepare(version);
    withRegression(account);
    const report = await regress(account, version);
    console.log(
      JSON.stringify({ ...report?.result, findings: undefined }, null, 1),
      JSON.stringify(report?.timeline, null, 1),
    );
    expect(report?.result).toMatchObject({
      outcome,
      reason,
      outputs: { version, verdict, attempt: '1', rows: String(goldenRows.length) },
    });
    expect(await temporaries(account)).toEqual([]);
    expect(testRecords(account)).toMatchObject([{ attempt: 1, verdict: { verdict, version } }]);
    expect(await namedVerdict(account, 2)).toMatch(new RegExp(`^${verdict} for production at `));
  });
});
