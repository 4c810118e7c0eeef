import type { Task } from '../manifest/regression.ts';

/**
 * One or two models' answers to the same rows, in columns: a million rows fit in memory, and a metric is a loop over numbers. Column `i` of
 * each belongs to row `i`; the order is that of the ids, so that a result depends neither on the order of a file nor on that of the files.
 */
export interface AnsweredRows {
  readonly task: Task;
  readonly size: number;
  /** Names of the classes; a code in `labels` and in predictions is an index here. Empty for regression, ranking and text. */
  readonly classes: readonly string[];
  /** Code of the class `positive`; binary classification only. */
  readonly positive?: number;
  /** Class codes; the values of a regression; relevances of a ranking; zeros for text. */
  readonly labels: Float64Array;
  /** Above 0; absent where every row counts once. */
  readonly weights?: Float64Array;
  /** Code of the row's cluster, `0 … clusters − 1`: rows of one cluster are resampled together. */
  readonly clusters?: Codes;
  /** Code of the row's query; ranking only. */
  readonly groups?: Codes;
  readonly candidate: Answers;
  /** Absent where nothing serves that the candidate could be compared with. */
  readonly baseline?: Answers;
  /** Slices other than the whole, in the policy's order; a column is one slice for each of its values. */
  readonly slices: readonly SliceRows[];
}

/** A difference needs both. */
export interface PairedRows extends AnsweredRows {
  readonly baseline: Answers;
}

export const isPaired = (rows: AnsweredRows): rows is PairedRows => rows.baseline !== undefined;

export interface Codes {
  readonly of: Int32Array;
  readonly count: number;
}

/** One model's answers. */
export interface Answers {
  /** `answered`, `failed` (the model answered with an error) or `absent` (no answer is known). */
  readonly states: Uint8Array;
  /** Class codes, or values; of texts, a number for each normalised one. NaN without an answer. */
  readonly predictions: Float64Array;
  /**
   * Probability of the positive class; of each class in turn (`size × classes`, row by row); the score that orders a ranking. NaN without one.
   * Absent where the files have no scores.
   */
  readonly scores?: Float64Array;
  /** Milliseconds until the answer, and its size; where the files have them. NaN where a row has none. */
  readonly latencyMs?: Float64Array;
  readonly bytes?: Float64Array;
  /** Text only, after normalisation: 0 or 1, and the F1 of common tokens. NaN without an answer. */
  readonly text?: { readonly exact: Float64Array; readonly tokenF1: Float64Array };
}

export const answered = 0;
export const failed = 1;
export const absent = 2;

export interface SliceRows {
  /** As reports print it: `country = DE`, `age >= 65`. */
  readonly name: string;
  /** Indexes of its rows, rising. */
  readonly rows: Int32Array;
}
