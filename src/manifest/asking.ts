import type { BiasMetricName } from './clarify-metrics.ts';

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
  /** A test program of the user. */
  readonly command?: TestCommand;
  /** Also compared with the best of so many versions that passed last. */
  readonly bestOf?: number;
  /** Requests at a time to each model. */
  readonly concurrency: number;
  /** How long a passing verdict counts. */
  readonly validForSeconds: number;
  /** Columns against Model Monitor's constraints. */
  readonly contract?: ContractSpec;
  /** Rules about the bias that Clarify reported. */
  readonly bias?: readonly BiasRule[];
  /** The order of the features by Clarify's SHAP values. */
  readonly attribution?: AttributionSpec;
  /** Absent without a load test. */
  readonly load?: Load;
}

/** `warn`: a check is reported and changes no verdict. */
export type CheckLevel = 'fail' | 'warn';

export interface ContractSpec {
  /** `registered`: the file that the model package names; else a path, or an S3 location. */
  readonly constraints: string;
  /** The column of the predictions in it. */
  readonly output?: string;
  readonly level: CheckLevel;
}

export interface BiasRule {
  readonly metric: BiasMetricName;
  readonly facet: string;
  /** Largest distance from the value without bias. */
  readonly limit?: number;
  /** By how much the distance may be larger than the baseline's. */
  readonly maxWorsening?: number;
  readonly level: CheckLevel;
}

export interface AttributionSpec {
  /** 0–1: least nDCG. */
  readonly ndcg: number;
  readonly level: CheckLevel;
}

/** A program that tests the candidate on the machine of the run. */
export interface TestCommand {
  /** The program, and its arguments. */
  readonly run: readonly string[];
  /** Path in the checkout of the report that it writes. */
  readonly junit?: string;
  readonly timeoutSeconds: number;
  readonly level: CheckLevel;
}

/** A load test of one instance of the candidate. */
export interface Load {
  /** The unit of `target` and `upTo`: multiples of the recorded rate, or requests per second; both of one instance. */
  readonly by: 'factor' | 'rate';
  readonly target: number;
  /** The rate rises up to here after the measurement, unless the candidate breaks before. */
  readonly upTo?: number;
  /** Of the measurement at the target rate. */
  readonly durationSeconds: number;
  readonly limits: LoadLimits;
  readonly level: CheckLevel;
}

/** Latencies in milliseconds; the share of requests without a good answer, 0–1. */
export interface LoadLimits {
  readonly p95?: number;
  readonly p99?: number;
  readonly errorRate: number;
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
  /** The endpoint of another environment, which serves this version already. `role`: of its account, assumed by the run. */
  | { readonly is: 'environment'; readonly environment: string; readonly role?: string }
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

/** A file of predictions, as `model-delivery compare` reads it. */
export interface Predictions {
  readonly is: 'predictions';
  /** In the repository, or an S3 location; `{version}` stands for the version that the file is about. */
  readonly path: string;
}

/** In the path of a file of predictions: the version that answers. */
export const versionMark = '{version}';

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
