import type { Counts } from './bucket.ts';
import { logAdd } from './logarithms.ts';
import type { Policy } from './policy.ts';

/** Baseline requests below which a comparison says nothing: the safety net needs as many of the candidate. */
export const fewestRequests = 20;
/** A baseline that fails less often than this part of the candidate's rate does not have the same trouble. */
const sameTrouble = 0.5;

/**
 * The baseline's failures beside the candidate's, in the same minutes:
 *
 * - `as-often`: the candidate's rate is at most `worse-than` times the baseline's;
 * - `within-chance`: it is higher, by a difference that does not prove the candidate worse than the margin;
 * - `beyond-chance`: the difference proves it;
 * - `no-comparison`: too few requests, no failures, or a baseline without the same trouble.
 *
 * The first two excuse the candidate: both versions depend on the cause, and the failures convict none. An absolute limit still takes
 * the traffic back.
 */
export type SharedFailure = 'as-often' | 'within-chance' | 'beyond-chance' | 'no-comparison';

export const sharedFailure = (
  { candidate, candidateBad, baseline, baselineBad }: Omit<Counts, 'perBucket'>,
  { worseThan, falseRollback }: Policy['convict'],
): SharedFailure => {
  if (candidate === 0 || candidateBad === 0 || baseline < fewestRequests) return 'no-comparison';
  const [rate, other] = [candidateBad / candidate, baselineBad / baseline];
  // Few requests, which prove nothing, excuse no candidate.
  if (other < sameTrouble * rate) return 'no-comparison';
  if (rate <= worseThan * other) return 'as-often';
  // Odds of a failure to be the candidate's, when its rate is the margin times the baseline's.
  const odds = (worseThan * candidate) / baseline;
  return logTail(candidateBad + baselineBad, candidateBad, odds) < Math.log(falseRollback)
    ? 'beyond-chance'
    : 'within-chance';
};

export const excuses = (failure: SharedFailure): boolean => failure === 'as-often' || failure === 'within-chance';

/**
 * ln P(X ≥ x) for X binomial of n trials: the exact test of a ratio of rates, given all failures (Przyborowski & Wilenski 1940). The
 * comparison is made once, over minutes that are over, so it needs no evidence that holds at every look (`conviction.ts`): the chance
 * of convicting a candidate at the margin is at most `false-rollback`.
 */
const logTail = (n: number, x: number, odds: number): number => {
  let term = -n * Math.log1p(odds);
  let sum = x === 0 ? term : Number.NEGATIVE_INFINITY;
  for (let k = 1; k <= n; k++) {
    term += Math.log(((n - k + 1) * odds) / k);
    if (k >= x) sum = logAdd(sum, term);
  }
  return sum;
};
