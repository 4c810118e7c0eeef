import { describe, expect, test } from '@jest/globals';
import { registerModel } from '../../../src/operations/register-model.ts';
import { describedContent, describedVersion, packageDescription } from '../../../src/registry/package-description.ts';
import { describeVersion } from '../../../src/registry/packages.ts';
import type { RegisteredVersion } from '../../../src/registry/registered-version.ts';
import { verifyContent } from '../../../src/registry/verify-content.ts';
import { account, artifactUri, findVersion, imageDigest, inputs, repository } from '../../support/registration.ts';
import { awsError, type RegistryAws } from '../../support/registry-aws.ts';
import { runTurns } from '../../support/run-turns.ts';

const find = async (aws: RegistryAws, version = '1.4.0'): Promise<RegisteredVersion> => {
  const found = await findVersion(aws.world(), 'churn', version);
  if (!found) throw new Error(`${version} is not registered`);
  return found;
};
const registered = async (changes: Parameters<typeof inputs>[0] = {}) => {
  const aws = account();
  const { end } = await runTurns(registerModel, inputs(changes), aws.world());
  return { aws, end };
};

describe('a version of the registry', () => {
  test.each(['1.4.0', 'v1.4.0', 'churn_v1.4.0'])('is found as %s, with all that is deployed', async (version) => {
    const { aws, end } = await registered({ 'container-environment': { A: '1' }, 'content-types': ['text/csv'] });
    expect(await find(aws, version)).toMatchObject({
      packageVersion: 1,
      version: '1.4.0',
      tag: 'churn_v1.4.0',
      arn: 'arn:aws:sagemaker:eu-west-1:111122223333:model-package/churn/1',
      approval: 'PendingManualApproval',
      status: 'Completed',
      imageDigest,
      containers: [
        {
          Image: `${repository}@${imageDigest}`,
          ModelDataUrl: `s3://ml-releases/churn/artifacts/${end.outputs['artifact-sha256']}.tar.gz`,
          Environment: { A: '1' },
        },
      ],
      artifactSha256: end.outputs['artifact-sha256'],
      inferenceSpecification: { contentTypes: ['text/csv'], responseTypes: [], realtimeInstanceTypes: [] },
      unpinned: [],
      contentDigest: end.outputs['content-digest'],
    });
  });

  test('is not there when the group is not, or the package was deleted between two calls', async () => {
    expect(await findVersion(account().world(), 'churn', '1.4.0')).toBeUndefined();
    const { aws } = await registered();
    const world = aws.world({
      around: async (operation, carryOut) => {
        if (operation === 'DescribeModelPackage') aws.packages.length = 0;
        return carryOut();
      },
    });
    expect(await findVersion(world, 'churn', '1.4.0')).toBeUndefined();
  });

  test('belongs to the lowest package number, however they are listed', async () => {
    const { aws } = await registered();
    const [owner] = aws.packages;
    if (!owner) throw new Error('nothing is registered');
    aws.packages.unshift({ ...owner, number: 9, arn: owner.arn.replace('/1', '/9') });
    expect(await find(aws)).toMatchObject({ packageVersion: 1 });
  });

  test('by somebody else without the suite’s metadata is known as unpinned', async () => {
    const { aws } = await registered({ pin: false });
    Object.assign(aws.packages[0] ?? {}, {
      input: { ...aws.packages[0]?.input, CustomerMetadataProperties: undefined },
    });
    const { end } = await runTurns(registerModel, inputs({ pin: false }), aws.world());
    expect(end.reason).toBe('already-registered');
    expect(await find(aws)).toMatchObject({
      unpinned: [`image ${repository}:1.4.0`, artifactUri],
      containers: [{ Image: `${repository}:1.4.0` }],
    });
  });

  test.each([
    ['artifact-sha256', 1],
    // The name of the image has the digest.
    ['image-digest', 0],
  ])('that lacks its %s has %i parts that may change', async (key, count) => {
    const { aws } = await registered();
    const properties = {
      ...(aws.packages[0]?.input['CustomerMetadataProperties'] as Readonly<Record<string, string>>),
    };
    delete (properties as Record<string, string>)[key];
    Object.assign(aws.packages[0] ?? {}, {
      input: { ...aws.packages[0]?.input, CustomerMetadataProperties: properties },
    });
    expect((await find(aws)).unpinned).toHaveLength(count);
  });

  test('without containers is refused, naming the package', async () => {
    const { aws } = await registered();
    Object.assign(aws.packages[0] ?? {}, {
      input: { ...aws.packages[0]?.input, InferenceSpecification: { Containers: [] } },
    });
    await expect(find(aws)).rejects.toThrow('package 1 of churn, churn_v1.4.0, has no container and no algorithm');
  });
});

