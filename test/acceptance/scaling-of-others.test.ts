import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { LoggedRequest } from '../../simulator/contracts.ts';
import { minutes } from '../../src/clock.ts';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { manifestText, rollouts, rehearsedTeam as team } from '../../src/rehearsal/manifest.ts';
import { scalingByHand, trackingInvocations } from '../../src/rehearsal/scaling-by-hand.ts';
import type { Report } from '../../src/report/result.ts';
import { openAccount, type TestAccount } from '../support/account.ts';

/** Endpoints that others scale, and what AWS refuses after the version serves (rule 23). */

let account: TestAccount;
beforeEach(async () => {
  account = await openAccount();
});
afterEach(() => account.close());

const ResourceId = `endpoint/${team.endpoint}/variant/${team.variant}`;
const scaling = (operation: string, input: object = {}) => scalingByHand(account.simulator)(operation, input);
const tracked = (TargetValue: number, metric?: object) =>
  metric === undefined
    ? trackingInvocations(TargetValue)
    : {
        PolicyType: 'TargetTrackingScaling',
        TargetTrackingScalingPolicyConfiguration: { TargetValue, ...metric },
      };

const fleet = (type: string, autoscaling?: string): void =>
  account.writeManifest(() =>
    manifestText({
      rollout: rollouts.unguarded,
      unwatched: true,
      endpoint: [`instance: { type: ${type}, count: 4 }`, ...(autoscaling ? [`autoscaling: { ${autoscaling} }`] : [])],
    }),
  );
let runs = 0;
const deliver = async (version: string, inputs: object = {}): Promise<Report> => {
  const report = await account.run(deployEndpoint, { version, ...inputs }, { runId: `run-${++runs}` });
  if (report === undefined) throw new Error('the run died');
  return report;
};
const end = ({ result }: Report): string => `${result.outcome}/${result.reason}`;
const planOf = ({ result: { plan } }: Report): string =>
  [...(plan?.changes ?? []).flatMap(({ object, details }) => [object, ...details]), ...(plan?.notes ?? [])].join('\n');
const mutations = (seen: readonly LoggedRequest[]): readonly string[] =>
  seen.filter(({ mutation, service }) => mutation && service !== 's3').map(({ operation }) => operation);

/** 1.0.0 serves on a fleet that others scale. */
const scaledByOthers = async (TargetValue = 9000, metric?: object): Promise<void> => {
  fleet('ml.m5.large');
  await account.prepare('1.0.0');
  expect(end(await deliver('1.0.0'))).toBe('succeeded/delivered');
  await scaling('RegisterScalableTarget', { MinCapacity: 4, MaxCapacity: 6 });
  await scaling('PutScalingPolicy', { PolicyName: 'visitors', ...tracked(TargetValue, metric) });
  await account.prepare('1.1.0');
};

describe('the plan', () => {
  test('names the policy that is there, and the delivery brings it to the manifest', async () => {
    await scaledByOthers();
    fleet('ml.m5.large', 'min: 4, max: 8, invocations-per-instance: 8000');
    const dry = await deliver('1.1.0', { 'dry-run': 'true' });
    expect(planOf(dry)).toContain('max: 6 → 8\npolicy visitors: target 9000 → 8000 invocations per instance');
    expect(end(await deliver('1.1.0'))).toBe('succeeded/delivered');
    expect((await scaling('DescribeScalingPolicies'))['ScalingPolicies']).toEqual([
      expect.objectContaining({ PolicyName: 'visitors', ...tracked(8000) }),
    ]);
    const again = await deliver('1.1.0');
    expect([end(again), again.result.plan?.changes]).toEqual(['succeeded/already-delivered', []]);
  });
  test('refuses a policy in the way before any write', async () => {
    const metric = {
      CustomizedMetricSpecification: {
        Namespace: 'AWS/SageMaker',
        MetricName: 'InvocationsPerInstance',
        Statistic: 'Average',
        Dimensions: [
          { Name: 'EndpointName', Value: team.endpoint },
          { Name: 'VariantName', Value: team.variant },
        ],
      },
    };
    await scaledByOthers(3, metric);
    fleet('ml.m5.large', 'min: 4, max: 8, invocations-per-instance: 8000');
    const seen = account.watch();
    const report = await deliver('1.1.0');
    expect(end(report)).toBe('failed/infeasible-rollout');
    expect(report.result.because).toContain(
      'policy visitors tracks Average of AWS/SageMaker/InvocationsPerInstance too',
    );
    expect(mutations(seen())).toEqual([]);
  });
  test('says what stays when the manifest has no autoscaling', async () => {
    await scaledByOthers();
    expect(planOf(await deliver('1.1.0', { 'dry-run': 'true' }))).toContain(
      'which the manifest does not have: 4 to 6 (instances); policy visitors (target 9000 of SageMakerVariantInvocationsPerInstance)',
    );
  });
  test('refuses a step policy whose alarm does not exist', async () => {
    await scaledByOthers();
    fleet('ml.m5.large', 'min: 4, max: 6, step: [{ name: crowd, alarm: iris-crowd, steps: [{ by: 1 }] }]');
    const report = await deliver('1.1.0');
    expect(end(report)).toBe('failed/alarm-not-ready');
    expect(report.result.because).toContain('alarm iris-crowd, which starts policy crowd, does not exist');
  });
});

