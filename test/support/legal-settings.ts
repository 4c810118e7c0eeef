import { loadTables, patternOf, type Shape, shapeOf } from '../../simulator/validation.ts';
import { fc } from './properties.ts';

/** AWS's own constraints for SageMaker, as the simulator enforces them. */
const tables = loadTables('sagemaker');

type Members = Readonly<Record<string, unknown>>;

/** Any legal value of a shape. */
const legal = (name: string): fc.Arbitrary<unknown> => {
  const shape = shapeOf(tables, name);
  switch (shape.type) {
    case 'structure':
      return structure(shape, []);
    case 'list': {
      const { min = 0, max = 3 } = shape;
      return fc.array(legal(shape.member ?? ''), {
        minLength: Math.max(1, min),
        maxLength: Math.max(min, Math.min(max, 2)),
      });
    }
    case 'map':
      return fc.dictionary(legal(shape.key ?? '') as fc.Arbitrary<string>, legal(shape.value ?? ''), {
        minKeys: 1,
        maxKeys: 2,
        noNullPrototype: true,
      });
    case 'boolean':
      return fc.boolean();
    case 'integer':
    case 'long':
      return fc.integer({ min: shape.min ?? 0, max: Math.min(shape.max ?? 1000, (shape.min ?? 0) + 1000) });
    case 'float':
    case 'double':
      return fc.constantFrom(0, 0.5, 1, 7);
    case 'string':
      return text(shape);
    default:
      throw new Error(`no generator for ${shape.type}`);
  }
};

const text = ({ enum: choices, pattern, min = 0, max = 40 }: Shape): fc.Arbitrary<string> => {
  if (choices) return fc.constantFrom(...choices.map((choice) => choice.replace('*', 'm5.large')));
  const fits = (value: string): boolean => value.length >= Math.max(1, min) && value.length <= Math.min(max, 60);
  if (pattern === undefined || pattern === '.*' || pattern === '[\\s\\S]+')
    return fc.stringMatching(/^[a-z]{1,20}$/).filter(fits);
  const simple = pattern.replace(/\(\?[!<].*?\)(?!\))/g, '').replaceAll('(.*)', '[a-z]{0,9}');
  return fc
    .stringMatching(new RegExp(`^(?:${simple})$`))
    .filter((value) => fits(value) && patternOf(pattern).test(value));
};

/** Required members always, others sometimes. */
const structure = (shape: Shape, without: readonly string[]): fc.Arbitrary<Members> => {
  const members = Object.entries(shape.members ?? {}).filter(([name]) => !without.includes(name));
  return fc
    .record(Object.fromEntries(members.map(([name, member]) => [name, legal(member)])), {
      requiredKeys: members.map(([name]) => name).filter((name) => shape.required?.includes(name)),
      noNullPrototype: true,
    })
    .map((value) => value as Members);
};

const ofShape = (name: string, without: readonly string[]) => structure(shapeOf(tables, name), without);

const variantOf = ofShape('ProductionVariant', [
  'VariantName',
  'ModelName',
  'InstanceType',
  'InitialInstanceCount',
  'InitialVariantWeight',
  'ServerlessConfig',
  'InstancePools',
]);
/** Of the whole config, without the members that make another kind of endpoint. */
const configWithout = (...others: readonly string[]) =>
  ofShape('CreateEndpointConfigInput', [
    'EndpointConfigName',
    'ProductionVariants',
    'ShadowProductionVariants',
    'AsyncInferenceConfig',
    'Tags',
    ...others,
  ]);
const modelWithout = (...others: readonly string[]) =>
  ofShape('CreateModelInput', [
    'ModelName',
    'PrimaryContainer',
    'Containers',
    'InferenceExecutionConfig',
    'ExecutionRoleArn',
    'Tags',
    ...others,
  ]);
const container = ofShape('ContainerDefinition', [
  'Image',
  'ImageConfig',
  'Mode',
  'MultiModelConfig',
  'ModelDataUrl',
  'ModelDataSource',
  'AdditionalModelDataSources',
  'ModelPackageName',
  'InferenceSpecificationName',
]);

/** An endpoint as others may have made it, with any legal setting. Hardware, names, and the content of the version are left to the test. */
export interface LegalEndpoint {
  readonly variant: Members;
  readonly config: Members;
  readonly model: Members;
  readonly container: Members;
}

/** One variant on instances, synchronous. */
export const legalEndpoint: fc.Arbitrary<LegalEndpoint> = fc.record({
  variant: variantOf,
  config: configWithout(),
  model: modelWithout(),
  container,
});

/** One variant on instances, with a queue. */
export const legalAsynchronous: fc.Arbitrary<LegalEndpoint> = fc
  .record({
    endpoint: legalEndpoint,
    queue: ofShape('AsyncInferenceConfig', ['OutputConfig']),
    output: ofShape('AsyncInferenceOutputConfig', ['S3OutputPath']),
    place: legal('DestinationS3Uri'),
  })
  .map(({ endpoint: { config, ...rest }, queue, output, place }) => ({
    ...rest,
    config: { ...config, AsyncInferenceConfig: { ...queue, OutputConfig: { S3OutputPath: place, ...output } } },
  }));

/** One variant without instances, and so without all that is of instances (AWS: "Serverless endpoints", feature exclusions). */
export const legalServerless: fc.Arbitrary<LegalEndpoint> = fc.record({
  variant: fc
    .record({
      memory: fc.integer({ min: 1, max: 6 }),
      most: fc.integer({ min: 1, max: 200 }),
      kept: fc.option(fc.integer({ min: 1, max: 200 })),
    })
    .map(({ memory, most, kept }) => ({
      ServerlessConfig: {
        MemorySizeInMB: memory * 1024,
        MaxConcurrency: most,
        ...(kept === null ? {} : { ProvisionedConcurrency: Math.min(kept, most) }),
      },
    })),
  config: configWithout('DataCaptureConfig', 'VpcConfig', 'EnableNetworkIsolation'),
  model: modelWithout('VpcConfig', 'EnableNetworkIsolation'),
  container,
});
