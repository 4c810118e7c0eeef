import type { JudgePolicy, OwnMetric } from '../../src/manifest/manifest.ts';
import { judgePolicy } from './stepping.ts';

const series = (metric: string, dimensions: Readonly<Record<string, string>> = {}) => ({
  namespace: 'Acme/Churn',
  metric,
  statistic: 'Sum',
  dimensions: { VariantName: '{variant}', ...dimensions },
});

const same = (sources: OwnMetric['candidate']): Pick<OwnMetric, 'candidate' | 'baseline'> => ({
  candidate: sources,
  baseline: sources,
});

/** Empty answers, of requests. */
export const emptyAnswers: OwnMetric = {
  name: 'empty-answers',
  counts: 'bad',
  verdict: 'convict',
  absent: 'zero',
  ...same({ events: [series('EmptyAnswers')] }),
};

/** Confident answers, of answers: good ones. */
export const confident: OwnMetric = {
  name: 'confident',
  counts: 'good',
  verdict: 'convict',
  absent: 'zero',
  ...same({ events: [series('Confident')], of: series('Answers') }),
};

/** Answers by class. */
export const classes: OwnMetric = {
  name: 'classes',
  counts: 'cells',
  cells: ['setosa', 'versicolor', 'virginica'],
  verdict: 'hold',
  absent: 'zero',
  ...same({ events: ['setosa', 'versicolor', 'virginica'].map((name) => series('Predictions', { Class: name })) }),
};

export const judgeWith = (...metrics: readonly OwnMetric[]): JudgePolicy => ({ ...judgePolicy, metrics });
