import { deleteReleaseAlarms } from '../mechanisms/release-alarms.ts';
import type { Turn, TurnResult } from '../mechanisms/turn.ts';
import { bestEffort } from './best-effort.ts';
import { settleStages } from './follow-stage.ts';
import { restoreScaling } from './scaling-tasks.ts';
import { servingAtEnd } from './serving-at-end.ts';
import type { Task } from './task.ts';

/** The last task of every release: it records the configuration that serves, and frees the endpoint for the next release. */
export const endRelease = async (turn: Turn): Promise<TurnResult> => {
  const ended = await turn.end(await servingAtEnd(turn));
  return { because: ended.because ?? '', percent: 100, ended };
};

/** The last tasks of every release, for every outcome. */
export const settlingTasks: readonly Task[] = [
  restoreScaling,
  bestEffort(deleteReleaseAlarms, ({ release }) => `left behind: the alarms ${release.alarms.join(', ')}`),
  settleStages,
  endRelease,
];
