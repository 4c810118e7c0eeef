import {
  DescribeScalableTargetsCommand,
  DescribeScalingPoliciesCommand,
  PutScalingPolicyCommand,
  RegisterScalableTargetCommand,
} from '@aws-sdk/client-application-auto-scaling';
import {
  DescribeAlarmHistoryCommand,
  DescribeAlarmsCommand,
  GetMetricDataCommand,
  ListMetricsCommand,
  PutMetricAlarmCommand,
} from '@aws-sdk/client-cloudwatch';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import {
  AddTagsCommand,
  CreateEndpointCommand,
  CreateEndpointConfigCommand,
  CreateModelCommand,
  CreateModelPackageCommand,
  CreateModelPackageGroupCommand,
  DescribeEndpointCommand,
  DescribeEndpointConfigCommand,
  DescribeModelCommand,
  DescribeModelPackageCommand,
  ListEndpointConfigsCommand,
  ListEndpointsCommand,
  ListModelPackagesCommand,
  ListTagsCommand,
  UpdateEndpointCommand,
  UpdateModelPackageCommand,
} from '@aws-sdk/client-sagemaker';
import { InvokeEndpointCommand } from '@aws-sdk/client-sagemaker-runtime';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type IrisVersion, irisFixture } from '../../simulator/fixtures/fixtures.ts';
import { type Account, openAccount, refusalOf } from './support/account.ts';

const minute = 60_000;
const Image = '111122223333.dkr.ecr.eu-west-1.amazonaws.com/iris-server:1';
const ExecutionRoleArn = 'arn:aws:iam::111122223333:role/iris-serving';

let account: Account;
beforeEach(async () => {
  account = await openAccount();
});
afterEach(() => account.simulator.close());

/** Everything a delivery asks of the account, by AWS's own clients over one port, services acting on each other in virtual time. */
test('a version is registered, approved, served, scaled, replaced by a canary that fails, and the old one serves again', async () => {
  const { simulator, sagemaker, autoscaling, runtime } = account;
  const pass = (minutes: number) => simulator.driver.sleepUntil(simulator.driver.now() + minutes * minute);
  simulator.images.tag(Image, `sha256:${'a'.repeat(64)}`);
  await sagemaker.send(
    new CreateModelPackageGroupCommand({ ModelPackageGroupName: 'iris', Tags: [{ Key: 'team', Value: 'ml' }] }),
  );

  const first = await register(account, '1.0.0');
  const refused = await refusalOf(serve(account, first, 'iris-1'));
  expect(refused).toMatch(/^ValidationException: Model package .* is PendingManualApproval/);
  await approve(account, first);
  const listed = await sagemaker.send(new ListModelPackagesCommand({ ModelPackageGroupName: 'iris' }));
  expect(
    listed.ModelPackageSummaryList?.map(({ ModelPackageVersion, ModelApprovalStatus }) => [
      ModelPackageVersion,
      ModelApprovalStatus,
    ]),
  ).toEqual([[1, 'Approved']]);

  await serve(account, first, 'iris-1');
  await sagemaker.send(new CreateEndpointCommand({ EndpointName: 'iris', EndpointConfigName: 'iris-1' }));
  await pass(10);
  const inService = await sagemaker.send(new DescribeEndpointCommand({ EndpointName: 'iris' }));
  expect(inService).toMatchObject({ EndpointStatus: 'InService', EndpointConfigName: 'iris-1' });
  expect(inService.ProductionVariants?.[0]?.DeployedImages?.[0]?.ResolvedImage).toContain('a'.repeat(64));
  const answer = await runtime.send(
    new InvokeEndpointCommand({ EndpointName: 'iris', ContentType: 'text/csv', Body: '5.1,3.5,1.4,0.2' }),
  );
  expect(answer.InvokedProductionVariant).toBe('AllTraffic');
  expect(Buffer.from(answer.Body).toString()).toContain('setosa');

  const ResourceId = 'endpoint/iris/variant/AllTraffic';
  const target = {
    ServiceNamespace: 'sagemaker',
    ResourceId,
    ScalableDimension: 'sagemaker:variant:DesiredInstanceCount',
  } as const;
  await autoscaling.send(new RegisterScalableTargetCommand({ ...target, MinCapacity: 4, MaxCapacity: 8 }));
  const PredefinedMetricSpecification = { PredefinedMetricType: 'SageMakerVariantInvocationsPerInstance' } as const;
  const tracking = { TargetValue: 1000, PredefinedMetricSpecification };
  await autoscaling.send(
    new PutScalingPolicyCommand({
      ...target,
      PolicyName: 'track',
      PolicyType: 'TargetTrackingScaling',
      TargetTrackingScalingPolicyConfiguration: tracking,
    }),
  );
  const targets = await autoscaling.send(new DescribeScalableTargetsCommand({ ServiceNamespace: 'sagemaker' }));
  expect(targets.ScalableTargets?.map(({ MaxCapacity }) => MaxCapacity)).toEqual([8]);
  const policies = await autoscaling.send(new DescribeScalingPoliciesCommand({ ServiceNamespace: 'sagemaker' }));
  expect(policies.ScalingPolicies?.map(({ PolicyName }) => PolicyName)).toEqual(['track']);

  const traffic = simulator.traffic({ endpoint: 'iris', requestsPerSecond: 20, seed: 1 });
  const broken = await register(account, '1.4.0');
  await approve(account, broken);
  await serve(account, broken, 'iris-2');
  await alarm(account, 'iris-2');
  await sagemaker.send(
    new UpdateEndpointCommand({
      EndpointName: 'iris',
      EndpointConfigName: 'iris-2',
      RetainAllVariantProperties: true,
      DeploymentConfig: {
        BlueGreenUpdatePolicy: {
          TrafficRoutingConfiguration: {
            Type: 'CANARY',
            CanarySize: { Type: 'INSTANCE_COUNT', Value: 1 },
            WaitIntervalInSeconds: 600,
          },
          TerminationWaitInSeconds: 300,
        },
        AutoRollbackConfiguration: { Alarms: [{ AlarmName: 'iris-2-errors' }] },
      },
    }),
  );
  const again = new UpdateEndpointCommand({ EndpointName: 'iris', EndpointConfigName: 'iris-1' });
  expect(await refusalOf(sagemaker.send(again))).toMatch(/^ValidationException: Cannot update in-progress endpoint/);
  await pass(5);
  const baking = await sagemaker.send(new DescribeEndpointCommand({ EndpointName: 'iris' }));
  expect(baking).toMatchObject({
    EndpointStatus: 'Updating',
    PendingDeploymentSummary: { EndpointConfigName: 'iris-2' },
  });
  await pass(25);
  const ended = await sagemaker.send(new DescribeEndpointCommand({ EndpointName: 'iris' }));
  expect(ended).toMatchObject({ EndpointStatus: 'InService', EndpointConfigName: 'iris-1' });
  expect(ended.FailureReason).toMatch(/alarm/i);
  traffic.stop();

  await readBack(account, first);
  expect(simulator.events.some(({ source, what }) => source === 'alarm' && /alarm/i.test(what))).toBe(true);
  expect(
    simulator.hosting.minutes().some(({ endpointConfig, errors }) => endpointConfig === 'iris-2' && errors > 0),
  ).toBe(true);
});

