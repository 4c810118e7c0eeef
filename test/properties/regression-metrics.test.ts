import { describe, expect, test } from '@jest/globals';
import type { MetricName, Task } from '../../src/manifest/regression.ts';
import type { metricsOf } from '../../src/manifest/regression-metrics.ts';
import { measureOf } from '../../src/regression/metrics/measure-of.ts';
import { rising } from '../../src/regression/order.ts';
import { everyMetric, type MetricRow, metricRows, someRows, valueOver } from '../support/metric-rows.ts';
import { fc } from '../support/properties.ts';

/** Of each property of each metric: there are hundreds. */
const runs = { numRuns: 40 };

const named = everyMetric.map(([task, name]) => [task, JSON.stringify(name), name] as const);

const close = (a: number | null, b: number | null): void => {
  if (a === null || b === null) expect(a).toBe(b);
  else expect(Math.abs(a - b)).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(a)));
};

/** Queries whose rows all have one weight: a query that stands there twice is two queries. */
const asQueries = (rows: readonly MetricRow[]): MetricRow[] => rows.map((row) => ({ ...row, weight: row.group + 1 }));
const repeated = (task: Task, rows: readonly MetricRow[]): MetricRow[] =>
  rows.flatMap((row) =>
    Array.from({ length: row.weight }, (_, copy) => ({
      ...row,
      weight: 1,
      group: task === 'ranking' ? row.group + 10 * copy : row.group,
    })),
  );

describe.each(named)('%s: %s', (task, _, name) => {
  test('the order of rows changes nothing', () => {
    fc.assert(
      fc.property(
        someRows(task).chain((rows) =>
          fc.tuple(fc.constant(rows), fc.shuffledSubarray(rows, { minLength: rows.length })),
        ),
        ([rows, shuffled]) => close(valueOver(task, name, rows), valueOver(task, name, shuffled)),
      ),
      runs,
    );
  });

  test('a weight is a number of copies', () => {
    fc.assert(
      fc.property(someRows(task), (rows) => {
        const weighted = task === 'ranking' ? asQueries(rows) : rows;
        close(valueOver(task, name, weighted), valueOver(task, name, repeated(task, weighted)));
      }),
      runs,
    );
  });

  test('a value is within its bounds, and never NaN', () => {
    const bounds = measureOf(name, metricRows(task, [])).bounds;
    fc.assert(
      fc.property(someRows(task), (rows) => {
        const value = valueOver(task, name, rows);
        if (value === null) return;
        expect(value).toBeGreaterThanOrEqual(bounds[0] - 1e-12);
        expect(value).toBeLessThanOrEqual(bounds[1] + 1e-12);
      }),
      runs,
    );
  });
});

