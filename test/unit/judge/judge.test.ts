import { describe, expect, test } from '@jest/globals';
import type { Arm, Bucket } from '../../../src/judge/bucket.ts';
import { beginJudging, judge, observeBucket, verdictOf } from '../../../src/judge/judge.ts';
import { type Policy, policyOf } from '../../../src/judge/policy.ts';
import type { JudgePolicy } from '../../../src/manifest/manifest.ts';
import { fc } from '../../support/properties.ts';

const manifest: JudgePolicy = {
  convict: { worseThan: 1.2, falseRollback: 0.01 },
  healthy: { excessBelow: 0.005, confidence: 0.95 },
};
const policy = policyOf(manifest);
const arm = (requests: number, errors: number): Arm => ({ requests, bad: { errors } });

/** One bucket a minute. */
const minutes = (...arms: readonly (Omit<Bucket, 't' | 'seconds'> | undefined)[]): readonly Bucket[] =>
  arms.flatMap((both, minute) => (both ? [{ t: 60 * minute, seconds: 60, ...both }] : []));
const both = (candidateErrors: number, baselineErrors: number, candidate = 300, baseline = 2700) => ({
  candidate: arm(candidate, candidateErrors),
  baseline: arm(baseline, baselineErrors),
});
const times = <T>(count: number, value: T): readonly T[] => Array.from({ length: count }, () => value);
const decisions = (of: Policy, buckets: readonly Bucket[]): readonly string[] =>
  buckets.map((_, index) => judge(of, buckets.slice(0, index + 1)).decision);

test('what is said before the first bet survives a journal: JSON knows no infinity', () => {
  const verdict = judge(policy, minutes({ ...both(0, 0), weightMoved: true }));
  expect(verdict).toMatchObject({ reason: 'weights-moved', logEvidence: 0, evidence: { errors: { logEvidence: 0 } } });
  expect(JSON.parse(JSON.stringify(verdict))).toEqual(verdict);
});

test('before the first bucket nothing is decided', () => {
  expect(judge(policy, [])).toMatchObject({
    t: 0,
    decision: 'continue',
    reason: 'insufficient-evidence',
    logEvidence: 0,
    candidateRequests: 0,
    stepRequests: 0,
    coverage: 0,
  });
});

test('what is only reported is proven by nothing, and has no threshold', () => {
  const { evidence } = judge(
    policyOf(manifest, { clientErrors: true }),
    minutes({
      candidate: { requests: 900, bad: { errors: 0, 'client-errors': 3 } },
      baseline: { requests: 8100, bad: { errors: 0, 'client-errors': 20 } },
    }),
  );
  expect(evidence['client-errors']).toMatchObject({ logHealth: 0, candidate: { requests: 900, bad: 3 } });
  expect(evidence['client-errors']).not.toHaveProperty('healthThreshold');
  expect(evidence['errors']).toHaveProperty('healthThreshold');
});

describe('convict', () => {
  test('a candidate that fails ten times as often is convicted, and the sentence says by what', () => {
    const verdict = judge(policy, minutes(both(4, 2), both(5, 3)));
    expect(verdict).toMatchObject({ decision: 'rollback', reason: 'candidate-worse', t: 60 });
    expect(verdict.because).toMatch(
      /^errors: 9 of 600 \(1\.5 %\) beside the baseline's 5 of 5400 \(0\.0926 %\) since its first request, 16 times as often/,
    );
  });

  test('an outage that hurts both arms convicts nobody', () => {
    expect(judge(policy, minutes(...times(30, both(15, 135)))).decision).not.toBe('rollback');
  });

  test('a candidate that becomes worse after half an hour is convicted by a later start', () => {
    const buckets = minutes(...times(40, both(3, 27)), ...times(15, both(9, 27)));
    const at = decisions(policy, buckets).indexOf('rollback');
    expect(at).toBeGreaterThan(40);
    expect(at).toBeLessThan(50);
  });

  test('a conviction stands, with its reason, whatever comes after', () => {
    const convicted = minutes(both(9, 2), both(9, 2));
    const later = [...convicted, ...minutes(...times(60, both(0, 60))).map((b) => ({ ...b, t: b.t + 120 }))];
    expect(judge(policy, convicted).decision).toBe('rollback');
    expect(judge(policy, later)).toMatchObject({ decision: 'rollback', because: judge(policy, convicted).because });
  });

  test('with the burst guard no fewer than three buckets convict', () => {
    const guarded = { ...policy, burstGuard: true };
    const burst = minutes(both(200, 0), both(200, 0));
    const quiet: Policy = { ...guarded, safetyNet: { ...guarded.safetyNet, above: 1 } };
    expect(judge({ ...quiet, burstGuard: false }, burst.slice(0, 1)).decision).toBe('rollback');
    expect(decisions(quiet, burst)).toEqual(['continue', 'continue']);
    expect(decisions(quiet, minutes(...times(8, both(200, 0))))).toContain('rollback');
  });

  test('the bucket in which the weights moved says nothing', () => {
    const moved = { ...both(200, 0), weightMoved: true };
    expect(judge(policy, minutes(both(0, 1), moved))).toMatchObject({ decision: 'continue', reason: 'weights-moved' });
    expect(judge(policy, minutes(both(0, 1), moved)).candidateRequests).toBe(300);
  });
});

