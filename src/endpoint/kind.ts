import type { DescribeEndpointConfigOutput, DescribeModelOutput, ProductionVariant } from '../aws/sagemaker.ts';
import type { EndpointSpec, ReplaceableKind } from '../manifest/manifest.ts';
import type { Configuration, EndpointKind, EndpointMechanism, ReleaseRecord } from '../release/record.ts';
import type { Look, PackagedContent } from './look.ts';
import { candidateOf, canonicalOf, leftBehind } from './variants.ts';

/** The possibilities and the metrics of one kind of endpoint. */
export interface Kind {
  /** `takes asynchronous requests`: the predicate of a sentence about the endpoint. */
  readonly trait: string;
  /** Mechanisms that can deliver a version to it. */
  readonly deliver: readonly EndpointMechanism[];
  /**
   * Whether a release may make another kind of it, or a way back may: `always` for a part of our own rollout, `stated` when the manifest
   * has it as `replaces-kind`.
   */
  readonly leave: 'always' | 'stated' | 'never';
  readonly capacity: 'instances' | 'concurrency';
  /** The metric with one data point for each request, and its statistic. */
  readonly requests: RequestMetric;
  /** The sign of the model's own failures: the share of all answers, or of answers with a 5xx where SageMaker publishes no other. */
  readonly failures: 'answers' | 'server-errors';
  /** The judge can compare two fleets of it. */
  readonly judged: boolean;
  /** InvokeEndpoint or InvokeEndpointAsync reaches the model that serves; it names at most a variant. */
  readonly asked: boolean;
  /** The remedy, where this kind prevents a delivery. */
  readonly instead: string;
}
export interface RequestMetric {
  readonly metric: 'Invocations' | 'ModelLatency';
  readonly statistic: 'Sum' | 'SampleCount';
}

const invocations = { metric: 'Invocations', statistic: 'Sum' } as const;
const onInstances = {
  capacity: 'instances',
  requests: invocations,
  failures: 'answers',
  judged: true,
  asked: true,
} as const;
/**
 * Neither Invocations nor InvocationModelErrors; one ModelLatency for each request that the container processed (AWS: "Monitor
 * asynchronous endpoint").
 */
const inQueue = {
  capacity: 'instances',
  requests: { metric: 'ModelLatency', statistic: 'SampleCount' },
  failures: 'server-errors',
  judged: false,
  asked: true,
} as const;

/** Only the kinds that the manifest can state may be left by a statement of the manifest. */
type Left<Name extends EndpointKind> = Name extends ReplaceableKind ? 'stated' : 'always' | 'never';

