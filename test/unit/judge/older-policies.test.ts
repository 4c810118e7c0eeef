import { createHash } from 'node:crypto';
import { expect, test } from '@jest/globals';
import type { Bucket } from '../../../src/judge/bucket.ts';
import { beginJudging, observeBucket, verdictOf } from '../../../src/judge/judge.ts';
import type { Policy } from '../../../src/judge/policy.ts';
import { randomFrom } from '../../benchmarks/random.ts';

/** As the first plans froze them: none of the members that came later. */
const older = (more: Partial<Policy> = {}, usual?: number | 'unknown'): Policy => ({
  convict: { worseThan: 1.2, falseRollback: 0.01 },
  healthy: { excessBelow: 0.005, confidence: 0.95 },
  metrics: [
    {
      name: 'errors',
      weight: 0.5,
      worseThan: 1.2,
      excessBelow: 0.005,
      says: 'errors',
      ...(usual === undefined ? {} : { usual }),
    },
    { name: 'client-errors', weight: 0, worseThan: 1.2, onlyGross: true, says: '4xx answers' },
    { name: 'latency-1', weight: 0.5, worseThan: 1.2, excessBelow: 0.005, warmUpSeconds: 180, says: 'slow requests' },
  ],
  burstGuard: false,
  maxBlindSeconds: 600,
  coverage: 0.8,
  minimumRequests: 0,
  safetyNet: { metric: 'errors', above: 0.2, buckets: 3, requests: 20 },
  ...more,
});

const release = (seed: string): readonly Bucket[] => {
  const random = randomFrom(seed);
  const base = 0.0005 * 4 ** (4 * random.next());
  const worse = random.next() < 0.5 ? 1 : 1 + 3 * random.next();
  const arm = (requests: number, times: number) => ({
    requests,
    bad: {
      errors: random.binomial(requests, base * times),
      'client-errors': random.binomial(requests, 0.02),
      'latency-1': random.binomial(requests, 0.01 * times),
    },
  });
  return Array.from({ length: 90 }, (_, index): Bucket => {
    const share = index < 40 ? 0.1 : 0.5;
    const ill = index > 60 && index < 64 ? 40 : 1;
    const candidate = arm(random.poisson(600 * share), worse);
    const baseline = arm(random.poisson(600 * (1 - share)), ill);
    const missing = random.next() < 0.02;
    return {
      t: 60 * index,
      seconds: 60,
      share,
      weightMoved: index === 40,
      baseline,
      ...(missing ? {} : { candidate }),
    };
  });
};

const digest = (policy: Policy, name: string): string => {
  const hash = createHash('sha256');
  for (let run = 0; run < 12; run += 1) {
    let judging = beginJudging(policy);
    for (const bucket of release(`${name} ${run}`)) {
      judging = observeBucket(judging, bucket);
      const { because: _, ...figures } = verdictOf(judging);
      hash.update(JSON.stringify(figures));
    }
  }
  return hash.digest('hex').slice(0, 16);
};

// Written by the judge before any of these policies had a version.
test.each([
  ['plain', older(), 'e06798116fa2eefe'],
  ['guarded', older({ burstGuard: true }), 'be067e9559427ee8'],
  ['with a usual rate', older({}, 0.001), '64c43026f0a8f37b'],
  ['without a day before', older({}, 'unknown'), '679c9eb1f01467f4'],
])('a policy of before gives the figures of before, to the last bit: %s', (name, policy, then) => {
  expect(digest(policy, name)).toBe(then);
});
