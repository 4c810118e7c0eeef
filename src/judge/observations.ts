import type { Grid } from './bets.ts';
import { type Bucket, type Counts, cellCountsOf, countsOf } from './bucket.ts';
import { allowanceCaps, guardCaps, guardExcuse, setAside } from './burst-guard.ts';
import { type Alternatives, convictionShareOf, ratioTerms, startPrior, type Terms } from './conviction.ts';
import { independent } from './dispersion.ts';
import { cellsWithCounts } from './distribution.ts';
import { stakesOf } from './health.ts';
import { isComparedWithBefore, type LastStep, moveOn, noLastStep, observeAlone, observeCompared } from './last-step.ts';
import {
  alternativesOf,
  asHolding,
  type BucketTerms,
  dispersionIn,
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
  /** The same of the user's own metrics: without them the candidate is still observed. */
  readonly ownKnownUntil: number;
  /** Those that the newest bucket lacks. */
  readonly ownMissing: readonly string[];
  readonly failing: Failing;
  /** By metric; absent in an older policy. */
  readonly lastStep?: readonly LastStep[];
  /** A bucket was provisional, so nothing convicts from there on. */
  readonly provisional?: true;
}

/** The buckets in a row in which the candidate exceeded the safety net's limit, and both arms' counts in them. */
export interface Failing extends BothCounts {
  readonly buckets: number;
  /** Shorter buckets that were joined, and are not yet as long as `SafetyNet.bucketSeconds`. */
  readonly joined: BothCounts & { readonly seconds: number };
}

interface BothCounts {
  readonly requests: number;
  readonly bad: number;
  /** Absent as soon as the counts of one bucket are unknown. */
  readonly baseline?: { readonly requests: number; readonly bad: number };
}

const noCounts: BothCounts = { requests: 0, bad: 0, baseline: { requests: 0, bad: 0 } };
const noneFailing: Failing = { ...noCounts, buckets: 0, joined: { ...noCounts, seconds: 0 } };

/** Since the weights moved last. */
export interface StepObservations {
  readonly since: number;
  /** Times, in this step, at which the candidate may have become worse. */
  readonly starts: number;
  readonly knownSeconds: number;
  readonly requests: number;
  readonly baselineRequests: number;
  readonly split: SampleRatio;
  readonly share?: number;
}

/** A candidate may become worse later: a leak, a cache that fills. Each of these intervals is a fresh bet. */
const restartSecondsOf = ({ restartSeconds = 600 }: Policy): number => restartSeconds;
const stepFrom = (since: number): StepObservations => ({
  since,
  starts: 0,
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
  ownKnownUntil: 0,
  ownMissing: [],
  failing: noneFailing,
  ...(policy.lastStep ? { lastStep: policy.metrics.map(() => noLastStep) } : {}),
});

/** @param bucket later than all before */
export const observeIn = (before: Observations, bucket: Bucket): Observations => {
  const until = bucket.t + bucket.seconds;
  const seen: Observations = { ...before, until, ...(bucket.provisional ? { provisional: true } : {}) };
  const opened =
    before.since === Number.NEGATIVE_INFINITY
      ? { ...seen, since: bucket.t, step: stepFrom(bucket.t), knownUntil: bucket.t, ownKnownUntil: bucket.t }
      : seen;
  if (bucket.weightMoved) return moved(opened, bucket);
  // The new bet starts before the bucket is weighed: a bet is on the future, never on the past.
  return withEvidence(
    bucket.t >= opened.lastStart + restartSecondsOf(opened.policy) ? startAt(opened, bucket.t) : opened,
    bucket,
  );
};

const startAt = (so: Observations, t: number): Observations => {
  const starts = so.starts + 1;
  const step = { ...so.step, starts: so.step.starts + 1 };
  const metrics = eachMetric(so, (state, metric) =>
    withStart(state, metric, startPrior(metric.holds ? step.starts : starts, so.policy.restartSeconds)),
  );
  return { ...so, starts, step, lastStart: t, metrics };
};

const eachMetric = (
  { policy, metrics }: Observations,
  change: (state: MetricState, metric: Metric) => MetricState,
): readonly MetricState[] =>
  policy.metrics.map((metric, index) => {
    const state = metrics[index] ?? freshMetric(metric);
    const changed = change(state, metric);
    return state.held ? { ...changed, held: change(state.held, asHolding(metric)) } : changed;
  });

