import { createHash } from 'node:crypto';
import type { RegressionPolicy } from '../manifest/regression.ts';
import { parseS3Location } from '../registry/s3-object.ts';
import { InputError } from '../schema.ts';
import type { World } from '../world.ts';

/** A file of rows, whole in memory. */
export interface RowsFile {
  /** As the manifest names it; it begins the messages about its lines. */
  readonly name: string;
  readonly bytes: Buffer;
}

/** A larger set belongs into a batch job. */
const mostBytes = 256 * 1024 * 1024;

/**
 * A file of the repository, or an object in S3.
 * @throws {InputError} when there is none, or it is too large
 */
export const readRowsFile = async (world: World, name: string): Promise<RowsFile> => {
  const object = name.startsWith('s3://') ? parseS3Location(name) : undefined;
  if (object === undefined) return { name, bytes: await world.workspace.read(name, mostBytes) };
  const bytes = await world.read.s3.getBytes({ Bucket: object.bucket, Key: object.key }, mostBytes);
  if (bytes === undefined)
    throw new InputError(`${name} is larger than ${mostBytes / 1024 / 1024} MB, the largest set that is read`);
  return { name, bytes };
};

/** Hex SHA-256 of the golden set's bytes; `none` without one. @throws {InputError} */
export const goldenDigest = async (world: World, { dataset }: Pick<RegressionPolicy, 'dataset'>): Promise<string> =>
  dataset === undefined ? 'none' : bytesDigest(await readRowsFile(world, dataset));

export const bytesDigest = ({ bytes }: RowsFile): string => createHash('sha256').update(bytes).digest('hex');
