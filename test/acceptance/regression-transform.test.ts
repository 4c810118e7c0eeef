import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { minutes } from '../../src/clock.ts';
import { openAccount, type TestAccount } from '../support/account.ts';
import { regress, temporaries, testRecords, withRegression } from '../support/golden-set.ts';

// Batch transform jobs answer for both models: the endpoint that serves is left alone.

const keys = [
  'candidate: { transform: { instance: ml.m5.large } }',
  'baseline: { transform: { instance: ml.m5.large } }',
];

let account: TestAccount;
beforeEach(async () => {
  account = await openAccount();
  await account.inProduction('1.1.0');
});
afterEach(() => account.close());

const jobs = async (): Promise<readonly string[]> => {
  const { TransformJobSummaries } = await account.simulator.call('sagemaker', 'ListTransformJobs', {});
  return (TransformJobSummaries as readonly { readonly TransformJobStatus: string }[]).map(
    ({ TransformJobStatus }) => TransformJobStatus,
  );
};

test.each([
  ['1.0.0', 'regression-passed'],
  ['1.2.0', 'regression-failed'],
] as const)('%s beside the version that serves: %s', async (version, reason) => {
  await account.prepare(version);
  withRegression(account, { keys });
  const seen = account.watch();
  const report = await regress(account, version);
  expect(report?.result).toMatchObject({ reason, outputs: { rows: '150', attempt: '1' } });
  expect(seen().filter(({ operation }) => /^(InvokeEndpoint|CreateEndpoint)/.test(operation))).toEqual([]);
  expect(await temporaries(account)).toEqual([]);
});

test('a model that fails on some rows fails the job; nothing is left behind, and the next run makes another attempt', async () => {
  await account.prepare('1.4.0');
  withRegression(account, { keys });
  const report = await regress(account, '1.4.0');
  expect(report?.result).toMatchObject({ outcome: 'failed', reason: 'transform-failed' });
  expect(report?.result.because).toMatch(/^batch transform job iris-test-[0-9a-f]{8} is Failed: /);
  expect(await temporaries(account)).toEqual([]);
  const made = (await jobs()).length;
  expect((await regress(account, '1.4.0', {}, { runId: '2' }))?.result.reason).toBe('transform-failed');
  expect((await jobs()).length).toBeGreaterThan(made);
});

test('cancelled, it stops its jobs, and the next run comes to a verdict', async () => {
  await account.prepare('1.0.0');
  withRegression(account, { keys });
  const cancellation = new AbortController();
  account.simulator.faults.add({
    service: 'sagemaker',
    operation: 'DescribeTransformJob',
    times: 1,
    after: 5,
    kind: 'call',
    action: () => cancellation.abort(),
  });
  const report = await regress(account, '1.0.0', {}, { signal: cancellation.signal });
  expect(report?.result).toMatchObject({ outcome: 'cancelled' });
  await account.pass(minutes(30));
  expect(await jobs()).not.toContain('InProgress');
  expect((await regress(account, '1.0.0'))?.result).toMatchObject({ reason: 'regression-passed' });
  expect(await temporaries(account)).toEqual([]);
  expect(testRecords(account)).toMatchObject([{ verdict: { verdict: 'pass' } }]);
});

test('a content type that has no lines is refused before anything is made', async () => {
  await account.prepare('1.0.0');
  withRegression(account, {
    keys: [
      ...keys,
      'request: { content-type: application/json, input: $, body: { instances: [$row] } }',
      'response: { prediction: "$.predictions[0].predicted_label" }',
    ],
  });
  const seen = account.watch();
  const report = await regress(account, '1.0.0');
  expect(report?.result).toMatchObject({ reason: 'invalid-input' });
  expect(report?.result.because).toContain('a batch transform job takes one row a line');
  expect(seen().filter(({ mutation }) => mutation)).toEqual([]);
});

test('a selector that finds nothing in any answer is the mistake of the manifest, and no verdict on the version', async () => {
  await account.prepare('1.0.0');
  withRegression(account, { keys: [...keys, 'response: { prediction: 7 }'] });
  const report = await regress(account, '1.0.0');
  expect(report?.result).toMatchObject({ outcome: 'failed', reason: 'invalid-input' });
  expect(report?.result.because).toMatch(/^regression\.response: no answer of the candidate .*"prediction":7/);
  expect(await temporaries(account)).toEqual([]);
  expect(testRecords(account)[0]).not.toHaveProperty('verdict');
});
