import { alternatives } from './alternatives.ts';
import { because } from './because.ts';
import { type Bucket, type Counts, countsOf } from './bucket.ts';
import { guardCap } from './burst-guard.ts';
import { ratioTerms, shareOf, type Terms } from './conviction.ts';
import { type Stakes, stakesOf } from './health.ts';
import { logAdd } from './logarithms.ts';
import { evidenceOf, freshMetric, type MetricState, withCounts, withNewStep, withStart } from './metric-state.ts';
import type { Metric, Policy } from './policy.ts';
import { asWeighted, logTiltEvidence, observeSplit, type SampleRatio } from './sample-ratio.ts';
import type { MetricEvidence, Verdict, VerdictReason } from './verdict.ts';

/**
 * The verdict after the last of `buckets`: a fold over them in the order of time, so that a crash, a retry, a revised or late bucket
 * and a replay are all the same thing, computing it again. Unknown is never healthy and never guilty.
 * @param buckets closed ones, at most one per start, in any order
 */
export const judge = (policy: Policy, buckets: readonly Bucket[]): Verdict =>
  [...buckets].sort((a, b) => a.t - b.t).reduce(observeBucket, beginJudging(policy)).verdict;

/** The same, one bucket at a time: `verdict` is what {@link judge} says of the buckets so far. */
export interface Judging {
  readonly policy: Policy;
  readonly verdict: Verdict;
  readonly metrics: readonly MetricState[];
  /** Times, so far, at which the candidate may have become worse. */
  readonly starts: number;
  readonly lastStart: number;
  readonly step: Step;
  /** End of the last bucket in which every metric was known. */
  readonly knownUntil: number;
  readonly failing: { readonly buckets: number; readonly requests: number };
}

interface Step {
  readonly since: number;
  readonly knownSeconds: number;
  readonly requests: number;
  readonly baselineRequests: number;
  readonly split: SampleRatio;
  readonly share?: number;
}

/** A candidate may become worse later: a leak, a cache that fills. Each of these intervals is a fresh bet. */
const restartSeconds = 600;
/** Holding costs time only, so this evidence may be weaker than a conviction's (reference §3.6). */
const holdThreshold = -Math.log(0.05);

const stepFrom = (since: number): Step => ({
  since,
  knownSeconds: 0,
  requests: 0,
  baselineRequests: 0,
  split: asWeighted,
});

export const beginJudging = (policy: Policy): Judging => ({
  policy,
  verdict: {
    t: 0,
    decision: 'continue',
    reason: 'insufficient-evidence',
    logEvidence: 0,
    threshold: -Math.log(policy.convict.falseRollback),
    evidence: {},
    candidateRequests: 0,
    stepRequests: 0,
    coverage: 0,
    because: 'nothing was observed yet',
  },
  metrics: policy.metrics.map(() => freshMetric),
  starts: 0,
  lastStart: Number.NEGATIVE_INFINITY,
  step: stepFrom(0),
  knownUntil: Number.NEGATIVE_INFINITY,
  failing: { buckets: 0, requests: 0 },
});

/** @param bucket later than all before */
export const observeBucket = (before: Judging, bucket: Bucket): Judging => {
  const end = bucket.t + bucket.seconds;
  const opened =
    before.knownUntil === Number.NEGATIVE_INFINITY
      ? { ...before, step: stepFrom(bucket.t), knownUntil: bucket.t }
      : before;
  if (bucket.weightMoved) return concluded(moved(opened, bucket, end), bucket, 'weights-moved');
  // The start is made before the bucket is weighed: a bet on what comes, never on what was.
  const started = bucket.t >= opened.lastStart + restartSeconds ? startAt(opened, bucket.t) : opened;
  return concluded(withEvidence(started, bucket, end), bucket, undefined);
};

const startAt = (judging: Judging, t: number): Judging => {
  const starts = judging.starts + 1;
  return { ...judging, starts, lastStart: t, metrics: judging.metrics.map((metric) => withStart(metric, starts)) };
};

