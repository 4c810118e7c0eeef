import { describe, expect, test } from '@jest/globals';
import { accountId, blueGreen, canary, image, linear, simulatedAws } from '../support/simulated-aws.ts';

const arn = (resource: string): string => `arn:aws:sagemaker:eu-west-1:${accountId}:${resource}`;
const updateIris = { EndpointName: 'iris', EndpointConfigName: 'next' };

/** AWS's words: reference/sagemaker.md §1.8, §2.2, §2.3, §2.7; where no source has the words, only the code is asserted. */
describe('what SageMaker refuses, with its code and words', () => {
  test.each([
    [
      'DescribeEndpoint',
      { EndpointName: 'none' },
      `ValidationException: Could not find endpoint "${arn('endpoint/none')}".`,
    ],
    [
      'UpdateEndpoint',
      { ...updateIris, EndpointName: 'none' },
      `ValidationException: Could not find endpoint "${arn('endpoint/none')}".`,
    ],
    [
      'DeleteEndpoint',
      { EndpointName: 'none' },
      `ValidationException: Could not find endpoint "${arn('endpoint/none')}".`,
    ],
    [
      'CreateEndpoint',
      { EndpointName: 'IRIS', EndpointConfigName: 'next' },
      `ValidationException: Cannot create already existing endpoint "${arn('endpoint/IRIS')}".`,
    ],
    [
      'CreateEndpoint',
      { EndpointName: 'new', EndpointConfigName: 'none' },
      `ValidationException: Could not find endpoint configuration "${arn('endpoint-config/none')}".`,
    ],
    [
      'UpdateEndpoint',
      { ...updateIris, EndpointConfigName: 'none' },
      `ValidationException: Could not find endpoint configuration "${arn('endpoint-config/none')}".`,
    ],
    [
      'DescribeEndpointConfig',
      { EndpointConfigName: 'none' },
      `ValidationException: Could not find endpoint configuration "${arn('endpoint-config/none')}".`,
    ],
    [
      'DeleteEndpointConfig',
      { EndpointConfigName: 'none' },
      `ValidationException: Could not find endpoint configuration "${arn('endpoint-config/none')}".`,
    ],
    ['DescribeModel', { ModelName: 'none' }, `ValidationException: Could not find model "${arn('model/none')}".`],
    ['DeleteModel', { ModelName: 'none' }, `ValidationException: Could not find model "${arn('model/none')}".`],
    [
      'CreateModel',
      { ModelName: 'next', PrimaryContainer: { Image: image } },
      `ValidationException: Cannot create already existing model "${arn('model/next')}".`,
    ],
    [
      'CreateModel',
      { ModelName: 'x', PrimaryContainer: { Image: image }, ExecutionRoleArn: 'arn:aws:iam::444455556666:role/r' },
      'ValidationException: Cross-account pass role is not allowed.',
    ],
    [
      'CreateModel',
      { ModelName: 'x', PrimaryContainer: { Image: image }, ExecutionRoleArn: `arn:aws:iam::${accountId}:role/none` },
      `ValidationException: Could not assume role arn:aws:iam::${accountId}:role/none. Please ensure that the role exists and allows principal 'sagemaker.amazonaws.com' to assume the role.`,
    ],
    [
      'CreateModel',
      { ModelName: 'x', PrimaryContainer: { Image: `${image}0` } },
      `ValidationException: Requested image ${image}0 not found.`,
    ],
    [
      'CreateModel',
      { ModelName: 'x', PrimaryContainer: { Image: image, ModelDataUrl: 's3://models/none.tar.gz' } },
      'ValidationException: Could not find model data at s3://models/none.tar.gz.',
    ],
    ['DescribeTrainingJob', { TrainingJobName: 'none' }, 'ValidationException: Requested resource not found.'],
    [
      'DescribeModelPackageGroup',
      { ModelPackageGroupName: 'none' },
      `ValidationException: ModelPackageGroup ${arn('model-package-group/none')} does not exist.`,
    ],
    [
      'DescribeModelPackage',
      { ModelPackageName: 'none/3' },
      `ValidationException: ModelPackage ${arn('model-package/none/3')} does not exist.`,
    ],
    [
      'UpdateEndpointWeightsAndCapacities',
      { EndpointName: 'iris', DesiredWeightsAndCapacities: [{ VariantName: 'B', DesiredWeight: 1 }] },
      'ValidationException: The variant name(s) "B" is/are not present within endpoint configuration "iris-1-0-0".',
    ],
  ])('%s %j', (operation, input, words) => {
    const far = simulatedAws();
    far.serving();
    far.ship('1.1.0', { name: 'next' });
    expect(far.refusal(operation, input)).toBe(words);
  });

  test('an endpoint config that exists, and one whose model does not', () => {
    const far = simulatedAws();
    far.ship('1.1.0', { name: 'next' });
    const variant = { VariantName: 'A', ModelName: 'next', InstanceType: 'ml.m5.large', InitialInstanceCount: 1 };
    const create = (EndpointConfigName: string, ...ProductionVariants: readonly object[]) =>
      far.refusal('CreateEndpointConfig', { EndpointConfigName, ProductionVariants });
    expect(create('next', variant)).toBe(
      `ValidationException: Cannot create already existing endpoint configuration "${arn('endpoint-config/next')}".`,
    );
    expect(create('c', { ...variant, ModelName: 'none' })).toBe(
      `ValidationException: Could not find model "${arn('model/none')}".`,
    );
    expect(create('c', variant, variant)).toMatch(/^ValidationException: Variant names must be unique/);
    expect(create('c', { ...variant, InstanceType: undefined })).toMatch(
      /^ValidationException: Variant A needs either/,
    );
    expect(create('c', { ...variant, ServerlessConfig: { MemorySizeInMB: 2048, MaxConcurrency: 5 } })).toMatch(
      /^ValidationException/,
    );
  });

  test.each(['Creating', 'Updating', 'SystemUpdating', 'RollingBack', 'Deleting'])('any change while %s', (status) => {
    const far = simulatedAws();
    far.serving();
    far.ship('1.1.0', { name: 'next' });
    const scaleOut = {
      EndpointName: 'iris',
      DesiredWeightsAndCapacities: [{ VariantName: 'AllTraffic', DesiredInstanceCount: 5 }],
    };
    const bring: Readonly<Record<string, () => void>> = {
      Creating: () => {
        far.call('DeleteEndpoint', { EndpointName: 'iris' });
        far.after(60);
        far.call('CreateEndpoint', updateIris);
      },
      Updating: () => far.call('UpdateEndpoint', updateIris),
      SystemUpdating: () => expect(far.sagemaker.harm.systemUpdate('iris', 60_000)).toBe(true),
      RollingBack: () => {
        far.sagemaker.harm.failCapacity(1);
        far.call('UpdateEndpointWeightsAndCapacities', scaleOut);
        far.after(180);
      },
      Deleting: () => far.call('DeleteEndpoint', { EndpointName: 'iris' }),
    };
    bring[status]?.();
    expect(far.describe().EndpointStatus).toBe(status);
    const words = `ValidationException: Cannot update in-progress endpoint "${arn('endpoint/iris')}".`;
    expect(far.refusal('UpdateEndpoint', updateIris)).toBe(words);
    expect(far.refusal('UpdateEndpointWeightsAndCapacities', scaleOut)).toBe(words);
    expect(far.refusal('DeleteEndpoint', { EndpointName: 'iris' })).toBe(words);
    expect(far.refusal('CreateEndpoint', updateIris)).toMatch(
      /^ValidationException: Cannot create already existing endpoint/,
    );
  });

  test('a failed endpoint can only be deleted, and its name is free once it is gone', () => {
    const far = simulatedAws();
    far.call('CreateEndpoint', { EndpointName: 'iris', EndpointConfigName: far.ship('1.5.0') });
    far.after(3600);
    expect(far.describe()).toMatchObject({
      EndpointStatus: 'Failed',
      FailureReason: expect.stringContaining('ping health check'),
    });
    expect(far.describe()).not.toHaveProperty('ProductionVariants');
    far.ship('1.1.0', { name: 'next' });
    expect(far.refusal('UpdateEndpoint', updateIris)).toMatch(/^ValidationException/);
    far.call('DeleteEndpoint', { EndpointName: 'iris' });
    expect(far.refusal('CreateEndpoint', updateIris)).toMatch(/already existing endpoint/);
    far.after(60);
    expect(far.refusal('DescribeEndpoint', { EndpointName: 'iris' })).toMatch(
      /^ValidationException: Could not find endpoint/,
    );
    far.call('CreateEndpoint', updateIris);
    far.after(3600);
    expect(far.describe().EndpointStatus).toBe('InService');
  });

  test('the config that serves, deleted: the next update cannot find the OLD name (terraform-provider-aws#40048)', () => {
    const far = simulatedAws();
    far.serving();
    far.ship('1.1.0', { name: 'next' });
    far.call('DeleteEndpointConfig', { EndpointConfigName: 'iris-1-0-0' });
    expect(far.refusal('UpdateEndpoint', updateIris)).toBe(
      `ValidationException: Could not find endpoint configuration "${arn('endpoint-config/iris-1-0-0')}".`,
    );
  });

  test('a config too new to be seen', () => {
    const far = simulatedAws({ configVisibleAfterMs: 5_000 });
    far.ship('1.0.0', { name: 'next' });
    expect(far.refusal('CreateEndpoint', updateIris)).toMatch(
      /^ValidationException: Could not find endpoint configuration/,
    );
    far.after(5);
    expect(far.refusal('CreateEndpoint', updateIris)).toMatch(/^not refused/);
  });

  test('the quota counts blue and green', () => {
    const far = simulatedAws({ endpointInstanceQuota: 7 });
    far.serving(4);
    far.ship('1.1.0', { name: 'next', instances: 4 });
    expect(far.refusal('UpdateEndpoint', updateIris)).toMatch(
      /^ResourceLimitExceeded: The account-level service limit 'ml\.m5\.large for endpoint usage' is 7 Instances, with current utilization of 4 Instances and a request delta of 4 Instances\./,
    );
    expect(far.describe().EndpointStatus).toBe('InService');
    const rolling = {
      RollingUpdatePolicy: { MaximumBatchSize: { Type: 'INSTANCE_COUNT', Value: 2 }, WaitIntervalInSeconds: 0 },
    };
    expect(far.refusal('UpdateEndpoint', { ...updateIris, DeploymentConfig: rolling })).toMatch(/^not refused/);
    far.after(3600);
    expect(far.describe().EndpointConfigName).toBe('next');
    const wanted = [{ VariantName: 'AllTraffic', DesiredInstanceCount: 8 }];
    expect(
      far.refusal('UpdateEndpointWeightsAndCapacities', { EndpointName: 'iris', DesiredWeightsAndCapacities: wanted }),
    ).toMatch(/^ResourceLimitExceeded/);
  });

  test.each([
    [
      'canary above half the fleet',
      blueGreen({ Type: 'CANARY', CanarySize: { Type: 'INSTANCE_COUNT', Value: 3 } }),
      'CanarySize must be between',
    ],
    [
      'canary above 50 %',
      blueGreen({ Type: 'CANARY', CanarySize: { Type: 'CAPACITY_PERCENT', Value: 51 } }),
      'CanarySize must be between',
    ],
    ['canary without a size', blueGreen({ Type: 'CANARY' }), 'CanarySize is required'],
    [
      'linear below 10 %',
      blueGreen({ Type: 'LINEAR', LinearStepSize: { Type: 'CAPACITY_PERCENT', Value: 9 } }),
      'LinearStepSize must be between',
    ],
    [
      'linear above 50 %',
      blueGreen({ Type: 'LINEAR', LinearStepSize: { Type: 'INSTANCE_COUNT', Value: 3 } }),
      'LinearStepSize must be between',
    ],
    [
      'two policies',
      {
        ...blueGreen(canary),
        RollingUpdatePolicy: { MaximumBatchSize: { Type: 'INSTANCE_COUNT', Value: 1 }, WaitIntervalInSeconds: 0 },
      },
      'Only one of',
    ],
    ['a timeout its own waits exceed', blueGreen(linear, { timeout: 2100 }), 'MaximumExecutionTimeoutInSeconds'],
    ['an alarm that does not exist', blueGreen(canary, { alarms: ['none'] }), 'Could not find alarm'],
  ])('a deployment config with %s', (_what, DeploymentConfig, words) => {
    const far = simulatedAws();
    far.serving();
    far.ship('1.1.0', { name: 'next' });
    expect(far.refusal('UpdateEndpoint', { ...updateIris, DeploymentConfig })).toContain(
      `ValidationException: ${words}`,
    );
    expect(far.describe().EndpointStatus).toBe('InService');
  });

  test('a canary cannot be half of one instance', () => {
    const far = simulatedAws();
    far.serving(1);
    far.ship('1.1.0', { name: 'next', instances: 1 });
    expect(far.refusal('UpdateEndpoint', { ...updateIris, DeploymentConfig: blueGreen(canary) })).toMatch(
      /^ValidationException: CanarySize/,
    );
  });

  test('variant names that change under a traffic shift: refused, or silently all at once, as the setting says', () => {
    const renamed = (renamedVariantUpdate: 'refused' | 'all-at-once') => {
      const far = simulatedAws({ renamedVariantUpdate });
      far.serving();
      far.ship('1.1.0', { name: 'next', variant: { VariantName: 'Other' } });
      return { far, answer: far.refusal('UpdateEndpoint', { ...updateIris, DeploymentConfig: blueGreen(canary) }) };
    };
    expect(renamed('refused').answer).toMatch(/^ValidationException/);
    const { far } = renamed('all-at-once');
    far.after(270);
    expect(far.describe()).toMatchObject({ EndpointStatus: 'InService', EndpointConfigName: 'next' });
  });

  test('a scaled variant keeps its name and its instance type', () => {
    const far = simulatedAws();
    far.serving();
    far.scaled.add('iris/AllTraffic');
    far.ship('1.1.0', { name: 'bigger', variant: { InstanceType: 'ml.m5.xlarge' } });
    far.ship('1.1.0', { name: 'renamed', variant: { VariantName: 'Other' } });
    far.ship('1.1.0', { name: 'next' });
    expect(far.refusal('UpdateEndpoint', { ...updateIris, EndpointConfigName: 'bigger' })).toMatch(/scalable target/);
    expect(far.refusal('UpdateEndpoint', { ...updateIris, EndpointConfigName: 'renamed' })).toMatch(/scalable target/);
    expect(far.refusal('UpdateEndpoint', updateIris)).toMatch(/^not refused/);
    far.after(3600);
    far.call('DeleteEndpoint', { EndpointName: 'iris' });
    expect(far.scaled.size).toBe(0);
  });

  test('an update to the config that serves: redeployed or refused, as the setting says', () => {
    for (const sameConfigUpdate of ['redeploys', 'refused'] as const) {
      const far = simulatedAws({ sameConfigUpdate });
      far.serving();
      const answer = far.refusal('UpdateEndpoint', { EndpointName: 'iris', EndpointConfigName: 'iris-1-0-0' });
      expect(answer).toMatch(sameConfigUpdate === 'refused' ? /^ValidationException/ : /^not refused/);
    }
  });

  test('excluded fleets fall back to all at once without a bake, silently', () => {
    const far = simulatedAws();
    far.serving();
    far.alarms.set('errors', 'ALARM');
    far.ship('1.1.0', { name: 'next', variant: { InstanceType: 'ml.inf1.xlarge' } });
    far.call('UpdateEndpoint', { ...updateIris, DeploymentConfig: blueGreen(canary, { alarms: ['errors'] }) });
    far.after(270);
    expect(far.describe()).toMatchObject({ EndpointStatus: 'InService', EndpointConfigName: 'next' });
  });
});

describe('tags', () => {
  test('are added, listed and removed, and unknown resources are refused', () => {
    const far = simulatedAws();
    far.serving();
    const ResourceArn = arn('endpoint/iris');
    far.call('AddTags', {
      ResourceArn,
      Tags: [
        { Key: 'a', Value: '1' },
        { Key: 'b', Value: '2' },
      ],
    });
    far.call('AddTags', { ResourceArn, Tags: [{ Key: 'a', Value: '3' }] });
    far.call('DeleteTags', { ResourceArn, TagKeys: ['b'] });
    expect(far.call('ListTags', { ResourceArn }).Tags).toEqual([{ Key: 'a', Value: '3' }]);
    const many = Array.from({ length: 50 }, (_, index) => ({ Key: `k${index}`, Value: '' }));
    expect(far.refusal('AddTags', { ResourceArn, Tags: many })).toMatch(/^ValidationException/);
    expect(far.refusal('ListTags', { ResourceArn: arn('endpoint/none') })).toMatch(/^ValidationException/);
  });
});