export const kinds: { readonly [Name in EndpointKind]: Kind & { readonly leave: Left<Name> } } = {
  instances: {
    ...onInstances,
    trait: 'serves one model on instances',
    deliver: ['guardrail', 'variants'],
    leave: 'stated',
    instead: 'deliver to another endpoint',
  },
  // Guardrails need one variant: the candidate goes first.
  stepped: {
    ...onInstances,
    trait: 'has a candidate without traffic from a stepped rollout that has ended',
    deliver: ['variants'],
    leave: 'always',
    instead: 'remove the candidate with `rollback`, or give it the traffic with `shift-traffic`',
  },
  shifting: {
    ...onInstances,
    trait: 'shares its traffic with the candidate of a stepped rollout',
    deliver: [],
    leave: 'always',
    instead: 'end the traffic shift first',
  },
  // Neither guardrails nor variants (AWS: "Deployment guardrails: exclusions").
  serverless: {
    ...onInstances,
    trait: 'serves one model without instances',
    deliver: ['replacement'],
    leave: 'stated',
    capacity: 'concurrency',
    instead: 'give the manifest `serverless`, or deliver to another endpoint',
  },
  asynchronous: {
    ...inQueue,
    trait: 'takes asynchronous requests',
    deliver: ['guardrail'],
    leave: 'stated',
    instead: 'give the manifest `async`, or deliver to another endpoint',
  },
  serial: {
    ...onInstances,
    trait: 'answers each request by several containers in series',
    deliver: ['guardrail', 'variants'],
    leave: 'stated',
    instead: 'register a version of all these containers, or deliver to another endpoint',
  },
  'asynchronous-serial': {
    ...inQueue,
    trait: 'answers asynchronous requests by several containers in series',
    deliver: ['guardrail'],
    leave: 'stated',
    instead: 'register a version of all these containers, give the manifest `async`, or deliver to another endpoint',
  },
  // Callers choose by TargetContainerHostname (AWS: "Use a multi-container endpoint with direct invocation").
  direct: {
    ...onInstances,
    asked: false,
    trait: 'has several containers, of which each caller names one (Direct)',
    deliver: ['guardrail'],
    leave: 'stated',
    instead:
      'make a model with the new container and an endpoint config for it yourself, or deliver to another endpoint',
  },
  // A new version is a new object below the prefix, and no update of the endpoint (AWS: "Add or remove models").
  'multi-model': {
    ...onInstances,
    asked: false,
    trait: 'serves many models from one S3 prefix (MultiModel)',
    deliver: ['guardrail'],
    leave: 'stated',
    instead: 'put the new version below the prefix under a new name, or deliver to another endpoint',
  },
  'several-variants': {
    ...onInstances,
    asked: false,
    trait: 'shares its traffic between several variants that this suite did not make',
    deliver: [],
    leave: 'stated',
    instead: 'publish an endpoint config with one of them alone first',
  },
  shadowed: {
    ...onInstances,
    trait: 'has a shadow variant',
    deliver: [],
    leave: 'never',
    instead: 'end the shadow test first',
  },
  // It updates the endpoint by itself, and its end brings back the config from before it (AWS: "Create a shadow test").
  experiment: {
    ...onInstances,
    trait: 'belongs to an inference experiment, which updates it and takes it back by itself',
    deliver: [],
    leave: 'never',
    instead: 'stop the experiment first, or delete it if it has not started',
  },
  // UpdateInferenceComponent replaces a component; the update of such an endpoint is not documented (AWS: "Inference components").
  'inference-components': {
    ...onInstances,
    asked: false,
    trait: 'hosts inference components: its variant has no model of its own',
    deliver: [],
    leave: 'never',
    instead: 'update the component with UpdateInferenceComponent, or deliver to another endpoint',
  },
  // ProductionVariant.InstancePools instead of InstanceType (AWS: ProductionVariant).
  pooled: {
    ...onInstances,
    trait: 'takes its instances from instance pools, which the manifest cannot have',
    deliver: [],
    leave: 'never',
    instead: 'publish an endpoint config with one instance type first, or deliver to another endpoint',
  },
};

/** The kind of an endpoint, from one look. Two variants belong to a stepped rollout if the record has their configuration. */
export const kindOf = (look: Look, record: ReleaseRecord): EndpointKind => {
  const { live, config, experiment } = look;
  if (experiment !== undefined) return 'experiment';
  if (live.shadowed || (config?.ShadowProductionVariants ?? []).length > 0) return 'shadowed';
  const variants = config?.ProductionVariants ?? [];
  if (variants.some((variant) => variant.ModelName === undefined && variant.InstancePools === undefined))
    return 'inference-components';
  if (live.variants.length > 1 || variants.length > 1) {
    if (leftBehind(live, record)) return 'stepped';
    return candidateOf(live, record) ? 'shifting' : 'several-variants';
  }
  return servedKindOf(look);
};

/** The kind that serves: with two variants of a stepped rollout, the kind of the one that is not the candidate. */
export const servedKindOf = (look: Look): EndpointKind => {
  const { live } = look;
  const name = canonicalOf(live);
  return kindOfConfiguration(look, {
    variant: name,
    serverless: live.serverless,
    asynchronous: live.asynchronous,
    // A deleted model still shows its images.
    images: live.variants.find((variant) => variant.name === name)?.imageDigests.length,
  });
};

