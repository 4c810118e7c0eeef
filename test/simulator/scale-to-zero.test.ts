import { afterEach, describe, expect, test } from '@jest/globals';
import type { Settings } from '../../simulator/contracts.ts';
import { irisFixture } from '../../simulator/fixtures/fixtures.ts';
import { startSimulator } from '../../simulator/simulator.ts';

/** AWS: "Autoscale an asynchronous endpoint" and "Monitor asynchronous endpoint", with the requests of those pages. */

const minute = 60_000;
const ImageName = '111122223333.dkr.ecr.eu-west-1.amazonaws.com/iris-server:1';
const target = {
  ServiceNamespace: 'sagemaker',
  ResourceId: 'endpoint/iris/variant/AllTraffic',
  ScalableDimension: 'sagemaker:variant:DesiredInstanceCount',
};
const Dimensions = [{ Name: 'EndpointName', Value: 'iris' }];

let close = (): Promise<void> => Promise.resolve();
afterEach(() => close());

/** An asynchronous endpoint of two instances that may have none, and tracks five requests an instance. */
const scalable = async (settings: Partial<Settings> = {}) => {
  const simulator = await startSimulator({ settings });
  close = () => simulator.close();
  const { call, objects } = simulator;
  simulator.images.tag(ImageName, `sha256:${'a'.repeat(64)}`);
  for (const version of ['1.0.0', '1.1.0'] as const) {
    objects.put('ml-artifacts', `${version}.tar.gz`, irisFixture(version).artifact);
    await call('sagemaker', 'CreateModel', {
      ModelName: version.replaceAll('.', '-'),
      ExecutionRoleArn: 'arn:aws:iam::111122223333:role/iris-serving',
      PrimaryContainer: { Image: ImageName, ModelDataUrl: `s3://ml-artifacts/${version}.tar.gz` },
    });
    await call('sagemaker', 'CreateEndpointConfig', {
      EndpointConfigName: `iris-${version.replaceAll('.', '-')}`,
      ProductionVariants: [
        {
          VariantName: 'AllTraffic',
          ModelName: version.replaceAll('.', '-'),
          InstanceType: 'ml.m5.large',
          InitialInstanceCount: 2,
        },
      ],
      AsyncInferenceConfig: { OutputConfig: { S3OutputPath: 's3://ml-artifacts/answers' } },
    });
  }
  const pass = (minutes: number) => simulator.driver.sleepUntil(simulator.driver.now() + minutes * minute);
  await call('sagemaker', 'CreateEndpoint', { EndpointName: 'iris', EndpointConfigName: 'iris-1-0-0' });
  await pass(6);
  await call('application-autoscaling', 'RegisterScalableTarget', { ...target, MinCapacity: 0, MaxCapacity: 5 });
  await call('application-autoscaling', 'PutScalingPolicy', {
    ...target,
    PolicyName: 'backlog',
    PolicyType: 'TargetTrackingScaling',
    TargetTrackingScalingPolicyConfiguration: {
      TargetValue: 5,
      CustomizedMetricSpecification: {
        MetricName: 'ApproximateBacklogSizePerInstance',
        Namespace: 'AWS/SageMaker',
        Dimensions,
        Statistic: 'Average',
      },
      ScaleInCooldown: 600,
      ScaleOutCooldown: 300,
    },
  });
  return {
    call,
    pass,
    simulator,
    instances: () => simulator.hosting.variant('iris', 'AllTraffic')?.current,
    send: (requests: number): readonly string[] =>
      Array.from({ length: requests }, () => {
        const asked = { EndpointName: 'iris', ContentType: 'text/csv', Body: Buffer.from('5.1,3.5,1.4,0.2') };
        return simulator.hosting.enqueue(asked).OutputLocation ?? '';
      }),
    answered: (locations: readonly string[]): number =>
      locations.filter((place) => objects.get('ml-artifacts', place.replace('s3://ml-artifacts/', ''))).length,
    newest: async (MetricName: string): Promise<number | undefined> => {
      const now = simulator.driver.now();
      const { MetricDataResults } = (await call('cloudwatch', 'GetMetricData', {
        StartTime: (now - 5 * minute) / 1000,
        EndTime: now / 1000,
        ScanBy: 'TimestampDescending',
        MetricDataQueries: [
          {
            Id: 'm',
            MetricStat: { Metric: { Namespace: 'AWS/SageMaker', MetricName, Dimensions }, Period: 60, Stat: 'Average' },
          },
        ],
      })) as { MetricDataResults: { Values: number[] }[] };
      return MetricDataResults[0]?.Values[0];
    },
    /** The step policy that starts the first instance, and its alarm. */
    wakes: async (): Promise<void> => {
      const { PolicyARN } = await call('application-autoscaling', 'PutScalingPolicy', {
        ...target,
        PolicyName: 'HasBacklogWithoutCapacity-ScalingPolicy',
        PolicyType: 'StepScaling',
        StepScalingPolicyConfiguration: {
          AdjustmentType: 'ChangeInCapacity',
          MetricAggregationType: 'Average',
          Cooldown: 300,
          StepAdjustments: [{ MetricIntervalLowerBound: 0, ScalingAdjustment: 1 }],
        },
      });
      await call('cloudwatch', 'PutMetricAlarm', {
        AlarmName: 'backlog-without-capacity',
        MetricName: 'HasBacklogWithoutCapacity',
        Namespace: 'AWS/SageMaker',
        Statistic: 'Average',
        EvaluationPeriods: 2,
        DatapointsToAlarm: 2,
        Threshold: 1,
        ComparisonOperator: 'GreaterThanOrEqualToThreshold',
        TreatMissingData: 'missing',
        Dimensions,
        Period: 60,
        AlarmActions: [PolicyARN],
      });
    },
  };
};

