import type { Need, Shape } from '../measure.ts';
import { rising } from '../order.ts';
import { takesPart } from '../usable.ts';
import { type Term, termsOf } from './mean.ts';

/**
 * The value that `level` of the rows do not exceed; where that share ends exactly between two values, their mean: the median of an even
 * number of rows is the usual one, and a weight of 2 is a row that stands there twice. (Quantile 2 of Hyndman and Fan.)
 */
export const quantile = (level: number, needs: Need, term: Term): Shape => ({
  is: 'whole',
  takesPart: (rows, answers) => takesPart({ needs }, rows, answers),
  over: (rows, answers) => {
    const values = termsOf(rows, answers, term);
    const order = rising(values);
    return (multiplicities) => {
      let all = 0;
      for (const row of order) all += multiplicities[row] ?? 0;
      if (all === 0) return null;
      const wanted = all * level;
      // Sums of weights are rounded: 0.95 of twenty rows ends after the nineteenth.
      const rounding = all * 1e-12;
      let below = 0;
      let lower: number | undefined;
      for (const row of order) {
        const count = multiplicities[row] ?? 0;
        if (count === 0) continue;
        const value = values[row] ?? Number.NaN;
        if (lower !== undefined) return (lower + value) / 2;
        below += count;
        if (below > wanted + rounding) return value;
        if (below >= wanted - rounding) lower = value;
      }
      return lower ?? null;
    };
  },
});

/** The largest value of a row. */
export const largest = (term: Term): Shape => ({
  is: 'whole',
  takesPart: (rows, answers) => takesPart({ needs: 'predictions' }, rows, answers),
  over: (rows, answers) => {
    const values = termsOf(rows, answers, term);
    return (multiplicities) => {
      let found: number | null = null;
      for (let i = 0; i < values.length; i++) {
        const value = values[i] ?? Number.NaN;
        if ((multiplicities[i] ?? 0) > 0 && !(value <= (found ?? Number.NEGATIVE_INFINITY)) && !Number.isNaN(value))
          found = value;
      }
      return found;
    };
  },
});
