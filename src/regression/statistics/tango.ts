import { normalQuantile } from './normal.ts';
import { rootOfFalling } from './root.ts';

/** Rows, split by which model is right. Real numbers: weights and clusters make them effective numbers of rows. */
export interface Discordance {
  readonly rows: number;
  /** Only the candidate is right; only the baseline is. */
  readonly gained: number;
  readonly lost: number;
}

/**
 * Tango's score statistic (Statistics in Medicine 17, 1998): how many standard errors the difference of two proportions of the same rows is
 * above `difference`. The standard error is the one that rows with this difference would have, so it is not 0 where the models agree.
 */
export const tangoScore = (counts: Discordance, difference: number): number => {
  const { rows, gained, lost } = counts;
  const distance = gained - lost - rows * difference;
  if (distance === 0) return 0;
  return distance / (Math.sqrt(rows) * spreadAt(counts, difference));
};

/** √n times the standard error, were the true difference `difference`: by the most likely proportions that have it. */
export const spreadAt = ({ rows, gained, lost }: Discordance, difference: number): number => {
  const a = 2 * rows;
  const b = -gained - lost + (2 * rows - gained + lost) * difference;
  const c = -lost * difference * (1 - difference);
  const onlyBaseline = (Math.sqrt(Math.max(0, b * b - 4 * a * c)) - b) / (2 * a);
  return Math.sqrt(Math.max(0, 2 * onlyBaseline + difference * (1 - difference)));
};

/** The difference that lies `confidence` low, or (below ½) high, among those that the rows allow. */
export const tangoLower = (counts: Discordance, confidence: number): number =>
  boundAt(counts, normalQuantile(confidence));

export const tangoUpper = (counts: Discordance, confidence: number): number =>
  boundAt(counts, -normalQuantile(confidence));

/** The score falls as the assumed difference rises: from +∞ at −1 to −∞ at 1. */
const boundAt = (counts: Discordance, score: number): number =>
  rootOfFalling((difference) => tangoScore(counts, difference) - score, -1, 1);
