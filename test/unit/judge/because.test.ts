import { describe, expect, test } from '@jest/globals';
import type { Arm, Bucket } from '../../../src/judge/bucket.ts';
import { judge } from '../../../src/judge/judge.ts';
import { type Latency, type LatencyPlan, latencyCounts, watchedLatency } from '../../../src/judge/latency.ts';
import { type Policy, policyOf, type Watched } from '../../../src/judge/policy.ts';
import { decisions } from '../../../src/judge/ruling.ts';
import type { Verdict, VerdictReason } from '../../../src/judge/verdict.ts';
import type { JudgePolicy, OwnMetric } from '../../../src/manifest/manifest.ts';
import { expectGolden } from '../../support/golden.ts';
import { fc } from '../../support/properties.ts';
import { judgePolicy } from '../../support/stepping.ts';

// The sentences of the judge, to the word: they are what a person decides by. `test/golden/judge/verdicts.txt` has them all.

type Minute = Omit<Bucket, 't' | 'seconds'>;
const arm = (requests: number, errors: number, more: Partial<Arm> = {}): Arm => ({
  requests,
  ...more,
  bad: { errors, ...more.bad },
});
const both = (candidate: number, baseline: number, more: Partial<Bucket> = {}): Minute => ({
  candidate: arm(300, candidate),
  baseline: arm(2700, baseline),
  share: 0.1,
  ...more,
});
const times = (count: number, ...minutes: readonly Minute[]): readonly Minute[] =>
  Array.from({ length: count }, () => minutes).flat();
const verdictAfter = (policy: Policy, minutes: readonly (Minute | undefined)[]): Verdict =>
  judge(
    policy,
    minutes.flatMap((minute, index) => (minute ? [{ t: 60 * index, seconds: 60, ...minute }] : [])),
  );

const usual = { errors: 0.001, 'client-errors': 0.005, 'latency-1': 0.01 };
const by = (more: Partial<JudgePolicy> = {}, watched: Watched = {}): Policy =>
  policyOf({ ...judgePolicy, ...more }, { usual, ...watched });
const errors = by();

const counted4xx = (errorsOf: readonly [number, number], of4xx: readonly [number, number]): Minute => ({
  share: 0.1,
  candidate: arm(300, errorsOf[0], { bad: { 'client-errors': of4xx[0] } }),
  baseline: arm(2700, errorsOf[1], { bad: { 'client-errors': of4xx[1] } }),
});

const cells: LatencyPlan = { rung: 'cells', edges: [249], because: '' };
const coarse = (rung: LatencyPlan['rung'], edges: readonly number[] = []): LatencyPlan => ({
  rung,
  edges,
  because: '',
});
const withLatency = (plan: LatencyPlan): Policy => by({}, { latency: watchedLatency(plan) });
const slow = (plan: LatencyPlan, candidate: Latency, baseline: Latency): Minute => {
  const counts = latencyCounts(plan, 1.2, { requests: 300, ...candidate }, { requests: 2700, ...baseline });
  return {
    share: 0.1,
    candidate: arm(300, 0, { ...counts?.candidate, bad: { errors: 0, ...counts?.candidate.bad } }),
    baseline: arm(2700, 3, { ...counts?.baseline, bad: { errors: 3, ...counts?.baseline.bad } }),
  };
};

const own = (more: Partial<OwnMetric>): Policy => {
  const metric: OwnMetric = {
    name: 'rejected answers',
    counts: 'bad',
    verdict: 'convict',
    absent: 'zero',
    candidate: { events: [] },
    baseline: { events: [] },
    ...more,
  };
  return by({ metrics: [metric] }, { own: { [metric.name]: { usual: 0.02, burstGuard: false } } });
};
const ofOwn = (name: string, candidate: number, baseline: number): Minute => ({
  share: 0.1,
  candidate: arm(300, 0, { bad: { errors: 0, [name]: candidate } }),
  baseline: arm(2700, 3, { bad: { errors: 3, [name]: baseline } }),
});
const ofCells = (candidate: readonly number[], baseline: readonly number[]): Minute => ({
  share: 0.1,
  candidate: arm(300, 0, { cells: { class: candidate } }),
  baseline: arm(2700, 3, { cells: { class: baseline } }),
});
const shares = own({ name: 'class', counts: 'cells', cells: ['setosa', 'versicolor', 'virginica'], verdict: 'hold' });
const convictingShares = own({ name: 'class', counts: 'cells', cells: ['setosa', 'versicolor', 'virginica'] });

const moved: Minute = both(0, 3, { weightMoved: true, share: 0.5 });
const half = (candidate: number, baseline: number): Minute => ({
  share: 0.5,
  candidate: arm(1500, candidate),
  baseline: arm(1500, baseline),
});
const alone = (failed: number): Minute => ({ share: 1, candidate: arm(3000, failed), baseline: arm(0, 0) });
const toAlone = [...times(8, half(1, 2)), { ...half(1, 2), weightMoved: true, share: 1 }];

