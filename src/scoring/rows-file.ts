import { createHash } from 'node:crypto';
import { classify, orUndefined } from '../aws/errors.ts';
import { Refusal } from '../operation.ts';
import { parseS3Location, type S3Object, s3Uri } from '../registry/s3-object.ts';
import { InputError } from '../schema.ts';
import { partsOf } from '../whole-files.ts';
import { withoutUndefined } from '../without-undefined.ts';
import type { FileParts, Workspace, World } from '../world.ts';

/** A file of rows, which is read in parts: it may be larger than the memory. */
export interface RowsFile extends FileParts {
  /** As the manifest names it; it begins the messages about its lines. */
  readonly name: string;
  /** Hex, of the bytes. */
  readonly sha256: string;
}

/** A file in memory. */
export const rowsFile = (name: string, bytes: Buffer): RowsFile => ({
  name,
  ...partsOf(bytes),
  sha256: createHash('sha256').update(bytes).digest('hex'),
});

/** A larger set belongs into a batch job. */
export const mostRowsBytes = 2 * 1024 * 1024 * 1024;

/** Of one read: a request of S3 each. */
const blockBytes = 4 * 1024 * 1024;

/** The bytes of a file, block by block. */
export const blocksOf = async function* ({ size, read }: FileParts): AsyncGenerator<Buffer, void> {
  for (let from = 0; from < size; from += blockBytes) yield read(from, Math.min(size, from + blockBytes));
};

const digestOf = async (parts: FileParts): Promise<string> => {
  const hash = createHash('sha256');
  for await (const block of blocksOf(parts)) hash.update(block);
  return hash.digest('hex');
};

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
  const { etag, size } = await headOf(world, object, key);
  if (size > mostRowsBytes)
    throw new InputError(
      `${key}: ${name} is larger than ${mostRowsBytes / 1024 ** 3} GB, the largest set that is read`,
    );
  const parts = { size, read: (from: number, to: number) => partOf(world, object, key, { etag, from, to }) };
  const known = etag === undefined ? undefined : digests.get(`${name} ${etag}`);
  const sha256 = known ?? (await digestOf(parts));
  if (etag !== undefined) keepDigest(`${name} ${etag}`, sha256);
  return { name, ...parts, sha256 };
};

/** As `readRowsFile`, of a file of the repository. */
export const readLocalRows = async (workspace: Workspace, name: string, key: string): Promise<RowsFile> => {
  try {
    const parts = await workspace.open(name, mostRowsBytes);
    return { name, ...parts, sha256: await digestOf(parts) };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new InputError(`${key}: ${error.message}`);
  }
};

/**
 * Digests of the last objects, by name and ETag: every turn of a test needs them, and a large object would take seconds each time. S3 is
 * requested each time: a run reads nothing that its role may not read.
 */
const digests = new Map<string, string>();
const mostDigests = 64;

const keepDigest = (content: string, sha256: string): void => {
  digests.delete(content);
  digests.set(content, sha256);
  for (const former of digests.keys()) {
    if (digests.size <= mostDigests) break;
    digests.delete(former);
  }
};

interface Head {
  readonly etag: string | undefined;
  readonly size: number;
}

const headOf = async (world: World, object: S3Object, key: string): Promise<Head> => {
  const found = await explained(object, key, async () => {
    try {
      return await orUndefined(world.read.s3.headWithoutChecksum({ Bucket: object.bucket, Key: object.key }));
    } catch (error) {
      if (classify(error) !== 'access-denied') throw error;
      return undefined;
    }
  });
  if (found !== undefined) return { etag: found.ETag, size: found.ContentLength ?? 0 };
  // A HEAD answer has no words: reading the object has the error that counts.
  await partOf(world, object, key, { etag: undefined, from: 0, to: 1 });
  throw new InputError(`${key}: ${s3Uri(object)} was made just now; try again`);
};

/** @param etag of the object: another one, which replaced it meanwhile, is not read under its name */
const partOf = (
  world: World,
  object: S3Object,
  key: string,
  { etag, from, to }: { readonly etag: string | undefined; readonly from: number; readonly to: number },
): Promise<Buffer> =>
  explained(object, key, async () => {
    // A range names a byte at least.
    if (from >= to) return Buffer.alloc(0);
    const bytes = await world.read.s3.getBytes(
      {
        ...{ Bucket: object.bucket, Key: object.key, Range: `bytes=${from}-${to - 1}` },
        ...withoutUndefined({ IfMatch: etag }),
      },
      to - from,
    );
    if (bytes?.length !== to - from)
      throw new Error(`S3 gave ${bytes?.length ?? 'more'} bytes of ${s3Uri(object)} for ${to - from}`);
    return bytes;
  });

const explained = async <Answer>(object: S3Object, key: string, read: () => Promise<Answer>): Promise<Answer> => {
  try {
    return await read();
  } catch (error) {
    const kind = classify(error);
    if (kind === 'not-found') throw new InputError(`${key}: there is no object ${s3Uri(object)}`);
    if (kind === 'precondition-failed') throw new InputError(`${key}: ${s3Uri(object)} changed while it was read`);
    if (kind !== 'access-denied') throw error;
    throw new Refusal(
      'access-denied',
      `${key}: ${s3Uri(object)} cannot be read: grant s3:GetObject on it; without s3:ListBucket on ${object.bucket} S3 gives the same answer for an object that is absent; or the bucket belongs to another account: name it under \`bucket-owners\``,
    );
  }
};
