import { type Bucket, type Counts, countsOf } from './bucket.ts';
import { guardCaps, guardExcuse } from './burst-guard.ts';
import { convictionShareOf, ratioTerms } from './conviction.ts';
import { stakesOf } from './health.ts';
import { isComparedWithBefore, type LastStep, moveOn, noLastStep, observeAlone, observeCompared } from './last-step.ts';
import {
  alternativesOf,
  type BucketTerms,
  freshMetric,
  type MetricState,
  withCounts,
  withNewStep,
  withStart,
} from './metric-state.ts';
import type { Metric, Policy } from './policy.ts';
import { asWeighted, observeSplit, type SampleRatio } from './sample-ratio.ts';

/** The state after the buckets so far: sums, never the buckets. */
export interface Observations {
  readonly policy: Policy;
  readonly metrics: readonly MetricState[];
  /** Start of the first bucket. */
  readonly since: number;
  /** Times, so far, at which the candidate may have become worse. */
  readonly starts: number;
  readonly lastStart: number;
  readonly step: StepObservations;
  /** End of the last bucket, and of the last in which every metric was known. */
  readonly until: number;
  readonly knownUntil: number;
  readonly failing: Failing;
  /** By metric; absent in an older policy. */
  readonly lastStep?: readonly LastStep[];
  /** A bucket was provisional, so nothing convicts from there on. */
  readonly provisional?: true;
}

/** The buckets in a row in which the candidate exceeded the safety net's limit, and both arms' counts in them. */
export interface Failing {
  readonly buckets: number;
  readonly requests: number;
  readonly bad: number;
  /** Absent as soon as the counts of one of these buckets are unknown. */
  readonly baseline?: { readonly requests: number; readonly bad: number };
}

const noneFailing: Failing = { buckets: 0, requests: 0, bad: 0, baseline: { requests: 0, bad: 0 } };

/** Since the weights moved last. */
export interface StepObservations {
  readonly since: number;
  readonly knownSeconds: number;
  readonly requests: number;
  readonly baselineRequests: number;
  readonly split: SampleRatio;
  readonly share?: number;
}

/** A candidate may become worse later: a leak, a cache that fills. Each of these intervals is a fresh bet. */
const restartSeconds = 600;
const stepFrom = (since: number): StepObservations => ({
  since,
  knownSeconds: 0,
  requests: 0,
  baselineRequests: 0,
  split: asWeighted,
});

export const nothingObserved = (policy: Policy): Observations => ({
  policy,
  metrics: policy.metrics.map(freshMetric),
  since: Number.NEGATIVE_INFINITY,
  starts: 0,
  lastStart: Number.NEGATIVE_INFINITY,
  step: stepFrom(0),
  until: 0,
  knownUntil: 0,
  failing: noneFailing,
  ...(policy.lastStep ? { lastStep: policy.metrics.map(() => noLastStep) } : {}),
});

/** @param bucket later than all before */
export const observeIn = (before: Observations, bucket: Bucket): Observations => {
  const until = bucket.t + bucket.seconds;
  const seen: Observations = { ...before, until, ...(bucket.provisional ? { provisional: true } : {}) };
  const opened =
    before.since === Number.NEGATIVE_INFINITY
      ? { ...seen, since: bucket.t, step: stepFrom(bucket.t), knownUntil: bucket.t }
      : seen;
  if (bucket.weightMoved) return moved(opened, bucket);
  // The new bet starts before the bucket is weighed: a bet is on the future, never on the past.
  return withEvidence(bucket.t >= opened.lastStart + restartSeconds ? startAt(opened, bucket.t) : opened, bucket);
};

const startAt = (so: Observations, t: number): Observations => {
  const starts = so.starts + 1;
  return { ...so, starts, lastStart: t, metrics: eachMetric(so, (state, metric) => withStart(state, metric, starts)) };
};

const eachMetric = (
  { policy, metrics }: Observations,
  change: (state: MetricState, metric: Metric) => MetricState,
): readonly MetricState[] =>
  policy.metrics.map((metric, index) => change(metrics[index] ?? freshMetric(metric), metric));

const moved = (so: Observations, bucket: Bucket): Observations => ({
  ...so,
  metrics: so.metrics.map(withNewStep),
  // The next bucket begins a step, and is a new start.
  lastStart: Number.NEGATIVE_INFINITY,
  step: stepFrom(so.until),
  knownUntil: isKnown(so.policy, bucket) ? so.until : so.knownUntil,
  // Share and rate may both have changed in this bucket. Its requests failed all the same.
  failing: so.policy.safetyNet.whileMoving ? failingAfter(so, bucket) : noneFailing,
  ...(so.lastStep ? { lastStep: so.lastStep.map(moveOn) } : {}),
});

