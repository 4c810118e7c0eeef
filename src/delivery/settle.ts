import { type LiveEndpoint, observe, type Status } from '../endpoint/observe.ts';
import { canonicalOf } from '../endpoint/variants.ts';
import { deleteReleaseAlarms } from '../mechanisms/release-alarms.ts';
import type { Turn, TurnResult } from '../mechanisms/turn.ts';
import { bestEffort } from './best-effort.ts';
import { restoreScaling } from './scaling-tasks.ts';
import type { Task } from './task.ts';

/** One configuration serves. Autoscaling that was just put to work may have begun an update of its own. */
const answers: ReadonlySet<Status> = new Set(['InService', 'Updating', 'SystemUpdating', 'RollingBack']);

/** A candidate beside what serves has traffic: the config's name does not say which version serves. */
const isShared = (live: LiveEndpoint): boolean => {
  const canonical = canonicalOf(live);
  return live.variants.some(({ name, weight }) => name !== canonical && weight > 0);
};

/** The last task of every release: what serves is written into the history, and the endpoint is free for the next one. */
export const endRelease = async (turn: Turn): Promise<TurnResult> => {
  const live = await observe(turn.world, turn.endpoint);
  const { candidate, baseline } = turn.release;
  const ended = await turn.end(
    live === undefined || !answers.has(live.status) || isShared(live)
      ? 'unknown'
      : live.endpointConfig === candidate.endpointConfig
        ? 'candidate'
        : live.endpointConfig === baseline?.endpointConfig
          ? 'baseline'
          : 'unknown',
  );
  return { because: ended.because ?? '', percent: 100, ended };
};

/** What every release ends with, however it went. */
export const settlingTasks: readonly Task[] = [
  restoreScaling,
  bestEffort(deleteReleaseAlarms, ({ release }) => `left behind: the alarms ${release.alarms.join(', ')}`),
  endRelease,
];