describe('the version in a description', () => {
  test.each([
    ['churn_v1.4.0', '1.4.0'],
    ['churn_v1.4.0: fewer false alarms', '1.4.0'],
    ['churn_v1.4.0-rc.1 candidate', '1.4.0-rc.1'],
    ['churn_v1.4.0.1', undefined],
    ['churn_v1.4.0, good', undefined],
    ['the new churn_v1.4.0', undefined],
    ['churn-b_v1.4.0', undefined],
    ['', undefined],
  ])('%j is %s', (description, semver) => {
    expect(describedVersion('churn', description)).toBe(semver);
  });
});

describe('the content in a description', () => {
  const digest = '77d0'.repeat(16);

  test.each([
    [undefined, `churn_v1.4.0 (content sha256:${digest})`],
    ['fewer false alarms', `churn_v1.4.0: fewer false alarms (content sha256:${digest})`],
    ['two\nlines', `churn_v1.4.0: two lines (content sha256:${digest})`],
    [
      `mine (content sha256:${'0'.repeat(64)})`,
      `churn_v1.4.0: mine (content sha256:${'0'.repeat(64)}) (content sha256:${digest})`,
    ],
  ])('follows the words %j', (words, description) => {
    expect(packageDescription('churn', '1.4.0', digest, words)).toBe(description);
    expect(describedContent(description)).toBe(digest);
    expect(describedVersion('churn', description)).toBe('1.4.0');
    expect(describedVersion('Churn', description)).toBe('1.4.0');
  });

  test.each(['x'.repeat(2000), '🌷'.repeat(1000)])(
    'is kept when the words are too long, and no character is cut in half',
    (words) => {
      const description = packageDescription('churn', '1.4.0', digest, words);
      expect(description.length).toBeLessThanOrEqual(1024);
      expect(description.length).toBeGreaterThan(1020);
      expect(description).not.toMatch(/\p{C}/u);
      expect(describedContent(description)).toBe(digest);
    },
  );

  test.each([
    'churn_v1.4.0',
    `churn_v1.4.0 (content sha256:${digest}): later words`,
    'churn_v1.4.0 (content sha256:77d0)',
  ])('is not in %j', (description) => {
    expect(describedContent(description)).toBeUndefined();
  });
});

describe('a package that was edited', () => {
  const edit = (aws: RegistryAws, change: Readonly<Record<string, unknown>>): void => {
    const [owner] = aws.packages;
    const specification = owner?.input['InferenceSpecification'] as { Containers: readonly object[] } | undefined;
    const [container] = specification?.Containers ?? [];
    Object.assign(owner?.input ?? {}, {
      InferenceSpecification: { ...specification, Containers: [{ ...container, ...change }] },
    });
  };
  const source = { S3Uri: 's3://elsewhere/model/', S3DataType: 'S3Prefix', CompressionType: 'None' };

  test.each([
    ['another environment', { Environment: { THRESHOLD: '0' } }],
    ['another image', { Image: `${repository}@sha256:${'f'.repeat(64)}` }],
    ['a further source of data', { AdditionalS3DataSource: source }],
    ['a further model', { AdditionalModelDataSources: [{ ChannelName: 'adapter', S3DataSource: source }] }],
    ['another source of the model', { ModelDataSource: { S3DataSource: source } }],
  ])('has %s, and no metadata makes up for it', async (_what, change) => {
    const { aws } = await registered();
    edit(aws, change);
    const edited = await find(aws);
    Object.assign(aws.packages[0]?.input['CustomerMetadataProperties'] ?? {}, {
      'content-digest': edited.contentDigestNow,
      'image-digest': edited.containers[0]?.Image?.split('@')[1],
    });
    expect(await verifyContent(aws.world(), await find(aws))).toMatchObject({ reason: 'content-changed' });
  });

  test('into several containers has changed', async () => {
    const { aws } = await registered();
    const [owner] = aws.packages;
    const specification = owner?.input['InferenceSpecification'] as { Containers: readonly object[] } | undefined;
    const [container] = specification?.Containers ?? [];
    Object.assign(owner?.input ?? {}, { InferenceSpecification: { Containers: [container, container] } });
    expect(await verifyContent(aws.world(), await find(aws))).toMatchObject({ reason: 'content-changed' });
  });

  test('is not one that SageMaker wrote its own facts into', async () => {
    const { aws } = await registered();
    const ModelDataUrl = (await find(aws)).containers[0]?.ModelDataUrl;
    const S3DataSource = { S3Uri: ModelDataUrl, S3DataType: 'S3Object', CompressionType: 'Gzip' };
    edit(aws, { ImageDigest: imageDigest, ModelDataETag: '"etag"', ModelDataSource: { S3DataSource } });
    expect(await verifyContent(aws.world(), await find(aws))).toBeUndefined();
  });
});

test('a package is not described as a version that it is not', async () => {
  const { aws } = await registered();
  const arn = 'arn:aws:sagemaker:eu-west-1:111122223333:model-package/churn/1';
  await expect(
    describeVersion(aws.world(), 'churn', { arn, version: '1.3.0', packageVersion: 1 }),
  ).rejects.toMatchObject({ reason: 'content-changed' });
});

