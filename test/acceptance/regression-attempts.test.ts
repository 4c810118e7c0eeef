import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { minutes } from '../../src/clock.ts';
import { rehearsedTeam as team } from '../../src/rehearsal/manifest.ts';
import { releasesOf } from '../../src/release/location.ts';
import { openAccount, type TestAccount } from '../support/account.ts';
import { asked } from '../support/asked-requests.ts';
import {
  approved,
  goldenRows,
  putGoldenSet,
  regress,
  temporaries,
  testObjects,
  testRecords,
  withRegression,
} from '../support/golden-set.ts';

let account: TestAccount;
beforeEach(async () => {
  account = await openAccount();
});
afterEach(() => account.close());

describe('another attempt', () => {
  test('is made only when it is asked for, or when the last one did not pass', async () => {
    await approved(account, '1.0.0');
    withRegression(account);
    const first = await regress(account, '1.0.0');
    expect(first?.result.outputs).toMatchObject({ attempt: '1' });
    const seen = account.watch();
    const same = await regress(account, '1.0.0', {}, { runId: '2' });
    expect(same?.result).toMatchObject({ reason: 'regression-passed', outputs: { attempt: '1', verdict: 'pass' } });
    expect(same?.result.because).toMatch(/passed at 2026-.*, which counts until 2026-/);
    // Whoever asks again gets the tables and the file of the first time.
    expect(same?.result.findings).toEqual(first?.result.findings);
    const [before, after] = [first, same].map((report) => JSON.parse(report?.files?.['evaluation'] ?? ''));
    expect(after).toEqual(before);
    expect(after).toMatchObject({ model_delivery: { verdict: 'pass' } });
    expect(asked(seen())).toEqual({});
    expect(seen().filter(({ mutation }) => mutation)).toEqual([]);
    const again = await regress(account, '1.0.0', { again: 'true' }, { runId: '3' });
    expect(again?.result).toMatchObject({ reason: 'regression-passed', outputs: { attempt: '2' } });
    expect(testRecords(account)).toMatchObject([{ attempt: 2, verdict: { attempt: 2 } }]);
  });

  test.each([
    ['is not there', undefined, false],
    ['is text', 'no JSON', true],
    ['has half of its members', '{"is":"regression","verdict":"pass"}', true],
    ['is about another verdict', 'fail', true],
  ])('shows a pass that counts without its tables where findings.json %s', async (_, text, remarked) => {
    await approved(account, '1.0.0');
    withRegression(account);
    const first = await regress(account, '1.0.0');
    const [[key = '', whole = ''] = []] = [...testObjects(account)].filter(([name]) => name.endsWith('/findings.json'));
    const { bucket } = releasesOf({}, { partition: 'aws', region: team.region, id: team.account });
    if (text === undefined) await account.simulator.call('s3', 'DeleteObject', { Bucket: bucket, Key: key });
    else {
      const other = text === 'fail' ? JSON.stringify({ ...JSON.parse(whole), verdict: 'fail' }) : text;
      account.simulator.objects.put(bucket, key, Buffer.from(other));
    }
    const same = await regress(account, '1.0.0', {}, { runId: '2' });
    expect(same?.result).toMatchObject({ reason: 'regression-passed', outputs: first?.result.outputs });
    expect(same?.result).not.toHaveProperty('findings');
    expect(same?.remarks).toHaveLength(remarked ? 1 : 0);
    expect(JSON.parse(same?.files?.['evaluation'] ?? '')).toMatchObject({ model_delivery: { verdict: 'pass' } });
  });

  test('a token whose pass has expired begins another attempt, and no expired pass is green', async () => {
    await approved(account, '1.0.0');
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
    await approved(account, '1.0.0');
    withRegression(account);
    expect(await regress(account, '1.0.0', {}, { death: { atCall: 40, received: true } })).toBeUndefined();
    expect(testRecords(account)).toMatchObject([{ attempt: 1 }]);
    const again = await regress(account, '1.0.0', { again: 'true' }, { runId: '2' });
    expect(again?.result).toMatchObject({ reason: 'regression-passed', outputs: { attempt: '2' } });
  });

  test('follows one that failed', async () => {
    await approved(account, '1.2.0');
    withRegression(account);
    expect((await regress(account, '1.2.0'))?.result).toMatchObject({ reason: 'regression-failed' });
    const again = await regress(account, '1.2.0', {}, { runId: '2' });
    expect(again?.result).toMatchObject({ reason: 'regression-failed', outputs: { attempt: '2' } });
    expect(again?.result.plan?.notes.join()).toContain('attempt 1 ended with fail');
  });

  test('follows a pass whose time is over', async () => {
    await approved(account, '1.0.0');
    withRegression(account, { keys: ['valid-for: 1h'] });
    await regress(account, '1.0.0');
    await account.pass(minutes(61));
    expect((await regress(account, '1.0.0', {}, { runId: '2' }))?.result.outputs).toMatchObject({ attempt: '2' });
  });

  test.each([
    ['another golden set', () => putGoldenSet(account, goldenRows.slice(1))],
    ['another rule', () => withRegression(account, { rules: ['{ metric: accuracy, non-inferior: 0.2 }'] })],
  ])('%s is another subject', async (_name, change) => {
    await approved(account, '1.0.0');
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
