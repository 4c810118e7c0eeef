import { describe, expect, test } from '@jest/globals';
import { approveGate } from '../../../src/operations/approve-gate.ts';
import { requireRequested } from '../../../src/registry/packages.ts';
import { verifyContent } from '../../../src/registry/verify-content.ts';
import { account, artifactUri, manifest, repository } from '../../support/registration.ts';

const arn = (number: number, group = 'churn'): string =>
  `arn:aws:sagemaker:eu-west-1:111122223333:model-package/${group}/${number}`;

/** A group whose packages have these containers and descriptions. */
const group = (...packages: readonly { readonly containers: readonly object[]; readonly description?: string }[]) => {
  const aws = account();
  aws.groups.add('churn');
  packages.forEach(({ containers, description }, index) => {
    aws.packages.push({
      number: index + 1,
      arn: arn(index + 1),
      approval: 'Approved',
      status: 'Completed',
      input: {
        ModelPackageGroupName: 'churn',
        ...(description ? { ModelPackageDescription: description } : {}),
        InferenceSpecification: { Containers: containers },
      },
    });
  });
  return aws;
};
const plain = { Image: `${repository}:1.4.0`, ModelDataUrl: artifactUri };
const prefix = { S3Uri: 's3://ml-training/llm/', S3DataType: 'S3Prefix', CompressionType: 'None' };

describe('a package without a version', () => {
  test.each(['1', 'churn/1', 'package-1', arn(1)])('is found as %s, under a name that no version has', async (text) => {
    const aws = group({ containers: [plain] });
    expect(await requireRequested(aws.world(), 'churn', text)).toMatchObject({
      version: 'package-1',
      tag: 'churn/1',
      packageVersion: 1,
      approval: 'Approved',
      unpinned: [`image ${repository}:1.4.0`, artifactUri],
      sealed: false,
    });
  });

  test('is gated by its number', async () => {
    const aws = group({ containers: [plain] });
    expect(
      await approveGate.advance(
        { manifest, environment: 'staging', version: '1', mode: 'check' },
        undefined,
        aws.world(),
      ),
    ).toMatchObject({
      reason: 'approved',
      because: expect.stringMatching(/^churn\/1 \(package 1\) is approved/),
      outputs: { version: 'package-1', tag: 'churn/1' },
    });
  });

  test('is told from an empty group, with the way to a version', async () => {
    const aws = group({ containers: [plain] }, { containers: [plain], description: 'churn_v0.9.0' });
    await expect(requireRequested(aws.world(), 'churn', '1.0.0')).rejects.toMatchObject({
      reason: 'unknown-version',
      message:
        'churn_v1.0.0 is not registered; nearest: churn_v0.9.0; churn holds 1 package without a semantic version: 1 (Approved). Name one by its number (version: 1), or give it a version: register-model with from: 1 and version: 1.0.0',
    });
    await expect(requireRequested(account().world(), 'churn', '1.0.0')).rejects.toThrow(
      'churn_v1.0.0 is not registered; nothing is registered for churn in eu-west-1: register it there first, or correct `region`',
    );
  });
});

describe('a package with a version', () => {
  test('is that version, by its number too', async () => {
    const aws = group({ containers: [plain], description: 'churn_v1.4.0' });
    expect(await requireRequested(aws.world(), 'churn', '1')).toMatchObject({ version: '1.4.0', tag: 'churn_v1.4.0' });
  });

  test('that another one owns is not deployed in its place', async () => {
    const aws = group(
      { containers: [plain], description: 'churn_v1.4.0' },
      { containers: [plain], description: 'churn_v1.4.0' },
    );
    await expect(requireRequested(aws.world(), 'churn', '2')).rejects.toThrow(
      'package 2 of churn is described as 1.4.0, which package 1 owns',
    );
  });

  test.each([
    ['3', 'package 3 of churn is not registered; registered: churn_v1.4.0'],
    [
      'arn:aws:sagemaker:eu-west-1:999988887777:model-package/churn/1',
      'version: package churn/1 is in the account ending in 7777 in eu-west-1, and this run reads the registry of the account ending in 3333 in eu-west-1; set `registry` in the manifest to that account, or take the package over',
    ],
    [
      'arn:aws:sagemaker:us-east-1:111122223333:model-package/churn/1',
      'version: package churn/1 is in the account ending in 3333 in us-east-1, and this run reads the registry of the account ending in 3333 in eu-west-1; register its content in eu-west-1',
    ],
  ])('%s is none', async (text, message) => {
    const aws = group({ containers: [plain], description: 'churn_v1.4.0' });
    await expect(requireRequested(aws.world(), 'churn', text)).rejects.toMatchObject({
      reason: 'unknown-version',
      message: expect.stringContaining(message),
    });
  });
});

