import { classify, orUndefined } from '../aws/errors.ts';
import { allPages } from '../aws/pages.ts';
import type { DescribeEndpointConfigOutput, DescribeModelOutput } from '../aws/sagemaker.ts';
import type { World } from '../world.ts';
import { type LiveEndpoint, observe } from './observe.ts';

/** One look at an endpoint: the endpoint, the config that it serves, and the models of the config's variants. */
export interface Look {
  readonly live: LiveEndpoint;
  /** Absent: it was deleted. */
  readonly config?: DescribeEndpointConfigOutput | undefined;
  /** By name; a deleted model is missing. */
  readonly models: ReadonlyMap<string, DescribeModelOutput>;
  /** Name of the inference experiment (shadow test) that owns the endpoint. */
  readonly experiment?: string | undefined;
}

/** Undefined when the endpoint does not exist. */
export const lookAt = async (world: World, endpoint: string): Promise<Look | undefined> => {
  const live = await observe(world, endpoint);
  if (live === undefined) return undefined;
  const [{ config, models }, experiment] = await Promise.all([
    configurationAt(world, live.endpointConfig),
    experimentOn(world, endpoint),
  ]);
  return { live, config, models, experiment };
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
      return model === undefined ? [] : [[ModelName, model] as const];
    }),
  );
  return { config, models: new Map(found.flat()) };
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
 * variant, so that role's deliveries go on.
 */
const experimentOn = async (world: World, endpoint: string): Promise<string | undefined> => {
  try {
    return await findExperiment(world, endpoint);
  } catch (error) {
    if (classify(error) !== 'access-denied') throw error;
    return undefined;
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
