/**
 * `constraints.json` of Model Monitor's data quality (AWS: "Schema for Constraints"): the columns that a model was trained with. Its names
 * and values are foreign text.
 */
export interface Constraints {
  /** In the order of the file. */
  readonly columns: readonly Column[];
  /** The file's columns are checked at all (AWS: `evaluate_constraints`). */
  readonly isEnabled: boolean;
}

export const columnTypes = ['Integral', 'Fractional', 'String', 'Unknown'] as const;
export type ColumnType = (typeof columnTypes)[number];

export interface Column {
  readonly name: string;
  /** `Unknown`: the training data had no value of it. */
  readonly type: ColumnType;
  /** 0–1: least share of values that are of the type. */
  readonly typeShare: number;
  /** 0–1: least share of rows with a value. */
  readonly completeness?: number;
  readonly isNonNegative: boolean;
  /** The values of a text with few of them. */
  readonly domain?: readonly string[];
  /** 0–1: least share of values that are in the domain. */
  readonly domainShare: number;
  /** `monitoringConfigOverrides` of the column may switch its checks off. */
  readonly isEnabled: boolean;
}

/** A baseline of CSV without a header has no names but `_c0`, `_c1`, …: no column can be told by them. */
export const isUnnamed = (name: string): boolean => /^_c\d+$/.test(name);
