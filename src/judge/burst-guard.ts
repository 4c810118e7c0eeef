import { counted } from './amounts.ts';
import type { Alternatives } from './conviction.ts';
import { type Block, unevenness } from './dispersion.ts';

/**
 * Errors that come in bursts (a retry storm, one bad host) can hit one arm alone. Requests are then not exchangeable, and the bound
 * on false convictions does not hold by itself. The guard caps the evidence of one bucket, so that no fewer than three can convict.
 * It costs time on a clean history. So the day before the rollout decides whether the guard is on, and the plan freezes the
 * decision.
 */
export interface GuardDecision {
  readonly needed: boolean;
  readonly because: string;
}

/** Fewest buckets that can convict while the guard is on, however many requests they have. */
const fewestConvictingBuckets = 3;
/** A bucket, or a minute, with so many candidate requests counts less than a large one: one caller's storm is a large part of it. */
const fewRequests = { inBucket: 30, inMinute: 75 };
/** From this factor over the margin on, an alternative may gain the full amount of one bucket. */
const fullFactor = 4;

/**
 * Most that one bucket may add to each alternative, in nats. A slightly worse candidate gives a little evidence in every bucket.
 * The alternatives of small factors forget slowly, so occasional bursts would add up in them; each bucket may add only little
 * there. The caps depend on request counts alone, never on failures, so the bet stays fair.
 */
export const guardCaps = (
  falseRollback: number,
  { factors }: Alternatives,
  requests: number,
  few = fewRequests.inBucket,
): readonly number[] => {
  const buckets = fewestConvictingBuckets + few / Math.max(1, requests);
  const most = -Math.log(falseRollback) / buckets;
  return factors.map((factor) => most * Math.min(1, Math.log(factor) / Math.log(fullFactor)));
};

/**
 * The same with an allowance: a burst that lasts for several buckets counts once in `burstSeconds`. Where bursts end within a minute,
 * three of them convict; where storms last for minutes, four.
 * @param requests of the candidate, a minute
 */
export const allowanceCaps = (
  falseRollback: number,
  alternatives: Alternatives,
  requests: number,
  burstSeconds = 60,
): readonly number[] =>
  burstSeconds > 60
    ? guardCaps(falseRollback, alternatives, requests)
    : guardCaps(falseRollback, alternatives, requests, fewRequests.inMinute).map((cap) => ofThree * cap);

/** The prior of alternative and start costs about this much of a threshold: without it, four bursts would be needed instead of three. */
const ofThree = 1.37;

/** Most of the evidence that is set aside: a smaller stake grows more slowly. */
const mostAside = 0.3;

/**
 * Share of the evidence that is not staked in a bucket, so that one burst of the baseline cannot take all of it away. A burst is the
 * candidate's with a chance of its share w of the requests. It then multiplies the evidence by e^cap, and otherwise by no less than the
 * share set aside. So a bet on a single burst stays fair while w·e^cap + (1 − w)·aside ≤ 1. With a share of about a seventh or more no
 * amount is: there the whole is staked. Where the candidate has few requests, a burst does not follow the shares.
 * @param requests of the candidate, a minute
 */
export const setAside = (caps: readonly number[], share: number, requests: number): number =>
  Math.max(0, Math.min(mostAside, (1 - share * Math.exp(Math.max(...caps))) / (1 - share))) *
  Math.max(0, 1 - fewRequests.inBucket / requests);

/** What is left, of each alternative, for the next bucket. */
export type Allowance = readonly number[];

/**
 * Most that this bucket may add. It depends on the buckets before and on the requests of this one, so the bet stays fair.
 * @param part of the time of one burst that this bucket lasts
 */
export const allowedIn = (before: Allowance | undefined, caps: readonly number[], part: number): Allowance =>
  caps.map((cap, index) => Math.min(cap, (before?.[index] ?? cap) + part * cap));

/** A loss is given back: the allowance limits the sum of gains and losses. */
export const leftOf = (allowed: Allowance, gains: readonly number[]): Allowance =>
  allowed.map((most, index) => most - (gains[index] ?? 0));

