import { describe, expect, test } from '@jest/globals';
import { alternatives } from '../../../src/judge/alternatives.ts';
import type { Counts } from '../../../src/judge/bucket.ts';
import {
  type Alternatives,
  convictionShareOf,
  gainsOf,
  logEvidence,
  noEvidence,
  ratioTerms,
  startAnew,
  startPrior,
  weigh,
} from '../../../src/judge/conviction.ts';

const uniform = (factors: readonly number[]): Alternatives => ({
  factors,
  weights: factors.map(() => 1 / factors.length),
});
const published = uniform([1.25, 1.5, 2, 3, 5, 10, 30, 100]);
const bucket = (candidate: number, baseline: number, candidateBad: number, baselineBad: number): Counts => ({
  candidate,
  baseline,
  candidateBad,
  baselineBad,
  perBucket: false,
});

const evidenceOf = (buckets: readonly Counts[], grid: Alternatives, margin = 1, caps?: readonly number[]): number =>
  logEvidence(
    buckets.reduce(
      (conviction, counts) =>
        weigh(conviction, gainsOf(counts, ratioTerms(convictionShareOf(counts) ?? 0, margin, grid), caps)),
      startAnew(noEvidence(grid), grid, 1),
    ),
  );

describe('the stratified conditional e-process', () => {
  test.each([
    [bucket(300, 2700, 3, 3), 2.077679],
    [bucket(300, 2700, 0, 3), -0.784629],
    [bucket(300, 2700, 6, 2), 8.078562],
    [bucket(60, 60, 3, 0), 1.461532],
  ])('golden vector %j is %d nats', (counts, nats) => {
    expect(evidenceOf([counts], published)).toBeCloseTo(nats, 6);
  });

  test('buckets multiply within an alternative: two equal buckets are not one of twice the size in a mixture of shares', () => {
    const twice = evidenceOf([bucket(300, 2700, 3, 3), bucket(300, 2700, 3, 3)], published);
    expect(twice).toBeCloseTo(evidenceOf([bucket(600, 5400, 6, 6)], published), 12);
    expect(twice).not.toBeCloseTo(2 * 2.077679, 2);
  });

  test('a bucket without errors says nothing, whatever its size', () => {
    expect(evidenceOf([bucket(10_000, 10, 0, 0)], alternatives)).toBeCloseTo(0, 12);
  });

  test('the caps hold for every alternative', () => {
    const caps = published.factors.map(() => 1.5);
    expect(evidenceOf([bucket(300, 2700, 200, 0)], published, 1, caps)).toBeCloseTo(1.5, 12);
  });

  test('priors of alternatives and of starts sum to 1', () => {
    expect(alternatives.weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 12);
    expect(Math.min(...alternatives.factors)).toBeGreaterThan(1);
    let starts = 0;
    for (let start = 1; start <= 100_000; start += 1) starts += startPrior(start);
    expect(starts).toBeLessThanOrEqual(1);
    expect(starts).toBeGreaterThan(0.9999);
  });
});

/** Every way to hand the labels out, with its probability: x bad candidate requests given the total is hypergeometric. */
const labelings = (candidate: number, baseline: number, bad: number): readonly (readonly [Counts, number])[] => {
  const choose = (n: number, k: number): number => {
    let product = 1;
    for (let index = 1; index <= k; index += 1) product = (product * (n - k + index)) / index;
    return k < 0 || k > n ? 0 : product;
  };
  const all = choose(candidate + baseline, bad);
  return Array.from({ length: bad + 1 }, (_, x) => {
    const ways = choose(candidate, x) * choose(baseline, bad - x);
    return [bucket(candidate, baseline, x, bad - x), ways / all] as const;
  }).filter(([, probability]) => probability > 0);
};

const binomial = (n: number, k: number, p: number): number => {
  let mass = (1 - p) ** n;
  for (let index = 1; index <= k; index += 1) mass *= ((n - index + 1) / index) * (p / (1 - p));
  return mass;
};

describe('a fair bet on a healthy candidate, by enumeration', () => {
  const shapes = [
    [1, 1],
    [1, 4],
    [3, 3],
    [4, 1],
    [5, 20],
    [12, 3],
  ] as const;

  test.each([1, 1.2, 3])('labels permuted within three buckets, margin %d', (margin) => {
    for (const [candidate, baseline] of shapes)
      for (const bad of [1, 2, candidate, baseline, candidate + baseline]) {
        const ways = labelings(candidate, baseline, bad);
        let expected = 0;
        for (const [first, p] of ways)
          for (const [second, q] of ways)
            for (const [third, r] of ways)
              expected += p * q * r * Math.exp(evidenceOf([first, second, third], alternatives, margin));
        expect(expected).toBeLessThanOrEqual(1 + 1e-9);
      }
  });

  test.each([0.001, 0.05, 0.4, 0.8])(
    'independent requests, baseline rate %d, candidate worse by the whole margin: no correction at high rates',
    (rate) => {
      for (const [candidate, baseline] of shapes) {
        const margin = 1.2;
        let expected = 0;
        for (let x = 0; x <= candidate; x += 1)
          for (let y = 0; y <= baseline; y += 1)
            expected +=
              binomial(candidate, x, margin * rate) *
              binomial(baseline, y, rate) *
              Math.exp(evidenceOf([bucket(candidate, baseline, x, y)], alternatives, margin));
        expect(expected).toBeLessThanOrEqual(1 + 1e-9);
      }
    },
  );

  test('the enumeration can fail: a margin that is not granted to the candidate is an unfair bet', () => {
    let expected = 0;
    for (let x = 0; x <= 20; x += 1)
      for (let y = 0; y <= 20; y += 1)
        expected +=
          binomial(20, x, 0.24) *
          binomial(20, y, 0.1) *
          Math.exp(evidenceOf([bucket(20, 20, x, y)], alternatives, 1.2));
    expect(expected).toBeGreaterThan(1.05);
  });
});

describe('a part of the evidence that is not staked', () => {
  const terms = ratioTerms(0.1, 1.2, alternatives);
  const [burst, beside] = [bucket(300, 2700, 20, 0), bucket(300, 2700, 0, 50)];

  test('is left after a burst of the baseline, whatever the burst takes', () => {
    expect(Math.max(...gainsOf(beside, terms))).toBeLessThan(-0.3);
    expect(Math.min(...gainsOf(beside, terms))).toBeLessThan(-50);
    for (const gain of gainsOf(beside, terms, undefined, 1, 0.25)) expect(gain).toBeGreaterThanOrEqual(Math.log(0.25));
  });

  test('costs its share of a gain, and a cap cuts what remains', () => {
    const [whole, part] = [gainsOf(burst, terms), gainsOf(burst, terms, undefined, 1, 0.25)];
    for (const [index, gain] of part.entries())
      expect(Math.exp(gain)).toBeCloseTo(0.25 + 0.75 * Math.exp(whole[index] ?? 0), 6 - Math.ceil(Math.max(0, gain)));
    const caps = alternatives.factors.map(() => 1);
    expect(gainsOf(burst, terms, caps, 1, 0.25).at(-1)).toBe(1);
    expect(gainsOf(burst, terms, undefined, 1, 0)).toEqual(whole);
  });
});
