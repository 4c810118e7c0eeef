import { describe, expect, test } from '@jest/globals';
import { minutes } from '../../../src/clock.ts';
import { courseOf } from '../../../src/delivery/course.ts';
import type { Release } from '../../../src/release/record.ts';
import { configuration, created, guarded, release, secondSwap } from '../../support/release.ts';
import { stepping } from '../../support/stepping.ts';

const plan = { steps: [0.05, 0.25, 1], bakeSeconds: 600, maxStepSeconds: 3600, minimumRequests: 0 };
const stepped = (more: Parameters<typeof stepping>[0], phase: Release['phase'] = 'stepping') =>
  release({ phase, submission: secondSwap, stepping: stepping({ plan, ...more }) });
const at = (release: Release, now = 0) => courseOf(release, now, undefined);

describe('the course of a rollout in steps', () => {
  const moves = [
    { from: 0, until: minutes(1), share: 0.05 },
    { from: minutes(12), share: 0.25 },
  ];

  test('has the step, the observed share, and both ends of a bake', () => {
    expect(at(stepped({ state: { is: 'baking', index: 0, since: minutes(1) }, moves: moves.slice(0, 1) }))).toEqual({
      phase: 'baking, step 1 of 3',
      share: 0.05,
      endsAt: minutes(11),
      latestAt: minutes(61),
      shares: [{ at: 0, share: 0.05 }],
    });
  });

  test('counts a share once it was observed', () => {
    expect(at(stepped({ state: { is: 'raising', index: 1, from: 0.05 }, moves }))).toEqual({
      phase: 'raising, step 2 of 3',
      share: 0.05,
      shares: [
        { at: 0, share: 0.05 },
        { at: minutes(12), share: 0.25 },
      ],
    });
    expect(at(stepped({ state: { is: 'dark' }, moves: [] }))).toEqual({ phase: 'dark', share: 0, shares: [] });
  });

  test('has no end while a person holds it', () => {
    const held = at(stepped({ state: { is: 'paused', index: 1, since: 0 }, moves }));
    expect([held.phase, held.endsAt, held.latestAt]).toEqual(['paused, step 2 of 3', undefined, undefined]);
  });

  test('has the last verdict, of this look or of the record', () => {
    const verdict = { at: 0, decision: 'hold', because: 'an alarm is missing' };
    const one = stepped({ state: { is: 'baking', index: 0, since: 0 }, moves: [], verdict });
    expect(at(one).verdict).toBe('hold: an alarm is missing');
    const evidence = { at: 0, buckets: [], verdict: { decision: 'continue', because: 'too few' } };
    expect(courseOf(one, 0, evidence)).toMatchObject({ verdict: 'continue: too few', minutes: [] });
  });

  test('has the minutes of the judge; an unknown arm is absent', () => {
    const buckets = [
      { t: 60, seconds: 60, candidate: { requests: 10, bad: { errors: 1 } }, baseline: { requests: 90, bad: {} } },
      { t: 120, seconds: 60, baseline: { requests: 90, bad: { errors: 0 } } },
    ];
    const evidence = { at: 0, buckets, verdict: { decision: 'continue', because: 'too few' } };
    expect(courseOf(stepped({ moves: [] }), 0, evidence).minutes).toEqual([
      { at: minutes(1), candidate: { requests: 10, errors: 1 } },
      { at: minutes(2), baseline: { requests: 90, errors: 0 } },
    ]);
  });
});

describe('the course of an update by SageMaker', () => {
  const instances = (Value: number) => ({ Type: 'INSTANCE_COUNT', Value });
  const canary = {
    ...guarded,
    deployment: { BlueGreenUpdatePolicy: { TrafficRoutingConfiguration: { CanarySize: instances(1) } } },
  };
  const linear = {
    ...guarded,
    deployment: { BlueGreenUpdatePolicy: { TrafficRoutingConfiguration: { LinearStepSize: instances(1) } } },
  };
  const rolling = { ...guarded, deployment: { RollingUpdatePolicy: { MaximumBatchSize: instances(3) } } };
  const candidate = { ...configuration('1.1.0'), instanceCount: 4 };
  const bake = (stage: 'canary' | 'full', from: number) => ({
    stage,
    startedAt: minutes(from),
    endsAt: minutes(from + 10),
  });
  const updating = (submission: Release['submission'], bakes: readonly ReturnType<typeof bake>[]) =>
    release({ phase: 'supervising', candidate, submission, witnessed: { submittedAt: 0, bakes } });

  test('is an estimate before its first bake', () => {
    expect(at(updating(canary, []), minutes(5))).toEqual({
      phase: 'updating',
      share: 0,
      endsAt: minutes(30),
      latestAt: minutes(60),
      shares: [],
    });
  });

  test.each([
    ['baseline', 0],
    ['candidate', 1],
  ] as const)('ends with the traffic that was verified, where the %s serves', (serving, share) => {
    const conclusion = { serving, concludedAt: minutes(12) };
    const ended = release({ ...updating(canary, [bake('canary', 5)]), phase: 'settling', ...conclusion });
    expect(at(ended, minutes(13)).shares).toEqual([
      { at: minutes(5), share: 0.25 },
      { at: minutes(12), share },
    ]);
    // What was never seen is not drawn.
    expect(at({ ...ended, serving: 'unknown' }).shares).toHaveLength(1);
    expect(at(release({ ...updating(canary, []), phase: 'settling', ...conclusion })).shares).toEqual([]);
  });

  test('has the share of the batch that bakes, and the end of its bake', () => {
    expect(at(updating(canary, [bake('canary', 5)]), minutes(6))).toMatchObject({
      phase: 'baking',
      share: 0.25,
      endsAt: minutes(15),
    });
    expect(at(updating(canary, [bake('canary', 5), bake('full', 20)]), minutes(21)).share).toBe(1);
    expect(at(updating(linear, [bake('canary', 5), bake('canary', 20)]), minutes(21)).share).toBe(0.5);
    expect(at(updating(rolling, [bake('canary', 5), bake('canary', 20)]), minutes(21)).share).toBe(1);
  });

  test('keeps the share between two bakes', () => {
    expect(at(updating(canary, [bake('canary', 5)]), minutes(16))).toMatchObject({ phase: 'updating', share: 0.25 });
  });

  test('has no share once the update goes back, and none where SageMaker swaps or creates', () => {
    const abort = { at: 0, why: 'convicted', published: true } as const;
    const back = updating(canary, [bake('canary', 5)]);
    expect(at({ ...back, witnessed: { ...back.witnessed, abort } }, minutes(6))).toEqual({
      phase: 'returning',
      shares: [{ at: minutes(5), share: 0.25 }],
    });
    expect(at(updating(created, []), minutes(1))).toEqual({ phase: 'updating', endsAt: minutes(5), shares: [] });
    expect(at(release())).toEqual({ phase: 'preparing', shares: [] });
  });
});