interface Seen {
  readonly variant?: string | undefined;
  readonly serverless?: boolean | undefined;
  readonly asynchronous?: boolean | undefined;
  readonly images?: number | undefined;
}

/** The kind of endpoint that a config makes of one of its variants. @param seen facts of the endpoint itself */
export const kindOfConfiguration = ({ config, models, packaged }: PackagedContent, seen: Seen = {}): EndpointKind => {
  const variant = variantOf(config, seen.variant);
  const model = variant?.ModelName === undefined ? undefined : models.get(variant.ModelName);
  if (seen.serverless || variant?.ServerlessConfig !== undefined) return 'serverless';
  if (variant !== undefined && variant.InstanceType === undefined) return 'pooled';
  const asynchronous = seen.asynchronous === true || config?.AsyncInferenceConfig !== undefined;
  // One entry of the model stands for all containers of its package.
  const inPackage = packaged.get(variant?.ModelName ?? '')?.InferenceSpecification?.Containers?.length ?? 0;
  const atLeast = Math.max(inPackage, seen.images ?? 0);
  return kindOfContent(asynchronous, containersOf(model), model?.InferenceExecutionConfig?.Mode, atLeast);
};

const variantOf = (
  config: DescribeEndpointConfigOutput | undefined,
  name: string | undefined,
): ProductionVariant | undefined =>
  config?.ProductionVariants?.find(({ VariantName }) => VariantName === name) ?? config?.ProductionVariants?.[0];

interface ContainerOf {
  readonly Mode?: string | undefined;
}
const containersOf = (model: DescribeModelOutput | undefined): readonly ContainerOf[] =>
  model?.PrimaryContainer ? [model.PrimaryContainer] : (model?.Containers ?? []);

const kindOfContent = (
  asynchronous: boolean,
  containers: readonly ContainerOf[],
  execution: string | undefined,
  atLeast: number,
): EndpointKind => {
  if (containers.some(({ Mode }) => Mode === 'MultiModel')) return 'multi-model';
  if (Math.max(containers.length, atLeast) < 2) return asynchronous ? 'asynchronous' : 'instances';
  if (execution === 'Direct') return 'direct';
  return asynchronous ? 'asynchronous-serial' : 'serial';
};

/** The kind of endpoint that a specification makes of a version with this many containers. */
export const kindRequested = ({ serverless, async }: EndpointSpec, containers: number): EndpointKind => {
  if (serverless) return 'serverless';
  if (containers > 1) return async ? 'asynchronous-serial' : 'serial';
  return async ? 'asynchronous' : 'instances';
};

/** The name of hardware without instances, in records and plans. */
const withoutInstances = 'serverless';

/** The hardware of this specification's fleet, as plans and records name it: an instance type, or `serverless`. */
export const hardwareOf = ({ instance }: Pick<EndpointSpec, 'instance'>): string => instance?.type ?? withoutInstances;
/** The hardware of a variant, from SageMaker's description; undefined when it has neither an instance type nor serverless capacity. */
export const hardwareOfVariant = ({
  InstanceType,
  ServerlessConfig,
}: Pick<ProductionVariant, 'InstanceType' | 'ServerlessConfig'>): string | undefined =>
  InstanceType ?? (ServerlessConfig ? withoutInstances : undefined);

/** The unit of capacity, from the hardware in a record. */
export const capacityOf = ({ instanceType }: Pick<Configuration, 'instanceType'>): Kind['capacity'] =>
  instanceType === withoutInstances ? 'concurrency' : 'instances';

/** SageMaker does not update an endpoint with instances to a serverless one (AWS: serverless-endpoints). */
export const mayBecome = (
  from: Pick<Configuration, 'instanceType'>,
  to: Pick<Configuration, 'instanceType'>,
): boolean => capacityOf(from) === 'concurrency' || capacityOf(to) === 'instances';
