import type { Outcome } from '../outcome.ts';
import type { ReasonCode } from '../reason-codes.ts';
import type { Serving } from './serving.ts';

/** The input of a relation: AWS before and after, and the run's changes to it. */
export interface EndFacts {
  readonly before: Serving | undefined;
  readonly after: Serving | undefined;
  /** Some minutes after everything settled: a report that is true only for a moment is not true. Absent while a story goes on. */
  readonly later?: { readonly serving: Serving | undefined };
  /** The version that the run should bring to the endpoint. */
  readonly version: string;
  /** The candidate's endpoint config, in the action's output. */
  readonly candidateConfig: string | undefined;
  /** Requests of the run that would change something. */
  readonly mutations: number;
}

export interface Relation {
  /** About DescribeEndpoint at the end, as a sentence. */
  readonly sentence: string;
  /** @param shown DescribeEndpoint's answer at the end, or later */
  holds(shown: Serving | undefined, evidence: EndFacts): boolean;
  /** The relation's later form, where it differs. */
  holdsLater?(shown: Serving | undefined, evidence: EndFacts): boolean;
}

/** One variant has all of the traffic, and every fleet has the instances it should have. */
const whole = ({ variants }: Serving): boolean =>
  variants.filter(({ share }) => share === 1).length === 1 &&
  variants.every(({ share, instances }) => (share === 0 || share === 1) && instances.current === instances.desired);

const settledOn = (shown: Serving | undefined, config: string | undefined): boolean =>
  shown?.status === 'InService' && shown.endpointConfig === config && shown.pending === undefined && whole(shown);
/** After a stepped rollout the candidate may stay beside the serving variant, without any traffic: a later command cleans up. */
const servesAsBefore = (shown: Serving | undefined, before: Serving | undefined): boolean =>
  shown !== undefined &&
  before !== undefined &&
  shown.version === before.version &&
  (settledOn(shown, before.endpointConfig) || (isBeside(shown) && settledOn(shown, shown.endpointConfig)));
const isBeside = ({ variants }: Serving): boolean =>
  variants.length === 2 && variants.some(({ name }) => variants.some((other) => other.name === `${name}-next`));
const settledOnEither = (shown: Serving | undefined, { before, candidateConfig }: EndFacts): boolean =>
  settledOn(shown, candidateConfig) || (before !== undefined && settledOn(shown, before.endpointConfig));

