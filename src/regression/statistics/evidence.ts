import type { Cell } from '../../findings/comparison.ts';
import { normalAbove, normalBelow, normalQuantile } from './normal.ts';
import { studentAbove, studentQuantile } from './student.ts';
import { type Discordance, spreadAt, tangoLower, tangoScore, tangoUpper } from './tango.ts';
import { wilsonBound, wilsonScore } from './wilson.ts';

/**
 * The rows' evidence about one number: by how much the candidate is better, or its value. Bounds and p belong together: the upper bound at
 * confidence 1 − α is below a threshold exactly where the p of "at least the threshold" is below α.
 */
export interface Evidence {
  readonly statistic: Cell['statistic'];
  /** Each holds with `confidence`, one-sided. */
  readonly lower: (confidence: number) => number;
  readonly upper: (confidence: number) => number;
  /** p of the hypothesis that the number is `threshold` or more; of that it is `threshold` or less. */
  readonly pAtLeast: (threshold: number) => number;
  readonly pAtMost: (threshold: number) => number;
  /** Standard error of the estimate with as many rows, were the number `value`: for power and rows needed. */
  readonly standardErrorAt: (value: number) => number;
}

/** The difference of two proportions of the same rows. */
export const tangoEvidence = (counts: Discordance): Evidence => {
  // Of equal models with as many differing rows; one more, for the next set may have some where this has none.
  const each = (counts.gained + counts.lost + 1) / 2;
  const even = { rows: Math.max(counts.rows, 2 * each), gained: each, lost: each };
  return {
    statistic: 'tango',
    lower: (confidence) => tangoLower(counts, confidence),
    upper: (confidence) => tangoUpper(counts, confidence),
    pAtLeast: (threshold) => normalBelow(tangoScore(counts, threshold)),
    pAtMost: (threshold) => normalAbove(tangoScore(counts, threshold)),
    standardErrorAt: (value) => spreadAt(even, value) / Math.sqrt(counts.rows),
  };
};

/** One proportion. */
export const wilsonEvidence = (hits: number, rows: number): Evidence => ({
  statistic: 'wilson',
  lower: (confidence) => wilsonBound(hits, rows, normalQuantile(confidence)),
  upper: (confidence) => wilsonBound(hits, rows, -normalQuantile(confidence)),
  pAtLeast: (threshold) => normalBelow(wilsonScore(hits, rows, threshold)),
  pAtMost: (threshold) => normalAbove(wilsonScore(hits, rows, threshold)),
  standardErrorAt: (value) => {
    const share = Math.min(1, Math.max(0, value));
    // Half a row more of each kind: near 0 and 1 the error is not 0.
    return Math.sqrt((share * (1 - share) + 0.5 / rows) / rows);
  },
});

/**
 * An estimate whose distance from the truth, in standard errors, has Student's distribution; with a skewness after Hall's correction, which
 * makes it so (Journal of the Royal Statistical Society B 54, 1992).
 * @param skewness of the estimate; 0: none
 */
export const studentEvidence = (
  estimate: number,
  standardError: number,
  freedom: number,
  statistic: Cell['statistic'],
  skewness = 0,
): Evidence => {
  const scoreOf = (threshold: number): number =>
    threshold === estimate ? skewness / 6 : unskewed((estimate - threshold) / standardError, skewness);
  const thresholdOf = (score: number): number => estimate - skewed(score, skewness) * standardError;
  return {
    statistic,
    lower: (confidence) => thresholdOf(studentQuantile(confidence, freedom)),
    upper: (confidence) => thresholdOf(-studentQuantile(confidence, freedom)),
    pAtLeast: (threshold) => studentAbove(-scoreOf(threshold), freedom),
    pAtMost: (threshold) => studentAbove(scoreOf(threshold), freedom),
    standardErrorAt: () => (standardError * studentQuantile(0.95, freedom)) / normalQuantile(0.95),
  };
};

/** Hall's monotone transformation of a skewed t to a symmetric one, and its inverse. */
const unskewed = (t: number, skewness: number): number =>
  t + (skewness * t * t) / 3 + (skewness * skewness * t * t * t) / 27 + skewness / 6;

const skewed = (score: number, skewness: number): number =>
  Math.abs(skewness) < 1e-9 ? score : (3 / skewness) * (Math.cbrt(1 + skewness * (score - skewness / 6)) - 1);

/**
 * Where no row makes a difference, rows alone bound it: the share of rows that could, by Tango's interval of no differing row, times the
 * most that all rows together can change.
 */
export const unseenEvidence = (
  estimate: number,
  rows: number,
  range: number,
  statistic: Cell['statistic'],
): Evidence => {
  const none = { rows, gained: 0, lost: 0 };
  const score = (threshold: number): number =>
    tangoScore(none, Math.min(1, Math.max(-1, (threshold - estimate) / range)));
  return {
    statistic,
    lower: (confidence) => estimate + range * tangoLower(none, confidence),
    upper: (confidence) => estimate + range * tangoUpper(none, confidence),
    pAtLeast: (threshold) => normalBelow(score(threshold)),
    pAtMost: (threshold) => normalAbove(score(threshold)),
    standardErrorAt: (value) => range * tangoEvidence(none).standardErrorAt((value - estimate) / range),
  };
};

/** The same with an interval that reaches further on each side. */
export const widened = (
  evidence: Evidence,
  { below, above }: { readonly below: number; readonly above: number },
): Evidence => ({
  ...evidence,
  lower: (confidence) => evidence.lower(confidence) - below,
  upper: (confidence) => evidence.upper(confidence) + above,
  pAtLeast: (threshold) => evidence.pAtLeast(threshold - above),
  pAtMost: (threshold) => evidence.pAtMost(threshold + below),
  standardErrorAt: (value) => evidence.standardErrorAt(value) + Math.max(below, above) / normalQuantile(0.95),
});

/** Evidence about the number's distance above `limit`, or below it. */
export const distanceAbove = (evidence: Evidence, limit: number): Evidence => ({
  ...evidence,
  lower: (confidence) => evidence.lower(confidence) - limit,
  upper: (confidence) => evidence.upper(confidence) - limit,
  pAtLeast: (threshold) => evidence.pAtLeast(limit + threshold),
  pAtMost: (threshold) => evidence.pAtMost(limit + threshold),
  standardErrorAt: (value) => evidence.standardErrorAt(limit + value),
});

export const distanceBelow = (evidence: Evidence, limit: number): Evidence => ({
  ...evidence,
  lower: (confidence) => limit - evidence.upper(confidence),
  upper: (confidence) => limit - evidence.lower(confidence),
  pAtLeast: (threshold) => evidence.pAtMost(limit - threshold),
  pAtMost: (threshold) => evidence.pAtLeast(limit - threshold),
  standardErrorAt: (value) => evidence.standardErrorAt(limit - value),
});

/** The less favourable of two views of one number. */
export const unfavourable = (one: Evidence, other: Evidence): Evidence => ({
  statistic: one.statistic,
  lower: (confidence) => Math.min(one.lower(confidence), other.lower(confidence)),
  upper: (confidence) => Math.max(one.upper(confidence), other.upper(confidence)),
  pAtLeast: (threshold) => Math.max(one.pAtLeast(threshold), other.pAtLeast(threshold)),
  pAtMost: (threshold) => Math.max(one.pAtMost(threshold), other.pAtMost(threshold)),
  standardErrorAt: (value) => Math.max(one.standardErrorAt(value), other.standardErrorAt(value)),
});
