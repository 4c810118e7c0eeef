import { dimensionOfFleet, laterSnapshot, removeScaling, scalingOf } from '../../endpoint/scaling.ts';
import type { Turn, TurnResult } from '../turn.ts';

/**
 * The instance type of a variant with a scalable target cannot be changed (AWS: endpoint-scaling-update). The record first keeps the
 * target with all its policies and scheduled actions; then the target is removed. `restoreScaling` restores it after every outcome.
 */
export const freeScaling = async (turn: Turn): Promise<TurnResult | undefined> => {
  const { world, endpoint, release } = turn;
  if (release.baseline === undefined || release.baseline.instanceType === release.candidate.instanceType)
    return undefined;
  // What others changed since the plan would not be in the snapshot.
  world.lookAgain?.();
  const existing = await scalingOf(world, endpoint, release.submission.variant, dimensionOfFleet(release.baseline));
  if (existing === undefined) return undefined;
  await turn.save({ scaling: laterSnapshot(release.scaling, existing) });
  await removeScaling(world, existing);
  return {
    because: `removed autoscaling of ${existing.resourceId} for the duration of this release: the instance type changes`,
    percent: 9,
  };
};
