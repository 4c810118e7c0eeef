import { classify } from '../aws/errors.ts';
import type { S3Location } from '../manifest/manifest.ts';
import { type World, writesOf } from '../world.ts';

/**
 * Writes an object that is never replaced: one of another run of the same test that was first is as good. A run that is being cancelled writes
 * it too: the next run would ask the models for it again.
 */
export const keepOnce = async (
  world: World,
  { bucket }: Pick<S3Location, 'bucket'>,
  Key: string,
  Body: string | Buffer,
  ContentType: string,
): Promise<void> => {
  const { s3 } = writesOf(world);
  const put = world.signal.aborted ? s3.putObjectAtEnd : s3.putObject;
  try {
    await put({ Bucket: bucket, Key, Body, ContentType, IfNoneMatch: '*' });
  } catch (error) {
    if (classify(error) !== 'precondition-failed') throw error;
  }
};
