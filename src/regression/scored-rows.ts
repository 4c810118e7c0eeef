import type { Dataset } from '../findings/comparison.ts';
import type { AnsweredRows } from './rows.ts';

/** The answers of one or two models: the numbers, and the texts behind them for reports. */
export interface ScoredRows {
  /** In the order of ids, so that neither the order of a file nor the order of the files changes a result. */
  readonly rows: AnsweredRows;
  readonly texts: RowTexts;
  readonly dataset: Dataset;
}

/** One row's foreign texts, as the files have them: a report makes them plain before it prints them. */
export interface RowTexts {
  readonly id: (row: number) => string;
  /** A number, boolean or text as it is written in JSON, without quotes. */
  readonly label: (row: number) => string;
  /** Undefined without an answer. */
  readonly prediction: (row: number, of: 'candidate' | 'baseline') => string | undefined;
}
