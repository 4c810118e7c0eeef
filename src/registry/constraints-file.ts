import * as z from 'zod/mini';
import { type Column, type Constraints, columnTypes } from '../regression/contract/constraints.ts';
import { InputError } from '../schema.ts';
import { withoutUndefined } from '../without-undefined.ts';
import { parseReport, reportBy } from './evaluation.ts';

const share = z.nullish(
  z
    .number({ error: 'is no number' })
    .check(z.gte(0, { error: 'is no share from 0 to 1' }), z.lte(1, { error: 'is no share from 0 to 1' })),
);
const settings = z.looseObject({
  evaluate_constraints: z.nullish(z.enum(['Enabled', 'Disabled'], { error: 'is neither Enabled nor Disabled' })),
  datatype_check_threshold: share,
  domain_content_threshold: share,
});
const scalar = z.union([z.string(), z.number(), z.boolean()], { error: 'is no text' });

const document = z.looseObject(
  {
    features: z.array(
      z.looseObject(
        {
          name: z.string({ error: 'is no text' }),
          inferred_type: z.nullish(z.enum(columnTypes, { error: `is none of ${columnTypes.join(', ')}` })),
          completeness: share,
          num_constraints: z.nullish(z.looseObject({ is_non_negative: z.nullish(z.boolean()) })),
          string_constraints: z.nullish(z.looseObject({ domains: z.nullish(z.array(scalar)) })),
          monitoringConfigOverrides: z.nullish(settings),
        },
        { error: 'is no object' },
      ),
      { error: 'is no list of columns' },
    ),
    monitoring_config: z.nullish(settings),
  },
  { error: 'is no JSON object' },
);
type Raw = z.output<typeof document>;

/** Model Monitor writes three more files of this name, about other things. */
const others: Readonly<Record<string, string>> = {
  binary_classification_constraints: 'model quality',
  multiclass_classification_constraints: 'model quality',
  regression_constraints: 'model quality',
  post_training_bias_metrics: 'bias',
  pre_training_bias_metrics: 'bias',
  explanations: 'attribution',
};

/** @throws {InputError} when the file is none of the data quality's constraints, naming `source` and the place in it */
export const parseConstraints = (text: string, source: string): Constraints => {
  const value = parseReport(text, source, 'e.g. {"features": [{"name": "age", "inferred_type": "Integral"}]}');
  const refuse = (problem: string): never => {
    throw new InputError(`${source}: ${problem}`);
  };
  const other = Object.keys(others).find((key) => Object.hasOwn(value, key));
  if (other !== undefined)
    return refuse(
      `is a file of ${others[other]} (${other}); expected the constraints of the data quality, which have \`features\``,
    );
  const { features, monitoring_config: config } = reportBy(document, value, source);
  if (features.length === 0) return refuse('has no column');
  const columns = features.map((feature) => columnOf(feature, config));
  const names = new Set<string>();
  for (const [at, { name }] of columns.entries()) {
    if (names.has(name)) return refuse(`features.${at}.name is there twice`);
    names.add(name);
  }
  return { columns, isEnabled: config?.evaluate_constraints !== 'Disabled' };
};

/** Baseline jobs write both thresholds as 1, and name them in violations as the match that is expected ("Expected match: 100.0%"). */
const wholeShare = 1;

const columnOf = (raw: Raw['features'][number], config: Raw['monitoring_config']): Column => {
  const own = raw.monitoringConfigOverrides;
  const domain = raw.string_constraints?.domains ?? [];
  return {
    name: raw.name,
    type: raw.inferred_type ?? 'Unknown',
    typeShare: own?.datatype_check_threshold ?? config?.datatype_check_threshold ?? wholeShare,
    isNonNegative: raw.num_constraints?.is_non_negative ?? false,
    domainShare: own?.domain_content_threshold ?? config?.domain_content_threshold ?? wholeShare,
    isEnabled: own?.evaluate_constraints !== 'Disabled',
    ...withoutUndefined({
      completeness: raw.completeness ?? undefined,
      // A column with many values has none listed.
      domain: domain.length > 0 ? domain.map(String) : undefined,
    }),
  };
};
