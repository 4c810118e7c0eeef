import type { EndpointSpec } from '../manifest/manifest.ts';
import { Refusal } from '../operation.ts';
import type { Configuration, EndpointKind, MechanismName, ReleaseRecord } from '../release/record.ts';
import type { LiveEndpoint } from './observe.ts';
import { leftBehind } from './variants.ts';

/** The possibilities and the metrics of one kind of endpoint. */
export interface Kind {
  /** `asynchronous requests`. */
  readonly label: string;
  /** Mechanisms that can deliver a version to it. */
  readonly deliver: readonly MechanismName[];
  /** A former configuration can be published again. */
  readonly restore: boolean;
  readonly capacity: 'instances' | 'concurrency';
  /** The metric with one data point for each request, and its statistic. */
  readonly requests: RequestMetric;
  /** The sign of the model's own failures: the share of all answers, or of answers with a 5xx where SageMaker publishes no other. */
  readonly failures: 'answers' | 'server-errors';
  /** The judge can compare two fleets of it. */
  readonly judged: boolean;
  /** The first step of the remedy, where this kind prevents a delivery. */
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
  instances: { ...onInstances, label: 'one model on instances', deliver: ['guardrail', 'variants'] },
  // Guardrails need one variant: the candidate goes first.
  stepped: {
    ...onInstances,
    label: 'a stepped rollout that has ended, its candidate without traffic',
    deliver: ['variants'],
    first: 'end the traffic shift first',
  },
  // Neither guardrails nor variants (AWS: "Deployment guardrails: exclusions").
  serverless: { ...onInstances, label: 'no instances', deliver: ['replacement'], capacity: 'concurrency' },
  // Neither Invocations nor InvocationModelErrors; one ModelLatency for each request that the container processed (AWS: "Monitor
  // asynchronous endpoint").
  asynchronous: {
    ...onInstances,
    label: 'asynchronous requests',
    deliver: ['guardrail'],
    requests: { metric: 'ModelLatency', statistic: 'SampleCount' },
    failures: 'server-errors',
    judged: false,
  },
  shadowed: {
    ...onInstances,
    label: 'a shadow variant',
    deliver: [],
    restore: false,
    first: 'end the shadow test first',
  },
  'several-variants': {
    ...onInstances,
    label: 'several variants that share the traffic',
    deliver: [],
    first: 'end the traffic shift first',
  },
};

/** The kind of an endpoint, from one observation. Two variants belong to a stepped rollout if the record has their configuration. */
export const kindOf = (live: LiveEndpoint, record: ReleaseRecord): EndpointKind => {
  if (live.shadowed) return 'shadowed';
  if (live.variants.length > 1) return leftBehind(live, record) ? 'stepped' : 'several-variants';
  if (live.serverless) return 'serverless';
  return live.asynchronous ? 'asynchronous' : 'instances';
};

/** The kind of endpoint in a specification. */
export const requestedKind = ({ serverless, async }: EndpointSpec): EndpointKind =>
  serverless ? 'serverless' : async ? 'asynchronous' : 'instances';

/** The name of hardware without instances, in records and plans. */
const withoutInstances = 'serverless';

/** The hardware of this specification's fleet, as plans and records name it: an instance type, or `serverless`. */
export const hardwareOf = ({ instance }: Pick<EndpointSpec, 'instance'>): string => instance?.type ?? withoutInstances;
/** The hardware of a variant, from SageMaker's description. */
export const hardwareOfVariant = (instanceType: string | undefined): string => instanceType ?? withoutInstances;

/** The unit of capacity, from the hardware in a record. */
export const capacityOf = ({ instanceType }: Pick<Configuration, 'instanceType'>): Kind['capacity'] =>
  instanceType === withoutInstances ? 'concurrency' : 'instances';

/** SageMaker does not update an endpoint with instances to a serverless one (AWS: serverless-endpoints). */
export const mayBecome = (
  from: Pick<Configuration, 'instanceType'>,
  to: Pick<Configuration, 'instanceType'>,
): boolean => capacityOf(from) === 'concurrency' || capacityOf(to) === 'instances';

/**
 * Refuses an endpoint that accepts no update, before the first write.
 * @param by any of these mechanisms may deliver the version; `restore`: a way back
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
  if (live.status === 'Creating') unusable('is being created outside of this release: wait until it is InService');
  const { deliver, restore, label, first } = kinds[kind];
  if (by === 'restore' ? restore : by.some((mechanism) => deliver.includes(mechanism))) return;
  const shown =
    live.variants.length > 1
      ? `${live.variants.length} variants (${live.variants.map(({ name }) => name).join(', ')})`
      : label;
  unusable(`has ${shown}${first === undefined ? '' : `: ${first}`}`);
};
