import type { Counts } from './bucket.ts';
import { logSum } from './logarithms.ts';

/**
 * How large the candidate's excess over the baseline can still be: an anytime-valid bound on the mean of (candidate's rate −
 * baseline's rate) over the candidate's requests so far.
 *
 * In a bucket with c, x (candidate requests, bad) and b, y (baseline), for each s in (0, 1]:
 *
 *     factor = (1 − s)^x · (1 + s·c/b)^y · e^(s·c·excess)
 *
 * Independent requests, baseline rate q, candidate rate q + excess: E[factor] = (1 − s(q + excess))^c · (1 + q·s·c/b)^b · e^(s·c·excess)
 * ≤ exp(−c·s·(q + excess) + q·s·c + s·c·excess) = 1 by 1 + z ≤ e^z, for every q in every bucket, and whatever the excess did from
 * bucket to bucket: the baseline's rate cancels, so load, drift and shared outages do not matter. The product over buckets is an
 * e-process in the mean excess; so is a mixture over s. By Ville's inequality the bound holds at all looks at once.
 * s = 1 is the proof by no errors at all: 599 clean requests exclude an excess of 0.5 % with 95 % confidence.
 * The lower bound exchanges the arms, with s·c/b in the place of s.
 * A bucket in which the baseline has an incident (`incident.ts`) counts min(1, (1 − s)^x · (1 + s·c/b)^y) instead: its errors may
 * excuse the candidate's, and nothing more, and the bound is about the requests outside of incidents. The bet stays fair for this
 * reason: the incident's condition depends on y and on the past alone, it holds from some y on, and E[factor | y] rises in y. So by
 * Chebyshev's association inequality E[factor; no incident] ≤ P(no incident)·E[factor] ≤ P(no incident), and the rest is at most
 * P(incident). (The bets are those of Waudby-Smith & Ramdas, 2010.09686, in the Poisson form of Howard et al., 1810.08240, applied
 * to two arms.)
 */
export interface Excess {
  readonly requests: number;
  /** Requests of buckets without an incident of the baseline: the upper bound is about these. */
  readonly counted: number;
  readonly bad: number;
  readonly baselineRequests: number;
  readonly baselineBad: number;
  /** Bad requests the candidate would have had at the baseline's rate: Σ y·c/b. */
  readonly expectedBad: number;
  /** Requests behind the estimate: those of buckets with a baseline to compare with. */
  readonly compared: number;
  readonly comparedBad: number;
  /** Σ y·ln(1 + s·c/b), for each s of the upper bound. */
  readonly allowance: readonly number[];
  /** Σ x·ln(1 + k) + y·ln(1 − k·c/b), for each k of the lower bound. */
  readonly gain: readonly number[];
  /** Σ k·c. */
  readonly reach: readonly number[];
}

/** Most of the prior on s = 1: a model without errors should be proven by about as many requests as it takes by hand. */
const priors: readonly (readonly [stake: number, prior: number])[] = [
  [1, 0.65],
  [0.85, 0.12],
  [0.6, 0.1],
  [0.35, 0.07],
  [0.15, 0.04],
  [0.05, 0.02],
];
const stakes: readonly number[] = priors.map(([stake]) => stake);
const logPriors: readonly number[] = priors.map(([, prior]) => Math.log(prior));
const negatives: readonly number[] = stakes.map((stake) => Math.log1p(-stake));

const counterStakes: readonly number[] = [0.03, 0.1, 0.3, 1, 3, 8];
const logCounterPrior = -Math.log(counterStakes.length);
const counterLogs: readonly number[] = counterStakes.map(Math.log1p);
/** k·c/b stays below 1: a bucket with few baseline requests cannot carry a larger stake. */
const largestCounterStake = 0.9;

export const noExcess: Excess = {
  requests: 0,
  counted: 0,
  bad: 0,
  baselineRequests: 0,
  baselineBad: 0,
  expectedBad: 0,
  compared: 0,
  comparedBad: 0,
  allowance: stakes.map(() => 0),
  gain: counterStakes.map(() => 0),
  reach: counterStakes.map(() => 0),
};

/** Values that depend on a bucket's request counts alone; metrics that are counted per request share them. */
export interface Stakes {
  readonly perBaselineBad: readonly number[];
  readonly counter: readonly number[];
  readonly perCounterBad: readonly number[];
  readonly perCounterBaselineBad: readonly number[];
}

