import type { Turn, TurnResult } from '../mechanisms/turn.ts';
import type { Phase } from '../release/record.ts';

/** One thing that may be left to do in a phase; undefined when it is done already, which it finds out by looking. */
export type Task = (turn: Turn) => Promise<TurnResult | undefined> | undefined;

/** The tasks of each phase, in order. The first that has something to do is the turn. */
export type Tasks = { readonly [P in Exclude<Phase, 'ended'>]?: readonly Task[] };

/** One turn of a release: at most one logical mutation (DESIGN §2), whatever run, host or machine took the turn before. */
export const runNextTask = async (turn: Turn, tasks: Tasks): Promise<TurnResult> => {
  const { phase, id } = turn.release;
  if (phase === 'ended') throw new Error(`release ${id} has ended and is live all the same`);
  for (const task of tasks[phase] ?? []) {
    const step = await task(turn);
    if (step !== undefined) return step;
  }
  throw new Error(`release ${id} has nothing left to do in phase ${phase} and did not end`);
};
