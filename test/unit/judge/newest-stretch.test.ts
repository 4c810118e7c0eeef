import { describe, expect, test } from '@jest/globals';
import type { Bucket, Counts } from '../../../src/judge/bucket.ts';
import { noExcess, observeHealth, stakesOf } from '../../../src/judge/health.ts';
import { beginJudging, observeBucket, verdictOf } from '../../../src/judge/judge.ts';
import { freshMetric, withNewStep } from '../../../src/judge/metric-state.ts';
import { type Newest, observeNewest, undoubted } from '../../../src/judge/newest-stretch.ts';
import { type Policy, policyOf } from '../../../src/judge/policy.ts';
import type { Verdict } from '../../../src/judge/verdict.ts';
import { randomFrom } from '../../benchmarks/random.ts';

const manifest = {
  convict: { worseThan: 1.2, falseRollback: 0.01 },
  healthy: { excessBelow: 0.005, confidence: 0.95 },
};
const policy = policyOf(manifest, { usual: { errors: 0.001 } });
/** As policies were before health was asked of the newest requests. */
const { healthOfNow: _, ...old } = policy;

const counts = (candidateBad: number, baselineBad: number, candidate = 300, baseline = 2700): Counts => ({
  candidate,
  candidateBad,
  baseline,
  baselineBad,
  perBucket: false,
});
const minute = (index: number, of: Counts, more: Partial<Bucket> = {}): Bucket => ({
  t: 60 * index,
  seconds: 60,
  candidate: { requests: of.candidate, bad: { errors: of.candidateBad } },
  baseline: { requests: of.baseline, bad: { errors: of.baselineBad } },
  ...more,
});
const verdicts = (by: Policy, buckets: readonly Bucket[]): readonly Verdict[] => {
  let judging = beginJudging(by);
  return buckets.map((bucket) => {
    judging = observeBucket(judging, bucket);
    return verdictOf(judging);
  });
};
const reasons = (by: Policy, ...of: readonly Counts[]): readonly string[] =>
  verdicts(
    by,
    of.map((one, index) => minute(index, one)),
  ).map(({ reason }) => reason);
const times = <T>(count: number, value: T): readonly T[] => Array.from({ length: count }, () => value);

const doubtAfter = (limits: { excessBelow?: number; atMost?: number }, ...buckets: readonly Counts[]): Newest =>
  buckets.reduce(
    (newest, one) =>
      observeNewest(
        newest,
        one,
        limits,
        { baselineRequests: 270_000, baselineBad: 270 },
        0.001,
        (excess) => observeHealth(excess, one, stakesOf(one)),
        false,
      ),
    undoubted,
  );

describe('doubt about the newest requests', () => {
  const limit = { excessBelow: 0.005 };

  test('there is none while they are as good as the baseline, or better', () => {
    expect(doubtAfter(limit, counts(0, 3))).toBe(undoubted);
    expect(doubtAfter(limit, ...times(100, counts(0, 0)))).toBe(undoubted);
  });

  test('begins with a bucket that fits the limit better than health, and holds the stretch since then', () => {
    const { doubt, stretch } = doubtAfter(limit, ...times(100, counts(0, 3)), counts(3, 3));
    expect(doubt).toBeGreaterThan(1);
    expect(stretch).toMatchObject({ requests: 300, bad: 3, baselineRequests: 2700, baselineBad: 3 });
    expect(doubtAfter(limit, counts(3, 3), counts(0, 3)).stretch.requests).toBe(600);
  });

  test('ends after good requests, whether a small fault began it or a large one', () => {
    const cleared = (fault: Counts): number => {
      let after = 0;
      while (doubtAfter(limit, fault, ...times(after, counts(0, 3))).doubt > 0) after += 1;
      return after * 300;
    };
    expect(cleared(counts(1, 3))).toBeGreaterThan(0);
    expect(cleared(counts(1, 3))).toBeLessThan(700);
    // Twenty errors at once: no more than some 1,500 good requests.
    expect(cleared(counts(20, 3))).toBeLessThan(1600);
    expect(cleared(counts(200, 3))).toBe(cleared(counts(20, 3)));
  });

  test('one quiet minute in the middle of a fault does not end it', () => {
    expect(doubtAfter(limit, counts(1, 2), counts(0, 1, 100, 900)).doubt).toBeGreaterThan(0);
  });

  test('errors that both arms have give none; a rate is compared with the rate of its own minutes', () => {
    expect(doubtAfter(limit, counts(30, 270))).toBe(undoubted);
    // On 10 % errors an excess of 0.5 points is small: many minutes show it, and one does not.
    expect(doubtAfter(limit, counts(34, 270)).doubt).toBeLessThan(1);
    expect(doubtAfter(limit, ...times(60, counts(36, 270))).doubt).toBe(6);
  });

  test('a ratio is a limit too, and the larger of both counts', () => {
    expect(doubtAfter({ atMost: 2 }, counts(60, 270)).doubt).toBeGreaterThan(6 - 1e-9);
    expect(doubtAfter({ atMost: 2 }, counts(32, 270))).toBe(undoubted);
    expect(doubtAfter({ excessBelow: 0.005, atMost: 2 }, counts(34, 270))).toBe(undoubted);
  });

  test('is a number, also on a usual rate of zero or a limit of zero', () => {
    for (const [usual, excessBelow] of [
      [0, 0.005],
      [undefined, 0],
      [0, 0],
    ] as const) {
      const one = counts(0, 0);
      const { doubt } = observeNewest(undoubted, one, { excessBelow }, noExcess, usual, (excess) => excess, false);
      expect(doubt).toBe(0);
    }
  });

  test('without requests nothing changes, and an incident of the baseline ends no doubt', () => {
    const doubted = doubtAfter(limit, counts(3, 3));
    const observe = (one: Counts, incident: boolean): Newest =>
      observeNewest(doubted, one, limit, noExcess, undefined, (excess) => excess, incident);
    expect(observe(counts(0, 0, 0, 0), false)).toEqual(doubted);
    expect(observe(counts(0, 900), true).doubt).toBe(doubted.doubt);
    expect(observe(counts(0, 900), false).doubt).toBeLessThan(doubted.doubt);
    expect(observe(counts(9, 9), true).doubt).toBeGreaterThan(doubted.doubt);
  });
});

