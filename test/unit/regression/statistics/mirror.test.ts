import { expect, test } from '@jest/globals';
import type { MetricName } from '../../../../src/manifest/regression.ts';
import { evidenceOf } from '../../../../src/regression/evidence/evidence-of.ts';
import { measureOf } from '../../../../src/regression/metrics/measure-of.ts';
import type { PairedRows } from '../../../../src/regression/rows.ts';
import { randomFrom } from '../../../benchmarks/random.ts';
import { drawPair } from '../../../benchmarks/regression-pairs.ts';

/** The self-test looks whether the swapped pair has the opposite interval; among hundreds of cells, chance alone would break a rough likeness. */
test.each(['accuracy', 'f1', 'mcc', 'roc-auc', 'average-precision', 'log-loss', 'ece'])(
  '%s: the interval of the swapped pair is the mirror image',
  (metric) => {
    const random = randomFrom(`mirror ${metric}`);
    for (const [seed, clusterSize] of [undefined, undefined, 4].entries()) {
      const rows = drawPair(
        { task: 'binary-classification', worseBy: 0.1, ...(clusterSize && { clusterSize }) },
        300,
        random,
      );
      const swapped = { ...rows, candidate: rows.baseline, baseline: rows.candidate };
      const [lower = 0, upper = 0] = intervalOf({ metric }, rows, seed);
      const [mirroredLower = 0, mirroredUpper = 0] = intervalOf({ metric }, swapped, seed);
      expect(mirroredLower).toBeCloseTo(-upper, 10);
      expect(mirroredUpper).toBeCloseTo(-lower, 10);
      expect(upper - lower).toBeGreaterThan(1e-4);
    }
  },
);

const intervalOf = (metric: MetricName, rows: PairedRows, seed: number): readonly number[] => {
  const measure = measureOf(metric, rows);
  const asked = { measure, rows, effort: { seed, draws: 200 }, support: 60, question: 'difference' } as const;
  const evidence = evidenceOf(asked, 0);
  if (evidence === null) throw new Error('no evidence');
  return [evidence.lower(0.95), evidence.upper(0.95)];
};
