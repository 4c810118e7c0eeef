import type { Outcome } from '../operation.ts';
import type { ReasonCode } from '../reason-codes.ts';
import type { Serving } from './serving.ts';

/** What a relation is judged by: the far side before and after, and what the run did to it. */
export interface Evidence {
  readonly before: Serving | undefined;
  readonly after: Serving | undefined;
  /** The version the run was asked to bring to the endpoint. */
  readonly version: string;
  /** The candidate's endpoint config as the action named it. */
  readonly candidateConfig: string | undefined;
  /** Requests of the run that would change something. */
  readonly mutations: number;
}

export interface Relation {
  /** About DescribeEndpoint at the end, as a sentence. */
  readonly says: string;
  holds(evidence: Evidence): boolean;
}

const settledOn = (serving: Serving | undefined, config: string | undefined): boolean =>
  serving?.status === 'InService' &&
  serving.endpointConfig === config &&
  serving.pending === undefined &&
  serving.instances.current === serving.instances.desired;

const servesCandidate: Relation = {
  says: 'InService on the candidate’s config, which loads exactly that version’s artifact; nothing pending; current = desired instances',
  holds: ({ after, candidateConfig, version }) => settledOn(after, candidateConfig) && after?.version === version,
};
const servesBaseline: Relation = {
  says: 'InService on the config that served before, with its artifact; nothing pending; current = desired instances',
  holds: ({ before, after }) =>
    before !== undefined && settledOn(after, before.endpointConfig) && after?.version === before.version,
};
const unchanged: Relation = {
  says: 'exactly as it was before the run',
  holds: ({ before, after }) => JSON.stringify(before) === JSON.stringify(after),
};
const wroteNothing: Relation = {
  says: 'no request of the run would have changed anything',
  holds: ({ mutations }) => mutations === 0,
};
const goesOn: Relation = {
  says: 'the guardrail deployment is left to SageMaker: Updating with the candidate’s config pending, or settled on either config',
  holds: ({ before, after, candidateConfig }) =>
    (after?.status === 'Updating' && after.pending !== undefined && after.pending !== before?.endpointConfig) ||
    settledOn(after, candidateConfig) ||
    (before !== undefined && settledOn(after, before.endpointConfig)),
};
const settled: Relation = {
  says: 'InService, nothing pending',
  holds: ({ after }) => settledOn(after, after?.endpointConfig),
};
const othersOnly: Relation = {
  says: 'whatever another release makes of it: this run’s version is not what serves or is pending',
  holds: ({ after, version }) => after !== undefined && after.version !== version,
};
const leftMixed: Relation = {
  says: 'UpdateRollbackFailed',
  holds: ({ after }) => after?.status === 'UpdateRollbackFailed',
};
const neverCreated: Relation = {
  says: 'Failed, or not there',
  holds: ({ after }) => after === undefined || after.status === 'Failed',
};

const byOutcome: Readonly<Record<Outcome, readonly Relation[]>> = {
  succeeded: [servesCandidate],
  pending: [unchanged],
  'rolled-back': [servesBaseline],
  rejected: [unchanged, wroteNothing],
  inconclusive: [settled],
  'timed-out': [goesOn],
  cancelled: [goesOn],
  failed: [unchanged],
};

/** Where a reason says more than its outcome. */
const byReason: Partial<Record<ReasonCode, readonly Relation[]>> = {
  planned: [unchanged, wroteNothing],
  registered: [unchanged],
  'already-registered': [unchanged, wroteNothing],
  approved: [unchanged, wroteNothing],
  'already-delivered': [servesCandidate, unchanged, wroteNothing],
  'already-restored': [servesCandidate, unchanged, wroteNothing],
  'unproven-traffic': [servesCandidate],
  'verification-mismatch': [settled],
  'creation-failed': [neverCreated],
  'rollback-failed': [leftMixed],
  'held-by-another-release': [othersOnly],
};

/** What DescribeEndpoint must show after a run ended so. */
export const relationsOf = (outcome: Outcome, reason: ReasonCode): readonly Relation[] =>
  byReason[reason] ?? byOutcome[outcome];

/** The relations that do not hold. */
export const broken = (outcome: Outcome, reason: ReasonCode, evidence: Evidence): readonly Relation[] =>
  relationsOf(outcome, reason).filter((relation) => !relation.holds(evidence));
