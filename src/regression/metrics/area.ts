import { rising } from '../order.ts';
import { ratio } from '../ratio.ts';

/**
 * The chance that a row of the class has the higher score, ties counted half. Rows without a score are left out; null without both kinds.
 * @param labels 1 for rows of the class, 0 for others
 */
export const areaUnderRoc = (
  scores: Float64Array,
  labels: Float64Array,
  weights: Float64Array | undefined,
): number | null =>
  areaInOrder(
    rising(scores),
    scores,
    (i) => labels[i] === 1,
    (i) => weights?.[i] ?? 1,
  );

/** The same over rows in rising order of scores, for any weights. */
export const areaInOrder = (
  order: Uint32Array,
  scores: Float64Array,
  isOfClass: (row: number) => boolean,
  weightOf: (row: number) => number,
): number | null => {
  let below = 0;
  let ofClass = 0;
  let won = 0;
  for (let start = 0; start < order.length; ) {
    const score = scores[order[start] ?? 0];
    let others = 0;
    let own = 0;
    let end = start;
    for (; end < order.length; end++) {
      const row = order[end] ?? 0;
      if (scores[row] !== score) break;
      if (isOfClass(row)) own += weightOf(row);
      else others += weightOf(row);
    }
    won += own * (below + others / 2);
    below += others;
    ofClass += own;
    start = end;
  }
  return ratio(won, below * ofClass);
};
