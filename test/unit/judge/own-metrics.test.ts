import { describe, expect, test } from '@jest/globals';
import type { Arm, Bucket } from '../../../src/judge/bucket.ts';
import { independent, learn, nothingLearned, shownDispersion } from '../../../src/judge/dispersion.ts';
import { type CellState, freshCells, learnedOf } from '../../../src/judge/distribution.ts';
import { beginJudging, type Judging, judge, observeBucket } from '../../../src/judge/judge.ts';
import { freshMetric } from '../../../src/judge/metric-state.ts';
import { type Policy, policyOf } from '../../../src/judge/policy.ts';
import type { OwnMetric } from '../../../src/manifest/manifest.ts';
import { randomFrom } from '../../benchmarks/random.ts';
import { classes, confident, emptyAnswers, judgeWith } from '../../support/own-metrics.ts';
import { fc } from '../../support/properties.ts';

const watched = { burstGuard: false, usual: 0.001 };
const policyFor = (...metrics: readonly OwnMetric[]): Policy =>
  policyOf(judgeWith(...metrics), {
    usual: { errors: 0.001 },
    own: Object.fromEntries(metrics.map(({ name }) => [name, watched])),
  });

const arm = (requests: number, more: Partial<Arm> = {}): Arm => ({
  requests,
  ...more,
  bad: { errors: 0, ...more.bad },
});
const minutes = (
  count: number,
  of: (index: number) => readonly [candidate: Arm, baseline: Arm],
  from = 0,
): readonly Bucket[] =>
  Array.from({ length: count }, (_, index) => {
    const [candidate, baseline] = of(index);
    return { t: (from + index) * 60, seconds: 60, share: 0.1, candidate, baseline };
  });
const byClass = (...counts: readonly number[]): Partial<Arm> => ({ cells: { classes: counts } });
const played = (policy: Policy, buckets: readonly Bucket[]): readonly Judging['ruling'][] => {
  let judging = beginJudging(policy);
  return buckets.map((bucket) => {
    judging = observeBucket(judging, bucket);
    return judging.ruling;
  });
};
const reasons = (policy: Policy, buckets: readonly Bucket[]): readonly string[] =>
  played(policy, buckets).map(({ reason }) => reason);
const even = (requests: number): Arm => arm(requests, byClass(requests / 3, requests / 3, requests / 3));

describe('a policy with metrics of the user’s own', () => {
  test('gives each its part of the budget, and one that holds none', () => {
    const { metrics } = policyFor({ ...emptyAnswers, weight: 2 }, confident, classes);
    expect(metrics.map(({ name, weight }) => [name, weight])).toEqual([
      ['errors', 0.4],
      ['empty-answers', 0.4],
      ['confident', 0.2],
      ['classes', 0],
    ]);
    expect(metrics.slice(1)).toMatchObject([
      { own: true, worseThan: 1.2, guarded: false },
      { own: true, worseThan: 1.2, good: true },
      { own: true, worseThan: 2, holds: true, cells: classes.cells },
    ]);
  });

  test('proves health only where the manifest says so, by its own bound and its own usual rate', () => {
    const [, proven] = policyFor({ ...emptyAnswers, excessBelow: 0.02 }).metrics;
    expect(proven).toMatchObject({ excessBelow: 0.02, usual: 0.001 });
    expect(policyFor(emptyAnswers).metrics[1]).not.toHaveProperty('usual');
  });

  test('has none of them where none is read: a journal of another policy', () => {
    expect(policyOf(judgeWith(emptyAnswers)).metrics.map(({ name }) => name)).toEqual(['errors']);
  });

  test('obeys burst-guard of the manifest, and else the history of the metric', () => {
    const guarded = (burstGuard: 'on' | 'off' | 'auto', needed: boolean) =>
      policyOf({ ...judgeWith(emptyAnswers), burstGuard }, { own: { 'empty-answers': { burstGuard: needed } } })
        .metrics[1]?.guarded;
    expect([guarded('on', false), guarded('off', true), guarded('auto', true), guarded('auto', false)]).toEqual([
      true,
      false,
      true,
      false,
    ]);
  });
});

