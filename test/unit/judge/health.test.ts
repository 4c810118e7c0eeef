import { describe, expect, test } from '@jest/globals';
import type { Counts } from '../../../src/judge/bucket.ts';
import {
  type Excess,
  estimatedExcess,
  excessInterval,
  logEvidenceBelow,
  noExcess,
  observeHealth,
  stakesOf,
} from '../../../src/judge/health.ts';
import { requestsToProof } from '../../../src/judge/time-to-proof.ts';

const seen = (...buckets: readonly Counts[]): Excess =>
  buckets.reduce((excess, counts) => observeHealth(excess, counts, stakesOf(counts)), noExcess);
const clean = (candidate: number, baseline = 9 * candidate): Counts => ({
  candidate,
  baseline,
  candidateBad: 0,
  baselineBad: 0,
  perBucket: false,
});

const binomial = (n: number, k: number, p: number): number => {
  let mass = (1 - p) ** n;
  for (let index = 1; index <= k; index += 1) mass *= ((n - index + 1) / index) * (p / (1 - p));
  return mass;
};

/** E[evidence] over two buckets of independent requests whose excess differs from bucket to bucket. */
const expectedEvidence = (rates: readonly (readonly [baseline: number, excess: number])[], bound: number): number => {
  const [candidate, baseline] = [6, 9];
  let outcomes: readonly (readonly [Excess, number])[] = [[noExcess, 1]];
  for (const [rate, excess] of rates)
    outcomes = outcomes.flatMap(([so, probability]) => {
      const next: (readonly [Excess, number])[] = [];
      for (let x = 0; x <= candidate; x += 1)
        for (let y = 0; y <= baseline; y += 1) {
          const counts = { candidate, baseline, candidateBad: x, baselineBad: y, perBucket: false };
          const chance = binomial(candidate, x, rate + excess) * binomial(baseline, y, rate);
          next.push([observeHealth(so, counts, stakesOf(counts)), probability * chance]);
        }
      return next;
    });
  return outcomes.reduce((sum, [excess, chance]) => sum + chance * Math.exp(logEvidenceBelow(excess, bound)), 0);
};

describe('the bound on the excess', () => {
  test('no errors at all: proven by about 600 requests for 0.5 %', () => {
    const target = Math.log(20);
    expect(logEvidenceBelow(seen(clean(599)), 0.005)).toBeLessThan(target);
    expect(logEvidenceBelow(seen(clean(690)), 0.005)).toBeGreaterThan(target);
    // Ten buckets are one of their size: nothing is lost by looking.
    expect(logEvidenceBelow(seen(...Array.from({ length: 10 }, () => clean(69))), 0.005)).toBeGreaterThan(target);
  });

  test('a baseline is not needed for that, and a baseline that fails helps', () => {
    expect(logEvidenceBelow(seen(clean(690, 0)), 0.005)).toBeGreaterThan(Math.log(20));
    const failing = { ...clean(400), baselineBad: 40 };
    expect(logEvidenceBelow(seen(failing), 0.005)).toBeGreaterThan(logEvidenceBelow(seen(clean(400)), 0.005) + 3);
  });

  test.each([
    [
      [0.01, 0.05],
      [0.3, 0.05],
    ],
    [
      [0.5, 0.02],
      [0.02, 0.08],
    ],
    [
      [0.1, -0.05],
      [0.2, 0.15],
    ],
  ])('a fair bet while the mean excess is the bound, by enumeration: %j, %j', (...rates) => {
    const pairs = rates.map(([rate = 0, excess = 0]) => [rate, excess] as const);
    const expected = expectedEvidence(pairs, 0.05);
    expect(expected).toBeLessThanOrEqual(1 + 1e-9);
    expect(expectedEvidence(pairs, 0.2)).toBeGreaterThan(1.05);
  });

  test('capped, a burst in the baseline alone proves little; errors of both arms still excuse each other', () => {
    const capped = (counts: Counts): number =>
      logEvidenceBelow(observeHealth(noExcess, counts, stakesOf(counts), 0.5), 0.005);
    const free = (counts: Counts): number => logEvidenceBelow(observeHealth(noExcess, counts, stakesOf(counts)), 0.005);
    const burst = { ...clean(6, 74), baselineBad: 20 };
    expect(free(burst)).toBeGreaterThan(1);
    expect(capped(burst)).toBeLessThan(0.6);
    const outage = { ...clean(300), candidateBad: 15, baselineBad: 135 };
    expect(capped(outage)).toBeCloseTo(free(outage), 1);
  });

  test('the interval ends where the evidence crosses, and contains the estimate', () => {
    const excess = seen(
      { candidate: 300, baseline: 2700, candidateBad: 4, baselineBad: 20, perBucket: false },
      { candidate: 280, baseline: 2500, candidateBad: 2, baselineBad: 31, perBucket: false },
    );
    const [lower, upper] = excessInterval(excess, 0.95);
    expect(logEvidenceBelow(excess, upper)).toBeCloseTo(Math.log(20), 8);
    expect(lower).toBeLessThan(estimatedExcess(excess) ?? Number.NaN);
    expect(upper).toBeGreaterThan(estimatedExcess(excess) ?? Number.NaN);
    expect(lower).toBeGreaterThan(-0.05);
    expect(upper).toBeLessThan(0.05);
  });

  test('with little data the interval says so', () => {
    expect(excessInterval(noExcess, 0.95)).toEqual([-1, 1]);
    expect(excessInterval(seen(clean(2)), 0.95)[1]).toBe(1);
  });
});

describe('the time to proof', () => {
  test('grows with the rate of the baseline and falls with the bound', () => {
    const at = (rate: number, excessBelow = 0.005): number => requestsToProof({ excessBelow }, 0.95, rate, 0.1);
    expect(at(0)).toBeGreaterThan(599);
    expect(at(0)).toBeLessThan(690);
    expect(at(0.001)).toBeGreaterThan(at(0));
    expect(at(0.01)).toBeGreaterThan(at(0.001));
    expect(at(0.01, 0.01)).toBeLessThan(at(0.01));
  });

  test('a bound of nothing cannot be proven', () => {
    expect(requestsToProof({ excessBelow: 0 }, 0.95, 0.01, 0.1)).toBe(Number.POSITIVE_INFINITY);
  });
});
