import { describe, expect, test } from '@jest/globals';
import {
  type Guard,
  lookAtApproval,
  refuseUnfitVersion,
  refuseWithdrawn,
  refuseWithdrawnMeanwhile,
  remarksOf,
} from '../../../src/mechanisms/approval.ts';
import { describeVersion, packageArn } from '../../../src/registry/packages.ts';
import type { Release } from '../../../src/release/record.ts';
import type { World } from '../../../src/world.ts';
import { type Registry, terms } from '../../support/approval.ts';
import { refusal } from '../../support/refusal.ts';
import { configuration, release } from '../../support/release.ts';
import { releaseWorld } from '../../support/release-world.ts';
import { nine, stepping } from '../../support/stepping.ts';
import { turnFrom } from '../../support/turns.ts';
import { refusal as awsRefusal } from '../../support/walking.ts';

const registryWorld = (changes?: Partial<Registry>): World =>
  releaseWorld(() => nine, changes, { read: { sagemaker: {}, cloudwatch: {} }, write: {} }).world;

/** A turn of 1.1.0, package version 7, over a registry with these changes. */
const turnOver = (changes?: Partial<Registry>, given: Partial<Release> = {}, onRejection = terms.onRejection) => {
  const live = release({ candidate: { ...configuration('1.1.0'), packageVersion: 7 }, ...given });
  const ended: string[] = [];
  const turn = turnFrom({
    world: registryWorld(changes),
    endpoint: 'churn',
    release: live,
    approval: { ...terms, onRejection },
    conclude: async (reason, because) => {
      ended.push(`${reason}: ${because}`);
      return { because, percent: 92 };
    },
  });
  return { turn, ended };
};
const endOf = async (
  guard: Guard,
  changes?: Partial<Registry>,
  given?: Partial<Release>,
): Promise<readonly string[]> => {
  const { turn, ended } = turnOver(changes, given);
  const step = await guard(turn);
  expect(step === undefined).toBe(ended.length === 0);
  return ended;
};
const rejected = { approval: 'Rejected' } as const;
const edited = { environment: { THRESHOLD: '0' } };
const overwritten = { artifact: 'b'.repeat(64) };

describe('directly before a submission', () => {
  test.each<[string, Partial<Registry> | undefined, Partial<Release> | undefined, readonly RegExp[]]>([
    ['an approved version goes on', undefined, undefined, []],
    [
      'a rejected one does not',
      rejected,
      undefined,
      [/^not-approved: nothing was submitted: .*is Rejected.*looked at/],
    ],
    ['an edited one does not', edited, undefined, [/^content-changed: nothing was submitted: /]],
    ['one with another artifact does not', overwritten, undefined, [/^content-changed: nothing was submitted: /]],
    [
      'one without a package in its record does not',
      undefined,
      { candidate: configuration('1.1.0') },
      [/^not-approved: nothing was submitted: the release record names no model package for 1\.1\.0$/],
    ],
    [
      'one that was edited after its plan does not',
      undefined,
      { candidate: { ...configuration('1.1.0'), packageVersion: 7, contentDigest: 'other' } },
      [/^content-changed: .*was edited after the plan was made/],
    ],
    ['a way back does not depend on the registry', rejected, { operation: 'rollback' }, []],
  ])('%s', async (_which, changes, given, expected) => {
    expect(await endOf(refuseWithdrawn, changes, given)).toEqual(expected.map((one) => expect.stringMatching(one)));
  });

  test('a registry that cannot be read is an error: without an answer nothing is submitted', async () => {
    const { turn } = turnOver({ refuses: awsRefusal('not today', 'ServiceUnavailable') });
    await expect(refuseWithdrawn(turn)).rejects.toThrow('not today');
  });
});

describe('when another run goes on with a release', () => {
  test.each<[string, Partial<Release>, number]>([
    ['that is being prepared, it is checked', {}, 1],
    ['that was submitted, it is checked by the supervision', { phase: 'supervising' }, 0],
    ['that goes back, it is not', { operation: 'rollback' }, 0],
    ['that is taken back, it is not', { takenBack: { because: 'rejected' } }, 0],
    ['whose candidate has traffic, it is checked as the steps go on', { stepping: stepping() }, 0],
    ['whose candidate had no traffic yet, it is checked', { stepping: stepping({ moves: [] }) }, 1],
  ])('%s', async (_which, given, ends) => {
    expect(await endOf(refuseWithdrawnMeanwhile, rejected, given)).toHaveLength(ends);
  });
});

