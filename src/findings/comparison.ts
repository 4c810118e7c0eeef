import type { Rule } from '../manifest/regression.ts';

/** The verdict on a candidate, against a baseline that answered the same rows or alone. */
export interface Comparison {
  readonly verdict: Ruling;
  /** One sentence with numbers. */
  readonly because: string;
  readonly rows: RowCounts;
  readonly cells: readonly Cell[];
  readonly selfTest: SelfTest;
  readonly dataset: Dataset;
  /** Absent where the candidate is judged alone, or no row has an answer of both models. */
  readonly diff?: PredictionDiff;
  /** Absent where no answer has one. */
  readonly latencies?: Latencies;
  /** There where nothing serves that the candidate could be compared with: only limits of its own values decide then. */
  readonly alone?: Alone;
}

/** How far the candidate's answers are from the baseline's, whichever of them is right: information, by which no rule decides. */
export interface PredictionDiff {
  /** 0–1: share of the compared rows whose predictions differ; weights are duplication. */
  readonly flipRate: number;
  /** Wilson's; each end holds with 95 %. */
  readonly interval: readonly [lower: number, upper: number];
  /** None of a ranking, whose scores have no common scale, and of texts. */
  readonly distributions: readonly DistributionDiff[];
}

/** Of predictions (classes, or numbers in ten bins), or of the scores of a binary classification. Errors are a bin of their own. */
export interface DistributionDiff {
  readonly of: 'predictions' | 'scores';
  /** Population stability index, in nats: Σ (p − q) · ln(p ÷ q). */
  readonly stabilityIndex: number;
  /** The index that 95 % of pairs stay below whose models are exchanged at random in each row. */
  readonly byChance: number;
  /** 0–1. */
  readonly jensenShannonBits: number;
}

export interface Latencies {
  readonly candidate?: LatencyQuantiles;
  readonly baseline?: LatencyQuantiles;
}

/** Milliseconds; of the rows that have one. */
export interface LatencyQuantiles {
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
}

export interface Alone {
  /** Rules that need a baseline. They have no cell. */
  readonly notApplicable: readonly { readonly metric: string; readonly rule: Rule }[];
}

export type Ruling = 'pass' | 'fail' | 'inconclusive';

export interface RowCounts {
  /** Answered by each model, if with an error. */
  readonly compared: number;
  /** Golden rows that no model answered. */
  readonly unanswered: number;
  readonly failedCandidate: number;
  /** These are absent where the candidate is judged alone. */
  readonly onlyCandidate?: number;
  readonly onlyBaseline?: number;
  readonly failedBaseline?: number;
  /** Rows whose predictions differ; of a ranking, rows whose positions do. */
  readonly flipped?: number;
}

/** One metric × slice × rule. */
export interface Cell {
  readonly metric: string;
  /** Absent: all rows. */
  readonly slice?: string;
  readonly rule: Rule;
  readonly better: Better;
  /** Rows of the cell; and the clusters, or the queries of a ranking, of which each is one piece of evidence. */
  readonly rows: number;
  readonly clusters?: number;
  readonly queries?: number;
  /** Null where undefined. */
  readonly candidate: number | null;
  /** Absent where the candidate is judged alone. */
  readonly baseline?: number | null;
  /** Oriented: positive is better for the candidate; for `floor` and `ceiling`, the distance to the limit. */
  readonly difference: number | null;
  /** Of the difference; each end holds with the rule's confidence. */
  readonly interval: readonly [lower: number, upper: number] | null;
  readonly statistic: 'tango' | 'wilson' | 'delong' | 'bootstrap' | 'none';
  readonly decision: Ruling;
  /** Why a cell is inconclusive, in a few words: `12 rows of class versicolor, at least 10 of each`. */
  readonly because?: string;
  /** Of the null hypothesis that the rule is kept, before and after Holm's correction; null where nothing was computed. */
  readonly p: number | null;
  readonly adjustedP: number | null;
  /** Exact McNemar's two-sided p, for proportions. Information only. */
  readonly mcnemarP?: number;
  /** Rows (clusters, queries) for a decision with 80 % power, were the models equal; null: more than 10^6, or not known. */
  readonly rowsNeeded: number | null;
  /** The smallest margin that these rows can resolve with 80 % power, were the models equal; null where not known. */
  readonly resolvableMargin: number | null;
}

/** The gate proves that it can fail (rule 15). */
export interface SelfTest {
  /** Null where no rule could be tried: each has too few rows for a decision. */
  readonly canFail: boolean | null;
  readonly because: string;
  readonly planted: readonly Planted[];
  readonly catches: readonly Catch[];
  /** The swapped pair's differences and intervals mirror those of the pair. Absent where the candidate is judged alone. */
  readonly mirrored?: boolean;
}

/** The power of a rule that bounds a drop, after Holm's correction were this the only rule that is broken. */
export interface Catch {
  readonly metric: string;
  readonly slice?: string;
  readonly rule: Rule;
  /** Twice the margin, above 0; and the chance that the gate fails a candidate this much worse. */
  readonly drop: number;
  readonly power: number;
  /** The smallest drop that it catches with 80 %; null where it catches none. */
  readonly smallestDrop: number | null;
}

/** A candidate made from the same rows, worse than the rules allow. */
export interface Planted {
  readonly metric: string;
  readonly slice?: string;
  readonly rule: Rule;
  /** `perfect` is hopeless for a limit to the good values: a ceiling of the accuracy, a floor of the error. */
  readonly is: 'beyond-margin' | 'hopeless' | 'perfect';
  /** Oriented; below 0. */
  readonly difference: number | null;
  readonly decision: Ruling;
  /** Chance that the gate fails a candidate this much worse. */
  readonly power: number | null;
}

export interface Dataset {
  /** SHA-256 of the rows' ids, labels and weights, in the order of ids: `sha256:…`. The order of files does not change it. */
  readonly digest: string;
  readonly rows: number;
  /** As the policy has them: a name, and the last day, `2026-12-31`. */
  readonly version?: string;
  readonly expires?: string;
  /** All rows first, then each slice. */
  readonly parts?: readonly Part[];
  /** Absent without golden rows, or where they have no input. */
  readonly duplicates?: Duplicates;
}

export interface Part {
  /** Absent: all rows. */
  readonly slice?: string;
  readonly rows: number;
  /** Classification of at most twelve classes. */
  readonly classes?: readonly { readonly name: string; readonly rows: number }[];
}

/** Golden rows that ask a model the same. */
export interface Duplicates {
  /** Rows that share their input with another one. */
  readonly rows: number;
  /** Inputs that are there more than once; and those of them with several labels. */
  readonly inputs: number;
  readonly conflicts: number;
  /** Ids of rows with one input, for a few inputs; conflicts come first. */
  readonly examples: readonly (readonly string[])[];
}

/** Better values are higher, lower, or nearer to a value: 0 for a bias, the quantile for its coverage. */
export type Better = 'higher' | 'lower' | { readonly near: number };
