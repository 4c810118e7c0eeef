import { describe, expect, test } from '@jest/globals';
import { countsOf } from '../../../src/judge/bucket.ts';
import { guardCaps, guardExcuse, needsBurstGuard } from '../../../src/judge/burst-guard.ts';
import type { Block } from '../../../src/judge/dispersion.ts';
import { estimatedExcess, excessInterval, noExcess, observeHealth, stakesOf } from '../../../src/judge/health.ts';

const counts = (candidate: number, candidateBad: number, baseline: number, baselineBad: number) => ({
  candidate,
  candidateBad,
  baseline,
  baselineBad,
  perBucket: false,
});
const seen = (...[candidate, candidateBad, baseline, baselineBad]: readonly [number, number, number, number]) => {
  const all = counts(candidate, candidateBad, baseline, baselineBad);
  return observeHealth(noExcess, all, stakesOf(all));
};

test('a metric that one arm lacks is not known, whichever arm it is', () => {
  const [with4xx, without] = [
    { requests: 10, bad: { errors: 1, 'client-errors': 2 } },
    { requests: 20, bad: { errors: 3 } },
  ];
  const bucket = (candidate = with4xx, baseline: typeof without = with4xx) => ({
    t: 0,
    seconds: 60,
    candidate,
    baseline,
  });
  expect(countsOf(bucket(), 'client-errors')).toEqual(counts(10, 2, 10, 2));
  expect(countsOf(bucket(with4xx, without), 'client-errors')).toBeUndefined();
  expect(countsOf({ ...bucket(), candidate: without }, 'client-errors')).toBeUndefined();
  expect(countsOf(bucket(with4xx, without), 'errors')).toEqual(counts(10, 1, 20, 3));
});

describe('an excess', () => {
  test('is compared with a baseline, or not at all', () => {
    expect(estimatedExcess(seen(100, 5, 0, 0))).toBeUndefined();
    expect(estimatedExcess(seen(100, 5, 900, 9))).toBeCloseTo(0.04, 12);
    const both = observeHealth(seen(100, 5, 0, 0), counts(100, 1, 900, 9), stakesOf(counts(100, 1, 900, 9)));
    expect(estimatedExcess(both)).toBeCloseTo(0, 12);
  });

  test('is bounded from below by what the baseline alone fails, too', () => {
    const [clean] = excessInterval(seen(1000, 0, 9000, 0), 0.95);
    const [failing] = excessInterval(seen(1000, 0, 9000, 90), 0.95);
    expect(failing).toBeLessThan(clean);
  });
});

describe('the burst guard', () => {
  const past = (length: number, requests = 100, bad = 0): readonly Block[] =>
    Array.from({ length }, () => ({ requests, bad }));

  test('says how much one bucket may excuse, and add', () => {
    expect(guardExcuse(0.95)).toBeCloseTo(Math.log(20) / 6, 12);
    const [small, full, more] = guardCaps(0.01, { factors: [2, 4, 80], weights: [] }, 30);
    expect(full).toBeCloseTo(Math.log(100) / 4, 12);
    expect(small).toBeCloseTo(Math.log(100) / 8, 12);
    expect(more).toBe(full);
    expect(guardCaps(0.01, { factors: [4], weights: [] }, 0)).toEqual(
      guardCaps(0.01, { factors: [4], weights: [] }, 1),
    );
  });

  test('wants an hour of minutes that have requests', () => {
    expect(needsBurstGuard([...past(59), ...past(30, 0)])).toEqual({
      needed: true,
      because: 'only 59 buckets of history have requests: too few to see bursts of errors',
    });
    expect(needsBurstGuard([...past(60), ...past(30, 0)])).toEqual({
      needed: false,
      because: 'errors came singly in 60 buckets',
    });
  });

  test('compares minutes that have requests, as if the others had not been', () => {
    const spread = [...past(30), ...past(20, 0), { requests: 100, bad: 30 }, ...past(20, 0), ...past(30)];
    expect(needsBurstGuard(spread).needed).toBe(true);
    expect(needsBurstGuard(spread)).toEqual(needsBurstGuard(spread.filter(({ requests }) => requests > 0)));
  });
});
