import { describe, expect, test } from '@jest/globals';
import { drawBinomial } from '../../../../src/regression/statistics/binomial-draws.ts';
import { bootstrap } from '../../../../src/regression/statistics/bootstrap.ts';
import {
  distanceAbove,
  distanceBelow,
  type Evidence,
  studentEvidence,
  tangoEvidence,
  unseenEvidence,
  wilsonEvidence,
} from '../../../../src/regression/statistics/evidence.ts';
import { randomOf, shuffled } from '../../../../src/regression/statistics/random.ts';

const drawn = (studentised: boolean): Evidence => {
  const random = randomOf(1, 1);
  const values = Float64Array.from({ length: 80 }, () => random.next() ** 3);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const found = bootstrap(
    {
      counts: new Float64Array(values.length).fill(1),
      value: (multiplicities) =>
        values.reduce((sum, value, unit) => sum + value * (multiplicities[unit] ?? 0), 0) / values.length,
      influences: values.map((value) => (value - mean) / values.length),
    },
    { seed: 3, draws: 2000 },
    studentised,
  );
  if (found === null || found === 'constant') throw new Error('no evidence');
  return found;
};

const kinds: readonly (readonly [string, Evidence])[] = [
  ['Tango', tangoEvidence({ rows: 400, gained: 9, lost: 17 })],
  ['Tango without a differing row', tangoEvidence({ rows: 400, gained: 0, lost: 0 })],
  ['Wilson', wilsonEvidence(180, 200)],
  ['Student', studentEvidence(-0.01, 0.004, 12, 'delong')],
  ['skewed Student', studentEvidence(-0.01, 0.004, 40, 'delong', -0.4)],
  ['unseen', unseenEvidence(0.2, 50, 2, 'bootstrap')],
  ['BCa', drawn(false)],
  ['studentised', drawn(true)],
  ['distance above', distanceAbove(wilsonEvidence(180, 200), 0.85)],
  ['distance below', distanceBelow(drawn(false), 0.3)],
];

describe('evidence', () => {
  test.each(kinds)('%s: the bound at 1 − p is the threshold that p is of', (_, evidence) => {
    for (const confidence of [0.8, 0.95, 0.99]) {
      expect(evidence.pAtLeast(evidence.upper(confidence))).toBeCloseTo(1 - confidence, 2);
      expect(evidence.pAtMost(evidence.lower(confidence))).toBeCloseTo(1 - confidence, 2);
    }
  });

  test.each(kinds)('%s: more confidence is a wider interval, and a farther threshold a smaller p', (_, evidence) => {
    expect(evidence.lower(0.99)).toBeLessThan(evidence.lower(0.9));
    expect(evidence.upper(0.99)).toBeGreaterThan(evidence.upper(0.9));
    const width = evidence.upper(0.95) - evidence.lower(0.95);
    const ps = [0, 1, 2, 3].map((times) => evidence.pAtLeast(evidence.upper(0.95) + (times * width) / 4));
    expect(ps).toEqual([...ps].sort((a, b) => b - a));
    expect(ps[3]).toBeLessThan(0.01);
  });

  test.each(kinds)('%s: a p can be as small as many rules need it', (_, evidence) => {
    const width = evidence.upper(0.95) - evidence.lower(0.95);
    expect(evidence.pAtLeast(evidence.upper(0.95) + 3 * width)).toBeLessThan(1e-4);
  });

  test('no differing row is no proof that none differs: the bound is about 2.7 rows', () => {
    expect(tangoEvidence({ rows: 100, gained: 0, lost: 0 }).lower(0.95)).toBeCloseTo(-2.706 / 102.706, 4);
  });
});

