import * as z from 'zod/mini';
import { orUndefined } from '../../aws/errors.ts';
import { type Check, type CheckName, checkNames } from '../../findings/regression.ts';
import type { S3Location } from '../../manifest/manifest.ts';
import { Refusal } from '../../operation.ts';
import { readJson, UnreadableText } from '../../release/stored-json.ts';
import type { World } from '../../world.ts';
import { keepOnce } from '../keep-once.ts';

/** The results of the checks of one attempt: `<subject>/<attempt>/checks/load.json`, each written once. */

const ruling = z.enum(['pass', 'fail', 'inconclusive']);
const schema = z.object({
  name: z.enum(checkNames),
  level: z.enum(['fail', 'warn']),
  verdict: ruling,
  because: z.string(),
  table: z.optional(z.object({ heads: z.array(z.string()), rows: z.array(z.array(z.string())) })),
  notes: z.optional(z.array(z.string())),
  cases: z.array(z.object({ name: z.string(), verdict: ruling, because: z.optional(z.string()) })),
});

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
  const Key = keyOf(folder, attempt, name);
  const found = await orUndefined(world.read.s3.getObject({ Bucket: folder.bucket, Key }, mostBytes));
  if (found === undefined) return undefined;
  const result = schema.safeParse(jsonOf(found.text));
  if (result.success && result.data.name === name) return result.data as Check;
  throw new Refusal(
    'record-unavailable',
    `s3://${folder.bucket}/${Key} is no result of the check ${name}: delete it, then run regression-test again`,
  );
};

const jsonOf = (text: string): unknown => {
  try {
    return readJson(text);
  } catch (error) {
    if (error instanceof UnreadableText) return undefined;
    throw error;
  }
};
