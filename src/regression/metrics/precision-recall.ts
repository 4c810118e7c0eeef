import { nothing } from '../leave-out.ts';
import type { Shape } from '../measure.ts';
import { rising } from '../order.ts';
import { ratio } from '../ratio.ts';
import type { AnsweredRows, Answers, Codes } from '../rows.ts';
import { takesPart } from '../usable.ts';
import { scoresOfAnswered } from './scores.ts';

/** Of one step of the curve: the gain of recall, times the precision before and after it. */
type Area = (gained: number, before: number, after: number) => number;

/** A sum over the points of the precision-recall curve, from the highest score down; equal scores are one point. */
const overCurve = (area: Area): Shape => ({
  is: 'whole',
  takesPart: (rows, answers) => takesPart({ needs: 'scores' }, rows, answers),
  over: (rows, answers) => {
    const steps = stepsOf(rows, answers);
    return {
      value: (multiplicities) => areaOver(steps, multiplicities, area),
      withoutEach: (multiplicities, units) => areasWithout(steps, multiplicities, units, area),
    };
  },
});

interface Steps {
  readonly labels: Float64Array;
  /** Rows by falling score, and whether each is of the positive class. */
  readonly order: Uint32Array;
  readonly positives: Uint8Array;
  /** For each score in turn, the place after the last row that has it. */
  readonly ends: Uint32Array;
}

/** The steps of both metrics of the curve are the same, and a million rows take a while to order. */
const known = new WeakMap<Answers, Steps>();

const stepsOf = (rows: AnsweredRows, answers: Answers): Steps => {
  const found = known.get(answers);
  if (found?.labels === rows.labels) return found;
  const steps = newSteps(rows, answers);
  known.set(answers, steps);
  return steps;
};

const newSteps = (rows: AnsweredRows, answers: Answers): Steps => {
  const scores = scoresOfAnswered(rows, answers);
  const order = rising(scores).reverse();
  const ends = new Uint32Array(order.length);
  const positives = new Uint8Array(order.length);
  let count = 0;
  for (let place = 0; place < order.length; place++) {
    const row = order[place] ?? 0;
    positives[place] = rows.labels[row] === rows.positive ? 1 : 0;
    const next = order[place + 1];
    if (next === undefined || scores[next] !== scores[row]) ends[count++] = place + 1;
  }
  return { labels: rows.labels, order, positives, ends: ends.subarray(0, count) };
};

const areaOver = ({ order, positives, ends }: Steps, multiplicities: Float64Array, area: Area): number | null => {
  let sum = 0;
  let found = 0;
  let seen = 0;
  let precision = 1;
  for (let step = 0, place = 0; step < ends.length; step++) {
    const foundBefore = found;
    for (const end = ends[step] ?? 0; place < end; place++) {
      const times = multiplicities[order[place] ?? 0] ?? 0;
      seen += times;
      if (positives[place] === 1) found += times;
    }
    if (seen === 0) continue;
    const after = found / seen;
    if (found > foundBefore) sum += area(found - foundBefore, precision, after);
    precision = after;
  }
  // One class alone has no curve.
  return found === seen ? null : ratio(sum, found);
};

/** Only steps that find something add to a curve, with one unit's rows or without. */
const areasWithout = (
  { order, positives, ends }: Steps,
  multiplicities: Float64Array,
  { of, count }: Codes,
  area: Area,
): Float64Array => {
  const sums = new Float64Array(count);
  const founds = new Float64Array(count);
  const seens = new Float64Array(count);
  const precisions = new Float64Array(count);
  const gains = new Float64Array(count);
  let found = 0;
  let seen = 0;
  for (let step = 0, place = 0; step < ends.length; step++) {
    const start = place;
    const end = ends[step] ?? 0;
    let gained = 0;
    for (let at = start; at < end; at++) if (positives[at] === 1) gained += multiplicities[order[at] ?? 0] ?? 0;
    if (gained > 0)
      for (let unit = 0; unit < count; unit++) {
        const others = seen - (seens[unit] ?? 0);
        precisions[unit] = others > seen * nothing ? (found - (founds[unit] ?? 0)) / others : 1;
        gains[unit] = gained;
      }
    for (; place < end; place++) {
      const row = order[place] ?? 0;
      const unit = of[row] ?? 0;
      const times = multiplicities[row] ?? 0;
      seen += times;
      seens[unit] = (seens[unit] ?? 0) + times;
      if (positives[place] !== 1) continue;
      found += times;
      founds[unit] = (founds[unit] ?? 0) + times;
      gains[unit] = (gains[unit] ?? 0) - times;
    }
    if (gained > 0)
      for (let unit = 0; unit < count; unit++) {
        const gain = gains[unit] ?? 0;
        if (gain > gained * nothing)
          sums[unit] =
            (sums[unit] ?? 0) +
            area(gain, precisions[unit] ?? 0, (found - (founds[unit] ?? 0)) / (seen - (seens[unit] ?? 0)));
      }
  }
  return sums.map((sum, unit) => {
    const positive = found - (founds[unit] ?? 0);
    const negative = seen - (seens[unit] ?? 0) - positive;
    return positive > found * nothing && negative > seen * nothing ? sum / positive : Number.NaN;
  });
};

export const averagePrecision = overCurve((gained, _, after) => gained * after);

/** By trapezoids; the curve begins with a precision of 1. */
export const precisionRecallArea = overCurve((gained, before, after) => (gained * (before + after)) / 2);
