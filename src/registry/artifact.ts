import { largestCopyBytes } from '../aws/copy-source.ts';
import { classify, orUndefined } from '../aws/errors.ts';
import { allPages } from '../aws/pages.ts';
import type { HeadObjectCommandOutput } from '../aws/s3.ts';
import { digest } from '../digest.ts';
import type { S3Location } from '../manifest/manifest.ts';
import { Refusal } from '../operation.ts';
import type { World } from '../world.ts';
import type { DataSource } from './container.ts';
import { addressOf, type S3Object, s3Uri } from './s3-object.ts';

/** One object to copy. */
export interface DataCopy {
  readonly from: S3Object;
  readonly bytes: number;
  /** Only exactly this content is copied. */
  readonly etag: string;
  readonly to: S3Object;
}

/** One source of model data, and its copy at an address that is never overwritten with other content (DESIGN §7 rule 2). */
export interface PinnedSource {
  readonly source: DataSource;
  /** Address of the copy. */
  readonly uri: string;
  readonly copies: readonly DataCopy[];
  /** All copies are under it, and nothing else is. */
  readonly folder: S3Object;
  /** Hex; known before the copy is made, since its address contains it. */
  readonly sha256?: string;
}

/** More objects than any model has; each of them costs a call, at each look at the content. */
const mostObjects = 1000;

/**
 * The source as it is now, and the place of its copy. An archive that S3 copies in one call is named by its content. A larger object,
 * and a set of objects, cannot be read through here: their copies are named by the source's addresses, sizes and ETags, and S3
 * computes their SHA-256 while it copies.
 * @throws {Refusal} when it is absent, or has more objects than a copy may have
 */
export const inspectSource = async (
  world: World,
  releases: S3Location,
  source: DataSource & { readonly place: S3Object },
): Promise<PinnedSource> => {
  const { place, form } = source;
  if (form === 'prefix') return copiesOf(releases, source, place.key, await objectsUnder(world, source));
  const { head, ...object } = await inspectObject(world, place);
  if (form === 'file' || object.bytes > largestCopyBytes)
    return copiesOf(releases, source, place.key.replace(/[^/]*$/, ''), [object]);
  // An object that is overwritten meanwhile has another ETag: S3 refuses to read and to copy it.
  const sha256 = await world.read.s3.sha256(addressOf(place), head).catch((error: unknown) => {
    if (classify(error) !== 'precondition-failed') throw error;
    throw new Refusal('artifact-changed', `artifact: ${s3Uri(place)} was overwritten while it was read; run again`);
  });
  const to = pinnedArtifact(releases, sha256);
  return { source, uri: s3Uri(to), copies: [{ ...object, to }], folder: to, sha256 };
};

export type Found = Omit<DataCopy, 'to'>;

const inspectObject = async (
  world: World,
  place: S3Object,
): Promise<Found & { readonly head: HeadObjectCommandOutput }> => {
  const head = await orUndefined(world.read.s3.headObject(addressOf(place)));
  if (head?.ETag === undefined)
    throw new Refusal('invalid-input', `artifact: there is no object ${s3Uri(place)}; upload it, or correct the name`);
  return { from: place, bytes: head.ContentLength ?? 0, etag: head.ETag, head };
};

const objectsUnder = async (
  world: World,
  { place, role }: DataSource & { readonly place: S3Object },
): Promise<readonly Found[]> => {
  const listed = await objectsOf(world, place);
  // As for an approval, a dry run shows the plan before the upload.
  if (listed.length === 0 && world.write !== undefined)
    throw new Refusal('invalid-input', `${role}: there is no object under ${s3Uri(place)}; upload it, or correct it`);
  if (listed.length > mostObjects)
    throw new Refusal(
      'invalid-input',
      `${role}: there are ${listed.length} objects under ${s3Uri(place)}, and at most ${mostObjects} are pinned by a copy; pack them into one .tar.gz or into fewer objects, or set pin: false and never overwrite them`,
    );
  return listed;
};

/** The objects under a prefix, without the empty ones that consoles keep as folders, by key. */
export const objectsOf = async (world: World, { bucket, key: prefix }: S3Object): Promise<readonly Found[]> => {
  const pages = await allPages('s3:ListObjectsV2', async (ContinuationToken) => {
    const page = await world.read.s3.listObjectsV2({ Bucket: bucket, Prefix: prefix, ContinuationToken });
    return { ...page, NextToken: page.NextContinuationToken };
  });
  return pages
    .flatMap(({ Contents = [] }) => Contents)
    .flatMap(({ Key: key = '', Size: bytes = 0, ETag: etag = '' }) =>
      key.endsWith('/') ? [] : [{ from: { bucket, key }, bytes, etag }],
    )
    .sort((a, b) => (a.from.key < b.from.key ? -1 : 1));
};

/** @param root the part of the keys that the container does not see (AWS: S3ModelDataSource, CompressionType) */
const copiesOf = (
  releases: S3Location,
  source: DataSource & { readonly place: S3Object },
  root: string,
  found: readonly Found[],
): PinnedSource => {
  const rows = found.map(({ from, bytes, etag }) => [from.key.slice(root.length), bytes, etag] as const);
  const folder = {
    bucket: releases.bucket,
    key: `${releases.prefix}artifacts/${digest({ from: s3Uri(source.place), rows })}/`,
  };
  const copies = found.map((one) => ({
    ...one,
    to: { ...folder, key: folder.key + one.from.key.slice(root.length) },
  }));
  const [first] = copies;
  const to = source.form === 'prefix' || first === undefined ? folder : first.to;
  return { source, uri: s3Uri(to), copies, folder };
};

/** Content-addressed, so that it is never overwritten with other content (DESIGN §7 rule 2). */
const pinnedArtifact = (releases: S3Location, sha256: string): S3Object => ({
  bucket: releases.bucket,
  key: `${releases.prefix}artifacts/${sha256}.tar.gz`,
});

/** Whether register-model made this copy: a container's data at such an address is pinned. */
export const isPinnedAddress = (uri: string): boolean => /\/artifacts\/[0-9a-f]{64}(\.tar\.gz$|\/)/.test(uri);