describe('two ways to one value', () => {
  /** The same rows with two classes that have names, and with scores of both. */
  const asMulticlass = (rows: readonly MetricRow[]): MetricRow[] =>
    rows.map((row) => ({ ...row, scores: [1 - (row.scores[0] ?? 0), row.scores[0] ?? 0, 0] }));
  const twoClasses: readonly (readonly [string, MetricName, number])[] = [
    ['accuracy', { metric: 'accuracy' }, 1],
    ['precision', { metric: 'precision', class: 'b' }, 1],
    ['recall', { metric: 'recall', class: 'b' }, 1],
    ['specificity', { metric: 'recall', class: 'a' }, 1],
    ['f1', { metric: 'f1', class: 'b' }, 1],
    ['mcc', { metric: 'mcc' }, 1],
    ['kappa', { metric: 'kappa' }, 1],
    ['roc-auc', { metric: 'roc-auc', class: 'b' }, 1],
    ['log-loss', { metric: 'log-loss' }, 1],
    ['brier', { metric: 'brier' }, 2],
    ['ece', { metric: 'ece' }, 1],
  ];
  test.each(twoClasses)('binary %s is that of two classes', (metric, multiclass, times) => {
    fc.assert(
      fc.property(someRows('binary-classification'), (rows) => {
        const binary = valueOver('binary-classification', { metric }, rows);
        close(
          binary === null ? null : binary * times,
          valueOver('multiclass-classification', multiclass, asMulticlass(rows)),
        );
      }),
    );
  });

  test('without errors, micro averages are the accuracy, and weighted recall always is', () => {
    fc.assert(
      fc.property(someRows('multiclass-classification', { answered: true }), (rows) => {
        const of = (metric: string, average?: 'micro' | 'weighted'): number | null =>
          valueOver('multiclass-classification', { metric, ...(average && { average }) }, rows);
        for (const metric of ['precision', 'recall', 'f1']) close(of(metric, 'micro'), of('accuracy'));
        close(of('recall', 'weighted'), of('accuracy'));
      }),
    );
  });

  test('an area is the share of pairs that are in order (Mann and Whitney)', () => {
    fc.assert(
      fc.property(someRows('binary-classification'), (rows) => {
        let won = 0;
        let pairs = 0;
        const answered = rows.filter(({ prediction }) => prediction !== null);
        for (const one of answered.filter(({ label }) => label === 1))
          for (const other of answered.filter(({ label }) => label === 0)) {
            const weight = one.weight * other.weight;
            const [high = 0, low = 0] = [one.scores[0], other.scores[0]];
            won += weight * (high > low ? 1 : high === low ? 0.5 : 0);
            pairs += weight;
          }
        close(valueOver('binary-classification', { metric: 'roc-auc' }, rows), pairs === 0 ? null : won / pairs);
      }),
    );
  });

  test('rows in rising order are as comparisons order them, many rows too', () => {
    const number = fc.oneof(
      fc.double({ noDefaultInfinity: false }),
      fc.constantFrom(0, -0, 0.5, -0.5, Number.NaN, Number.MIN_VALUE, -Number.MIN_VALUE),
    );
    fc.assert(
      fc.property(fc.array(number, { minLength: 1, maxLength: 300 }), fc.boolean(), (some, many) => {
        const values = Float64Array.from({ length: many ? 5000 : some.length }, (_, i) => some[i % some.length] ?? 0);
        const expected = [...values.keys()]
          .filter((i) => !Number.isNaN(values[i]))
          .sort((a, b) => {
            const [x = 0, y = 0] = [values[a], values[b]];
            return x < y ? -1 : x > y ? 1 : a - b;
          });
        expect([...rising(values)]).toEqual(expected);
      }),
      { numRuns: 50 },
    );
  });
});

/** Makes one row's answer worse, or leaves the rows as they are where it cannot. */
type Worsening = (rows: readonly MetricRow[], at: number) => MetricRow[];

const replaced = (rows: readonly MetricRow[], at: number, change: (row: MetricRow) => MetricRow): MetricRow[] =>
  rows.map((row, index) => (index === at % rows.length ? change(row) : row));

/** A right answer becomes a wrong one. */
const wrong =
  (classes: number): Worsening =>
  (rows, at) =>
    replaced(rows, at, (row) =>
      row.prediction === row.label ? { ...row, prediction: (row.label + 1) % classes } : row,
    );
/** The probability of the right class goes to the others. */
const unsure: Worsening = (rows, at) =>
  replaced(rows, at, (row) => {
    const own = row.scores[row.label] ?? 0;
    const lost = own / 2;
    if (row.scores.length === 1) {
      const [score = 0] = row.scores;
      return { ...row, scores: [row.label === 1 ? score / 2 : (1 + score) / 2] };
    }
    return {
      ...row,
      scores: row.scores.map((score, code) =>
        code === row.label ? own - lost : score + lost / (row.scores.length - 1),
      ),
    };
  });
const farther: Worsening = (rows, at) =>
  replaced(rows, at, (row) => {
    const error = (row.prediction ?? 0) - row.label;
    return { ...row, prediction: row.prediction === null ? null : row.prediction + (error < 0 ? -1.5 : 1.5) };
  });
/** Two rows of a query exchange their scores where the better one stood higher. */
const exchanged: Worsening = (rows, at) => {
  const one = rows[at % rows.length];
  const other = rows.findIndex(
    (row) =>
      one !== undefined &&
      row.group === one.group &&
      row.label < one.label &&
      row.label === 0 &&
      (row.scores[0] ?? 0) < (one.scores[0] ?? 0),
  );
  const found = rows[other];
  if (one === undefined || found === undefined) return [...rows];
  return rows.map((row) =>
    row === one ? { ...row, scores: found.scores } : row === found ? { ...row, scores: one.scores } : row,
  );
};
/**
 * Scikit-learn takes the precision of equal scores from below them all, so where two such blocks exchange places their sizes decide more than
 * their labels. No square is twice another: halving makes no new ties.
 */
