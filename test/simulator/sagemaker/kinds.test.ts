import { describe, expect, test } from '@jest/globals';
import { irisFixture } from '../../../simulator/fixtures/fixtures.ts';
import { startTraffic } from '../../../simulator/traffic.ts';
import { image, type SimulatedAws, servingRole, simulatedAws } from '../support/simulated-aws.ts';

const container = (name: string, more: object = {}) => ({
  Image: image,
  ModelDataUrl: `s3://models/${name}.tar.gz`,
  ...more,
});
const variant = { VariantName: 'AllTraffic', InstanceType: 'ml.m5.large', InitialInstanceCount: 1 };

/** An account with the artifacts `a` and `b`. */
const account = (): SimulatedAws => {
  const aws = simulatedAws();
  aws.objects.set('models/a.tar.gz', irisFixture('1.0.0').artifact);
  aws.objects.set('models/b.tar.gz', irisFixture('1.1.0').artifact);
  return aws;
};
const model = (aws: SimulatedAws, ModelName: string, input: object): void =>
  aws.call('CreateModel', { ModelName, ExecutionRoleArn: servingRole, ...input });
const config = (EndpointConfigName: string, ...variants: readonly object[]) => ({
  EndpointConfigName,
  ProductionVariants: variants,
});
const serve = (aws: SimulatedAws, made: ReturnType<typeof config>): void => {
  aws.call('CreateEndpointConfig', made);
  aws.call('CreateEndpoint', { EndpointName: 'iris', EndpointConfigName: made.EndpointConfigName });
  aws.after(3600);
};
const ask = (aws: SimulatedAws, more: object = {}): string =>
  aws.refusal('InvokeEndpoint', {
    EndpointName: 'iris',
    ContentType: 'text/csv',
    Body: Buffer.from('5.1,3.5,1.4,0.2'),
    ...more,
  });

describe('several containers', () => {
  const two = [container('a', { ContainerHostname: 'first' }), container('b', { ContainerHostname: 'second' })];

  test('in series pass their answers on, and the first failure ends the row', () => {
    const aws = account();
    model(aws, 'row', { Containers: two });
    serve(aws, config('row', { ...variant, ModelName: 'row' }));
    expect(aws.describe().ProductionVariants[0].DeployedImages).toHaveLength(2);
    // The second one gets the first one's label instead of four measurements.
    expect(ask(aws)).toContain('ModelError: Received client error (400)');
    expect(ask(aws, { TargetContainerHostname: 'first' })).toContain(
      'only supported for models with direct invocation',
    );
  });

  test('with direct invocation answer to their own names only', () => {
    const aws = account();
    model(aws, 'each', { Containers: two, InferenceExecutionConfig: { Mode: 'Direct' } });
    serve(aws, config('each', { ...variant, ModelName: 'each' }));
    expect(aws.call('DescribeModel', { ModelName: 'each' }).InferenceExecutionConfig).toEqual({ Mode: 'Direct' });
    expect(ask(aws)).toBe('ValidationError: TargetContainerHostname is required for a model with direct invocation.');
    expect(ask(aws, { TargetContainerHostname: 'third' })).toContain('ValidationError: There is no container third');
    expect(ask(aws, { TargetContainerHostname: 'second' })).toContain('"InvokedProductionVariant":"AllTraffic"');
  });

  test.each([
    [{ Containers: [container('a', { ContainerHostname: 'one' }), container('b')] }, 'for all containers or for none'],
    [{ Containers: [two[0], two[0]] }, 'must be unique'],
    [
      { Containers: [container('a'), container('b')], InferenceExecutionConfig: { Mode: 'Direct' } },
      'needs a ContainerH',
    ],
    [{ Containers: ['a', 'b'].map((name) => container(name, { Mode: 'MultiModel' })) }, 'Only one container'],
    [{ PrimaryContainer: { Image: image, Mode: 'MultiModel' } }, 'needs the prefix of its models'],
    [{ Containers: [container('missing'), container('b')] }, 'Could not find model data'],
  ])('are refused: %j', (input, words) => {
    const said = account().refusal('CreateModel', { ModelName: 'x', ExecutionRoleArn: servingRole, ...input });
    expect(said).toMatch(/^ValidationException: /);
    expect(said).toContain(words);
  });
});

describe('many models', () => {
  test('are loaded by name, and stay loaded when their object is overwritten', () => {
    const aws = account();
    model(aws, 'many', { PrimaryContainer: { Image: image, Mode: 'MultiModel', ModelDataUrl: 's3://models/' } });
    serve(aws, config('many', { ...variant, ModelName: 'many' }));
    expect(ask(aws)).toBe('ValidationError: TargetModel is required for a multi-model endpoint.');
    expect(ask(aws, { TargetModel: 'c.tar.gz' })).toContain('ValidationError: Failed to download model data');
    expect(ask(aws, { TargetModel: 'a.tar.gz' })).toContain('InvokedProductionVariant');
    aws.objects.set('models/a.tar.gz', Buffer.from('no archive'));
    expect(ask(aws, { TargetModel: 'a.tar.gz' })).toContain('InvokedProductionVariant');
  });

  test('are named on no other endpoint', () => {
    const aws = account();
    aws.serving();
    expect(ask(aws, { TargetModel: 'a.tar.gz' })).toContain('only supported for multi-model endpoints');
  });
});

