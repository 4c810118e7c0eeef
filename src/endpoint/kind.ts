import type { EndpointSpec } from '../manifest/manifest.ts';
import { Refusal } from '../operation.ts';
import type { Configuration, EndpointKind, MechanismName, ReleaseRecord } from '../release/record.ts';
import type { LiveEndpoint } from './observe.ts';
import { leftBehind } from './variants.ts';

/** What can be done on one kind of endpoint, and how it is measured. */
export interface Kind {
  /** `asynchronous requests`. */
  readonly says: string;
  /** Mechanisms that can bring a version up on it. */
  readonly deliver: readonly MechanismName[];
  /** A configuration that served before can be published again. */
  readonly restore: boolean;
  readonly capacity: 'instances' | 'concurrency';
  /** The metric, and its statistic, that has one data point for each request. */
  readonly requests: RequestMetric;
  /** What shows failures by the model's fault: the share of all answers, or of answers with a 5xx where nothing else is published. */
  readonly failures: 'answers' | 'server-errors';
  /** The judge can compare two fleets of it. */
  readonly judged: boolean;
  /** The first thing to do where it stands in the way. */
  readonly first?: string;
}
export interface RequestMetric {
  readonly metric: 'Invocations' | 'ModelLatency';
  readonly statistic: 'Sum' | 'SampleCount';
}

const invocations = { metric: 'Invocations', statistic: 'Sum' } as const;
const onInstances = {
  restore: true,
  capacity: 'instances',
  requests: invocations,
  failures: 'answers',
  judged: true,
} as const;

export const kinds: Readonly<Record<EndpointKind, Kind>> = {
  instances: { ...onInstances, says: 'one model on instances', deliver: ['guardrail', 'variants'] },
  // Guardrails need one variant: the candidate goes first.
  stepped: {
    ...onInstances,
    says: 'a stepped rollout that has ended, its candidate without traffic',
    deliver: ['variants'],
    first: 'end the traffic shift first',
  },
  // Neither guardrails nor variants (AWS: "Deployment guardrails: exclusions").
  serverless: { ...onInstances, says: 'no instances', deliver: ['replacement'], capacity: 'concurrency' },
  // Neither Invocations nor InvocationModelErrors; one ModelLatency for each request that the container worked on (AWS: "Monitor
  // asynchronous endpoint").
  asynchronous: {
    ...onInstances,
    says: 'asynchronous requests',
    deliver: ['guardrail'],
    requests: { metric: 'ModelLatency', statistic: 'SampleCount' },
    failures: 'server-errors',
    judged: false,
  },
  shadowed: {
    ...onInstances,
    says: 'a shadow variant',
    deliver: [],
    restore: false,
    first: 'end the shadow test first',
  },
  'several-variants': {
    ...onInstances,
    says: 'several variants that share the traffic',
    deliver: [],
    first: 'end the traffic shift first',
  },
};

/** The kind of an endpoint, from one look at it; two variants are a stepped rollout's when the record has their configuration. */
export const kindOf = (live: LiveEndpoint, record: ReleaseRecord): EndpointKind => {
  if (live.shadowed) return 'shadowed';
  if (live.variants.length > 1) return leftBehind(live, record) ? 'stepped' : 'several-variants';
  if (live.serverless) return 'serverless';
  return live.asynchronous ? 'asynchronous' : 'instances';
};

/** The kind of endpoint that a specification asks for. */
export const kindAsked = ({ serverless, async }: EndpointSpec): EndpointKind =>
  serverless ? 'serverless' : async ? 'asynchronous' : 'instances';

/** The name of hardware without instances, in records and plans. */
const withoutInstances = 'serverless';

/** What a fleet of this specification runs on, as plans and records name it: an instance type, or `serverless`. */
export const hardwareOf = ({ instance }: Pick<EndpointSpec, 'instance'>): string => instance?.type ?? withoutInstances;
/** The same of a variant, as SageMaker describes it. */
export const hardwareOfVariant = (instanceType: string | undefined): string => instanceType ?? withoutInstances;

/** By the hardware in a record. */
export const capacityOf = ({ instanceType }: Pick<Configuration, 'instanceType'>): Kind['capacity'] =>
  instanceType === withoutInstances ? 'concurrency' : 'instances';

/** SageMaker does not update an endpoint with instances to a serverless one (AWS: serverless-endpoints). */
export const mayBecome = (
  from: Pick<Configuration, 'instanceType'>,
  to: Pick<Configuration, 'instanceType'>,
): boolean => capacityOf(from) === 'concurrency' || capacityOf(to) === 'instances';

/**
 * Refuses an endpoint that no update can reach, before anything is written.
 * @param by any of these mechanisms may bring the version up; `restore`: it is a way back
 * @throws {Refusal} `endpoint-unusable`
 */
export const refuseUnusable = (
  endpoint: string,
  live: LiveEndpoint,
  kind: EndpointKind,
  by: readonly MechanismName[] | 'restore',
): void => {
  const unusable = (why: string): never => {
    throw new Refusal('endpoint-unusable', `endpoint ${endpoint} ${why}`);
  };
  if (live.status === 'Failed')
    unusable(`is Failed (${live.failureReason ?? 'SageMaker gives no reason'}): delete it, then deploy again`);
  if (live.status === 'Deleting' || live.status === 'OutOfService') unusable(`is ${live.status}`);
  if (live.status === 'Creating') unusable('is being created by somebody else: wait until it is InService');
  const { deliver, restore, says, first } = kinds[kind];
  if (by === 'restore' ? restore : by.some((mechanism) => deliver.includes(mechanism))) return;
  const shown =
    live.variants.length > 1
      ? `${live.variants.length} variants (${live.variants.map(({ name }) => name).join(', ')})`
      : says;
  unusable(`has ${shown}${first === undefined ? '' : `: ${first}`}`);
};