const moved = (so: Observations, bucket: Bucket): Observations => ({
  ...so,
  metrics: eachMetric(so, withNewStep),
  // The next bucket begins a step, and is a new start.
  lastStart: Number.NEGATIVE_INFINITY,
  step: stepFrom(so.until),
  ...knownAfter(so, missingIn(so.policy, bucket)),
  // Share and rate may both have changed in this bucket. Its requests failed all the same.
  failing: so.policy.safetyNet.whileMoving ? failingAfter(so, bucket) : noneFailing,
  ...(so.lastStep ? { lastStep: so.lastStep.map(moveOn) } : {}),
});

const knownAfter = (
  so: Observations,
  missing: readonly Metric[],
): Pick<Observations, 'knownUntil' | 'ownKnownUntil' | 'ownMissing'> => {
  const own = missing.filter((metric) => metric.own);
  return {
    knownUntil: missing.length > own.length ? so.knownUntil : so.until,
    ownKnownUntil: own.length > 0 ? so.ownKnownUntil : so.until,
    ownMissing: own.map(({ says }) => says),
  };
};

/** The metrics whose counts are not known for both arms. */
const missingIn = ({ metrics }: Policy, bucket: Bucket): readonly Metric[] =>
  metrics.filter(
    ({ name, cells }) => (cells ? cellCountsOf(bucket, name, cells) : countsOf(bucket, name)) === undefined,
  );

/** The counts of every metric are known for both arms. */
export const isWhole = (policy: Policy, bucket: Bucket): boolean => missingIn(policy, bucket).length === 0;

const withEvidence = (so: Observations, bucket: Bucket): Observations => {
  const { policy, step } = so;
  const { candidate, baseline, share = step.share } = bucket;
  const termsFor = memo((counts, metric, grid) => termsOf(counts, metric, grid, policy, bucket.seconds));
  const missing = missingIn(policy, bucket);
  const metrics = eachMetric(so, (state, metric) => {
    const cold = bucket.t < so.since + (metric.warmUpSeconds ?? 0);
    if (metric.cells && state.cells) return withCells(state, state.cells, metric, metric.cells, bucket, policy);
    const counts = cold ? undefined : countsOf(bucket, metric.name);
    const terms = counts && termsFor(counts, metric, state.grid);
    return terms ? withCounts(state, metric, counts, bucket.seconds, terms, policy.healthOfNow ?? false) : state;
  });
  return {
    ...so,
    metrics,
    // An incident of the baseline erases the evidence against a bad candidate; once it is over, a fresh bet starts at once.
    lastStart: inIncident(so.metrics) && !inIncident(metrics) ? Number.NEGATIVE_INFINITY : so.lastStart,
    step: {
      ...step,
      knownSeconds: step.knownSeconds + (missing.length === 0 ? bucket.seconds : 0),
      requests: step.requests + (candidate?.requests ?? 0),
      baselineRequests: step.baselineRequests + (baseline?.requests ?? 0),
      ...(share === undefined ? {} : { share }),
      split:
        candidate && baseline && share !== undefined && share > 0 && share < 1
          ? observeSplit(step.split, candidate, baseline, share)
          : step.split,
    },
    ...knownAfter(so, missing),
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
    const { bad, of, requests = 0 } = bucket.candidate ?? {};
    const candidateBad = bad?.[metric.name];
    const candidate = of?.[metric.name] ?? requests;
    return candidateBad === undefined
      ? state
      : observeAlone(state, metric, policy, { candidate, candidateBad }, bucket);
  });

/** An incident of any metric that needs a proof of health. */
export const inIncident = (metrics: readonly MetricState[]): boolean => metrics.some(({ incident }) => incident);

const withCells = (
  state: MetricState,
  cells: NonNullable<MetricState['cells']>,
  metric: Metric,
  names: readonly string[],
  bucket: Bucket,
  policy: Policy,
): MetricState => {
  const counts = cellCountsOf(bucket, metric.name, names);
  const [first] = counts ?? [];
  const more = first && termsOf(first, metric, state.grid, policy, bucket.seconds);
  const fewer = first && termsOf(first, { ...metric, good: true }, state.grid, policy, bucket.seconds);
  if (counts === undefined || more === undefined || fewer === undefined) return state;
  const { against } = dispersionIn(state, metric);
  const terms = { ...more, more: divided(more.ratio, against), fewer: divided(fewer.ratio, against) };
  return { ...state, cells: cellsWithCounts(cells, counts, bucket.seconds, terms) };
};

/** Each factor to the power 1/D: E[F^(1/D)] ≤ E[F]^(1/D) ≤ 1, so the bet stays fair (Jensen 1906). */
const divided = ({ perCandidateBad, perBad }: Terms, by: number): Terms => ({
  perCandidateBad: perCandidateBad.map((one) => one / by),
  perBad: perBad.map((one) => one / by),
});