describe('healthy', () => {
  test('a clean model is proven by some 660 requests and no fewer than 599', () => {
    const clean = minutes(...times(20, both(0, 0, 50, 450)));
    const proven = decisions(policy, clean).indexOf('promote');
    expect((proven + 1) * 50).toBeGreaterThan(599);
    expect((proven + 1) * 50).toBeLessThan(720);
    expect(judge(policy, clean.slice(0, proven + 1)).because).toMatch(
      /^healthy with 95 % confidence .*: errors 0 of \d+ .*, at most 0\.\d+ % of the requests more than the baseline$/,
    );
  });

  test('a new share of the traffic is proven anew', () => {
    const moved = { ...both(0, 0), weightMoved: true };
    const buckets = minutes(...times(3, both(0, 0)), moved, both(0, 0), ...times(2, both(0, 0)));
    expect(decisions(policy, buckets)).toEqual([
      'continue',
      'continue',
      'promote',
      'continue',
      'continue',
      'continue',
      'promote',
    ]);
  });

  test('what was proven is not said in a bucket that shows the contrary', () => {
    const buckets = minutes(...times(10, both(0, 0)), both(3, 0));
    expect(decisions(policy, buckets).slice(-2)).toEqual(['promote', 'continue']);
  });

  test('minimum requests and coverage stand beside the evidence', () => {
    const clean = minutes(...times(4, both(0, 0)));
    expect(judge({ ...policy, minimumRequests: 1300 }, clean)).toMatchObject({
      decision: 'continue',
      reason: 'too-few-requests',
    });
    const gappy = minutes(both(0, 0), undefined, both(0, 0), undefined, both(0, 0));
    expect(judge(policy, gappy)).toMatchObject({ decision: 'continue', reason: 'too-little-observed' });
  });

  test('every metric that is to be proven must be: one that is not keeps the answer open', () => {
    const two = policyOf({ ...manifest, clientErrors: 'judge' }, { clientErrors: true });
    const bucket = (clientErrors: number) => ({
      candidate: { requests: 900, bad: { errors: 0, 'client-errors': clientErrors } },
      baseline: { requests: 8100, bad: { errors: 0, 'client-errors': 0 } },
    });
    expect(judge(two, minutes(bucket(0))).decision).toBe('promote');
    expect(judge(two, minutes(bucket(3)))).toMatchObject({ decision: 'continue', reason: 'insufficient-evidence' });
  });
});

describe('unknown is never healthy and never guilty', () => {
  test('a missing arm holds; ten minutes of it take the traffic back', () => {
    const blind = { baseline: arm(2700, 3) };
    const buckets = minutes(...times(5, both(0, 0)), ...times(12, blind));
    const reported = decisions(policy, buckets);
    expect(reported.slice(5, 15)).toEqual(times(10, 'hold'));
    expect(reported.slice(15)).toEqual(['rollback', 'rollback']);
    expect(judge(policy, buckets.slice(0, 7)).because).toMatch(
      /^metrics have been missing for 2 minutes: the weight stays/,
    );
    expect(judge(policy, buckets).because).toMatch(
      /^metrics have been missing for 11 minutes, and 10 minutes is the longest/,
    );
    expect(judge(policy, buckets)).toMatchObject({ reason: 'unobserved-too-long' });
  });

  test('so does a bucket that never came', () => {
    const buckets = minutes(...times(5, both(0, 0)), ...times(11, undefined), both(0, 0));
    expect(judge(policy, buckets)).toMatchObject({ decision: 'continue', reason: 'too-little-observed' });
    const still = minutes(...times(5, both(0, 0)), ...times(11, undefined), {});
    expect(judge(policy, still)).toMatchObject({ decision: 'rollback', reason: 'unobserved-too-long' });
  });

  test('a bucket that comes late takes the blindness away', () => {
    const hole = minutes(...times(5, both(0, 0)), {}, {});
    const filled = minutes(...times(7, both(0, 0)));
    expect(judge(policy, hole).decision).toBe('hold');
    expect(judge(policy, [...hole.slice(0, 5), ...filled.slice(5).reverse()]).decision).toBe('promote');
  });

  test('one metric that is missing is enough to hold', () => {
    const two = policyOf(manifest, { clientErrors: true });
    expect(judge(two, minutes(both(0, 0))).decision).toBe('hold');
  });

  test('no traffic is known, and decides nothing', () => {
    const verdict = judge(policy, minutes(...times(30, both(0, 0, 0, 0))));
    expect(verdict).toMatchObject({ decision: 'continue', reason: 'insufficient-evidence' });
  });

  test('a candidate without its share of the traffic holds', () => {
    const verdict = judge(policy, minutes(...times(3, { ...both(0, 0, 0, 3000), share: 0.1 })));
    expect(verdict).toMatchObject({ decision: 'hold', reason: 'split-not-as-weighted' });
    expect(verdict.because).toBe(
      'the candidate got 0 % of the requests of this step, and its weight is 10 %: the counts cannot be trusted',
    );
    expect(judge(policy, minutes(...times(3, { ...both(0, 0), share: 0.1 }))).decision).toBe('promote');
  });
});

