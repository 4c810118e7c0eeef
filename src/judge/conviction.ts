import type { Counts } from './bucket.ts';
import { logAdd, logSum } from './logarithms.ts';

/**
 * Evidence that the candidate's rate is more than `margin` times the baseline's: a stratified conditional e-process.
 *
 * In a bucket with c candidate and b baseline requests, w = c / (c + b), x bad candidate requests and m bad requests in all,
 * each alternative "r times the baseline" with r > margin = ρ multiplies its evidence by
 *
 *     (r / ρ)^x · ((1 − w + w·ρ) / (1 − w + w·r))^m
 *
 * (Turner, Ly & Grünwald, "Generic e-variables for exact sequential k-sample tests", 2106.02693, with one stratum per bucket;
 * Lindon & Malek, 2011.03567, condition on m in the same way.) Two arguments, each enough, make it a fair bet on a model that is
 * not worse than ρ:
 *
 * - Independent requests with error probability p in the baseline and at most ρ·p in the candidate, p any value in any bucket:
 *   E[factor] ≤ exp(p·(c + b)·(w·ρ·(r/ρ)·A + (1 − w)·A − w·ρ − (1 − w))) with A = (1 − w + w·ρ)/(1 − w + w·r), by 1 + z ≤ e^z,
 *   and the bracket is 0. So the rate ratio needs no correction at high base rates.
 * - Exchangeable requests, however dependent: given m, x is hypergeometric, which is below the binomial in convex order
 *   (Hoeffding 1963), so E[factor | m] ≤ ((1 − w + w·r/ρ)·(1 − w + w·ρ) / (1 − w + w·r))^m ≤ 1 for r ≥ ρ ≥ 1.
 *
 * By Ville's inequality the evidence ever reaches 1/α with probability at most α.
 */
export interface Alternatives {
  /** Rate ratios, relative to the margin; above 1. */
  readonly factors: readonly number[];
  /** Prior weights, summing to 1. */
  readonly weights: readonly number[];
}

export interface Terms {
  /** ln(r/ρ) for each alternative. */
  readonly perCandidateBad: readonly number[];
  /** ln((1 − w + w·r)/(1 − w + w·ρ)) for each alternative. */
  readonly perBad: readonly number[];
}

export const ratioTerms = (share: number, margin: number, { factors }: Alternatives): Terms => ({
  perCandidateBad: factors.map(Math.log),
  perBad: factors.map((factor) => Math.log1p((share * margin * (factor - 1)) / (1 - share + share * margin))),
});

/** ln of the evidence for each alternative, its prior weight included, over all the times at which it may have begun. */
export type Conviction = readonly number[];

export const noEvidence = ({ factors }: Alternatives): Conviction => factors.map(() => Number.NEGATIVE_INFINITY);

/**
 * One more time at which the candidate may have become worse: a fresh bet with a part of the prior. The sum over start times is
 * one number per alternative, however many there are (Shin, Ramdas & Rinaldo, "E-detectors", 2203.03532).
 */
export const startAnew = (conviction: Conviction, { weights }: Alternatives, prior: number): Conviction =>
  conviction.map((log, index) => logAdd(log, Math.log(prior * (weights[index] ?? 0))));

/**
 * What one bucket adds to each alternative, in nats.
 * @param caps most of it; cutting downwards keeps the bet fair
 * @param dispersion at least 1, and known before the bucket: a fair bet to the power 1/D is fair (`dispersion.ts`)
 * @param aside share of the evidence that is not staked, known before the bucket: the mean of 1 and a fair bet is fair
 */
export const gainsOf = (
  { candidateBad, baselineBad }: Counts,
  { perCandidateBad, perBad }: Terms,
  caps?: readonly number[],
  dispersion = 1,
  aside = 0,
): readonly number[] => {
  const bad = candidateBad + baselineBad;
  const staked = (gain: number): number => (aside > 0 ? logAdd(Math.log(aside), Math.log1p(-aside) + gain) : gain);
  return perBad.map((log, index) =>
    bad === 0
      ? 0
      : Math.min(
          caps?.[index] ?? Number.POSITIVE_INFINITY,
          staked((candidateBad * (perCandidateBad[index] ?? 0) - bad * log) / dispersion),
        ),
  );
};

export const weigh = (conviction: Conviction, gains: readonly number[]): Conviction =>
  conviction.map((log, index) => log + (gains[index] ?? 0));

/** ln of the evidence; before the first bet that of 1, which a journal can hold. */
export const logEvidence = (conviction: Conviction): number => {
  const sum = logSum(conviction);
  return sum === Number.NEGATIVE_INFINITY ? 0 : sum;
};

/** Candidate's share of the requests of a bucket; undefined when there were none. */
export const convictionShareOf = ({ candidate, baseline }: Counts): number | undefined =>
  candidate + baseline > 0 ? candidate / (candidate + baseline) : undefined;

/**
 * Weight of the k-th time (from 1) at which the candidate may have become worse: the whole sequence sums to 1.
 * @param seconds between two of them; absent in a policy of version 1
 */
export const startPrior = (start: number, seconds?: number): number => {
  const [first, near] =
    seconds === undefined ? [firstStartPrior, 1] : [firstOfManyPrior, Math.max(1, nearSeconds / seconds)];
  return start === 1 ? first : ((1 - first) * near) / ((start + near - 2) * (start + near - 1));
};

/** Most bad candidates are bad from the first request. */
const firstStartPrior = 0.7;
/** With a start every two minutes, more of them lie within the first half hour, and all of these weigh about the same. */
const firstOfManyPrior = 0.65;
const nearSeconds = 1800;