const termsOf = (
  counts: Counts,
  metric: Metric,
  grid: Grid,
  { burstGuard, convict, healthy, setAside: sets }: Policy,
  seconds: number,
): BucketTerms | undefined => {
  const toCandidate = convictionShareOf(counts);
  if (toCandidate === undefined) return undefined;
  // Too few good ones: the bet is on the baseline's good ones.
  const share = metric.good ? 1 - toCandidate : toCandidate;
  const alternatives = alternativesOf(metric);
  const guarded = (metric.guarded ?? burstGuard) && !counts.perBucket;
  // The usual rate of this baseline is unknown: no bucket may excuse more than a guarded one.
  const unknownUsual = metric.usual === 'unknown';
  const caps = guarded ? capsOf(convict.falseRollback, alternatives, counts.candidate, metric, seconds) : undefined;
  return {
    ratio: ratioTerms(share, metric.worseThan, alternatives),
    stakes: stakesOf(counts, grid),
    caps,
    aside:
      caps && sets && metric.dispersion !== undefined ? setAside(caps, share, perMinute(counts.candidate, seconds)) : 0,
    // A dispersion does more for health than the guard's cap.
    excuse: (guarded && metric.dispersion === undefined) || unknownUsual ? guardExcuse(healthy.confidence) : undefined,
  };
};

const capsOf = (
  falseRollback: number,
  alternatives: Alternatives,
  requests: number,
  { dispersion, cells }: Metric,
  seconds: number,
): readonly number[] =>
  dispersion === undefined || cells
    ? guardCaps(falseRollback, alternatives, requests)
    : allowanceCaps(falseRollback, alternatives, perMinute(requests, seconds), burstSecondsOf(dispersion));

const perMinute = (requests: number, seconds: number): number => (requests * 60) / seconds;

const burstSecondsOf = (dispersion: Metric['dispersion']): number | undefined =>
  typeof dispersion === 'string' ? independent.burstSeconds : dispersion?.burstSeconds;

type TermsFor = (counts: Counts, metric: Metric, grid: Grid) => BucketTerms | undefined;

/** Most metrics are counted per request and share the margin: a hundred of them cost the logarithms of one. */
const memo = (compute: TermsFor): TermsFor => {
  let last:
    | {
        readonly counts: Counts;
        readonly metric: Metric;
        readonly grid: Grid;
        readonly terms: BucketTerms | undefined;
      }
    | undefined;
  return (counts, metric, grid) => {
    const same =
      last?.metric.worseThan === metric.worseThan &&
      last.grid === grid &&
      last.metric.onlyGross === metric.onlyGross &&
      last.metric.good === metric.good &&
      last.metric.guarded === metric.guarded &&
      burstSecondsOf(last.metric.dispersion) === burstSecondsOf(metric.dispersion) &&
      (last.metric.usual === 'unknown') === (metric.usual === 'unknown') &&
      last.counts.candidate === counts.candidate &&
      last.counts.baseline === counts.baseline &&
      last.counts.perBucket === counts.perBucket;
    if (!last || !same) last = { counts, metric, grid, terms: compute(counts, metric, grid) };
    return last.terms;
  };
};

const failingAfter = ({ policy, failing }: Observations, { candidate, baseline, seconds }: Bucket): Failing => {
  const { metric, above, bucketSeconds = 0 } = policy.safetyNet;
  const bad = candidate?.bad[metric];
  // A bucket without requests or without metrics neither accuses nor acquits.
  if (!candidate || bad === undefined || candidate.requests === 0) return failing;
  const baselineBad = baseline?.bad[metric];
  const counts = {
    requests: candidate.requests,
    bad,
    ...(baseline && baselineBad !== undefined ? { baseline: { requests: baseline.requests, bad: baselineBad } } : {}),
  };
  const joined = { ...added(failing.joined, counts), seconds: failing.joined.seconds + seconds };
  if (joined.seconds < bucketSeconds) return { ...failing, joined };
  if (joined.bad <= above * joined.requests) return noneFailing;
  return { ...added(failing, joined), buckets: failing.buckets + 1, joined: noneFailing.joined };
};

const added = (one: BothCounts, other: BothCounts): BothCounts => ({
  requests: one.requests + other.requests,
  bad: one.bad + other.bad,
  ...(one.baseline && other.baseline
    ? {
        baseline: {
          requests: one.baseline.requests + other.baseline.requests,
          bad: one.baseline.bad + other.baseline.bad,
        },
      }
    : {}),
});
