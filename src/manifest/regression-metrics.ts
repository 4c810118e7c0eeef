import type { Margin, MetricName, Task } from './regression.ts';

/** A metric that `regression:` may name. */
export interface MetricFacts {
  /** What it says, for docs. */
  readonly does: string;
  /** Parameters that its name may have beside `metric`; `class` is `recall[versicolor]`. */
  readonly parameters: readonly Exclude<keyof MetricName, 'metric'>[];
  /** Of the `non-inferior` rule that a metric without a rule gets; absent: the manifest must have a rule. */
  readonly defaultMargin?: Margin;
}

const points = (value: number): Margin => ({ value, of: 'metric' });
const ofBaseline = (value: number): Margin => ({ value, of: 'baseline' });

const served = {
  'latency-p50': {
    does: 'Median of the time until the answer, in milliseconds.',
    parameters: [],
    defaultMargin: ofBaseline(0.1),
  },
  'latency-p95': { does: '95th percentile of that time.', parameters: [], defaultMargin: ofBaseline(0.1) },
  'latency-p99': { does: '99th percentile of that time.', parameters: [], defaultMargin: ofBaseline(0.1) },
  'error-rate': {
    does: 'Share of rows that the model answered with an error.',
    parameters: [],
    defaultMargin: points(0.01),
  },
  'payload-bytes': { does: 'Mean size of an answer, in bytes.', parameters: [], defaultMargin: ofBaseline(0.1) },
} as const satisfies Readonly<Record<string, MetricFacts>>;

const binary = {
  accuracy: { does: 'Share of right answers.', parameters: [], defaultMargin: points(0.02) },
  'balanced-accuracy': { does: 'Mean of the recalls of both classes.', parameters: [], defaultMargin: points(0.02) },
  precision: {
    does: 'Share of right answers among those that say the positive class.',
    parameters: [],
    defaultMargin: points(0.02),
  },
  recall: { does: 'Share of the positive rows that are found.', parameters: [], defaultMargin: points(0.02) },
  specificity: { does: 'Share of the negative rows that are found.', parameters: [], defaultMargin: points(0.02) },
  'false-positive-rate': {
    does: 'Share of the negative rows that are called positive.',
    parameters: [],
    defaultMargin: points(0.02),
  },
  'false-negative-rate': {
    does: 'Share of the positive rows that are called negative.',
    parameters: [],
    defaultMargin: points(0.02),
  },
  f1: { does: 'Harmonic mean of precision and recall.', parameters: [], defaultMargin: points(0.02) },
  'f-beta': {
    does: 'The same, with recall `beta` times as important.',
    parameters: ['beta'],
    defaultMargin: points(0.02),
  },
  mcc: { does: 'Matthews correlation of labels and answers.', parameters: [], defaultMargin: points(0.02) },
  kappa: { does: "Cohen's kappa of labels and answers.", parameters: [], defaultMargin: points(0.02) },
  'roc-auc': { does: 'Area under the ROC curve.', parameters: [], defaultMargin: points(0.02) },
  'average-precision': {
    does: 'Mean of the precision over the steps of recall.',
    parameters: [],
    defaultMargin: points(0.02),
  },
  'pr-auc': {
    does: 'Area under the precision-recall curve, by trapezoids; another number than the average precision.',
    parameters: [],
    defaultMargin: points(0.02),
  },
  'log-loss': {
    does: 'Mean of −ln of the probability of the right class.',
    parameters: [],
    defaultMargin: ofBaseline(0.05),
  },
  brier: { does: 'Mean squared error of the probability.', parameters: [], defaultMargin: ofBaseline(0.05) },
  ece: { does: 'Expected calibration error, in 15 bins of equal width.', parameters: [], defaultMargin: points(0.02) },
} as const satisfies Readonly<Record<string, MetricFacts>>;

