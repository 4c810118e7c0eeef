import { expect, test } from '@jest/globals';
import type { MetricName } from '../../../src/manifest/regression.ts';
import { measureOf } from '../../../src/regression/metrics/measure-of.ts';
import { hopelessAnswers } from '../../../src/regression/planted.ts';
import type { AnsweredRows, Answers } from '../../../src/regression/rows.ts';
import { pairedRows } from '../../support/paired-rows.ts';

const metricOf = (metric: MetricName['metric'], rows: AnsweredRows, answers: Answers): number => {
  const { shape } = measureOf({ metric } as MetricName, rows);
  if (shape.is !== 'whole') throw new Error(`${metric} is no whole`);
  return shape.over(rows, answers).value(new Float64Array(rows.size).fill(1)) ?? Number.NaN;
};

/** All orders of the numbers below `count`. */
const orders = (count: number): readonly (readonly number[])[] =>
  count === 0
    ? [[]]
    : orders(count - 1).flatMap((order) =>
        Array.from({ length: count }, (_, at) => [...order.slice(0, at), count - 1, ...order.slice(at)]),
      );

test.each<MetricName['metric']>(['average-precision', 'pr-auc'])(
  'no order of the rows has a worse %s than the one that is planted, however many are positive',
  (metric) => {
    for (const labels of [
      [1, 1, 1, 0],
      [1, 0, 0, 1, 1],
      [0, 1, 0, 0, 0],
    ]) {
      const scores = labels.map((_, at) => at / 10);
      const rows = pairedRows({ task: 'binary-classification', labels }, { predictions: labels, scores });
      const [planted] = hopelessAnswers(rows);
      if (planted === undefined) throw new Error('nothing is planted');
      const all = orders(labels.length).map((order) =>
        metricOf(metric, rows, { ...planted, scores: Float64Array.from(order, (place) => place / labels.length) }),
      );
      expect(metricOf(metric, rows, planted)).toBeCloseTo(Math.min(...all), 12);
    }
  },
);
