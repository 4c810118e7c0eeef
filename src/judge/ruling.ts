import { allowedAbove } from './bets.ts';
import { type Bucket, countsOf } from './bucket.ts';
import { isMoreThanBefore, logEvidenceAlone } from './last-step.ts';
import { logAdd, logSum } from './logarithms.ts';
import {
  dispersionIn,
  freshMetric,
  isInDoubt,
  logHealth,
  type MetricState,
  metricLogEvidence,
} from './metric-state.ts';
import { type Failing, inIncident, type Observations } from './observations.ts';
import { isToBeProven, type Metric, type Policy } from './policy.ts';
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
const combinedEvidence = ({ policy, metrics }: Observations): number =>
  policy.metrics.reduce(
    (sum, metric, index) =>
      logAdd(sum, Math.log(metric.weight) + metricLogEvidence(metrics[index] ?? freshMetric(metric))),
    Number.NEGATIVE_INFINITY,
  );

/** Of a metric of the user's own: the state whose evidence holds the weight. */
export const holdingState = (state: MetricState): MetricState => state.held ?? state;

/**
 * Mean of the evidence of the user's own metrics: at most one healthy step in twenty is ever held by chance, over all of them. It is
 * weaker than a conviction's, so a metric that convicts holds before it does. At full share nothing adds to it: there is no baseline to
 * differ from.
 */
const differs = ({ policy, metrics }: Observations): boolean => {
  const logs = policy.metrics.flatMap((metric, index) =>
    metric.own ? [metricLogEvidence(holdingState(metrics[index] ?? freshMetric(metric)))] : [],
  );
  return logs.length > 0 && logSum(logs) - Math.log(logs.length) >= holdThreshold;
};

/** The same of the evidence against a candidate with all of the traffic. */
const evidenceAlone = ({ policy, lastStep = [] }: Observations): number =>
  lastStep.reduce((sum, state, index) => {
    const weight = policy.metrics[index]?.weight ?? 0;
    return logAdd(sum, Math.log(weight) + logEvidenceAlone(state));
  }, Number.NEGATIVE_INFINITY);

export const convictionThreshold = ({ policy }: Observations): number => -Math.log(policy.convict.falseRollback);
export const healthThreshold = ({ policy }: Observations): number => -Math.log(1 - policy.healthy.confidence);

/** Share of this step in which every metric was known. */
export const coverageOf = ({ step, until }: Observations): number =>
  until > step.since ? step.knownSeconds / (until - step.since) : 0;

export const decisions: Readonly<Record<VerdictReason, Verdict['decision']>> = {
  'candidate-worse': 'rollback',
  'absolute-limit': 'rollback',
  'both-failing': 'rollback',
  'worse-than-before': 'rollback',
  'unobserved-too-long': 'rollback',
  'metrics-missing': 'hold',
  'own-metrics-missing': 'hold',
  provisional: 'hold',
  'more-than-before': 'hold',
  'split-not-as-weighted': 'hold',
  'own-metric-differs': 'hold',
  'proven-healthy': 'promote',
  'weights-moved': 'continue',
  'mostly-worse': 'continue',
  'baseline-in-incident': 'continue',
  'newest-in-doubt': 'continue',
  'too-little-observed': 'continue',
  'too-few-requests': 'continue',
  'insufficient-evidence': 'continue',
};

const reasonOf = (so: Observations, bucket: Bucket, evidence: number): VerdictReason => {
  const { policy, step } = so;
  const blindSeconds = so.until - so.knownUntil;
  const accused = accusation(so, evidence);
  if (accused !== undefined) return so.provisional ? 'provisional' : accused;
  if (blindSeconds > policy.maxBlindSeconds) return 'unobserved-too-long';
  if (bucket.weightMoved) return 'weights-moved';
  if (blindSeconds > 0) return 'metrics-missing';
  if (so.until > so.ownKnownUntil) return 'own-metrics-missing';
  if (so.lastStep?.some(isMoreThanBefore)) return 'more-than-before';
  if (logTiltEvidence(step.split) >= holdThreshold) return 'split-not-as-weighted';
  if (differs(so)) return 'own-metric-differs';
  // This holds whatever was proven before: beside such a failing baseline any candidate would look healthy.
  if (inIncident(so.metrics)) return 'baseline-in-incident';
  if (!isHealthy(so, bucket)) return 'insufficient-evidence';
  if (isDoubted(so)) return 'newest-in-doubt';
  if (isMostlyWorse(so)) return 'mostly-worse';
  if (coverageOf(so) < policy.coverage) return 'too-little-observed';
  if (step.requests < policy.minimumRequests) return 'too-few-requests';
  return 'proven-healthy';
};

/** What takes the traffic back by its counts. */
const accusation = (so: Observations, evidence: number): VerdictReason | undefined => {
  const { policy, failing } = so;
  if (evidence >= convictionThreshold(so)) return 'candidate-worse';
  if (isFailing(so)) return isShared(failing, policy) ? 'both-failing' : 'absolute-limit';
  return evidenceAlone(so) >= convictionThreshold(so) ? 'worse-than-before' : undefined;
};

const isFailing = ({ policy, metrics, failing }: Observations): boolean => {
  const { metric: name, buckets, requests, bursts = 0 } = policy.safetyNet;
  const index = policy.metrics.findIndex((metric) => metric.name === name);
  const [metric, state] = [policy.metrics[index], metrics[index]];
  // The larger dispersion: at one request a second, a caller's session is all that a few minutes have.
  const burst = metric && state ? dispersionIn(state, metric).health : 1;
  return failing.buckets >= buckets && failing.requests >= requests && failing.bad >= bursts * burst;
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
  so.policy.metrics.some(isToBeProven) &&
  so.policy.metrics.every((metric, index) =>
    isProven(metric, so.metrics[index] ?? freshMetric(metric), bucket, healthThreshold(so)),
  );

const isDoubted = (so: Observations): boolean =>
  so.policy.metrics.some((metric, index) =>
    isInDoubt(so.metrics[index] ?? freshMetric(metric), metric, healthThreshold(so)),
  );

/** A metric with one trial a bucket needs more buckets to convict than errors need for a proof: the proof must wait for it. */
const isMostlyWorse = ({ policy, metrics }: Observations): boolean =>
  policy.metrics.some((metric, index) => {
    const { bad, baselineBad } = (metrics[index] ?? freshMetric(metric)).step;
    return metric.byBucket === true && bad > baselineBad;
  });

/** A bucket with a larger excess than the bound proves nothing: a fault that just began is not yet in the evidence. */
const isProven = (metric: Metric, state: MetricState, bucket: Bucket, threshold: number): boolean => {
  if (!isToBeProven(metric)) return true;
  const counts = countsOf(bucket, metric.name);
  if (!counts || logHealth(state, metric) < threshold) return false;
  const { candidate, candidateBad, baseline, baselineBad } = counts;
  const beside = baseline > 0 ? baselineBad / baseline : 0;
  const here = (candidate > 0 ? candidateBad / candidate : 0) - beside;
  // A ratio says nothing about a bucket without bad requests.
  return here < allowedAbove(metric, beside) || (candidateBad === 0 && metric.excessBelow === undefined);
};
