import { describe, expect, it } from '@jest/globals';
import { harmfulChanges } from '../../../src/regression/harmful.ts';
import { positionsOf } from '../../../src/regression/positions.ts';
import { absent, type PairedRows } from '../../../src/regression/rows.ts';
import type { RowTexts } from '../../../src/regression/scored-rows.ts';
import { pairedRows } from '../../support/paired-rows.ts';

const textsOf = (rows: PairedRows): RowTexts => ({
  id: (row) => `row-${row}`,
  label: (row) => rows.classes[rows.labels[row] ?? 0] ?? String(rows.labels[row]),
  prediction: (row, of) => {
    const prediction = rows[of].predictions[row] ?? Number.NaN;
    return Number.isNaN(prediction) ? undefined : (rows.classes[prediction] ?? String(prediction));
  },
});
const idsOf = (rows: PairedRows): string[] => harmfulChanges(rows, textsOf(rows), false).map(({ id }) => id);

describe('the most harmful changes', () => {
  it('of a classifier: right answers that became wrong, the surest ones first', () => {
    const rows = pairedRows(
      { task: 'binary-classification', labels: [1, 1, 0, 1, 0] },
      { predictions: [0, 0, 1, 1, null], scores: [0.45, 0.1, 0.6, 0.9, 0.5] },
      { predictions: [1, 1, 0, 0, 0], scores: [0.55, 0.9, 0.2, 0.4, 0.4] },
    );
    // Row 3 became right. Row 0 lost 0.1 of its confidence, row 1 lost 0.8, row 2 lost 0.4, row 4 lost 0.1 and has no answer.
    expect(idsOf(rows)).toEqual(['row-1', 'row-2', 'row-0', 'row-4']);
    expect(harmfulChanges(rows, textsOf(rows), false).at(-1)).toEqual({
      id: 'row-4',
      row: { label: '0', baseline: '0', candidate: 'error' },
    });
  });

  it('without scores they stand in the order of the rows, at most ten, and a weight multiplies the harm', () => {
    const labels = Array.from({ length: 15 }, () => 1);
    const wrong = pairedRows(
      { task: 'multiclass-classification', labels, weights: labels.map((_, row) => (row === 13 ? 3 : 1)) },
      { predictions: labels.map(() => 0) },
      { predictions: labels },
    );
    expect(idsOf(wrong)).toEqual(['row-13', ...Array.from({ length: 9 }, (_, row) => `row-${row}`)]);
  });

  it('of several classes, by the probability that the right one lost', () => {
    const rows = pairedRows(
      { task: 'multiclass-classification', labels: [2, 2] },
      {
        predictions: [0, 1],
        scores: [
          [0.5, 0.1, 0.4],
          [0.1, 0.9, 0],
        ],
      },
      {
        predictions: [2, 2],
        scores: [
          [0.2, 0.1, 0.7],
          [0.1, 0.1, 0.8],
        ],
      },
    );
    expect(idsOf(rows)).toEqual(['row-1', 'row-0']);
  });

  it('of a regression: grown errors; an error of the model is no number', () => {
    const rows = pairedRows(
      { task: 'regression', labels: [10, 10, 10, 10] },
      { predictions: [11, 14, 10, null] },
      { predictions: [10, 9, 12, 10] },
    );
    expect(idsOf(rows)).toEqual(['row-1', 'row-0']);
  });

  it('of a ranking: relevant rows that moved down, by the gain lost', () => {
    const rows = pairedRows(
      { task: 'ranking', labels: [3, 0, 0, 1, 0], groups: [0, 0, 0, 1, 1] },
      { scores: [0.1, 0.9, 0.5, 0.2, 0.8] },
      { scores: [0.9, 0.5, 0.1, 0.8, 0.2] },
    );
    expect(harmfulChanges(rows, textsOf(rows), false)).toEqual([
      {
        id: 'row-0',
        row: { label: '3', baseline: 'position 1, score 0.9', candidate: 'position 3, score 0.1' },
      },
      {
        id: 'row-3',
        row: { label: '1', baseline: 'position 1, score 0.8', candidate: 'position 2, score 0.2' },
      },
    ]);
  });

  it('of texts: fewer right tokens; an error has none', () => {
    const labels = [0, 0, 0];
    const rows = pairedRows(
      { task: 'text', labels },
      { predictions: [0, 0, null], exact: [0, 0, 0], tokenF1: [0.9, 0.2, Number.NaN] },
      { predictions: [0, 0, 0], exact: [1, 0, 0], tokenF1: [1, 0.7, 0.4] },
    );
    expect(idsOf(rows)).toEqual(['row-0', 'row-1', 'row-2']);
  });

  it('have rows of both models only, and ids alone where the report is redacted', () => {
    const rows = pairedRows(
      { task: 'multiclass-classification', labels: [0, 0] },
      { predictions: [1, 1] },
      { predictions: [0, 0] },
    );
    rows.baseline.states[0] = absent;
    expect(idsOf(rows)).toEqual(['row-1']);
    expect(harmfulChanges(rows, textsOf(rows), true)).toEqual([{ id: 'row-1' }]);
  });
});

describe('positions of a ranking', () => {
  it('begin at 1 in each query; equal scores share their mean, and a row without a score has none', () => {
    const rows = pairedRows(
      { task: 'ranking', labels: [0, 0, 0, 0, 0, 0], groups: [1, 0, 1, 1, 0, 1] },
      { scores: [0.5, 0.1, 0.9, 0.5, 0.1, Number.NaN] },
    );
    expect([...positionsOf(rows, rows.candidate)]).toEqual([2.5, 1.5, 1, 2.5, 1.5, Number.NaN]);
  });
});
