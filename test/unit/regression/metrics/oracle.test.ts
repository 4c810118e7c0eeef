import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import type { MetricName, Task } from '../../../../src/manifest/regression.ts';
import { metricsOf } from '../../../../src/manifest/regression-metrics.ts';
import { measureOf } from '../../../../src/regression/metrics/measure-of.ts';
import { metricValue } from '../../../../src/regression/value.ts';
import { type AnswerColumns, pairedRows, type RowColumns } from '../../../support/paired-rows.ts';

// The values are scikit-learn's (test/oracles/metrics.py): nothing of ours computed them.

type Case = RowColumns &
  AnswerColumns & { readonly name: string; readonly expected: Readonly<Record<string, number | null>> };

const cases: readonly Case[] = JSON.parse(readFileSync('test/oracles/metrics.generated.json', 'utf8'));

/** `f-beta beta=2 average=macro` */
const nameOf = (text: string): MetricName => {
  const [metric = '', ...parameters] = text.split(' ');
  const given = Object.fromEntries(
    parameters.map((parameter) => {
      const [key = '', value = ''] = parameter.split('=');
      return [key, key === 'class' || Number.isNaN(Number(value)) ? value : Number(value)];
    }),
  );
  return { metric, ...given };
};

/** An error is a prediction above all classes there. */
const withErrors = (row: Case): Case => {
  const classes = row.task === 'binary-classification' ? 2 : Math.max(...row.labels) + 1;
  if (!row.task.endsWith('classification') || row.predictions === undefined) return row;
  return { ...row, predictions: row.predictions.map((code) => (code === null || code >= classes ? null : code)) };
};

describe.each(cases.map((one) => [one.name, withErrors(one)] as const))('%s', (_, { expected, ...columns }) => {
  const rows = pairedRows(columns, columns);
  test.each(Object.entries(expected))('%s is %d', (text, value) => {
    const found = metricValue(measureOf(nameOf(text), rows), rows, rows.candidate);
    if (value === null || found === null) expect(found).toBe(value);
    else expect(Math.abs(found - value)).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(value)));
  });
});

test('every metric has a value of scikit-learn, or a test of its own', () => {
  const tested = new Set(
    cases.flatMap(({ task, expected }) => Object.keys(expected).map((text) => `${task} ${text.split(' ')[0]}`)),
  );
  const missing = (Object.keys(metricsOf) as Task[]).flatMap((task) =>
    Object.keys(metricsOf[task])
      .filter((metric) => !/^latency|^payload|^error-rate$/.test(metric) && !tested.has(`${task} ${metric}`))
      .map((metric) => `${task} ${metric}`),
  );
  // test/unit/regression/metrics/text.test.ts
  expect(missing).toEqual(['text exact-match', 'text token-f1']);
});
