import { type Bucket, countsOf } from './bucket.ts';
import { logAdd, logSum } from './logarithms.ts';
import { freshMetric, logHealth, type MetricState, metricLogEvidence } from './metric-state.ts';
import { type Failing, inIncident, type Observations } from './observations.ts';
import type { Metric, Policy } from './policy.ts';
import { logTiltEvidence } from './sample-ratio.ts';
import { excuses, sharedFailure } from './shared-failure.ts';
import type { Verdict, VerdictReason } from './verdict.ts';

/** The decision after a bucket, without its explanation. */
export interface Ruling {
  /** Start of the bucket it follows. */
  readonly t: number;
  readonly decision: Verdict['decision'];
  readonly reason: VerdictReason;
  readonly logEvidence: number;
}

/** Holding costs time only, so this evidence may be weaker than a conviction's (reference §3.6). */
const holdThreshold = -Math.log(0.05);

export const ruleOn = (so: Observations, bucket: Bucket): Ruling => {
  const evidence = combinedEvidence(so);
  const reason = reasonOf(so, bucket, evidence);
  return { t: bucket.t, decision: decisions[reason], reason, logEvidence: evidence };
};

/** Mean of e-processes: an e-process under any dependence between the metrics; the weights are shares of the budget. */
export const combinedEvidence = ({ policy, metrics }: Observations): number =>
  policy.metrics.reduce(
    (sum, metric, index) =>
      logAdd(sum, Math.log(metric.weight) + metricLogEvidence(metrics[index] ?? freshMetric(metric))),
    Number.NEGATIVE_INFINITY,
  );

const holdingState = (state: MetricState): MetricState => state.held ?? state;

/**
 * Mean of the evidence of the user's own metrics: at most one healthy step in twenty is ever held by chance, over all of them. It is
 * weaker than a conviction's, so a metric that convicts holds before it does. Without requests to the baseline there is nothing to
 * differ from.
 */
const differs = ({ policy, metrics, step }: Observations): boolean => {
  const logs = policy.metrics.flatMap((metric, index) =>
    metric.own ? [metricLogEvidence(holdingState(metrics[index] ?? freshMetric(metric)))] : [],
  );
  return step.baselineRequests > 0 && logs.length > 0 && logSum(logs) - Math.log(logs.length) >= holdThreshold;
};

export const convictionThreshold = ({ policy }: Observations): number => -Math.log(policy.convict.falseRollback);
export const healthThreshold = ({ policy }: Observations): number => -Math.log(1 - policy.healthy.confidence);

/** Share of this step in which every metric was known. */
export const coverageOf = ({ step, until }: Observations): number =>
  until > step.since ? step.knownSeconds / (until - step.since) : 0;

export const decisions: Readonly<Record<VerdictReason, Verdict['decision']>> = {
  'candidate-worse': 'rollback',
  'absolute-limit': 'rollback',
  'both-failing': 'rollback',
  'unobserved-too-long': 'rollback',
  'metrics-missing': 'hold',
  'own-metrics-missing': 'hold',
  'split-not-as-weighted': 'hold',
  'own-metric-differs': 'hold',
  'proven-healthy': 'promote',
  'weights-moved': 'continue',
  'mostly-worse': 'continue',
  'baseline-in-incident': 'continue',
  'too-little-observed': 'continue',
  'too-few-requests': 'continue',
  'insufficient-evidence': 'continue',
};

const reasonOf = (so: Observations, bucket: Bucket, evidence: number): VerdictReason => {
  const { policy, failing, step } = so;
  const blindSeconds = so.until - so.knownUntil;
  if (evidence >= convictionThreshold(so)) return 'candidate-worse';
  if (failing.buckets >= policy.safetyNet.buckets && failing.requests >= policy.safetyNet.requests)
    return isShared(failing, policy) ? 'both-failing' : 'absolute-limit';
  if (blindSeconds > policy.maxBlindSeconds) return 'unobserved-too-long';
  if (bucket.weightMoved) return 'weights-moved';
  if (blindSeconds > 0) return 'metrics-missing';
  if (so.until > so.ownKnownUntil) return 'own-metrics-missing';
  if (logTiltEvidence(step.split) >= holdThreshold) return 'split-not-as-weighted';
  if (differs(so)) return 'own-metric-differs';
  // This holds whatever was proven before: beside such a failing baseline any candidate would look healthy.
  if (inIncident(so.metrics)) return 'baseline-in-incident';
  if (!isHealthy(so, bucket)) return 'insufficient-evidence';
  if (isMostlyWorse(so)) return 'mostly-worse';
  if (coverageOf(so) < policy.coverage) return 'too-little-observed';
  if (step.requests < policy.minimumRequests) return 'too-few-requests';
  return 'proven-healthy';
};

const isShared = ({ requests, bad, baseline }: Failing, { convict }: Policy): boolean =>
  baseline !== undefined &&
  excuses(
    sharedFailure(
      { candidate: requests, candidateBad: bad, baseline: baseline.requests, baselineBad: baseline.bad },
      convict,
    ),
  );

/** Every metric that needs a proof has one, and at least one metric needs one. */
const isHealthy = (so: Observations, bucket: Bucket): boolean =>
  so.policy.metrics.some(({ excessBelow }) => excessBelow !== undefined) &&
  so.policy.metrics.every((metric, index) =>
    isProven(metric, so.metrics[index] ?? freshMetric(metric), bucket, healthThreshold(so)),
  );

/** A metric with one trial a bucket needs more buckets to convict than errors need for a proof: the proof must wait for it. */
const isMostlyWorse = ({ policy, metrics }: Observations): boolean =>
  policy.metrics.some((metric, index) => {
    const { bad, baselineBad } = (metrics[index] ?? freshMetric(metric)).step;
    return metric.byBucket === true && bad > baselineBad;
  });

/** A bucket with a larger excess than the bound proves nothing: a fault that just began is not yet in the evidence. */
const isProven = ({ name, excessBelow }: Metric, state: MetricState, bucket: Bucket, threshold: number): boolean => {
  if (excessBelow === undefined) return true;
  const counts = countsOf(bucket, name);
  if (!counts || logHealth(state, excessBelow) < threshold) return false;
  const { candidate, candidateBad, baseline, baselineBad } = counts;
  const here = (candidate > 0 ? candidateBad / candidate : 0) - (baseline > 0 ? baselineBad / baseline : 0);
  return here < excessBelow;
};
