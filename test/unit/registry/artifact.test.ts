import { expect, test } from '@jest/globals';
import { inspectSource } from '../../../src/registry/artifact.ts';
import { copySome } from '../../../src/registry/copy-data.ts';
import { account, artifactUri } from '../../support/registration.ts';

const releases = { bucket: 'ml-releases', prefix: 'churn/' };
const source = {
  role: 'artifact',
  uri: artifactUri,
  form: 'archive',
  place: { bucket: 'ml-training', key: 'job-7/output/model.tar.gz' },
} as const;

test('a pinned copy never replaces what is there: another content under the same key is refused by S3', async () => {
  const aws = account();
  const world = aws.world();
  const { copies, uri, sha256 } = await inspectSource(world, releases, source);
  expect(uri).toBe(`s3://ml-releases/churn/artifacts/${sha256}.tar.gz`);
  aws.put(uri, 'planted');
  await copySome(world, copies);
  expect(aws.objects.get(uri)?.body).toBe('planted');
});

test('nor is it made of what was overwritten since it was hashed', async () => {
  const aws = account();
  const world = aws.world();
  const { copies, uri } = await inspectSource(world, releases, source);
  aws.put(artifactUri, 'another model');
  await copySome(world, copies);
  expect(aws.objects.get(uri)).toBeUndefined();
});
