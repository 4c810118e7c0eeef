import { describe, expect, test } from '@jest/globals';
import { registerModel } from '../../../src/operations/register-model.ts';
import { registerModelInputs } from '../../../src/operations/register-model-inputs.ts';
import { verifyContent } from '../../../src/registry/verify-content.ts';
import {
  account,
  artifactUri,
  findVersion,
  imageDigest,
  inputs,
  otherDigest,
  repository,
} from '../../support/registration.ts';
import type { RegistryAws } from '../../support/registry-aws.ts';
import { runTurns } from '../../support/run-turns.ts';

const gibibyte = 1024 ** 3;
const containersOf = (aws: RegistryAws, index = 0): readonly Record<string, unknown>[] =>
  (
    aws.packages.map(({ input }) => input['InferenceSpecification'])[index] as {
      Containers: readonly Record<string, unknown>[];
    }
  ).Containers;
const registered = async (aws: RegistryAws) => {
  const version = await findVersion(aws.world(), 'churn', '1.4.0');
  if (!version) throw new Error('it is not registered');
  return version;
};
const prefixOf = (container: Record<string, unknown> | undefined): string => {
  const { ModelDataSource } = (container ?? {}) as { ModelDataSource?: { S3DataSource: { S3Uri: string } } };
  return ModelDataSource?.S3DataSource.S3Uri ?? '';
};

describe('a prefix', () => {
  const llm = (): RegistryAws => {
    const aws = account();
    for (const [name, body] of Object.entries({
      'config.json': '{}',
      'a/1.safetensors': 'one',
      'a/2.safetensors': 'two',
    }))
      aws.put(`s3://ml-training/llm/${name}`, body);
    aws.put('s3://ml-training/llm/a/', '');
    aws.put('s3://ml-training/llm-2/config.json', 'of another model');
    return aws;
  };
  const asPrefix = { artifact: 's3://ml-training/llm/' };

  test('is copied object by object, under the names that the container sees', async () => {
    const aws = llm();
    const { end, plan } = await runTurns(registerModel, inputs(asPrefix), aws.world());
    expect(end).toMatchObject({
      reason: 'registered',
      outputs: { 'artifact-sha256': expect.stringMatching(/^[0-9a-f]{64}$/) },
    });
    const uri = prefixOf(containersOf(aws)[0]);
    expect(uri).toMatch(/^s3:\/\/ml-releases\/churn\/artifacts\/[0-9a-f]{64}\/$/);
    expect(containersOf(aws)).toEqual([
      {
        Image: `${repository}@${imageDigest}`,
        ModelDataSource: { S3DataSource: { S3Uri: uri, S3DataType: 'S3Prefix', CompressionType: 'None' } },
      },
    ]);
    const copies = [...aws.objects.keys()].filter((key) => key.startsWith(uri)).map((key) => key.slice(uri.length));
    expect(copies.sort()).toEqual(['a/1.safetensors', 'a/2.safetensors', 'config.json']);
    expect(
      aws.calls.filter(({ operation }) => operation === 'CopyObject').map(({ input }) => input['IfNoneMatch']),
    ).toEqual(['*', '*', '*']);
    expect(plan?.changes[1]).toMatchObject({
      verb: 'create',
      object: uri,
      details: ['copy of s3://ml-training/llm/', '3 objects, of which 3 are missing'],
    });
    expect(await verifyContent(aws.world(), await registered(aws))).toBeUndefined();
    expect((await registered(aws)).unpinned).toEqual([]);
  });

  test('of a thousand objects is pinned, over all pages of the listing; of one more it is refused, also by a plan', async () => {
    const aws = account();
    for (let index = 0; index < 1000; index += 1) aws.put(`s3://ml-training/llm/${index}.safetensors`, 'x');
    const plan = () => registerModel.advance(inputs(asPrefix), undefined, aws.world({ dryRun: true }));
    expect((await plan()).plan?.changes[1]?.details).toContain('1000 objects, of which 1000 are missing');
    aws.put('s3://ml-training/llm/more.safetensors', 'x');
    const refused = {
      reason: 'invalid-input',
      message:
        'artifact: there are 1001 objects under s3://ml-training/llm/, and at most 1000 are pinned by a copy; pack them into one .tar.gz or into fewer objects, or set pin: false and never overwrite them',
    };
    await expect(plan()).rejects.toMatchObject(refused);
    await expect(runTurns(registerModel, inputs(asPrefix), aws.world())).rejects.toMatchObject(refused);
    expect(aws.writes()).toEqual([]);
    const { end } = await runTurns(registerModel, inputs({ ...asPrefix, pin: false }), aws.world());
    expect(end.reason).toBe('registered');
  });

  test.each([
    [
      'an object is overwritten',
      (aws: RegistryAws, uri: string) => aws.put(`${uri}config.json`, 'xx', { checksum: true }),
    ],
    ['an object is added', (aws: RegistryAws, uri: string) => aws.put(`${uri}more.json`, '{}', { checksum: true })],
    ['an object is deleted', (aws: RegistryAws, uri: string) => aws.objects.delete(`${uri}config.json`)],
  ])('has changed when %s', async (_what, change) => {
    const aws = llm();
    await runTurns(registerModel, inputs(asPrefix), aws.world());
    change(aws, prefixOf(containersOf(aws)[0]));
    expect(await verifyContent(aws.world(), await registered(aws))).toMatchObject({ reason: 'content-changed' });
  });

  test('is the same version again, and another one when an object differs', async () => {
    const aws = llm();
    await runTurns(registerModel, inputs(asPrefix), aws.world());
    expect((await runTurns(registerModel, inputs(asPrefix), aws.world())).end.reason).toBe('already-registered');
    aws.put('s3://ml-training/llm/config.json', '{"a":1}');
    await expect(runTurns(registerModel, inputs(asPrefix), aws.world())).rejects.toMatchObject({
      reason: 'version-taken',
    });
  });

  test('of which a copy is gone is copied again before the contents are compared', async () => {
    const aws = llm();
    await runTurns(registerModel, inputs(asPrefix), aws.world());
    const uri = prefixOf(containersOf(aws)[0]);
    aws.objects.delete(`${uri}config.json`);
    const { end } = await runTurns(registerModel, inputs(asPrefix), aws.world());
    expect(end.reason).toBe('already-registered');
    expect(aws.objects.has(`${uri}config.json`)).toBe(true);
    expect(aws.packages).toHaveLength(1);
  });

  test('with an object of another size in the place of a copy is refused', async () => {
    const aws = llm();
    await runTurns(registerModel, inputs(asPrefix), aws.world());
    aws.put(`${prefixOf(containersOf(aws)[0])}config.json`, 'longer than it was');
    await expect(runTurns(registerModel, inputs({ ...asPrefix, version: '1.5.0' }), aws.world())).rejects.toMatchObject(
      {
        reason: 'artifact-changed',
      },
    );
  });

  test('without objects is refused', async () => {
    await expect(runTurns(registerModel, inputs(asPrefix), account().world())).rejects.toThrow(
      'artifact: there is no object under s3://ml-training/llm/',
    );
    const planned = await registerModel.advance(inputs(asPrefix), undefined, account().world({ dryRun: true }));
    expect(planned.plan?.notes.join()).toContain(
      'there is no object under s3://ml-training/llm/: nothing is registered',
    );
  });
});

