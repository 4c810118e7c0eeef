import { createHash } from 'node:crypto';
import { classify, orUndefined } from '../aws/errors.ts';
import { Refusal } from '../operation.ts';
import { parseS3Location, type S3Object, s3Uri } from '../registry/s3-object.ts';
import { InputError } from '../schema.ts';
import { withoutUndefined } from '../without-undefined.ts';
import type { Workspace, World } from '../world.ts';

/** A file of rows, whole in memory. */
export interface RowsFile {
  /** As the manifest names it; it begins the messages about its lines. */
  readonly name: string;
  readonly bytes: Buffer;
  /** Hex, of the bytes. */
  readonly sha256: string;
}

export const rowsFile = (name: string, bytes: Buffer): RowsFile => ({
  name,
  bytes,
  sha256: createHash('sha256').update(bytes).digest('hex'),
});

/** A larger set belongs into a batch job. */
export const mostRowsBytes = 256 * 1024 * 1024;

/**
 * A file of the repository, or an object in S3.
 * @param key of the manifest that names it, for messages: `regression.dataset`
 * @throws {InputError} when there is none, or it is too large
 * @throws {Refusal} `access-denied`
 */
export const readRowsFile = async (world: World, name: string, key: string): Promise<RowsFile> => {
  if (!name.startsWith('s3://')) return readLocalRows(world.workspace, name, key);
  const object = parseS3Location(name);
  if (object === undefined)
    throw new InputError(`${key}: ${name} is no address of an object; expected s3://<bucket>/<key>`);
  const etag = await etagOf(world, object);
  const known = etag === undefined ? undefined : kept.get(`${name} ${etag}`);
  if (known !== undefined) return known;
  const bytes = await objectOf(world, object, key, etag);
  if (bytes === undefined)
    throw new InputError(
      `${key}: ${name} is larger than ${mostRowsBytes / 1024 / 1024} MB, the largest set that is read`,
    );
  return keep(rowsFile(name, bytes), etag);
};

/** As `readRowsFile`, of a file of the repository. */
export const readLocalRows = async (workspace: Workspace, name: string, key: string): Promise<RowsFile> => {
  try {
    return keep(rowsFile(name, await workspace.read(name, mostRowsBytes)), undefined);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new InputError(`${key}: ${error.message}`);
  }
};

/**
 * The last files that this process has read, by name and content, and by name and ETag. Every turn of a test reads its files again, and a
 * large one would cost seconds each time. S3 is asked each time: a run reads nothing here that its role may not read.
 */
const kept = new Map<string, RowsFile>();
const mostKept = { files: 8, bytes: 2 * mostRowsBytes };

/** @returns the file of the same content that is kept already, if there is one: its rows are known */
const keep = (file: RowsFile, etag: string | undefined): RowsFile => {
  const content = `${file.name} ${file.sha256}`;
  const same = kept.get(content) ?? file;
  for (const key of [content, ...(etag === undefined ? [] : [`${file.name} ${etag}`])]) {
    kept.delete(key);
    kept.set(key, same);
  }
  for (const key of kept.keys()) {
    const files = new Set(kept.values());
    const bytes = [...files].reduce((sum, one) => sum + one.bytes.length, 0);
    if (files.size <= 1 || (files.size <= mostKept.files && bytes <= mostKept.bytes)) break;
    kept.delete(key);
  }
  return same;
};

/** Undefined where S3 does not say it: reading the object has the error that counts. */
const etagOf = async (world: World, { bucket, key }: S3Object): Promise<string | undefined> => {
  try {
    return (await orUndefined(world.read.s3.headWithoutChecksum({ Bucket: bucket, Key: key })))?.ETag;
  } catch (error) {
    if (classify(error) !== 'access-denied') throw error;
    return undefined;
  }
};

/** @param etag of the object: another one, which replaced it just now, is not read under its name */
const objectOf = async (
  world: World,
  object: S3Object,
  key: string,
  etag: string | undefined,
): Promise<Buffer | undefined> => {
  try {
    return await world.read.s3.getBytes(
      { Bucket: object.bucket, Key: object.key, ...withoutUndefined({ IfMatch: etag }) },
      mostRowsBytes,
    );
  } catch (error) {
    const kind = classify(error);
    if (kind === 'not-found') throw new InputError(`${key}: there is no object ${s3Uri(object)}`);
    if (kind !== 'access-denied') throw error;
    throw new Refusal(
      'access-denied',
      `${key}: ${s3Uri(object)} cannot be read: grant s3:GetObject on it; without s3:ListBucket on ${object.bucket} S3 gives the same answer for an object that is absent; or the bucket belongs to another account: name it under \`bucket-owners\``,
    );
  }
};
