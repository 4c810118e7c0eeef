import { putScaling, scalingIs, scalingOf, wantedScaling } from '../endpoint/scaling.ts';
import type { EndpointSpec } from '../manifest/manifest.ts';
import type { Turn, TurnResult } from '../mechanisms/turn.ts';

/** Restores suspended autoscaling, for every outcome of the release (rule 4). */
export const restoreScaling = async (turn: Turn): Promise<TurnResult | undefined> => {
  const { release, world } = turn;
  const snapshot = release.scaling;
  if (snapshot === undefined) return undefined;
  await putScaling(world, snapshot);
  await turn.save({ scaling: undefined });
  return { because: `put autoscaling of ${snapshot.resourceId} back`, percent: 93 };
};

/**
 * Sets the variant's scalable target to the manifest's `autoscaling` block, once the new version serves. A dark candidate is never
 * autoscaled (DESIGN §5).
 */
export const applyScaling = async (turn: Turn, spec: EndpointSpec): Promise<TurnResult | undefined> => {
  const { release, world, endpoint } = turn;
  const isDark = release.submission.canonical !== undefined;
  if (release.outcome !== 'succeeded' || isDark || spec.autoscaling === undefined) return undefined;
  const wanted = wantedScaling(endpoint, release.submission.variant, spec.autoscaling);
  if (scalingIs(wanted, await scalingOf(world, endpoint, release.submission.variant))) return undefined;
  await putScaling(world, wanted);
  return { because: `autoscaling ${wanted.minCapacity} to ${wanted.maxCapacity} instances`, percent: 94 };
};
