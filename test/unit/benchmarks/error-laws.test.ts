import { describe, expect, test } from '@jest/globals';
import {
  type ArmInBucket,
  type Drawn,
  drifting,
  type ErrorLaw,
  independent,
  inSeries,
  inSessions,
  withBursts,
  withStorms,
} from '../../benchmarks/error-laws.ts';
import { randomFrom } from '../../benchmarks/random.ts';

const arm = (rate: number, seconds = 60, share = 0.5): ArmInBucket => ({
  traffic: 50 * seconds,
  share,
  seconds,
  rate,
  usual: rate,
});

const drawn = (law: ErrorLaw, inBucket: ArmInBucket, buckets: number, seed = 'law'): readonly Drawn[] => {
  const random = randomFrom(seed);
  const draw = law.begin();
  return Array.from({ length: buckets }, () => draw(inBucket, random));
};

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const bad = (draws: readonly Drawn[]): readonly number[] => draws.map((draw) => draw.bad);
const mean = (values: readonly number[]): number => sum(values) / values.length;
const variance = (values: readonly number[]): number => {
  const middle = mean(values);
  return mean(values.map((value) => (value - middle) ** 2));
};

/** Variance over mean of the failures of `each` buckets together. */
const dispersion = (draws: readonly Drawn[], each: number): number => {
  const blocks = Array.from({ length: Math.floor(draws.length / each) }, (_, index) =>
    sum(bad(draws.slice(index * each, (index + 1) * each))),
  );
  return variance(blocks) / mean(blocks);
};

/** Runs of neighbouring buckets with failures. */
const runs = (draws: readonly Drawn[]): readonly (readonly number[])[] => {
  const found: number[][] = [];
  let open = false;
  for (const draw of draws) {
    if (draw.bad > 0 && !open) found.push([]);
    if (draw.bad > 0) found.at(-1)?.push(draw.bad);
    open = draw.bad > 0;
  }
  return found;
};

