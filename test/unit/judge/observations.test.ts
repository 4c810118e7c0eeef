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
