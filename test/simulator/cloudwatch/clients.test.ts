import {
  DeleteScalingPolicyCommand,
  DeregisterScalableTargetCommand,
  DescribeScalableTargetsCommand,
  DescribeScalingActivitiesCommand,
  PutScalingPolicyCommand,
  PutScheduledActionCommand,
  RegisterScalableTargetCommand,
} from '@aws-sdk/client-application-auto-scaling';
import {
  DeleteAlarmsCommand,
  DescribeAlarmHistoryCommand,
  DescribeAlarmsCommand,
  GetMetricDataCommand,
  PutCompositeAlarmCommand,
  PutMetricAlarmCommand,
  PutMetricDataCommand,
  SetAlarmStateCommand,
} from '@aws-sdk/client-cloudwatch';
import {
  CreateEndpointCommand,
  CreateEndpointConfigCommand,
  CreateModelCommand,
  DescribeEndpointCommand,
} from '@aws-sdk/client-sagemaker';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { irisFixture } from '../../../simulator/fixtures/fixtures.ts';
import { type Account, openAccount, refusalOf } from '../support/account.ts';

/** The stock AWS clients against the whole simulator: what they send is understood, what they get they can parse. */
let account: Account;
beforeEach(async () => {
  account = await openAccount();
});
afterEach(() => account.simulator.close());

const minutes = (n: number): Promise<void> =>
  account.simulator.driver.sleepUntil(account.simulator.clock.now() + n * 60_000);
const instant = (offsetMinutes: number): Date => new Date(account.simulator.clock.now() + offsetMinutes * 60_000);

const Dimensions = [{ Name: 'EndpointName', Value: 'iris' }];
const abort = {
  AlarmName: 'abort',
  Namespace: 'ModelDelivery',
  MetricName: 'Abort',
  Dimensions,
  Statistic: 'Maximum',
  Period: 60,
  EvaluationPeriods: 1,
  Threshold: 1,
  ComparisonOperator: 'GreaterThanOrEqualToThreshold',
  TreatMissingData: 'notBreaching',
} as const;

test('an alarm from its creation to its deletion', async () => {
  const { cloudwatch } = account;
  const describe = async () =>
    (await cloudwatch.send(new DescribeAlarmsCommand({ AlarmNames: ['abort', 'none'] }))).MetricAlarms ?? [];
  const created = instant(0);
  await cloudwatch.send(new PutMetricAlarmCommand(abort));
  expect(await describe()).toEqual([
    expect.objectContaining({
      ...abort,
      StateValue: 'INSUFFICIENT_DATA',
      AlarmConfigurationUpdatedTimestamp: created,
      StateTransitionedTimestamp: created,
    }),
  ]);
  await cloudwatch.send(
    new PutMetricDataCommand({
      Namespace: 'ModelDelivery',
      // An hour of points, as an abort publishes it: long enough for the client to gzip the request.
      MetricData: Array.from({ length: 60 }, (_, index) => index + 1).map((n) => ({
        MetricName: 'Abort',
        Dimensions,
        Timestamp: instant(n),
        Value: 1,
      })),
    }),
  );
  await minutes(3);
  expect((await describe()).map(({ StateValue }) => StateValue)).toEqual(['ALARM']);
  const { AlarmHistoryItems = [] } = await cloudwatch.send(
    new DescribeAlarmHistoryCommand({
      AlarmName: 'abort',
      HistoryItemType: 'StateUpdate',
      StartDate: created,
      EndDate: instant(1),
      MaxRecords: 100,
    }),
  );
  expect(AlarmHistoryItems.map(({ HistorySummary, Timestamp }) => [HistorySummary, Timestamp])).toEqual([
    ['Alarm updated from OK to ALARM', instant(-1)],
    ['Alarm updated from INSUFFICIENT_DATA to OK', new Date(created.getTime() + 5_000)],
  ]);
  await cloudwatch.send(new SetAlarmStateCommand({ AlarmName: 'abort', StateValue: 'OK', StateReason: 'by hand' }));
  expect((await describe()).map(({ StateReason }) => StateReason)).toEqual(['by hand']);
  await cloudwatch.send(new DeleteAlarmsCommand({ AlarmNames: ['abort'] }));
  expect(await describe()).toEqual([]);
  const refused = await cloudwatch.send(new DeleteAlarmsCommand({ AlarmNames: ['abort'] })).catch((error) => error);
  expect(refused.name).toBe('ResourceNotFound');
});

test('a composite alarm, described by its rule', async () => {
  const { cloudwatch } = account;
  await cloudwatch.send(new PutMetricAlarmCommand(abort));
  await cloudwatch.send(
    new PutCompositeAlarmCommand({ AlarmName: 'either', AlarmRule: 'ALARM(abort) OR ALARM("abort")' }),
  );
  await minutes(2);
  const { CompositeAlarms } = await cloudwatch.send(new DescribeAlarmsCommand({ AlarmTypes: ['CompositeAlarm'] }));
  expect(CompositeAlarms).toEqual([
    expect.objectContaining({
      AlarmRule: 'ALARM(abort) OR ALARM("abort")',
      StateValue: 'OK',
      StateUpdatedTimestamp: expect.any(Date),
    }),
  ]);
  const nothing = new PutCompositeAlarmCommand({ AlarmName: 'none', AlarmRule: 'ALARM(none)' });
  expect(await refusalOf(cloudwatch.send(nothing))).toMatch(/^ValidationException: Could not save the composite alarm/);
});

