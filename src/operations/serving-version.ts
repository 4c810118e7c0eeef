import { lookAt } from '../endpoint/look.ts';
import { codeDeployOf, environmentOf } from '../manifest/load.ts';
import type { Manifest } from '../manifest/manifest.ts';
import { Refusal } from '../operation.ts';
import { oneLine } from '../plain-text.ts';
import { findRequested } from '../registry/packages.ts';
import { storeFor } from '../release/store.ts';
import { InputError } from '../schema.ts';
import { servedPackage } from '../scoring/served.ts';
import type { World } from '../world.ts';

/** In place of a version: the one that serves. No version has such a name. */
export const servingWord = 'serving';

/** ARN of the package that serves; or a sentence: there is nothing to plan by, which is no failure. */
export type ServingVersion =
  | { readonly is: 'serving'; readonly version: string }
  | { readonly is: 'none'; readonly because: string };

/**
 * The version that serves, for a plan of a changed manifest whose next version is not registered yet: the difference is then the manifest's
 * alone.
 * @throws {InputError} outside a dry run, where the version that serves may change before it is delivered again
 */
export const servingVersion = async (
  world: World,
  given: { readonly manifest: Manifest; readonly environment: string },
): Promise<ServingVersion> => {
  if (world.write !== undefined)
    throw new InputError(
      `version: "${servingWord}" stands for the version that serves, and only a dry run plans it again; name the version to deploy`,
    );
  const { manifest, environment } = given;
  const none = (because: string): ServingVersion => ({ is: 'none', because });
  if (codeDeployOf(manifest, environment) !== undefined)
    return none(
      `${environment} is delivered by CodeDeploy, where only a registered version can be planned: the changes are shown before its delivery`,
    );
  const { name } = environmentOf(manifest, environment).endpoint;
  const live = (await storeFor(given, world).read())?.record.live;
  if (live !== undefined)
    return none(`release ${live.id} is under way on endpoint ${name}: the changes are known when it has ended`);
  const look = await lookAt(world, name);
  if (look === undefined)
    return none(`endpoint ${name} does not exist yet: the first delivery to ${environment} creates it`);
  const version = servedPackage(look);
  if (version === undefined)
    return none(`the model that endpoint ${name} serves is of no model package, so there is no version to plan by`);
  return (await isReadable(world, manifest.model, version))
    ? { is: 'serving', version }
    : none(
        `endpoint ${name} serves package ${oneLine(nameOf(version))}, which is no version of ${manifest.model} in this registry: there is no version to plan by`,
      );
};

const isReadable = async (world: World, model: string, version: string): Promise<boolean> => {
  try {
    return (await findRequested(world, model, version)) !== undefined;
  } catch (error) {
    // Another model, or a registry of another account.
    if (error instanceof Refusal && (error.reason === 'invalid-input' || error.reason === 'unknown-version'))
      return false;
    throw error;
  }
};

/** `churn/7`. */
const nameOf = (packageArn: string): string => packageArn.slice(packageArn.indexOf('/') + 1);
