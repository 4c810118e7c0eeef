import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { AwsError, type Simulator } from '../../simulator/contracts.ts';
import { irisFixture } from '../../simulator/fixtures/fixtures.ts';
import { loadHonoured, loadS3Operations, refuseUnservedS3 } from '../../simulator/members.ts';
import { inputHeaders } from '../../simulator/protocols/runtime.ts';
import { startSimulator } from '../../simulator/simulator.ts';
import { loadTables } from '../../simulator/validation.ts';
import { modelledServices } from '../../tools/members-page.ts';
import { inputsByMember } from './support/member-walk.ts';

const honoured = loadHonoured();
/** npm run record:members serves every member, to see which of them operations read. */
const isRecording = process.env['SIMULATOR_SERVES_ALL'] !== undefined;

const role = 'arn:aws:iam::111122223333:role/model-serving';
const image = '111122223333.dkr.ecr.eu-west-1.amazonaws.com/iris-server:1';
const container = { Image: image, ModelDataUrl: 's3://ml-artifacts/m.tar.gz' };
const variant = { VariantName: 'AllTraffic', ModelName: 'm', InstanceType: 'ml.m5.large', InitialInstanceCount: 1 };
const target = {
  ServiceNamespace: 'sagemaker',
  ResourceId: 'endpoint/e/variant/AllTraffic',
  ScalableDimension: 'sagemaker:variant:DesiredInstanceCount',
};
const metric = { Namespace: 'walk', MetricName: 'errors', Statistic: 'Sum', Period: 60 };
const alarm = {
  ...{ AlarmName: 'a', EvaluationPeriods: 1, Threshold: 1, ComparisonOperator: 'GreaterThanThreshold' },
  ...metric,
};
const tracking = {
  TargetValue: 5,
  PredefinedMetricSpecification: { PredefinedMetricType: 'SageMakerVariantInvocationsPerInstance' },
};
const balancer = (resource: string): string => `arn:aws:elasticloadbalancing:eu-west-1:111122223333:${resource}`;
const task = {
  family: 'churn',
  containerDefinitions: [{ name: 'model', image, portMappings: [{ containerPort: 8080 }] }],
};

