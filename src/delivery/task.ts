import type { Turn, TurnResult } from '../mechanisms/turn.ts';
import type { Phase } from '../release/record.ts';

/** One task of a phase; undefined when it is done already. It reads AWS to find that out. */
export type Task = (turn: Turn) => Promise<TurnResult | undefined> | undefined;

/** The tasks of each phase, in order. The first unfinished task is the turn. */
export type Tasks = { readonly [P in Exclude<Phase, 'ended'>]?: readonly Task[] };

/** One turn of a release: at most one logical mutation (DESIGN §2). Any run, host or machine may have taken the turn before. */
export const runNextTask = async (turn: Turn, tasks: Tasks): Promise<TurnResult> => {
  const { phase, id } = turn.release;
  if (phase === 'ended') throw new Error(`release ${id} has ended but is still live`);
  for (const task of tasks[phase] ?? []) {
    const step = await task(turn);
    if (step !== undefined) return step;
  }
  throw new Error(`release ${id} has no task left in phase ${phase} but did not end`);
};
