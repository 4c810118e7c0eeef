import type { RowsFile } from './golden-set.ts';

/** Where a model answers, as one look found it. */
export type Site = Endpoint | File;

export interface Endpoint {
  readonly is: 'endpoint';
  /** For people: `variant AllTraffic of endpoint churn`. */
  readonly name: string;
  readonly endpoint: string;
  /** Absent where the endpoint has one variant. */
  readonly variant?: string;
  /** Hex, of the content that answers: a site that changes during the test spoils it. */
  readonly content: string;
}

/** Predictions that were made elsewhere. */
export interface File {
  readonly is: 'file';
  readonly name: string;
  readonly file: RowsFile;
}
