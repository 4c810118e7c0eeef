import { confusionTable } from './confusion.ts';
import type { Measure } from './measure.ts';
import { areaUnderRoc } from './metrics/area.ts';
import { finite, ratio } from './ratio.ts';
import type { AnsweredRows, Answers } from './rows.ts';

/**
 * The value of one model's answers, weights as duplication. The caller selects the rows (`select`): those of a slice, and those that the
 * metric can compare.
 */
export const metricValue = ({ shape }: Pick<Measure, 'shape'>, rows: AnsweredRows, answers: Answers): number | null => {
  switch (shape.is) {
    case 'proportion':
      return meanOfColumn(shape.hits(rows, answers), rows.weights);
    case 'auc': {
      const { scores, labels } = shape.ranked(rows, answers);
      return areaUnderRoc(scores, labels, rows.weights);
    }
    case 'table':
      return defined(shape.of(confusionTable(rows, answers)));
    case 'sums':
      return defined(sumsOf(shape, rows, answers));
    case 'whole':
      return defined(shape.over(rows, answers).value(rows.weights ?? new Float64Array(rows.size).fill(1)));
  }
};

/** Null where there is no baseline, too. */
export const baselineValue = (measure: Pick<Measure, 'shape'>, rows: AnsweredRows): number | null =>
  rows.baseline === undefined ? null : metricValue(measure, rows, rows.baseline);

const defined = (value: number | null): number | null => (value === null ? null : finite(value));

const meanOfColumn = (column: Float64Array, weights: Float64Array | undefined): number | null => {
  let sum = 0;
  let all = 0;
  for (let i = 0; i < column.length; i++) {
    const value = column[i] ?? Number.NaN;
    if (Number.isNaN(value)) continue;
    const weight = weights?.[i] ?? 1;
    sum += weight * value;
    all += weight;
  }
  return ratio(sum, all);
};

const sumsOf = (
  shape: Extract<Measure['shape'], { readonly is: 'sums' }>,
  rows: AnsweredRows,
  answers: Answers,
): number | null => {
  const columns = shape.terms(rows, answers);
  const sums = columns.map(() => 0);
  let all = 0;
  for (const [index, column] of columns.entries()) {
    let sum = 0;
    for (let i = 0; i < rows.size; i++) {
      const term = column[i] ?? Number.NaN;
      if (Number.isNaN(term)) continue;
      const weight = rows.weights?.[i] ?? 1;
      sum += weight * term;
      if (index === 0) all += weight;
    }
    sums[index] = sum;
  }
  return all === 0 ? null : shape.of(sums, all);
};
