import { describe, expect, it } from '@jest/globals';
import { confusionsOf } from '../../../src/regression/confusions.ts';
import { absent } from '../../../src/regression/rows.ts';
import { pairedRows } from '../../support/paired-rows.ts';

describe('both confusion matrices', () => {
  it('count by label and prediction; an error is no class, and a row of one model only is in neither', () => {
    const rows = pairedRows(
      { task: 'multiclass-classification', labels: [0, 1, 1, 0], classes: ['a', 'b'], weights: [1, 2, 1, 5] },
      { predictions: [0, null, 0, 0] },
      { predictions: [1, 1, 1, 1] },
    );
    rows.baseline.states[3] = absent;
    expect(confusionsOf(rows)).toEqual({
      classes: ['a', 'b'],
      candidate: [
        [1, 0, 0],
        [1, 0, 2],
      ],
      baseline: [
        [0, 1, 0],
        [0, 3, 0],
      ],
    });
  });

  it('have the classes that changed most where there are many, and one for the others', () => {
    const labels = Array.from({ length: 40 }, (_, row) => row % 20);
    const rows = pairedRows(
      { task: 'multiclass-classification', labels },
      { predictions: labels.map((label, row) => (row === 7 ? 19 : row === 3 ? 12 : row === 25 ? null : label)) },
      { predictions: labels },
    );
    const found = confusionsOf(rows);
    expect(found?.classes).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '8', '12', '19', '9 others']);
    const sum = (matrix: readonly (readonly number[])[] = []): number =>
      matrix.reduce((all, line) => all + line.reduce((total, count) => total + count, 0), 0);
    expect([sum(found?.candidate), sum(found?.baseline)]).toEqual([40, 40]);
    expect(found?.candidate[7]?.[10]).toBe(1);
    expect(found?.candidate.at(-1)?.at(-2)).toBe(18);
  });

  it('are absent where the task has no classes', () => {
    expect(confusionsOf(pairedRows({ task: 'regression', labels: [1] }, { predictions: [1] }))).toBeUndefined();
  });
});
