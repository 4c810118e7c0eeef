import { describe, expect, test } from '@jest/globals';
import { countOf, histogramOf, merged, quantileIn, rounded } from '../../../../src/regression/load/histogram.ts';
import { randomOf } from '../../../../src/regression/statistics/random.ts';
import { fc } from '../../../support/properties.ts';

describe('milliseconds of a histogram', () => {
  test.each([
    [0, 0],
    [0.1234, 0.124],
    [5, 5],
    [12.34, 12.4],
    [99.95, 100],
    [123, 123],
    [1231, 1240],
    [60_000, 60_000],
  ])('%s → %s', (one, other) => {
    expect(rounded(one)).toBe(other);
  });

  test('are never below the time, at most 1 % above it, and stay what they are', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.01, max: 100_000, noNaN: true }), (milliseconds) => {
        const value = rounded(milliseconds);
        expect(value).toBeGreaterThanOrEqual(milliseconds * (1 - 1e-9));
        expect(value).toBeLessThanOrEqual(milliseconds * 1.0101);
        expect(rounded(value)).toBe(value);
      }),
    );
  });
});

test('histograms of steps add up', () => {
  const one = histogramOf(
    new Map([
      [20, 1],
      [3, 2],
    ]),
  );
  expect(one).toEqual([
    [3, 2],
    [20, 1],
  ]);
  expect(merged([one, one, [[7, 5]]])).toEqual([
    [3, 4],
    [7, 5],
    [20, 2],
  ]);
  expect(countOf(merged([one, one]))).toBe(6);
});

describe('a quantile', () => {
  const hundred = Array.from({ length: 100 }, (_, at) => [at + 1, 1] as const);

  test('is the value of a request; where the share ends between two, their mean', () => {
    const value = (level: number) => quantileIn(hundred, 0, level, 0.95)?.value;
    expect([value(0.5), value(0.95), value(0.99), value(0.995)]).toEqual([50.5, 95.5, 99.5, 100]);
  });

  test('counts a request without a good answer as slower than any other', () => {
    expect(quantileIn(hundred, 5, 0.95, 0.95)?.value).toBe(100);
    expect(quantileIn(hundred, 6, 0.95, 0.95)?.value).toBe(Number.POSITIVE_INFINITY);
    expect(quantileIn([], 3, 0.5, 0.95)).toMatchObject({ value: Number.POSITIVE_INFINITY });
    expect(quantileIn([], 0, 0.5, 0.95)).toBeUndefined();
  });

  // 0.99 ** 298 = 0.0500, 0.99 ** 299 = 0.0495.
  test('has no upper bound before 299 requests, at 99 % and 95 %', () => {
    expect(quantileIn([[10, 298]], 0, 0.99, 0.95)).toEqual({ value: 10, low: 10, high: Number.POSITIVE_INFINITY });
    expect(quantileIn([[10, 299]], 0, 0.99, 0.95)).toEqual({ value: 10, low: 10, high: 10 });
  });

  // scipy.stats.binom: P(B ≥ 43 | 100, 0.5) = 0.9334, P(B ≥ 42) = 0.9557; P(B ≤ 58) = 0.9557, P(B ≤ 57) = 0.9334.
  test('has the bounds of order statistics', () => {
    expect(quantileIn(hundred, 0, 0.5, 0.95)).toEqual({ value: 50.5, low: 42, high: 59 });
  });

  test('has a lower bound of 0 where no request is below it with confidence', () => {
    expect(quantileIn([[10, 3]], 0, 0.5, 0.95)).toMatchObject({ low: 0, high: Number.POSITIVE_INFINITY });
  });

  test('lies beyond a bound in at most 5 % of samples', () => {
    const random = randomOf(7, 0);
    let [above, below] = [0, 0];
    const samples = 2000;
    for (let sample = 0; sample < samples; sample++) {
      const values = Array.from({ length: 400 }, () => random.next() * 1000).toSorted((one, other) => one - other);
      const { low, high } = quantileIn(
        values.map((value) => [value, 1] as const),
        0,
        0.95,
        0.95,
      ) ?? { low: 0, high: 0 };
      if (low > 950) below++;
      if (high < 950) above++;
    }
    expect(below / samples).toBeLessThan(0.055);
    expect(above / samples).toBeLessThan(0.055);
    expect(below + above).toBeGreaterThan(0);
  });
});
