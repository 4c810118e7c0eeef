import { classify } from '../aws/errors.ts';
import type { S3Location } from '../manifest/manifest.ts';
import { type World, writesOf } from '../world.ts';

/** Writes an object that is never replaced: one of another run of the same test that was first is as good. */
export const keepOnce = async (
  world: World,
  { bucket }: Pick<S3Location, 'bucket'>,
  Key: string,
  Body: string | Buffer,
  ContentType: string,
): Promise<void> => {
  try {
    await writesOf(world).s3.putObject({ Bucket: bucket, Key, Body, ContentType, IfNoneMatch: '*' });
  } catch (error) {
    if (classify(error) !== 'precondition-failed') throw error;
  }
};
