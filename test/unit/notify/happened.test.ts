import { describe, expect, test } from '@jest/globals';
import { happenings } from '../../../src/notify/happened.ts';
import type { Release, Stepping } from '../../../src/release/record.ts';
import { configuration, guarded, release } from '../../support/release.ts';

const keys = (overrides: Partial<Release>): readonly string[] =>
  happenings(release(overrides), 'churn').map(({ key }) => key);
const texts = (overrides: Partial<Release>): readonly string[] =>
  happenings(release(overrides), 'churn').map(({ text }) => text);
/** Of the members that are read. */
const stepping = (moves: Stepping['moves'], state: Stepping['state'] = { is: 'dark' }): Stepping =>
  ({
    moves,
    state,
    verdict: { at: 9, decision: 'rollback', because: 'errors are 3 times as many' },
  }) as unknown as Stepping;

describe('the events of a release', () => {
  test('it has begun, and names the version that serves', () => {
    expect(texts({ baseline: configuration('1.0.0') })).toEqual([
      'The delivery of 1.1.0 to churn began. 1.0.0 serves there now.',
    ]);
    expect(texts({})).toEqual(['The delivery of 1.1.0 to churn began. Nothing serves there yet.']);
    expect(
      texts({
        operation: 'rollback',
        candidate: configuration('1.0.0'),
        baseline: configuration('1.1.0'),
        why: 'wrong since noon',
      })[0],
    ).toBe('The rollback of churn to 1.0.0 began; 1.1.0 serves there now: wrong since noon.');
  });

  test('a share that was commanded and has not shown is no step', () => {
    const commanded = { from: 5, share: 0.1 };
    expect(keys({ stepping: stepping([commanded]) })).toEqual(['begun']);
    expect(keys({ stepping: stepping([{ ...commanded, seen: true }]) })).toEqual(['begun', 'step-taken-1']);
    expect(keys({ stepping: stepping([{ ...commanded, until: 6 }]) })).toEqual(['begun', 'step-taken-1']);
  });

  test('steps keep their numbers, and the verdict stands before the way back', () => {
    const moves = [
      { from: 1, until: 2, share: 0.1 },
      { from: 3, until: 4, share: 0.5 },
      { from: 5, until: 6, share: 0 },
    ];
    const back = { is: 'returned', why: 'convicted', because: 'errors are 3 times as many' } as const;
    expect(keys({ stepping: stepping(moves, back) })).toEqual([
      'begun',
      'step-taken-1',
      'step-taken-2',
      'verdict-take-back',
      'step-taken-3',
    ]);
    expect(texts({ stepping: stepping(moves, back) }).slice(1)).toEqual([
      '1.1.0 has 10 % of the traffic of churn.',
      '1.1.0 has 50 % of the traffic of churn.',
      '1.1.0 is taken back: errors are 3 times as many.',
      '1.1.0 has no traffic of churn any more; the version before has all of it.',
    ]);
    expect(keys({ stepping: stepping(moves.slice(0, 1), { is: 'retiring', index: 2 }) })).toContain('verdict-promote');
  });

  test.each([
    ['promote', 'proven', '1.1.0 keeps all traffic: healthy with 95 % confidence.'],
    // After `promote-now`: the bake is over, and no judge has proven anything.
    ['continue', 'keeps all traffic', '1.1.0 keeps all traffic: its last bake is over.'],
  ] as const)('the last verdict %s: %s', (decision, title, text) => {
    const verdict = { at: 9, decision, because: decision === 'promote' ? 'healthy with 95 % confidence' : 'not yet' };
    const kept = { ...stepping([], { is: 'retiring', index: 2 }), verdict };
    expect(happenings(release({ stepping: kept }), 'churn').at(-1)).toMatchObject({ at: 9, title, text });
  });

  test('a fleet that bakes has its share where the update names it, and none in a linear update', () => {
    const canary = (size: object) => ({
      ...guarded,
      deployment: { BlueGreenUpdatePolicy: { TrafficRoutingConfiguration: { Type: 'CANARY', CanarySize: size } } },
    });
    const bakes = [{ stage: 'canary', startedAt: 0, endsAt: 60_000 } as const];
    const shares = (submission: typeof guarded) =>
      happenings(release({ submission, witnessed: { bakes } }), 'churn').map(({ share }) => share);
    expect(shares(canary({ Type: 'CAPACITY_PERCENT', Value: 20 }))).toEqual([undefined, 0.2]);
    expect(shares(canary({ Type: 'INSTANCE_COUNT', Value: 1 }))).toEqual([undefined, 0.5]);
    expect(shares(guarded)).toEqual([undefined, undefined]);
    expect(
      happenings(
        release({ submission: guarded, witnessed: { bakes: [{ ...bakes[0], stage: 'full' }] } } as Partial<Release>),
        'churn',
      )[1],
    ).toMatchObject({ share: 1, title: 'all traffic' });
  });

  test.each<readonly [string, Partial<Release>, string]>([
    [
      'the judge or the registry',
      { submission: guarded, witnessed: { abort: { at: 7, why: 'convicted', published: true, because: 'it fails' } } },
      '1.1.0 is taken back: it fails.',
    ],
    [
      'an alarm',
      { submission: guarded, witnessed: { alarms: ['churn-errors'] } },
      '1.1.0 is taken back: churn-errors in ALARM, and SageMaker returns the traffic.',
    ],
    ['a lost approval', { takenBack: { because: 'alice rejected it' } }, '1.1.0 is taken back: alice rejected it.'],
  ])('%s takes a version back', (_, overrides, text) => {
    expect(keys(overrides)).toEqual(['begun', 'verdict-take-back']);
    expect(texts(overrides)[1]).toBe(text);
  });

  test.each([
    ['deploy-endpoint', 'succeeded', 'delivered', 'delivered'],
    ['deploy-endpoint', 'succeeded', 'candidate-dark', 'up without traffic'],
    ['shift-traffic', 'succeeded', 'delivered', 'promoted'],
    ['rollback', 'succeeded', 'restored', 'restored'],
    ['shift-traffic', 'rolled-back', 'convicted', 'rolled back'],
    ['deploy-endpoint', 'cancelled', 'cancelled', 'stopped'],
    ['deploy-endpoint', 'failed', 'endpoint-unusable', 'failed'],
  ] as const)('%s %s/%s', (operation, outcome, reason, title) => {
    const found = happenings(release({ operation, outcome, reason, because: 'churn serves', concludedAt: 8 }), 'churn');
    // Another case would make another name.
    expect(found.at(-1)).toEqual({ key: 'ended', event: 'ended', at: 8, title, text: 'churn serves.' });
  });
});
