import type { Arm, Bucket } from '../../src/judge/bucket.ts';
import { beginJudging, observeBucket, verdictOf } from '../../src/judge/judge.ts';
import { policyOf } from '../../src/judge/policy.ts';
import { randomFrom } from './random.ts';

export interface Speed {
  /** Milliseconds per bucket of a judge of 100 metrics: ruling alone, and with its explanation. */
  readonly milliseconds: number;
  readonly explained: number;
}

/** Of 100 metrics in 500 buckets. */
export const judgeSpeed = (): Speed => {
  const names = Array.from({ length: 100 }, (_, index) => `metric-${index}`);
  const base = policyOf({
    convict: { worseThan: 1.2, falseRollback: 0.01 },
    healthy: { excessBelow: 0.005, confidence: 0.95 },
  });
  const policy = {
    ...base,
    metrics: names.map((name) => ({ name, weight: 0.01, worseThan: 1.2, excessBelow: 0.005, says: name })),
  };
  const random = randomFrom('speed');
  const arm = (requests: number): Arm => ({
    requests,
    bad: Object.fromEntries(names.map((name) => [name, random.binomial(requests, 0.003)])),
  });
  const buckets = Array.from(
    { length: 500 },
    (_, index): Bucket => ({ t: 60 * index, seconds: 60, candidate: arm(300), baseline: arm(2700) }),
  );
  const timed = (explain: boolean): number => {
    let judging = beginJudging(policy);
    const started = performance.now();
    for (const bucket of buckets) {
      judging = observeBucket(judging, bucket);
      if (explain) verdictOf(judging);
    }
    return (performance.now() - started) / buckets.length;
  };
  // The fastest of several rounds: whatever else the machine does only slows a round down.
  const fastest = (explain: boolean): number => Math.min(...Array.from({ length: 5 }, () => timed(explain)));
  return { milliseconds: fastest(false), explained: fastest(true) };
};
