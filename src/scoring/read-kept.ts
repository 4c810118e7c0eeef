import type * as z from 'zod/mini';
import { orUndefined } from '../aws/errors.ts';
import { ObjectTooLarge } from '../aws/object-too-large.ts';
import type { S3Location } from '../manifest/manifest.ts';
import { Refusal } from '../operation.ts';
import { readJson, UnreadableText } from '../release/stored-json.ts';
import type { World } from '../world.ts';

/**
 * An object that a test keeps, which any writer of the bucket may have replaced.
 * @param is the noun for messages: `no result of the check load`
 * @returns undefined when there is none
 * @throws {Refusal} `record-unavailable` when it is not of the schema
 */
export const readKept = async <Schema extends z.ZodMiniType>(
  world: World,
  place: Pick<S3Location, 'bucket'>,
  Key: string,
  kind: KeptKind<Schema>,
): Promise<z.output<Schema> | undefined> => (await findKept(world, place, Key, kind))?.value;

/** As `readKept`, of an object that was seen before. @throws {Refusal} `record-unavailable` also when there is none */
export const requireKept = async <Schema extends z.ZodMiniType>(
  world: World,
  place: Pick<S3Location, 'bucket'>,
  Key: string,
  kind: KeptKind<Schema>,
): Promise<z.output<Schema>> => {
  const value = await readKept(world, place, Key, kind);
  if (value !== undefined) return value;
  throw new Refusal('record-unavailable', `s3://${place.bucket}/${Key} is gone: run regression-test again`);
};

export interface KeptKind<Schema extends z.ZodMiniType> {
  readonly schema: Schema;
  readonly mostBytes: number;
  readonly is: string;
  /** Its text as data: JSON, or a list of the lines of JSON Lines. */
  readonly read?: (text: string) => unknown;
}

export const jsonLines = (text: string): readonly unknown[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map(readJson);

/** As `readKept`, with the tag by which it can be replaced. */
export const findKept = async <Schema extends z.ZodMiniType>(
  world: World,
  { bucket }: Pick<S3Location, 'bucket'>,
  Key: string,
  { schema, mostBytes, is, read = readJson }: KeptKind<Schema>,
): Promise<{ readonly value: z.output<Schema>; readonly etag: string } | undefined> => {
  const found = await objectOf(world, { Bucket: bucket, Key }, mostBytes);
  if (found === undefined) return undefined;
  const result = schema.safeParse(dataOf(found.text, read));
  if (result.success) return { value: result.data, etag: found.etag };
  throw new Refusal('record-unavailable', `s3://${bucket}/${Key} is ${is}; delete it, then run regression-test again`);
};

/** Undefined when there is no object; empty when it is too large for any of its kind. */
const objectOf = async (
  world: World,
  address: { readonly Bucket: string; readonly Key: string },
  mostBytes: number,
): Promise<{ readonly text: string; readonly etag: string } | undefined> => {
  try {
    return await orUndefined(world.read.s3.getObject(address, mostBytes));
  } catch (error) {
    if (error instanceof ObjectTooLarge) return { text: '', etag: '' };
    throw error;
  }
};

const dataOf = (text: string, read: (text: string) => unknown): unknown => {
  try {
    return read(text);
  } catch (error) {
    if (error instanceof UnreadableText) return undefined;
    throw error;
  }
};