test('an asynchronous endpoint without requests goes to zero; a request waits, starts one instance, and is answered', async () => {
  const { pass, instances, send, answered, newest, wakes } = await scalable();
  await wakes();
  await pass(30);
  expect(instances()).toBe(0);
  expect(await newest('HasBacklogWithoutCapacity')).toBe(0);
  const places = send(1);
  await pass(3);
  expect([await newest('HasBacklogWithoutCapacity'), await newest('ApproximateBacklogSizePerInstance')]).toEqual([
    1, 1,
  ]);
  expect(answered(places)).toBe(0);
  await pass(6);
  expect([instances(), answered(places)]).toEqual([1, 1]);
  await pass(60);
  expect(instances()).toBe(0);
});

test.each([
  ['as-tracked', 3],
  ['one', 1],
] as const)(
  'without the step policy, zero ends when the backlog exceeds the target: %s',
  async (trackingFromZero, first) => {
    const { pass, instances, send, answered } = await scalable({ trackingFromZero });
    await pass(30);
    expect(instances()).toBe(0);
    const few = send(5);
    await pass(30);
    expect([instances(), answered(few)]).toEqual([0, 0]);
    const more = send(7);
    await pass(4);
    expect([instances(), answered(few)]).toEqual([0, 0]);
    await pass(5);
    expect(instances()).toBe(first);
    await pass(5);
    expect(answered([...few, ...more])).toBe(12);
  },
);

test('a real-time variant neither registers a minimum of zero nor is brought to zero', async () => {
  const { call, pass } = await scalable();
  const variant = {
    VariantName: 'AllTraffic',
    ModelName: '1-0-0',
    InstanceType: 'ml.m5.large',
    InitialInstanceCount: 2,
  };
  await call('sagemaker', 'CreateEndpointConfig', { EndpointConfigName: 'fast', ProductionVariants: [variant] });
  await call('sagemaker', 'CreateEndpoint', { EndpointName: 'fast', EndpointConfigName: 'fast' });
  await pass(6);
  const fast = { ...target, ResourceId: 'endpoint/fast/variant/AllTraffic', MaxCapacity: 5 };
  await expect(
    call('application-autoscaling', 'RegisterScalableTarget', { ...fast, MinCapacity: 0 }),
  ).rejects.toMatchObject({ code: 'ValidationException', message: expect.stringContaining('less than 1') });
  await call('application-autoscaling', 'RegisterScalableTarget', { ...fast, MinCapacity: 1 });
  await expect(
    call('sagemaker', 'UpdateEndpointWeightsAndCapacities', {
      EndpointName: 'fast',
      DesiredWeightsAndCapacities: [{ VariantName: 'AllTraffic', DesiredInstanceCount: 0 }],
    }),
  ).rejects.toMatchObject({ code: 'ValidationException' });
});

