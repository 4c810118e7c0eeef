import { describe, expect, test } from '@jest/globals';
import { atTheMargin, family, type Outcome, withTheRowsAskedFor } from '../../benchmarks/regression-calibration.ts';

/**
 * The short form of `npm run bench:regression -- calibration`, seeded. So few pairs know a share only roughly: the limits are those of the
 * benchmark, and three standard errors.
 */
const scale = { pairs: 200, draws: 300, truthRows: 400_000 };
const binary = { task: 'binary-classification', positives: 0.3 } as const;

const expectKept = ({ found, limit, pairs }: Outcome): void => {
  const error = 3 * Math.sqrt((limit.share * (1 - limit.share)) / pairs);
  if (limit.is === 'at most') expect(found).toBeLessThan(limit.share + error);
  else expect(found).toBeGreaterThan(limit.share - error);
};

describe('the gate errs as rarely as it says', () => {
  test.each(['accuracy', 'f1', 'mcc', 'roc-auc', 'average-precision', 'log-loss', 'brier'])(
    '%s: a candidate at the margin passes rarely',
    (metric) => {
      const outcome = atTheMargin({ metric }, { ...binary, worseBy: 0.3 }, 300, 0.06, scale);
      expectKept(outcome);
      // Simpler gates on the same draws: a tolerance of the margin lets half of these candidates pass.
      expect(outcome.tolerance).toBeGreaterThan(0.4);
    },
  );

  test.each(['mae', 'rmse', 'r2'])('%s: the same', (metric) => {
    expectKept(atTheMargin({ metric }, { task: 'regression', worseBy: 0.1 }, 200, 0.06, scale));
  });

  test.each([
    ['log-loss', { ...binary, worseBy: 0.3 }],
    ['rmse', { task: 'regression', worseBy: 0.1 }],
  ] as const)('%s: a margin that is a share of the baseline is as uncertain as it is', (metric, population) => {
    expectKept(atTheMargin({ metric }, population, 300, 0.06, scale, 'baseline'));
  });

  test('clusters: rows that are alike count as fewer', () => {
    const population = { ...binary, worseBy: 0.3, clusterSize: 10 };
    for (const metric of ['accuracy', 'f1']) expectKept(atTheMargin({ metric }, population, 400, 0.07, scale));
  });

  test('a biased metric: the calibration error of the better model is too large by most', () => {
    const few = { ...scale, pairs: 100, draws: 200 };
    const outcome = atTheMargin({ metric: 'ece' }, { ...binary, worseBy: 0.3 }, 1000, 0.06, few);
    expectKept(outcome);
    expect(outcome.tolerance).toBeGreaterThan(0.7);
  });

  test('few positives', () => {
    const population = { ...binary, positives: 0.06, worseBy: 0.3 };
    for (const metric of ['recall', 'f1', 'roc-auc']) expectKept(atTheMargin({ metric }, population, 500, 0.08, scale));
  });

  test.each([1, 2] as const)('an equal candidate passes with %d times the rows that were asked for', (times) => {
    const outcome = withTheRowsAskedFor({ metric: 'accuracy' }, { ...binary, worseBy: 0 }, 0.02, 300, times, scale);
    expectKept(outcome);
    expect(outcome.mustNotBeLower).toBeLessThan(0.65);
    expectKept(withTheRowsAskedFor({ metric: 'rmse' }, { task: 'regression', worseBy: 0 }, 0.05, 100, times, scale));
  });

  test('among many rules none fails by chance', () => {
    const rules = ['accuracy', 'recall', 'roc-auc'].map((metric) => ({ metric }));
    expectKept(family(rules, 4, { ...binary, worseBy: 0.3 }, 800, scale));
  });
});
