import { describe, expect, test } from '@jest/globals';
import type { Arm, Bucket } from '../../../src/judge/bucket.ts';
import { judge } from '../../../src/judge/judge.ts';
import { type Policy, policyOf } from '../../../src/judge/policy.ts';
import { judgePolicy } from '../../support/stepping.ts';

// What is carried from bucket to bucket, and what ends with a step.

const policy = policyOf(judgePolicy, { minimumRequests: 0 });
const arm = (requests: number, errors: number): Arm => ({ requests, bad: { errors } });
type Minute = Omit<Bucket, 't' | 'seconds'>;
const clean: Minute = { candidate: arm(300, 0), baseline: arm(2700, 0) };
const dying: Minute = { candidate: arm(300, 90), baseline: arm(2700, 810) };
const blind: Minute = { baseline: arm(2700, 0) };
const moved = (minute: Minute): Minute => ({ ...minute, weightMoved: true });
const times = (count: number, minute: Minute): readonly Minute[] => Array.from({ length: count }, () => minute);
const verdict = (minutes: readonly Minute[], by: Policy = policy) =>
  judge(
    by,
    minutes.map((minute, index): Bucket => ({ t: 60 * index, seconds: 60, ...minute })),
  );
const reason = (minutes: readonly Minute[], by: Policy = policy) => verdict(minutes, by).reason;

describe('the safety net', () => {
  test('counts buckets in a row, those in which the weights moved among them', () => {
    expect(reason(times(3, dying))).toBe('both-failing');
    expect(reason([dying, dying])).not.toBe('both-failing');
    expect(reason([dying, dying, moved(dying)])).toBe('both-failing');
    expect(reason([dying, moved(dying), dying])).toBe('both-failing');
    expect(reason([dying, dying, moved(clean), dying])).not.toBe('both-failing');
    expect(reason([dying, dying, clean, dying])).not.toBe('both-failing');
  });

  test('of an older policy begins the row anew with each step', () => {
    const { whileMoving: _, ...net } = policy.safetyNet;
    const older = { ...policy, safetyNet: net };
    expect(reason([dying, dying, moved(dying), dying, dying], older)).not.toBe('both-failing');
    expect(reason([dying, dying, moved(dying), dying, dying, dying], older)).toBe('both-failing');
  });

  test('is neither nearer nor farther by a bucket without requests or without metrics', () => {
    const idle: Minute = { candidate: arm(0, 0), baseline: arm(2700, 810) };
    expect(reason([dying, dying, idle])).not.toBe('both-failing');
    expect(reason([dying, dying, idle, dying])).toBe('both-failing');
    expect(reason([dying, dying, blind, dying])).toBe('both-failing');
  });

  test('excuses a candidate only by baseline counts of all its buckets', () => {
    const alone: Minute = { candidate: arm(300, 90) };
    expect(reason(times(3, alone))).toBe('absolute-limit');
    expect(reason([alone, dying, dying])).toBe('absolute-limit');
    expect(verdict([alone, dying, dying]).because).toContain("the baseline's numbers of these buckets are missing");
    expect(reason([alone, clean, dying, dying, dying])).toBe('both-failing');
  });

  test('begins above its share, and wants as many requests as it says', () => {
    const share = (bad: number): Minute => ({ candidate: arm(300, bad), baseline: arm(2700, 9 * bad) });
    expect(reason(times(4, share(60)))).not.toBe('both-failing');
    expect(reason(times(3, share(61)))).toBe('both-failing');
    const few = (requests: number): Minute => ({ candidate: arm(requests, requests), baseline: arm(2700, 2700) });
    const net = (requests: number): Policy => ({ ...policy, safetyNet: { ...policy.safetyNet, requests } });
    expect(reason(times(3, few(7)), net(21))).toBe('both-failing');
    expect(reason(times(3, few(7)), net(22))).not.toBe('both-failing');
  });
});

describe('the safety net in buckets shorter than a minute', () => {
  const tens = (buckets: readonly Minute[], by: Policy = policy) =>
    judge(
      by,
      buckets.map((bucket, index): Bucket => ({ t: 10 * index, seconds: 10, ...bucket })),
    ).reason;
  const most: Minute = { candidate: arm(20, 20), baseline: arm(180, 180) };
  const none: Minute = { candidate: arm(20, 0), baseline: arm(180, 0) };
  /** More than 20 % of the minute's requests, in two of its six buckets. */
  const uneven = [most, none, none, most, none, none];

  test('counts minutes: half a minute of failures is no reason, and a good bucket in each minute is no excuse', () => {
    expect(tens([...times(12, none), ...times(3, most)])).not.toBe('both-failing');
    expect(tens([...uneven, ...uneven, ...uneven])).toBe('both-failing');
    expect(tens([...uneven, ...uneven, ...uneven.slice(0, 5)])).not.toBe('both-failing');
    expect(tens([...uneven, ...times(6, none), ...uneven])).not.toBe('both-failing');
  });

  test('compares the baseline of the same minutes', () => {
    const { because } = judge(
      policy,
      [...uneven, ...uneven, ...uneven].map((bucket, index): Bucket => ({ t: 10 * index, seconds: 10, ...bucket })),
    );
    expect(because).toContain('in each of 3 minutes in a row');
    expect(because).toContain('120 of 360');
    expect(because).toContain('1080 of 3240');
  });

  test('of an older policy counts the buckets as they come', () => {
    const { bucketSeconds: _, ...net } = policy.safetyNet;
    expect(tens([...times(12, none), ...times(3, most)], { ...policy, safetyNet: net })).toBe('both-failing');
  });
});