export const stakesOf = ({ candidate, baseline }: Counts): Stakes => {
  const ratio = baseline > 0 ? candidate / baseline : 0;
  const limit = candidate > 0 ? (largestCounterStake * baseline) / candidate : 0;
  const counter = counterStakes.map((stake) => Math.min(stake, limit));
  return {
    perBaselineBad: stakes.map((stake) => Math.log1p(stake * ratio)),
    counter,
    perCounterBad: counter.map((stake, index) =>
      stake === counterStakes[index] ? (counterLogs[index] ?? 0) : Math.log1p(stake),
    ),
    perCounterBaselineBad: counter.map((stake) => Math.log1p(-stake * ratio)),
  };
};

/**
 * @param excuse most, in nats, that a bucket's baseline errors may add beyond excusing the candidate's own; less is always fair
 * @param incident the baseline's: the bucket can lower the evidence, never raise it
 */
export const observeHealth = (
  excess: Excess,
  counts: Counts,
  at: Stakes,
  excuse = Number.POSITIVE_INFINITY,
  incident = false,
): Excess => {
  const { candidate: requests, candidateBad: bad, baseline, baselineBad } = counts;
  const ratio = baseline > 0 ? requests / baseline : 0;
  return {
    requests: excess.requests + requests,
    counted: excess.counted + (incident ? 0 : requests),
    bad: excess.bad + bad,
    baselineRequests: excess.baselineRequests + baseline,
    baselineBad: excess.baselineBad + baselineBad,
    expectedBad: excess.expectedBad + baselineBad * ratio,
    compared: excess.compared + (baseline > 0 ? requests : 0),
    comparedBad: excess.comparedBad + (baseline > 0 ? bad : 0),
    allowance: baselineBad === 0 ? excess.allowance : allowed(excess.allowance, counts, at, incident ? 0 : excuse),
    gain:
      bad === 0 && baselineBad === 0
        ? excess.gain
        : add(add(excess.gain, at.perCounterBad, bad), at.perCounterBaselineBad, baselineBad),
    reach: requests === 0 ? excess.reach : add(excess.reach, at.counter, requests),
  };
};

const allowed = (
  sums: readonly number[],
  { candidateBad, baselineBad }: Counts,
  { perBaselineBad }: Stakes,
  excuse: number,
): readonly number[] =>
  sums.map((sum, index) => {
    const own = candidateBad === 0 ? 0 : -candidateBad * (negatives[index] ?? 0);
    return sum + Math.min(baselineBad * (perBaselineBad[index] ?? 0), own + excuse);
  });

const add = (sums: readonly number[], terms: readonly number[], times: number): readonly number[] =>
  times === 0 ? sums : sums.map((sum, index) => sum + times * (terms[index] ?? 0));

/** ln of the evidence that the mean excess so far is below `bound`. */
export const logEvidenceBelow = (excess: Excess, bound: number): number =>
  logSum(upperLogs(excess).map((log, index) => log + (stakes[index] ?? 0) * excess.counted * bound));

const upperLogs = ({ bad, allowance }: Excess): readonly number[] =>
  allowance.map(
    (allowed, index) => (logPriors[index] ?? 0) + allowed + (bad === 0 ? 0 : bad * (negatives[index] ?? 0)),
  );

/** Candidate's rate minus the baseline's, bucket by bucket; undefined before the first comparison. */
export const estimatedExcess = ({ compared, comparedBad, expectedBad }: Excess): number | undefined =>
  compared > 0 ? (comparedBad - expectedBad) / compared : undefined;

/** Bounds on the mean excess, each holding at all looks with `confidence`. −1 and 1 when nothing is known. */
export const excessInterval = (excess: Excess, confidence: number): readonly [lower: number, upper: number] => {
  const target = -Math.log(1 - confidence);
  const upper = solve(
    upperLogs(excess),
    stakes.map((stake) => stake * excess.counted),
    target,
  );
  const lower = solve(
    excess.gain.map((gain) => gain + logCounterPrior),
    excess.reach,
    target,
  );
  return [Math.max(-1, -lower), Math.min(1, upper)];
};

/** The z at which ln Σ exp(log + slope·z) reaches the target: convex and rising in z, so Newton's steps from above stay above. */
const solve = (logs: readonly number[], slopes: readonly number[], target: number): number => {
  let z = Number.POSITIVE_INFINITY;
  logs.forEach((log, index) => {
    const slope = slopes[index] ?? 0;
    if (slope > 0 && log > Number.NEGATIVE_INFINITY) z = Math.min(z, (target - log) / slope);
  });
  if (z === Number.POSITIVE_INFINITY) return z;
  for (let step = 0; step < 12; step += 1) {
    let sum = 0;
    let rise = 0;
    logs.forEach((log, index) => {
      const slope = slopes[index] ?? 0;
      const term = Math.exp(log + slope * z - target);
      sum += term;
      rise += term * slope;
    });
    const move = (sum * Math.log(sum)) / rise;
    if (!(Math.abs(move) > 1e-12)) break;
    z -= move;
  }
  return z;
};
