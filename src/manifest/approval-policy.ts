import type { BiasRule } from './asking.ts';
import type { RegressionSpec } from './regression.ts';

/** A rule of `approval.policy`: all have to hold. */
export type PolicyRule = MetricRule | BiasPolicyRule | VerdictRule;

/** About one number of a report, or of the package's metadata. */
export interface MetricRule {
  readonly is: 'metric';
  readonly from: MetricSource;
  /** Names from the outermost object of the file inwards; of metadata one key. */
  readonly path: readonly string[];
  readonly bound: Bound;
}

/** The files in which a number is found by its path, and the metadata. */
export const metricSources = [
  'evaluation',
  'quality-constraints',
  'data-statistics',
  'data-constraints',
  'explainability',
  'metadata',
] as const;
export type MetricSource = (typeof metricSources)[number];

export type Bound =
  | { readonly is: 'at-least' | 'at-most'; readonly limit: number }
  | {
      readonly is: 'not-worse';
      readonly than: Comparison;
      /** Tolerated worsening, 0 or more. */
      readonly by: number;
      readonly higherIs: Direction;
      /** The rule is left out where nothing serves. */
      readonly firstPasses: boolean;
    };

/** `serving`: the version that serves in the environment. `drift-baseline`: the statistics that the package's drift checks compare with. */
export const comparisons = ['serving', 'drift-baseline'] as const;
export type Comparison = (typeof comparisons)[number];

export const directions = ['better', 'worse'] as const;
export type Direction = (typeof directions)[number];

/** As a rule of `regression.bias`: the distance from no bias, of every group of the facet. */
export interface BiasPolicyRule {
  readonly is: 'bias';
  readonly rule: BiasRule;
  readonly firstPasses: boolean;
}

/** The regression test passed, and its verdict counts. */
export interface VerdictRule {
  readonly is: 'verdict';
}

/**
 * The metrics of which it is certain, by the last part of their names, whether more is better: SageMaker's names of the model quality (AWS: Model Monitor, model quality
 * metrics) and XGBoost's. Those about the best constant answer describe the data.
 */
const known: Readonly<Record<Direction, readonly string[]>> = {
  better: [
    ...[
      'accuracy',
      'precision',
      'recall',
      'auc',
      'au_prc',
      'f0_5',
      'f1',
      'f2',
      'r2',
      'true_positive_rate',
      'true_negative_rate',
    ],
    ...['weighted_precision', 'weighted_recall', 'weighted_f0_5', 'weighted_f1', 'weighted_f2'],
    ...['balanced_accuracy', 'specificity', 'sensitivity'],
  ],
  worse: [
    ...['mae', 'mse', 'rmse', 'rmsle', 'mape', 'false_positive_rate', 'false_negative_rate'],
    ...['log_loss', 'logloss', 'mlogloss', 'error', 'merror'],
  ],
};

/** @returns undefined where the name is not one of the known ones */
export const knownDirection = (path: readonly string[]): Direction | undefined => {
  const names = path.at(-1) === 'value' ? path.slice(0, -1) : path;
  // `metric.validation:auc` of a training job.
  const name = names.at(-1)?.split(':').at(-1)?.toLowerCase() ?? '';
  return directions.find((direction) => known[direction].includes(name));
};

interface Ruled {
  readonly approval?: { readonly policy?: readonly PolicyRule[] } | undefined;
}

/** Rules about the verdict that no version could ever keep. */
export const policyFaults = ({
  regression,
  environments,
  ...forAll
}: Ruled & {
  readonly regression?: RegressionSpec | undefined;
  readonly environments: Readonly<Record<string, Ruled>>;
}): { path: (string | number)[]; message: string }[] => {
  const message = verdictFault(regression);
  if (message === undefined) return [];
  return [
    { at: [], ruled: forAll },
    ...Object.entries(environments).map(([name, ruled]) => ({ at: ['environments', name], ruled })),
  ].flatMap(({ at, ruled }) =>
    (ruled.approval?.policy ?? []).flatMap(({ is }, index) =>
      is === 'verdict' ? [{ path: [...at, 'approval', 'policy', index, 'regression'], message }] : [],
    ),
  );
};

const verdictFault = (regression: RegressionSpec | undefined): string | undefined => {
  if (regression === undefined) return 'needs `regression:` in the manifest: there is no verdict without it';
  return regression.asking.candidate.is === 'dark-variant'
    ? 'could never hold: the dark candidate is deployed after the approval, and its verdict comes later still'
    : undefined;
};
