import { putScaling, removeScaling, scalingIs, scalingOf, wantedScaling } from '../endpoint/scaling.ts';
import type { EndpointSpec } from '../manifest/manifest.ts';
import type { Turn, TurnResult } from '../mechanisms/turn.ts';

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

/** While the traffic is shifted the variant that serves must be able to take all of it back: it is not scaled in (DESIGN §5). */
export const holdScaling = async (turn: Turn): Promise<TurnResult | undefined> => {
  const { world, endpoint, release } = turn;
  const existing = await scalingOf(world, endpoint, release.submission.variant);
  if (existing === undefined || existing.suspended.scaleIn) return undefined;
  await turn.save({ scaling: release.scaling ?? existing });
  await putScaling(world, { ...existing, suspended: { ...existing.suspended, scaleIn: true } });
  return { because: `scale-in of ${existing.resourceId} is suspended`, percent: 9 };
};

export const restoreScaling = async (turn: Turn): Promise<TurnResult | undefined> => {
  const { release, world } = turn;
  const snapshot = release.scaling;
  if (snapshot === undefined) return undefined;
  await putScaling(world, snapshot);
  await turn.save({ scaling: undefined });
  return { because: `put autoscaling of ${snapshot.resourceId} back`, percent: 93 };
};

/** Brings the variant's scalable target to what the manifest's `autoscaling` block says, once the new version serves. */
export const applyScaling = async (turn: Turn, spec: EndpointSpec): Promise<TurnResult | undefined> => {
  const { release, world, endpoint } = turn;
  if (release.outcome !== 'succeeded' || spec.autoscaling === undefined) return undefined;
  const wanted = wantedScaling(endpoint, release.submission.variant, spec.autoscaling);
  if (scalingIs(wanted, await scalingOf(world, endpoint, release.submission.variant))) return undefined;
  await putScaling(world, wanted);
  return { because: `autoscaling ${wanted.minCapacity} to ${wanted.maxCapacity} instances`, percent: 94 };
};
