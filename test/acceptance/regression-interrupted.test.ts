import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { minutes } from '../../src/clock.ts';
import { rehearsedTeam as team } from '../../src/rehearsal/manifest.ts';
import { openAccount, type TestAccount } from '../support/account.ts';
import { asked, questions } from '../support/asked-requests.ts';
import { approved, regress, temporaries, testObjects, withRegression } from '../support/golden-set.ts';

let account: TestAccount;
beforeEach(async () => {
  account = await openAccount();
});
afterEach(() => account.close());

describe('a run beside others, and after others', () => {
  /** Runs the action once, at the n-th request to a model. */
  const at = (request: number, action: () => void | Promise<void>): void =>
    account.simulator.faults.add({
      service: 'sagemaker-runtime',
      operation: 'InvokeEndpoint',
      times: 1,
      after: request,
      kind: 'call',
      action,
    });

  test('a temporary endpoint that a cancelled run of the same test removes is made again', async () => {
    await approved(account, '1.0.0');
    withRegression(account);
    at(30, async () => {
      const [name = ''] = (await temporaries(account)).map((one) => one.split(' ').at(-1) ?? '');
      await account.simulator.call('sagemaker', 'DeleteEndpoint', { EndpointName: name });
    });
    const report = await regress(account, '1.0.0');
    expect(report?.result).toMatchObject({ reason: 'regression-passed', outputs: { attempt: '1' } });
    expect(await temporaries(account)).toEqual([]);
  });

  test('a run that comes later joins the attempt of the one that is under way', async () => {
    await approved(account, '1.0.0');
    withRegression(account);
    const first = await regress(account, '1.0.0', { wait: 'false' });
    expect(first?.result).toMatchObject({ outcome: 'pending', reason: 'in-progress' });
    expect(await temporaries(account)).toHaveLength(3);
    const seen = account.watch();
    const second = await regress(account, '1.0.0', {}, { runId: '2' });
    expect(second?.result).toMatchObject({ reason: 'regression-passed', outputs: { attempt: '1' } });
    expect(second?.result.plan?.notes.join()).toContain('attempt 1 goes on where an earlier run left it');
    expect(seen().filter(({ operation }) => operation.startsWith('Create'))).toEqual([]);
    expect(await temporaries(account)).toEqual([]);
    const resumed = await regress(account, '1.0.0', { 'resume-token': first?.token ?? '' });
    expect(resumed?.result).toMatchObject({ reason: 'regression-passed', outputs: { attempt: '1' } });
    expect(asked(seen())).toMatchObject({ temporary: questions });
  });

  /** Everything up to a piece of answers is kept. */
  test('a run that is killed goes on where it was', async () => {
    await approved(account, '1.0.0');
    withRegression(account);
    const requested: string[] = [];
    // The record, then the first piece, then the second.
    let pieces = 0;
    account.simulator.faults.add({
      service: 's3',
      operation: 'PutObject',
      times: 3,
      kind: 'call',
      action: () => {
        pieces++;
      },
    });
    const death = { atCall: 0, received: false };
    expect(await regress(account, '1.0.0', {}, { requested })).toBeDefined();
    expect(pieces).toBe(3);
    const second = requested.map((name, index) => (name === 's3.putObject' ? index + 1 : 0)).filter(Boolean)[2] ?? 0;
    await account.close();
    account = await openAccount();
    await approved(account, '1.0.0');
    withRegression(account);
    expect(await regress(account, '1.0.0', {}, { death: { ...death, atCall: second } })).toBeUndefined();
    expect([...testObjects(account).keys()].filter((key) => key.includes('/rows/'))).toHaveLength(1);
    expect(await temporaries(account)).toHaveLength(3);
    await account.pass(minutes(5));
    const seen = account.watch();
    const again = await regress(account, '1.0.0');
    expect(again?.result).toMatchObject({ reason: 'regression-passed', outputs: { attempt: '1', rows: '150' } });
    // The first 25 rows are kept; of the others, 25 are asked twice.
    expect(asked(seen())['temporary']).toBe(125 + 25);
    expect(await temporaries(account)).toEqual([]);
  });

  test('a run that is cancelled in the middle of a piece keeps the answers that it had', async () => {
    await approved(account, '1.0.0');
    withRegression(account);
    const cancellation = new AbortController();
    at(40, () => cancellation.abort());
    const seen = account.watch();
    const cancelled = await regress(account, '1.0.0', {}, { signal: cancellation.signal });
    expect(cancelled?.result).toMatchObject({ outcome: 'cancelled' });
    const before = asked(seen())['temporary'] ?? 0;
    expect(before).toBeGreaterThan(5);
    expect(before).toBeLessThan(25);
    expect([...testObjects(account).keys()].filter((key) => key.includes('/rows/'))).toEqual([
      expect.stringMatching(/\/rows\/000001-1\.json$/),
    ]);
    await account.pass(minutes(30));
    const later = account.watch();
    const again = await regress(account, '1.0.0');
    expect(again?.result).toMatchObject({ reason: 'regression-passed', outputs: { attempt: '1', rows: '150' } });
    // Their rows are asked neither again nor, as the first rows of a turn that ends are, a second time.
    expect(asked(later())['temporary']).toBe(questions - 2 * before);
  });

  test.each([
    ['a model is asked', { service: 'sagemaker-runtime', operation: 'InvokeEndpoint' }, ['endpoint config', 'model']],
    [
      'the endpoint comes up',
      { service: 'sagemaker', operation: 'CreateEndpoint' },
      ['endpoint', 'endpoint config', 'model'],
    ],
  ])('cancelled while %s, it leaves what SageMaker does not let go of yet', async (_when, call, left) => {
    await approved(account, '1.0.0');
    withRegression(account);
    const cancellation = new AbortController();
    account.simulator.faults.add({ ...call, times: 1, kind: 'call', action: () => cancellation.abort() });
    const report = await regress(account, '1.0.0', {}, { signal: cancellation.signal });
    expect(report?.result).toMatchObject({ outcome: 'cancelled', reason: 'cancelled' });
    await account.pass(minutes(30));
    expect((await temporaries(account)).map((name) => name.replace(/ iris-test-[0-9a-f]{8}$/, ''))).toEqual(left);
    // For the post step of the action, or for the next run.
    expect(report?.unsettled).toBe(true);
    const again = await regress(account, '1.0.0');
    expect(again?.result).toMatchObject({ reason: 'regression-passed', outputs: { attempt: '1' } });
    expect(await temporaries(account)).toEqual([]);
  });

  test('out of time, it removes its endpoint', async () => {
    await approved(account, '1.0.0');
    withRegression(account);
    const report = await regress(account, '1.0.0', { timeout: '1m' });
    expect(report?.result).toMatchObject({ outcome: 'timed-out', reason: 'deadline-passed' });
    expect(await temporaries(account)).toEqual([]);
  });

  test('killed and never run again, its leftovers go with the next test of the endpoint, once their time is over', async () => {
    await approved(account, '1.0.0');
    await account.prepare('1.2.0');
    withRegression(account);
    const death = { atCall: 'runtime.invokeEndpoint', received: false };
    expect(await regress(account, '1.0.0', {}, { death })).toBeUndefined();
    const left = await temporaries(account);
    expect(left).toHaveLength(3);
    const early = await regress(account, '1.2.0', {}, { runId: '2' });
    expect(early?.result.reason).toBe('regression-failed');
    expect(await temporaries(account)).toEqual(left);
    // Six hours of requests would take minutes.
    account.stopTraffic();
    await account.pass(minutes(6 * 60));
    const { simulator } = account;
    // Of others: the name alone is no reason to remove anything.
    const [model = ''] = left.filter((name) => name.startsWith('model')).map((name) => name.split(' ').at(-1) ?? '');
    const untagged = model.replace(/.{8}$/, '0a1b2c3d');
    await simulator.call('sagemaker', 'CreateModel', {
      ModelName: untagged,
      ExecutionRoleArn: `arn:aws:iam::${team.account}:role/iris-serving`,
      PrimaryContainer: { Image: team.image, ModelDataUrl: account.registration('1.3.0')['artifact'] },
    });
    const late = await regress(account, '1.2.0', {}, { runId: '3' });
    expect(late?.result.reason).toBe('regression-failed');
    expect(late?.timeline.map(({ because }) => because).join('\n')).toContain('left behind by an earlier test');
    expect(await temporaries(account)).toEqual([`model ${untagged}`]);
  });
});

