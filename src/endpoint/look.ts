import { classify, orUndefined } from '../aws/errors.ts';
import { allPages } from '../aws/pages.ts';
import type { DescribeEndpointConfigOutput, DescribeModelOutput } from '../aws/sagemaker.ts';
import { inRegistry, registryAccount } from '../registry/registry.ts';
import type { World } from '../world.ts';
import { type LiveEndpoint, observe } from './observe.ts';

/** One look at an endpoint: the endpoint, the config that it serves, and the models of the config's variants. */
export interface Look {
  readonly live: LiveEndpoint;
  /** Absent: it was deleted. */
  readonly config?: DescribeEndpointConfigOutput | undefined;
  /** By name; a deleted model is missing. */
  readonly models: ReadonlyMap<string, ServedModel>;
  /** Name of the inference experiment (shadow test) that owns the endpoint. */
  readonly experiment?: string | undefined;
  /** The facts that this run may not read, for the plan. */
  readonly notes: readonly string[];
}

export interface ServedModel extends DescribeModelOutput {
  /** Containers of the package that it was made of. One entry of a model stands for all of them. */
  readonly packaged?: number;
}

/** Undefined when the endpoint does not exist. */
export const lookAt = async (world: World, endpoint: string): Promise<Look | undefined> => {
  const live = await observe(world, endpoint);
  if (live === undefined) return undefined;
  // One after the other: a rehearsal repeats to the order of its requests.
  const { config, models } = await configurationAt(world, live.endpointConfig);
  const experiment = await experimentOn(world, endpoint);
  return { live, config, models, ...experiment };
};

/** An endpoint config, and the models of its variants. */
export const configurationAt = async (
  world: World,
  endpointConfig: string,
): Promise<{ readonly config: DescribeEndpointConfigOutput | undefined; readonly models: Look['models'] }> => {
  const { sagemaker } = world.read;
  const config = await orUndefined(sagemaker.describeEndpointConfig({ EndpointConfigName: endpointConfig }));
  const names = new Set((config?.ProductionVariants ?? []).flatMap(({ ModelName }) => ModelName ?? []));
  const found = await Promise.all(
    [...names].map(async (ModelName) => {
      const model = await orUndefined(sagemaker.describeModel({ ModelName }));
      return model === undefined ? [] : [[ModelName, await withPackage(world, model)] as const];
    }),
  );
  return { config, models: new Map(found.flat()) };
};

/** With the number of its package's containers, where this run may read the package: it may belong to others. */
const withPackage = async (world: World, model: DescribeModelOutput): Promise<ServedModel> => {
  const ModelPackageName = (model.PrimaryContainer ?? model.Containers?.[0])?.ModelPackageName;
  if (ModelPackageName === undefined) return model;
  const owner = ModelPackageName.split(':')[4] ?? world.account.id;
  const { sagemaker } = (owner === registryAccount(world).id ? inRegistry(world) : world).read;
  const described = await unlessDenied(orUndefined(sagemaker.describeModelPackage({ ModelPackageName })));
  const containers = described?.InferenceSpecification?.Containers;
  return containers === undefined ? model : { ...model, packaged: containers.length };
};

const unlessDenied = async <Answer>(answer: Promise<Answer>): Promise<Answer | undefined> => {
  try {
    return await answer;
  } catch (error) {
    if (classify(error) !== 'access-denied') throw error;
    return undefined;
  }
};

/** Its states before and while it owns the endpoint (AWS: DescribeInferenceExperiment). */
const active: ReadonlySet<string | undefined> = new Set([
  'Creating',
  'Created',
  'Updating',
  'Starting',
  'Running',
  'Stopping',
]);

/**
 * The experiment that owns the endpoint. A role of an older policy may not read experiments. A running one still shows by its shadow
 * variant, so that role's deliveries go on, and the plan says what is not known.
 */
const experimentOn = async (world: World, endpoint: string): Promise<Pick<Look, 'experiment' | 'notes'>> => {
  try {
    return { experiment: await findExperiment(world, endpoint), notes: [] };
  } catch (error) {
    if (classify(error) !== 'access-denied') throw error;
    return {
      notes: [
        'whether an inference experiment owns the endpoint is not known: grant sagemaker:ListInferenceExperiments and sagemaker:DescribeInferenceExperiment',
      ],
    };
  }
};

/**
 * The list has neither a filter by endpoint nor the endpoint's name, so each active experiment is described (AWS:
 * ListInferenceExperiments).
 */
const findExperiment = async (world: World, endpoint: string): Promise<string | undefined> => {
  const { sagemaker } = world.read;
  const pages = await allPages('sagemaker:ListInferenceExperiments', (NextToken) =>
    sagemaker.listInferenceExperiments({ Type: 'ShadowMode', MaxResults: 100, NextToken }),
  );
  for (const { Name, Status } of pages.flatMap((page) => page.InferenceExperiments ?? [])) {
    if (Name === undefined || !active.has(Status)) continue;
    const described = await orUndefined(sagemaker.describeInferenceExperiment({ Name }));
    const owned = described?.EndpointMetadata?.EndpointName;
    if (owned?.toLowerCase() === endpoint.toLowerCase() && active.has(described?.Status)) return Name;
  }
  return undefined;
};
