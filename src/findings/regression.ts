import type { Comparison, Ruling } from './comparison.ts';

/** The verdict on a candidate, by the rules of `regression:`; and the rows behind it, as far as reports show them. */
export interface Regression extends Comparison {
  readonly is: 'regression';
  /** Names of the models, or of their files. */
  readonly candidate: string;
  /** Absent where the candidate is judged alone. */
  readonly baseline?: string;
  /** Classification only. */
  readonly confusion?: Confusion;
  /** Rows whose predictions changed for the worse, the most harmful first; at most ten. */
  readonly harmful: readonly HarmfulChange[];
  /** Older golden sets, each judged on its own; the verdict is that of the worst. Absent where the manifest names none. */
  readonly also?: readonly AlsoJudged[];
  /** Absent where no model was asked. */
  readonly repeated?: Repeated;
  /** Beside the rules over rows; absent where the manifest has none. The verdict is that of the worst that can fail. */
  readonly checks?: readonly Check[];
}

/** A check of something else than the rows' metrics. Its texts may be foreign. */
export interface Check {
  readonly name: CheckName;
  /** A `warn` is shown and decides nothing. */
  readonly level: 'fail' | 'warn';
  readonly verdict: Ruling;
  /** One sentence with numbers. */
  readonly because: string;
  readonly table?: CheckTable;
  /** Sentences that decide nothing, such as advice. */
  readonly notes?: readonly string[];
  /** The parts that it decided one by one; empty where it is one. */
  readonly cases: readonly CheckCase[];
}

export const checkNames = ['load', 'command', 'contract', 'bias', 'attribution', 'best-of'] as const;
export type CheckName = (typeof checkNames)[number];

export interface CheckTable {
  readonly heads: readonly string[];
  /** As long as `heads`, each. */
  readonly rows: readonly (readonly string[])[];
}

export interface CheckCase {
  readonly name: string;
  readonly verdict: Ruling;
  /** Absent where there is nothing to say about a pass. */
  readonly because?: string;
}

/** The models' confusion matrices. Where there are many classes, the last one has the answers of all others. */
export interface Confusion {
  readonly classes: readonly string[];
  /** Sums of weights, by label, then by prediction; the last column has the answers that are no class, errors among them. */
  readonly candidate: readonly (readonly number[])[];
  /** Absent where the candidate is judged alone. */
  readonly baseline?: readonly (readonly number[])[];
}

/** An older golden set. Its name is foreign text. */
export interface AlsoJudged extends Pick<Comparison, 'verdict' | 'because' | 'rows' | 'cells' | 'dataset'> {
  readonly name: string;
}

/** Requests that were sent twice, and how many of them each model answered in two ways. */
export interface Repeated {
  readonly rows: number;
  readonly candidate: number;
  readonly baseline: number;
}

export interface HarmfulChange {
  readonly id: string;
  /**
   * Absent where the report is redacted, and in the findings of an operation: its result is an output and a log, which hold no row of a
   * dataset (DESIGN §7 rule 16).
   */
  readonly row?: { readonly label?: string; readonly baseline: string; readonly candidate: string };
}
