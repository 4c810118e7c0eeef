import type { Shape } from '../measure.ts';
import type { AnsweredRows } from '../rows.ts';
import type { Resampled } from '../statistics/bootstrap.ts';
import { type Asked, answerTo } from './question.ts';
import type { Units } from './units.ts';

type Sums = Extract<Shape, { readonly is: 'sums' }>;

/** Sums over the rows of each unit, by column; the last column is the weight. */
type UnitSums = readonly Float64Array[];

/** A function of sums: units are drawn, and their sums added. */
export const resampledSums = (asked: Asked, units: Units, shape: Pick<Sums, 'terms' | 'of'>): Resampled => {
  const { rows } = asked;
  const candidateTerms = shape.terms(rows, rows.candidate);
  const baselineTerms = asked.question === 'value' ? candidateTerms : shape.terms(rows, asked.rows.baseline);
  const counting = countingRows([...candidateTerms, ...baselineTerms], rows.size);
  const candidate = sumsOfUnits(candidateTerms, counting, rows, units);
  const baseline = asked.question === 'value' ? candidate : sumsOfUnits(baselineTerms, counting, rows, units);
  const answer = (candidateSums: readonly number[], baselineSums: readonly number[]): number | null =>
    answerTo(asked, metricOf(shape, candidateSums), () => metricOf(shape, baselineSums));
  const counts = new Float64Array(units.count).fill(1);
  return {
    counts,
    value: (multiplicities) => answer(added(candidate, multiplicities), added(baseline, multiplicities)),
    influences: influences(answer, candidate, baseline, units.count, asked.question === 'value'),
  };
};

const metricOf = (shape: Pick<Sums, 'of'>, sums: readonly number[]): number | null => {
  const weight = sums.at(-1) ?? 0;
  const value = weight > 0 ? shape.of(sums.slice(0, -1), weight) : null;
  return value !== null && Number.isFinite(value) ? value : null;
};

/** A row counts where it has every term, of both models. */
const sumsOfUnits = (
  terms: readonly Float64Array[],
  counting: Uint8Array,
  rows: AnsweredRows,
  { of, count }: Units,
): UnitSums =>
  [...terms, undefined].map((term) => {
    const column = new Float64Array(count);
    for (let row = 0; row < rows.size; row++) {
      if (counting[row] === 0) continue;
      const unit = of[row] ?? 0;
      column[unit] = (column[unit] ?? 0) + (rows.weights?.[row] ?? 1) * (term?.[row] ?? 1);
    }
    return column;
  });

const countingRows = (terms: readonly Float64Array[], size: number): Uint8Array => {
  const counting = new Uint8Array(size).fill(1);
  for (const term of terms)
    for (let row = 0; row < size; row++) if (Number.isNaN(term[row] ?? Number.NaN)) counting[row] = 0;
  return counting;
};

const added = (columns: UnitSums, multiplicities: Float64Array): readonly number[] =>
  columns.map((column) => {
    let sum = 0;
    for (let unit = 0; unit < column.length; unit++) sum += (multiplicities[unit] ?? 0) * (column[unit] ?? 0);
    return sum;
  });

/** By the chain rule: the derivative by each sum, times the unit's part of it. */
const influences = (
  answer: (candidate: readonly number[], baseline: readonly number[]) => number | null,
  candidate: UnitSums,
  baseline: UnitSums,
  units: number,
  candidateOnly: boolean,
): Float64Array => {
  const once = new Float64Array(units).fill(1);
  const sums = { candidate: added(candidate, once), baseline: added(baseline, once) };
  const found = new Float64Array(units);
  const add = (column: Float64Array, derivative: number): void => {
    for (let unit = 0; unit < units; unit++) found[unit] = (found[unit] ?? 0) + derivative * (column[unit] ?? 0);
  };
  for (const [index, column] of candidate.entries())
    add(
      column,
      derivativeAt(sums.candidate, index, (moved) => answer(moved, sums.baseline)),
    );
  if (!candidateOnly)
    for (const [index, column] of baseline.entries())
      add(
        column,
        derivativeAt(sums.baseline, index, (moved) => answer(sums.candidate, moved)),
      );
  return found;
};

/** Relative step of a numeric derivative. */
const step = 1e-6;

const derivativeAt = (
  sums: readonly number[],
  index: number,
  value: (moved: readonly number[]) => number | null,
): number => {
  const at = sums[index] ?? 0;
  const width = step * (Math.abs(at) || sums.at(-1) || 1);
  const up = value(sums.with(index, at + width));
  const down = value(sums.with(index, at - width));
  return up === null || down === null ? 0 : (up - down) / (2 * width);
};