describe('an artifact beyond five GiB', () => {
  const large = (bytes = 6 * gibibyte): RegistryAws => {
    const aws = account();
    aws.put(artifactUri, 'a large model', { bytes });
    return aws;
  };

  test('is planned with its parts and its duration, and is not read', async () => {
    const aws = large();
    const planned = await registerModel.advance(inputs(), undefined, aws.world({ dryRun: true }));
    expect(planned).toMatchObject({
      plan: {
        changes: [
          {},
          {
            verb: 'create',
            object: expect.stringMatching(/^s3:\/\/ml-releases\/churn\/artifacts\/[0-9a-f]{64}\/model\.tar\.gz$/),
            details: [`copy of ${artifactUri}`, 'in 12 parts, some in each turn: about 31s, an estimate'],
          },
          {},
        ],
        expectedSeconds: 61,
        permissions: expect.arrayContaining(['s3:AbortMultipartUpload', 's3:ListMultipartUploadParts']),
      },
    });
    expect(aws.calls.map(({ operation }) => operation)).not.toContain('GetObject');
  });

  test('is copied in parts by turns, each under the conditions of the whole, and has the digest that S3 keeps', async () => {
    const aws = large();
    const { end } = await runTurns(registerModel, inputs(), aws.world());
    expect(end).toMatchObject({
      reason: 'registered',
      outputs: { 'artifact-sha256': expect.stringMatching(/^[0-9a-f]{64}-12$/) },
    });
    const parts = aws.calls.filter(({ operation }) => operation === 'UploadPartCopy').map(({ input }) => input);
    const { etag } = aws.objects.get(artifactUri) ?? {};
    expect(parts).toHaveLength(12);
    expect(new Set(parts.map((part) => part['CopySourceIfMatch']))).toEqual(new Set([etag]));
    expect(parts[11]).toMatchObject({ PartNumber: 12, CopySourceRange: `bytes=${5.5 * gibibyte}-${6 * gibibyte - 1}` });
    expect(aws.calls.find(({ operation }) => operation === 'CompleteMultipartUpload')?.input['IfNoneMatch']).toBe('*');
    expect(aws.calls.filter(({ operation }) => operation === 'CreateMultipartUpload')).toHaveLength(1);
    expect(aws.uploads.size).toBe(0);
    expect(aws.calls.map(({ operation }) => operation)).not.toContain('GetObject');
    expect(await verifyContent(aws.world(), await registered(aws))).toBeUndefined();
    expect((await runTurns(registerModel, inputs(), aws.world())).end.reason).toBe('already-registered');
  });

  test('whose copy was replaced has changed, also by one without a digest', async () => {
    const aws = large();
    await runTurns(registerModel, inputs(), aws.world());
    aws.put(String(containersOf(aws)[0]?.['ModelDataUrl']), 'planted', { bytes: 6 * gibibyte });
    expect(await verifyContent(aws.world(), await registered(aws))).toMatchObject({
      reason: 'content-changed',
      because: expect.stringContaining('has SHA-256 unknown'),
    });
  });

  test('copies a bounded number of parts in a turn, and another run goes on with them', async () => {
    const aws = large();
    let turns = 0;
    const world = aws.world();
    let progress = await registerModel.advance(inputs(), undefined, world);
    while (progress.is === 'waiting' && !aws.calls.some(({ operation }) => operation === 'UploadPartCopy')) {
      progress = await registerModel.advance(inputs(), progress.memory, world);
      turns += 1;
    }
    expect(turns).toBeLessThan(6);
    expect([...aws.uploads.values()].map(({ parts }) => parts.size)).toEqual([8]);
    const { end } = await runTurns(registerModel, inputs(), aws.world());
    expect(end.reason).toBe('registered');
    expect(aws.calls.filter(({ operation }) => operation === 'UploadPartCopy')).toHaveLength(12);
    expect(aws.calls.filter(({ operation }) => operation === 'CreateMultipartUpload')).toHaveLength(1);
  });

  test('of a cancelled run leaves no parts behind; one that ran out of time leaves them for the next run', async () => {
    const aws = large();
    const world = aws.world();
    let progress = await registerModel.advance(inputs(), undefined, world);
    while (progress.is === 'waiting' && aws.uploads.size === 0)
      progress = await registerModel.advance(inputs(), progress.memory, world);
    if (progress.is !== 'waiting') throw new Error('it ended before it began');
    await registerModel.abort(inputs(), progress.memory, 'timed-out', world);
    expect(aws.uploads.size).toBe(1);
    await registerModel.abort(inputs(), progress.memory, 'cancelled', world);
    expect(aws.uploads.size).toBe(0);
    const { end } = await runTurns(registerModel, inputs(), aws.world());
    expect(end.reason).toBe('registered');
  });

  test('that changes while it is copied is planned again, and what is registered is the later content', async () => {
    const aws = large();
    const world = aws.world({
      around: async (operation, carryOut) => {
        const answer = carryOut();
        if (operation === 'CreateMultipartUpload') aws.put(artifactUri, 'a later model', { bytes: 6 * gibibyte });
        return answer;
      },
    });
    let progress = await registerModel.advance(inputs(), undefined, world);
    let changes = 0;
    for (let turn = 0; turn < 8 && progress.is === 'waiting'; turn++) {
      progress = await registerModel.advance(inputs(), progress.memory, world);
      changes += progress.remarks?.length ?? 0;
    }
    expect(changes).toBeGreaterThan(0);
    expect(aws.packages).toEqual([]);
  });

  test('that a second run completes first is not overwritten, and no part of it stays', async () => {
    const aws = large();
    let raced = false;
    const world = aws.world({
      around: async (operation, carryOut) => {
        if (operation === 'CompleteMultipartUpload' && !raced) {
          raced = true;
          const [upload] = [...aws.uploads.values()];
          aws.put(upload?.uri ?? '', '', { bytes: 6 * gibibyte });
        }
        return carryOut();
      },
    });
    await runTurns(registerModel, inputs(), world);
    expect(aws.uploads.size).toBe(0);
  });

  test('of a terabyte has parts that S3 takes', async () => {
    const aws = large(40 * 1024 * gibibyte);
    const planned = await registerModel.advance(inputs(), undefined, aws.world({ dryRun: true }));
    expect(planned.plan?.changes[1]?.details[1]).toMatch(/^in 9\d{3} parts|^in 10000 parts/);
  });
});