describe('the safety net where errors come in bursts', () => {
  const few: Minute = { candidate: arm(10, 5), baseline: arm(60, 0) };
  const bursts = (health: number, net = policy.safetyNet): Policy => ({
    ...policy,
    metrics: policy.metrics.map((metric) => ({ ...metric, dispersion: { against: 5, health, burstSeconds: 240 } })),
    safetyNet: net,
  });

  test('wants more failing requests than three bursts have', () => {
    expect(reason(times(3, few), bursts(5))).toBe('absolute-limit');
    expect(reason(times(3, few), bursts(5.01))).not.toBe('absolute-limit');
    expect(reason(times(4, few), bursts(5.01))).toBe('absolute-limit');
  });

  test('of an older policy takes one session for the model', () => {
    const { bursts: _, ...net } = policy.safetyNet;
    expect(reason(times(3, few), bursts(20, net))).toBe('absolute-limit');
  });
});

describe('blindness', () => {
  test('goes on through a change of weights that is not seen either, and ends with one that is', () => {
    expect(reason([clean, ...times(8, blind), moved(blind), blind])).toBe('metrics-missing');
    expect(reason([clean, ...times(9, blind), moved(blind), blind])).toBe('unobserved-too-long');
    expect(reason([clean, ...times(9, blind), moved(clean), blind])).toBe('metrics-missing');
  });

  test('counts from the first bucket where nothing was ever seen', () => {
    expect(reason(times(10, blind))).toBe('metrics-missing');
    expect(reason(times(11, blind))).toBe('unobserved-too-long');
  });
});

describe('a step', () => {
  test('has its requests, its coverage and its share to itself', () => {
    const { stepRequests, candidateRequests, coverage } = verdict([clean, blind, moved(clean), clean, clean]);
    expect({ stepRequests, candidateRequests, coverage }).toEqual({
      stepRequests: 600,
      candidateRequests: 900,
      coverage: 1,
    });
    expect(verdict([clean, blind, clean, clean]).coverage).toBe(0.75);
  });

  test('must be observed for four fifths', () => {
    expect(reason([...times(3, clean), blind, clean])).toBe('proven-healthy');
    expect(reason([...times(2, clean), blind, clean])).toBe('too-little-observed');
  });

  test('must see as many requests as are asked for', () => {
    expect(reason(times(4, clean), { ...policy, minimumRequests: 1200 })).toBe('proven-healthy');
    expect(reason(times(4, clean), { ...policy, minimumRequests: 1201 })).toBe('too-few-requests');
  });

  test('keeps the share it was given until another one is given', () => {
    const tilted: Minute = { candidate: arm(60, 0), baseline: arm(2940, 0) };
    expect(reason([{ ...clean, share: 0.1 }, ...times(9, tilted)])).toBe('split-not-as-weighted');
    expect(reason(times(4, tilted))).not.toBe('split-not-as-weighted');
    expect(reason([{ ...tilted, share: 0.1 }, moved(clean), ...times(3, tilted)])).not.toBe('split-not-as-weighted');
    expect(verdict([{ ...tilted, share: 0.1 }, ...times(3, tilted)]).because).toContain(
      'got 2 % of the requests of this step, and its weight is 10 %',
    );
  });

  test.each([0, 1])('of all or none of the requests has no split: share %d', (share) => {
    expect(reason(times(4, { ...clean, share }))).toBe('proven-healthy');
  });
});

test('where no proof is asked of any metric nothing is ever proven', () => {
  const watched: Policy = { ...policy, metrics: policy.metrics.map(({ excessBelow: _, ...metric }) => metric) };
  expect(reason(times(30, clean), watched)).toBe('insufficient-evidence');
});

test('metrics with the same counts and another margin, or other alternatives, are weighed each by its own', () => {
  const metric = (name: string, worseThan: number, onlyGross = false): Policy['metrics'][number] => ({
    name,
    worseThan,
    onlyGross,
    weight: 0.25,
    says: name,
  });
  const metrics = [metric('a', 1.2), metric('b', 2), metric('c', 2, true), metric('d', 1.2)];
  const all = (bad: number) => Object.fromEntries(metrics.map(({ name }) => [name, bad]));
  const minute: Minute = {
    candidate: { requests: 300, bad: all(6) },
    baseline: { requests: 2700, bad: all(18) },
  };
  const { evidence } = verdict(times(2, minute), { ...policy, metrics });
  const [a, b, c, d] = metrics.map(({ name }) => evidence[name]?.logEvidence ?? Number.NaN);
  expect(d).toBe(a);
  expect(new Set([a, b, c]).size).toBe(3);
  const alone = (which: Policy['metrics'][number]) =>
    verdict(times(2, minute), { ...policy, metrics: [which] }).evidence[which.name]?.logEvidence;
  expect([a, b, c]).toEqual(metrics.slice(0, 3).map(alone));
});