interface Walk {
  /** What the call needs; a member whose value names a new object has `{n}` in it. */
  readonly base: object;
  /** The call whose answer shows what was given. */
  readonly shownBy?: readonly [operation: string, input: object];
}
/** For operations that need more than the required members of AWS's model. */
const walks: Readonly<Record<string, Walk | readonly Walk[]>> = {
  'sagemaker CreateModel': [
    {
      base: { ModelName: 'walk-{n}', PrimaryContainer: container, ExecutionRoleArn: role },
      shownBy: ['DescribeModel', { ModelName: 'walk-{n}' }],
    },
    {
      base: { ModelName: 'walks-{n}', Containers: [container], ExecutionRoleArn: role },
      shownBy: ['DescribeModel', { ModelName: 'walks-{n}' }],
    },
  ],
  'sagemaker CreateEndpointConfig': [
    {
      base: { EndpointConfigName: 'walk-{n}', ProductionVariants: [variant] },
      shownBy: ['DescribeEndpointConfig', { EndpointConfigName: 'walk-{n}' }],
    },
    {
      base: {
        EndpointConfigName: 'shadow-{n}',
        ProductionVariants: [variant],
        ShadowProductionVariants: [{ ...variant, VariantName: 'shadow' }],
      },
      shownBy: ['DescribeEndpointConfig', { EndpointConfigName: 'shadow-{n}' }],
    },
  ],
  'sagemaker CreateEndpoint': {
    base: { EndpointName: 'walk-{n}', EndpointConfigName: 'c' },
    shownBy: ['DescribeEndpoint', { EndpointName: 'walk-{n}' }],
  },
  'sagemaker CreateModelPackageGroup': {
    base: { ModelPackageGroupName: 'walk-{n}' },
    shownBy: ['DescribeModelPackageGroup', { ModelPackageGroupName: 'walk-{n}' }],
  },
  'sagemaker CreateModelPackage': {
    base: { ModelPackageGroupName: 'g', InferenceSpecification: { Containers: [container] } },
    shownBy: ['DescribeModelPackage', { ModelPackageName: '{arn}' }],
  },
  'sagemaker UpdateModelPackage': {
    base: { ModelPackageArn: 'arn:aws:sagemaker:eu-west-1:111122223333:model-package/g/1' },
    shownBy: [
      'DescribeModelPackage',
      { ModelPackageName: 'arn:aws:sagemaker:eu-west-1:111122223333:model-package/g/1' },
    ],
  },
  'sagemaker CreateTrainingJob': {
    base: {
      TrainingJobName: 'walk-{n}',
      AlgorithmSpecification: { TrainingImage: image, TrainingInputMode: 'File' },
      RoleArn: role,
      OutputDataConfig: { S3OutputPath: 's3://bucket/out' },
      ResourceConfig: { InstanceType: 'ml.m5.large', InstanceCount: 1, VolumeSizeInGB: 5 },
      StoppingCondition: { MaxRuntimeInSeconds: 60 },
    },
    shownBy: ['DescribeTrainingJob', { TrainingJobName: 'walk-{n}' }],
  },
  'sagemaker CreateTransformJob': {
    base: {
      TransformJobName: 'walk-{n}',
      ModelName: 'm',
      TransformInput: { DataSource: { S3DataSource: { S3DataType: 'S3Prefix', S3Uri: 's3://ml-artifacts/in' } } },
      TransformOutput: { S3OutputPath: 's3://ml-artifacts/out' },
      TransformResources: { InstanceType: 'ml.m5.large', InstanceCount: 1 },
    },
    shownBy: ['DescribeTransformJob', { TransformJobName: 'walk-{n}' }],
  },
  'sagemaker UpdateEndpoint': [
    { base: { EndpointName: 'e', EndpointConfigName: 'c2' }, shownBy: ['DescribeEndpoint', { EndpointName: 'e' }] },
    {
      base: {
        EndpointName: 'wide',
        EndpointConfigName: 'wide',
        DeploymentConfig: {
          RollingUpdatePolicy: { MaximumBatchSize: { Type: 'INSTANCE_COUNT', Value: 2 }, WaitIntervalInSeconds: 1 },
        },
      },
      shownBy: ['DescribeEndpoint', { EndpointName: 'wide' }],
    },
  ],
  'sagemaker CreateInferenceComponent': {
    base: {
      InferenceComponentName: 'walk-{n}',
      EndpointName: 'parts',
      Specification: { ModelName: 'm', ComputeResourceRequirements: { MinMemoryRequiredInMb: 128 } },
      RuntimeConfig: { CopyCount: 1 },
    },
    shownBy: ['DescribeInferenceComponent', { InferenceComponentName: 'walk-{n}' }],
  },
  'cloudwatch PutMetricAlarm': [
    { base: { ...alarm, AlarmName: 'walk-{n}' }, shownBy: ['DescribeAlarms', { AlarmNames: ['walk-{n}'] }] },
    {
      base: { ...alarm, Statistic: undefined, ExtendedStatistic: 'p99', AlarmName: 'walk-{n}' },
      shownBy: ['DescribeAlarms', { AlarmNames: ['walk-{n}'] }],
    },
  ],
  'sagemaker CreateInferenceExperiment': {
    base: {
      Name: 'walk-{n}',
      Type: 'ShadowMode',
      RoleArn: role,
      EndpointName: 'e',
      ModelVariants: ['AllTraffic', 'shadow'].map((VariantName) => ({
        ...{ ModelName: 'm', VariantName },
        InfrastructureConfig: {
          InfrastructureType: 'RealTimeInference',
          RealTimeInferenceConfig: { InstanceType: 'ml.m5.large', InstanceCount: 1 },
        },
      })),
      ShadowModeConfig: {
        SourceModelVariantName: 'AllTraffic',
        ShadowModelVariants: [{ ShadowModelVariantName: 'shadow', SamplingPercentage: 50 }],
      },
    },
    shownBy: ['DescribeInferenceExperiment', { Name: 'walk-{n}' }],
  },
  'sagemaker UpdateEndpointWeightsAndCapacities': [
    { base: { EndpointName: 'e', DesiredWeightsAndCapacities: [{ VariantName: 'AllTraffic' }] } },
    {
      base: {
        EndpointName: 'serverless',
        DesiredWeightsAndCapacities: [{ VariantName: 'AllTraffic', ServerlessUpdateConfig: { MaxConcurrency: 4 } }],
      },
    },
  ],
  'cloudwatch GetMetricData': {
    base: {
      StartTime: 1_700_000_000,
      EndTime: 1_700_000_600,
      MetricDataQueries: [
        { Id: 'm', MetricStat: { Metric: { Namespace: 'walk', MetricName: 'errors' }, Period: 60, Stat: 'Sum' } },
      ],
    },
  },
  'cloudwatch GetMetricStatistics': {
    base: { ...metric, Statistic: undefined, StartTime: 1_700_000_000, EndTime: 1_700_000_600, Statistics: ['Sum'] },
  },
  'application-autoscaling DescribeScalableTargets': { base: { ServiceNamespace: 'sagemaker' } },
  'application-autoscaling DescribeScalingActivities': { base: { ServiceNamespace: 'sagemaker' } },
  'application-autoscaling DescribeScalingPolicies': { base: { ServiceNamespace: 'sagemaker' } },
  'application-autoscaling DescribeScheduledActions': { base: { ServiceNamespace: 'sagemaker' } },
  'cloudwatch PutMetricData': { base: { Namespace: 'walk', MetricData: [{ MetricName: 'errors', Value: 1 }] } },
  'application-autoscaling RegisterScalableTarget': {
    base: { ...target, MinCapacity: 1, MaxCapacity: 2 },
    shownBy: ['DescribeScalableTargets', { ServiceNamespace: 'sagemaker' }],
  },
  'application-autoscaling PutScalingPolicy': [
    {
      base: {
        ...target,
        PolicyName: 'p',
        PolicyType: 'TargetTrackingScaling',
        TargetTrackingScalingPolicyConfiguration: tracking,
      },
      shownBy: ['DescribeScalingPolicies', { ServiceNamespace: 'sagemaker' }],
    },
    {
      base: {
        ...target,
        PolicyName: 's',
        PolicyType: 'StepScaling',
        StepScalingPolicyConfiguration: {
          AdjustmentType: 'ChangeInCapacity',
          StepAdjustments: [{ ScalingAdjustment: 1, MetricIntervalLowerBound: 0 }],
        },
      },
      shownBy: ['DescribeScalingPolicies', { ServiceNamespace: 'sagemaker' }],
    },
  ],
  'application-autoscaling PutScheduledAction': {
    base: { ...target, ScheduledActionName: 'w', Schedule: 'rate(1 hour)', ScalableTargetAction: { MinCapacity: 1 } },
    shownBy: ['DescribeScheduledActions', { ServiceNamespace: 'sagemaker' }],
  },
  'lambda CreateFunction': {
    base: { FunctionName: 'walk-{n}', Role: role, PackageType: 'Image', Code: { ImageUri: image } },
    shownBy: ['GetFunctionConfiguration', { FunctionName: 'walk-{n}' }],
  },
  'lambda UpdateFunctionConfiguration': {
    base: { FunctionName: 'f' },
    shownBy: ['GetFunctionConfiguration', { FunctionName: 'f' }],
  },
  'lambda UpdateFunctionCode': { base: { FunctionName: 'f', ImageUri: image } },
  'lambda PublishVersion': { base: { FunctionName: 'f' } },
  'lambda CreateAlias': {
    base: { FunctionName: 'f', Name: 'walk-{n}', FunctionVersion: '1' },
    shownBy: ['GetAlias', { FunctionName: 'f', Name: 'walk-{n}' }],
  },
  'lambda UpdateAlias': { base: { FunctionName: 'f', Name: 'live' } },
  'lambda ListAliases': { base: { FunctionName: 'f' } },
  'lambda ListVersionsByFunction': { base: { FunctionName: 'f' } },
  'lambda GetFunction': { base: { FunctionName: 'f' } },
  'ecs CreateService': {
    base: {
      serviceName: 'walk-{n}',
      taskDefinition: 'churn:1',
      deploymentController: { type: 'CODE_DEPLOY' },
      loadBalancers: [{ targetGroupArn: balancer('targetgroup/blue/1'), containerName: 'model', containerPort: 8080 }],
    },
    shownBy: ['DescribeServices', { services: ['walk-{n}'] }],
  },
  'ecs RegisterTaskDefinition': {
    base: { ...task, family: 'walk-{n}' },
    shownBy: ['DescribeTaskDefinition', { taskDefinition: 'walk-{n}:1', include: ['TAGS'] }],
  },
  'ecs DescribeTaskDefinition': { base: { taskDefinition: 'churn:1' } },
  'ecs UpdateService': { base: { service: 'churn' } },
  'codedeploy CreateDeploymentConfig': {
    base: {
      deploymentConfigName: 'walk-{n}',
      computePlatform: 'Lambda',
      trafficRoutingConfig: { type: 'TimeBasedLinear', timeBasedLinear: { linearPercentage: 10, linearInterval: 1 } },
    },
    shownBy: ['GetDeploymentConfig', { deploymentConfigName: 'walk-{n}' }],
  },
  'codedeploy CreateDeploymentGroup': {
    base: {
      applicationName: 'app',
      deploymentGroupName: 'walk-{n}',
      serviceRoleArn: role,
      ecsServices: [{ clusterName: 'default', serviceName: 'churn' }],
      loadBalancerInfo: {
        targetGroupPairInfoList: [
          {
            targetGroups: [{ name: 'blue' }, { name: 'green' }],
            prodTrafficRoute: { listenerArns: [balancer('listener/app/churn/1/2')] },
          },
        ],
      },
    },
    shownBy: ['GetDeploymentGroup', { applicationName: 'app', deploymentGroupName: 'walk-{n}' }],
  },
  'codedeploy ListDeployments': { base: { applicationName: 'app', deploymentGroupName: 'live' } },
  'sts AssumeRole': { base: { RoleArn: role, RoleSessionName: 'walk' } },
  'ecr BatchGetImage': { base: { repositoryName: 'iris-server', imageIds: [{ imageTag: '1' }] } },
  'ecr DescribeImages': { base: { repositoryName: 'iris-server' } },
  'ecr SetRepositoryPolicy': {
    base: { repositoryName: 'iris-server', policyText: '{"Version":"2012-10-17","Statement":[]}' },
  },
  'sagemaker-runtime InvokeEndpointAsync': {
    base: { EndpointName: 'async', InputLocation: 's3://ml-artifacts/in/rows.csv', ContentType: 'text/csv' },
  },
  'sagemaker-runtime InvokeEndpoint': {
    base: { EndpointName: 'e', Body: Buffer.from('5.1,3.5,1.4,0.2'), ContentType: 'text/csv' },
  },
};

