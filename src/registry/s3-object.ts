import { orUndefined } from '../aws/errors.ts';
import type { World } from '../world.ts';

/** An object's address, or a prefix of such addresses. */
export interface S3Object {
  readonly bucket: string;
  readonly key: string;
}

const bucketName = '([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])';
const byUri = new RegExp(`^s3://${bucketName}/(.+)$`);
/** AWS: "Virtual hosting of buckets": the bucket in the host, or first in the path. */
const byHost = new RegExp(`^https://${bucketName}\\.s3[.-](?:[a-z0-9-]+\\.)?amazonaws\\.com(?:\\.cn)?/(.+)$`);
const byPath = new RegExp(`^https://s3[.-](?:[a-z0-9-]+\\.)?amazonaws\\.com(?:\\.cn)?/${bucketName}/(.+)$`);

/** `s3://bucket/key`, or S3's own `https://` address, → its parts; undefined for anything else. A prefix ends with `/`. */
export const parseS3Location = (uri: string): S3Object | undefined => {
  const [, bucket, key] = byUri.exec(uri) ?? byHost.exec(uri) ?? byPath.exec(uri) ?? [];
  return bucket && key ? { bucket, key } : undefined;
};

export const s3Uri = ({ bucket, key }: S3Object): string => `s3://${bucket}/${key}`;

/** In the form of S3's calls. */
export const addressOf = ({ bucket, key }: S3Object) => ({ Bucket: bucket, Key: key });

/** Without s3:ListBucket S3 denies access to an absent object (AWS: HeadObject). */
export const objectExists = async (world: World, object: S3Object): Promise<boolean> =>
  (await orUndefined(world.read.s3.headObject(addressOf(object)))) !== undefined;
