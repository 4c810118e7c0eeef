import { largestCopyBytes } from '../aws/copy-source.ts';
import { classify, orUndefined } from '../aws/errors.ts';
import { allPages } from '../aws/pages.ts';
import { counted } from '../judge/amounts.ts';
import { Refusal } from '../operation.ts';
import { type World, writesOf } from '../world.ts';
import { type DataCopy, objectsOf, type PinnedSource } from './artifact.ts';
import { addressOf, type S3Object, s3Uri } from './s3-object.ts';

const mebibyte = 1024 ** 2;
/** S3 copies such a part in a few seconds. */
const usualPartBytes = 512 * mebibyte;
/** AWS: "Amazon S3 multipart upload limits". */
const mostParts = 10_000;
/** Calls in one turn: a run that dies loses no more. */
const partsATurn = 8;
const objectsATurn = 16;
/** S3 copies between its own disks; the rate of one copy is not published [unconfirmed]. */
const bytesASecond = 200 * mebibyte;

/** An estimate: whole seconds. */
export const copySeconds = (copies: readonly DataCopy[]): number =>
  Math.ceil(copies.reduce((sum, { bytes }) => sum + bytes, 0) / bytesASecond);

/** The objects that CopyObject does not take in one call. */
export const isLarge = ({ bytes }: DataCopy): boolean => bytes > largestCopyBytes;

/** Depends on the size alone: S3's digest of a copy does too. */
export const partsOf = ({
  bytes,
}: Pick<DataCopy, 'bytes'>): readonly { readonly number: number; readonly range: string }[] => {
  const size = Math.max(usualPartBytes, Math.ceil(bytes / mostParts / mebibyte) * mebibyte);
  return Array.from({ length: Math.ceil(bytes / size) }, (_, index) => ({
    number: index + 1,
    range: `bytes=${index * size}-${Math.min(bytes, (index + 1) * size) - 1}`,
  }));
};

/**
 * The copies that do not exist yet.
 * @throws {Refusal} `artifact-changed` when there is an object of another size in the place of a copy
 */
export const missingCopies = async (
  world: World,
  { folder, copies }: Pick<PinnedSource, 'folder' | 'copies'>,
): Promise<readonly DataCopy[]> => {
  const there = new Map((await objectsOf(world, folder)).map(({ from, bytes }) => [from.key, bytes]));
  return copies.filter(({ to, bytes }) => {
    const found = there.get(to.key);
    if (found !== undefined && found !== bytes)
      throw new Refusal('artifact-changed', `${s3Uri(to)} was overwritten: its size is not that of the copied object`);
    return found === undefined;
  });
};

/**
 * Copies as much as one turn may: some objects, or some parts of a large one. It refuses a source that changed since it was looked at,
 * and never replaces an existing object. A repeated turn, also of another run, goes on with the parts that exist.
 * @returns the progress, for people
 */
export const copySome = async (world: World, missing: readonly DataCopy[]): Promise<string> => {
  const [first] = missing;
  if (first === undefined) return 'nothing is left to copy';
  if (isLarge(first)) return copyParts(world, first);
  const some = missing.filter((one) => !isLarge(one)).slice(0, objectsATurn);
  await Promise.all(some.map((one) => unlessRefused(copyWhole(world, one))));
  return `copied ${counted(some.length, 'object')} of ${counted(missing.length, 'object')} that were missing`;
};

const copyWhole = (world: World, { from, etag, to }: DataCopy): Promise<unknown> =>
  writesOf(world).s3.copyObject({
    ...addressOf(to),
    source: from,
    CopySourceIfMatch: etag,
    IfNoneMatch: '*',
    ChecksumAlgorithm: 'SHA256',
  });