describe('what AWS refuses after the version serves is a remark', () => {
  const refusals: readonly (readonly [
    service: string,
    operation: string,
    code: string,
    message: string,
    remark: RegExp,
  ])[] = [
    [
      'application-autoscaling',
      'PutScalingPolicy',
      'ValidationException',
      'Only one TargetTrackingScaling policy for a given metric specification is allowed.',
      /autoscaling of iris is not as the manifest wants it.*Only one/,
    ],
    ['application-autoscaling', 'PutScalingPolicy', 'LimitExceededException', 'too many', /too many/],
    [
      'application-autoscaling',
      'PutScalingPolicy',
      'ObjectNotFoundException',
      'No scalable target registered',
      /No scalable target/,
    ],
    ['application-autoscaling', 'PutScalingPolicy', 'FailedResourceAccessException', 'no role', /no role/],
    [
      'application-autoscaling',
      'RegisterScalableTarget',
      'AccessDeniedException',
      'User: x is not authorized to perform: application-autoscaling:RegisterScalableTarget',
      /grant application-autoscaling:RegisterScalableTarget/,
    ],
    // Errors that pass are retried; after a quarter of an hour the release goes on without.
    ['application-autoscaling', 'PutScalingPolicy', 'ConcurrentUpdateException', 'another update', /another update/],
    ['application-autoscaling', 'PutScalingPolicy', 'ThrottlingException', 'Rate exceeded', /Rate exceeded/],
    [
      'sagemaker',
      'AddTags',
      'AccessDeniedException',
      'not authorized to perform: sagemaker:AddTags',
      /the tags of iris were not updated/,
    ],
  ];
  test.each(refusals)('%s %s: %s', async (service, operation, code, message, remark) => {
    await scaledByOthers();
    const autoscaling = 'min: 4, max: 8, invocations-per-instance: 8000';
    fleet('ml.m5.large', autoscaling);
    if (service === 'sagemaker')
      account.writeManifest(() =>
        manifestText({
          rollout: rollouts.unguarded,
          unwatched: true,
          endpoint: ['instance: { type: ml.m5.large, count: 4 }', 'tags: { team: garden }'],
        }),
      );
    account.simulator.faults.add({ kind: 'error', service, operation, code, message, times: 1e6 });
    const report = await deliver('1.1.0');
    expect(end(report)).toBe('succeeded/delivered');
    expect(report.remarks.filter((one) => remark.test(one))).toHaveLength(1);
    expect(report.result.remarks).toEqual(expect.arrayContaining([expect.stringMatching(remark)]));
    expect(account.record()?.live).toBeUndefined();
    fleet('ml.m5.large');
    expect(end(await deliver('1.1.0'))).toBe('succeeded/already-delivered');
  });

  test('also a removed target that AWS does not register again: the snapshot stays in the record', async () => {
    await scaledByOthers();
    fleet('ml.c5.large');
    const refuse = (times: number) =>
      account.simulator.faults.add({
        kind: 'error',
        service: 'application-autoscaling',
        operation: 'RegisterScalableTarget',
        code: 'ValidationException',
        message: 'no more targets',
        times,
      });
    refuse(1e6);
    const report = await deliver('1.1.0');
    expect(end(report)).toBe('succeeded/delivered');
    const id = report.result.outputs['release'];
    expect(report.remarks.join('\n')).toMatch(
      new RegExp(
        `AUTOSCALING OF ${ResourceId} IS NOT AS IT WAS BEFORE THIS RELEASE.*release ${id}, member scaling.*no more targets`,
      ),
    );
    expect(account.record()?.ended[0]?.scaling).toMatchObject({
      minCapacity: 4,
      policies: [expect.objectContaining({ PolicyName: 'visitors' })],
    });
  });

  test('a release that settles when its run ends is settled by a run with another manifest', async () => {
    await scaledByOthers();
    fleet('ml.m5.large', 'min: 4, max: 8, invocations-per-instance: 8000');
    const death = { atCall: 'autoscaling.putScalingPolicy', received: false };
    expect(await account.run(deployEndpoint, { version: '1.1.0' }, { runId: 'first', death })).toBeUndefined();
    expect(account.record()?.live?.phase).toBe('settling');
    await account.pass(minutes(15));
    fleet('ml.m5.large');
    expect(end(await deliver('1.1.0'))).toBe('succeeded/already-delivered');
    expect(account.record()?.live).toBeUndefined();
    expect(account.record()?.ended[0]).toMatchObject({
      outcome: 'succeeded',
      reason: 'delivered',
      serving: 'candidate',
    });
  });
});