describe('a count of bad events', () => {
  const policy = policyFor(emptyAnswers);
  const empty = (candidate: number, baseline: number) =>
    minutes(20, () => [
      arm(300, { bad: { 'empty-answers': candidate } }),
      arm(2700, { bad: { 'empty-answers': baseline } }),
    ]);

  test('convicts a candidate that has several times as many, with both rates', () => {
    const verdict = judge(policy, empty(30, 27));
    expect(verdict).toMatchObject({ decision: 'rollback', reason: 'candidate-worse' });
    expect(verdict.because).toContain("empty-answers: 30 of 300 (10 %) beside the baseline's 27 of 2700 (1 %)");
  });

  test('lets pass a candidate with the same rate, which is proven by its errors', () => {
    expect(reasons(policy, empty(3, 27))).toContain('proven-healthy');
  });

  test('says the time to its proof in requests, however many rows a request has', () => {
    const rows = (requests: number, perRequest: number): Arm =>
      arm(requests, {
        bad: { 'empty-answers': (requests * perRequest) / 1000 },
        of: { 'empty-answers': requests * perRequest },
      });
    const wait = (perRequest: number): string | undefined => {
      const buckets = minutes(2, () => [rows(1000, perRequest), rows(9000, perRequest)]);
      const { because } = judge(policyFor({ ...emptyAnswers, excessBelow: 0.0008 }), buckets);
      return /is proven in (.*)/.exec(because)?.[1];
    };
    // Both need about 20,000 rows: twenty minutes with one in each request, ten with two; two minutes are over.
    expect([wait(1), wait(2)]).toEqual(['18 minutes', '8 minutes']);
  });

  test('is a part of its own count where it has one', () => {
    const rows = (bad: number, of: number, requests: number): Arm =>
      arm(requests, { bad: { 'empty-answers': bad }, of: { 'empty-answers': of } });
    const verdict = judge(
      policy,
      minutes(20, () => [rows(300, 3000, 300), rows(270, 27_000, 2700)]),
    );
    expect(verdict.because).toContain("300 of 3000 (10 %) beside the baseline's 270 of 27000 (1 %)");
  });
});

describe('a count of good events', () => {
  const policy = policyFor(confident);
  const good = (candidate: number, baseline: number) =>
    minutes(30, () => [
      arm(300, { bad: { confident: candidate }, of: { confident: 300 } }),
      arm(2700, { bad: { confident: baseline }, of: { confident: 2700 } }),
    ]);

  test('convicts a candidate with too few of them', () => {
    const verdict = judge(policy, good(100, 1800));
    expect(verdict.reason).toBe('candidate-worse');
    expect(verdict.because).toMatch(
      /confident: \d+ of \d+ \(33\.3 %\) beside the baseline's \d+ of \d+ \(66\.7 %\), and the baseline may have up to 1\.2 times as many/,
    );
  });

  test('convicts no candidate with more of them', () => {
    expect(reasons(policy, good(270, 1800))).not.toContain('candidate-worse');
  });
});

