import type { Asking } from './asking.ts';

/** The kind of answers that a model gives. */
export const tasks = ['binary-classification', 'multiclass-classification', 'regression', 'ranking', 'text'] as const;
export type Task = (typeof tasks)[number];

/** The confidence of a rule that states none. */
export const usualConfidence = 0.95;

/** `regression:` of `delivery.yml` after parsing: shares as fractions, every default filled in. */
export interface RegressionPolicy {
  readonly task: Task;
  /** Path, or S3 location, of the golden rows. */
  readonly dataset?: string;
  /** `sha256:…`, of the rows that it must hold. */
  readonly datasetDigest?: string;
  /** A name for people. */
  readonly datasetVersion?: string;
  /** Last day (UTC) on which the golden rows decide: `2026-12-31`. */
  readonly datasetExpires?: string;
  /** Label of the positive class, as written in the rows; binary classification only. */
  readonly positive?: Label;
  /** Rules of the manifest, then one `non-inferior` for each metric without a rule. */
  readonly rules: readonly Rule[];
  readonly slices: readonly Slice[];
  /** Column whose rows belong together. */
  readonly cluster?: string;
  /** Column of the query; ranking only. */
  readonly group?: string;
  /** Default: from the digest of the dataset. */
  readonly seed?: number;
  readonly minimumSupport: { readonly rows: number; readonly rowsOfClass: number };
  /** 0–1: tolerated share of rows without an answer of either model. */
  readonly missing: number;
  /** Text only. */
  readonly normalization: Normalization;
}

/** `regression:` of the manifest: the policy, and the way to the answers that it judges. */
export interface RegressionSpec extends RegressionPolicy {
  readonly asking: Asking;
}

/** Compared as written: the number 1 and the text "1" differ. */
export type Label = string | number | boolean;
export const normalizations = ['none', 'nfkc-casefold', 'squad'] as const;
export type Normalization = (typeof normalizations)[number];

export interface Rule {
  readonly metric: MetricName;
  readonly criterion: Criterion;
  /** 0–1, one-sided. */
  readonly confidence: number;
  /** Name of the one slice that it is about; absent: the whole, and each slice. */
  readonly slice?: string;
  readonly level: 'fail' | 'warn';
  /** The manifest has no rule for this metric: margin and criterion are the task's defaults. */
  readonly byDefault?: true;
}

/** Margins are positive. `relative` ones are fractions of the baseline's value. */
export type Criterion =
  | { readonly is: 'non-inferior' | 'equivalent' | 'max-drop' | 'must-improve-by'; readonly margin: Margin }
  | { readonly is: 'superior' }
  | { readonly is: 'floor' | 'ceiling'; readonly value: number };

export interface Margin {
  readonly value: number;
  readonly of: 'metric' | 'baseline';
}

/** `{ metric: f-beta, beta: 2, average: macro }`, or `recall[versicolor]`. */
export interface MetricName {
  /** In kebab case. */
  readonly metric: string;
  /** Of one class. */
  readonly class?: string;
  readonly average?: Average;
  readonly beta?: number;
  /** Of top-k, nDCG, hit rate. */
  readonly k?: number;
  /** 0–1: of pinball loss and quantile coverage. */
  readonly quantile?: number;
  /** Of OvR or OvO areas under the ROC curve. */
  readonly pairs?: 'one-vs-rest' | 'one-vs-one';
}
export type Average = 'macro' | 'micro' | 'weighted';

/** Rows of one part of the data. */
export type Slice =
  | { readonly is: 'column'; readonly column: string; readonly text: string }
  | { readonly is: 'condition'; readonly condition: Condition; readonly text: string };

export type Condition =
  | {
      readonly is: 'compare';
      readonly column: string;
      readonly by: '=' | '!=' | '<' | '<=' | '>' | '>=';
      readonly to: Label;
    }
  | { readonly is: 'in'; readonly column: string; readonly values: readonly Label[] }
  | { readonly is: 'and' | 'or'; readonly of: readonly Condition[] }
  | { readonly is: 'not'; readonly of: Condition };