const servesCandidate: Relation = {
  sentence:
    'InService on the candidate’s config, which loads exactly that version’s artifact; nothing pending; current = desired instances',
  holds: (shown, { candidateConfig, version }) => settledOn(shown, candidateConfig) && shown?.version === version,
};
const servesBaseline: Relation = {
  sentence:
    'InService on the config that served before, or with the candidate beside it at weight 0; all traffic on the artifact that served before; nothing pending; current = desired instances',
  holds: (shown, { before }) => servesAsBefore(shown, before),
};
const standsDark: Relation = {
  sentence:
    'InService with two variants: all traffic on the version that served before, the candidate beside it at weight 0 with exactly its artifact',
  holds: (shown, { before, candidateConfig, version }) =>
    settledOn(shown, candidateConfig) &&
    shown?.version === before?.version &&
    shown?.variants.some((variant) => variant.share === 0 && variant.version === version) === true,
};
const stillThere: Relation = {
  sentence: 'the supervisor decides the end',
  holds: (shown) => shown !== undefined,
};
const unchanged: Relation = {
  sentence: 'exactly the state before the run',
  // An old FailureReason may vanish by itself (terraform-provider-aws#49020).
  holds: (shown, { before }) =>
    JSON.stringify({ ...shown, failureReason: undefined }) === JSON.stringify({ ...before, failureReason: undefined }),
};
const wroteNothing: Relation = {
  sentence: 'no request of the run would have changed anything',
  holds: (_shown, { mutations }) => mutations === 0,
};
const goesOn: Relation = {
  sentence:
    'the guardrail deployment is left to SageMaker: Updating with the candidate’s config pending, later InService on one of the two configs; steps are taken back to weight 0',
  holds: (shown, evidence) =>
    (shown?.status === 'Updating' &&
      shown.pending !== undefined &&
      shown.pending !== evidence.before?.endpointConfig) ||
    (shown !== undefined && isBeside(shown)) ||
    settledOnEither(shown, evidence),
  holdsLater: (shown, evidence) => settledOnEither(shown, evidence) || servesAsBefore(shown, evidence.before),
};
const settled: Relation = {
  sentence: 'InService, nothing pending',
  holds: (shown) => settledOn(shown, shown?.endpointConfig),
};
const othersOnly: Relation = {
  sentence: 'the other release decides the end: this run’s version neither serves nor is pending',
  holds: (shown, { version }) => shown !== undefined && shown.version !== version,
};
const leftMixed: Relation = {
  sentence: 'UpdateRollbackFailed',
  holds: (shown) => shown?.status === 'UpdateRollbackFailed',
};
const neverServed: Relation = {
  sentence: 'the state before the run, or with the candidate beside it at weight 0; no endpoint where there was none',
  holds: (shown, { before }) => (before === undefined ? shown === undefined : servesAsBefore(shown, before)),
};
const keptServing: Relation = {
  sentence: 'InService on the config that served before, even if its parts were deleted; nothing pending',
  holds: (shown, { before }) => before !== undefined && settledOn(shown, before.endpointConfig),
};
const neverCreated: Relation = {
  sentence: 'Failed, or absent',
  holds: (shown) => shown === undefined || shown.status === 'Failed',
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

/** Reasons that require more than their outcome. */
const byReason: Partial<Record<ReasonCode, readonly Relation[]>> = {
  planned: [unchanged, wroteNothing],
  'candidate-dark': [standsDark],
  'command-given': [stillThere],
  'nothing-expired': [unchanged, wroteNothing],
  'nothing-to-resume': [unchanged, wroteNothing],
  'serves-nowhere': [unchanged, wroteNothing],
  'not-rejected': [unchanged, wroteNothing],
  'event-ignored': [unchanged, wroteNothing],
  // The test writes: a temporary endpoint, answers, a verdict.
  'regression-passed': [unchanged],
  'regression-failed': [unchanged],
  'regression-inconclusive': [unchanged],
  'regression-disturbed': [settled],
  'brought-to-rest': [settled],
  'smoke-failed': [servesCandidate],
  registered: [unchanged],
  'already-registered': [unchanged, wroteNothing],
  approved: [unchanged, wroteNothing],
  'already-delivered': [servesCandidate, unchanged, wroteNothing],
  'candidate-withdrawn': [servesCandidate],
  'already-restored': [servesCandidate, unchanged, wroteNothing],
  'not-approved': [neverServed],
  'content-changed': [neverServed],
  'unproven-traffic': [servesCandidate],
  'no-bake': [servesCandidate],
  'withdrawn-too-late': [servesCandidate],
  'convicted-too-late': [servesCandidate],
  'verification-mismatch': [settled],
  'alarm-gone': [servesCandidate],
  'config-missing': [keptServing],
  'creation-failed': [neverCreated],
  'rollback-failed': [leftMixed],
  'held-by-another-release': [othersOnly],
};

/** The required state of DescribeEndpoint after a run with this end. */
export const relationsOf = (outcome: Outcome, reason: ReasonCode): readonly Relation[] =>
  byReason[reason] ?? byOutcome[outcome];

/** The relations that do not hold, as sentences. */
export const broken = (outcome: Outcome, reason: ReasonCode, evidence: EndFacts): readonly string[] =>
  relationsOf(outcome, reason).flatMap(({ sentence, holds, holdsLater = holds }) => {
    if (!holds(evidence.after, evidence)) return [`DescribeEndpoint does not show: ${sentence}`];
    const { later } = evidence;
    return later && !holdsLater(later.serving, evidence)
      ? [`DescribeEndpoint does not show it any more, later: ${sentence}`]
      : [];
  });
