import { type Grid, unaimedGrid } from './bets.ts';
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
 * For a limit of the ratio, ρ times the baseline's rate, the factor is (1 − s)^x · (1 + s·ρ·c/b)^y: at rates q and r·q it is expected
 * to be at most exp(c·s·q·(ρ − r)), so the product is an e-process against "the candidate's expected bad requests so far are ρ times
 * those at the baseline's rates, or more", whatever both did from bucket to bucket. Where either limit suffices, the evidence is a
 * weighted mean of both: a candidate beyond both limits makes both of them fair, and their mean too.
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
  /** Requests of buckets without an incident of the baseline, each over the dispersion of its bucket: the upper bound is about these. */
  readonly counted: number;
  readonly bad: number;
  /** The same as evidence: each over the dispersion of its bucket. */
  readonly badAsEvidence: number;
  readonly baselineRequests: number;
  readonly baselineBad: number;
  /** Bad requests the candidate would have had at the baseline's rate: Σ y·c/b. */
  readonly expectedBad: number;
  /** Requests behind the estimate: those of buckets with a baseline to compare with. */
  readonly compared: number;
  readonly comparedBad: number;
  /** Σ y·ln(1 + s·c/b), for each s of the upper bound, and Σ y·ln(1 + s·ρ·c/b) for each bet on the ratio. Empty: all 0. */
  readonly allowance: readonly number[];
  /** Σ x·ln(1 + k) + y·ln(1 − k·c/b), for each k of the lower bound. */
  readonly gain: readonly number[];
  /** Σ k·c. */
  readonly reach: readonly number[];
}

const counterStakes: readonly number[] = [0.03, 0.1, 0.3, 1, 3, 8];
const logCounterPrior = -Math.log(counterStakes.length);
const counterLogs: readonly number[] = counterStakes.map(Math.log1p);
/** k·c/b stays below 1: a bucket with few baseline requests cannot carry a larger stake. */
const largestCounterStake = 0.9;

export const noExcess: Excess = {
  requests: 0,
  counted: 0,
  bad: 0,
  badAsEvidence: 0,
  baselineRequests: 0,
  baselineBad: 0,
  expectedBad: 0,
  compared: 0,
  comparedBad: 0,
  allowance: [],
  gain: counterStakes.map(() => 0),
  reach: counterStakes.map(() => 0),
};

/** Values that depend on a bucket's request counts alone; metrics that are counted per request share them. */
export interface Stakes {
  /** ln(1 − s) for each bet; it depends on the bets alone. */
  readonly perBad: readonly number[];
  readonly perBaselineBad: readonly number[];
  readonly counter: readonly number[];
  readonly perCounterBad: readonly number[];
  readonly perCounterBaselineBad: readonly number[];
}

export const stakesOf = ({ candidate, baseline }: Counts, { stakes, times, perBad }: Grid = unaimedGrid): Stakes => {
  const ratio = baseline > 0 ? candidate / baseline : 0;
  const limit = candidate > 0 ? (largestCounterStake * baseline) / candidate : 0;
  const counter = counterStakes.map((stake) => Math.min(stake, limit));
  return {
    perBad,
    perBaselineBad: stakes.map((stake, index) => Math.log1p(stake * (times[index] ?? 1) * ratio)),
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
 * @param dispersion at least 1, and known before the bucket: its factor to the power 1/D is as fair (`dispersion.ts`)
 */
export const observeHealth = (
  excess: Excess,
  counts: Counts,
  at: Stakes,
  excuse = Number.POSITIVE_INFINITY,
  incident = false,
  dispersion = 1,
): Excess => {
  const { candidate: requests, candidateBad: bad, baseline, baselineBad } = counts;
  const ratio = baseline > 0 ? requests / baseline : 0;
  return {
    requests: excess.requests + requests,
    counted: excess.counted + (incident ? 0 : requests / dispersion),
    bad: excess.bad + bad,
    badAsEvidence: excess.badAsEvidence + bad / dispersion,
    baselineRequests: excess.baselineRequests + baseline,
    baselineBad: excess.baselineBad + baselineBad,
    expectedBad: excess.expectedBad + baselineBad * ratio,
    compared: excess.compared + (baseline > 0 ? requests : 0),
    comparedBad: excess.comparedBad + (baseline > 0 ? bad : 0),
    allowance:
      baselineBad === 0 ? excess.allowance : allowed(excess.allowance, counts, at, incident ? 0 : excuse, dispersion),
    gain:
      bad === 0 && baselineBad === 0
        ? excess.gain
        : add(add(excess.gain, at.perCounterBad, bad / dispersion), at.perCounterBaselineBad, baselineBad / dispersion),
    reach: requests === 0 ? excess.reach : add(excess.reach, at.counter, requests / dispersion),
  };
};

const allowed = (
  sums: readonly number[],
  { candidateBad, baselineBad }: Counts,
  { perBad, perBaselineBad }: Stakes,
  excuse: number,
  dispersion: number,
): readonly number[] =>
  perBaselineBad.map((log, index) => {
    const own = candidateBad === 0 ? 0 : -candidateBad * (perBad[index] ?? 0);
    return (sums[index] ?? 0) + Math.min(baselineBad * log, own + excuse) / dispersion;
  });

const add = (sums: readonly number[], terms: readonly number[], times: number): readonly number[] =>
  times === 0 ? sums : sums.map((sum, index) => sum + times * (terms[index] ?? 0));

/** ln of the evidence that the mean excess so far is below `bound`, or the mean ratio below the limit of the bets on it. */
export const logEvidenceBelow = (excess: Excess, bound: number, grid: Grid = unaimedGrid): number =>
  logSum(
    betLogs(excess, grid).map(
      (log, index) =>
        (grid.logParts[index] ?? 0) +
        log +
        (index < grid.onExcess ? (grid.stakes[index] ?? 0) * excess.counted * bound : 0),
    ),
  );

/** Of each bet, with its prior: what the bad requests of both arms made of it. */
const betLogs = ({ badAsEvidence: bad, allowance }: Excess, { logPriors, perBad }: Grid): readonly number[] =>
  logPriors.map((prior, index) => prior + (allowance[index] ?? 0) + (bad === 0 ? 0 : bad * (perBad[index] ?? 0)));

/** Candidate's rate minus the baseline's, bucket by bucket; undefined before the first comparison. */
export const estimatedExcess = ({ compared, comparedBad, expectedBad }: Excess): number | undefined =>
  compared > 0 ? (comparedBad - expectedBad) / compared : undefined;

/** Bounds on the mean excess, each holding at all looks with `confidence`. −1 and 1 when nothing is known. */
export const excessInterval = (
  excess: Excess,
  confidence: number,
  grid: Grid = unaimedGrid,
): readonly [lower: number, upper: number] => {
  const target = -Math.log(1 - confidence);
  const upper = solve(
    betLogs(excess, grid).slice(0, grid.onExcess),
    grid.stakes.map((stake) => stake * excess.counted),
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
