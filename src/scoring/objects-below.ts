import { allPages } from '../aws/pages.ts';
import type { S3Location } from '../manifest/manifest.ts';
import type { World } from '../world.ts';

/** All objects whose key begins with the prefix. */
export const objectsBelow = async (world: World, { bucket, prefix }: S3Location) => {
  const pages = await allPages('s3:ListObjectsV2', (ContinuationToken) =>
    world.read.s3
      .listObjectsV2({
        Bucket: bucket,
        Prefix: prefix,
        ...(ContinuationToken === undefined ? {} : { ContinuationToken }),
      })
      .then((page) => ({ ...page, NextToken: page.NextContinuationToken })),
  );
  return pages.flatMap(({ Contents }) => Contents ?? []);
};