let simulator: Simulator;
beforeAll(async () => {
  // Walks leave much behind.
  simulator = await startSimulator({ settings: { endpointInstanceQuota: 10_000, transformInstanceQuota: 10_000 } });
  const { objects, images } = simulator;
  objects.put('ml-artifacts', 'm.tar.gz', irisFixture('1.0.0').artifact);
  objects.put('ml-artifacts', 'in/rows.csv', Buffer.from('5.1,3.5,1.4,0.2\n'));
  images.tag(image, `sha256:${'a'.repeat(64)}`);
  const sagemaker = (operation: string, input: object) => simulator.call('sagemaker', operation, input);
  await sagemaker('CreateModel', { ModelName: 'm', PrimaryContainer: container, ExecutionRoleArn: role });
  for (const EndpointConfigName of ['c', 'c2'])
    await sagemaker('CreateEndpointConfig', { EndpointConfigName, ProductionVariants: [variant] });
  await sagemaker('CreateEndpointConfig', {
    EndpointConfigName: 'wide',
    ProductionVariants: [{ ...variant, InitialInstanceCount: 4 }],
  });
  await sagemaker('CreateEndpoint', { EndpointName: 'e', EndpointConfigName: 'c' });
  await sagemaker('CreateEndpointConfig', {
    EndpointConfigName: 'async',
    ProductionVariants: [variant],
    AsyncInferenceConfig: { OutputConfig: { S3OutputPath: 's3://ml-artifacts/answers' } },
  });
  const serverless = { MemorySizeInMB: 2048, MaxConcurrency: 5 };
  await sagemaker('CreateEndpointConfig', {
    EndpointConfigName: 'serverless',
    ProductionVariants: [{ VariantName: 'AllTraffic', ModelName: 'm', ServerlessConfig: serverless }],
  });
  for (const name of ['wide', 'async', 'serverless'])
    await sagemaker('CreateEndpoint', { EndpointName: name, EndpointConfigName: name });
  const { ModelName: _model, ...empty } = variant;
  await sagemaker('CreateEndpointConfig', {
    EndpointConfigName: 'parts',
    ProductionVariants: [empty],
    ExecutionRoleArn: role,
  });
  await sagemaker('CreateEndpoint', { EndpointName: 'parts', EndpointConfigName: 'parts' });
  await sagemaker('CreateModelPackageGroup', { ModelPackageGroupName: 'g' });
  await sagemaker('CreateModelPackage', {
    ModelPackageGroupName: 'g',
    InferenceSpecification: { Containers: [container] },
  });
  await simulator.call('lambda', 'CreateFunction', {
    FunctionName: 'f',
    Role: role,
    PackageType: 'Image',
    Code: { ImageUri: image },
    Publish: true,
  });
  await simulator.call('lambda', 'CreateAlias', { FunctionName: 'f', Name: 'live', FunctionVersion: '1' });
  await simulator.call('ecs', 'RegisterTaskDefinition', task);
  const service = walks['ecs CreateService'] as Walk;
  await simulator.call('ecs', 'CreateService', { ...service.base, serviceName: 'churn' });
  await simulator.call('codedeploy', 'CreateApplication', { applicationName: 'app', computePlatform: 'ECS' });
  await simulator.driver.sleepUntil(simulator.clock.now() + 600_000);
  await simulator.call('application-autoscaling', 'RegisterScalableTarget', {
    ...target,
    MinCapacity: 1,
    MaxCapacity: 2,
  });
  for (const operation of ['PutScalingPolicy', 'PutScheduledAction'])
    for (const { base } of [walks[`application-autoscaling ${operation}`] ?? []].flat())
      await simulator.call('application-autoscaling', operation, base);
  await simulator.call('codedeploy', 'CreateDeploymentGroup', {
    ...(walks['codedeploy CreateDeploymentGroup'] as Walk).base,
    deploymentGroupName: 'live',
  });
});
afterAll(() => simulator.close());