describe('the content of a package of another shape', () => {
  const shapes = {
    'several containers': [
      { Image: `${repository}:other`, ContainerHostname: 'first' },
      { ...plain, ContainerHostname: 'second' },
    ],
    'a prefix': [{ Image: `${repository}:1.4.0`, ModelDataSource: { S3DataSource: prefix } }],
    'no model data': [{ Image: `${repository}:1.4.0`, Environment: { MODEL_ID: 'x/y' } }],
    'additional data': [{ ...plain, AdditionalModelDataSources: [{ ChannelName: 'adapter', S3DataSource: prefix }] }],
    'an address of S3 over https': [
      {
        Image: `${repository}:1.4.0`,
        ModelDataUrl: 'https://ml-training.s3.eu-west-1.amazonaws.com/job-7/output/model.tar.gz',
      },
    ],
  };

  test.each(Object.entries(shapes))('with %s is looked for as far as it can be', async (_shape, containers) => {
    const aws = group({ containers });
    aws.put('s3://ml-training/llm/part-1.safetensors', 'weights');
    const found = await requireRequested(aws.world(), 'churn', '1');
    expect(await verifyContent(aws.world(), found)).toBeUndefined();
    aws.images.clear();
    expect(await verifyContent(aws.world(), found)).toMatchObject({ reason: 'config-missing' });
  });

  test.each(['a prefix', 'additional data'] as const)('with %s misses its deleted objects', async (shape) => {
    const aws = group({ containers: shapes[shape] });
    const found = await requireRequested(aws.world(), 'churn', '1');
    expect(await verifyContent(aws.world(), found)).toMatchObject({
      reason: 'config-missing',
      because: expect.stringMatching(/^there is no object under the .* of churn\/1, s3:\/\/ml-training\/llm\/$/),
    });
  });

  test('that this role may not look at is not known to be absent', async () => {
    const aws = group({ containers: [plain] });
    const world = aws.world({
      around: async (operation, carryOut) => {
        if (operation === 'HeadObject' || operation === 'BatchGetImage')
          throw Object.assign(new Error('Access Denied'), { name: 'AccessDenied' });
        return carryOut();
      },
    });
    expect(await verifyContent(world, await requireRequested(world, 'churn', '1'))).toBeUndefined();
  });

  test('has a digest that every change of it changes', async () => {
    const digests = new Set<string>();
    const all = [
      ...Object.values(shapes),
      shapes['several containers'].toReversed(),
      [{ ...plain, ContainerHostname: 'first' }],
      [
        {
          Image: `${repository}:1.4.0`,
          ModelDataSource: { S3DataSource: { ...prefix, S3Uri: 's3://ml-training/b/' } },
        },
      ],
      [{ Image: `${repository}:1.4.0`, Environment: { MODEL_ID: 'x/z' } }],
      [{ ...plain, ProductId: 'prod-1' }],
    ];
    for (const containers of all)
      digests.add((await requireRequested(group({ containers }).world(), 'churn', '1')).contentDigestNow);
    // The address over https is that of the plain artifact.
    expect(digests.size).toBe(all.length);
    const etag = [{ Image: `${repository}:1.4.0`, ModelDataSource: { S3DataSource: { ...prefix, ETag: '"new"' } } }];
    digests.add((await requireRequested(group({ containers: etag }).world(), 'churn', '1')).contentDigestNow);
    expect(digests.size).toBe(all.length);
  });
});
