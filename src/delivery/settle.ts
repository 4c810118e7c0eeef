import { describe, isRefused } from '../aws/errors.ts';
import { type LiveEndpoint, observe, type Status } from '../endpoint/observe.ts';
import { canonicalOf } from '../endpoint/variants.ts';
import { deleteReleaseAlarms } from '../mechanisms/release-alarms.ts';
import type { Turn, TurnResult } from '../mechanisms/turn.ts';
import { bestEffort } from './best-effort.ts';
import { restoreScaling } from './scaling-tasks.ts';
import type { Task } from './task.ts';

/** The states in which one configuration serves. Restored autoscaling may have begun an update of its own. */
const answers: ReadonlySet<Status> = new Set(['InService', 'Updating', 'SystemUpdating', 'RollingBack']);

/** A candidate has traffic beside the baseline: the config's name does not identify the version that serves. */
const isShared = (live: LiveEndpoint): boolean => {
  const canonical = canonicalOf(live);
  return live.variants.some(({ name, weight }) => name !== canonical && weight > 0);
};

/** The last task of every release: it records the configuration that serves, and frees the endpoint for the next release. */
export const endRelease = async (turn: Turn): Promise<TurnResult> => {
  const live = await observe(turn.world, turn.endpoint).catch((error: unknown) => {
    if (!isRefused(error)) throw error;
    turn.remark(`the configuration that serves at the end is not known: ${describe(error)}`);
    return undefined;
  });
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

/** The last tasks of every release, for every outcome. */
export const settlingTasks: readonly Task[] = [
  restoreScaling,
  bestEffort(deleteReleaseAlarms, ({ release }) => `left behind: the alarms ${release.alarms.join(', ')}`),
  endRelease,
];
