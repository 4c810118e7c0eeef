import { describe, expect, test } from '@jest/globals';
import { writeArchive } from '../../../simulator/containers/archive.ts';
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
  const far = simulatedAws();
  far.objects.set('models/a.tar.gz', irisFixture('1.0.0').artifact);
  far.objects.set('models/b.tar.gz', irisFixture('1.1.0').artifact);
  return far;
};
const model = (far: SimulatedAws, ModelName: string, input: object): void =>
  far.call('CreateModel', { ModelName, ExecutionRoleArn: servingRole, ...input });
const config = (EndpointConfigName: string, ...variants: readonly object[]) => ({
  EndpointConfigName,
  ProductionVariants: variants,
});
const serve = (far: SimulatedAws, made: ReturnType<typeof config>): void => {
  far.call('CreateEndpointConfig', made);
  far.call('CreateEndpoint', { EndpointName: 'iris', EndpointConfigName: made.EndpointConfigName });
  far.after(3600);
};
const ask = (far: SimulatedAws, more: object = {}): string =>
  far.refusal('InvokeEndpoint', {
    EndpointName: 'iris',
    ContentType: 'text/csv',
    Body: Buffer.from('5.1,3.5,1.4,0.2'),
    ...more,
  });

describe('several containers', () => {
  const two = [container('a', { ContainerHostname: 'first' }), container('b', { ContainerHostname: 'second' })];

  test('in series pass their answers on, and the first failure ends the row', () => {
    const far = account();
    model(far, 'row', { Containers: two });
    serve(far, config('row', { ...variant, ModelName: 'row' }));
    expect(far.describe().ProductionVariants[0].DeployedImages).toHaveLength(2);
    // The second one gets the first one's label instead of four measurements.
    expect(ask(far)).toContain('ModelError: Received client error (400)');
    expect(ask(far, { TargetContainerHostname: 'first' })).toContain(
      'only supported for models with direct invocation',
    );
  });

  test('in series answer in the format that the caller accepts, and only the last one does', () => {
    const far = account();
    const step = writeArchive(new Map([['transform.json', Buffer.from('{"columns":4}')]]));
    far.objects.set('models/step.tar.gz', step);
    model(far, 'row', { Containers: [container('step'), container('a')] });
    serve(far, config('row', { ...variant, ModelName: 'row' }));
    const Body = Buffer.from('5.1,3.5,1.4,0.2,setosa');
    const input = { EndpointName: 'iris', ContentType: 'text/csv', Accept: 'application/json', Body };
    const answer = far.call('InvokeEndpoint', input);
    expect(JSON.parse(answer.Body.toString()).predictions[0].predicted_label).toBe('setosa');
    // A model before another one keeps the format of its request: the next one could not read JSON as CSV.
    model(far, 'two', { Containers: [container('a'), container('step')] });
    far.call('CreateEndpointConfig', config('two', { ...variant, ModelName: 'two' }));
    far.call('UpdateEndpoint', { EndpointName: 'iris', EndpointConfigName: 'two' });
    far.after(3600);
    expect(far.call('InvokeEndpoint', { ...input, Body: Buffer.from('5.1,3.5,1.4,0.2') }).Body.toString()).toBe(
      'setosa\n',
    );
  });

  test('with direct invocation answer to their own names only', () => {
    const far = account();
    model(far, 'each', { Containers: two, InferenceExecutionConfig: { Mode: 'Direct' } });
    serve(far, config('each', { ...variant, ModelName: 'each' }));
    expect(far.call('DescribeModel', { ModelName: 'each' }).InferenceExecutionConfig).toEqual({ Mode: 'Direct' });
    expect(ask(far)).toBe('ValidationError: TargetContainerHostname is required for a model with direct invocation.');
    expect(ask(far, { TargetContainerHostname: 'third' })).toContain('ValidationError: There is no container third');
    expect(ask(far, { TargetContainerHostname: 'second' })).toContain('"InvokedProductionVariant":"AllTraffic"');
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

describe('hardware with storage of its own', () => {
  const on = (InstanceType: string, more: object = {}, around: object = {}) => ({
    ...config(InstanceType.replaceAll('.', '-'), { ...variant, ModelName: 'one', InstanceType, ...more }),
    ...around,
  });

  test.each(['ml.g5.xlarge', 'ml.g4dn.xlarge', 'ml.m5d.large', 'ml.p4d.24xlarge', 'ml.trn1.2xlarge'])(
    '%s takes neither a volume nor a key for one',
    (type) => {
      const far = account();
      model(far, 'one', { PrimaryContainer: container('a') });
      expect(far.refusal('CreateEndpointConfig', on(type, { VolumeSizeInGB: 40 }))).toBe(
        `ValidationException: VolumeSize parameter is not allowed for the selected Instance type ${type}`,
      );
      expect(far.refusal('CreateEndpointConfig', on(type, {}, { KmsKeyId: 'alias/ml' }))).toContain('KmsKeyId is not');
      far.call('CreateEndpointConfig', on(type));
    },
  );

  test.each(['ml.m5.large', 'ml.c6i.xlarge', 'ml.r6g.large', 'ml.t2.medium', 'ml.inf1.xlarge', 'ml.p3.2xlarge'])(
    '%s takes both',
    (type) => {
      const far = account();
      model(far, 'one', { PrimaryContainer: container('a') });
      far.call('CreateEndpointConfig', on(type, { VolumeSizeInGB: 40 }, { KmsKeyId: 'alias/ml' }));
    },
  );
});

test('the memory of a serverless endpoint comes in whole GB', () => {
  const far = simulatedAws();
  far.ship('1.0.0');
  const config = (MemorySizeInMB: number) =>
    far.refusal('CreateEndpointConfig', {
      EndpointConfigName: `memory-${MemorySizeInMB}`,
      ProductionVariants: [
        { VariantName: 'a', ModelName: 'iris-1-0-0', ServerlessConfig: { MemorySizeInMB, MaxConcurrency: 1 } },
      ],
    });
  expect(config(1500)).toBe(
    'ValidationException: MemorySizeInMB 1500 is not one of 1024, 2048, 3072, 4096, 5120 and 6144.',
  );
  expect(config(6144)).toMatch(/^not refused/);
});

test('a serverless endpoint takes one container with one model, and provisions no more than its maximum', () => {
  const far = account();
  const serverless = (ModelName: string) =>
    config(ModelName, { VariantName: 'AllTraffic', ModelName, ServerlessConfig: serverlessConfig });
  const serverlessConfig = { MemorySizeInMB: 2048, MaxConcurrency: 5, ProvisionedConcurrency: 1 };
  model(far, 'row', { Containers: [container('a'), container('b')] });
  model(far, 'many', { PrimaryContainer: container('a', { Mode: 'MultiModel', ModelDataUrl: 's3://models/' }) });
  model(far, 'one', { PrimaryContainer: container('a') });
  for (const name of ['row', 'many'])
    expect(far.refusal('CreateEndpointConfig', serverless(name))).toContain('neither several containers nor several');
  serve(far, serverless('one'));
  const { hosting } = far.sagemaker;
  expect(hosting.provision('iris', 'AllTraffic', 6)).toBe(false);
  expect(hosting.variant('iris', 'AllTraffic')?.provisionedConcurrency).toBe(1);
  expect(hosting.provision('iris', 'AllTraffic', 5)).toBe(true);
  expect(hosting.variant('iris', 'AllTraffic')?.provisionedConcurrency).toBe(5);
});

describe('many models', () => {
  test('are loaded by name, and stay loaded when their object is overwritten', () => {
    const far = account();
    model(far, 'many', { PrimaryContainer: { Image: image, Mode: 'MultiModel', ModelDataUrl: 's3://models/' } });
    serve(far, config('many', { ...variant, ModelName: 'many' }));
    expect(ask(far)).toBe('ValidationError: TargetModel is required for a multi-model endpoint.');
    expect(ask(far, { TargetModel: 'c.tar.gz' })).toContain('ValidationError: Failed to download model data');
    expect(ask(far, { TargetModel: 'a.tar.gz' })).toContain('InvokedProductionVariant');
    far.objects.set('models/a.tar.gz', Buffer.from('no archive'));
    expect(ask(far, { TargetModel: 'a.tar.gz' })).toContain('InvokedProductionVariant');
  });

  test('are named on no other endpoint', () => {
    const far = account();
    far.serving();
    expect(ask(far, { TargetModel: 'a.tar.gz' })).toContain('only supported for multi-model endpoints');
  });
});

describe('a shadow variant', () => {
  const shadowed = (far: SimulatedAws, weight: number): void => {
    for (const name of ['a', 'b']) model(far, name, { PrimaryContainer: container(name) });
    serve(far, {
      ...config('with-shadow', { ...variant, ModelName: 'a' }),
      ShadowProductionVariants: [{ ...variant, VariantName: 'shadow', ModelName: 'b', InitialVariantWeight: weight }],
    } as ReturnType<typeof config>);
  };

  test('gets its share of copies, and no caller gets its answer', () => {
    const far = account();
    shadowed(far, 0.25);
    const traffic = startTraffic(far.kernel, far.sagemaker.hosting, {
      endpoint: 'iris',
      requestsPerSecond: 20,
      seed: 7,
    });
    far.after(1200);
    traffic.stop();
    const count = (name: string): number =>
      far.sagemaker.hosting
        .minutes()
        .filter((minute) => minute.variant === name)
        .reduce((sum, { requests }) => sum + requests, 0);
    expect(count('AllTraffic')).toBeGreaterThan(20_000);
    expect(count('shadow') / count('AllTraffic')).toBeCloseTo(0.25, 1);
    expect(ask(far)).toContain('"InvokedProductionVariant":"AllTraffic"');
    const described = far.describe();
    expect(described.ProductionVariants).toHaveLength(1);
    expect(described.ShadowProductionVariants).toMatchObject([{ VariantName: 'shadow', CurrentInstanceCount: 1 }]);
  });

  test('stands beside one production variant of one model', () => {
    const far = account();
    shadowed(far, 1);
    const made = (more: object) =>
      far.refusal('CreateEndpointConfig', {
        ...config('x', { ...variant, ModelName: 'a' }),
        ShadowProductionVariants: [{ ...variant, VariantName: 'shadow', ModelName: 'b' }],
        ...more,
      });
    const several = [variant, { ...variant, VariantName: 'b' }].map((one) => ({ ...one, ModelName: 'a' }));
    expect(made({ ProductionVariants: several })).toContain('exactly one production variant and one shadow variant');
    expect(made({ AsyncInferenceConfig: { OutputConfig: {} } })).toContain('not supported for asynchronous endpoints');
    expect(made({ ShadowProductionVariants: [{ ...variant, ModelName: 'b' }] })).toContain('must be unique');
    far.call('CreateEndpointConfig', config('alone', { ...variant, ModelName: 'a', InitialInstanceCount: 2 }));
    const RollingUpdatePolicy = { MaximumBatchSize: { Type: 'INSTANCE_COUNT', Value: 1 }, WaitIntervalInSeconds: 0 };
    const update = { EndpointName: 'iris', EndpointConfigName: 'alone', DeploymentConfig: { RollingUpdatePolicy } };
    expect(far.refusal('UpdateEndpoint', update)).toContain(
      'not simulated: rolling deployments of endpoints with shadow variants',
    );
  });
});

describe('an endpoint of inference components', () => {
  const empty = (far: SimulatedAws): void =>
    serve(far, { ...config('empty', variant), ExecutionRoleArn: servingRole } as ReturnType<typeof config>);
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
    const far = account();
    empty(far);
    expect(far.call('DescribeEndpointConfig', { EndpointConfigName: 'empty' })).toMatchObject({
      ExecutionRoleArn: servingRole,
      ProductionVariants: [expect.not.objectContaining({ ModelName: expect.anything() })],
    });
    far.call('CreateInferenceComponent', component);
    const state = () => far.call('DescribeInferenceComponent', { InferenceComponentName: 'base' });
    expect(state()).toMatchObject({ InferenceComponentStatus: 'Creating', RuntimeConfig: { CurrentCopyCount: 0 } });
    const deletion = () => far.refusal('DeleteInferenceComponent', { InferenceComponentName: 'base' });
    expect(deletion()).toContain('while it is in state CREATE_IN_PROGRESS');
    far.after(600);
    expect(state()).toMatchObject({ InferenceComponentStatus: 'InService', RuntimeConfig: { CurrentCopyCount: 2 } });
    const listed = (EndpointNameEquals: string) =>
      far.call('ListInferenceComponents', { EndpointNameEquals }).InferenceComponents;
    expect([listed('iris').length, listed('other').length]).toEqual([1, 0]);
    expect(deletion()).toBe('not refused: {}');
    far.after(600);
    expect(listed('iris')).toEqual([]);
  });

  test('answers nobody who names no component, and takes no models by an update', () => {
    const far = account();
    empty(far);
    expect(ask(far)).toMatch(/^ValidationError: Inference Component Name header is required for endpoints/);
    expect(ask(far, { InferenceComponentName: 'base' })).toContain('not simulated');
    const update = { EndpointName: 'iris', EndpointConfigName: far.ship('1.1.0') };
    expect(far.refusal('UpdateEndpoint', update)).toContain('not simulated');
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
    const far = account();
    model(far, 'a', { PrimaryContainer: container('a') });
    expect(far.refusal('CreateEndpointConfig', { ...config('x', variant), ...more })).toContain(words);
  });

  test('is the only kind that takes components', () => {
    const far = account();
    far.serving();
    expect(far.refusal('CreateInferenceComponent', component)).toContain('whose variants have no ModelName');
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
  const status = (far: SimulatedAws): string => far.call('DescribeInferenceExperiment', { Name: 'autumn' }).Status;
  const stop = { Name: 'autumn', ModelVariantActions: { AllTraffic: 'Retain', shadow: 'Remove' } };

  test('brings the shadow by itself, and takes it away again', () => {
    const far = account();
    far.serving();
    const before = far.describe().EndpointConfigName;
    far.call('CreateInferenceExperiment', experiment());
    far.after(1);
    expect(status(far)).toBe('Starting');
    expect(far.refusal('StopInferenceExperiment', stop)).toMatch(/^ConflictException: /);
    far.after(3600);
    expect(status(far)).toBe('Running');
    expect(far.describe().ShadowProductionVariants).toMatchObject([{ VariantName: 'shadow', CurrentWeight: 0.5 }]);
    expect(far.refusal('DeleteInferenceExperiment', { Name: 'autumn' })).toMatch(/^ConflictException: /);
    far.call('StopInferenceExperiment', stop);
    far.after(3600);
    expect([status(far), far.describe().EndpointConfigName]).toEqual(['Cancelled', before]);
    expect(far.refusal('CreateInferenceExperiment', experiment())).toMatch(/^ConflictException: .* already exists/);
    expect(far.describe()).not.toHaveProperty('ShadowProductionVariants');
  });

  test('waits for its time, ends after seven days, and is the only one of its endpoint', () => {
    const far = account();
    far.serving();
    far.call('CreateInferenceExperiment', experiment(far.clock.now() / 1000 + 7200));
    far.after(3600);
    expect(status(far)).toBe('Created');
    const second = { ...experiment(), Name: 'winter' };
    expect(far.refusal('CreateInferenceExperiment', second)).toMatch(/^ResourceInUse: /);
    far.after(7200);
    expect(status(far)).toBe('Running');
    far.after(8 * 24 * 3600);
    expect(status(far)).toBe('Completed');
    expect(far.call('ListInferenceExperiments', { StatusEquals: 'Running' }).InferenceExperiments).toEqual([]);
    expect(far.call('ListInferenceExperiments', { Type: 'ShadowMode' }).InferenceExperiments).toHaveLength(1);
  });
});

test('instance pools take the first pool, and no model of their own', () => {
  const far = account();
  model(far, 'a', { PrimaryContainer: container('a') });
  const { InstanceType: _, ...rest } = { ...variant, ModelName: 'a' };
  const pools = ['ml.m5.xlarge', 'ml.m5.large'].map((InstanceType, index) => ({ InstanceType, Priority: 2 - index }));
  serve(far, config('pooled', { ...rest, InstancePools: pools }));
  expect(far.sagemaker.hosting.variant('iris', 'AllTraffic')?.instanceType).toBe('ml.m5.large');
  const both = config('x', { ...rest, InstanceType: 'ml.m5.large', InstancePools: pools });
  expect(far.refusal('CreateEndpointConfig', both)).toContain('needs either InstanceType or InstancePools');
  const own = config('x', { ...rest, InstancePools: [{ ...pools[0], ModelNameOverride: 'a' }] });
  expect(far.refusal('CreateEndpointConfig', own)).toContain('not simulated');
});
