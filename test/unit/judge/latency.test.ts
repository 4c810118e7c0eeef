import { describe, expect, test } from '@jest/globals';
import { judge } from '../../../src/judge/judge.ts';
import { type Latency, latencyCounts, latencyPlan, watchedLatency } from '../../../src/judge/latency.ts';
import { policyOf } from '../../../src/judge/policy.ts';

const edges = [80, 150, 250];
type Measured = Latency & { readonly requests: number };

const judged = (candidate: Measured, baseline: Measured, minutes: number, burstGuard = false) => {
  const plan = latencyPlan(baseline, edges);
  if (!plan) throw new Error('no rung');
  const policy = policyOf(
    { convict: { worseThan: 1.2, falseRollback: 0.01 }, healthy: { excessBelow: 0.005, confidence: 0.95 } },
    { latency: watchedLatency(plan), burstGuard },
  );
  const counts = latencyCounts(plan, 1.2, candidate, baseline);
  return judge(
    policy,
    Array.from({ length: minutes }, (_, minute) => ({
      t: 60 * minute,
      seconds: 60,
      ...(counts
        ? {
            candidate: {
              requests: candidate.requests,
              ...counts.candidate,
              bad: { errors: 0, ...counts.candidate.bad },
            },
            baseline: { requests: baseline.requests, ...counts.baseline, bad: { errors: 0, ...counts.baseline.bad } },
          }
        : {}),
    })),
  );
};

describe('the ladder', () => {
  test('the best rung the metrics support is taken, and says what it cannot do', () => {
    const everything: Latency = { cells: [9, 5, 3, 1], percentile: 240, sum: 900, maximum: 300 };
    const rungs = [
      everything,
      { percentile: 240, sum: 900, maximum: 300 },
      { sum: 900, maximum: 300 },
      { maximum: 300 },
      {},
    ].map((baseline) => latencyPlan(baseline, edges)?.rung);
    expect(rungs).toEqual(['cells', 'percentile', 'mean', 'maximum', undefined]);
    expect(latencyPlan({ sum: 900 }, edges)?.because).toMatch(/a slower tail alone is not seen/);
  });

  test('cells: exceedances of each edge; the tail is proven, the body watched', () => {
    const plan = latencyPlan({ cells: [9, 5, 3, 1] }, edges);
    if (!plan) throw new Error('no rung');
    const counts = latencyCounts(
      plan,
      1.2,
      { requests: 18, cells: [9, 5, 3, 1] },
      { requests: 9, cells: [9, 0, 0, 0] },
    );
    expect(counts?.candidate.bad).toEqual({ 'latency-1': 9, 'latency-2': 4, 'latency-3': 1 });
    expect(counts?.baseline.bad).toEqual({ 'latency-1': 0, 'latency-2': 0, 'latency-3': 0 });
    expect(watchedLatency(plan).map(({ proven }) => proven)).toEqual([false, false, true]);
  });

  const slowTail: Measured = { requests: 300, cells: [150, 120, 15, 15] };
  const usual: Measured = { requests: 2700, cells: [1350, 1080, 243, 27] };
  test('cells: a slower tail is convicted, but not what a cold start says', () => {
    expect(judged(slowTail, usual, 3).decision).toBe('continue');
    expect(judged(slowTail, usual, 6)).toMatchObject({ decision: 'rollback', reason: 'candidate-worse' });
    const same: Measured = { requests: 300, cells: [150, 120, 27, 3] };
    expect(judged(same, usual, 60).decision).toBe('promote');
  });

  test.each([
    ['percentile', { requests: 300, percentile: 320 }, { requests: 2700, percentile: 250 }],
    ['mean', { requests: 300, sum: 300 * 120 }, { requests: 2700, sum: 2700 * 90 }],
    ['maximum', { requests: 300, maximum: 900 }, { requests: 2700, maximum: 200 }],
  ])('%s: buckets that are slower by more than the margin convict, in no fewer than seven', (_, slow, baseline) => {
    expect(judged(slow, baseline, 9).decision).not.toBe('rollback');
    expect(judged(slow, baseline, 20)).toMatchObject({ decision: 'rollback', reason: 'candidate-worse' });
    // One event a bucket needs no guard.
    expect(judged(slow, baseline, 20, true).decision).toBe('rollback');
  });

  test.each([
    ['percentile', { requests: 300, percentile: 290 }, { requests: 2700, percentile: 250 }],
    ['mean', { requests: 300, sum: 300 * 100 }, { requests: 2700, sum: 2700 * 90 }],
  ])('%s: slower by less than the margin is let be', (_, slow, baseline) => {
    expect(judged(slow, baseline, 60).decision).toBe('promote');
  });

  test('too few samples say nothing; an arm that should say something and does not is unknown', () => {
    const plan = latencyPlan({ percentile: 250 }, edges);
    if (!plan) throw new Error('no rung');
    const few = latencyCounts(plan, 1.2, { requests: 3, percentile: 900 }, { requests: 2700, percentile: 250 });
    expect(few?.candidate).toEqual({ bad: { 'latency-percentile': 0 }, trials: { 'latency-percentile': 0 } });
    expect(latencyCounts(plan, 1.2, { requests: 300 }, { requests: 2700, percentile: 250 })).toBeUndefined();
  });

  test('maximum: an arm with more requests sees larger values, so a larger candidate says nothing', () => {
    expect(judged({ requests: 2700, maximum: 900 }, { requests: 300, maximum: 200 }, 60).decision).not.toBe('rollback');
  });
});
