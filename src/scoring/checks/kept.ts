import * as z from 'zod/mini';
import { foremostCases } from '../../findings/foremost-cases.ts';
import type { Check, CheckName } from '../../findings/regression.ts';
import type { S3Location } from '../../manifest/manifest.ts';
import { shortened } from '../../plain-text.ts';
import type { World } from '../../world.ts';
import { checkSchema } from '../findings-schema.ts';
import { keepOnce } from '../keep-once.ts';
import { readKept } from '../read-kept.ts';

/** The results of the checks of one attempt: `<subject>/<attempt>/checks/load.json`, each written once. */

/** A report has room for no more; one of thousands of columns must not be an object that no run can read again. */
const [mostLines, mostCharacters] = [1_000, 1_000];

/** Far more than the lines of a table and the cases of a check. */
const mostBytes = 8 * 1024 * 1024;

const keyOf = ({ prefix }: S3Location, attempt: number, name: CheckName): string =>
  `${prefix}${attempt}/checks/${name}.json`;

export const keepCheck = (world: World, folder: S3Location, attempt: number, check: Check): Promise<void> =>
  keepOnce(world, folder, keyOf(folder, attempt, check.name), JSON.stringify(bounded(check)), 'application/json');

/** The first lines of its table, and the first cases, those that fail before the others. */
const bounded = ({ table, cases, ...check }: Check): Check => ({
  ...check,
  because: shortened(check.because, mostCharacters),
  ...(table === undefined
    ? {}
    : {
        table: {
          heads: table.heads,
          rows: table.rows.slice(0, mostLines).map((cells) => cells.map((cell) => shortened(cell, mostCharacters))),
        },
      }),
  cases: foremostCases(cases, mostLines).map(({ name, verdict, because }) => ({
    name: shortened(name, mostCharacters),
    verdict,
    ...(because === undefined ? {} : { because: shortened(because, mostCharacters) }),
  })),
});

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
