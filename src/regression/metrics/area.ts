import { nothing } from '../leave-out.ts';
import { rising } from '../order.ts';
import { ratio } from '../ratio.ts';

/** Rows in rising order of their scores; those of the class are to stand above the others. */
export interface TwoKinds {
  readonly scores: Float64Array;
  readonly order: Uint32Array;
  readonly isOfClass: (row: number) => boolean;
  readonly weightOf: (row: number) => number;
}

/**
 * The chance that a row of the class has the higher score, ties counted half. Rows without a score are left out; null without both kinds.
 * @param labels 1 for rows of the class, 0 for others
 */
export const areaUnderRoc = (
  scores: Float64Array,
  labels: Float64Array,
  weights: Float64Array | undefined,
): number | null =>
  areaInOrder({
    scores,
    order: rising(scores),
    isOfClass: (row) => labels[row] === 1,
    weightOf: (row) => weights?.[row] ?? 1,
  });

/** The same over rows that are in order. */
export const areaInOrder = (rows: TwoKinds): number | null => {
  let below = 0;
  let ofClass = 0;
  let won = 0;
  eachScore(rows, (_start, _end, own, others) => {
    won += own * (below + others / 2);
    below += others;
    ofClass += own;
  });
  return ratio(won, below * ofClass);
};

/** Visits the rows of each score in turn, with the weights of both kinds. */
const eachScore = (
  { scores, order, isOfClass, weightOf }: TwoKinds,
  visit: (start: number, end: number, own: number, others: number) => void,
): void => {
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
    visit(start, end, own, others);
    start = end;
  }
};

/**
 * The area without the rows of each unit: pairs of two rows of the unit are lost once, though each of the two is left out.
 * @param units their number
 */
export const areasWithout = (rows: TwoKinds, unitOf: (row: number) => number, units: number): Float64Array => {
  const { order, isOfClass, weightOf } = rows;
  let ofClass = 0;
  for (let place = 0; place < order.length; place++) {
    const row = order[place] ?? 0;
    if (isOfClass(row)) ofClass += weightOf(row);
  }
  let won = 0;
  let below = 0;
  let ofClassBelow = 0;
  const lost = new Float64Array(units);
  const belows = new Float64Array(units);
  const ofClasses = new Float64Array(units);
  eachScore(rows, (start, end, own, others) => {
    won += own * (below + others / 2);
    for (let place = start; place < end; place++) {
      const row = order[place] ?? 0;
      const unit = unitOf(row);
      const weight = weightOf(row);
      if (isOfClass(row)) {
        // Half of those of its own unit beside it are counted here, before they are below; the other half once they are.
        lost[unit] = (lost[unit] ?? 0) + weight * (below + others / 2 - (belows[unit] ?? 0) / 2);
        ofClasses[unit] = (ofClasses[unit] ?? 0) + weight;
      } else {
        lost[unit] = (lost[unit] ?? 0) + weight * (ofClass - ofClassBelow - own / 2);
      }
    }
    for (let place = start; place < end; place++) {
      const row = order[place] ?? 0;
      const unit = unitOf(row);
      if (!isOfClass(row)) belows[unit] = (belows[unit] ?? 0) + weightOf(row);
    }
    for (let place = start; place < end; place++) {
      const row = order[place] ?? 0;
      const unit = unitOf(row);
      if (isOfClass(row)) lost[unit] = (lost[unit] ?? 0) - (weightOf(row) * (belows[unit] ?? 0)) / 2;
    }
    below += others;
    ofClassBelow += own;
  });
  return lost.map((lostOfUnit, unit) => {
    const own = ofClass - (ofClasses[unit] ?? 0);
    const others = below - (belows[unit] ?? 0);
    return own > ofClass * nothing && others > below * nothing ? (won - lostOfUnit) / (own * others) : Number.NaN;
  });
};
