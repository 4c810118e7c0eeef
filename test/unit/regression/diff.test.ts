import { describe, expect, test } from '@jest/globals';
import type { PredictionDiff } from '../../../src/findings/comparison.ts';
import { changedRows } from '../../../src/regression/diff/changed-rows.ts';
import { latenciesOf, predictionDiff } from '../../../src/regression/diff/prediction-diff.ts';
import { absent, type PairedRows } from '../../../src/regression/rows.ts';
import { randomFrom } from '../../benchmarks/random.ts';
import { drawPair } from '../../benchmarks/regression-pairs.ts';
import { pairedRows } from '../../support/paired-rows.ts';

const diffOf = (rows: PairedRows, seed = 1): PredictionDiff => {
  const found = predictionDiff(rows, changedRows(rows), seed);
  if (found === undefined) throw new Error('no row was compared');
  return found;
};
const swapped = (rows: PairedRows): PairedRows => ({ ...rows, candidate: rows.baseline, baseline: rows.candidate });
const binary = { task: 'binary-classification', positives: 0.3 } as const;

describe('the flip rate', () => {
  // statsmodels.stats.proportion.proportion_confint(3, 10, alpha=0.1, method='wilson')
  test('is the share of rows that differ, an error among them, with its interval', () => {
    const labels = Array.from({ length: 10 }, () => 0);
    const rows = pairedRows(
      { task: 'binary-classification', labels },
      { predictions: [1, 1, null, 0, 0, 0, 0, 0, 0, 0] },
      { predictions: labels },
    );
    const { flipRate, interval } = diffOf(rows);
    expect(flipRate).toBeCloseTo(0.3, 12);
    expect(interval[0]).toBeCloseTo(0.1268765839, 10);
    expect(interval[1]).toBeCloseTo(0.55830020413, 10);
  });

  test('counts rows that both answered, and is undefined without any', () => {
    const rows = pairedRows({ task: 'regression', labels: [1, 2] }, { predictions: [1, 2] }, { predictions: [1, 3] });
    const without = (row: number): PairedRows => ({
      ...rows,
      candidate: { ...rows.candidate, states: rows.candidate.states.map((state, at) => (at === row ? absent : state)) },
    });
    expect(diffOf(rows).flipRate).toBe(0.5);
    expect([diffOf(without(0)).flipRate, diffOf(without(1)).flipRate]).toEqual([1, 0]);
    const none = { ...rows, candidate: { ...rows.candidate, states: Uint8Array.of(absent, absent) } };
    expect(predictionDiff(none, changedRows(none), 1)).toBeUndefined();
  });

  test('of weights is that of rows written so many times, and clusters widen its interval', () => {
    const columns = [{ predictions: [1, 0, 0] }, { predictions: [0, 0, 0] }] as const;
    const labels = [0, 0, 0];
    expect(diffOf(pairedRows({ task: 'binary-classification', labels, weights: [2, 1, 1] }, ...columns)).flipRate).toBe(
      0.5,
    );
    const rows = drawPair({ ...binary, worseBy: 0.3 }, 400, randomFrom('clusters'));
    const changed = changedRows(rows);
    const order = Int32Array.from(changed.keys()).sort((one, other) => (changed[one] ?? 0) - (changed[other] ?? 0));
    const of = new Int32Array(400);
    for (const [place, row] of order.entries()) of[row] = Math.floor(place / 10);
    const width = ({ interval }: PredictionDiff): number => interval[1] - interval[0];
    expect(width(diffOf({ ...rows, clusters: { of, count: 40 } }))).toBeGreaterThan(2 * width(diffOf(rows)));
  });
});

