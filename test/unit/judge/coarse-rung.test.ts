import { describe, expect, test } from '@jest/globals';
import type { Bucket } from '../../../src/judge/bucket.ts';
import { judge } from '../../../src/judge/judge.ts';
import { type LatencyPlan, latencyCounts, watchedLatency } from '../../../src/judge/latency.ts';
import { policyOf } from '../../../src/judge/policy.ts';

/** Where CloudWatch has one percentile a minute and no counts, a minute is a single toss, and many are needed to convict. */
const plan: LatencyPlan = { rung: 'percentile', edges: [], because: '' };
const policy = policyOf(
  { convict: { worseThan: 1.2, falseRollback: 0.01 }, healthy: { excessBelow: 0.005, confidence: 0.95 } },
  { clientErrors: true, latency: watchedLatency(plan) },
);
const minute = (index: number, candidateMs: number, baselineMs = 16): Bucket => {
  const counts = latencyCounts(
    plan,
    1.2,
    { requests: 300, percentile: candidateMs },
    { requests: 2700, percentile: baselineMs },
  );
  const arm = (requests: number, of: 'candidate' | 'baseline') => ({
    requests,
    bad: { errors: 0, 'client-errors': 0, ...counts?.[of].bad },
    ...(counts?.[of].trials ? { trials: counts[of].trials } : {}),
  });
  return { t: index * 60, seconds: 60, share: 0.1, candidate: arm(300, 'candidate'), baseline: arm(2700, 'baseline') };
};
const decisions = (percentiles: readonly number[]): readonly string[] =>
  percentiles.map(
    (_, index) =>
      judge(
        policy,
        percentiles.slice(0, index + 1).map((ms, at) => minute(at, ms)),
      ).decision,
  );

describe('with one percentile a minute', () => {
  test('once it is warm, a candidate that is slower every minute is never proven healthy, and convicted', () => {
    const reported = decisions(Array.from({ length: 20 }, () => 900));
    expect(reported.slice(3)).not.toContain('promote');
    expect(reported.at(-1)).toBe('rollback');
  });

  test('a candidate that is as fast is proven healthy, and one slow minute does not hold it for long', () => {
    expect(decisions(Array.from({ length: 8 }, () => 16)).at(-1)).toBe('promote');
    expect(decisions([16, 16, 16, 16, 900, 16, 16, 16]).at(-1)).toBe('promote');
  });

  test('the verdict says what holds it', () => {
    const held = judge(
      policy,
      Array.from({ length: 6 }, (_, index) => minute(index, 900)),
    );
    expect(held).toMatchObject({ decision: 'continue', reason: 'mostly-worse' });
    expect(held.because).toContain('buckets with a slower percentile');
  });
});
