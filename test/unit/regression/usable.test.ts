import { describe, expect, test } from '@jest/globals';
import { measureOf } from '../../../src/regression/metrics/measure-of.ts';
import { type Answers, absent, failed, type PairedRows } from '../../../src/regression/rows.ts';
import { select } from '../../../src/regression/selection.ts';
import { comparable } from '../../../src/regression/usable.ts';
import { metricValue } from '../../../src/regression/value.ts';
import { pairedRows } from '../../support/paired-rows.ts';

const withStates = (answers: Answers, states: Readonly<Record<number, number>>): Answers => ({
  ...answers,
  states: answers.states.map((state, row) => states[row] ?? state),
});

const binary = pairedRows(
  { task: 'binary-classification', labels: [1, 1, 0, 0, 1] },
  { predictions: [1, null, 0, 1, 1], scores: [0.9, Number.NaN, 0.2, 0.7, 0.6] },
  { predictions: [1, 1, 0, null, 1], scores: [0.8, 0.7, 0.1, Number.NaN, 0.9] },
);
const rowsOf = (metric: string, rows: PairedRows): readonly number[] => [
  ...comparable(measureOf({ metric }, rows), rows),
];

describe('the rows that a metric compares', () => {
  test('a failed row counts where it is a wrong answer', () => {
    for (const metric of ['accuracy', 'recall', 'precision', 'mcc', 'error-rate'])
      expect([metric, rowsOf(metric, binary)]).toEqual([metric, [0, 1, 2, 3, 4]]);
    expect(metricValue(measureOf({ metric: 'accuracy' }, binary), binary, binary.candidate)).toBe(3 / 5);
    expect(metricValue(measureOf({ metric: 'recall' }, binary), binary, binary.candidate)).toBe(2 / 3);
    expect(metricValue(measureOf({ metric: 'false-negative-rate' }, binary), binary, binary.candidate)).toBe(1 / 3);
    expect(metricValue(measureOf({ metric: 'false-positive-rate' }, binary), binary, binary.baseline)).toBe(1 / 2);
    expect(metricValue(measureOf({ metric: 'error-rate' }, binary), binary, binary.candidate)).toBe(1 / 5);
  });

  test('one model wins nothing by failing: the row is missing for both', () => {
    for (const metric of ['roc-auc', 'average-precision', 'log-loss', 'ece'])
      expect([metric, rowsOf(metric, binary)]).toEqual([metric, [0, 2, 4]]);
  });

  test('a row without an answer of one model is compared by no metric', () => {
    const rows = { ...binary, baseline: withStates(binary.baseline, { 0: absent, 3: absent }) };
    expect(rowsOf('accuracy', rows)).toEqual([1, 2, 4]);
    expect(rowsOf('error-rate', rows)).toEqual([1, 2, 4]);
    expect(rowsOf('brier', rows)).toEqual([2, 4]);
  });

  test('a score that is NaN is missing', () => {
    const scores = binary.candidate.scores?.map((score, row) => (row === 2 ? Number.NaN : score));
    const rows = { ...binary, candidate: { ...binary.candidate, ...(scores && { scores }) } };
    expect(rowsOf('roc-auc', rows)).toEqual([0, 4]);
    expect(rowsOf('accuracy', rows)).toEqual([0, 1, 2, 3, 4]);
  });

  test('of several classes, one score that is NaN suffices', () => {
    const scores = [
      [0.5, 0.3, 0.2],
      [0.5, 0.3, Number.NaN],
      [0.1, 0.8, 0.1],
    ];
    const rows = pairedRows(
      { task: 'multiclass-classification', labels: [0, 2, 1], classes: ['a', 'b', 'c'] },
      { predictions: [0, 0, 1], scores },
    );
    expect(rowsOf('log-loss', rows)).toEqual([0, 2]);
  });

  test('latency and size need their column, and the answer of a failed row has neither', () => {
    const rows = pairedRows(
      { task: 'text', labels: [0, 0, 0] },
      { predictions: [0, null, 0], latencyMs: [10, 1, 30], bytes: [5, 1, Number.NaN] },
    );
    expect(rowsOf('latency-p50', rows)).toEqual([0, 2]);
    expect(rowsOf('payload-bytes', rows)).toEqual([0]);
    expect(metricValue(measureOf({ metric: 'latency-p50' }, rows), rows, rows.candidate)).toBe(20);
  });

  test('a query of which a row is missing is missing as a whole', () => {
    const rows = pairedRows(
      { task: 'ranking', labels: [1, 0, 0, 1, 1, 0], groups: [0, 1, 0, 1, 2, 2] },
      { predictions: [0, 0, 0, 0, 0, 0], scores: [3, 1, 2, Number.NaN, 2, 1] },
    );
    expect(rowsOf('ndcg', rows)).toEqual([0, 2, 4, 5]);
    expect(rowsOf('error-rate', rows)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(metricValue(measureOf({ metric: 'mrr' }, rows), rows, rows.candidate)).toBe(1);
  });
});

test('a selection has the columns of its rows', () => {
  const rows: PairedRows = {
    ...pairedRows(
      {
        task: 'multiclass-classification',
        labels: [0, 1, 1],
        classes: ['a', 'b'],
        weights: [1, 2, 3],
        groups: [0, 1, 1],
      },
      {
        predictions: [0, null, 1],
        scores: [
          [0.9, 0.1],
          [0.4, 0.6],
          [0.2, 0.8],
        ],
        latencyMs: [1, 2, 3],
        bytes: [4, 5, 6],
        exact: [1, 0, 1],
        tokenF1: [1, 0.5, 1],
      },
    ),
    clusters: { of: Int32Array.of(7, 8, 9), count: 10 },
    slices: [{ name: 'all', rows: Int32Array.of(0, 1, 2) }],
  };
  const some = select(rows, Int32Array.of(2, 1));
  expect(some.size).toBe(2);
  expect([...some.labels]).toEqual([1, 1]);
  expect([...(some.weights ?? [])]).toEqual([3, 2]);
  expect(some.clusters).toEqual({ of: Int32Array.of(9, 8), count: 10 });
  expect(some.groups).toEqual({ of: Int32Array.of(1, 1), count: 2 });
  expect([...some.candidate.states]).toEqual([0, failed]);
  expect([...some.candidate.predictions]).toEqual([1, Number.NaN]);
  expect([...(some.candidate.scores ?? [])]).toEqual([0.2, 0.8, 0.4, 0.6]);
  expect([...(some.baseline.latencyMs ?? [])]).toEqual([3, 2]);
  expect([...(some.baseline.bytes ?? [])]).toEqual([6, 5]);
  expect([...(some.baseline.text?.exact ?? [])]).toEqual([1, 0]);
  expect([...(some.baseline.text?.tokenF1 ?? [])]).toEqual([1, 0.5]);
  expect(some.slices).toEqual([]);
  expect(select(rows, Int32Array.of()).size).toBe(0);
});
