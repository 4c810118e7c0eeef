import { packageOfModel } from '../endpoint/look.ts';
import { versionMark } from '../manifest/asking.ts';
import type { RegressionSpec } from '../manifest/regression.ts';
import { findRequested } from '../registry/packages.ts';
import type { RegisteredVersion } from '../registry/registered-version.ts';
import { isOf, registryAccount } from '../registry/registry.ts';
import { readPackage } from '../registry/version-reference.ts';
import { isSameName } from '../same-name.ts';
import { InputError } from '../schema.ts';
import type { World } from '../world.ts';
import { type RowsFile, readRowsFile } from './rows-file.ts';
import { type Serving, servedIn } from './served.ts';

/** The models whose predictions the manifest names. */
export interface Predicted {
  readonly model: string;
  readonly regression: Pick<RegressionSpec, 'asking'>;
  readonly registered: Pick<RegisteredVersion, 'version'>;
  /** The environment's endpoint; undefined: there is none. */
  readonly look: Serving | undefined;
}

type Side = 'candidate' | 'baseline';

/**
 * The predictions that the manifest names instead of a model that answers.
 * @returns undefined where that model answers itself, and where the file is about the version that serves and nothing serves
 * @throws as `readRowsFile`
 */
export const predictionsOf = async (world: World, predicted: Predicted, side: Side): Promise<RowsFile | undefined> => {
  const site = predicted.regression.asking[side];
  if (site.is !== 'predictions') return undefined;
  const key = `regression.${side}`;
  if (!site.path.includes(versionMark)) return readRowsFile(world, site.path, key);
  const version =
    side === 'candidate' ? predicted.registered.version : await versionThatServes(world, predicted, site.path);
  return version === undefined ? undefined : readRowsFile(world, site.path.replaceAll(versionMark, version), key);
};

/** The files of both sides. @throws as `readRowsFile` */
export const predictionFiles = async (world: World, predicted: Predicted): Promise<readonly RowsFile[]> => {
  const files: RowsFile[] = [];
  for (const side of ['candidate', 'baseline'] as const) {
    const file = await predictionsOf(world, predicted, side);
    if (file !== undefined) files.push(file);
  }
  return files;
};

/** Undefined when nothing serves. @throws {InputError} when the model that serves was made of no package of the manifest's model */
const versionThatServes = async (
  world: World,
  { model, look }: Predicted,
  path: string,
): Promise<string | undefined> => {
  const served = servedIn(look);
  if (look === undefined || served === undefined) return undefined;
  const described = look.models.get(served.model);
  const { group, packageVersion, home } = readPackage(model, (described && packageOfModel(described)) ?? '') ?? {};
  const isOurs = isSameName(group ?? '', model) && home !== undefined && isOf(registryAccount(world), home);
  const requested =
    isOurs && packageVersion !== undefined ? await findRequested(world, model, String(packageVersion)) : undefined;
  if (requested !== undefined) return requested.version;
  throw new InputError(
    `regression.baseline: ${path} has the version that serves in its name, and model ${served.model}, which serves, was made of no registered version of ${model}: name a file without ${versionMark}`,
  );
};