const verdicts: readonly (readonly [about: string, policy: Policy, minutes: readonly (Minute | undefined)[]])[] = [
  ['ten times the errors', errors, [both(4, 2), both(5, 3)]],
  ['errors beside a baseline without any', errors, [both(4, 0), both(5, 0)]],
  ['hopeless: the evidence is beyond all counting', errors, [both(290, 3)]],
  [
    'a leak: half an hour of health, then ten times the errors',
    errors,
    [...times(30, both(0, 3), both(1, 3)), ...times(6, both(6, 3))],
  ],
  ['errors on the second step', errors, [...times(6, both(0, 3)), moved, half(12, 1), half(11, 2), half(13, 1)]],
  ['4xx answers, judged', by({ clientErrors: 'judge' }, { clientErrors: true }), [counted4xx([0, 3], [45, 14])]],
  ['slow requests', withLatency(cells), times(10, slow(cells, { cells: [285, 15] }, { cells: [2673, 27] }))],
  [
    'a slower percentile',
    withLatency(coarse('percentile')),
    times(20, slow(coarse('percentile'), { percentile: 40 }, { percentile: 16 })),
  ],
  [
    'a slower mean, not yet for long',
    withLatency(coarse('mean')),
    times(8, slow(coarse('mean'), { sum: 12_000 }, { sum: 54_000 })),
  ],
  [
    'a larger maximum',
    withLatency(coarse('maximum', [400])),
    times(40, slow(coarse('maximum', [400]), { maximum: 900 }, { maximum: 300 })),
  ],
  [
    'too many events of the team’s own',
    own({}),
    [ofOwn('rejected answers', 30, 54), ofOwn('rejected answers', 28, 52)],
  ],
  [
    'too few good events of the team’s own',
    own({ name: 'confident answers', counts: 'good' }),
    times(4, ofOwn('confident answers', 120, 2160)),
  ],
  ['predictions that collapse, and must not', convictingShares, times(4, ofCells([290, 5, 5], [900, 900, 900]))],
  ['predictions that moved', shares, times(4, ofCells([290, 5, 5], [900, 900, 900]))],
  ['healthy after a few minutes', errors, times(5, both(0, 3))],
  ['far better than the old version', by({}, { usual: { errors: 0.2 } }), times(60, both(3, 540))],
  [
    'healthy by the ratio, where errors are usual',
    by({ healthy: { atMost: 1.5, confidence: 0.95 } }, { usual: { errors: 0.05 } }),
    times(4, both(15, 135)),
  ],
  [
    'healthy on the second step, by its own figures',
    errors,
    [...times(6, both(0, 3), both(1, 3)), moved, ...times(2, half(1, 2))],
  ],
  [
    'errors and slow requests, both healthy',
    withLatency(cells),
    times(60, slow(cells, { cells: [297, 3] }, { cells: [2673, 27] })),
  ],
  ['too early', errors, [both(0, 3)]],
  ['too early, with errors', errors, [both(1, 3), both(1, 2)]],
  [
    'slow requests in the time of warming up',
    withLatency(cells),
    times(2, slow(cells, { cells: [297, 3] }, { cells: [2673, 27] })),
  ],
  ['too early on the second step', errors, [...times(6, both(0, 3)), moved, half(5, 4)]],
  ['not without requests', errors, times(3, { candidate: arm(0, 0), baseline: arm(3000, 3) })],
  [
    'where errors are usual, too early',
    by({ healthy: { atMost: 1.5, confidence: 0.95 } }, { usual: { errors: 0.05 } }),
    [both(15, 135)],
  ],
  ['an onset after a long healthy time', errors, [...times(120, both(0, 3)), both(1, 2), both(1, 3)]],
  ['a bucket with an excess of its own', errors, [...times(120, both(0, 3)), both(2, 2)]],
  [
    'proven in this step, and not over the whole rollout',
    by({ convict: { worseThan: 8, falseRollback: 0.01 } }),
    [...times(6, both(3, 3)), moved, half(0, 2)],
  ],
  ['the weights move', errors, [...times(4, both(0, 3)), moved]],
  ['the old version is ill', errors, [...times(3, both(0, 3)), both(3, 700)]],
  ['no metrics for some minutes', errors, [...times(4, both(0, 3)), ...times(3, { baseline: arm(2700, 3) })]],
  ['no metrics for too long', errors, [...times(4, both(0, 3)), ...times(11, { baseline: arm(2700, 3) })]],
  ['gaps', errors, [both(0, 1), undefined, both(0, 0), undefined, both(0, 0)]],
  ['fewer requests than every step must see', by({}, { minimumRequests: 5000 }), times(5, both(0, 3))],
  ['the traffic does not follow the weights', errors, times(3, { ...both(0, 3), share: 0.4 })],
  [
    'slower in most minutes, not yet enough of them',
    withLatency(coarse('percentile')),
    [
      ...times(3, slow(coarse('percentile'), { percentile: 16 }, { percentile: 16 })),
      ...times(2, slow(coarse('percentile'), { percentile: 40 }, { percentile: 16 })),
    ],
  ],
  [
    'a third of the requests fails, and no metric of the old version is there',
    errors,
    times(3, { candidate: arm(30, 12) }),
  ],
  [
    'a third of the requests fails, and half as many of the old version',
    by({ burstGuard: 'on' }),
    times(3, { share: 0.1, candidate: arm(100, 30), baseline: arm(900, 150) }),
  ],
  ['both versions fail', errors, times(3, both(90, 800))],
  ['the user’s own metric is missing', own({}), [ofOwn('rejected answers', 6, 54), ...times(2, both(0, 3))]],
  ['counts that may still be revised', errors, [both(4, 2), both(5, 3, { provisional: true })]],
  ['with all of the traffic: well', errors, [...toAlone, ...times(3, alone(3))]],
  ['with all of the traffic: too early', errors, [...toAlone, { ...alone(0), candidate: arm(200, 0) }]],
  ['with all of the traffic: more errors than before', errors, [...toAlone, alone(60)]],
  ['with all of the traffic: clearly more errors than before', errors, [...toAlone, ...times(6, alone(450))]],
];