describe('failures come', () => {
  test.each([
    ['one by one', independent, 1],
    ['in sessions of 5', inSessions(5), 5],
    ['in sessions of 20', inSessions(20), 20],
    ['in sessions of 50', inSessions(50), 50],
    ['in long sessions of 20', inSessions(20, 300), 20],
  ])('%s: at their rate, dispersed by the size of a session', (_, law, size) => {
    const draws = drawn(law, arm(0.01), 20_000);
    const requests = sum(draws.map((draw) => draw.requests));
    const failures = sum(bad(draws));
    expect(Math.abs(failures / requests - 0.01)).toBeLessThan(5 * Math.sqrt((0.01 * size) / requests));
    expect(requests / (20_000 * 1500)).toBeCloseTo(1, 2);
    // In blocks that are long beside a session.
    expect(dispersion(draws, 40) / size).toBeGreaterThan(0.8);
    expect(dispersion(draws, 40) / size).toBeLessThan(1.2);
  });

  test('a session fails as a whole, also when it goes on in the next bucket', () => {
    const rare = runs(drawn(inSessions(20), arm(0.0002, 10), 40_000));
    expect(rare.length).toBeGreaterThan(80);
    // Two sessions may meet, so the sums are multiples.
    expect(rare.every((found) => sum(found) % 20 === 0)).toBe(true);
    expect(rare.some(({ length }) => length === 2)).toBe(true);
    // Five minutes touch five or six buckets of one; the last run may be cut off.
    const long = runs(drawn(inSessions(20, 300), arm(0.0001), 10_000))
      .slice(0, -1)
      .map(({ length }) => length);
    expect(Math.min(...long)).toBeGreaterThanOrEqual(5);
    expect(mean(long)).toBeGreaterThan(5.5);
  });

  test('in bursts beside single failures, as often in a bucket of ten seconds as its length demands', () => {
    for (const seconds of [60, 10]) {
      const draws = drawn(withBursts(0.03, 20), arm(0, seconds), 40_000);
      const hit = draws.filter((draw) => draw.bad === 20).length;
      expect(draws.every((draw) => draw.bad === 20 || draw.bad === 0)).toBe(true);
      expect(hit / ((40_000 * 0.03 * seconds) / 60)).toBeGreaterThan(0.7);
      expect(hit / ((40_000 * 0.03 * seconds) / 60)).toBeLessThan(1.3);
    }
  });

  test('in storms that stay with one arm for minutes, an arm having as many as its share of the traffic', () => {
    const law = withStorms({ perHour: 1, minutes: 8, ofTraffic: 0.01 });
    const draws = drawn(law, arm(0, 60, 0.1), 60 * 2000);
    const found = runs(draws);
    expect(found.length).toBeGreaterThan(150);
    expect(found.length).toBeLessThan(250);
    // Eight minutes touch nine buckets.
    expect(mean(found.map(({ length }) => length))).toBeGreaterThan(8.5);
    expect(mean(found.map(({ length }) => length))).toBeLessThan(10);
    // 1 % of the endpoint's 3,000 requests a minute, whatever the arm's share.
    expect(sum(bad(draws)) / found.length / (8 * 30)).toBeGreaterThan(0.9);
    expect(sum(bad(draws)) / found.length / (8 * 30)).toBeLessThan(1.1);
  });

  test('at a rate that wanders: its mean stays, its logarithm has the deviation and the memory that were declared', () => {
    const large: ArmInBucket = { ...arm(0.1), traffic: 1e6 };
    const rates = drawn(drifting(0.4, 10), large, 40_000).map((draw) => draw.bad / draw.requests);
    expect(mean(rates) / 0.1).toBeGreaterThan(0.95);
    expect(mean(rates) / 0.1).toBeLessThan(1.05);
    const logs = rates.map(Math.log);
    expect(Math.sqrt(variance(logs))).toBeGreaterThan(0.36);
    expect(Math.sqrt(variance(logs))).toBeLessThan(0.44);
    const middle = mean(logs);
    const shifted = logs.slice(10).map((log, index) => (log - middle) * ((logs[index] ?? 0) - middle));
    expect(mean(shifted) / variance(logs)).toBeGreaterThan(Math.exp(-1) - 0.08);
    expect(mean(shifted) / variance(logs)).toBeLessThan(Math.exp(-1) + 0.08);
    const finer = drawn(drifting(0.4, 10), { ...large, seconds: 10 }, 40_000).map((draw) =>
      Math.log(draw.bad / draw.requests),
    );
    expect(Math.sqrt(variance(finer))).toBeGreaterThan(0.3);
    expect(Math.sqrt(variance(finer))).toBeLessThan(0.5);
  });

  test('in series to one instance: the mean is the rate, the ill instance causes the rest, a usual arm is not clustered', () => {
    const ill: ArmInBucket = { ...arm(0.02075), usual: 0.001 };
    const draws = drawn(inSeries(20, 4), ill, 20_000);
    const requests = sum(draws.map((draw) => draw.requests));
    expect(draws.every((draw) => draw.requests % 20 === 0)).toBe(true);
    expect(sum(bad(draws)) / requests / 0.02075).toBeGreaterThan(0.97);
    expect(sum(bad(draws)) / requests / 0.02075).toBeLessThan(1.03);
    // A Poisson number of series: the mean square of the failures in one, over their mean.
    const square = (rate: number): number => 20 * rate * (1 - rate) + (20 * rate) ** 2;
    const expected = (0.25 * square(0.08) + 0.75 * square(0.001)) / (20 * 0.02075);
    expect(dispersion(draws, 1) / expected).toBeGreaterThan(0.9);
    expect(dispersion(draws, 1) / expected).toBeLessThan(1.1);
    expect(expected).toBeGreaterThan(2);
    expect(dispersion(drawn(inSeries(20, 4), arm(0.001), 20_000), 1)).toBeLessThan(1.15);
  });

  test('each arm has its own memory', () => {
    const law = drifting(1, 1000);
    const random = randomFrom('two arms');
    const large: ArmInBucket = { ...arm(0.1), traffic: 1e6 };
    const [one, other] = [law.begin(), law.begin()];
    const [first, second] = [one(large, random), other(large, random)];
    expect(Math.abs(first.bad - second.bad)).toBeGreaterThan(1000);
    expect(Math.abs(one(large, random).bad / first.bad - 1)).toBeLessThan(0.2);
  });
});