/** `accepted`, or the refusal; anything else than AWS's or the simulator's refusal is thrown. */
const outcome = async (
  service: string,
  operation: string,
  input: object,
): Promise<{ said: string; answer?: Record<string, unknown> }> => {
  try {
    return { said: 'accepted', answer: await simulator.call(service, operation, input) };
  } catch (error) {
    if (error instanceof AwsError) return { said: `${error.code}: ${error.message}` };
    throw error;
  }
};

const filled = (value: object, n: string, arn = ''): object =>
  JSON.parse(JSON.stringify(value).replaceAll('{n}', n).replaceAll('{arn}', arn));

describe.each(modelledServices())('%s', (service) => {
  const tables = loadTables(service);

  test.each(Object.keys(tables.operations))(
    '%s: every member is honoured, or refused by its name',
    async (operation) => {
      const call = `${service} ${operation}`;
      const known = new Set(honoured[call]);
      const dropped: string[] = [];
      const given = walks[call] ?? { base: {} };
      for (const [index, { base, shownBy }] of [given].flat().entries()) {
        const inputs = inputsByMember(tables, operation, base, (path) => isRecording || known.has(path));
        for (const [number, { member, input }] of inputs.entries()) {
          const named = typeof base === 'object' && 'Body' in base ? input : filled(input, `${index}-${number}`);
          const { said, answer } = await outcome(service, operation, named);
          const isRefused = said.startsWith('NotSimulated: not simulated: ') && said.includes(member);
          if (!isRecording && !known.has(member) && !isRefused && !said.includes('validation error'))
            dropped.push(`${member}: ${said}`);
          // One update at a time.
          if (operation === 'UpdateEndpoint' && answer !== undefined)
            await simulator.driver.sleepUntil(simulator.clock.now() + 7_200_000);
          if (shownBy !== undefined && answer !== undefined)
            await outcome(
              service,
              shownBy[0],
              filled(shownBy[1], `${index}-${number}`, String(answer['ModelPackageArn'])),
            );
        }
      }
      expect(dropped).toEqual([]);
    },
  );
});