test('metric data, read with its statistics, math and dates', async () => {
  const { cloudwatch } = account;
  const start = instant(0);
  await cloudwatch.send(
    new PutMetricDataCommand({
      Namespace: 'Ours',
      MetricData: [{ MetricName: 'M', Values: [1, 9], Counts: [3, 1], Timestamp: start }],
    }),
  );
  await minutes(2);
  const stat = (Id: string, Stat: string) => ({
    Id,
    MetricStat: { Metric: { Namespace: 'Ours', MetricName: 'M' }, Period: 60, Stat },
  });
  const { MetricDataResults = [] } = await cloudwatch.send(
    new GetMetricDataCommand({
      MetricDataQueries: [stat('n', 'SampleCount'), stat('p', 'p75'), { Id: 'x', Expression: 'n*10' }],
      StartTime: start,
      EndTime: instant(0),
    }),
  );
  expect(
    MetricDataResults.map(({ Id, Values, Timestamps, StatusCode }) => [Id, Values, Timestamps, StatusCode]),
  ).toEqual([
    ['n', [4], [start], 'Complete'],
    ['p', [1], [start], 'Complete'],
    ['x', [40], [start], 'Complete'],
  ]);
  const refused = await cloudwatch
    .send(
      new GetMetricDataCommand({
        MetricDataQueries: [{ Id: 'x', Expression: 'SEARCH(1)' }],
        StartTime: start,
        EndTime: instant(0),
      }),
    )
    .catch((error) => error);
  expect(refused).toMatchObject({
    name: 'NotSimulated',
    message: expect.stringContaining('SEARCH'),
  });
});

const subject = {
  ServiceNamespace: 'sagemaker',
  ResourceId: 'endpoint/iris/variant/AllTraffic',
  ScalableDimension: 'sagemaker:variant:DesiredInstanceCount',
} as const;

test('an endpoint with more traffic than its target is scaled out', async () => {
  const { simulator, sagemaker, autoscaling } = account;
  const image = '111122223333.dkr.ecr.eu-west-1.amazonaws.com/iris:1';
  simulator.images.tag(image, `sha256:${'c'.repeat(64)}`);
  simulator.objects.put('ml-artifacts', 'iris.tar.gz', irisFixture('1.0.0').artifact);
  await sagemaker.send(
    new CreateModelCommand({
      ModelName: 'iris',
      ExecutionRoleArn: 'arn:aws:iam::111122223333:role/iris-serving',
      PrimaryContainer: { Image: image, ModelDataUrl: 's3://ml-artifacts/iris.tar.gz' },
    }),
  );
  await sagemaker.send(
    new CreateEndpointConfigCommand({
      EndpointConfigName: 'iris-1',
      ProductionVariants: [
        { VariantName: 'AllTraffic', ModelName: 'iris', InstanceType: 'ml.c5.large', InitialInstanceCount: 2 },
      ],
    }),
  );
  const refused = await autoscaling
    .send(new RegisterScalableTargetCommand({ ...subject, MinCapacity: 2, MaxCapacity: 5 }))
    .catch((error) => error);
  expect(refused.name).toBe('ValidationException');
  await sagemaker.send(new CreateEndpointCommand({ EndpointName: 'iris', EndpointConfigName: 'iris-1' }));
  await minutes(10);

  await autoscaling.send(new RegisterScalableTargetCommand({ ...subject, MinCapacity: 2, MaxCapacity: 5 }));
  const { Alarms = [] } = await autoscaling.send(
    new PutScalingPolicyCommand({
      ...subject,
      PolicyName: 'keep-100',
      PolicyType: 'TargetTrackingScaling',
      TargetTrackingScalingPolicyConfiguration: {
        TargetValue: 100,
        PredefinedMetricSpecification: { PredefinedMetricType: 'SageMakerVariantInvocationsPerInstance' },
      },
    }),
  );
  expect(Alarms.map(({ AlarmName = '' }) => AlarmName.replace(/-[0-9a-f-]{36}$/, ''))).toEqual([
    'TargetTracking-endpoint/iris/variant/AllTraffic-AlarmHigh',
    'TargetTracking-endpoint/iris/variant/AllTraffic-AlarmLow',
  ]);
  await autoscaling.send(
    new PutScheduledActionCommand({
      ...subject,
      ScheduledActionName: 'night',
      Schedule: 'cron(0 22 * * ? *)',
      StartTime: instant(60),
      ScalableTargetAction: { MinCapacity: 1 },
    }),
  );

  // Five a second are 150 a minute for each of two instances, and 100 for each of three.
  const traffic = simulator.traffic({ endpoint: 'iris', requestsPerSecond: 5, seed: 1 });
  await minutes(10);
  traffic.stop();
  const { ProductionVariants = [] } = await sagemaker.send(new DescribeEndpointCommand({ EndpointName: 'iris' }));
  expect(ProductionVariants.map(({ CurrentInstanceCount }) => CurrentInstanceCount)).toEqual([3]);
  const { ScalingActivities = [] } = await autoscaling.send(new DescribeScalingActivitiesCommand(subject));
  expect(ScalingActivities.map(({ Description, StatusCode }) => [Description, StatusCode])).toContainEqual([
    'Setting desired instance count to 3.',
    'Successful',
  ]);

  await autoscaling.send(new DeleteScalingPolicyCommand({ ...subject, PolicyName: 'keep-100' }));
  await autoscaling.send(new DeregisterScalableTargetCommand(subject));
  const { ScalableTargets } = await autoscaling.send(
    new DescribeScalableTargetsCommand({ ServiceNamespace: 'sagemaker' }),
  );
  expect(ScalableTargets).toEqual([]);
  const again = await autoscaling.send(new DeregisterScalableTargetCommand(subject)).catch((error) => error);
  expect(again.name).toBe('ObjectNotFoundException');
});
