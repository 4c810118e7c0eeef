import { expect, test } from '@jest/globals';
import type { Task } from '../../../../src/manifest/regression.ts';
import type { metricsOf } from '../../../../src/manifest/regression-metrics.ts';
import { measureOf } from '../../../../src/regression/metrics/measure-of.ts';
import { everyMetric, metricRows } from '../../../support/metric-rows.ts';

/**
 * Of each metric: the better direction, its bounds, the column it needs, the meaning of a failed row, the shape (which decides the interval),
 * and the classes that need rows.
 */
type Facts = { readonly [T in Task]: Readonly<Record<keyof (typeof metricsOf)[T], string>> };

const served = {
  'latency-p50': 'lower 0…Infinity latency missing whole',
  'latency-p95': 'lower 0…Infinity latency missing whole',
  'latency-p99': 'lower 0…Infinity latency missing whole',
  'error-rate': 'lower 0…1 errors wrong proportion',
  'payload-bytes': 'lower 0…Infinity bytes missing sums',
};
const loss = 'lower 0…Infinity predictions missing';

const facts: Facts = {
  'binary-classification': {
    accuracy: 'higher 0…1 predictions wrong proportion',
    'balanced-accuracy': 'higher 0…1 predictions wrong table 0,1',
    precision: 'higher 0…1 predictions wrong table 1',
    recall: 'higher 0…1 predictions wrong proportion 1',
    specificity: 'higher 0…1 predictions wrong proportion 0',
    'false-positive-rate': 'lower 0…1 predictions wrong proportion 0',
    'false-negative-rate': 'lower 0…1 predictions wrong proportion 1',
    f1: 'higher 0…1 predictions wrong table 1',
    'f-beta': 'higher 0…1 predictions wrong table 1',
    mcc: 'higher -1…1 predictions wrong table 0,1',
    kappa: 'higher -1…1 predictions wrong table 0,1',
    'roc-auc': 'higher 0…1 scores missing auc 0,1',
    'average-precision': 'higher 0…1 scores missing whole 0,1',
    'pr-auc': 'higher 0…1 scores missing whole 0,1',
    'log-loss': 'lower 0…Infinity scores missing sums',
    brier: 'lower 0…1 scores missing sums',
    ece: 'lower 0…1 scores missing whole',
    ...served,
  },
  'multiclass-classification': {
    accuracy: 'higher 0…1 predictions wrong proportion',
    'balanced-accuracy': 'higher 0…1 predictions wrong table 0,1,2',
    precision: 'higher 0…1 predictions wrong table 0,1,2',
    recall: 'higher 0…1 predictions wrong table 0,1,2',
    f1: 'higher 0…1 predictions wrong table 0,1,2',
    'f-beta': 'higher 0…1 predictions wrong table 0,1,2',
    mcc: 'higher -1…1 predictions wrong table',
    kappa: 'higher -1…1 predictions wrong table',
    'roc-auc': 'higher 0…1 scores missing whole 0,1,2',
    'log-loss': 'lower 0…Infinity scores missing sums',
    brier: 'lower 0…2 scores missing sums',
    ece: 'lower 0…1 scores missing whole',
    'top-k': 'higher 0…1 scores wrong proportion',
    ...served,
  },
  regression: {
    mae: `${loss} sums`,
    mse: `${loss} sums`,
    rmse: `${loss} sums`,
    mape: `${loss} sums`,
    smape: 'lower 0…2 predictions missing sums',
    wape: `${loss} sums`,
    r2: 'higher -Infinity…1 predictions missing sums',
    'explained-variance': 'higher -Infinity…1 predictions missing sums',
    'median-absolute-error': `${loss} whole`,
    'max-error': `${loss} whole`,
    pinball: `${loss} sums`,
    'quantile-coverage': 'near 0.75 0…1 predictions missing sums',
    bias: 'near 0 -Infinity…Infinity predictions missing sums',
    ...served,
  },
  ranking: {
    ndcg: 'higher 0…1 scores missing sums',
    mrr: 'higher 0…1 scores missing sums',
    map: 'higher 0…1 scores missing sums',
    'hit-rate': 'higher 0…1 scores missing sums',
    ...served,
  },
  text: {
    'exact-match': 'higher 0…1 predictions wrong proportion',
    'token-f1': 'higher 0…1 predictions missing sums',
    ...served,
  },
};

/** Where a parameter makes another shape, or needs other classes. */
const variants: Readonly<Record<string, string>> = {
  'precision[b]': 'higher 0…1 predictions wrong table 1',
  'precision (micro)': 'higher 0…1 predictions wrong table',
  'precision (weighted)': 'higher 0…1 predictions wrong table',
  'recall[b]': 'higher 0…1 predictions wrong proportion 1',
  'recall (micro)': 'higher 0…1 predictions wrong proportion',
  'recall (weighted)': 'higher 0…1 predictions wrong proportion',
  'f1[b]': 'higher 0…1 predictions wrong table 1',
  'f1 (micro)': 'higher 0…1 predictions wrong table',
  'f1 (weighted)': 'higher 0…1 predictions wrong table',
  'f-beta[b] (beta 2)': 'higher 0…1 predictions wrong table 1',
  'f-beta (beta 2, micro)': 'higher 0…1 predictions wrong table',
  'f-beta (beta 2, weighted)': 'higher 0…1 predictions wrong table',
  'roc-auc[b]': 'higher 0…1 scores missing auc 1',
};

test.each(everyMetric.map(([task, name]) => [task, JSON.stringify(name), name] as const))('%s: %s', (task, _, name) => {
  const rows = metricRows(task, []);
  const measure = measureOf(name, rows);
  const { better, bounds, needs, failedRows, shape, classes } = measure;
  const direction = typeof better === 'object' ? `near ${better.near}` : better;
  const all: Readonly<Record<string, string>> = facts[task];
  expect(`${direction} ${bounds[0]}…${bounds[1]} ${needs} ${failedRows} ${shape.is} ${classes.join()}`.trim()).toBe(
    variants[measure.name] ?? all[name.metric],
  );
});
