import type * as z from 'zod/mini';
import { orUndefined } from '../aws/errors.ts';
import { ObjectTooLarge } from '../aws/object-too-large.ts';
import type { S3Location } from '../manifest/manifest.ts';
import { Refusal } from '../operation.ts';
import { readJson, UnreadableText } from '../release/stored-json.ts';
import type { World } from '../world.ts';

/**
 * A JSON object that a test keeps, which any writer of the bucket may have replaced.
 * @param is the noun for messages: `no result of the check load`
 * @returns undefined when there is none
 * @throws {Refusal} `record-unavailable` when it is not of the schema
 */
export const readKept = async <Schema extends z.ZodMiniType>(
  world: World,
  { bucket }: Pick<S3Location, 'bucket'>,
  Key: string,
  { schema, mostBytes, is }: { readonly schema: Schema; readonly mostBytes: number; readonly is: string },
): Promise<z.output<Schema> | undefined> => {
  const text = await textOf(world, { Bucket: bucket, Key }, mostBytes);
  if (text === undefined) return undefined;
  const result = schema.safeParse(jsonOf(text));
  if (result.success) return result.data;
  throw new Refusal('record-unavailable', `s3://${bucket}/${Key} is ${is}: delete it, then run regression-test again`);
};

/** Undefined when there is no object; empty when it is too large for any of its kind. */
const textOf = async (
  world: World,
  address: { readonly Bucket: string; readonly Key: string },
  mostBytes: number,
): Promise<string | undefined> => {
  try {
    return (await orUndefined(world.read.s3.getObject(address, mostBytes)))?.text;
  } catch (error) {
    if (error instanceof ObjectTooLarge) return '';
    throw error;
  }
};

const jsonOf = (text: string): unknown => {
  try {
    return readJson(text);
  } catch (error) {
    if (error instanceof UnreadableText) return undefined;
    throw error;
  }
};