describe('a distribution', () => {
  const collapsed = minutes(20, () => [arm(300, byClass(0, 0, 300)), even(2700)]);
  const convicting = policyFor({ ...classes, verdict: 'convict' });

  test('holds when predictions collapse, names the class and the ways on, and convicts nothing', () => {
    const policy = policyFor(classes);
    const verdict = judge(policy, collapsed);
    expect(verdict).toMatchObject({ decision: 'hold', reason: 'own-metric-differs' });
    expect(verdict.because).toMatch(/classes "\w+": \d+ of \d+ .* beside .*promote-now.*verdict: convict/);
    expect(played(policy, collapsed).map(({ decision }) => decision)).not.toContain('rollback');
  });

  test('convicts on request', () => {
    expect(judge(convicting, collapsed)).toMatchObject({ decision: 'rollback', reason: 'candidate-worse' });
  });

  test('that convicts holds before it does: nothing is promoted meanwhile', () => {
    const policy = policyOf(
      { ...judgeWith({ ...classes, verdict: 'convict' }), burstGuard: 'on' },
      { own: { classes: watched } },
    );
    const found = reasons(policy, collapsed);
    const [held, last] = [found.indexOf('own-metric-differs'), found.indexOf('candidate-worse')];
    expect([held, last]).toEqual([expect.any(Number), expect.any(Number)]);
    expect(held).toBe(0);
    expect(held).toBeLessThan(last);
    expect(found).not.toContain('proven-healthy');
    expect(judge(policy, collapsed.slice(0, held + 1)).because).toMatch(
      /too much to take the next step, and not yet enough to convict/,
    );
  });

  test('that convicts holds by the counts of this step, and says them', () => {
    const policy = policyOf(
      { ...judgeWith({ ...classes, verdict: 'convict' }), burstGuard: 'on' },
      { own: { classes: watched } },
    );
    const verdict = judge(policy, [
      ...minutes(3, () => [even(300), even(2700)]),
      { t: 180, seconds: 60, weightMoved: true, candidate: even(300), baseline: even(2700) },
      ...minutes(1, () => [arm(300, byClass(0, 0, 300)), even(2700)], 4),
    ]);
    expect(verdict.reason).toBe('own-metric-differs');
    expect(verdict.because).toMatch(/^classes "\w+": 0 of 300 \(0 %\) beside the baseline's 900 of 2700 /);
  });

  test.each([
    ['a class that grows', [150, 75, 75], [300, 1200, 1200]],
    ['a class that disappears', [0, 150, 150], [900, 900, 900]],
  ])('sees %s', (_, candidate, baseline) => {
    const buckets = minutes(60, () => [arm(300, byClass(...candidate)), arm(2700, byClass(...baseline))]);
    expect(reasons(policyFor(classes), buckets)).toContain('own-metric-differs');
  });

  test('tolerates shares within the factor, in either direction', () => {
    const buckets = minutes(120, () => [arm(300, byClass(60, 90, 150)), even(2700)]);
    expect(new Set(reasons(policyFor(classes), buckets))).toEqual(new Set(['insufficient-evidence', 'proven-healthy']));
  });

  test('is a part of its own count where it has one: a mean score', () => {
    const score: OwnMetric = { ...classes, name: 'score', cells: ['mean'] };
    const mean = (requests: number, sum: number): Arm =>
      arm(requests, { cells: { score: [sum] }, of: { score: requests } });
    const verdict = judge(
      policyFor(score),
      minutes(30, () => [mean(300, 27.5), mean(2700, 1890.25)]),
    );
    expect(verdict.reason).toBe('own-metric-differs');
    expect(verdict.because).toMatch(/score "mean": [\d.]+ of \d+ \(9\.17 %\) beside .*fewer than the baseline/);
  });

  test('holds for its own step only: a person who promotes is not held by the steps before', () => {
    const moved: Bucket = { t: 20 * 60, seconds: 60, weightMoved: true, candidate: even(300), baseline: even(2700) };
    const alone = minutes(10, () => [arm(3000, byClass(0, 0, 3000)), arm(0, byClass(0, 0, 0))], 21);
    const after = reasons(policyFor(classes), [...collapsed, moved, ...alone.map((one) => ({ ...one, share: 1 }))]);
    expect(after.slice(10, 20)).toEqual(Array.from({ length: 10 }, () => 'own-metric-differs'));
    expect(after.slice(21)).not.toContain('own-metric-differs');
  });

  test('no more than one bucket’s cap is gained in a bucket under its burst guard', () => {
    const guarded = policyOf(
      { ...judgeWith({ ...classes, verdict: 'convict' }), burstGuard: 'on' },
      { own: { classes: watched } },
    );
    const [one, two] = played(guarded, collapsed);
    expect([one, two].map((ruling) => ruling?.decision)).not.toContain('rollback');
    expect(judge(guarded, collapsed).decision).toBe('rollback');
  });

  test('evidence is divided by the dispersion of the day before', () => {
    const divided = (against: number) =>
      judge(
        policyOf(judgeWith({ ...classes, verdict: 'convict' }), {
          own: { classes: { burstGuard: false } },
          dispersion: { classes: { against, health: against, burstSeconds: 60 } },
        }),
        collapsed.slice(0, 1),
      ).evidence['classes']?.logEvidence ?? 0;
    expect(divided(20)).toBeLessThan(divided(1));
    expect(divided(20)).toBeGreaterThan(0);
  });
});

describe('a distribution without a day before', () => {
  const policy = policyOf(judgeWith(classes), {
    usual: {},
    dispersion: {},
    own: { classes: watched },
    burstGuard: true,
  });
  /** Users of twenty requests, who get one class each. */
  const users = (seed: string): readonly Bucket[] => {
    const random = randomFrom(seed);
    const of = (count: number): Arm => {
      const first = random.binomial(count, 0.7);
      const second = random.binomial(count - first, 0.8);
      return arm(20 * count, byClass(20 * first, 20 * second, 20 * (count - first - second)));
    };
    return minutes(15, () => [of(15), of(135)]);
  };
  const heldOf = (by: Policy): number =>
    Array.from({ length: 40 }, (_, run) => reasons(by, users(`users ${run}`))).filter((so) =>
      so.includes('own-metric-differs'),
    ).length;
  const older: Policy = {
    ...policy,
    metrics: policy.metrics.map((metric) => (metric.cells ? { ...metric, dispersion: 'learned' } : metric)),
  };

  test('learns from the serving version how its events come, and holds few candidates that are no different', () => {
    expect(policy.metrics[1]).toMatchObject({ dispersion: 'learned-by-cell' });
    expect(heldOf(policy)).toBeLessThanOrEqual(4);
    // As the journals of older policies have it: nothing is divided.
    expect(heldOf(older)).toBeGreaterThanOrEqual(36);
  });

  test('judges nothing before two minutes were compared, and a collapse from then on', () => {
    const collapsed = minutes(6, (index) => [
      arm(300, byClass(300, 0, 0)),
      arm(2700, byClass(...(index % 2 === 0 ? [900, 900, 900] : [890, 910, 900]))),
    ]);
    const evidence = collapsed.map((_, index) => {
      const { logEvidence = 0 } = judge(policy, collapsed.slice(0, index + 1)).evidence['classes'] ?? {};
      return logEvidence;
    });
    expect(evidence.slice(0, 2).every((nats) => nats < 0)).toBe(true);
    expect(evidence[1]).toBeCloseTo(evidence[0] ?? 0, 12);
    expect(evidence[2]).toBeGreaterThan(40);
    expect(reasons(policy, collapsed).indexOf('own-metric-differs')).toBe(2);
  });

  test('weighs all cells by the one that varies most', () => {
    const uneven = minutes(4, (index) => [
      arm(300, byClass(100, 100, 100)),
      arm(2700, byClass(900, index % 2 === 0 ? 900 : 1100, index % 2 === 0 ? 900 : 700)),
    ]);
    const last = minutes(1, () => [arm(300, byClass(100, 160, 40)), arm(2700, byClass(900, 900, 900))], 4);
    const gained = (buckets: readonly Bucket[]): number => {
      const [before, after] = [buckets, [...buckets, ...last]].map(
        (some) => judge(policy, some).evidence['classes']?.logEvidence ?? 0,
      );
      return (after ?? 0) - (before ?? 0);
    };
    const even = minutes(4, () => [arm(300, byClass(100, 100, 100)), arm(2700, byClass(900, 900, 900))]);
    expect(gained(even)).toBeGreaterThan(1);
    expect(Math.abs(gained(uneven))).toBeLessThan(0.5);
  });

  test('has the dispersion of the cell that varies most, at least 1, and none before two blocks were compared', () => {
    const seen = (...bad: readonly number[]) =>
      bad.reduce((so, one) => learn(so, { requests: 1000, bad: one }, 60), nothingLearned);
    expect([seen(), seen(300), seen(0, 0)].map(shownDispersion)).toEqual([undefined, undefined, undefined]);
    expect(shownDispersion(seen(300, 300, 300))).toBe(1);
    expect(shownDispersion(seen(300, 360))).toBeCloseTo(30 ** 2 / (660 / 4), 12);
    // The blocks of two minutes vary more here than those of one.
    expect(shownDispersion(seen(300, 300, 360, 360))).toBeCloseTo(60 ** 2 / (1320 / 4), 12);
    const cells = [seen(300, 360), seen(300, 300), seen()].flatMap((learned): readonly CellState[] =>
      freshCells(['one'], true).map((cell) => ({ ...cell, learned })),
    );
    expect(learnedOf(cells)).toEqual({ ...independent, against: 30 ** 2 / (660 / 4) });
    expect(learnedOf(freshCells(['one', 'other'], true)).against).toBe(Number.POSITIVE_INFINITY);
    // Where the day before has shown it, nothing is learned.
    const known = policy.metrics.map((metric) => freshMetric({ ...metric, dispersion: independent }))[1];
    expect(known?.cells?.some((cell) => 'learned' in cell)).toBe(false);
  });
});

describe('missing data of a metric of the user’s own', () => {
  const policy = policyFor(classes);
  const missing = minutes(40, () => [arm(300), even(2700)]);

  test('holds, names the metric, and takes nothing back however long it lasts: the candidate is still observed', () => {
    expect(new Set(reasons(policy, missing))).toEqual(new Set(['own-metrics-missing']));
    expect(judge(policy, missing).because).toBe(
      'no data of classes for 40 minutes: unknown is neither healthy nor guilty, so the weight stays',
    );
  });

  test('excuses no errors meanwhile', () => {
    const failing = missing.map((bucket) => ({ ...bucket, candidate: { ...arm(300), bad: { errors: 30 } } }));
    expect(judge(policy, failing).reason).toBe('candidate-worse');
  });

  test('is no proof for as long as most of the step was not observed by it', () => {
    const back = minutes(5, () => [even(300), even(2700)], 40);
    expect(reasons(policy, [...missing, ...back]).slice(-1)).toEqual(['too-little-observed']);
  });

  test('a list of cells of another length is unknown', () => {
    const odd = minutes(1, () => [arm(300, byClass(1, 2)), even(2700)]);
    expect(reasons(policy, odd)).toEqual(['own-metrics-missing']);
  });
});

describe('false convictions', () => {
  /** Shares of both arms at the edge of the tolerance: the worst that is not to be convicted. */
  const hours = (seed: string, policy: Policy, candidate: readonly number[], baseline: readonly number[]): number => {
    const random = randomFrom(seed);
    const draw = (requests: number, shares: readonly number[]): readonly number[] => {
      let left = requests;
      let mass = 1;
      return shares.map((share) => {
        const count = mass > 1e-12 ? random.binomial(left, Math.min(1, share / mass)) : 0;
        left -= count;
        mass -= share;
        return count;
      });
    };
    let convicted = 0;
    for (let run = 0; run < 60; run += 1) {
      const buckets = minutes(30, () => [
        arm(180, byClass(...draw(180, candidate))),
        arm(1620, byClass(...draw(1620, baseline))),
      ]);
      if (played(policy, buckets).some(({ decision }) => decision === 'rollback')) convicted += 1;
    }
    return convicted;
  };
  const policy = policyFor({ ...classes, verdict: 'convict', worseThan: 1.5 });

  test('stay below the bound for equal shares, and at the edge of the tolerance', () => {
    expect(hours('equal', policy, [0.5, 0.3, 0.2], [0.5, 0.3, 0.2])).toBeLessThanOrEqual(3);
    expect(hours('edge', policy, [0.2, 0.3, 0.5], [0.3, 0.3667, 0.3333])).toBeLessThanOrEqual(3);
  });

  test('a distribution that holds never rolls back, whatever its counts are', () => {
    const count = fc.nat({ max: 2000 });
    const cells = fc.array(count, { minLength: 3, maxLength: 3 });
    const holding = policyFor(classes);
    fc.assert(
      fc.property(fc.array(fc.tuple(cells, cells), { minLength: 1, maxLength: 40 }), (rows) => {
        const sum = (counts: readonly number[]): number => counts.reduce((total, one) => total + one, 0);
        const buckets = minutes(rows.length, (index) => {
          const [one = [], other = []] = rows[index] ?? [];
          return [arm(sum(one), byClass(...one)), arm(sum(other), byClass(...other))];
        });
        for (const { decision } of played(holding, buckets)) expect(decision).not.toBe('rollback');
      }),
      { numRuns: 100 },
    );
  });
});
