import type { Shape } from '../measure.ts';
import type { PairedRows } from '../rows.ts';
import type { Resampled } from '../statistics/bootstrap.ts';
import { type Asked, answerTo } from './question.ts';
import { type Units, unitsOf } from './units.ts';

type Whole = Extract<Shape, { readonly is: 'whole' }>;

/**
 * A metric that no sums make: it is computed anew for each drawn set. Groups (more than 20,000 units) are left out one at a time instead,
 * and the pseudo-values that this gives are drawn: 256 computations in place of thousands.
 */
export const resampledWhole = (asked: Asked, shape: Whole, studentised: boolean): Resampled | null => {
  const units = unitsOf(asked.rows, asked.effort.seed);
  const value = valueOfUnits(asked, shape, units);
  const counts = new Float64Array(units.count).fill(1);
  const whole = value(counts);
  if (whole === null) return null;
  if (units.are === 'groups') {
    const pseudo = pseudoValues(value, whole, units.count);
    return pseudo && meanOfPseudoValues(pseudo, whole);
  }
  return { counts, value, influences: influences(value, whole, units.count, studentised) };
};

/** The number for units of which each counts so often. */
const valueOfUnits = (asked: Asked, shape: Whole, { of }: Units): ((multiplicities: Float64Array) => number | null) => {
  const { rows, question } = asked;
  const candidate = shape.over(rows, rows.candidate);
  const baseline = question === 'value' ? candidate : shape.over(rows, rows.baseline);
  const part = takingPart(rows, shape);
  const ofRows = new Float64Array(rows.size);
  return (multiplicities) => {
    for (let row = 0; row < rows.size; row++)
      ofRows[row] = (part[row] ?? 0) * (multiplicities[of[row] ?? 0] ?? 0) * (rows.weights?.[row] ?? 1);
    return answerTo(asked, defined(candidate(ofRows)), () => defined(baseline(ofRows)));
  };
};

const defined = (value: number | null): number | null => (value !== null && Number.isFinite(value) ? value : null);

const takingPart = (rows: PairedRows, shape: Whole): Uint8Array => {
  const candidate = shape.takesPart(rows, rows.candidate);
  const baseline = shape.takesPart(rows, rows.baseline);
  return candidate.map((part, row) => part & (baseline[row] ?? 0));
};

/** `n·value − (n − 1)·value without the unit`. Null where the number is undefined without one of them. */
const pseudoValues = (
  value: (multiplicities: Float64Array) => number | null,
  whole: number,
  units: number,
): Float64Array | null => {
  const pseudo = new Float64Array(units);
  const multiplicities = new Float64Array(units).fill(1);
  for (let unit = 0; unit < units; unit++) {
    multiplicities[unit] = 0;
    const without = value(multiplicities);
    if (without === null) return null;
    pseudo[unit] = units * whole - (units - 1) * without;
    multiplicities[unit] = 1;
  }
  return pseudo;
};

const meanOfPseudoValues = (pseudo: Float64Array, whole: number): Resampled => {
  const mean = pseudo.reduce((sum, value) => sum + value, 0) / pseudo.length;
  return {
    counts: new Float64Array(pseudo.length).fill(1),
    value: (multiplicities) => {
      let sum = 0;
      let all = 0;
      for (let unit = 0; unit < pseudo.length; unit++) {
        sum += (multiplicities[unit] ?? 0) * (pseudo[unit] ?? 0);
        all += multiplicities[unit] ?? 0;
      }
      return whole + sum / all - mean;
    },
    influences: pseudo.map((value) => (value - mean) / pseudo.length),
  };
};

/** Units that are left out together, where only the skewness of the influences is wanted: groups have the same, as their sums do. */
const groupsForSkewness = 200;

const influences = (
  value: (multiplicities: Float64Array) => number | null,
  whole: number,
  units: number,
  each: boolean,
): Float64Array => {
  const found = new Float64Array(units);
  const multiplicities = new Float64Array(units).fill(1);
  const groups = each ? units : Math.min(units, groupsForSkewness);
  for (let group = 0; group < groups; group++) {
    for (let unit = group; unit < units; unit += groups) multiplicities[unit] = 0;
    const without = value(multiplicities);
    for (let unit = group; unit < units; unit += groups) multiplicities[unit] = 1;
    // The change per unit left out; one where the number is then undefined says nothing.
    found[group] = without === null ? 0 : whole - without;
  }
  return found;
};
