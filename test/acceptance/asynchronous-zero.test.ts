import { afterEach, expect, test } from '@jest/globals';
import type { Settings } from '../../simulator/contracts.ts';
import { minutes } from '../../src/clock.ts';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { rollback } from '../../src/operations/rollback.ts';
import { manifestText, rehearsedTeam as team } from '../../src/rehearsal/manifest.ts';
import { scalingByHand } from '../../src/rehearsal/scaling-by-hand.ts';
import type { Report } from '../../src/report/result.ts';
import { openAccount, type TestAccount } from '../support/account.ts';

/** An asynchronous endpoint that autoscaling brings to zero (AWS: "Autoscale an asynchronous endpoint"), before its next version and its way back. */

let account: TestAccount;
afterEach(() => account.close());

const step = 'step: [{ name: wake, alarm: iris-has-backlog, adjustment: exact, steps: [{ from: 0, by: 1 }] }]';
const asleep = 'no instance runs, so the model has not started';

const opened = async (settings: Partial<Settings> = {}): Promise<void> => {
  account = await openAccount({ settings });
  account.writeManifest(() =>
    manifestText({
      rollout: 'strategy: canary, size: 50%, bake: 5m, final-bake: 5m',
      unwatched: true,
      endpoint: [
        'instance: { type: ml.m5.large, count: 2 }',
        'async: { output: "s3://ml-artifacts/async/" }',
        `autoscaling: { min: 0, max: 4, backlog-per-instance: 5, ${step} }`,
      ],
    }),
  );
  await account.simulator.call('cloudwatch', 'PutMetricAlarm', {
    AlarmName: 'iris-has-backlog',
    Namespace: 'AWS/SageMaker',
    MetricName: 'HasBacklogWithoutCapacity',
    Dimensions: [{ Name: 'EndpointName', Value: team.endpoint }],
    Statistic: 'Average',
    Period: 60,
    EvaluationPeriods: 2,
    Threshold: 1,
    ComparisonOperator: 'GreaterThanOrEqualToThreshold',
  });
  await account.prepare('1.0.0');
  await deliver('1.0.0', '1');
  await untilZero();
  await account.prepare('1.1.0');
};
const deliver = async (version: string, runId: string): Promise<Report['result'] | undefined> =>
  (await account.run(deployEndpoint, { version }, { runId }))?.result;
const instances = (): number | undefined => account.simulator.hosting.variant(team.endpoint, team.variant)?.current;
const untilZero = async (): Promise<void> => {
  await account.pass(minutes(40));
  expect(instances()).toBe(0);
};
/** Whether a request gets its answer, and of which config, within a quarter of an hour. */
const answered = async (): Promise<readonly string[]> => {
  const { hosting, objects } = account.simulator;
  const from = account.simulator.clock.now();
  const { OutputLocation = '' } = hosting.enqueue({
    EndpointName: team.endpoint,
    ContentType: 'text/csv',
    Body: Buffer.from('5.1,3.5,1.4,0.2'),
  });
  await account.pass(minutes(15));
  expect(objects.get('ml-artifacts', OutputLocation.replace('s3://ml-artifacts/', ''))).toBeDefined();
  return hosting
    .minutes()
    .flatMap(({ minute, endpointConfig }) => (minute >= from - minutes(1) ? [endpointConfig] : []));
};

test('a new version starts instances of its own, and goes to sleep afterwards; the same again wakes nothing', async () => {
  await opened();
  const result = await deliver('1.1.0', '2');
  expect(result).toMatchObject({ reason: 'delivered', because: expect.not.stringContaining(asleep) });
  expect(result?.plan?.notes).toContain(
    'no instance runs: the new fleet starts with 2, and each step has all requests',
  );
  await untilZero();
  const again = await deliver('1.1.0', '3');
  expect([again?.reason, again?.plan?.changes, instances()]).toEqual(['already-delivered', [], 0]);
});

test('a way back at zero says that nothing has started yet, and the next request wakes the version that it restored', async () => {
  await opened();
  await deliver('1.1.0', '2');
  await untilZero();
  const back = (await account.run(rollback, {}, { runId: '3' }))?.result;
  expect(back).toMatchObject({ reason: 'restored', because: expect.stringContaining(asleep) });
  expect(instances()).toBe(0);
  expect(await answered()).toEqual([expect.stringContaining('iris-1-0-0')]);
});

test('where SageMaker starts the config’s count instead, the way back says nothing of sleep', async () => {
  await opened({ retainedZero: 'initial' });
  await deliver('1.1.0', '2');
  await untilZero();
  const SuspendedState = { DynamicScalingInSuspended: true };
  await scalingByHand(account.simulator)('RegisterScalableTarget', { SuspendedState });
  const back = (await account.run(rollback, {}, { runId: '3' }))?.result;
  expect(back).toMatchObject({ reason: 'restored', because: expect.not.stringContaining(asleep) });
  expect(instances()).toBe(2);
});