const withoutTies = (rows: readonly MetricRow[]): MetricRow[] =>
  rows.map((row, index) => ({
    ...row,
    weight: 1,
    scores: row.scores.map((score) => (score + (index + 1) ** 2 * 2 ** -20) / 2),
  }));
const failing: Worsening = (rows, at) => replaced(rows, at, (row) => ({ ...row, prediction: null }));
const slower: Worsening = (rows, at) => replaced(rows, at, (row) => ({ ...row, latencyMs: row.latencyMs + 4 }));
const larger: Worsening = (rows, at) => replaced(rows, at, (row) => ({ ...row, bytes: row.bytes + 4 }));
const otherText: Worsening = (rows, at) =>
  replaced(rows, at, (row) => ({ ...row, exact: 0, tokenF1: row.tokenF1 / 2 }));

const served = {
  'latency-p50': slower,
  'latency-p95': slower,
  'latency-p99': slower,
  'error-rate': failing,
  'payload-bytes': larger,
};
const wrongOfTwo = wrong(2);
const wrongOfThree = wrong(3);

/** A text says why one row that is worse may be a better value: such a metric gates only beside another. */
const worsenings: {
  readonly [T in Task]: Readonly<Record<keyof (typeof metricsOf)[T], Worsening | string>>;
} = {
  'binary-classification': {
    accuracy: wrongOfTwo,
    'balanced-accuracy': wrongOfTwo,
    precision: wrongOfTwo,
    recall: wrongOfTwo,
    specificity: wrongOfTwo,
    'false-positive-rate': wrongOfTwo,
    'false-negative-rate': wrongOfTwo,
    f1: wrongOfTwo,
    'f-beta': wrongOfTwo,
    mcc: 'below chance, a wrong answer more can be nearer to chance',
    kappa: 'below chance, a wrong answer more can be nearer to chance',
    'roc-auc': unsure,
    'average-precision': unsure,
    'pr-auc': 'a trapezoid interpolates precision, which it may overstate',
    'log-loss': unsure,
    brier: unsure,
    ece: 'a wrong row can make up for one that was too sure',
    ...served,
  },
  'multiclass-classification': {
    accuracy: wrongOfThree,
    'balanced-accuracy': wrongOfThree,
    precision: wrongOfThree,
    recall: wrongOfThree,
    f1: wrongOfThree,
    'f-beta': wrongOfThree,
    mcc: 'below chance, a wrong answer more can be nearer to chance',
    kappa: 'below chance, a wrong answer more can be nearer to chance',
    'roc-auc': unsure,
    'log-loss': unsure,
    brier: unsure,
    ece: 'a wrong row can make up for one that was too sure',
    'top-k': unsure,
    ...served,
  },
  regression: {
    mae: farther,
    mse: farther,
    rmse: farther,
    mape: farther,
    smape: farther,
    wape: farther,
    r2: farther,
    'explained-variance': 'errors that all are alike are a bias, which it leaves out',
    'median-absolute-error': farther,
    'max-error': farther,
    pinball: farther,
    'quantile-coverage': 'a prediction that is too high covers its label',
    bias: 'two errors can make up for each other',
    ...served,
  },
  ranking: { ndcg: exchanged, mrr: exchanged, map: exchanged, 'hit-rate': exchanged, ...served },
  text: { 'exact-match': otherText, 'token-f1': otherText, ...served },
};

describe('a worse answer is never a better value', () => {
  const worsened = named.flatMap(([task, title, name]) => {
    const all: Readonly<Record<string, Worsening | string>> = worsenings[task];
    const worsen = all[name.metric];
    return typeof worsen === 'function' ? [[task, title, name, worsen] as const] : [];
  });

  test.each(worsened)('%s: %s', (task, _, name, worsen) => {
    const { better } = measureOf(name, metricRows(task, []));
    let changed = 0;
    fc.assert(
      fc.property(someRows(task), fc.nat({ max: 23 }), (rows, at) => {
        const from = name.metric === 'average-precision' ? withoutTies(rows) : rows;
        const before = valueOver(task, name, from);
        const after = valueOver(task, name, worsen(from, at));
        if (before === null || after === null) return;
        if (before !== after) changed++;
        const gained = better === 'higher' ? after - before : before - after;
        expect(gained).toBeLessThanOrEqual(1e-12);
      }),
    );
    // Otherwise the property is about rows that nothing changes.
    expect(changed).toBeGreaterThan(0);
  });
});
