import { type Instant, seconds } from '../clock.ts';
import type { Counted, Course } from '../findings/course.ts';
import type { Arm } from '../judge/bucket.ts';
import { errorsMetric } from '../judge/policy.ts';
import type { JudgeEvidence } from '../release/journal.ts';
import type { GuardedUpdate, Release } from '../release/record.ts';
import { withoutUndefined } from '../without-undefined.ts';

/** The course of a release by its record. @param evidence of this turn, when a judge looked */
export const courseOf = (release: Release, now: Instant, evidence: JudgeEvidence | undefined): Course => {
  const verdict = evidence?.verdict ?? release.stepping?.verdict;
  const minutes =
    evidence &&
    [...(evidence.earlier ?? []), ...evidence.buckets].map(({ t, candidate, baseline }) => ({
      at: seconds(t),
      ...withoutUndefined({ candidate: countedIn(candidate), baseline: countedIn(baseline) }),
    }));
  return {
    ...placeOf(release, now),
    ...withoutUndefined({ verdict: verdict && `${verdict.decision}: ${verdict.because}`, minutes }),
  };
};

const countedIn = (arm: Arm | undefined): Counted | undefined => {
  const errors = arm?.bad[errorsMetric];
  return arm === undefined || errors === undefined ? undefined : { requests: arm.requests, errors };
};

const placeOf = (release: Release, now: Instant): Course => {
  const { phase, stepping, submission, witnessed, takenBack } = release;
  if (stepping !== undefined) return placeOfSteps(phase, stepping);
  const shares = submission.mechanism === 'guardrail' ? sharesOf(submission, release) : [];
  const back = witnessed.abort !== undefined || takenBack !== undefined;
  if (phase !== 'submitting' && phase !== 'supervising') return { phase, shares };
  // Once traffic goes back, the record has no share.
  if (back) return { phase: 'returning', shares };
  const begunAt = witnessed.shiftingAt ?? witnessed.submittedAt;
  const bake = witnessed.bakes?.findLast(({ endsAt }) => now < endsAt);
  const timeout = 'timeoutSeconds' in submission ? submission.timeoutSeconds : undefined;
  return {
    phase: bake === undefined ? 'updating' : 'baking',
    ...withoutUndefined({
      share: submission.mechanism === 'guardrail' ? (shares.at(-1)?.share ?? 0) : undefined,
      endsAt: bake?.endsAt ?? after(begunAt, 'expectedSeconds' in submission ? submission.expectedSeconds : undefined),
      latestAt: after(begunAt, timeout),
    }),
    shares,
  };
};

const after = (begunAt: Instant | undefined, length: number | undefined): Instant | undefined =>
  begunAt === undefined || length === undefined ? undefined : begunAt + seconds(length);

/** SageMaker moves the traffic by whole instances, one batch before each bake. The end is as it was verified. */
const sharesOf = (
  { deployment }: GuardedUpdate,
  { candidate, witnessed, serving, concludedAt }: Release,
): Course['shares'] => {
  const { BlueGreenUpdatePolicy: blueGreen, RollingUpdatePolicy: rolling } = deployment as Deployment;
  const { CanarySize: canary, LinearStepSize: linear } = blueGreen?.TrafficRoutingConfiguration ?? {};
  const batch = (canary ?? linear ?? rolling?.MaximumBatchSize)?.Value ?? candidate.instanceCount;
  const bakes = (witnessed.bakes ?? []).map(({ stage, startedAt }, index) => ({
    at: startedAt,
    share: stage === 'full' ? 1 : Math.min(1, (batch * (index + 1)) / Math.max(1, candidate.instanceCount)),
  }));
  const end = serving === 'candidate' ? 1 : serving === 'baseline' ? 0 : undefined;
  return bakes.length === 0 || end === undefined || concludedAt === undefined
    ? bakes
    : [...bakes, { at: concludedAt, share: end }];
};

/** The part of SageMaker's DeploymentConfig that has sizes; the suite writes them as numbers of instances. */
interface Deployment {
  readonly BlueGreenUpdatePolicy?: {
    readonly TrafficRoutingConfiguration: Readonly<Partial<Record<'CanarySize' | 'LinearStepSize', Size>>>;
  };
  readonly RollingUpdatePolicy?: { readonly MaximumBatchSize: Size };
}
interface Size {
  readonly Value: number;
}

const placeOfSteps = (phase: Release['phase'], { plan, state, moves }: NonNullable<Release['stepping']>): Course => {
  const shares = moves.map(({ from, share }) => ({ at: from, share }));
  const share = moves.findLast(({ until }) => until !== undefined)?.share ?? 0;
  const word = phase === 'stepping' || phase === 'supervising' ? state.is : phase;
  if (!('index' in state)) return { phase: word, share, shares };
  const isBaking = state.is === 'baking';
  return {
    phase: phase === 'stepping' ? `${word}, step ${state.index + 1} of ${plan.steps.length}` : word,
    share,
    ...(isBaking && {
      endsAt: state.since + seconds(plan.bakeSeconds),
      latestAt: state.since + seconds(plan.maxStepSeconds),
    }),
    shares,
  };
};