const multiclass = {
  accuracy: binary.accuracy,
  'balanced-accuracy': { does: 'Mean of the recalls of all classes.', parameters: [], defaultMargin: points(0.02) },
  precision: {
    does: 'Share of right answers among those that say a class.',
    parameters: ['class', 'average'],
    defaultMargin: points(0.02),
  },
  recall: {
    does: "Share of a class's rows that are found.",
    parameters: ['class', 'average'],
    defaultMargin: points(0.02),
  },
  f1: { does: 'Harmonic mean of precision and recall.', parameters: ['class', 'average'], defaultMargin: points(0.02) },
  'f-beta': {
    does: 'The same, with recall `beta` times as important.',
    parameters: ['class', 'average', 'beta'],
    defaultMargin: points(0.02),
  },
  mcc: binary.mcc,
  kappa: binary.kappa,
  'roc-auc': {
    does: 'Area under the ROC curve, of each class against the others or of each pair of classes.',
    parameters: ['class', 'average', 'pairs'],
    defaultMargin: points(0.02),
  },
  'log-loss': binary['log-loss'],
  brier: {
    does: 'Squared errors of the probabilities, summed over classes; mean over rows.',
    parameters: [],
    defaultMargin: ofBaseline(0.05),
  },
  ece: binary.ece,
  'top-k': {
    does: 'Share of rows whose class is among the `k` most probable.',
    parameters: ['k'],
    defaultMargin: points(0.02),
  },
} as const satisfies Readonly<Record<string, MetricFacts>>;

const regression = {
  mae: { does: 'Mean absolute error.', parameters: [], defaultMargin: ofBaseline(0.05) },
  mse: { does: 'Mean squared error.', parameters: [], defaultMargin: ofBaseline(0.05) },
  rmse: { does: 'Root of the mean squared error.', parameters: [], defaultMargin: ofBaseline(0.05) },
  mape: {
    does: 'Mean absolute error relative to the label; undefined with a label of 0.',
    parameters: [],
    defaultMargin: ofBaseline(0.05),
  },
  smape: { does: 'Symmetric form of it, 0–200 %.', parameters: [], defaultMargin: ofBaseline(0.05) },
  wape: {
    does: 'Sum of absolute errors relative to the sum of absolute labels.',
    parameters: [],
    defaultMargin: ofBaseline(0.05),
  },
  r2: {
    does: 'Share of the variance that is explained; undefined with equal labels.',
    parameters: [],
    defaultMargin: points(0.02),
  },
  'explained-variance': { does: 'The same, without the bias.', parameters: [], defaultMargin: points(0.02) },
  'median-absolute-error': { does: 'Median of the absolute errors.', parameters: [], defaultMargin: ofBaseline(0.05) },
  'max-error': { does: 'Largest absolute error.', parameters: [], defaultMargin: ofBaseline(0.1) },
  pinball: {
    does: 'Mean pinball loss of the quantile `quantile`.',
    parameters: ['quantile'],
    defaultMargin: ofBaseline(0.05),
  },
  'quantile-coverage': {
    does: 'Share of labels at or below the prediction; best near `quantile`.',
    parameters: ['quantile'],
    defaultMargin: points(0.02),
  },
  bias: { does: 'Mean of prediction − label; best near 0.', parameters: [] },
} as const satisfies Readonly<Record<string, MetricFacts>>;

const ranking = {
  ndcg: {
    does: 'Normalised discounted cumulative gain of a query, ties averaged; mean over queries.',
    parameters: ['k'],
    defaultMargin: points(0.02),
  },
  mrr: {
    does: 'Reciprocal rank of the first relevant row; mean over queries.',
    parameters: [],
    defaultMargin: points(0.02),
  },
  map: { does: 'Average precision of a query; mean over queries.', parameters: [], defaultMargin: points(0.02) },
  'hit-rate': {
    does: 'Share of queries with a relevant row among the first `k`.',
    parameters: ['k'],
    defaultMargin: points(0.02),
  },
} as const satisfies Readonly<Record<string, MetricFacts>>;

const text = {
  'exact-match': {
    does: 'Share of answers equal to the label after normalisation.',
    parameters: [],
    defaultMargin: points(0.02),
  },
  'token-f1': {
    does: 'F1 of the tokens that answer and label share; mean over rows.',
    parameters: [],
    defaultMargin: points(0.02),
  },
} as const satisfies Readonly<Record<string, MetricFacts>>;

/** Every metric of every task. The code that computes them (`src/regression/metrics`) has the same names, or does not compile. */
export const metricsOf = {
  'binary-classification': { ...binary, ...served },
  'multiclass-classification': { ...multiclass, ...served },
  regression: { ...regression, ...served },
  ranking: { ...ranking, ...served },
  text: { ...text, ...served },
} as const satisfies Readonly<Record<Task, Readonly<Record<string, MetricFacts>>>>;
