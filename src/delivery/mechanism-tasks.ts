import { mechanismOf } from '../mechanisms/all.ts';
import type { WantedRelease } from '../mechanisms/mechanism.ts';
import type { Turn } from '../mechanisms/turn.ts';
import type { Task, Tasks } from './task.ts';

/** The release as this run's manifest wants it; undefined in a run that only ends the release. */
type WantedOf = (turn: Turn) => WantedRelease | undefined;

const nothing: WantedOf = () => undefined;

/** The last task of phase `preparing`: the mechanism's preparations and the change itself. */
export const submitChange =
  (wanted: WantedOf = nothing): Task =>
  (turn) =>
    mechanismOf(turn.release).submit(turn, wanted(turn));

/** Every phase from the change to the conclusion, under every mechanism. */
export const followChange = (
  wanted: WantedOf = nothing,
): Required<Pick<Tasks, 'stepping' | 'submitting' | 'supervising'>> => {
  const look: Task = (turn) => mechanismOf(turn.release).observe(turn, wanted(turn));
  return { stepping: [look], submitting: [look], supervising: [look] };
};