const said = verdicts.map(([about, policy, minutes]) => ({ about, ...verdictAfter(policy, minutes) }));

test('each verdict is a sentence that can be read without statistics', () => {
  expectGolden(
    'judge/verdicts.txt',
    said.map(({ about, decision, reason, because }) => `${about}\n  ${decision}, ${reason}\n  ${because}\n`).join('\n'),
  );
});

describe('the sentences', () => {
  test('are of every reason', () => {
    const reasons = new Set<VerdictReason>(said.map(({ reason }) => reason));
    expect(Object.keys(decisions).filter((reason) => !reasons.has(reason as VerdictReason))).toEqual([]);
  });

  test('never have a number that nobody can read, or one that is no number', () => {
    for (const { because } of said)
      expect(because).not.toMatch(
        /NaN|undefined|Infinity|\[object|10\^|e[+-]\d|more than 1 times|-\d| {2}|\(\)|: ;|: $/,
      );
  });

  const anyArm = fc.record({ n: fc.integer({ min: 0, max: 5000 }), bad: fc.double({ min: 0, max: 1, noNaN: true }) });
  test('whatever happens', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(anyArm, anyArm), { minLength: 1, maxLength: 12 }), fc.boolean(), (rows, ratio) => {
        const policy = ratio ? by({ healthy: { atMost: 1.5, confidence: 0.95 } }) : errors;
        const minutes = rows.map(([one, other]) => ({
          candidate: arm(one.n, Math.floor(one.n * one.bad ** 4)),
          baseline: arm(other.n, Math.floor(other.n * other.bad ** 4)),
        }));
        const { because } = verdictAfter(policy, minutes);
        expect(because).not.toMatch(/NaN|undefined|Infinity|\[object|10\^|e[+-]\d|more than 1 times|at most -/);
      }),
      { numRuns: 300 },
    );
  });

  test('say the figures of the step as its own', () => {
    const { because, stepRequests } = verdictAfter(errors, [
      ...times(6, both(0, 3), both(1, 3)),
      moved,
      ...times(2, half(1, 2)),
    ]);
    expect(stepRequests).toBe(3000);
    expect(because).toContain("errors 2 of 3000 (0.0667 %) beside the baseline's 4 of 3000 (0.133 %)");
  });

  test('of a conviction have both rates, the ratio, and a chance that is no larger than false-rollback', () => {
    const { because } = verdictAfter(errors, [both(4, 2), both(5, 3)]);
    expect(because).toMatch(
      /^errors: 9 of 600 \(1\.5 %\) beside the baseline's 5 of 5400 \(0\.0926 %\) since its first request, 16 times as often, and up to 1\.2 times is tolerated; for a candidate within the tolerance the chance of such figures is at most ([\d.]+) % \(1 % takes the traffic back\)$/,
    );
    expect(Number(/at most ([\d.]+) %/.exec(because)?.[1])).toBeLessThanOrEqual(1);
  });

  test('of what is open say how long it takes: about as long as it then does', () => {
    const minutesLeft = (minutes: number): number =>
      Number(
        /proven in (\d+|a) minutes?/
          .exec(verdictAfter(errors, times(minutes, both(0, 3))).because)?.[1]
          ?.replace('a', '1'),
      );
    let needed = 1;
    while (verdictAfter(errors, times(needed, both(0, 3))).decision !== 'promote') needed += 1;
    expect(needed).toBeGreaterThan(1);
    // A candidate without any error is proven sooner than one that has the baseline's.
    expect(minutesLeft(1)).toBeGreaterThanOrEqual(needed - 1);
    expect(minutesLeft(1)).toBeLessThanOrEqual(6);
    const busy = times(4, { share: 0.1, candidate: arm(300, 3), baseline: arm(2700, 27) });
    const left = /proven in (\d+) minutes/.exec(verdictAfter(by({}, { usual: { errors: 0.01 } }), busy).because)?.[1];
    // 3,930 requests in all, of which 1,200 have come.
    expect(Number(left)).toBeGreaterThanOrEqual(8);
    expect(Number(left)).toBeLessThanOrEqual(11);
  });
});
