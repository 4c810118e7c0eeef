import { conclude } from '../../src/delivery/conclude.ts';
import { nextPoll } from '../../src/delivery/poll.ts';
import type { Turn } from '../../src/mechanisms/turn.ts';
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
    ...given,
  };
  return turn;
};