const isKnown = ({ metrics }: Policy, bucket: Bucket): boolean =>
  metrics.every(({ name }) => countsOf(bucket, name) !== undefined);

const withEvidence = (so: Observations, bucket: Bucket): Observations => {
  const { policy, step } = so;
  const { candidate, baseline, share = step.share } = bucket;
  const termsFor = memo((counts, metric) => termsOf(counts, metric, policy));
  const known = isKnown(policy, bucket);
  const metrics = eachMetric(so, (state, metric) => {
    const cold = bucket.t < so.since + (metric.warmUpSeconds ?? 0);
    const counts = cold ? undefined : countsOf(bucket, metric.name);
    const terms = counts && termsFor(counts, metric);
    return terms ? withCounts(state, metric, counts, terms) : state;
  });
  return {
    ...so,
    metrics,
    // An incident of the baseline erases the evidence against a bad candidate; once it is over, a fresh bet starts at once.
    lastStart: inIncident(so.metrics) && !inIncident(metrics) ? Number.NEGATIVE_INFINITY : so.lastStart,
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
    knownUntil: known ? so.until : so.knownUntil,
    failing: failingAfter(so, bucket),
    ...(so.lastStep ? { lastStep: lastStepAfter(so.lastStep, so, bucket, share, metrics) } : {}),
  };
};

/** Shares are known in a stepped rollout only; the fleets of a guardrail deployment have none. */
const lastStepAfter = (
  before: readonly LastStep[],
  { policy }: Observations,
  bucket: Bucket,
  share: number | undefined,
  metrics: readonly MetricState[],
): readonly LastStep[] =>
  before.map((state, index) => {
    const metric = policy.metrics[index];
    if (metric === undefined || !isComparedWithBefore(metric) || share === undefined) return state;
    const counts = countsOf(bucket, metric.name);
    if (share < 1) return counts ? observeCompared(state, counts, metrics[index]?.incident === true) : state;
    const candidateBad = bucket.candidate?.bad[metric.name];
    return bucket.candidate === undefined || candidateBad === undefined
      ? state
      : observeAlone(state, metric, policy, { candidate: bucket.candidate.requests, candidateBad }, bucket.t);
  });

/** An incident of any metric that needs a proof of health. */
export const inIncident = (metrics: readonly MetricState[]): boolean => metrics.some(({ incident }) => incident);

const termsOf = (counts: Counts, metric: Metric, { burstGuard, convict, healthy }: Policy): BucketTerms | undefined => {
  const share = convictionShareOf(counts);
  if (share === undefined) return undefined;
  const alternatives = alternativesOf(metric);
  const guarded = burstGuard && !counts.perBucket;
  // The usual rate of this baseline is unknown: no bucket may excuse more than a guarded one.
  const unknownUsual = metric.usual === 'unknown';
  return {
    ratio: ratioTerms(share, metric.worseThan, alternatives),
    stakes: stakesOf(counts),
    caps: guarded ? guardCaps(convict.falseRollback, alternatives, counts.candidate) : undefined,
    excuse: guarded || unknownUsual ? guardExcuse(healthy.confidence) : undefined,
  };
};

type TermsFor = (counts: Counts, metric: Metric) => BucketTerms | undefined;

/** Most metrics are counted per request and share the margin: a hundred of them cost the logarithms of one. */
const memo = (compute: TermsFor): TermsFor => {
  let last: { readonly counts: Counts; readonly metric: Metric; readonly terms: BucketTerms | undefined } | undefined;
  return (counts, metric) => {
    const same =
      last?.metric.worseThan === metric.worseThan &&
      last.metric.onlyGross === metric.onlyGross &&
      (last.metric.usual === 'unknown') === (metric.usual === 'unknown') &&
      last.counts.candidate === counts.candidate &&
      last.counts.baseline === counts.baseline &&
      last.counts.perBucket === counts.perBucket;
    if (!last || !same) last = { counts, metric, terms: compute(counts, metric) };
    return last.terms;
  };
};

const failingAfter = ({ policy, failing }: Observations, { candidate, baseline }: Bucket): Failing => {
  const { metric, above } = policy.safetyNet;
  const bad = candidate?.bad[metric];
  // A bucket without requests or without metrics neither accuses nor acquits.
  if (!candidate || bad === undefined || candidate.requests === 0) return failing;
  if (bad <= above * candidate.requests) return noneFailing;
  const { baseline: before } = failing;
  const baselineBad = baseline?.bad[metric];
  return {
    buckets: failing.buckets + 1,
    requests: failing.requests + candidate.requests,
    bad: failing.bad + bad,
    ...(before === undefined || baseline === undefined || baselineBad === undefined
      ? {}
      : { baseline: { requests: before.requests + baseline.requests, bad: before.bad + baselineBad } }),
  };
};
