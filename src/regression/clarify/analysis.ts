import * as z from 'zod/mini';
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

/** Why a document is no `analysis.json`, as a clause that follows the name of its place. */
export class AnalysisProblem extends Error {
  override readonly name = 'AnalysisProblem';
}

/** Also null, and the texts "NaN" and "Infinity". */
const value = z.unknown();
const text = z.pipe(
  z.union([z.string(), z.number(), z.boolean()], { error: 'is no text' }),
  z.transform((written) => String(written)),
);

const bias = z.looseObject(
  {
    facets: z.record(
      z.string(),
      z.array(
        z.looseObject(
          {
            value_or_threshold: text,
            metrics: z.array(
              z.looseObject({ name: z.string({ error: 'is no text' }), value }, { error: 'is no object' }),
              {
                error: 'is no list of metrics',
              },
            ),
          },
          { error: 'is no object' },
        ),
        { error: 'is no list of values' },
      ),
      { error: 'is no mapping of facets' },
    ),
  },
  { error: 'is no object' },
);

const shap = z.record(
  z.string(),
  z.looseObject(
    { global_shap_values: z.record(z.string(), value, { error: 'is no mapping of features' }) },
    { error: 'is no object' },
  ),
  { error: 'is no mapping of labels' },
);

const document = z.looseObject(
  {
    pre_training_bias_metrics: z.nullish(bias),
    post_training_bias_metrics: z.nullish(bias),
    explanations: z.nullish(z.looseObject({ kernel_shap: z.nullish(shap) }, { error: 'is no object' })),
  },
  { error: 'is no JSON object' },
);

/**
 * @param read the parsed JSON
 * @throws {AnalysisProblem}
 */
export const analysisOf = (read: unknown): Analysis => {
  const parsed = document.safeParse(read);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const place = (issue?.path ?? []).join('.');
    throw new AnalysisProblem(`${place === '' ? '' : `${place} `}${issue?.message ?? 'is not readable'}`);
  }
  const { pre_training_bias_metrics: before, post_training_bias_metrics: after, explanations } = parsed.data;
  return {
    bias: {
      ...(before ? { 'pre-training': biasOf(before) } : {}),
      ...(after ? { 'post-training': biasOf(after) } : {}),
    },
    attributions: new Map(
      Object.entries(explanations?.kernel_shap ?? {}).map(([label, { global_shap_values: values }]) => [
        label,
        numbers(Object.entries(values)),
      ]),
    ),
  };
};

const biasOf = ({ facets }: z.output<typeof bias>): Bias =>
  new Map(
    Object.entries(facets).map(([facet, values]) => [
      facet,
      values.map(({ value_or_threshold: of, metrics }) => ({
        value: of,
        metrics: numbers(metrics.map(({ name, value: found }) => [name, found] as const)),
      })),
    ]),
  );

const numbers = (entries: readonly (readonly [string, unknown])[]): ReadonlyMap<string, number | undefined> =>
  new Map(
    entries.map(([name, found]) => [name, typeof found === 'number' && Number.isFinite(found) ? found : undefined]),
  );
