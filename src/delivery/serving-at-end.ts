import { describe, isRefused } from '../aws/errors.ts';
import { type LiveEndpoint, observe, type Status } from '../endpoint/observe.ts';
import { canonicalOf } from '../endpoint/variants.ts';
import { targetAtEnd } from '../mechanisms/codedeploy/supervise.ts';
import type { Turn } from '../mechanisms/turn.ts';
import type { Release } from '../release/record.ts';

/** The states in which one configuration serves. Restored autoscaling may have begun an update of its own. */
const answers: ReadonlySet<Status> = new Set(['InService', 'Updating', 'SystemUpdating', 'RollingBack']);

/** A candidate has traffic beside the baseline: the config's name does not identify the version that serves. */
const isShared = (live: LiveEndpoint): boolean => {
  const canonical = canonicalOf(live);
  return live.variants.some(({ name, weight }) => name !== canonical && weight > 0);
};

/** The configuration that serves at the end of a release, as one look shows it. */
export const servingAtEnd = async (turn: Turn): Promise<NonNullable<Release['serving']>> => {
  const unknown = (error: unknown): undefined => {
    if (!isRefused(error)) throw error;
    turn.remark(`the configuration that serves at the end is not known: ${describe(error)}`);
    return undefined;
  };
  if (turn.release.submission.mechanism === 'codedeploy') return (await targetAtEnd(turn).catch(unknown)) ?? 'unknown';
  const live = await observe(turn.world, turn.endpoint).catch(unknown);
  const { candidate, baseline } = turn.release;
  if (live === undefined || !answers.has(live.status) || isShared(live)) return 'unknown';
  if (live.endpointConfig === candidate.endpointConfig) return 'candidate';
  return live.endpointConfig === baseline?.endpointConfig ? 'baseline' : 'unknown';
};
