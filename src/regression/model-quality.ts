import type { MetricName, Task } from '../manifest/regression.ts';
import { comparedRows } from './compared.ts';
import { confusionTable, marginsOf } from './confusion.ts';
import { type CurvePoint, curveOf } from './curve.ts';
import type { ConfusionTable } from './measure.ts';
import { measureOf } from './metrics/measure-of.ts';
import type { AnsweredRows } from './rows.ts';
import { select } from './selection.ts';
import { comparable } from './usable.ts';
import { metricValue } from './value.ts';

/** The candidate's metrics that SageMaker has names for, over the rows that both models answered. */
export interface ModelQuality {
  /** Absent where SageMaker has no group of metrics for the task. */
  readonly group?: string;
  readonly values: readonly { readonly name: string; readonly value: number | null }[];
  /** Rows (weights) by label, then by prediction; without answers that are no class. Absent where there are too many classes. */
  readonly matrix?: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly curve?: readonly CurvePoint[];
}

/** A matrix of more classes would be most of the file. */
const mostClasses = 100;

const weighted = (metric: string, beta?: number): MetricName => ({
  metric,
  average: 'weighted',
  ...(beta === undefined ? {} : { beta }),
});

/** SageMaker's name → ours. */
const names: Readonly<
  Partial<Record<Task, { readonly group: string; readonly metrics: Readonly<Record<string, MetricName>> }>>
> = {
  'binary-classification': {
    group: 'binary_classification_metrics',
    metrics: {
      recall: { metric: 'recall' },
      precision: { metric: 'precision' },
      accuracy: { metric: 'accuracy' },
      true_positive_rate: { metric: 'recall' },
      true_negative_rate: { metric: 'specificity' },
      false_positive_rate: { metric: 'false-positive-rate' },
      false_negative_rate: { metric: 'false-negative-rate' },
      auc: { metric: 'roc-auc' },
      f0_5: { metric: 'f-beta', beta: 0.5 },
      f1: { metric: 'f1' },
      f2: { metric: 'f-beta', beta: 2 },
    },
  },
  'multiclass-classification': {
    group: 'multiclass_classification_metrics',
    metrics: {
      accuracy: { metric: 'accuracy' },
      weighted_recall: weighted('recall'),
      weighted_precision: weighted('precision'),
      weighted_f0_5: weighted('f-beta', 0.5),
      weighted_f1: weighted('f1'),
      weighted_f2: weighted('f-beta', 2),
    },
  },
  regression: {
    group: 'regression_metrics',
    metrics: { mae: { metric: 'mae' }, mse: { metric: 'mse' }, rmse: { metric: 'rmse' }, r2: { metric: 'r2' } },
  },
};

export const modelQualityOf = (rows: AnsweredRows): ModelQuality => {
  const known = names[rows.task];
  if (known === undefined) return { values: [] };
  const compared = comparedRows(rows);
  const values = Object.entries(known.metrics).map(([name, metric]) => ({
    name,
    value: qualityValue(metric, compared),
  }));
  if (rows.classes.length === 0) return { group: known.group, values };
  const table = confusionTable(compared, compared.candidate);
  const curve = rows.task === 'binary-classification' ? curveOf(compared, compared.candidate) : undefined;
  return {
    group: known.group,
    values: [...values, { name: 'accuracy_best_constant_classifier', value: bestConstant(table) }],
    ...(rows.classes.length > mostClasses ? {} : { matrix: matrixOf(rows.classes, table) }),
    ...(curve === undefined ? {} : { curve }),
  };
};

/** Over the rows of which the metric can compare both models, as in the comparison itself. */
const qualityValue = (name: MetricName, rows: AnsweredRows): number | null => {
  const measure = measureOf(name, rows);
  const usable = comparable(measure, rows);
  const selected = usable.length === rows.size ? rows : select(rows, usable);
  return selected.size === 0 ? null : metricValue(measure, selected, selected.candidate);
};

/** Accuracy of always answering the most frequent class. */
const bestConstant = (table: ConfusionTable): number | null => {
  const { support, total } = marginsOf(table);
  return total === 0 ? null : Math.max(...support) / total;
};

const matrixOf = (classes: readonly string[], { cells }: ConfusionTable): NonNullable<ModelQuality['matrix']> =>
  Object.fromEntries(
    classes.map((label, row) => [
      label,
      Object.fromEntries(classes.map((name, column) => [name, cells[row * (classes.length + 1) + column] ?? 0])),
    ]),
  );
