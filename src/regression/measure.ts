import type { Better } from '../findings/comparison.ts';
import type { AnsweredRows, Answers, Codes } from './rows.ts';

/**
 * One metric, ready to be computed. What may be undefined (0/0, one class, zeros under MAPE, constant labels under R²) is null, never 0 and
 * never NaN.
 */
export interface Measure {
  /** As reports print it, with its parameters: `f-beta (beta 2, macro)`, `recall[versicolor]`. Unique in a policy. */
  readonly name: string;
  readonly better: Better;
  /** Smallest and largest possible value. */
  readonly bounds: readonly [smallest: number, largest: number];
  readonly needs: Need;
  /** Class codes of which a slice needs enough rows before it is decided; empty: any rows. */
  readonly classes: readonly number[];
  /** A model's error counts as a wrong answer (proportions), or as no answer (all others). */
  readonly failedRows: 'wrong' | 'missing';
  readonly shape: Shape;
}

/** The column of the answers that a value comes from: `errors` are the states, `latency` and `bytes` the columns of those names. */
export type Need = 'predictions' | 'scores' | 'errors' | 'latency' | 'bytes';

/** How the value comes from the rows; it decides how an interval is computed. */
export type Shape =
  | {
      /** A share of rows, and which rows are in its denominator depends on labels alone: accuracy, recall, top-k. Tango's interval. */
      readonly is: 'proportion';
      /** 1 or 0; NaN for rows outside the denominator. */
      readonly hits: (rows: AnsweredRows, answers: Answers) => Float64Array;
    }
  | {
      /** The area under the ROC curve of one class against the others. DeLong's interval. */
      readonly is: 'auc';
      /** The scores, and 1 for rows of the class, 0 for others. */
      readonly ranked: (
        rows: AnsweredRows,
        answers: Answers,
      ) => { readonly scores: Float64Array; readonly labels: Float64Array };
    }
  | {
      /** A function of the confusion matrix. Bootstrap over the cells of label × candidate × baseline, exact at every size. */
      readonly is: 'table';
      readonly of: (table: ConfusionTable) => number | null;
    }
  | {
      /** A function of sums over rows: log loss, RMSE, R². Bootstrap over the rows' terms. */
      readonly is: 'sums';
      /** One column for each sum; NaN leaves the row out. */
      readonly terms: (rows: AnsweredRows, answers: Answers) => readonly Float64Array[];
      /** @param weight sum of weights of the rows that are not left out */
      readonly of: (sums: readonly number[], weight: number) => number | null;
    }
  | {
      /** Anything else: quantiles, average precision, ECE. Bootstrap by multiplicities. */
      readonly is: 'whole';
      /** Prepares once (sorts, say), then computes the value for any multiplicities. */
      readonly over: (rows: AnsweredRows, answers: Answers) => Prepared;
      /** Rows that take part; NaN scores and failed rows do not. */
      readonly takesPart: (rows: AnsweredRows, answers: Answers) => Uint8Array;
      /** Its expectation depends on the number of rows: a mean of absolute values, or a largest one. */
      readonly isBiased?: true;
    };

/** Rows ready to be weighed. A row of multiplicity 0 is not there. */
export interface Prepared {
  readonly value: (multiplicities: Float64Array) => number | null;
  /**
   * The value without the rows of each unit, NaN where it is undefined. In one walk through the rows: a million of them cannot be walked 256
   * times.
   */
  readonly withoutEach: (multiplicities: Float64Array, units: Codes) => Float64Array;
}

/** Weighted counts: `cells[label × (classes + 1) + prediction]`; the last column counts answers that are no known class, errors among them. */
export interface ConfusionTable {
  readonly classes: number;
  readonly positive?: number;
  readonly cells: Float64Array;
}