describe('the bootstrap', () => {
  test('fails a hopeless number among hundreds of rules, although one unit makes most of its spread', () => {
    const values = Float64Array.from({ length: 1000 }, (_, unit) => (unit < 1 ? 1.8 : -36 + (unit % 7) / 10));
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const found = bootstrap(
      {
        counts: new Float64Array(values.length).fill(1),
        value: (multiplicities) =>
          values.reduce((sum, value, unit) => sum + value * (multiplicities[unit] ?? 0), 0) / values.length,
        influences: values.map((value) => (value - mean) / values.length),
      },
      { seed: 6, draws: 250 },
      false,
    );
    if (found === null || found === 'constant') throw new Error('no evidence');
    expect(found.pAtLeast(0)).toBeLessThan(0.05 / 400);
  });

  test('knows a spread that a few units make as badly as that of few units', () => {
    const quantileOf = (values: Float64Array, hasUnseen: boolean): number => {
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      const influences = values.map((value) => (value - mean) / values.length);
      const found = bootstrap(
        {
          counts: new Float64Array(values.length).fill(1),
          value: (multiplicities) =>
            values.reduce((sum, value, unit) => sum + value * (multiplicities[unit] ?? 0), 0) / values.length,
          influences,
          ...(hasUnseen && { hasUnseen }),
        },
        { seed: 5, draws: 4000 },
        false,
      );
      if (found === null || found === 'constant') throw new Error('no evidence');
      return (1.645 * found.standardErrorAt(0)) / Math.hypot(...influences);
    };
    const even = Float64Array.from({ length: 200 }, (_, unit) => (unit % 2 === 0 ? 1 : -1));
    const few = even.map((value, unit) => (unit < 10 ? 20 * value : 0));
    // 95 % of Student's distribution with 199 and with 2 / (1/10 − 1/200) = 21 degrees of freedom.
    expect(quantileOf(even, false)).toBeCloseTo(1.653, 1);
    expect(quantileOf(few, false) / quantileOf(few, true)).toBeCloseTo(1.721 / 1.653, 2);
  });

  test('is the same for the same seed, and another for another', () => {
    expect(drawn(false).lower(0.95)).toBe(drawn(false).lower(0.95));
    const one = { counts: new Float64Array(9).fill(1), influences: new Float64Array(9).fill(1) };
    const value = (multiplicities: Float64Array): number =>
      multiplicities.reduce((sum, many, i) => sum + many * i ** 2, 0);
    const lower = (seed: number): unknown => {
      const found = bootstrap({ ...one, value }, { seed, draws: 200 }, false);
      return found === 'constant' ? found : found?.lower(0.95);
    };
    expect(lower(1)).toBe(lower(1));
    expect(lower(1)).not.toBe(lower(2));
  });

  test('says nothing where more than one set in a hundred is undefined, and that a number is constant', () => {
    const units = { counts: new Float64Array(60).fill(1), influences: new Float64Array(60) };
    const undefinedWithout = { ...units, value: (m: Float64Array) => ((m[0] ?? 0) > 0 ? (m[1] ?? 0) : null) };
    expect(bootstrap(undefinedWithout, { seed: 1, draws: 500 }, false)).toBeNull();
    expect(bootstrap({ ...units, value: () => 0.4 }, { seed: 1, draws: 500 }, false)).toBe('constant');
  });
});

describe('seeded chance', () => {
  test('streams and numbers are uniform and independent', () => {
    const bins = new Float64Array(64);
    let product = 0;
    for (let stream = 0; stream < 400; stream++) {
      const [own, next] = [randomOf(5, stream), randomOf(5, stream + 1)];
      for (let k = 0; k < 100; k++) {
        const value = own.next();
        bins[Math.floor(value * 64)] = (bins[Math.floor(value * 64)] ?? 0) + 1;
        product += (value - 0.5) * (next.next() - 0.5);
      }
    }
    const chiSquare = bins.reduce((sum, count) => sum + (count - 625) ** 2 / 625, 0);
    expect(chiSquare).toBeLessThan(103.4); // 99.9 % of 63 degrees
    expect(Math.abs(product / 40_000)).toBeLessThan(4 / (12 * 200));
  });

  test.each([
    [20, 0.1],
    [20, 0.9],
    [1000, 0.3],
    [1_000_000, 0.00002],
    [1_000_000, 0.4],
  ])('binomial draws of %d at %d have its mean, variance and skewness', (n, p) => {
    const random = randomOf(11, n);
    const draws = Array.from({ length: 20_000 }, () => drawBinomial(n, p, random));
    const deviation = Math.sqrt(n * p * (1 - p));
    const scaled = draws.map((draw) => (draw - n * p) / deviation);
    const moment = (power: number): number => scaled.reduce((sum, value) => sum + value ** power, 0) / scaled.length;
    expect(Math.abs(moment(1))).toBeLessThan(4 / Math.sqrt(20_000));
    expect(Math.abs(moment(2) - 1)).toBeLessThan(0.05);
    expect(Math.abs(moment(3) - (1 - 2 * p) / deviation)).toBeLessThan(0.15);
    expect(draws.every((draw) => Number.isInteger(draw) && draw >= 0 && draw <= n)).toBe(true);
  });

  test('a shuffle has each index once', () => {
    expect([...shuffled(500, randomOf(1, 2))].sort((a, b) => a - b)).toEqual(Array.from({ length: 500 }, (_, i) => i));
  });
});