describe('the safety net', () => {
  test('sees both arms die', () => {
    const dying = minutes(...times(4, both(90, 810)));
    expect(decisions(policy, dying)).toEqual(['continue', 'continue', 'rollback', 'rollback']);
    expect(judge(policy, dying).reason).toBe('both-failing');
    const alone = minutes(...times(4, both(90, 5)));
    expect(judge(policy, alone).reason).toBe('candidate-worse');
  });

  test('wants requests, and buckets in a row', () => {
    expect(judge(policy, minutes(...times(3, both(2, 20, 4, 40)))).decision).toBe('continue');
    expect(judge(policy, minutes(both(90, 810), both(90, 810), both(3, 27), both(90, 810))).decision).toBe('continue');
  });
});

const anyArm = fc
  .tuple(fc.integer({ min: 0, max: 3000 }), fc.double({ min: 0, max: 0.2, noNaN: true }))
  .map(([requests, rate]) => arm(requests, Math.round(requests * rate)));
const anyBucket = fc.record(
  { candidate: anyArm, baseline: anyArm, weightMoved: fc.boolean(), share: fc.constantFrom(0.1, 0.5) },
  { requiredKeys: [] },
);
const anyBuckets = fc.array(anyBucket, { minLength: 1, maxLength: 40 }).map((buckets) => minutes(...buckets));

describe('properties', () => {
  test('the order in which buckets arrive does not matter, to the last bit, and neither does judging one by one', () => {
    fc.assert(
      fc.property(
        anyBuckets.chain((buckets) =>
          fc.tuple(
            fc.constant(buckets),
            fc.shuffledSubarray([...buckets], { minLength: buckets.length, maxLength: buckets.length }),
          ),
        ),
        ([buckets, shuffled]) => {
          const verdict = JSON.stringify(judge(policy, buckets));
          expect(JSON.stringify(judge(policy, shuffled))).toBe(verdict);
          expect(JSON.stringify(verdictOf(buckets.reduce(observeBucket, beginJudging(policy))))).toBe(verdict);
        },
      ),
    );
  });

  test('a candidate that is never worse than the baseline in any bucket is never convicted', () => {
    const better = fc.tuple(
      fc.integer({ min: 1, max: 1000 }),
      fc.integer({ min: 1, max: 9 }),
      fc.nat(1000),
      fc.nat(100),
    );
    fc.assert(
      fc.property(fc.array(better, { minLength: 1, maxLength: 40 }), (rows) => {
        const buckets = minutes(
          ...rows.map(([candidate, times, errors, fewer]) => {
            const candidateErrors = Math.min(errors, Math.floor(candidate / 5));
            return both(candidateErrors, (candidateErrors + fewer) * times, candidate, (candidate + fewer) * times);
          }),
        ).filter(({ candidate, baseline }) => {
          const [x = 0, y = 0] = [candidate?.bad['errors'], baseline?.bad['errors']];
          return x * (baseline?.requests ?? 0) <= y * (candidate?.requests ?? 0);
        });
        for (const { reason } of buckets.map((_, index) => judge(policy, buckets.slice(0, index + 1))))
          expect(reason).not.toBe('candidate-worse');
      }),
      { numRuns: 200 },
    );
  });

  test('nothing is healthy in a bucket whose own excess is the bound or more', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 30 }),
        fc.integer({ min: 1, max: 1e6 }),
        fc.nat(1000),
        (before, candidate, y) => {
          const baselineErrors = Math.min(y, candidate);
          const errors = Math.ceil(candidate * (0.005 + baselineErrors / candidate));
          fc.pre(errors <= candidate);
          const buckets = minutes(...times(before, both(0, 0)), both(errors, baselineErrors, candidate, candidate));
          expect(judge(policy, buckets).decision).not.toBe('promote');
        },
      ),
    );
  });

  test('unknown never promotes: whatever was known before, a bucket with a missing arm or metric does not', () => {
    fc.assert(
      fc.property(
        anyBuckets,
        fc.constantFrom({}, { candidate: arm(300, 0) }, { baseline: arm(300, 0) }),
        (buckets, last) => {
          const t = 60 * buckets.length;
          expect(judge(policy, [...buckets, { t, seconds: 60, ...last }]).decision).not.toBe('promote');
        },
      ),
    );
  });

  test('without any error nobody is convicted, and numbers stay numbers', () => {
    fc.assert(
      fc.property(anyBuckets, (buckets) => {
        const verdict = judge(policy, buckets);
        expect(Number.isFinite(verdict.threshold)).toBe(true);
        for (const { interval, logHealth } of Object.values(verdict.evidence)) {
          expect(interval[0]).toBeLessThanOrEqual(interval[1]);
          expect(logHealth).not.toBeNaN();
        }
        expect(verdict.because).not.toMatch(/NaN|undefined|Infinity/);
      }),
    );
  });
});
