import { describe, expect, test } from '@jest/globals';
import { type Instant, minutes, seconds } from '../../../src/clock.ts';
import type { Arm, Bucket } from '../../../src/judge/bucket.ts';
import { judge } from '../../../src/judge/judge.ts';
import { policyOf } from '../../../src/judge/policy.ts';
import { judgeSettled } from '../../../src/metrics/settled-counts.ts';
import type { CountsRead } from '../../../src/rollout/event.ts';
import { judgePolicy, nine } from '../../support/stepping.ts';

const policy = policyOf(judgePolicy);
const arm = (requests: number, errors: number): Arm => ({ requests, bad: { errors } });
const bucket = (minute: number, candidate: Arm, baseline: Arm = arm(2700, 2)): Bucket => ({
  t: (nine + minutes(minute)) / 1000,
  seconds: 60,
  share: 0.1,
  candidate,
  baseline,
});
const calm = (minute: number): Bucket => bucket(minute, arm(300, 0));
const bad = (minute: number): Bucket => bucket(minute, arm(300, 30));
const look = (buckets: readonly Bucket[], now: Instant, before?: readonly CountsRead[]) =>
  judgeSettled(policy, buckets, now, before);

/** The end of the third minute, and the two minutes after which it is read. */
const first = nine + minutes(3) + minutes(2);
const guilty = [calm(0), calm(1), bad(2)];

describe('an accusation', () => {
  test('by a bucket that was read once convicts nobody: the share stays, and the counts are remembered', () => {
    const { verdict, buckets, countsRead } = look(guilty, first);
    expect(judge(policy, guilty).decision).toBe('rollback');
    expect(verdict).toMatchObject({ decision: 'hold', reason: 'provisional' });
    expect(verdict.because).toContain('read again');
    expect(buckets.map(({ provisional }) => provisional)).toEqual([true, true, true]);
    expect(countsRead?.map(({ since }) => since)).toEqual([first, first, first]);
  });

  test('by counts that were read alike half a minute later is a conviction', () => {
    const { countsRead } = look(guilty, first);
    const again = look(guilty, first + seconds(30), countsRead);
    expect(again.verdict).toMatchObject({ decision: 'rollback', reason: 'candidate-worse' });
    expect(again.buckets).toEqual(guilty);
  });

  test('by counts that were read alike at once is not: a run that was restarted looked twice in a moment', () => {
    const { countsRead } = look(guilty, first);
    const soon = look(guilty, first + seconds(29), countsRead);
    expect(soon.verdict.reason).toBe('provisional');
    expect(look(guilty, first + seconds(30), soon.countsRead).verdict.reason).toBe('candidate-worse');
  });

  test('by counts that were revised waits for another look at them', () => {
    const { countsRead } = look(guilty, first);
    const more = [calm(0), calm(1), bucket(2, arm(320, 31))];
    const revised = look(more, first + seconds(30), countsRead);
    expect(revised.verdict.reason).toBe('provisional');
    expect(revised.buckets.map(({ provisional }) => provisional === true)).toEqual([false, false, true]);
    expect(look(more, first + seconds(60), revised.countsRead).verdict.reason).toBe('candidate-worse');
  });

  test('that the late requests take back has convicted nobody', () => {
    const seen = (requests: number) => [calm(0), calm(1), bucket(2, arm(requests, 8), arm(2700, 72))];
    const { verdict, countsRead } = look(seen(30), first);
    expect(verdict.reason).toBe('provisional');
    const complete = look(seen(300), first + seconds(30), countsRead);
    expect(complete.verdict.decision).toBe('continue');
    expect(complete.countsRead).toBeUndefined();
  });

  test('by a bucket older than CloudWatch takes to settle needs no second read', () => {
    const old = nine + minutes(3) + minutes(5);
    expect(look(guilty, old - 1).verdict.reason).toBe('provisional');
    expect(look(guilty, old).verdict.reason).toBe('candidate-worse');
    expect(look([...guilty, calm(3)], old).verdict.reason).toBe('candidate-worse');
  });

  test('by settled buckets stands, whatever is provisional behind them', () => {
    const { countsRead } = look(guilty, first);
    const now = first + seconds(60);
    const more = look([...guilty, calm(3)], now, countsRead);
    expect(more.buckets.map(({ provisional }) => provisional === true)).toEqual([false, false, false, true]);
    expect(more.verdict).toMatchObject({ decision: 'rollback', reason: 'candidate-worse' });
  });

  test('before which an older bucket changed waits too: the evidence contains it', () => {
    const { countsRead } = look(guilty, first);
    const changed = [calm(0), bucket(1, arm(290, 0)), bad(2)];
    expect(look(changed, first + seconds(30), countsRead).verdict.reason).toBe('provisional');
  });

  test.each([
    ['the absolute limit', [0, 1, 2].map((minute) => bucket(minute, arm(300, 90), arm(2700, 200)))],
    ['an outage of both', [0, 1, 2].map((minute) => bucket(minute, arm(300, 90), arm(2700, 810)))],
  ])('by %s is no other', (_, buckets) => {
    expect(judge(policy, buckets).decision).toBe('rollback');
    const { verdict, countsRead } = look(buckets, first);
    expect(verdict.reason).toBe('provisional');
    expect(look(buckets, first + seconds(30), countsRead).verdict.decision).toBe('rollback');
  });
});

describe('without an accusation', () => {
  test('nothing is marked or remembered, and proof of health waits for no second read', () => {
    const healthy = [0, 1, 2].map(calm);
    const { verdict, buckets, countsRead } = look(healthy, first);
    expect(verdict.decision).toBe('promote');
    expect(buckets).toBe(healthy);
    expect(countsRead).toBeUndefined();
  });

  test('missing metrics take the traffic back at once: there is nothing to read again', () => {
    const holes = Array.from({ length: 12 }, (_, minute): Bucket => ({ t: nine / 1000 + 60 * minute, seconds: 60 }));
    expect(look(holes, nine + minutes(14)).verdict.reason).toBe('unobserved-too-long');
  });
});
