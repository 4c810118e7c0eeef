import { expect, test } from '@jest/globals';
import { copyArtifact, inspectArtifact, pinnedArtifact } from '../../../src/registry/artifact.ts';
import { account, artifactUri } from '../../support/registration.ts';

const from = { bucket: 'ml-training', key: 'job-7/output/model.tar.gz' };

test('a pinned copy never replaces what is there: another content under the same key is refused by S3', async () => {
  const aws = account();
  const world = aws.world();
  const { sha256, etag } = await inspectArtifact(world, from);
  const to = pinnedArtifact({ bucket: 'ml-releases', prefix: 'churn/' }, sha256);
  const uri = `s3://ml-releases/churn/artifacts/${sha256}.tar.gz`;
  aws.put(uri, 'planted');
  await expect(copyArtifact(world, from, etag, to)).rejects.toMatchObject({ name: 'PreconditionFailed' });
  expect(aws.objects.get(uri)?.body).toBe('planted');
});

test('nor is it made of what was overwritten since it was hashed', async () => {
  const aws = account();
  const world = aws.world();
  const { sha256, etag } = await inspectArtifact(world, from);
  const to = pinnedArtifact({ bucket: 'ml-releases', prefix: 'churn/' }, sha256);
  aws.put(artifactUri, 'another model');
  await expect(copyArtifact(world, from, etag, to)).rejects.toMatchObject({ name: 'PreconditionFailed' });
  expect(aws.objects.get(`s3://ml-releases/churn/artifacts/${sha256}.tar.gz`)).toBeUndefined();
});
