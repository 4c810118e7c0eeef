import { scoresOfAnswered } from './metrics/scores.ts';
import { rising } from './order.ts';
import type { AnsweredRows, Answers } from './rows.ts';

/** One threshold of a binary classifier. */
export interface CurvePoint {
  readonly recall: number;
  readonly falsePositiveRate: number;
  readonly precision: number;
}

/** Points that a picture of the curve needs. */
const mostPoints = 200;

/**
 * From a threshold above all scores to one below: each threshold, or about every n-th. Undefined where the answers have no scores, or the labels
 * only one class.
 */
export const curveOf = (rows: AnsweredRows, answers: Answers): readonly CurvePoint[] | undefined => {
  const scores = scoresOfAnswered(rows, answers);
  const order = rising(scores).reverse();
  const weightOf = (row: number): number => rows.weights?.[row] ?? 1;
  const isPositive = (row: number): boolean => rows.labels[row] === rows.positive;
  let [positives, negatives] = [0, 0];
  for (const row of order) {
    if (isPositive(row)) positives += weightOf(row);
    else negatives += weightOf(row);
  }
  if (positives === 0 || negatives === 0) return undefined;
  const points: CurvePoint[] = [{ recall: 0, falsePositiveRate: 0, precision: 1 }];
  let [found, wrong] = [0, 0];
  for (const [place, row] of order.entries()) {
    if (isPositive(row)) found += weightOf(row);
    else wrong += weightOf(row);
    const last = place === order.length - 1;
    // Equal scores are one threshold.
    if (!last && scores[order[place + 1] ?? 0] === scores[row]) continue;
    const due = (place + 1) * mostPoints >= points.length * order.length;
    if (last || order.length <= mostPoints || due)
      points.push({
        recall: found / positives,
        falsePositiveRate: wrong / negatives,
        precision: found / (found + wrong),
      });
  }
  return points;
};
