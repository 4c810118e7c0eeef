import { nothing, sizesOf } from '../leave-out.ts';
import type { Need, Shape } from '../measure.ts';
import { rising } from '../order.ts';
import type { Codes } from '../rows.ts';
import { takesPart } from '../usable.ts';
import { type Term, termsOf } from './mean.ts';

/** Values, and their rows in rising order. */
interface Sorted {
  readonly values: Float64Array;
  readonly order: Uint32Array;
}

/**
 * The value that `level` of the rows do not exceed; where that share ends exactly between two values, their mean: the median of an even
 * number of rows is the usual one, and a weight of 2 is a row that stands there twice. (Quantile 2 of Hyndman and Fan.)
 */
export const quantile = (level: number, needs: Need, term: Term): Shape => ({
  is: 'whole',
  takesPart: (rows, answers) => takesPart({ needs }, rows, answers),
  over: (rows, answers) => {
    const values = termsOf(rows, answers, term);
    const sorted = { values, order: rising(values) };
    return {
      value: (multiplicities) => quantileOf(sorted, level, multiplicities),
      withoutEach: (multiplicities, units) => quantilesWithout(sorted, level, multiplicities, units),
    };
  },
});

export const quantileOf = ({ values, order }: Sorted, level: number, multiplicities: Float64Array): number | null => {
  let all = 0;
  for (const row of order) all += multiplicities[row] ?? 0;
  if (all === 0) return null;
  const wanted = all * level;
  // Sums of weights are rounded: 0.95 of twenty rows ends after the nineteenth.
  const rounding = all * nothing;
  let below = 0;
  let lower: number | undefined;
  for (const row of order) {
    const times = multiplicities[row] ?? 0;
    if (times === 0) continue;
    const value = values[row] ?? Number.NaN;
    if (lower !== undefined) return (lower + value) / 2;
    below += times;
    if (below > wanted + rounding) return value;
    if (below >= wanted - rounding) lower = value;
  }
  return lower ?? null;
};

/** All units reach their quantile within a few places: each row is shown only to those that have not. */
const quantilesWithout = (
  { values, order }: Sorted,
  level: number,
  multiplicities: Float64Array,
  units: Codes,
): Float64Array => {
  const counted = multiplicities.map((times, row) => (Number.isNaN(values[row]) ? 0 : times));
  const sizes = sizesOf(counted, units);
  const all = sizes.reduce((sum, size) => sum + size, 0);
  const rounding = all * nothing;
  const first = (all - Math.max(...sizes)) * level - rounding;
  const found = new Float64Array(units.count).fill(Number.NaN);
  const lower = new Float64Array(units.count).fill(Number.NaN);
  const belows = new Float64Array(units.count);
  let open = [...sizes.keys()].filter((unit) => all - (sizes[unit] ?? 0) > rounding);
  let below = 0;
  for (const row of order) {
    const times = counted[row] ?? 0;
    if (times === 0) continue;
    const own = units.of[row] ?? 0;
    below += times;
    belows[own] = (belows[own] ?? 0) + times;
    if (below < first) continue;
    const value = values[row] ?? Number.NaN;
    let reached = false;
    for (const unit of open) {
      if (unit === own) continue;
      const before = lower[unit] ?? Number.NaN;
      const excess = below - (belows[unit] ?? 0) - (all - (sizes[unit] ?? 0)) * level;
      if (!Number.isNaN(before)) found[unit] = (before + value) / 2;
      else if (excess > rounding) found[unit] = value;
      else if (excess >= -rounding) lower[unit] = value;
      reached ||= !Number.isNaN(found[unit]);
    }
    if (reached) open = open.filter((unit) => Number.isNaN(found[unit]));
    if (open.length === 0) break;
  }
  for (const unit of open) found[unit] = lower[unit] ?? Number.NaN;
  return found;
};

/** The largest value of a row. */
export const largest = (term: Term): Shape => ({
  is: 'whole',
  isBiased: true,
  takesPart: (rows, answers) => takesPart({ needs: 'predictions' }, rows, answers),
  over: (rows, answers) => {
    const values = termsOf(rows, answers, term);
    return {
      value: (multiplicities) => largestOf(values, multiplicities),
      withoutEach: (multiplicities, units) => largestWithout(values, multiplicities, units),
    };
  },
});

const largestOf = (values: Float64Array, multiplicities: Float64Array): number | null => {
  let found: number | null = null;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? Number.NaN;
    if ((multiplicities[i] ?? 0) > 0 && value > (found ?? Number.NEGATIVE_INFINITY)) found = value;
  }
  return found;
};

const largestWithout = (values: Float64Array, multiplicities: Float64Array, { of, count }: Codes): Float64Array => {
  const ofUnits = new Float64Array(count).fill(Number.NaN);
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? Number.NaN;
    const unit = of[i] ?? 0;
    if ((multiplicities[i] ?? 0) > 0 && !(value <= (ofUnits[unit] ?? Number.NaN)) && !Number.isNaN(value))
      ofUnits[unit] = value;
  }
  const [first = -1, second = -1] = rising(ofUnits).toReversed();
  return ofUnits.map((_, unit) => ofUnits[unit === first ? second : first] ?? Number.NaN);
};