const copyParts = async (world: World, copy: DataCopy): Promise<string> => {
  const { from, etag, to } = copy;
  const { s3 } = writesOf(world);
  const [upload, ...others] = await uploadsOf(world, to);
  if (upload === undefined) {
    await s3.createMultipartUpload({ ...addressOf(to), ChecksumAlgorithm: 'SHA256', ChecksumType: 'COMPOSITE' });
    return `began to copy ${s3Uri(from)} in ${counted(partsOf(copy).length, 'part')}`;
  }
  const UploadId = upload;
  const done = await partsIn(world, to, UploadId);
  const parts = partsOf(copy);
  const missing = parts.filter(({ number }) => !done.has(number));
  if (missing.length > 0) {
    await Promise.all(
      missing.slice(0, partsATurn).map(({ number, range }) =>
        unlessRefused(
          s3.uploadPartCopy({
            ...addressOf(to),
            UploadId,
            PartNumber: number,
            source: from,
            CopySourceIfMatch: etag,
            CopySourceRange: range,
          }),
        ),
      ),
    );
    const copied = Math.min(parts.length, parts.length - missing.length + partsATurn);
    return `copied ${copied} of ${counted(parts.length, 'part')} of ${s3Uri(from)}`;
  }
  const completed = await unlessRefused(
    s3.completeMultipartUpload({
      ...addressOf(to),
      UploadId,
      IfNoneMatch: '*',
      MultipartUpload: { Parts: parts.map(({ number }) => ({ PartNumber: number, ...done.get(number) })) },
    }),
  );
  // A second run may have begun an upload of its own at the same moment, and another run may have completed its own first.
  await abortUploads(world, to, completed ? others : [UploadId, ...others]);
  return `copied ${s3Uri(from)}`;
};

/** Every unfinished upload to an address, the oldest first: all runs go on with the same one. */
const uploadsOf = async (world: World, to: S3Object): Promise<readonly string[]> => {
  const { Uploads = [] } = await world.read.s3.listMultipartUploads({ Bucket: to.bucket, Prefix: to.key });
  return Uploads.filter(({ Key }) => Key === to.key)
    .map(({ UploadId = '', Initiated }) => ({ UploadId, at: Initiated?.getTime() ?? 0 }))
    .sort((a, b) => a.at - b.at || (a.UploadId < b.UploadId ? -1 : 1))
    .map(({ UploadId }) => UploadId);
};

type Part = { readonly ETag?: string | undefined; readonly ChecksumSHA256?: string | undefined };

const partsIn = async (world: World, to: S3Object, UploadId: string): Promise<ReadonlyMap<number, Part>> => {
  const pages = await allPages('s3:ListParts', async (PartNumberMarker) => {
    const page = await world.read.s3.listParts({ ...addressOf(to), UploadId, PartNumberMarker });
    return { Parts: page.Parts, NextToken: page.IsTruncated ? page.NextPartNumberMarker : undefined };
  });
  return new Map(
    pages
      .flatMap(({ Parts = [] }) => Parts)
      .map(({ PartNumber = 0, ETag, ChecksumSHA256 }) => [PartNumber, { ETag, ChecksumSHA256 }]),
  );
};

/** Parts that no object uses are stored, and paid for, until their upload is aborted (AWS: AbortMultipartUpload). */
export const abandonCopies = async (world: World, copies: readonly DataCopy[]): Promise<void> => {
  for (const { to } of copies.filter(isLarge)) await abortUploads(world, to, await uploadsOf(world, to));
};

const abortUploads = async (world: World, to: S3Object, uploads: readonly string[]): Promise<void> => {
  for (const UploadId of uploads)
    await orUndefined(writesOf(world).s3.abortMultipartUpload({ ...addressOf(to), UploadId }));
};

/** The source was overwritten, or the copy exists by now: the next look shows which. No look cures a bucket that does not exist. */
const unlessRefused = async (write: Promise<unknown>): Promise<boolean> => {
  try {
    await write;
    return true;
  } catch (error) {
    if (error instanceof Error && error.name === 'NoSuchBucket') throw error;
    if (classify(error) !== 'precondition-failed' && classify(error) !== 'not-found') throw error;
    return false;
  }
};
