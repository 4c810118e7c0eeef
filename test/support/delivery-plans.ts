import type { EndpointSpec, Rollout } from '../../src/manifest/manifest.ts';
import { mechanisms } from '../../src/mechanisms/all.ts';
import type { Deliver, Planned } from '../../src/mechanisms/mechanism.ts';
import type { Plan } from '../../src/operation.ts';
import type { RegisteredVersion } from '../../src/registry/registered-version.ts';
import { newRecord } from '../../src/release/lifecycle.ts';
import type { GuardedUpdate, ReleaseRecord } from '../../src/release/record.ts';
import { churnSpec } from './planning.ts';
import { registeredVersion } from './registered.ts';
import { configuration, subject } from './release.ts';
import { type Serving, servingWorld } from './serving.ts';

const registered = registeredVersion();
const four = { ...churnSpec, instance: { type: 'ml.m5.large', count: 4 } } as unknown as EndpointSpec;
export const canary = {
  strategy: 'canary',
  size: { unit: 'instances', value: 1 },
  bakeSeconds: 600,
  finalBakeSeconds: 300,
  minimumRequests: 100,
  alarms: { errors: 0.01, named: [] },
} as unknown as Rollout;
export const rolling = { ...canary, strategy: 'rolling', batch: { unit: 'instances', value: 1 } } as unknown as Rollout;
export const atOnce = {
  strategy: 'all-at-once',
  finalBakeSeconds: 0,
  minimumRequests: 0,
  alarms: { named: [] },
} as unknown as Rollout;

/** 1.0.0 was delivered under `churn-1-0-0` and serves. */
export const delivered: ReleaseRecord = {
  ...newRecord(subject),
  history: [{ ...configuration('1.0.0'), from: 0, good: true }],
};
export const served: Serving = { endpoint: {} };
export const none: Serving = {};

/** Differences of a request from a canary of 1.1.0. */
export interface RequestChanges {
  readonly spec?: Partial<EndpointSpec>;
  readonly rollout?: Rollout;
  readonly record?: ReleaseRecord;
  readonly tags?: Readonly<Record<string, string>>;
  readonly version?: Partial<RegisteredVersion>;
}
export const requestOf = ({
  spec,
  rollout = canary,
  record = delivered,
  tags = {},
  version,
}: RequestChanges = {}): Deliver => ({
  operation: 'deploy-endpoint',
  requested: { group: 'churn', version: '1.1.0', spec: { ...four, ...spec } as EndpointSpec, rollout },
  registered: { ...registered, ...version },
  record,
  attempt: 1,
  tags,
});
export const planned = (serving: Serving, changes: RequestChanges = {}) =>
  mechanisms.guardrail.plan(servingWorld(serving), requestOf(changes));

/** `create endpoint churn`. */
export const objects = ({ plan }: Planned): readonly string[] =>
  plan.changes.map(({ verb, object }) => `${verb} ${object}`);
export const detailsOf = ({ plan }: Planned, object: RegExp): readonly string[] =>
  plan.changes.find((change) => object.test(change.object))?.details ?? [];
/** All notes. */
export const says = ({ plan }: { readonly plan: Plan }): string => plan.notes.join('\n');
export const permits = ({ plan }: Planned, ...actions: readonly string[]): readonly boolean[] =>
  actions.map((action) => plan.permissions.includes(action));
export const guardedOf = ({ release: { submission } }: Planned): GuardedUpdate => {
  if (submission.mechanism !== 'guardrail') throw new Error(`planned by ${submission.mechanism}`);
  return submission;
};
/** The name that SageMaker has for the wanted version once it serves. */
export const wantedName = async (changes: RequestChanges = {}): Promise<string> =>
  (await planned(none, changes)).release.candidate.endpointConfig;