describe('other kinds of endpoints are scaled by the manifest', () => {
  const written = (...endpoint: string[]): void =>
    account.writeManifest(() => manifestText({ rollout: rollouts.unguarded, unwatched: true, endpoint }));
  const concurrency = { ScalableDimension: 'sagemaker:variant:DesiredProvisionedConcurrency' };

  test('a serverless one by its provisioned concurrency, until instances replace it', async () => {
    const serverless = (memory: number) =>
      `serverless: { memory: ${memory}, max-concurrency: 10, provisioned-concurrency: 2 }`;
    written(serverless(2048), 'autoscaling: { min: 2, max: 5, concurrency-utilization: 0.7 }');
    await account.prepare('1.0.0');
    expect(end(await deliver('1.0.0'))).toBe('succeeded/delivered');
    const targets = async () => (await scaling('DescribeScalableTargets', concurrency))['ScalableTargets'];
    expect(await targets()).toEqual([expect.objectContaining({ ...concurrency, MinCapacity: 2, MaxCapacity: 5 })]);
    expect((await scaling('DescribeScalingPolicies', concurrency))['ScalingPolicies']).toEqual([
      expect.objectContaining({ PolicyName: `model-delivery-${team.variant}` }),
    ]);
    written(serverless(4096), 'autoscaling: { min: 2, max: 6, concurrency-utilization: 0.7 }');
    await account.prepare('1.1.0');
    expect(planOf(await deliver('1.1.0', { 'dry-run': 'true' }))).toContain('max: 5 → 6');
    expect(end(await deliver('1.1.0'))).toBe('succeeded/delivered');
    expect(await targets()).toEqual([expect.objectContaining({ MaxCapacity: 6 })]);

    written('instance: { type: ml.m5.large, count: 4 }', 'replaces-kind: serverless');
    await account.prepare('1.2.0');
    expect(planOf(await deliver('1.2.0', { 'dry-run': 'true' }))).toContain(
      `ends: autoscaling of ${ResourceId}: 2 to 6 (provisioned concurrency)`,
    );
    const report = await deliver('1.2.0');
    expect(end(report)).toBe('succeeded/delivered');
    expect(report.remarks).toEqual([expect.stringContaining('ended with the serverless fleet: 2 to 6')]);
    expect(await targets()).toEqual([]);
  });

  test('an asynchronous one by its backlog, from zero by a step policy that the team’s alarm starts', async () => {
    const queue = 'async: { output: s3://ml-answers/iris }';
    const step =
      'step: [{ name: wake, alarm: iris-waiting, adjustment: exact, steps: [{ from: 0, by: 1 }], cooldown: 0s }]';
    written(
      'instance: { type: ml.m5.large, count: 1 }',
      queue,
      `autoscaling: { min: 0, max: 3, backlog-per-instance: 5, ${step} }`,
    );
    await account.simulator.call('cloudwatch', 'PutMetricAlarm', {
      AlarmName: 'iris-waiting',
      Namespace: 'Acme/Garden',
      MetricName: 'Waiting',
      Statistic: 'Average',
      Period: 60,
      EvaluationPeriods: 1,
      Threshold: 1,
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      TreatMissingData: 'missing',
    });
    await account.prepare('1.0.0');
    const plan = planOf(await deliver('1.0.0', { 'dry-run': 'true' }));
    expect(plan).toContain('none → 0 to 3 (instances)');
    expect(plan).toContain('alarm iris-waiting: starts policy wake too');
    expect(end(await deliver('1.0.0'))).toBe('succeeded/delivered');

    const count = () => account.simulator.hosting.variant(team.endpoint, team.variant)?.current;
    account.simulator.hosting.scale(team.endpoint, team.variant, 0);
    await account.pass(minutes(20));
    expect(count()).toBe(0);
    for (let n = 0; n < 4; n++) {
      await account.simulator.call('cloudwatch', 'PutMetricData', {
        Namespace: 'Acme/Garden',
        MetricData: [{ MetricName: 'Waiting', Value: 1 }],
      });
      await account.pass(minutes(1));
    }
    expect(account.simulator.hosting.variant(team.endpoint, team.variant)?.desired).toBe(1);
    await account.pass(minutes(20));
    expect(end(await deliver('1.0.0'))).toBe('succeeded/already-delivered');
  });
});