describe('an old proof', () => {
  const night = times(240, counts(0, 3));

  test('promotes nothing while the newest requests look worse; policies of before still do', () => {
    const onset = [...night, ...times(3, counts(1, 3)), counts(0, 3)];
    expect(new Set(reasons(old, ...onset).slice(5))).toEqual(new Set(['proven-healthy']));
    expect(reasons(policy, ...onset).slice(-4)).toEqual(times(4, 'newest-in-doubt'));
    const [last] = verdicts(
      policy,
      onset.map((one, index) => minute(index, one)),
    ).slice(-1);
    expect(last?.decision).toBe('continue');
    expect(last?.because).toContain(
      "errors 3 of 1200 (0.25 %) beside the baseline's 12 of 10800 (0.111 %) in the newest 1200 requests",
    );
  });

  test('promotes again when the stretch in doubt is proven healthy by itself: an excess that is allowed waits for that', () => {
    const tolerant = { ...policy, convict: { ...policy.convict, worseThan: 6 } };
    const metrics = policy.metrics.map((metric) => ({ ...metric, worseThan: 6 }));
    const said = reasons({ ...tolerant, metrics }, ...night, ...times(120, counts(1, 3)));
    expect(said.slice(240, 250)).toContain('newest-in-doubt');
    expect(said.at(-1)).toBe('proven-healthy');
  });

  test('a new step begins without doubt: it is proven by its own requests', () => {
    const [metric] = policy.metrics;
    if (metric === undefined) throw new Error('the policy has errors');
    const doubted = { ...freshMetric(metric), newest: { doubt: 6, stretch: noExcess } };
    expect(withNewStep(doubted, metric).newest).toBe(undoubted);
    const buckets = [
      ...night.map((one, index) => minute(index, one)),
      minute(240, counts(1, 0)),
      minute(241, counts(0, 3), { weightMoved: true }),
      ...times(4, 0).map((_zero, index) => minute(242 + index, counts(0, 3))),
    ];
    expect(
      verdicts(policy, buckets)
        .map(({ reason }) => reason)
        .slice(240),
    ).toEqual([
      'newest-in-doubt',
      'weights-moved',
      'insufficient-evidence',
      'proven-healthy',
      'proven-healthy',
      'proven-healthy',
    ]);
  });

  /** After a night of `quiet` minutes the candidate's rate is `after`: how often it is called healthy once `harmed` requests are harmed. */
  const promoted = (by: Policy, perMinute: number, base: number, after: number, harmed: number, runs = 100): number => {
    let wrong = 0;
    for (let run = 0; run < runs; run += 1) {
      const random = randomFrom(`night ${perMinute} ${base} ${after} ${run}`);
      const draw = (rate: number): Counts =>
        counts(random.binomial(perMinute, rate), random.binomial(9 * perMinute, base), perMinute, 9 * perMinute);
      let judging = beginJudging(by);
      let harm = 0;
      for (let index = 0; index < 60; index += 1) judging = observeBucket(judging, minute(index, draw(base)));
      for (let index = 60; index < 90; index += 1) {
        judging = observeBucket(judging, minute(index, draw(after)));
        harm += perMinute * (after - base);
        if (judging.ruling.decision === 'rollback') break;
        if (harm >= harmed && judging.ruling.decision === 'promote') {
          wrong += 1;
          break;
        }
      }
    }
    return wrong / runs;
  };

  test('once a fault of more than the limit has harmed five requests, it is rarely promoted', () => {
    expect(promoted(policy, 300, 0.001, 0.01, 5)).toBeLessThanOrEqual(0.03);
    expect(promoted(policy, 50, 0.001, 0.01, 5)).toBeLessThanOrEqual(0.05);
    expect(promoted(old, 50, 0.001, 0.01, 5)).toBeGreaterThan(0.5);
  });

  test('and from its first minute on seldom more often than that minute has no error at all', () => {
    // e^−3 = 5 % of such minutes have none.
    expect(promoted(policy, 300, 0.001, 0.01, 0)).toBeLessThanOrEqual(0.1);
    expect(promoted(old, 300, 0.001, 0.01, 0)).toBeGreaterThan(0.2);
  });

  test('a healthy candidate waits hardly longer for its first proof', () => {
    const first = (by: Policy, run: number, base: number): number => {
      const random = randomFrom(`healthy ${base} ${run}`);
      let judging = beginJudging(by);
      for (let index = 0; index < 150; index += 1) {
        judging = observeBucket(
          judging,
          minute(index, counts(random.binomial(300, base), random.binomial(2700, base))),
        );
        if (judging.ruling.decision === 'promote') return index + 1;
      }
      return 150;
    };
    for (const base of [0.001, 0.01]) {
      const runs = Array.from({ length: 100 }, (_zero, run) => run);
      const mean = (by: Policy): number => runs.reduce((sum, run) => sum + first(by, run, base), 0) / runs.length;
      expect(mean(policy) / mean(old)).toBeLessThan(1.1);
    }
  });
});
