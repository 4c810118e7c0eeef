import { columnOf } from '../confusion.ts';
import { type Answers, absent, type PairedRows } from '../rows.ts';

/** The answers of both models in the same bins, by row: `none` where a model did not answer the row. */
export interface Binned {
  readonly of: 'predictions' | 'scores';
  readonly count: number;
  readonly candidate: Int32Array;
  readonly baseline: Int32Array;
}

export const none = -1;

/**
 * Classes are bins; numbers are put into ten bins with about equally many answers of both models together, so that an exchange of the models
 * changes no bin. The last bin has answers without a number or a class: errors. Scores of a ranking have a scale of their own in each model,
 * and texts have no distribution.
 */
export const binnedAnswers = (rows: PairedRows): readonly Binned[] => {
  const { task, classes } = rows;
  switch (task) {
    case 'binary-classification':
    case 'multiclass-classification': {
      const count = classes.length + 1;
      const ofClasses = both(rows, 'predictions', count, ({ predictions }, row) =>
        columnOf(predictions[row] ?? Number.NaN, classes.length),
      );
      return task === 'binary-classification' && rows.candidate.scores && rows.baseline.scores
        ? [ofClasses, ofNumbers(rows, 'scores')]
        : [ofClasses];
    }
    case 'regression':
      return [ofNumbers(rows, 'predictions')];
    case 'ranking':
    case 'text':
      return [];
  }
};

const ofNumbers = (rows: PairedRows, of: Binned['of']): Binned => {
  const edges = edgesOf(rows, of);
  return both(rows, of, edges.length + 2, (answers, row) => {
    const value = answers[of]?.[row] ?? Number.NaN;
    if (Number.isNaN(value)) return edges.length + 1;
    let bin = 0;
    while (bin < edges.length && value > (edges[bin] ?? 0)) bin++;
    return bin;
  });
};

const bins = 10;
/** Rows that the edges come from: the bins need not be exactly equal, and a million values are not sorted for them. */
const mostRows = 20_000;

/** Rising, each once. */
const edgesOf = ({ size, candidate, baseline }: PairedRows, of: Binned['of']): Float64Array => {
  const step = Math.ceil(size / mostRows);
  const values: number[] = [];
  for (let row = 0; row < size; row += step)
    for (const { [of]: column } of [candidate, baseline]) {
      const value = column?.[row] ?? Number.NaN;
      if (!Number.isNaN(value)) values.push(value);
    }
  const sorted = Float64Array.from(values).sort();
  const edges = Array.from({ length: bins - 1 }, (_, at) => sorted[Math.ceil((sorted.length * (at + 1)) / bins) - 1]);
  return Float64Array.from(new Set(edges.filter((edge) => edge !== undefined)));
};

const both = (
  rows: PairedRows,
  of: Binned['of'],
  count: number,
  binOf: (answers: Answers, row: number) => number,
): Binned => {
  const ofModel = (answers: Answers): Int32Array => {
    const binned = new Int32Array(rows.size).fill(none);
    for (let row = 0; row < rows.size; row++) if (answers.states[row] !== absent) binned[row] = binOf(answers, row);
    return binned;
  };
  return { of, count, candidate: ofModel(rows.candidate), baseline: ofModel(rows.baseline) };
};
