import * as z from 'zod/mini';
import type { Check, CheckName } from '../../findings/regression.ts';
import type { S3Location } from '../../manifest/manifest.ts';
import type { World } from '../../world.ts';
import { checkSchema } from '../findings-schema.ts';
import { keepOnce } from '../keep-once.ts';
import { readKept } from '../read-kept.ts';

/** The results of the checks of one attempt: `<subject>/<attempt>/checks/load.json`, each written once. */

/** Tables and cases of a check. */
const mostBytes = 8 * 1024 * 1024;

const keyOf = ({ prefix }: S3Location, attempt: number, name: CheckName): string =>
  `${prefix}${attempt}/checks/${name}.json`;

export const keepCheck = (world: World, folder: S3Location, attempt: number, check: Check): Promise<void> =>
  keepOnce(world, folder, keyOf(folder, attempt, check.name), JSON.stringify(check), 'application/json');

/** @throws {Refusal} `record-unavailable` when the object is no result of this check */
export const readCheck = async (
  world: World,
  folder: S3Location,
  attempt: number,
  name: CheckName,
): Promise<Check | undefined> => {
  const found = await readKept(world, folder, keyOf(folder, attempt, name), {
    schema: checkSchema.check(z.refine((check) => check.name === name)),
    mostBytes,
    is: `no result of the check ${name}`,
  });
  return found as Check | undefined;
};
