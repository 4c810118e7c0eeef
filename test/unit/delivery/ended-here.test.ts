import { expect, test } from '@jest/globals';
import { endedHere, type ReleaseOperation } from '../../../src/delivery/run-release.ts';
import { Refusal } from '../../../src/operation.ts';
import type { Release, ReleaseRecord } from '../../../src/release/record.ts';
import type { World } from '../../../src/world.ts';

// What a token may say of a release that has ended.

const release = (id: string, more: Partial<Release> = {}): Release =>
  ({
    id,
    operation: 'deploy-endpoint',
    version: '1.4.0',
    outcome: 'succeeded',
    reason: 'delivered',
    lease: { holder: 'me', until: 0 },
    ...more,
  }) as Release;
const world = { run: { holder: 'me' } } as World;

/** Recognises a release of 1.4.0 as its own, and refuses every other one. */
const operation = (goesOn?: ReleaseOperation<object>['goesOn']): ReleaseOperation<object> =>
  ({
    recognise: ({ version }: Release) => {
      if (version !== '1.4.0') throw new Refusal('plan-changed', 'another version');
    },
    ...(goesOn ? { goesOn } : {}),
  }) as ReleaseOperation<object>;

const found = (named: string, ended: readonly Release[], more: Partial<ReleaseRecord> = {}, goesOn?: () => boolean) =>
  endedHere(world, { ended, ...more } as ReleaseRecord, { v: 1, release: named }, operation(goesOn))?.id;

test('the newest release, which this run ended, is its answer', () => {
  expect(found('a', [release('a')])).toBe('a');
});

test.each<readonly [string, readonly Release[], Partial<ReleaseRecord>]>([
  ['of another version', [release('a', { version: '1.3.0' })], {}],
  ['of another version that failed', [release('a', { version: '1.3.0', outcome: 'failed' })], {}],
  ['after which others came', [release('b', { version: '1.5.0' }), release('a')], {}],
  ['that another run ended', [release('a', { lease: { holder: 'other', until: 0 } })], {}],
  ['while another is live', [release('a')], { live: release('c') }],
  [
    'that was taken back, and delivered since',
    [release('b'), release('a', { outcome: 'rolled-back', reason: 'alarm' })],
    {},
  ],
])('a release %s is not', (_what, ended, more) => {
  expect(found('a', ended, more)).toBeUndefined();
});

test('one that was taken back is, whoever took it back and whatever came after it', () => {
  const taken = release('a', {
    outcome: 'rolled-back',
    reason: 'aborted-by-hand',
    lease: { holder: 'other', until: 0 },
  });
  expect(found('a', [release('r', { operation: 'rollback' }), taken])).toBe('a');
});

test('one that only cleared the way is left to the operation', () => {
  expect(found('a', [release('b', { version: '1.5.0' }), release('a')], {}, () => true)).toBe('a');
});

test('a defect of recognising is no refusal', () => {
  const broken = {
    recognise: () => {
      throw new TypeError('x');
    },
  } as unknown as ReleaseOperation<object>;
  expect(() =>
    endedHere(world, { ended: [release('a')] } as unknown as ReleaseRecord, { v: 1, release: 'a' }, broken),
  ).toThrow(TypeError);
});