describe('a shadow variant', () => {
  const shadowed = (aws: SimulatedAws, weight: number): void => {
    for (const name of ['a', 'b']) model(aws, name, { PrimaryContainer: container(name) });
    serve(aws, {
      ...config('with-shadow', { ...variant, ModelName: 'a' }),
      ShadowProductionVariants: [{ ...variant, VariantName: 'shadow', ModelName: 'b', InitialVariantWeight: weight }],
    } as ReturnType<typeof config>);
  };

  test('gets its share of copies, and no caller gets its answer', () => {
    const aws = account();
    shadowed(aws, 0.25);
    const traffic = startTraffic(aws.kernel, aws.sagemaker.hosting, {
      endpoint: 'iris',
      requestsPerSecond: 20,
      seed: 7,
    });
    aws.after(1200);
    traffic.stop();
    const count = (name: string): number =>
      aws.sagemaker.hosting
        .minutes()
        .filter((minute) => minute.variant === name)
        .reduce((sum, { requests }) => sum + requests, 0);
    expect(count('AllTraffic')).toBeGreaterThan(20_000);
    expect(count('shadow') / count('AllTraffic')).toBeCloseTo(0.25, 1);
    expect(ask(aws)).toContain('"InvokedProductionVariant":"AllTraffic"');
    const described = aws.describe();
    expect(described.ProductionVariants).toHaveLength(1);
    expect(described.ShadowProductionVariants).toMatchObject([{ VariantName: 'shadow', CurrentInstanceCount: 1 }]);
  });

  test('stands beside one production variant of one model', () => {
    const aws = account();
    shadowed(aws, 1);
    const made = (more: object) =>
      aws.refusal('CreateEndpointConfig', {
        ...config('x', { ...variant, ModelName: 'a' }),
        ShadowProductionVariants: [{ ...variant, VariantName: 'shadow', ModelName: 'b' }],
        ...more,
      });
    const several = [variant, { ...variant, VariantName: 'b' }].map((one) => ({ ...one, ModelName: 'a' }));
    expect(made({ ProductionVariants: several })).toContain('exactly one production variant and one shadow variant');
    expect(made({ AsyncInferenceConfig: { OutputConfig: {} } })).toContain('not supported for asynchronous endpoints');
    expect(made({ ShadowProductionVariants: [{ ...variant, ModelName: 'b' }] })).toContain('must be unique');
  });
});

describe('an endpoint of inference components', () => {
  const empty = (aws: SimulatedAws): void =>
    serve(aws, { ...config('empty', variant), ExecutionRoleArn: servingRole } as ReturnType<typeof config>);
  const component = {
    InferenceComponentName: 'base',
    EndpointName: 'iris',
    VariantName: 'AllTraffic',
    Specification: {
      Container: { Image: image, ArtifactUrl: 's3://models/a.tar.gz' },
      ComputeResourceRequirements: { MinMemoryRequiredInMb: 1024 },
    },
    RuntimeConfig: { CopyCount: 2 },
  };

  test('has variants without models, and hosts components', () => {
    const aws = account();
    empty(aws);
    expect(aws.call('DescribeEndpointConfig', { EndpointConfigName: 'empty' })).toMatchObject({
      ExecutionRoleArn: servingRole,
      ProductionVariants: [expect.not.objectContaining({ ModelName: expect.anything() })],
    });
    aws.call('CreateInferenceComponent', component);
    const state = () => aws.call('DescribeInferenceComponent', { InferenceComponentName: 'base' });
    expect(state()).toMatchObject({ InferenceComponentStatus: 'Creating', RuntimeConfig: { CurrentCopyCount: 0 } });
    const deletion = () => aws.refusal('DeleteInferenceComponent', { InferenceComponentName: 'base' });
    expect(deletion()).toContain('while it is in state CREATE_IN_PROGRESS');
    aws.after(600);
    expect(state()).toMatchObject({ InferenceComponentStatus: 'InService', RuntimeConfig: { CurrentCopyCount: 2 } });
    const listed = (EndpointNameEquals: string) =>
      aws.call('ListInferenceComponents', { EndpointNameEquals }).InferenceComponents;
    expect([listed('iris').length, listed('other').length]).toEqual([1, 0]);
    expect(deletion()).toBe('not refused: {}');
    aws.after(600);
    expect(listed('iris')).toEqual([]);
  });

  test('answers nobody who names no component, and takes no models by an update', () => {
    const aws = account();
    empty(aws);
    expect(ask(aws)).toMatch(/^ValidationError: Inference Component Name header is required for endpoints/);
    expect(ask(aws, { InferenceComponentName: 'base' })).toContain('not simulated');
    const update = { EndpointName: 'iris', EndpointConfigName: aws.ship('1.1.0') };
    expect(aws.refusal('UpdateEndpoint', update)).toContain('not simulated');
  });

  test.each([
    [{}, 'ExecutionRoleArn is required'],
    [{ ExecutionRoleArn: servingRole, AsyncInferenceConfig: { OutputConfig: {} } }, 'not supported for asynchronous'],
    [
      {
        ExecutionRoleArn: servingRole,
        ProductionVariants: [variant, { ...variant, VariantName: 'b', ModelName: 'a' }],
      },
      'Either all production variants have a ModelName, or none has',
    ],
  ])('is refused: %j', (more, words) => {
    const aws = account();
    model(aws, 'a', { PrimaryContainer: container('a') });
    expect(aws.refusal('CreateEndpointConfig', { ...config('x', variant), ...more })).toContain(words);
  });

  test('is the only kind that takes components', () => {
    const aws = account();
    aws.serving();
    expect(aws.refusal('CreateInferenceComponent', component)).toContain('whose variants have no ModelName');
  });
});

