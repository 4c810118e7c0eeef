/** How a regression test gets the answers of both models; every default filled in. The offline comparison reads none of it. */
export interface Asking {
  readonly candidate: CandidateSite;
  readonly baseline: BaselineSite;
  /** Absent where both models' answers are files. */
  readonly request?: RequestForm;
  readonly response?: ResponseForm;
  /** Older golden sets that must not get worse, by their names. */
  readonly also: readonly OlderSet[];
  /** A new version may be tested with other labels than the version that serves; absent: the test is refused. */
  readonly changedLabels?: 'allowed';
  /** Requests at a time to each model. */
  readonly concurrency: number;
  /** How long a passing verdict counts. */
  readonly validForSeconds: number;
}

/** A golden set that the same rules decide about, each on its own. */
export interface OlderSet {
  readonly name: string;
  /** Path, or S3 location. */
  readonly dataset: string;
}

/** Where the candidate answers. */
export type CandidateSite =
  /** An endpoint that exists for the test only. */
  | { readonly is: 'temporary'; readonly instance?: string }
  /** The variant without traffic beside the one that serves. */
  | { readonly is: 'dark-variant' }
  /** The endpoint of another environment of the same account and region, which serves this version already. */
  | { readonly is: 'environment'; readonly environment: string }
  | Transform
  | Predictions;

/** Where the baseline answers. */
export type BaselineSite =
  /** The variant that serves in the environment. */
  { readonly is: 'serving' } | Transform | Predictions;

/** A batch transform job over all rows: of the package, or of the model that serves. */
export interface Transform {
  readonly is: 'transform';
  readonly instance: string;
  readonly instances: number;
}

/** A file of predictions, as `model-delivery compare` reads it: a path in the repository, or an S3 location. */
export interface Predictions {
  readonly is: 'predictions';
  readonly path: string;
}

/** A golden row as the body of one request. */
export interface RequestForm {
  readonly contentType: string;
  readonly accept?: string;
  /** Columns of the row, in the order of the model's inputs; or the selector of the one value that is the body. */
  readonly input: readonly string[] | string;
  /** JSON with `$row` where the input belongs. */
  readonly body?: unknown;
}

/** The prediction in the body of an answer. A selector is a JSONPath of one value (RFC 9535), or the number of a CSV column, from 0. */
export interface ResponseForm {
  readonly prediction?: Selector;
  readonly score?: Selector;
  /** Binary classification without `prediction`: a score of at least this is the positive class. */
  readonly threshold: number;
  /** Where the scores of several classes are a list: its classes, in order. */
  readonly classes?: readonly (string | number | boolean)[];
}
export type Selector = string | number;
