import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { minutes } from '../../src/clock.ts';
import { openAccount, type TestAccount } from '../support/account.ts';
import { asked } from '../support/asked-requests.ts';
import { goldenRows, putGoldenSet, regress, temporaries, testRecords, withRegression } from '../support/golden-set.ts';

let account: TestAccount;
beforeEach(async () => {
  account = await openAccount();
});
afterEach(() => account.close());

/** `version` is approved, and 1.1.0, a forest, serves. */
const approved = async (version: '1.0.0' | '1.2.0' | '1.3.0' | '1.4.0' | '1.5.0'): Promise<void> => {
  await account.inProduction('1.1.0');
  await account.prepare(version);
};

describe('another attempt', () => {
  test('is made only when it is asked for, or when the last one did not pass', async () => {
    await approved('1.0.0');
    withRegression(account);
    expect((await regress(account, '1.0.0'))?.result.outputs).toMatchObject({ attempt: '1' });
    const seen = account.watch();
    const same = await regress(account, '1.0.0', {}, { runId: '2' });
    expect(same?.result).toMatchObject({ reason: 'regression-passed', outputs: { attempt: '1', verdict: 'pass' } });
    expect(same?.result.because).toMatch(/passed at 2026-.*, which counts until 2026-/);
    expect(asked(seen())).toEqual({});
    expect(seen().filter(({ mutation }) => mutation)).toEqual([]);
    const again = await regress(account, '1.0.0', { again: 'true' }, { runId: '3' });
    expect(again?.result).toMatchObject({ reason: 'regression-passed', outputs: { attempt: '2' } });
    expect(testRecords(account)).toMatchObject([{ attempt: 2, verdict: { attempt: 2 } }]);
  });

  test('a token whose pass has expired begins another attempt, and no expired pass is green', async () => {
    await approved('1.0.0');
    withRegression(account, { keys: ['valid-for: 1h'] });
    const handed = await regress(account, '1.0.0', { wait: 'false' }, { runId: '1' });
    expect(handed?.result).toMatchObject({ reason: 'in-progress' });
    const second = await regress(account, '1.0.0', {}, { runId: '2' });
    expect(second?.result).toMatchObject({ reason: 'regression-passed', outputs: { attempt: '1' } });
    await account.pass(minutes(70));
    const late = await regress(account, '1.0.0', { 'resume-token': handed?.token ?? '' }, { runId: '1' });
    expect(late?.result).toMatchObject({ reason: 'regression-passed', outputs: { attempt: '2' } });
    expect(await temporaries(account)).toEqual([]);
  });

  test('`again` begins another attempt also beside one that a killed run left', async () => {
    await approved('1.0.0');
    withRegression(account);
    expect(await regress(account, '1.0.0', {}, { death: { atCall: 40, received: true } })).toBeUndefined();
    expect(testRecords(account)).toMatchObject([{ attempt: 1 }]);
    const again = await regress(account, '1.0.0', { again: 'true' }, { runId: '2' });
    expect(again?.result).toMatchObject({ reason: 'regression-passed', outputs: { attempt: '2' } });
  });

  test('follows one that failed', async () => {
    await approved('1.2.0');
    withRegression(account);
    expect((await regress(account, '1.2.0'))?.result).toMatchObject({ reason: 'regression-failed' });
    const again = await regress(account, '1.2.0', {}, { runId: '2' });
    expect(again?.result).toMatchObject({ reason: 'regression-failed', outputs: { attempt: '2' } });
    expect(again?.result.plan?.notes.join()).toContain('attempt 1 ended with fail');
  });

  test('follows a pass whose time is over', async () => {
    await approved('1.0.0');
    withRegression(account, { keys: ['valid-for: 1h'] });
    await regress(account, '1.0.0');
    await account.pass(minutes(61));
    expect((await regress(account, '1.0.0', {}, { runId: '2' }))?.result.outputs).toMatchObject({ attempt: '2' });
  });

  test.each([
    ['another golden set', () => putGoldenSet(account, goldenRows.slice(1))],
    ['another rule', () => withRegression(account, { rules: ['{ metric: accuracy, non-inferior: 0.2 }'] })],
  ])('%s is another subject', async (_name, change) => {
    await approved('1.0.0');
    withRegression(account);
    await regress(account, '1.0.0');
    change();
    expect((await regress(account, '1.0.0', {}, { runId: '2' }))?.result).toMatchObject({
      reason: 'regression-passed',
      outputs: { attempt: '1' },
    });
    expect(testRecords(account)).toHaveLength(2);
  });
});