describe('an inference experiment', () => {
  const experiment = (start?: number) => ({
    Name: 'autumn',
    Type: 'ShadowMode',
    RoleArn: servingRole,
    EndpointName: 'iris',
    ModelVariants: ['AllTraffic', 'shadow'].map((VariantName) => ({
      ModelName: 'iris-1-0-0',
      VariantName,
      InfrastructureConfig: {
        InfrastructureType: 'RealTimeInference',
        RealTimeInferenceConfig: { InstanceType: 'ml.m5.large', InstanceCount: 2 },
      },
    })),
    ShadowModeConfig: {
      SourceModelVariantName: 'AllTraffic',
      ShadowModelVariants: [{ ShadowModelVariantName: 'shadow', SamplingPercentage: 50 }],
    },
    ...(start === undefined ? {} : { Schedule: { StartTime: start } }),
  });
  const status = (aws: SimulatedAws): string => aws.call('DescribeInferenceExperiment', { Name: 'autumn' }).Status;
  const stop = { Name: 'autumn', ModelVariantActions: { AllTraffic: 'Retain', shadow: 'Remove' } };

  test('brings the shadow by itself, and takes it away again', () => {
    const aws = account();
    aws.serving();
    const before = aws.describe().EndpointConfigName;
    aws.call('CreateInferenceExperiment', experiment());
    aws.after(1);
    expect(status(aws)).toBe('Starting');
    expect(aws.refusal('StopInferenceExperiment', stop)).toMatch(/^ConflictException: /);
    aws.after(3600);
    expect(status(aws)).toBe('Running');
    expect(aws.describe().ShadowProductionVariants).toMatchObject([{ VariantName: 'shadow', CurrentWeight: 0.5 }]);
    expect(aws.refusal('DeleteInferenceExperiment', { Name: 'autumn' })).toMatch(/^ConflictException: /);
    aws.call('StopInferenceExperiment', stop);
    aws.after(3600);
    expect([status(aws), aws.describe().EndpointConfigName]).toEqual(['Cancelled', before]);
    expect(aws.describe()).not.toHaveProperty('ShadowProductionVariants');
  });

  test('waits for its time, ends after seven days, and is the only one of its endpoint', () => {
    const aws = account();
    aws.serving();
    aws.call('CreateInferenceExperiment', experiment(aws.clock.now() / 1000 + 7200));
    aws.after(3600);
    expect(status(aws)).toBe('Created');
    const second = { ...experiment(), Name: 'winter' };
    expect(aws.refusal('CreateInferenceExperiment', second)).toMatch(/^ResourceInUse: /);
    aws.after(7200);
    expect(status(aws)).toBe('Running');
    aws.after(8 * 24 * 3600);
    expect(status(aws)).toBe('Completed');
    expect(aws.call('ListInferenceExperiments', { StatusEquals: 'Running' }).InferenceExperiments).toEqual([]);
  });
});

test('instance pools take the first pool, and no model of their own', () => {
  const aws = account();
  model(aws, 'a', { PrimaryContainer: container('a') });
  const { InstanceType: _, ...rest } = { ...variant, ModelName: 'a' };
  const pools = ['ml.m5.xlarge', 'ml.m5.large'].map((InstanceType, index) => ({ InstanceType, Priority: 2 - index }));
  serve(aws, config('pooled', { ...rest, InstancePools: pools }));
  expect(aws.sagemaker.hosting.variant('iris', 'AllTraffic')?.instanceType).toBe('ml.m5.large');
  const both = config('x', { ...rest, InstanceType: 'ml.m5.large', InstancePools: pools });
  expect(aws.refusal('CreateEndpointConfig', both)).toContain('needs either InstanceType or InstancePools');
  const own = config('x', { ...rest, InstancePools: [{ ...pools[0], ModelNameOverride: 'a' }] });
  expect(aws.refusal('CreateEndpointConfig', own)).toContain('not simulated');
});
