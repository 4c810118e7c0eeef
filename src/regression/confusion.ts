import type { ConfusionTable } from './measure.ts';
import { type AnsweredRows, type Answers, absent } from './rows.ts';

/** A row that has no answer is not in the table; one whose answer is an error, or no known class, is in the last column. */
export const confusionTable = (rows: AnsweredRows, answers: Answers): ConfusionTable => {
  const classes = rows.classes.length;
  const cells = new Float64Array(classes * (classes + 1));
  for (let i = 0; i < rows.size; i++) {
    if (answers.states[i] === absent) continue;
    const cell = (rows.labels[i] ?? 0) * (classes + 1) + columnOf(answers.predictions[i] ?? Number.NaN, classes);
    cells[cell] = (cells[cell] ?? 0) + (rows.weights?.[i] ?? 1);
  }
  return { classes, ...(rows.positive !== undefined && { positive: rows.positive }), cells };
};

/** Column of a prediction: its class, or the last one. */
export const columnOf = (prediction: number, classes: number): number =>
  Number.isInteger(prediction) && prediction >= 0 && prediction < classes ? prediction : classes;

/** Sums of a table, from which every metric of it is made. */
export interface Margins {
  readonly total: number;
  readonly right: number;
  /** By class: rows with this label, rows with this answer, rows with both. */
  readonly support: Float64Array;
  readonly predicted: Float64Array;
  readonly hits: Float64Array;
  /** Rows whose answer is no class. */
  readonly unclassed: number;
}

export const marginsOf = ({ classes, cells }: ConfusionTable): Margins => {
  const support = new Float64Array(classes);
  const predicted = new Float64Array(classes + 1);
  const hits = new Float64Array(classes);
  let total = 0;
  let right = 0;
  for (let label = 0; label < classes; label++)
    for (let column = 0; column <= classes; column++) {
      const count = cells[label * (classes + 1) + column] ?? 0;
      support[label] = (support[label] ?? 0) + count;
      predicted[column] = (predicted[column] ?? 0) + count;
      total += count;
      if (label !== column) continue;
      hits[label] = count;
      right += count;
    }
  return { total, right, support, predicted: predicted.subarray(0, classes), hits, unclassed: predicted[classes] ?? 0 };
};
