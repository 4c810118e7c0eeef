import { classify, orUndefined } from '../aws/errors.ts';
import { allPages } from '../aws/pages.ts';
import type {
  DescribeEndpointConfigOutput,
  DescribeModelOutput,
  DescribeModelPackageOutput,
} from '../aws/sagemaker.ts';
import { inRegistry, registryAccount } from '../registry/registry.ts';
import type { World } from '../world.ts';
import { type LiveEndpoint, observe } from './observe.ts';

/** An endpoint config, and the models of its variants. */
export interface Content {
  /** Absent: it was deleted. */
  readonly config?: DescribeEndpointConfigOutput | undefined;
  /** By name; a deleted model is missing. */
  readonly models: ReadonlyMap<string, DescribeModelOutput>;
}

/** The same with facts of packages, which decide about the kind of endpoint. */
export interface PackagedContent extends Content {
  /** The one package that a model was made of, by the model's name. One that this run may not read is missing. */
  readonly packaged: ReadonlyMap<string, DescribeModelPackageOutput>;
}

/** One look at an endpoint: the endpoint, and the config that it serves. */
export interface Look extends PackagedContent {
  readonly live: LiveEndpoint;
  /** Name of the inference experiment (shadow test) that owns the endpoint. */
  readonly experiment?: string | undefined;
  /** The facts that this run may not read, for the plan. */
  readonly notes: readonly string[];
}

/** Undefined when the endpoint does not exist. */
export const lookAt = async (world: World, endpoint: string): Promise<Look | undefined> => {
  const live = await observe(world, endpoint);
  if (live === undefined) return undefined;
  // One after the other: a rehearsal repeats to the order of its requests.
  const content = await withPackages(world, await contentOf(world, live.endpointConfig));
  const experiment = await experimentOn(world, endpoint);
  return { live, ...content, ...experiment };
};

/** The content of an endpoint config; without a config when there is none of that name. */
export const contentOf = async (world: World, endpointConfig: string): Promise<Content> => {
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

/** Reads the packages of the models, where this run may: they may belong to others. */
export const withPackages = async (world: World, content: Content): Promise<PackagedContent> => {
  const found = await Promise.all(
    [...content.models].map(async ([name, model]) => {
      const described = await packageBehind(world, model);
      return described === undefined ? [] : [[name, described] as const];
    }),
  );
  return { ...content, packaged: new Map(found.flat()) };
};

/** The packages of a model's containers, in order. */
export const packagesOfModel = ({ PrimaryContainer, Containers = [] }: DescribeModelOutput): readonly string[] =>
  (PrimaryContainer ? [PrimaryContainer] : Containers).flatMap(({ ModelPackageName }) => ModelPackageName ?? []);

/** The one package that a model was made of. Of several containers each may have a package: none of them is the model's. */
export const packageOfModel = (model: DescribeModelOutput): string | undefined =>
  model.PrimaryContainer !== undefined || model.Containers?.length === 1 ? packagesOfModel(model)[0] : undefined;

const packageBehind = async (
  world: World,
  model: DescribeModelOutput,
): Promise<DescribeModelPackageOutput | undefined> => {
  const ModelPackageName = packageOfModel(model);
  if (ModelPackageName === undefined) return undefined;
  const owner = ModelPackageName.split(':')[4] ?? world.account.id;
  const { sagemaker } = (owner === registryAccount(world).id ? inRegistry(world) : world).read;
  return unlessDenied(orUndefined(sagemaker.describeModelPackage({ ModelPackageName })));
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
