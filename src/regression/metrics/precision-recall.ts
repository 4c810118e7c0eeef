import type { Shape } from '../measure.ts';
import { rising } from '../order.ts';
import { ratio } from '../ratio.ts';
import { takesPart } from '../usable.ts';
import { scoresOfAnswered } from './scores.ts';

/**
 * A sum over the points of the precision-recall curve, from the highest score down; equal scores are one point.
 * @param area of one step: the gain of recall, the precision before and after it
 */
const overCurve = (area: (recallGained: number, before: number, after: number) => number): Shape => ({
  is: 'whole',
  takesPart: (rows, answers) => takesPart({ needs: 'scores' }, rows, answers),
  over: (rows, answers) => {
    const scores = scoresOfAnswered(rows, answers);
    const order = rising(scores).reverse();
    const steps = stepsOf(order, scores);
    const positives = Uint8Array.from(order, (row) => (rows.labels[row] === rows.positive ? 1 : 0));
    return (multiplicities) => {
      let sum = 0;
      let found = 0;
      let seen = 0;
      let precision = 1;
      for (let step = 0, place = 0; step < steps.length; step++) {
        const foundBefore = found;
        for (const end = steps[step] ?? 0; place < end; place++) {
          const count = multiplicities[order[place] ?? 0] ?? 0;
          seen += count;
          if (positives[place] === 1) found += count;
        }
        if (seen === 0) continue;
        const after = found / seen;
        if (found > foundBefore) sum += area(found - foundBefore, precision, after);
        precision = after;
      }
      // One class alone has no curve.
      return found === seen ? null : ratio(sum, found);
    };
  },
});

/** For each score in turn, the place after the last row that has it. */
const stepsOf = (order: Uint32Array, scores: Float64Array): Uint32Array => {
  const ends = new Uint32Array(order.length);
  let count = 0;
  for (let place = 1; place <= order.length; place++)
    if (place === order.length || scores[order[place] ?? 0] !== scores[order[place - 1] ?? 0]) ends[count++] = place;
  return ends.subarray(0, count);
};

export const averagePrecision = overCurve((gained, _, after) => gained * after);

/** By trapezoids; the curve begins with a precision of 1. */
export const precisionRecallArea = overCurve((gained, before, after) => (gained * (before + after)) / 2);
