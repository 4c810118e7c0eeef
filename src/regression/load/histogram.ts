import { quantileOf } from '../metrics/quantile.ts';
import { betaBelow } from '../statistics/beta.ts';

/**
 * Milliseconds until good answers, with the number of requests that took so long, rising. Milliseconds are rounded up to three digits, so
 * that an hour of requests is a few hundred pairs; no quantile is more than 1 % too high for it, and none too low.
 */
export type Histogram = readonly (readonly [milliseconds: number, requests: number])[];

/** 12.34 → 12.4; 1,231 → 1,240. */
export const rounded = (milliseconds: number): number => {
  if (milliseconds <= 0) return 0;
  const unit = 10 ** (Math.floor(Math.log10(milliseconds)) - 2);
  // Of a number that has three digits already, the quotient may be a hair above a whole one.
  return Number((Math.ceil(Number((milliseconds / unit).toPrecision(12))) * unit).toPrecision(3));
};

export const histogramOf = (counts: ReadonlyMap<number, number>): Histogram =>
  [...counts].toSorted(([one], [other]) => one - other);

export const merged = (histograms: readonly Histogram[]): Histogram => {
  const counts = new Map<number, number>();
  for (const [milliseconds, requests] of histograms.flat())
    counts.set(milliseconds, (counts.get(milliseconds) ?? 0) + requests);
  return histogramOf(counts);
};

export const countOf = (histogram: Histogram): number => histogram.reduce((sum, [, requests]) => sum + requests, 0);

/** A quantile of all requests, and the values between which the true one lies, each with the confidence of the whole gate. */
export interface Quantile {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/**
 * A request without a good answer took longer than every other one: a model that refuses quickly is not a fast one. So a quantile may be
 * infinite. It is a value of a request; where the share ends exactly between two, their mean. Its interval is that of order statistics: how
 * many of `n` requests are below the true quantile is a binomial number, whatever the distribution of latencies.
 * @param unanswered requests without a good answer
 * @returns undefined without requests
 */
export const quantileIn = (
  histogram: Histogram,
  unanswered: number,
  level: number,
  confidence: number,
): Quantile | undefined => {
  const all: Histogram = unanswered === 0 ? histogram : [...histogram, [Number.POSITIVE_INFINITY, unanswered]];
  const requests = countOf(all);
  const values = Float64Array.from(all, ([milliseconds]) => milliseconds);
  const value = quantileOf(
    { values, order: Uint32Array.from(values.keys()) },
    level,
    Float64Array.from(all, ([, count]) => count),
  );
  if (value === null) return undefined;
  return {
    value,
    low: valueAt(all, lowRank(requests, level, confidence)),
    high: valueAt(all, highRank(requests, level, confidence)),
  };
};

/** The value of the request at this place, from 1; nothing is below the first, and there is no limit above the last. */
const valueAt = (histogram: Histogram, rank: number): number => {
  if (rank < 1) return 0;
  let below = 0;
  for (const [milliseconds, requests] of histogram) {
    below += requests;
    if (rank <= below) return milliseconds;
  }
  return Number.POSITIVE_INFINITY;
};

/** P(of `requests`, at least `rank` are below the true quantile). */
const reaches = (requests: number, level: number, rank: number): number =>
  rank < 1 ? 1 : betaBelow(level, rank, requests - rank + 1);

/** The greatest rank whose value is below the true quantile, with confidence; 0: there is none. */
const lowRank = (requests: number, level: number, confidence: number): number =>
  lastWhere(requests, (rank) => reaches(requests, level, rank) >= confidence);

/** The least rank whose value is above the true quantile, with confidence; more than `requests`: there is none. */
const highRank = (requests: number, level: number, confidence: number): number =>
  lastWhere(requests, (rank) => reaches(requests, level, rank) > 1 - confidence) + 1;

/** The last of 1 to `most` for which it holds, where it holds up to there; 0: for none. */
const lastWhere = (most: number, holds: (rank: number) => boolean): number => {
  let below = 0;
  let above = most + 1;
  while (above - below > 1) {
    const middle = (below + above) >> 1;
    if (holds(middle)) below = middle;
    else above = middle;
  }
  return below;
};