/** Most, in nats, that a burst in the baseline alone may add in favour of the candidate. */
export const guardExcuse = (confidence: number): number => -Math.log(1 - confidence) / 6;

/** Fewest buckets with requests that make a history. */
const shortestHistory = 60;
/** A steady endpoint's pairs differ by this many standard deviations about once in a thousand days. */
const tolerated = 4;
/** Chance, over the whole history, that a steady endpoint shows a pair as uneven as one that switches the guard on. */
const rarest = 1e-3;

/**
 * Neighbouring buckets are compared two by two: given the bad requests of both together, the first one's are binomial, whatever the
 * rate is. So slow drift and daily load cancel, and only changes from one bucket to the next remain. The guard is needed when the
 * sum of the squared, standardised differences is too large (many small bursts) or one pair is too uneven (a rare large one).
 * @param history the baseline's buckets in order, oldest first, from before the first candidate request
 */
export const needsBurstGuard = (history: readonly Block[]): GuardDecision => {
  const served = history.filter(({ requests }) => requests > 0);
  if (served.length < shortestHistory)
    return {
      needed: true,
      because: `only ${counted(served.length, 'bucket')} of history ${served.length === 1 ? 'has' : 'have'} requests: too few to see bursts of errors`,
    };
  const pairs: Pair[] = [];
  for (let index = 0; index + 1 < served.length; index += 2) {
    const [first, second] = served.slice(index, index + 2);
    if (first && second && first.bad + second.bad > 0) pairs.push(pairOf(first, second));
  }
  const surplus = pairs.reduce((sum, { square }) => sum + square - 1, 0);
  const spread = Math.sqrt(pairs.reduce((sum, { variance }) => sum + variance, 0));
  if (surplus > tolerated * spread && surplus > 0) {
    const dispersion = (surplus / pairs.length + 1).toFixed(1);
    return {
      needed: true,
      because: `errors of neighbouring buckets differ ${dispersion} times as much as independent errors would`,
    };
  }
  const limit = Math.log(rarest / Math.max(1, pairs.length));
  const worst = pairs.find(({ logChance }) => logChance < limit);
  if (worst)
    return {
      needed: true,
      because: `${worst.larger} errors in one bucket beside ${worst.smaller} in the next: a burst`,
    };
  const uneven = unevenness(served);
  if (uneven)
    return {
      needed: true,
      because: `errors of ${counted(uneven.minutes, 'minute')} differ ${uneven.times.toFixed(1)} times as much from those before and after as independent errors would`,
    };
  return { needed: false, because: `errors came singly in ${counted(served.length, 'bucket')}` };
};

interface Pair {
  readonly square: number;
  /** Variance of the square if the errors were independent. */
  readonly variance: number;
  /** ln of a bound on the chance of a pair this uneven. */
  readonly logChance: number;
  readonly larger: number;
  readonly smaller: number;
}

const pairOf = (first: Block, second: Block): Pair => {
  const total = first.bad + second.bad;
  const share = first.requests / (first.requests + second.requests);
  const scale = total * share * (1 - share);
  return {
    square: (first.bad - total * share) ** 2 / scale,
    // Fourth moment of a binomial: E z⁴ = 3 + (1 − 6·w·(1 − w)) / (m·w·(1 − w)).
    variance: Math.max(0, 2 + (1 - 6 * share * (1 - share)) / scale),
    logChance: Math.LN2 - total * divergence(first.bad / total, share),
    larger: Math.max(first.bad, second.bad),
    smaller: Math.min(first.bad, second.bad),
  };
};

/** Kullback–Leibler divergence of two coins: Chernoff's bound on a binomial tail is e^(−m·divergence). */
const divergence = (seen: number, expected: number): number =>
  (seen > 0 ? seen * Math.log(seen / expected) : 0) +
  (seen < 1 ? (1 - seen) * Math.log((1 - seen) / (1 - expected)) : 0);
