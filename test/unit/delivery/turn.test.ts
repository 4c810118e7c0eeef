import { describe, expect, test } from '@jest/globals';
import { minutes, seconds } from '../../../src/clock.ts';
import { turnOf } from '../../../src/delivery/turn.ts';
import { newRecord } from '../../../src/release/lifecycle.ts';
import type { Release, ReleaseRecord } from '../../../src/release/record.ts';
import { LostRace } from '../../../src/release/store.ts';
import { terms } from '../../support/approval.ts';
import { refusal } from '../../support/refusal.ts';
import { release, subject } from '../../support/release.ts';
import { storedRelease, worldAt } from '../../support/stored.ts';

const held = (more: Partial<Release> = {}) => release({ lease: { holder: 'run-1', until: minutes(10) }, ...more });
const recordWith = (live: Release): ReleaseRecord => ({ ...newRecord(subject), epoch: 4, live });
const pause = { command: 'pause', by: 'mina', why: 'lunch', at: 0 } as const;

const open = async (live = held(), now = minutes(5)) => {
  const stored = storedRelease(recordWith(live));
  const read = await stored.store.read();
  if (read === undefined) throw new Error('no record');
  return { stored, turn: turnOf(worldAt(now, { config: 'churn-1-0-0' }), stored.store, read, terms) };
};

describe('a turn', () => {
  test('needs a live release', async () => {
    const stored = storedRelease({ ...newRecord(subject), epoch: 4 });
    const read = await stored.store.read();
    if (read === undefined) throw new Error('no record');
    expect(() => turnOf(worldAt(0, undefined), stored.store, read, terms)).toThrow('no release of churn is live');
  });

  test('saves, renews the lease, and goes on with the saved release', async () => {
    const { stored, turn } = await open();
    const next = await turn.save({ phase: 'submitting' });
    await next.save({ witnessed: { submittedAt: 1 } });
    await stored.store.keepJournal();
    expect(stored.record()).toMatchObject({
      epoch: 6,
      live: { phase: 'submitting', witnessed: { submittedAt: 1 }, lease: { holder: 'run-1', until: minutes(15) } },
    });
    expect(stored.journal()).toMatchObject([
      { kind: 'command', phase: 'submitting', at: '1970-01-01T00:05:00Z' },
      { kind: 'observation', witnessed: { submittedAt: 1 } },
    ]);
  });

  test('keeps the judge’s verdict in the journal', async () => {
    const { stored, turn } = await open();
    turn.witness({ at: 0, buckets: [], verdict: { decision: 'hold', because: 'blind' } });
    await stored.store.keepJournal();
    expect(stored.journal()).toMatchObject([{ kind: 'verdict', decision: 'hold', because: 'blind' }]);
  });

  test('reads the endpoint 30 to 36 seconds later', async () => {
    const { turn } = await open();
    const wait = turn.nextPoll() - minutes(5);
    expect(wait).toBeGreaterThanOrEqual(seconds(30));
    expect(wait).toBeLessThanOrEqual(seconds(36));
  });

  test('different releases, and different times, are read at different moments', async () => {
    const pauses = new Set<number>();
    for (const now of [0, 1, 2, 3]) {
      const { turn } = await open(held(), now);
      pauses.add(turn.nextPoll() - now);
    }
    const { turn } = await open(held({ id: 'churn-1.2.0-cccccccc-2' }), 0);
    pauses.add(turn.nextPoll());
    expect(pauses.size).toBe(5);
  });
});

describe('another writer between the read and the save', () => {
  test('who added a command does not stop the turn, and the command stays', async () => {
    const { stored, turn } = await open();
    stored.beforeWrite(() => stored.overwrite({ ...recordWith(held({ commands: [pause] })), epoch: 5 }));
    await turn.save({ phase: 'submitting' });
    expect(stored.record().live).toMatchObject({ phase: 'submitting', commands: [pause] });
  });

  test('who went on with the release makes the turn void', async () => {
    const { stored, turn } = await open();
    const theirs = { ...recordWith(held({ phase: 'supervising' })), epoch: 5 };
    stored.beforeWrite(() => stored.overwrite(theirs));
    await expect(turn.save({ phase: 'submitting' })).rejects.toBeInstanceOf(LostRace);
    expect(stored.record()).toEqual(theirs);
  });

  test('who took the release is named', async () => {
    const { stored, turn } = await open();
    const theirs = { ...recordWith(held({ lease: { holder: 'run-2', until: minutes(20) } })), epoch: 5 };
    stored.beforeWrite(() => stored.overwrite(theirs));
    expect(await refusal(turn.save({ phase: 'submitting' }))).toMatch(/^held-by-another-release: .*held by run-2/);
    expect(stored.record()).toEqual(theirs);
  });

  test.each([
    ['deleted the record', undefined],
    ['ended the release', { ...newRecord(subject), epoch: 5 }],
  ])('who %s makes the turn void', async (_what, theirs) => {
    const { stored, turn } = await open();
    stored.beforeWrite(() => stored.overwrite(theirs));
    await expect(turn.save({})).rejects.toBeInstanceOf(LostRace);
  });

  test('who began another release makes the turn void', async () => {
    const { stored, turn } = await open();
    stored.beforeWrite(() => stored.overwrite({ ...recordWith(held({ id: 'churn-1.2.0-cccccccc-2' })), epoch: 5 }));
    await expect(turn.save({})).rejects.toBeInstanceOf(LostRace);
  });
});

describe('the end', () => {
  test('keeps outcome, reason and sentence', async () => {
    const { stored, turn } = await open(held({ outcome: 'rolled-back', reason: 'alarm', because: 'it went off' }));
    expect(await turn.end('baseline')).toMatchObject({ outcome: 'rolled-back', serving: 'baseline' });
    await stored.store.keepJournal();
    expect(stored.record().ended).toMatchObject([{ reason: 'alarm', because: 'it went off', endedAt: minutes(5) }]);
    expect(stored.journal()).toMatchObject([
      { kind: 'end', outcome: 'rolled-back', reason: 'alarm', because: 'it went off', serving: 'baseline' },
    ]);
  });

  test('of a release without a conclusion proves nothing', async () => {
    const { turn } = await open();
    expect(await turn.end('unknown')).toMatchObject({
      outcome: 'inconclusive',
      reason: 'abandoned',
      because: 'left unfinished',
    });
  });
});
