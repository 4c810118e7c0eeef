import { describe, expect, test } from '@jest/globals';
import type { MetricName, Task } from '../../../../src/manifest/regression.ts';
import type { metricsOf } from '../../../../src/manifest/regression-metrics.ts';
import { MetricError } from '../../../../src/regression/metrics/maker.ts';
import { measureOf } from '../../../../src/regression/metrics/measure-of.ts';
import { metricValue } from '../../../../src/regression/value.ts';
import { type AnswerColumns, pairedRows, type RowColumns } from '../../../support/paired-rows.ts';

/** Rows for which a metric is 0/0; for scikit-learn several of them are 0, 1, or a number of 16 digits. */
type Undefined = AnswerColumns & {
  readonly labels: readonly number[];
  readonly classes?: readonly string[];
  readonly groups?: readonly number[];
  readonly weights?: readonly number[];
};

const noRows: Undefined = { labels: [], predictions: [], scores: [] };
const onlyPositive: Undefined = { labels: [1, 1], predictions: [1, 0], scores: [0.9, 0.4] };
const onlyNegative: Undefined = { labels: [0, 0], predictions: [1, 0], scores: [0.9, 0.4] };
const constantAnswer: Undefined = { labels: [0, 1, 1], predictions: [0, 0, 0], scores: [0.2, 0.2, 0.2] };
const oneClass: Undefined = { labels: [1, 1], predictions: [1, 1], scores: [0.9, 0.4] };
/** 12.9² ÷ 12.9 is less than 12.9. */
const oneWeighed: Undefined = { labels: [1], predictions: [1], weights: [12.9] };
const noProbability: Undefined = { labels: [0, 1], predictions: [0, 1], scores: [0.2, 1.2] };
const withoutScores: Undefined = { labels: [0, 1], predictions: [0, 1] };
const served = {
  'latency-p50': [noRows, withoutScores],
  'latency-p95': [noRows, withoutScores],
  'latency-p99': [noRows, withoutScores],
  'error-rate': [noRows],
  'payload-bytes': [noRows, withoutScores],
} as const;

const three = ['a', 'b', 'c'];
const noAnswerC: Undefined = { classes: three, labels: [0, 1, 2], predictions: [0, 1, 1] };
const noLabelC: Undefined = { classes: three, labels: [0, 1, 1], predictions: [0, 1, 2] };
const onlyA: Undefined = {
  classes: three,
  labels: [0, 0],
  predictions: [0, 0],
  scores: [
    [0.8, 0.1, 0.1],
    [0.6, 0.2, 0.2],
  ],
};
/** Sure of every class. */
const noDistribution: Undefined = {
  classes: three,
  labels: [0, 1],
  predictions: [0, 1],
  scores: [
    [1, 1, 1],
    [1, 1, 1],
  ],
};
const zeroLabel: Undefined = { labels: [0, 2], predictions: [1, 2] };
const equalLabels: Undefined = { labels: [0.1, 0.1, 0.1], predictions: [0.1, 0.3, 0.2] };
const noneRelevant: Undefined = { labels: [0, 0], scores: [0.3, 0.2], groups: [0, 0] };
const negativeRelevance: Undefined = { labels: [1, -1], scores: [0.3, 0.2], groups: [0, 0] };
const noQueries: Undefined = { labels: [], scores: [], groups: [] };
const queries = [noQueries, noneRelevant, negativeRelevance, { labels: [1, 0], predictions: [1, 0], groups: [0, 0] }];
const predictions = [noRows];

type Table = { readonly [T in Task]: Readonly<Record<keyof (typeof metricsOf)[T], readonly Undefined[]>> };
const table: Table = {
  'binary-classification': {
    accuracy: [noRows],
    'balanced-accuracy': [noRows, onlyPositive, onlyNegative],
    precision: [noRows, constantAnswer],
    recall: [noRows, onlyNegative],
    specificity: [noRows, onlyPositive],
    'false-positive-rate': [noRows, onlyPositive],
    'false-negative-rate': [noRows, onlyNegative],
    f1: [noRows, { labels: [0, 0], predictions: [0, 0] }],
    'f-beta': [noRows, { labels: [0, 0], predictions: [0, 0] }],
    mcc: [noRows, constantAnswer, onlyPositive, oneClass, oneWeighed],
    kappa: [noRows, oneClass, oneWeighed],
    'roc-auc': [noRows, onlyPositive, onlyNegative, withoutScores],
    'average-precision': [noRows, onlyPositive, onlyNegative, withoutScores],
    'pr-auc': [noRows, onlyPositive, onlyNegative, withoutScores],
    'log-loss': [noRows, noProbability, withoutScores],
    brier: [noRows, noProbability, withoutScores],
    ece: [noRows, noProbability, withoutScores],
    ...served,
  },
  'multiclass-classification': {
    accuracy: [noRows],
    'balanced-accuracy': [noRows],
    precision: [noRows, noAnswerC],
    recall: [noRows, noLabelC],
    f1: [noRows],
    'f-beta': [noRows],
    mcc: [noRows, onlyA],
    kappa: [noRows, onlyA],
    'roc-auc': [noRows, onlyA, noAnswerC],
    'log-loss': [noRows, noDistribution, noAnswerC],
    brier: [noRows, noDistribution, noAnswerC],
    ece: [noRows, noDistribution, noAnswerC],
    'top-k': [noRows, noAnswerC],
    ...served,
  },
  regression: {
    mae: predictions,
    mse: predictions,
    rmse: predictions,
    mape: [noRows, zeroLabel],
    smape: [noRows, { labels: [0, 2], predictions: [0, 2] }],
    wape: [noRows, { labels: [0, 0], predictions: [1, 2] }],
    r2: [noRows, equalLabels, { labels: [3], predictions: [3] }],
    'explained-variance': [noRows, equalLabels, { labels: [3], predictions: [3] }],
    'median-absolute-error': predictions,
    'max-error': predictions,
    pinball: predictions,
    'quantile-coverage': predictions,
    bias: predictions,
    ...served,
  },
  ranking: { ndcg: queries, mrr: queries, map: queries, 'hit-rate': queries, ...served },
  text: { 'exact-match': [noRows, withoutScores], 'token-f1': [noRows, withoutScores], ...served },
};

