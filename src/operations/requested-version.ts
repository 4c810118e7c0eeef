import { findRequested, missingPackage, type RequestedVersion } from '../registry/packages.ts';
import type { ReleaseStore } from '../release/store.ts';
import type { World } from '../world.ts';

/**
 * The version that a request means, under its name in the release record. A release that is under way goes on when its package was
 * deleted: then the record alone knows the name of a version that is requested by its number.
 */
export const requestedVersion = async (
  world: World,
  store: ReleaseStore,
  model: string,
  text: string,
): Promise<RequestedVersion> => {
  const found = await findRequested(world, model, text);
  if (found !== undefined) return found;
  const missing = missingPackage(model, text);
  const live = (await store.read())?.record.live;
  return live !== undefined && live.candidate.packageVersion === missing.packageVersion
    ? { ...missing, version: live.version }
    : missing;
};
