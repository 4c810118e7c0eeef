import { removeScaling, scalingOf } from '../../endpoint/scaling.ts';
import type { Turn, TurnResult } from '../turn.ts';

/**
 * An instance type of a variant with a scalable target cannot be changed (AWS: endpoint-scaling-update): the target, with all
 * its policies and scheduled actions, goes into the record, then away. `restoreScaling` brings it back however the update ends.
 */
export const freeScaling = async (turn: Turn): Promise<TurnResult | undefined> => {
  const { world, endpoint, release } = turn;
  if (release.baseline === undefined || release.baseline.instanceType === release.candidate.instanceType)
    return undefined;
  const existing = await scalingOf(world, endpoint, release.submission.variant);
  if (existing === undefined) return undefined;
  await turn.save({ scaling: release.scaling ?? existing });
  await removeScaling(world, existing);
  return { because: `set autoscaling of ${existing.resourceId} aside: the instance type changes`, percent: 9 };
};