test('codepipeline: both calls that declare a pipeline honour the same of it', () => {
  const ofPipeline = (call: string) => honoured[`codepipeline ${call}`]?.filter((path) => path.startsWith('pipeline.'));
  expect(ofPipeline('CreatePipeline')).toEqual(ofPipeline('UpdatePipeline'));
});

describe('sagemaker-runtime', () => {
  const { operations, shapes } = loadTables('sagemaker-runtime');
  test.each(['InvokeEndpoint', 'InvokeEndpointAsync'] as const)('%s: every member is read', (operation) => {
    const { members = {} } = shapes[operations[operation]?.input ?? ''] ?? {};
    const read = ['EndpointName', 'Body', ...Object.keys(inputHeaders[operation])];
    expect(Object.keys(members).filter((member) => !read.includes(member))).toEqual([]);
  });
});

describe('s3', () => {
  const operations = loadS3Operations();
  const served = Object.keys(operations).filter((operation) => honoured[`s3 ${operation}`] !== undefined);
  const at = { Bucket: 'ml-artifacts', Key: 'in/rows.csv' };
  const given: Readonly<Record<string, unknown>> = {
    ...{
      ExpectedBucketOwner: '111122223333',
      ExpectedSourceBucketOwner: '111122223333',
      CopySource: '/ml-artifacts/in/rows.csv',
    },
    ...{
      PartNumber: 1,
      MaxKeys: 1,
      MaxParts: 1,
      MaxUploads: 1,
      MaxBuckets: 1,
      Range: 'bytes=0-1',
      EncodingType: 'url',
    },
    ...{ Tagging: 'a=b', VersionId: 'null', IfMatch: '"etag"', IfNoneMatch: '"etag"', StorageClass: 'STANDARD' },
  };
  const bases: Readonly<Record<string, object>> = {
    PutBucketTagging: { ...at, Tags: [{ Key: 'a', Value: 'b' }] },
    PutObjectTagging: { ...at, Tags: [{ Key: 'a', Value: 'b' }] },
    PutObject: { ...at, Key: 'walked', Body: Buffer.from('1') },
    CopyObject: { ...at, Key: 'copied', CopySource: '/ml-artifacts/in/rows.csv' },
    DeleteObjects: { Bucket: at.Bucket, Objects: [{ Key: 'walked' }], Quiet: 'true' },
    CreateBucket: { Bucket: 'walked-bucket', LocationConstraint: 'eu-west-1' },
    UploadPart: { ...at, PartNumber: 1, Body: Buffer.from('1') },
    UploadPartCopy: { ...at, PartNumber: 1, CopySource: '/ml-artifacts/in/rows.csv' },
    CompleteMultipartUpload: { ...at, Parts: [{ PartNumber: '1', ETag: '"c4ca4238a0b923820dcc509a6f75849b"' }] },
    GetObjectAttributes: { ...at, ObjectAttributes: 'ETag' },
  };

  test.each(served)('%s: every header and parameter is honoured, or refused by its name', async (operation) => {
    const { headers, query } = operations[operation] ?? { headers: {}, query: {} };
    const known = new Set(honoured[`s3 ${operation}`]);
    const uploads = /Part|Multipart/.test(operation) && operation !== 'CreateMultipartUpload';
    const { InitiateMultipartUploadResult: begun } = uploads
      ? await simulator.call('s3', 'CreateMultipartUpload', at)
      : {};
    const id = begun === undefined ? {} : { UploadId: Object(begun).UploadId };
    if (operation === 'CompleteMultipartUpload')
      await simulator.call('s3', 'UploadPart', { ...bases['UploadPart'], ...id });
    for (const member of [...Object.values(headers), ...Object.values(query)]) {
      const input = { ...(bases[operation] ?? at), ...id, [member]: given[member] ?? 'walked' };
      await outcome('s3', operation, input);
      await outcome('s3', 'HeadObject', { ...at, Key: 'walked' });
    }
    if (isRecording) return;
    const request = { method: 'GET', path: '/', body: Buffer.alloc(0), query: new URLSearchParams(), headers: {} };
    const refused = (sent: object): boolean => {
      try {
        refuseUnservedS3(honoured, { operation, tables: operations }, { ...request, ...sent });
        return false;
      } catch (error) {
        return error instanceof AwsError && error.code === 'NotSimulated';
      }
    };
    const ofTransport = ['content-length', 'content-md5', 'x-amz-sdk-checksum-algorithm'];
    for (const [name, member] of Object.entries(headers))
      if (!ofTransport.includes(name))
        expect([name, refused({ headers: { [name]: 'x' } })]).toEqual([name, !known.has(member)]);
    for (const [name, member] of Object.entries(query))
      expect([name, refused({ query: new URLSearchParams({ [name]: 'x' }) })]).toEqual([name, !known.has(member)]);
  });
});