const moved = (judging: Judging, bucket: Bucket, end: number): Judging => ({
  ...judging,
  metrics: judging.metrics.map(withNewStep),
  // The next bucket begins a step, and is a new start.
  lastStart: Number.NEGATIVE_INFINITY,
  step: stepFrom(end),
  knownUntil: isKnown(judging.policy, bucket) ? end : judging.knownUntil,
  failing: { buckets: 0, requests: 0 },
});

const isKnown = ({ metrics }: Policy, bucket: Bucket): boolean =>
  metrics.every(({ name }) => countsOf(bucket, name) !== undefined);

const withEvidence = (judging: Judging, bucket: Bucket, end: number): Judging => {
  const { policy, step } = judging;
  const { candidate, baseline, share = step.share } = bucket;
  const cap = policy.burstGuard ? guardCap(policy.convict.falseRollback) : Number.POSITIVE_INFINITY;
  const termsFor = memo(termsOf);
  const known = isKnown(policy, bucket);
  return {
    ...judging,
    metrics: judging.metrics.map((state, index) => {
      const metric = policy.metrics[index];
      const counts = metric && countsOf(bucket, metric.name);
      const terms = counts && termsFor(counts, metric.worseThan);
      return counts && terms ? withCounts(state, counts, terms.terms, terms.stakes, cap) : state;
    }),
    step: {
      ...step,
      knownSeconds: step.knownSeconds + (known ? bucket.seconds : 0),
      requests: step.requests + (candidate?.requests ?? 0),
      baselineRequests: step.baselineRequests + (baseline?.requests ?? 0),
      ...(share === undefined ? {} : { share }),
      split:
        candidate && baseline && share !== undefined && share > 0 && share < 1
          ? observeSplit(step.split, candidate, baseline, share)
          : step.split,
    },
    knownUntil: known ? end : judging.knownUntil,
    failing: failingAfter(judging, bucket),
  };
};

interface BucketTerms {
  readonly terms: Terms;
  readonly stakes: Stakes;
}

const termsOf = (counts: Counts, margin: number): BucketTerms | undefined => {
  const share = shareOf(counts);
  return share === undefined ? undefined : { terms: ratioTerms(share, margin, alternatives), stakes: stakesOf(counts) };
};

/** Most metrics are counted per request and share the margin: a hundred of them cost the logarithms of one. */
const memo = (compute: typeof termsOf): typeof termsOf => {
  let last: { candidate: number; baseline: number; margin: number; terms: BucketTerms | undefined } | undefined;
  return (counts, margin) => {
    if (last?.candidate !== counts.candidate || last.baseline !== counts.baseline || last.margin !== margin)
      last = { candidate: counts.candidate, baseline: counts.baseline, margin, terms: compute(counts, margin) };
    return last.terms;
  };
};

const failingAfter = ({ policy, failing }: Judging, { candidate }: Bucket): Judging['failing'] => {
  const { metric, above } = policy.safetyNet;
  const bad = candidate?.bad[metric];
  // A bucket without requests or without metrics neither accuses nor acquits.
  if (!candidate || bad === undefined || candidate.requests === 0) return failing;
  if (bad <= above * candidate.requests) return { buckets: 0, requests: 0 };
  return { buckets: failing.buckets + 1, requests: failing.requests + candidate.requests };
};