describe('distributions', () => {
  test('of classes: counts that anyone can add up', () => {
    const labels = Array.from({ length: 100 }, (_, row) => row % 2);
    const rows = pairedRows(
      { task: 'binary-classification', labels },
      { predictions: labels.map((_, row) => (row < 60 ? 1 : 0)) },
      { predictions: labels.map((_, row) => (row < 40 ? 1 : 0)) },
    );
    const [found] = diffOf(rows).distributions;
    // Half a row more in each class: 60.5 and 40.5 of 101.
    const [p, q] = [60.5 / 101, 40.5 / 101];
    expect(found?.of).toBe('predictions');
    expect(found?.stabilityIndex).toBeCloseTo(2 * (p - q) * Math.log(p / q), 12);
    expect(found?.jensenShannonBits).toBeGreaterThan(0.01);
  });

  test('are the same for the swapped pair, whatever the seed, and nothing where nothing differs', () => {
    const rows = drawPair({ ...binary, worseBy: 0.5 }, 600, randomFrom('swap'));
    const bare = (of: PredictionDiff) => of.distributions.map(({ byChance: _, ...others }) => others);
    const [one, other] = [bare(diffOf(rows, 1)), bare(diffOf(swapped(rows), 2))];
    expect(one.map(({ of }) => of)).toEqual(['predictions', 'scores']);
    for (const [at, { stabilityIndex, jensenShannonBits }] of one.entries()) {
      expect(other[at]?.stabilityIndex).toBeCloseTo(stabilityIndex, 12);
      expect(other[at]?.jensenShannonBits).toBeCloseTo(jensenShannonBits, 12);
    }
    const same = { ...rows, baseline: rows.candidate };
    for (const { stabilityIndex, byChance, jensenShannonBits } of diffOf(same).distributions)
      expect([stabilityIndex, byChance, jensenShannonBits]).toEqual([0, 0, 0]);
    expect(diffOf(rows, 1)).toEqual(diffOf(rows, 1));
  });

  test('pass the quantile of chance for 5 % of equal models, for clusters too, and for models that differ always', () => {
    const beyond = (pairs: number, draw: () => PairedRows): number => {
      let count = 0;
      for (let pair = 0; pair < pairs; pair++) {
        const found = diffOf(draw(), pair).distributions.find(({ of }) => of === 'scores');
        if (found && found.stabilityIndex > found.byChance) count++;
      }
      return count / pairs;
    };
    const random = randomFrom('equal');
    const equal = beyond(250, () => drawPair({ ...binary, worseBy: 0 }, 200, random));
    expect(equal).toBeLessThan(0.09);
    expect(equal).toBeGreaterThan(0.02);
    expect(beyond(150, () => drawPair({ ...binary, worseBy: 0, clusterSize: 10 }, 200, random))).toBeLessThan(0.1);
    const shifted = (): PairedRows => {
      const rows = drawPair({ ...binary, worseBy: 0 }, 300, random);
      return {
        ...rows,
        candidate: {
          ...rows.candidate,
          scores: (rows.candidate.scores ?? new Float64Array()).map((score) => score * 0.8),
        },
      };
    };
    expect(beyond(30, shifted)).toBeGreaterThan(0.9);
  });

  test('of numbers: equal ones in one bin, and errors in a bin of their own', () => {
    const labels = Array.from({ length: 40 }, (_, row) => row);
    const constant = labels.map(() => 7);
    const rows = pairedRows({ task: 'regression', labels }, { predictions: constant }, { predictions: constant });
    expect(diffOf(rows).distributions).toEqual([
      { of: 'predictions', stabilityIndex: 0, byChance: 0, jensenShannonBits: 0 },
    ]);
    const failing = pairedRows(
      { task: 'regression', labels },
      { predictions: labels.map(() => null) },
      { predictions: constant },
    );
    expect(diffOf(failing).distributions[0]?.jensenShannonBits).toBeCloseTo(1, 12);
    // Many rows: the edges come from a part of them, the counts from all.
    const many = Array.from({ length: 50_000 }, (_, row) => row);
    const moved = pairedRows(
      { task: 'regression', labels: many },
      { predictions: many.map((value) => value + 5000) },
      { predictions: many },
    );
    // The first and the last of ten bins have 15 % of one model's numbers and 5 % of the other's.
    expect(diffOf(moved).distributions[0]?.jensenShannonBits).toBeCloseTo(0.15 * Math.log2(1.5) - 0.05, 3);
  });

  test('are none of a ranking and of texts', () => {
    const ranking = pairedRows(
      { task: 'ranking', labels: [1, 0], groups: [0, 0] },
      { scores: [2, 1] },
      { scores: [1, 2] },
    );
    expect(diffOf(ranking)).toMatchObject({ flipRate: 1, distributions: [] });
  });
});

describe('latencies', () => {
  test('are quantiles of each model that has some, also of one alone', () => {
    const labels = Array.from({ length: 100 }, () => 0);
    const latencyMs = labels.map((_, row) => row + 1);
    const rows = pairedRows(
      { task: 'regression', labels },
      { predictions: labels, latencyMs },
      { predictions: labels },
    );
    const candidate = { p50: 50.5, p95: 95.5, p99: 99.5 };
    expect(latenciesOf(rows)).toEqual({ candidate });
    expect(latenciesOf(swapped(rows))).toEqual({ baseline: candidate });
    const { baseline: _, ...alone } = rows;
    expect(latenciesOf(alone)).toEqual({ candidate });
    expect(latenciesOf({ ...rows, candidate: rows.baseline })).toBeUndefined();
  });
});