describe('one look while a release goes on', () => {
  const lookWith = (changes: Partial<Registry>, moves: boolean, onRejection: 'finish' | 'take-back' = 'finish') =>
    lookAtApproval(turnOver(changes, {}, onRejection).turn, moves);

  test('tolerates a rejection only where the manifest does and traffic moves', async () => {
    expect(await lookWith({}, true)).toEqual({ is: 'standing' });
    const look = await lookWith(rejected, true);
    expect(look).toMatchObject({ is: 'tolerated' });
    expect(remarksOf(look)).toEqual([
      expect.stringMatching(/is Rejected.*; on-rejection: finish lets the rollout go on$/),
    ]);
    expect(await lookWith(rejected, false)).toMatchObject({ is: 'withdrawn', withdrawal: { reason: 'not-approved' } });
    expect(await lookWith(rejected, true, 'take-back')).toMatchObject({ is: 'withdrawn' });
  });

  test('never tolerates other content', async () => {
    const look = await lookWith({ ...rejected, ...edited }, true);
    expect(look).toMatchObject({ is: 'withdrawn', withdrawal: { reason: 'content-changed' } });
    expect(remarksOf(look)).toHaveLength(1);
  });

  test('reads the artifact only where the whole content is to be checked', async () => {
    expect(await lookWith(overwritten, true)).toEqual({ is: 'standing' });
    const { turn } = turnOver(overwritten);
    expect(await lookAtApproval(turn, true, 'content')).toMatchObject({ is: 'withdrawn' });
  });

  test.each([
    ['ServiceUnavailable', /not today$/, false],
    ['AccessDeniedException', /was denied: grant /, true],
  ])('knows nothing when the registry answers %s', async (name, words, refused) => {
    const look = await lookWith({ refuses: awsRefusal('not today', name) }, true);
    expect(look.is).toBe('unknown');
    expect('refused' in look).toBe(refused);
    expect(remarksOf(look)).toEqual([expect.stringMatching(/^the approval of 1\.1\.0 cannot be read: /)]);
    expect(remarksOf(look)).toEqual([expect.stringMatching(words)]);
  });

  test.each(['AbortError', 'ExpiredTokenException', 'UnrecognizedClientException'])(
    'does not wait after %s: no call of this turn can succeed',
    async (name) => {
      await expect(lookWith({ refuses: awsRefusal('not today', name) }, true)).rejects.toThrow('not today');
    },
  );

  test('has no remark while the approval stands', () => {
    expect(remarksOf({ is: 'standing' })).toEqual([]);
  });
});

describe('a plan', () => {
  const checked = async (changes: Partial<Registry>, dryRun: boolean): Promise<readonly string[]> => {
    const { write: _, ...reads } = registryWorld(changes);
    const world: World = dryRun ? reads : registryWorld(changes);
    const registered = await describeVersion(world, 'churn', {
      arn: packageArn(world.account, 'churn', 7),
      version: '1.1.0',
      packageVersion: 7,
    });
    if (registered === undefined) throw new Error('not registered');
    return refuseUnfitVersion(world, registered);
  };
  const waiting = { approval: 'PendingManualApproval' } as const;

  test('can be read before the approval, and says that it waits', async () => {
    expect(await checked({}, true)).toEqual([]);
    expect(await checked(waiting, true)).toEqual([
      'churn_v1.1.0 (package version 7) waits for approval; it is not deployed before',
    ]);
  });

  test.each<[string, Partial<Registry>, boolean, RegExp]>([
    ['is carried out without an approval', waiting, false, /^not-approved: .*is PendingManualApproval/],
    ['is made of a rejected version', rejected, true, /^not-approved: .*is Rejected/],
    ['is made of other content', overwritten, true, /^content-changed: /],
  ])('never %s', async (_what, changes, dryRun, words) => {
    expect(await refusal(checked(changes, dryRun))).toMatch(words);
  });
});