describe('the content of a version', () => {
  test('that is what was registered is in order, and is not downloaded to find out', async () => {
    const { aws } = await registered();
    aws.calls.length = 0;
    expect(await verifyContent(aws.world({ dryRun: true }), await find(aws))).toBeUndefined();
    expect(aws.calls.map((call) => call.operation)).not.toContain('GetObject');
  });

  test('whose artifact was overwritten has changed, also when S3 keeps no checksum of it', async () => {
    const { aws } = await registered();
    const version = await find(aws);
    const key = version.containers[0]?.ModelDataUrl ?? '';
    for (const checksum of [true, false]) {
      aws.put(key, 'something else', { checksum });
      expect(await verifyContent(aws.world(), version)).toEqual({
        reason: 'content-changed',
        because: expect.stringMatching(
          `^the artifact of churn_v1.4.0, ${key}, has SHA-256 [0-9a-f]{64}; the registered one is ${version.artifactSha256}$`,
        ),
      });
    }
    aws.objects.delete(key);
    expect(await verifyContent(aws.world(), version)).toMatchObject({ reason: 'config-missing' });
  });

  test('whose image is absent lacks a part: ECR does not know whether it was ever there', async () => {
    const { aws } = await registered();
    const version = await find(aws);
    aws.images.clear();
    expect(await verifyContent(aws.world(), version)).toEqual({
      reason: 'config-missing',
      because: `the image of churn_v1.4.0, ${repository}@${imageDigest}, is absent: there is no such image in the repository churn, in the account ending in 3333`,
    });
  });

  test('whose package was given another image has changed', async () => {
    const { aws } = await registered();
    const image = `${repository}@sha256:${'f'.repeat(64)}`;
    const version = await find(aws);
    const containers = version.containers.map((container) => ({ ...container, Image: image }));
    expect(await verifyContent(aws.world(), { ...version, containers })).toEqual({
      reason: 'content-changed',
      because: `the image of churn_v1.4.0 is ${image} now; the registered digest is ${imageDigest}`,
    });
  });

  test.each([true, false])('whose container was given another environment has changed (pinned: %s)', async (pin) => {
    const { aws } = await registered({ pin, 'container-environment': { THRESHOLD: '0.5' } });
    expect(await verifyContent(aws.world(), await find(aws))).toBeUndefined();
    const [owner] = aws.packages;
    const specification = owner?.input['InferenceSpecification'] as { Containers: readonly object[] } | undefined;
    const [container] = specification?.Containers ?? [];
    Object.assign(owner?.input ?? {}, {
      InferenceSpecification: { ...specification, Containers: [{ ...container, Environment: { THRESHOLD: '0.9' } }] },
    });
    expect(await verifyContent(aws.world(), await find(aws))).toEqual({
      reason: 'content-changed',
      because: expect.stringContaining('churn_v1.4.0 was edited since it was registered'),
    });
  });

  test('that was not pinned is only looked for', async () => {
    const { aws } = await registered({ pin: false });
    const version = await find(aws);
    aws.put(artifactUri, 'overwritten, as the opt-out allows');
    expect(await verifyContent(aws.world(), version)).toBeUndefined();
    aws.images.clear();
    expect(await verifyContent(aws.world(), version)).toMatchObject({
      reason: 'config-missing',
      because: expect.stringContaining('image'),
    });
    aws.objects.clear();
    expect(await verifyContent(aws.world(), version)).toMatchObject({
      reason: 'config-missing',
      because: `the artifact of churn_v1.4.0, ${artifactUri}, is absent`,
    });
  });

  test('that this role may not look at is not known to be absent, and each such part is named', async () => {
    const { aws } = await registered({ pin: false });
    const version = await find(aws);
    const closed = aws.world({
      around: async (operation, carryOut) => {
        if (operation === 'BatchGetImage' || operation === 'HeadObject')
          throw awsError('AccessDeniedException', 'not authorized');
        return carryOut();
      },
    });
    const unchecked: string[] = [];
    expect(await verifyContent(closed, version, unchecked)).toBeUndefined();
    expect(unchecked).toEqual([
      `whether there is the artifact of churn_v1.4.0, ${artifactUri}: this role may not read it`,
      `whether there is the image of churn_v1.4.0, ${repository}:1.4.0: this role may not read the repository churn, in the account ending in 3333`,
    ]);
    // A digest in the name is a promise of register-model: unread it is not kept.
    const pinned = await registered();
    const found = await find(pinned.aws);
    const shut = pinned.aws.world({
      around: async (operation, carryOut) => {
        if (operation === 'BatchGetImage') throw awsError('AccessDeniedException', 'not authorized');
        return carryOut();
      },
    });
    await expect(verifyContent(shut, found)).rejects.toThrow('not authorized');
  });
});
