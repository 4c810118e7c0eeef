import * as z from 'zod/mini';
import { withoutUndefined } from '../../without-undefined.ts';

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

/** Why a document is no `constraints.json`, as a clause that follows the name of its place. */
export class ConstraintsProblem extends Error {
  override readonly name = 'ConstraintsProblem';
}

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

/**
 * @param value of the parsed JSON
 * @throws {ConstraintsProblem}
 */
export const constraintsOf = (value: unknown): Constraints => {
  const other = Object.keys(others).find((key) => isMembers(value) && key in value);
  if (other !== undefined)
    throw new ConstraintsProblem(
      `is a file of ${others[other]} (${other}); expected the constraints of the data quality, which have \`features\``,
    );
  const parsed = document.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const place = (issue?.path ?? []).join('.');
    throw new ConstraintsProblem(`${place === '' ? '' : `${place} `}${issue?.message ?? 'is not readable'}`);
  }
  const { features, monitoring_config: config } = parsed.data;
  if (features.length === 0) throw new ConstraintsProblem('has no column');
  const columns = features.map((feature) => columnOf(feature, config));
  const names = new Set<string>();
  for (const [at, { name }] of columns.entries()) {
    if (names.has(name)) throw new ConstraintsProblem(`features.${at}.name is there twice`);
    names.add(name);
  }
  return { columns, isEnabled: config?.evaluate_constraints !== 'Disabled' };
};

const isMembers = (value: unknown): value is object => typeof value === 'object' && value !== null;

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

/** A baseline of CSV without a header has no names but `_c0`, `_c1`, …: no column can be told by them. */
export const isUnnamed = (name: string): boolean => /^_c\d+$/.test(name);