const concluded = (judging: Judging, bucket: Bucket, known: VerdictReason | undefined): Judging => {
  const { policy, metrics, step, verdict } = judging;
  const evidence: Record<string, MetricEvidence> = {};
  let logMean = Number.NEGATIVE_INFINITY;
  policy.metrics.forEach((metric, index) => {
    const found = evidenceOf(metrics[index] ?? freshMetric, metric, policy.healthy.confidence);
    evidence[metric.name] = found;
    // Mean of e-processes: an e-process under any dependence between the metrics, the weights are shares of the budget.
    logMean = logAdd(logMean, Math.log(metric.weight) + found.logEvidence);
  });
  const end = bucket.t + bucket.seconds;
  const elapsed = end - step.since;
  const observed = {
    logEvidence: logMean,
    threshold: verdict.threshold,
    evidence,
    stepRequests: step.requests,
    coverage: elapsed > 0 ? step.knownSeconds / elapsed : 0,
  };
  const blindSeconds = end - judging.knownUntil;
  const reason = standing(verdict) ?? reasonOf(judging, bucket, { ...observed, blindSeconds }, known);
  const found = { ...observed, blindSeconds, reason, ...shares(step) };
  return {
    ...judging,
    verdict: {
      t: bucket.t,
      decision: decisions[reason],
      reason,
      ...observed,
      candidateRequests: Math.max(0, ...metrics.map(({ whole }) => whole.requests)),
      // A rollback is explained by what brought it about, not by what came after.
      because: reason === verdict.reason && decisions[reason] === 'rollback' ? verdict.because : because(policy, found),
    },
  };
};

const decisions: Readonly<Record<VerdictReason, Verdict['decision']>> = {
  'candidate-worse': 'rollback',
  'absolute-limit': 'rollback',
  'unobserved-too-long': 'rollback',
  'metrics-missing': 'hold',
  'split-not-as-weighted': 'hold',
  'proven-healthy': 'promote',
  'weights-moved': 'continue',
  'too-little-observed': 'continue',
  'too-few-requests': 'continue',
  'insufficient-evidence': 'continue',
};

/** A rollback stands: Ville's inequality bounds the chance of ever reaching the threshold, not of being above it now. */
const standing = ({ decision, reason }: Verdict): VerdictReason | undefined =>
  decision === 'rollback' ? reason : undefined;

interface Observed {
  readonly logEvidence: number;
  readonly evidence: Verdict['evidence'];
  readonly coverage: number;
  readonly blindSeconds: number;
}

const reasonOf = (
  { policy, failing, step, verdict }: Judging,
  bucket: Bucket,
  { logEvidence, evidence, coverage, blindSeconds }: Observed,
  known: VerdictReason | undefined,
): VerdictReason => {
  const { safetyNet } = policy;
  if (logEvidence >= verdict.threshold) return 'candidate-worse';
  if (failing.buckets >= safetyNet.buckets && failing.requests >= safetyNet.requests) return 'absolute-limit';
  if (blindSeconds > policy.maxBlindSeconds) return 'unobserved-too-long';
  if (known) return known;
  if (blindSeconds > 0) return 'metrics-missing';
  if (logTiltEvidence(step.split) >= holdThreshold) return 'split-not-as-weighted';
  if (!policy.metrics.every((metric) => isProven(metric, evidence[metric.name], bucket)))
    return 'insufficient-evidence';
  if (!policy.metrics.some(({ excessBelow }) => excessBelow !== undefined)) return 'insufficient-evidence';
  if (coverage < policy.coverage) return 'too-little-observed';
  if (step.requests < policy.minimumRequests) return 'too-few-requests';
  return 'proven-healthy';
};

/** Nothing is proven in a bucket that by itself shows a larger excess than the bound: what just began is not yet in the evidence. */
const isProven = ({ name, excessBelow }: Metric, found: MetricEvidence | undefined, bucket: Bucket): boolean => {
  if (excessBelow === undefined) return true;
  const counts = countsOf(bucket, name);
  if (!counts || !found || found.logHealth < (found.healthThreshold ?? Number.POSITIVE_INFINITY)) return false;
  const { candidate, candidateBad, baseline, baselineBad } = counts;
  const here = (candidate > 0 ? candidateBad / candidate : 0) - (baseline > 0 ? baselineBad / baseline : 0);
  return here < excessBelow;
};

const shares = ({ requests, baselineRequests, share }: Step): { seenShare?: number; meantShare?: number } => ({
  ...(requests + baselineRequests > 0 ? { seenShare: requests / (requests + baselineRequests) } : {}),
  ...(share === undefined ? {} : { meantShare: share }),
});
