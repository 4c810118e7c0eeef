import type { RowsFile } from './rows-file.ts';

/** Where a model answers, as one look found it. */
export type Site = Endpoint | TransformSite | File;

export interface Endpoint {
  readonly is: 'endpoint';
  /** For people: `variant AllTraffic of endpoint churn`. */
  readonly name: string;
  readonly endpoint: string;
  /** In the account of `World.elsewhere`. */
  readonly elsewhere?: true;
  /** It takes asynchronous requests, and no others. */
  readonly asynchronous?: true;
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

/** A batch transform job. */
export interface TransformSite {
  readonly is: 'transform';
  readonly name: string;
  readonly side: 'candidate' | 'baseline';
  /** The model that serves; absent for the package under test, of which a temporary model is made. */
  readonly model?: string;
  readonly instance: string;
  readonly instances: number;
  /** Of the manifest: the job carries them too. */
  readonly tags: Readonly<Record<string, string>>;
}