const parameters: Readonly<Record<string, Partial<MetricName>>> = {
  'f-beta': { beta: 2 },
  'top-k': { k: 2 },
  pinball: { quantile: 0.9 },
  'quantile-coverage': { quantile: 0.9 },
  'hit-rate': { k: 2 },
};

const cases = Object.entries(table).flatMap(([task, metrics]) =>
  Object.entries<readonly Undefined[]>(metrics).flatMap(([metric, all]) =>
    all.map((rows) => [task as Task, metric, JSON.stringify(rows), rows] as const),
  ),
);

const valueIn = (
  task: Task,
  name: MetricName,
  { labels, classes, groups, weights, ...answers }: Undefined,
): number | null => {
  const columns: RowColumns = {
    task,
    labels,
    ...(classes && { classes }),
    ...(task === 'multiclass-classification' && classes === undefined && { classes: three }),
    ...(groups && { groups }),
    ...(weights && { weights }),
  };
  const rows = pairedRows(columns, answers);
  return metricValue(measureOf(name, rows), rows, rows.candidate);
};

test.each(cases)('%s: %s is undefined over %s', (task, metric, _, rows) => {
  expect(valueIn(task, { metric, ...parameters[metric] }, rows)).toBeNull();
});

describe('a class without rows', () => {
  const labels = [0, 1, 1, 3, 3];
  const answers = { predictions: [0, 1, 0, 3, 3] };
  const classes = ['a', 'b', 'c', 'd'];

  test('is left out of a macro average, for no answer names it either', () => {
    const value = valueIn('multiclass-classification', { metric: 'recall' }, { labels, classes, ...answers });
    expect(value).toBeCloseTo((1 + 0.5 + 1) / 3, 12);
  });

  test('has no recall of its own', () => {
    const value = valueIn(
      'multiclass-classification',
      { metric: 'recall', class: 'c' },
      { labels, classes, ...answers },
    );
    expect(value).toBeNull();
  });
});

describe('a metric that cannot be made', () => {
  const rows = pairedRows({ task: 'multiclass-classification', labels: [0, 1], classes: ['a', 'b'] }, {});
  test.each<readonly [MetricName, string]>([
    [{ metric: 'recall', class: 'virginica' }, 'recall[virginica]: the rows have no class virginica'],
    [{ metric: 'roc-auc', class: 'c' }, 'roc-auc[c]: the rows have no class c'],
    [{ metric: 'f-beta' }, 'f-beta needs beta'],
    [{ metric: 'top-k' }, 'top-k needs k'],
    [{ metric: 'mae' }, 'multiclass-classification has no metric mae'],
    [{ metric: 'toString' }, 'multiclass-classification has no metric toString'],
    [{ metric: 'roc-auc', average: 'micro', pairs: 'one-vs-one' }, 'roc-auc has no micro average of pairs'],
  ])('%j', (name, because) => {
    expect(() => measureOf(name, rows)).toThrow(new MetricError(because));
  });
});

describe('the name of a metric', () => {
  const rows = pairedRows({ task: 'multiclass-classification', labels: [0, 1], classes: ['a', 'b'] }, {});
  test.each<readonly [MetricName, string]>([
    [{ metric: 'accuracy' }, 'accuracy'],
    [{ metric: 'recall', class: 'b' }, 'recall[b]'],
    [{ metric: 'f1' }, 'f1 (macro)'],
    [{ metric: 'f-beta', beta: 2, average: 'micro' }, 'f-beta (beta 2, micro)'],
    [{ metric: 'f-beta', beta: 0.5, class: 'a' }, 'f-beta[a] (beta 0.5)'],
    [{ metric: 'roc-auc' }, 'roc-auc (macro, one-vs-rest)'],
    [{ metric: 'roc-auc', average: 'weighted', pairs: 'one-vs-one' }, 'roc-auc (weighted, one-vs-one)'],
    [{ metric: 'roc-auc', class: 'a' }, 'roc-auc[a]'],
    [{ metric: 'top-k', k: 2 }, 'top-k (k 2)'],
  ])('%j is %s', (name, title) => {
    expect(measureOf(name, rows).name).toBe(title);
  });

  test('of other tasks has no averages', () => {
    const binary = pairedRows({ task: 'binary-classification', labels: [0, 1] }, {});
    expect(measureOf({ metric: 'f1' }, binary).name).toBe('f1');
    const regression = pairedRows({ task: 'regression', labels: [0, 1] }, {});
    expect(measureOf({ metric: 'pinball', quantile: 0.9 }, regression).name).toBe('pinball (quantile 0.9)');
  });
});
