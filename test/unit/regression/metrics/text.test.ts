import { describe, expect, test } from '@jest/globals';
import { measureOf } from '../../../../src/regression/metrics/measure-of.ts';
import { metricValue } from '../../../../src/regression/value.ts';
import { pairedRows } from '../../../support/paired-rows.ts';

// The comparison of the texts is the reader's; here are the means.
const rows = pairedRows(
  { task: 'text', labels: [0, 0, 0, 0], weights: [1, 2, 1, 4] },
  {
    predictions: [0, 0, 0, null],
    exact: [1, 0, 1, Number.NaN],
    tokenF1: [1, 0.25, 1, Number.NaN],
  },
);

describe('text', () => {
  test('an answer that failed is not the label', () => {
    expect(metricValue(measureOf({ metric: 'exact-match' }, rows), rows, rows.candidate)).toBe(2 / 8);
  });
  test('the F1 of tokens is a mean over answers', () => {
    expect(metricValue(measureOf({ metric: 'token-f1' }, rows), rows, rows.candidate)).toBe(2.5 / 4);
  });
});
