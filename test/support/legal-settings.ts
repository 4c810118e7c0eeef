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

/**
 * An endpoint as others may have made it: one variant on instances, synchronous, with any legal setting besides. Hardware, names, and the
 * content of the version are left to the test.
 */
export const legalEndpoint = fc.record({
  variant: ofShape('ProductionVariant', [
    'VariantName',
    'ModelName',
    'InstanceType',
    'InitialInstanceCount',
    'InitialVariantWeight',
    'ServerlessConfig',
    'InstancePools',
    'AcceleratorType',
  ]),
  config: ofShape('CreateEndpointConfigInput', [
    'EndpointConfigName',
    'ProductionVariants',
    'ShadowProductionVariants',
    'AsyncInferenceConfig',
    'Tags',
  ]),
  model: ofShape('CreateModelInput', [
    'ModelName',
    'PrimaryContainer',
    'Containers',
    'InferenceExecutionConfig',
    'ExecutionRoleArn',
    'Tags',
  ]),
  container: ofShape('ContainerDefinition', [
    'Image',
    'ImageConfig',
    'Mode',
    'MultiModelConfig',
    'ModelDataUrl',
    'ModelDataSource',
    'AdditionalModelDataSources',
    'ModelPackageName',
    'InferenceSpecificationName',
  ]),
});
export type LegalEndpoint = typeof legalEndpoint extends fc.Arbitrary<infer Made> ? Made : never;