describe('other shapes', () => {
  test('an image that brings its model has nothing to pin but the image, and the plan names that', async () => {
    const aws = account();
    const { end, plan } = await runTurns(
      registerModel,
      inputs({ artifact: undefined, 'container-environment': { MODEL_ID: 'fruit/large' } }),
      aws.world(),
    );
    expect(end.outputs).toMatchObject({ 'image-digest': imageDigest });
    expect(end.outputs).not.toHaveProperty('artifact-sha256');
    expect(containersOf(aws)).toEqual([
      { Image: `${repository}@${imageDigest}`, Environment: { MODEL_ID: 'fruit/large' } },
    ]);
    expect(plan?.notes.join()).toContain('there is no model data');
    expect((await registered(aws)).unpinned).toEqual([]);
    expect(await verifyContent(aws.world(), await registered(aws))).toBeUndefined();
  });

  const file = (list: unknown) => registerModelInputs.containers.parse(JSON.stringify(list), 'containers.json');
  const alone = { image: undefined, artifact: undefined };

  test('several containers are pinned one by one, with their additional data', async () => {
    const aws = account();
    aws.put('s3://ml-training/features.tar.gz', 'the features');
    aws.put('s3://ml-training/adapter/weights.bin', 'adapter');
    const adapter = { S3Uri: 's3://ml-training/adapter/', S3DataType: 'S3Prefix', CompressionType: 'None' };
    const { end, plan } = await runTurns(
      registerModel,
      inputs({
        ...alone,
        containers: file([
          {
            Image: `${repository}:other`,
            ModelDataUrl: 's3://ml-training/features.tar.gz',
            ContainerHostname: 'features',
          },
          {
            Image: `${repository}:1.4.0`,
            ModelDataUrl: artifactUri,
            ContainerHostname: 'model',
            Environment: { A: '1' },
            AdditionalModelDataSources: [{ ChannelName: 'adapter', S3DataSource: adapter }],
          },
        ]),
      }),
      aws.world(),
    );
    expect(end.reason).toBe('registered');
    const [first, second] = containersOf(aws);
    const pinned = /^s3:\/\/ml-releases\/churn\/artifacts\/[0-9a-f]{64}(\.tar\.gz|\/)$/;
    expect(first).toEqual({
      Image: `${repository}@${otherDigest}`,
      ModelDataUrl: expect.stringMatching(pinned),
      ContainerHostname: 'features',
    });
    expect(second).toEqual({
      Image: `${repository}@${imageDigest}`,
      ModelDataUrl: expect.stringMatching(pinned),
      ContainerHostname: 'model',
      Environment: { A: '1' },
      AdditionalModelDataSources: [
        { ChannelName: 'adapter', S3DataSource: { ...adapter, S3Uri: expect.stringMatching(pinned) } },
      ],
    });
    expect(plan?.changes.at(-1)?.details).toContain(`image of container 1: ${repository}@${otherDigest}`);
    const version = await registered(aws);
    expect(version).toMatchObject({ unpinned: [], imageDigests: [otherDigest, imageDigest] });
    expect(await verifyContent(aws.world(), version)).toBeUndefined();
    aws.put(String(first?.['ModelDataUrl']), 'other features', { checksum: true });
    expect(await verifyContent(aws.world(), version)).toMatchObject({
      reason: 'content-changed',
      because: expect.stringContaining('the model data of churn_v1.4.0 has SHA-256'),
    });
  });

  test.each([
    ['[]', 'containers.json: the list is not as CreateModelPackage takes it'],
    ['{', 'containers.json: '],
    ['[{"Imagee":"x"}]', 'containers.json: 0 is not as CreateModelPackage takes it: unknown member "Imagee"'],
    [
      '[{"Image":"x","ModelDataUrl":"s3://b/k","ModelDataSource":{"S3DataSource":{"S3Uri":"s3://b/k/","S3DataType":"S3Prefix","CompressionType":"None"}}}]',
      'has both ModelDataUrl and ModelDataSource',
    ],
    ['[{"Image":"x","ContainerHostname":"a"},{"Image":"x"}]', 'all containers have a ContainerHostname, or none has'],
  ])('the file %s is refused', (content, message) => {
    expect(() => registerModelInputs.containers.parse(content, 'containers.json')).toThrow(message);
  });

  test('the content of a version has one origin', async () => {
    await expect(
      runTurns(registerModel, inputs({ containers: file([{ Image: `${repository}:1.4.0` }]) }), account().world()),
    ).rejects.toThrow('containers has the content of the version: leave out image, artifact');
  });

  test('an image for training is named in the plan', async () => {
    const aws = account();
    const image = '763104351884.dkr.ecr.eu-west-1.amazonaws.com/pytorch-training:2.1';
    aws.images.set('763104351884/pytorch-training:2.1', imageDigest);
    const planned = await registerModel.advance(inputs({ image }), undefined, aws.world({ dryRun: true }));
    expect(planned.plan?.notes.join()).toContain(`by its name ${image} is an image for training`);
  });
});