describe('what AWS does not answer', () => {
  test('reads that lag behind a creation are waited for, and nothing is created again and again', async () => {
    const slow = await openAccount({ settings: { configVisibleAfterMs: 20_000 } });
    try {
      await slow.inProduction('1.1.0');
      await slow.prepare('1.0.0');
      withRegression(slow);
      const seen = slow.watch();
      expect((await regress(slow, '1.0.0'))?.result).toMatchObject({ reason: 'regression-passed' });
      const created = seen().filter(({ operation }) => operation === 'CreateEndpointConfig');
      expect(created.length).toBeLessThanOrEqual(2);
    } finally {
      await slow.close();
    }
  });

  test('a flaky network costs no right answer', async () => {
    await approved(account, '1.0.0');
    withRegression(account);
    for (let after = 5; after < 600; after += 7)
      for (const kind of ['throttle', 'server-error', 'answer-lost', 'never-arrived'] as const)
        account.simulator.faults.add({
          service: 'sagemaker-runtime',
          operation: 'InvokeEndpoint',
          times: 1,
          after: after * 4,
          kind,
        });
    const report = await regress(account, '1.0.0');
    expect(report?.result).toMatchObject({ reason: 'regression-passed', outputs: { rows: '150' } });
    expect(report?.result.findings).toMatchObject({
      cells: [expect.objectContaining({ candidate: 145 / 150, baseline: 146 / 150 })],
    });
  });

  test('rows that have no answer in three turns are missing, and a missing row is never a wrong one', async () => {
    await approved(account, '1.0.0');
    withRegression(account);
    account.simulator.faults.add({
      service: 'sagemaker-runtime',
      operation: 'InvokeEndpoint',
      times: 100_000,
      kind: 'throttle',
      share: 0.97,
    });
    const report = await regress(account, '1.0.0', { timeout: '6h' });
    expect(report?.result).toMatchObject({ reason: 'regression-inconclusive' });
    expect(report?.result.because).toMatch(/answer/);
    expect(report?.result.findings).toMatchObject({ rows: { failedCandidate: 0, failedBaseline: 0 } });
    expect(await temporaries(account)).toEqual([]);
  });
});
