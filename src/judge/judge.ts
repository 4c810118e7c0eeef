import { because } from './because.ts';
import type { Bucket } from './bucket.ts';
import { freshMetric, metricEvidenceOf } from './metric-state.ts';
import { nothingObserved, type Observations, observeIn } from './observations.ts';
import type { Policy } from './policy.ts';
import { convictionThreshold, coverageOf, type Ruling, ruleOn } from './ruling.ts';
import type { MetricEvidence, Verdict } from './verdict.ts';

/**
 * The verdict after the last of `buckets`: a fold over them in the order of time, so it can always be computed again: after a
 * crash, a retry, a revised or late bucket, and in a replay. A candidate without evidence is never healthy and never guilty.
 * @param buckets closed ones, at most one per start, in any order
 * @param before the state after all earlier buckets
 */
export const judge = (policy: Policy, buckets: readonly Bucket[], before: Judging = beginJudging(policy)): Verdict =>
  verdictOf([...buckets].sort((a, b) => a.t - b.t).reduce(observeBucket, before));

/** The same, one bucket at a time. */
export interface Judging {
  readonly observations: Observations;
  readonly ruling: Ruling;
  /** The verdict that took the traffic back: Ville's inequality bounds the chance of ever reaching the threshold, not of being there now. */
  readonly rolledBack?: Verdict;
}

export const beginJudging = (policy: Policy): Judging => ({
  observations: nothingObserved(policy),
  ruling: { t: 0, decision: 'continue', reason: 'insufficient-evidence', logEvidence: 0 },
});

/** @param bucket later than all before */
export const observeBucket = (before: Judging, bucket: Bucket): Judging => {
  const observations = observeIn(before.observations, bucket);
  const ruling = ruleOn(observations, bucket);
  if (before.rolledBack) {
    const { decision, reason } = before.rolledBack;
    return { observations, rolledBack: before.rolledBack, ruling: { ...ruling, decision, reason } };
  }
  const judging = { observations, ruling };
  return ruling.decision === 'rollback' ? { ...judging, rolledBack: verdictOf(judging) } : judging;
};

/** The ruling with its evidence and its explanation. */
export const verdictOf = ({ observations, ruling, rolledBack }: Judging): Verdict => {
  const { policy, metrics, step } = observations;
  const evidence: Record<string, MetricEvidence> = {};
  policy.metrics.forEach((metric, index) => {
    evidence[metric.name] = metricEvidenceOf(metrics[index] ?? freshMetric(metric), metric, policy.healthy.confidence);
  });
  const found = {
    logEvidence: ruling.logEvidence,
    threshold: convictionThreshold(observations),
    evidence,
    stepRequests: step.requests,
    coverage: coverageOf(observations),
  };
  return {
    t: ruling.t,
    decision: ruling.decision,
    reason: ruling.reason,
    ...found,
    candidateRequests: Math.max(0, ...metrics.map(({ whole }) => whole.requests)),
    // The explanation of a rollback is its cause, not a later event.
    because: rolledBack?.because ?? because(observations, ruling, evidence),
  };
};