const register = async ({ sagemaker, s3 }: Account, version: IrisVersion): Promise<string> => {
  const { artifact, evaluation } = irisFixture(version);
  await s3.send(
    new PutObjectCommand({ Bucket: 'ml-artifacts', Key: `${version}/model.tar.gz`, Body: artifact, IfNoneMatch: '*' }),
  );
  await s3.send(new PutObjectCommand({ Bucket: 'ml-artifacts', Key: `${version}/evaluation.json`, Body: evaluation }));
  const { ModelPackageArn = '' } = await sagemaker.send(
    new CreateModelPackageCommand({
      ModelPackageGroupName: 'iris',
      ModelPackageDescription: `iris_v${version}`,
      ModelApprovalStatus: 'PendingManualApproval',
      ClientToken: `iris-${version.replaceAll('.', '-')}`,
      InferenceSpecification: {
        Containers: [
          { Image, ModelDataUrl: `s3://ml-artifacts/${version}/model.tar.gz`, Environment: { MODEL: 'iris' } },
        ],
        SupportedContentTypes: ['text/csv'],
        SupportedResponseMIMETypes: ['application/json'],
      },
      ModelMetrics: {
        ModelQuality: {
          Statistics: { ContentType: 'application/json', S3Uri: `s3://ml-artifacts/${version}/evaluation.json` },
        },
      },
      CustomerMetadataProperties: { commit: 'abc', 'run url': 'https://github.com/octo-org/octo-repo/actions/runs/1' },
    }),
  );
  return ModelPackageArn;
};

const approve = ({ sagemaker }: Account, ModelPackageArn: string) =>
  sagemaker.send(
    new UpdateModelPackageCommand({ ModelPackageArn, ModelApprovalStatus: 'Approved', ApprovalDescription: 'by mina' }),
  );

