import { describe, expect, test } from '@jest/globals';
import { clopperPearson } from '../../benchmarks/clopper-pearson.ts';
import { generate } from '../../benchmarks/generate.ts';
import { latencyEdges, quantile } from '../../benchmarks/latency-law.ts';
import { linesOf } from '../../benchmarks/lines.ts';
import { randomFrom } from '../../benchmarks/random.ts';
import { scenarios } from '../../benchmarks/scenarios.ts';

const moments = (draw: () => number): { mean: number; variance: number } => {
  const values = Array.from({ length: 20_000 }, draw);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return { mean, variance: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length };
};

describe('the source of chance', () => {
  test.each([0.05, 3, 40, 399, 5000])('Poisson of mean %d', (mean) => {
    const random = randomFrom(`poisson ${mean}`);
    const found = moments(() => random.poisson(mean));
    expect(Math.abs(found.mean / mean - 1)).toBeLessThan(5 / Math.sqrt(20_000 * mean));
    expect(found.variance / mean).toBeGreaterThan(0.9);
    expect(found.variance / mean).toBeLessThan(1.1);
  });

  test.each([
    [300, 0.001],
    [300, 0.3],
    [20, 0.9],
    [2700, 0.05],
    [54_000, 0.05],
  ])('binomial of %d at %d', (trials, rate) => {
    const random = randomFrom(`binomial ${trials} ${rate}`);
    const found = moments(() => random.binomial(trials, rate));
    const variance = trials * rate * (1 - rate);
    expect(Math.abs(found.mean - trials * rate)).toBeLessThan(5 * Math.sqrt(variance / 20_000));
    expect(found.variance / variance).toBeGreaterThan(0.9);
    expect(found.variance / variance).toBeLessThan(1.1);
  });

  test('the same seed gives the same stream, another seed another', () => {
    const [scenario] = scenarios;
    if (!scenario) throw new Error('no scenario');
    const setting = { requestsPerSecond: 50, bucketSeconds: 60, plan: 'ramp' } as const;
    const lines = linesOf(generate(scenario, setting, 'seed'));
    expect(linesOf(generate(scenario, setting, 'seed'))).toBe(lines);
    expect(linesOf(generate(scenario, setting, 'seeds'))).not.toBe(lines);
  });
});

test('the latency edges are the quantiles they are said to be', () => {
  [0.5, 0.9, 0.99].forEach((u, index) => {
    expect(Math.abs(quantile(u) / (latencyEdges[index] ?? 0) - 1)).toBeLessThan(0.001);
  });
});

describe('Clopper–Pearson', () => {
  // Binomial sums in 50-digit decimals, solved by bisection.
  test.each([
    [0, 2000, 0, 0.001842743],
    [2000, 2000, 0.998157257, 1],
    [2, 2000, 0.000121128, 0.003607629],
    [5, 10, 0.187086, 0.812914],
  ])('%d of %d', (successes, trials, lower, upper) => {
    const [low, high] = clopperPearson(successes, trials);
    expect(low).toBeCloseTo(lower, 6);
    expect(high).toBeCloseTo(upper, 6);
  });
});
