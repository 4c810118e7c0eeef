import * as z from 'zod/mini';
import type { Analysis, Bias } from '../regression/clarify/analysis.ts';
import { InputError } from '../schema.ts';
import { quoted } from '../secrets.ts';
import { parseReport, reportBy } from './evaluation.ts';

/** Also null, and the texts "NaN" and "Infinity"; or none. */
const value = z.optional(z.unknown());
const word = z.pipe(
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
            value_or_threshold: word,
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

/** @throws {InputError} when the file is no analysis, naming `source` and the place in it */
export const parseAnalysis = (text: string, source: string): Analysis => {
  const content = parseReport(text, source, 'e.g. {"post_training_bias_metrics": {"facets": {}}}');
  const {
    pre_training_bias_metrics: before,
    post_training_bias_metrics: after,
    explanations,
  } = reportBy(document, content, source);
  return {
    bias: {
      ...(before ? { 'pre-training': biasOf(before, source) } : {}),
      ...(after ? { 'post-training': biasOf(after, source) } : {}),
    },
    attributions: new Map(
      Object.entries(explanations?.kernel_shap ?? {}).map(([label, { global_shap_values: values }]) => [
        label,
        numbers(Object.entries(values)),
      ]),
    ),
  };
};

/** @throws {InputError} when two groups of a facet, or two metrics of a group, have one name: neither is meant */
const biasOf = ({ facets }: z.output<typeof bias>, source: string): Bias =>
  new Map(
    Object.entries(facets).map(([facet, values]) => {
      const refuseTwo = (of: string, names: readonly string[]): void => {
        const twice = names.find((name, index) => names.indexOf(name) !== index);
        if (twice !== undefined)
          throw new InputError(`${source}: ${quoted(facet)} has the ${of} ${quoted(twice)} twice, so it is ambiguous`);
      };
      refuseTwo(
        'group',
        values.map(({ value_or_threshold: of }) => of),
      );
      return [
        facet,
        values.map(({ value_or_threshold: of, metrics }) => {
          refuseTwo(
            'metric',
            metrics.map(({ name }) => name),
          );
          return { value: of, metrics: numbers(metrics.map(({ name, value: found }) => [name, found] as const)) };
        }),
      ];
    }),
  );

const numbers = (entries: readonly (readonly [string, unknown])[]): ReadonlyMap<string, number | undefined> =>
  new Map(
    entries.map(([name, found]) => [name, typeof found === 'number' && Number.isFinite(found) ? found : undefined]),
  );