const serve = async ({ sagemaker }: Account, ModelPackageName: string, name: string): Promise<void> => {
  await sagemaker.send(
    new CreateModelCommand({ ModelName: name, ExecutionRoleArn, PrimaryContainer: { ModelPackageName } }),
  );
  const variant = {
    VariantName: 'AllTraffic',
    ModelName: name,
    InstanceType: 'ml.m5.large',
    InitialInstanceCount: 4,
  } as const;
  await sagemaker.send(new CreateEndpointConfigCommand({ EndpointConfigName: name, ProductionVariants: [variant] }));
};

const alarm = ({ cloudwatch }: Account, EndpointConfigName: string) => {
  const dimensions = { EndpointName: 'iris', VariantName: 'AllTraffic', EndpointConfigName };
  return cloudwatch.send(
    new PutMetricAlarmCommand({
      AlarmName: `${EndpointConfigName}-errors`,
      Namespace: 'AWS/SageMaker',
      MetricName: 'Invocation5XXErrors',
      Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
      Statistic: 'Sum',
      Period: 60,
      EvaluationPeriods: 1,
      Threshold: 0,
      ComparisonOperator: 'GreaterThanThreshold',
      TreatMissingData: 'notBreaching',
    }),
  );
};

/** Every listing and description of what the story left behind is readable, and says the same. */
const readBack = async ({ simulator, sagemaker, cloudwatch }: Account, ModelPackageName: string): Promise<void> => {
  const described = await sagemaker.send(new DescribeModelPackageCommand({ ModelPackageName }));
  expect(described).toMatchObject({
    ModelPackageVersion: 1,
    ModelApprovalStatus: 'Approved',
    CustomerMetadataProperties: { commit: 'abc' },
  });
  const model = await sagemaker.send(new DescribeModelCommand({ ModelName: 'iris-1' }));
  expect(model.PrimaryContainer?.ModelPackageName).toBe(ModelPackageName);
  const config = await sagemaker.send(new DescribeEndpointConfigCommand({ EndpointConfigName: 'iris-2' }));
  expect(config.ProductionVariants?.[0]?.ModelName).toBe('iris-2');
  const { Endpoints } = await sagemaker.send(new ListEndpointsCommand({ NameContains: 'iris' }));
  expect(Endpoints?.map(({ EndpointStatus }) => EndpointStatus)).toEqual(['InService']);
  const { EndpointConfigs } = await sagemaker.send(
    new ListEndpointConfigsCommand({ SortBy: 'Name', SortOrder: 'Ascending' }),
  );
  expect(EndpointConfigs?.map(({ EndpointConfigName }) => EndpointConfigName)).toEqual(['iris-1', 'iris-2']);
  const ResourceArn = Endpoints?.[0]?.EndpointArn ?? '';
  await sagemaker.send(new AddTagsCommand({ ResourceArn, Tags: [{ Key: 'release', Value: '1' }] }));
  expect((await sagemaker.send(new ListTagsCommand({ ResourceArn }))).Tags).toEqual([{ Key: 'release', Value: '1' }]);

  const { MetricAlarms } = await cloudwatch.send(new DescribeAlarmsCommand({ AlarmNames: ['iris-2-errors'] }));
  expect(MetricAlarms?.[0]?.StateUpdatedTimestamp).toBeInstanceOf(Date);
  const { AlarmHistoryItems } = await cloudwatch.send(new DescribeAlarmHistoryCommand({ AlarmName: 'iris-2-errors' }));
  expect(AlarmHistoryItems?.length).toBeGreaterThan(1);
  const { Metrics } = await cloudwatch.send(
    new ListMetricsCommand({ Namespace: 'AWS/SageMaker', MetricName: 'Invocations' }),
  );
  expect(Metrics?.length).toBeGreaterThan(1);
  const Metric = {
    Namespace: 'AWS/SageMaker',
    MetricName: 'Invocations',
    Dimensions: [
      { Name: 'EndpointName', Value: 'iris' },
      { Name: 'VariantName', Value: 'AllTraffic' },
    ],
  };
  const now = simulator.clock.now();
  const read = await cloudwatch.send(
    new GetMetricDataCommand({
      StartTime: new Date(now - 20 * minute),
      EndTime: new Date(now - 5 * minute),
      MetricDataQueries: [{ Id: 'n', MetricStat: { Metric, Period: 60, Stat: 'Sum' } }],
    }),
  );
  expect(new Set(read.MetricDataResults?.[0]?.Values)).toEqual(new Set([1200]));
};
