import type { BiasStage } from '../../manifest/clarify-metrics.ts';

/** `analysis.json` of SageMaker Clarify (AWS: "Analysis Results"), as far as rules read it. Its names and values are foreign text. */
export interface Analysis {
  readonly bias: Readonly<Partial<Record<BiasStage, Bias>>>;
  /** By label: the features and their global SHAP values. */
  readonly attributions: ReadonlyMap<string, ReadonlyMap<string, number | undefined>>;
}

/** By facet. */
export type Bias = ReadonlyMap<string, readonly FacetValue[]>;

/** One group that a facet tells from the others. */
export interface FacetValue {
  readonly value: string;
  /** By metric; undefined: Clarify could not compute it. */
  readonly metrics: ReadonlyMap<string, number | undefined>;
}