describe('an update of a fleet at zero', () => {
  const canary = {
    BlueGreenUpdatePolicy: {
      TrafficRoutingConfiguration: {
        Type: 'CANARY',
        WaitIntervalInSeconds: 300,
        CanarySize: { Type: 'INSTANCE_COUNT', Value: 1 },
      },
      TerminationWaitInSeconds: 120,
    },
  };
  const rolling = {
    RollingUpdatePolicy: { MaximumBatchSize: { Type: 'INSTANCE_COUNT', Value: 1 }, WaitIntervalInSeconds: 300 },
  };
  const asleep = async (settings: Partial<Settings> = {}) => {
    const account = await scalable(settings);
    await account.pass(30);
    expect(account.instances()).toBe(0);
    const { call, simulator } = account;
    const SuspendedState = { DynamicScalingInSuspended: true };
    await call('application-autoscaling', 'RegisterScalableTarget', { ...target, SuspendedState });
    return {
      ...account,
      update: (more: object) =>
        call('sagemaker', 'UpdateEndpoint', { EndpointName: 'iris', EndpointConfigName: 'iris-1-1-0', ...more }),
      state: async (): Promise<readonly unknown[]> => {
        const answer = await call('sagemaker', 'DescribeEndpoint', { EndpointName: 'iris' });
        return [answer['EndpointStatus'], answer['EndpointConfigName'], account.instances()];
      },
      happened: (): readonly string[] =>
        simulator.events
          .filter(({ source, what }) => source === 'endpoint' && what.endsWith('-activated'))
          .map(({ detail }) => detail),
    };
  };

  test('brings the instances of its config, which serve what waited', async () => {
    const { update, pass, state, happened, send, answered } = await asleep();
    const places = send(3);
    await update({ DeploymentConfig: canary });
    await pass(6);
    // The old fleet has no instance: the canary has the whole queue.
    expect([answered(places), happened()]).toEqual([3, ['1 of 2 instances of iris-1-1-0']]);
    await pass(15);
    expect(await state()).toEqual(['InService', 'iris-1-1-0', 2]);
  });

  test.each([
    ['no policy', {}, 1],
    ['a canary', { DeploymentConfig: canary }, 9],
    ['batches', { DeploymentConfig: rolling }, 1],
  ])('that retains the count has no instance either: %s', async (_how, more, minutes) => {
    const { update, pass, state, send, answered, simulator } = await asleep();
    await update({ RetainAllVariantProperties: true, ...more });
    await pass(minutes + 2);
    expect(await state()).toEqual(['InService', 'iris-1-1-0', 0]);
    expect(simulator.hosting.minutes().filter(({ endpointConfig }) => endpointConfig === 'iris-1-1-0')).toEqual([]);
    const places = send(6);
    await pass(15);
    expect(answered(places)).toBe(6);
  });

  test.each([
    ['a canary', canary, 0],
    ['batches', rolling, 0],
    // The first batch bakes by then.
    ['batches, of which the second fails', rolling, 7],
  ])('that goes back leaves the old fleet at zero, and a request wakes it: %s', async (_how, policy, after) => {
    const { update, pass, state, simulator, send, answered } = await asleep();
    await update({ DeploymentConfig: policy });
    await pass(after);
    simulator.harm.failCapacity(1);
    await pass(15);
    expect(await state()).toEqual(['InService', 'iris-1-0-0', 0]);
    const places = send(6);
    await pass(20);
    expect(answered(places)).toBe(6);
    expect((await state()).slice(0, 2)).toEqual(['InService', 'iris-1-0-0']);
  });

  test('retains the config’s count, or refuses a policy without capacity, as the settings say', async () => {
    const first = await asleep({ retainedZero: 'initial' });
    await first.update({ RetainAllVariantProperties: true });
    await first.pass(6);
    expect(await first.state()).toEqual(['InService', 'iris-1-1-0', 2]);
    await first.simulator.close();
    const second = await asleep({ guardedAtZero: 'refused' });
    await expect(second.update({ RetainAllVariantProperties: true, DeploymentConfig: canary })).rejects.toMatchObject({
      code: 'ValidationException',
      message: expect.stringContaining('at least 1 instance'),
    });
    expect(await second.state()).toEqual(['InService', 'iris-1-0-0', 0]);
  });
});
