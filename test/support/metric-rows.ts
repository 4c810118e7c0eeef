import { type MetricName, type Task, tasks } from '../../src/manifest/regression.ts';
import { type MetricFacts, metricsOf } from '../../src/manifest/regression-metrics.ts';
import { measureOf } from '../../src/regression/metrics/measure-of.ts';
import type { PairedRows } from '../../src/regression/rows.ts';
import { metricValue } from '../../src/regression/value.ts';
import { pairedRows } from './paired-rows.ts';
import { fc } from './properties.ts';

/** A row and one model's answer, as properties change them. A prediction of null is an error. */
export interface MetricRow {
  readonly label: number;
  readonly prediction: number | null;
  /** One, or one for each class. */
  readonly scores: readonly number[];
  readonly weight: number;
  readonly group: number;
  readonly latencyMs: number;
  readonly bytes: number;
  readonly exact: number;
  readonly tokenF1: number;
}

export const classNames = ['a', 'b', 'c'];

export const metricRows = (task: Task, rows: readonly MetricRow[]): PairedRows =>
  pairedRows(
    {
      task,
      labels: rows.map(({ label }) => label),
      weights: rows.map(({ weight }) => weight),
      groups: rows.map(({ group }) => group),
      ...(task === 'multiclass-classification' && { classes: classNames }),
    },
    {
      predictions: rows.map(({ prediction }) => prediction),
      scores: rows.map(({ scores, prediction }) => (prediction === null ? scores.map(() => Number.NaN) : scores)),
      latencyMs: rows.map(({ latencyMs }) => latencyMs),
      bytes: rows.map(({ bytes }) => bytes),
      exact: rows.map(({ exact }) => exact),
      tokenF1: rows.map(({ tokenF1 }) => tokenF1),
    },
  );

export const valueOver = (task: Task, name: MetricName, rows: readonly MetricRow[]): number | null => {
  const columns = metricRows(task, rows);
  return metricValue(measureOf(name, columns), columns, columns.candidate);
};

/** Quarters and eighths: many are equal, and their sums are exact. */
const eighths = fc.integer({ min: 0, max: 8 }).map((count) => count / 8);
const quarters = fc.integer({ min: -12, max: 12 }).map((count) => count / 4);
const code = fc.integer({ min: 0, max: 2 });
const distribution = fc
  .array(fc.integer({ min: 1, max: 5 }), { minLength: 3, maxLength: 3 })
  .map((parts) => parts.map((part) => part / parts.reduce((sum, one) => sum + one, 0)));

const answersOf: Readonly<
  Record<Task, Readonly<Record<'label' | 'prediction', fc.Arbitrary<number>> & { scores: fc.Arbitrary<number[]> }>>
> = {
  'binary-classification': {
    label: fc.integer({ min: 0, max: 1 }),
    prediction: fc.integer({ min: 0, max: 1 }),
    scores: fc.tuple(eighths),
  },
  'multiclass-classification': { label: code, prediction: code, scores: distribution },
  regression: { label: quarters, prediction: quarters, scores: fc.tuple(eighths) },
  ranking: { label: fc.constantFrom(0, 0, 0, 1, 2, 3), prediction: fc.constant(0), scores: fc.tuple(eighths) },
  text: { label: fc.constant(0), prediction: fc.constant(0), scores: fc.tuple(eighths) },
};

/** Rows of a task; one answer in ten is an error, unless `answered`. */
export const someRows = (
  task: Task,
  { answered = false, size = 24 }: { readonly answered?: boolean; readonly size?: number } = {},
): fc.Arbitrary<MetricRow[]> => {
  const { prediction, ...answers } = answersOf[task];
  return fc.array(
    fc.record({
      ...answers,
      prediction: answered
        ? prediction
        : fc.oneof({ arbitrary: prediction, weight: 9 }, { arbitrary: fc.constant(null), weight: 1 }),
      weight: fc.integer({ min: 1, max: 4 }),
      group: fc.integer({ min: 0, max: 2 }),
      latencyMs: fc.integer({ min: 1, max: 9 }),
      bytes: fc.integer({ min: 1, max: 9 }),
      exact: fc.integer({ min: 0, max: 1 }),
      tokenF1: eighths,
    }),
    { minLength: 1, maxLength: size },
  );
};

const variantsOf: Readonly<Record<string, readonly Omit<MetricName, 'metric'>[]>> = {
  average: [{ average: 'macro' }, { average: 'micro' }, { average: 'weighted' }],
  class: [{ class: 'b' }],
  beta: [{ beta: 2 }],
  k: [{ k: 2 }],
  quantile: [{ quantile: 0.75 }],
  pairs: [{ pairs: 'one-vs-one' }, { pairs: 'one-vs-rest' }],
};

/** Every metric of every task, with each of its parameters. */
export const everyMetric: readonly (readonly [task: Task, name: MetricName])[] = tasks.flatMap((task) =>
  Object.entries<MetricFacts>(metricsOf[task]).flatMap(([metric, { parameters }]) => {
    const variants = (wanted: RegExp): readonly Omit<MetricName, 'metric'>[] =>
      parameters.filter((key) => wanted.test(key)).flatMap((key) => variantsOf[key] ?? []);
    const needed: Omit<MetricName, 'metric'> = Object.assign({}, ...variants(/^(beta|k|quantile)$/));
    return [{}, ...variants(/^(average|class|pairs)$/)].map((parameter) => [task, { metric, ...needed, ...parameter }]);
  }),
);
