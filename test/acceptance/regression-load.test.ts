import { afterEach, describe, expect, test } from '@jest/globals';
import type { Regression } from '../../src/findings/regression.ts';
import type { Report } from '../../src/report/result.ts';
import { openAccount, type TestAccount } from '../support/account.ts';
import { regress, temporaries, testObjects, withRegression } from '../support/golden-set.ts';

let account: TestAccount;
afterEach(() => account.close());

/** 1.1.0 serves 8 requests a second on 4 instances, each of which answers one request at a time. */
const open = async (
  version: '1.0.0' | '1.3.0' | '1.4.0',
  settings: object = { requestsPerInstance: 1 },
): Promise<void> => {
  account = await openAccount({ settings });
  await account.inProduction('1.1.0');
  await account.prepare(version);
};

const loadOf = (report: Report | undefined) => {
  const found = report?.result.findings as Regression | undefined;
  return found?.checks?.find(({ name }) => name === 'load');
};

describe('a load test of a temporary endpoint', () => {
  test('holds the recorded rate times a factor, and names the rate at which the candidate breaks', async () => {
    await open('1.0.0');
    withRegression(account, { keys: ['load: { factor: 2, duration: 60s, up-to: 200 }'] });
    const report = await regress(account, '1.0.0', { timeout: '2h' });
    console.log(JSON.stringify(report?.result.because), JSON.stringify(loadOf(report), null, 1));
    expect(report?.result).toMatchObject({ outcome: 'succeeded', reason: 'regression-passed' });
    expect(await temporaries(account)).toEqual([]);
    console.log([...testObjects(account).keys()]);
  });
});
