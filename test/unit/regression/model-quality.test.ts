import { describe, expect, it } from '@jest/globals';
import { curveOf } from '../../../src/regression/curve.ts';
import { modelQualityOf } from '../../../src/regression/model-quality.ts';
import { absent } from '../../../src/regression/rows.ts';
import { pairedRows } from '../../support/paired-rows.ts';

/** The project's reference fixture of a binary classifier, with scikit-learn's values. */
const labels = [0, 0, 1, 1, 0, 1, 1, 0, 1, 0];
const scores = [0.1, 0.4, 0.35, 0.8, 0.4, 0.7, 0.4, 0.2, 0.9, 0.55];
const predictions = scores.map((score) => (score >= 0.5 ? 1 : 0));
const binary = pairedRows({ task: 'binary-classification', labels }, { predictions, scores });

describe('the metrics that SageMaker has names for', () => {
  it('of a binary classifier', () => {
    const { group, values, matrix } = modelQualityOf(binary);
    expect(group).toBe('binary_classification_metrics');
    expect(matrix).toEqual({ '0': { '0': 4, '1': 1 }, '1': { '0': 2, '1': 3 } });
    expect(Object.fromEntries(values.map(({ name, value }) => [name, Number(value?.toFixed(10))]))).toEqual({
      recall: 0.6,
      precision: 0.75,
      accuracy: 0.7,
      true_positive_rate: 0.6,
      true_negative_rate: 0.8,
      false_positive_rate: 0.2,
      false_negative_rate: 0.4,
      auc: 0.8,
      f0_5: 0.7142857143,
      f1: 0.6666666667,
      f2: 0.625,
      accuracy_best_constant_classifier: 0.5,
    });
  });

  it('of several classes, with weighted means', () => {
    const several = pairedRows(
      { task: 'multiclass-classification', labels: [0, 1, 2, 2, 1, 0, 2, 1, 0, 2] },
      { predictions: [0, 2, 2, 2, 1, 0, 0, 1, 1, 2] },
    );
    const { group, values, matrix, curve } = modelQualityOf(several);
    expect([group, curve]).toEqual(['multiclass_classification_metrics', undefined]);
    expect(matrix?.['2']).toEqual({ '0': 1, '1': 0, '2': 3 });
    const found = new Map(values.map(({ name, value }) => [name, value]));
    expect(found.get('weighted_f1')).toBeCloseTo(0.7, 10);
    expect(found.get('accuracy_best_constant_classifier')).toBeCloseTo(0.4, 10);
  });

  it('of a regression, and none of a ranking or a text', () => {
    const regression = pairedRows(
      { task: 'regression', labels: [3, -0.5, 2, 7, 4.2] },
      { predictions: [2.5, 0, 2, 8, 4] },
    );
    const { values } = modelQualityOf(regression);
    expect(values.map(({ name }) => name)).toEqual(['mae', 'mse', 'rmse', 'r2']);
    expect(values[3]?.value).toBeCloseTo(0.949660041841, 10);
    expect(modelQualityOf(pairedRows({ task: 'ranking', labels: [1] }, { scores: [1] }))).toEqual({ values: [] });
  });

  it('has no metric of scores without scores, no matrix of too many classes, and no row of one model only', () => {
    const unscored = pairedRows({ task: 'binary-classification', labels }, { predictions });
    unscored.baseline.states[0] = absent;
    const quality = modelQualityOf(unscored);
    expect(quality.values.find(({ name }) => name === 'auc')?.value).toBeNull();
    expect(quality.curve).toBeUndefined();
    expect(quality.matrix?.['0']).toEqual({ '0': 3, '1': 1 });
    const many = Array.from({ length: 101 }, (_, code) => code);
    expect(
      modelQualityOf(pairedRows({ task: 'multiclass-classification', labels: many }, { predictions: many })).matrix,
    ).toBeUndefined();
  });
});

describe('the curve of a classifier', () => {
  it('has each threshold once, from no row to all', () => {
    const curve = curveOf(binary, binary.candidate) ?? [];
    expect(curve.map(({ recall, falsePositiveRate }) => [falsePositiveRate, recall])).toEqual([
      [0, 0],
      [0, 0.2],
      [0, 0.4],
      [0, 0.6],
      [0.2, 0.6],
      [0.6, 0.8],
      [0.6, 1],
      [0.8, 1],
      [1, 1],
    ]);
    expect(curve.map(({ precision }) => Number(precision.toFixed(4)))).toEqual([
      1, 1, 1, 1, 0.75, 0.5714, 0.625, 0.5556, 0.5,
    ]);
    const area = curve.slice(1).reduce((sum, point, index) => {
      const before = curve[index] ?? point;
      return sum + ((point.falsePositiveRate - before.falsePositiveRate) * (point.recall + before.recall)) / 2;
    }, 0);
    expect(area).toBeCloseTo(0.8, 10);
  });

  it('has about two hundred points of many thresholds, and none where the labels have one class', () => {
    const size = 5000;
    const many = pairedRows(
      { task: 'binary-classification', labels: Array.from({ length: size }, (_, row) => row % 2) },
      { scores: Array.from({ length: size }, (_, row) => row / size) },
    );
    const curve = curveOf(many, many.candidate) ?? [];
    expect(curve.length).toBeGreaterThan(150);
    expect(curve.length).toBeLessThan(205);
    expect(curve.at(-1)).toEqual({ recall: 1, falsePositiveRate: 1, precision: 0.5 });
    const one = pairedRows({ task: 'binary-classification', labels: [1, 1] }, { scores: [0.1, 0.2] });
    expect(curveOf(one, one.candidate)).toBeUndefined();
  });
});
