import { orUndefined } from '../aws/errors.ts';
import type { World } from '../world.ts';

/** An object's address. */
export interface S3Object {
  readonly bucket: string;
  readonly key: string;
}

/** `s3://bucket/key` → its parts; undefined for anything else, and for a prefix. */
export const parseS3Object = (uri: string): S3Object | undefined => {
  const match = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])\/(.+[^/])$/.exec(uri);
  return match?.[1] && match[2] ? { bucket: match[1], key: match[2] } : undefined;
};

export const s3Uri = ({ bucket, key }: S3Object): string => `s3://${bucket}/${key}`;

/** In the form of S3's calls. */
export const addressOf = ({ bucket, key }: S3Object) => ({ Bucket: bucket, Key: key });

/** Without s3:ListBucket S3 denies access to an absent object (AWS: HeadObject). */
export const objectExists = async (world: World, object: S3Object): Promise<boolean> =>
  (await orUndefined(world.read.s3.headObject(addressOf(object)))) !== undefined;
