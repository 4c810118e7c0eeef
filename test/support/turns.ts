import { conclude } from '../../src/delivery/conclude.ts';
import { nextLook, nextPoll } from '../../src/delivery/poll.ts';
import type { Turn } from '../../src/mechanisms/turn.ts';
import type { ReleasePatch } from '../../src/release/lifecycle.ts';
import type { Release } from '../../src/release/record.ts';
import { terms } from './approval.ts';

/** A turn without a record behind it; the code under test must use only the given members. */
export const turnFrom = (given: Pick<Turn, 'world' | 'endpoint' | 'release'> & Partial<Turn>): Turn => {
  const notHere = (): never => {
    throw new Error('the turn of this test has no such member');
  };
  const turn: Turn = {
    approval: terms,
    save: notHere,
    remark: notHere,
    witness: notHere,
    end: notHere,
    conclude: (reason, because) => conclude(turn, reason, because),
    nextPoll: () => nextPoll(turn),
    nextLook: (pace, mostMs) => nextLook(turn, pace, mostMs),
    ...given,
  };
  return turn;
};

/** Turns of one release on `churn`, in memory: each has what the turns before it saved. As in the record, undefined removes a member. */
export const turnsOf = (begun: Release, given: Pick<Turn, 'world'> & Partial<Turn>) => {
  let current = begun;
  const saved: ReleasePatch[] = [];
  const turn = (): Turn =>
    turnFrom({
      endpoint: 'churn',
      ...given,
      release: current,
      save: async (patch) => {
        saved.push(patch);
        const members = Object.entries({ ...current, ...patch }).filter(([, value]) => value !== undefined);
        current = Object.fromEntries(members) as unknown as Release;
        return turn();
      },
    });
  return { turn, saved, release: () => current };
};
