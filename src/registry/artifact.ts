import { orUndefined } from '../aws/errors.ts';
import type { S3Location } from '../manifest/manifest.ts';
import { Refusal } from '../operation.ts';
import { type World, writesOf } from '../world.ts';
import { addressOf, type S3Object, s3Uri } from './s3-object.ts';

/** An object's content at one moment. */
export interface Fingerprint {
  /** Hex. */
  readonly sha256: string;
  /** Only exactly this content is copied. */
  readonly etag: string;
}

/** CopyObject takes no more in one call (AWS: CopyObject). */
const largestCopyBytes = 5 * 1024 ** 3;

/**
 * The artifact as it is now.
 * @throws {Refusal} when it is absent, or too large for a copy
 */
export const inspectArtifact = async (world: World, artifact: S3Object): Promise<Fingerprint> => {
  const address = addressOf(artifact);
  const head = await orUndefined(world.read.s3.headObject(address));
  if (head?.ETag === undefined)
    throw new Refusal(
      'invalid-input',
      `artifact: there is no object ${s3Uri(artifact)}; upload it, or correct the name`,
    );
  if ((head.ContentLength ?? 0) > largestCopyBytes)
    throw new Refusal(
      'invalid-input',
      `artifact: ${s3Uri(artifact)} is larger than 5 GiB, which S3 does not copy in one call; set pin: false and never overwrite it`,
    );
  // If the object is overwritten between the two calls, the ETag is the older one and S3 refuses the copy.
  return { sha256: await world.read.s3.sha256(address), etag: head.ETag };
};

/** Content-addressed, so that it is never overwritten with other content (DESIGN §7 rule 2). */
export const pinnedArtifact = (releases: S3Location, sha256: string): S3Object => ({
  bucket: releases.bucket,
  key: `${releases.prefix}artifacts/${sha256}.tar.gz`,
});

/**
 * Copies the artifact to its content-addressed key. It refuses an artifact that changed since it was hashed, and never replaces an
 * existing object. S3 computes the copy's SHA-256; later turns and deployments read that instead of the bytes.
 */
export const copyArtifact = async (world: World, from: S3Object, etag: string, to: S3Object): Promise<void> => {
  await writesOf(world).s3.copyObject({
    ...addressOf(to),
    source: from,
    CopySourceIfMatch: etag,
    IfNoneMatch: '*',
    ChecksumAlgorithm: 'SHA256',
  });
};

/** Hex SHA-256 of an object's content; undefined when there is no such object. */
export const readSha256 = (world: World, object: S3Object): Promise<string | undefined> =>
  orUndefined(world.read.s3.sha256(addressOf(object)));
