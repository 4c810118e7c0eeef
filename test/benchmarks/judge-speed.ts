import type { Arm, Bucket } from '../../src/judge/bucket.ts';
import { beginJudging, observeBucket, verdictOf } from '../../src/judge/judge.ts';
import { policyOf } from '../../src/judge/policy.ts';
import { randomFrom } from './random.ts';

/** Time per bucket of a judge of 100 metrics, ruling alone and with its explanation. */
export const judgeSpeed = (): string => {
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
  timed(true);
  return `100 metrics: ${timed(false).toFixed(3)} ms per bucket, ${timed(true).toFixed(3)} ms with the explanation`;
};
