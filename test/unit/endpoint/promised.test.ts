import { describe, expect, test } from '@jest/globals';
import { brokenPromises, promisedBy } from '../../../src/endpoint/promised.ts';
import type { World } from '../../../src/world.ts';
import { awsError } from '../../support/stored.ts';

interface Account {
  readonly config: object;
  readonly variants: readonly object[];
  readonly models: Readonly<Record<string, object>>;
}

/** A config with a candidate and a baseline, each with its own model: what a stepped rollout submits. */
const account: Account = {
  config: {
    KmsKeyId: 'alias/ml',
    DataCaptureConfig: { InitialSamplingPercentage: 5, DestinationS3Uri: 's3://b/seen' },
  },
  variants: [
    { VariantName: 'main', ModelName: 'old', InstanceType: 'ml.m5.large', InitialInstanceCount: 2 },
    { VariantName: 'next', ModelName: 'new', InstanceType: 'ml.m5.large', InitialInstanceCount: 2, VolumeSizeInGB: 8 },
  ],
  models: {
    old: { PrimaryContainer: { Image: 'one', ModelDataUrl: 's3://b/old' }, ExecutionRoleArn: 'role' },
    new: { PrimaryContainer: { Image: 'two', Environment: { MODE: 'strict' } }, EnableNetworkIsolation: true },
  },
};
const worldOf = (given: Account | undefined): World =>
  ({
    read: {
      sagemaker: {
        describeEndpointConfig: async () => {
          if (given === undefined) throw awsError('ValidationException', 'Could not find endpoint configuration "x".');
          return { EndpointConfigName: 'ours', ProductionVariants: given.variants, ...given.config };
        },
        describeModel: async ({ ModelName = '' }) => ({ ModelName, ...given?.models[ModelName] }),
      },
    },
  }) as unknown as World;

const promised = (given: Account = account) => promisedBy(worldOf(given), { endpointConfig: 'ours' });

/** The broken promises, where these parts differ from those at the submission. */
const broken = async (now: Partial<Account>): Promise<readonly string[]> =>
  brokenPromises((await promised()) ?? {}, await promised({ ...account, ...now }), 'ours');

const variant = (index: number, more: object): Pick<Account, 'variants'> => ({
  variants: account.variants.map((one, at) => (at === index ? { ...one, ...more } : one)),
});
const model = (name: string, more: object): Pick<Account, 'models'> => ({
  models: { ...account.models, [name]: { ...account.models[name], ...more } },
});

describe('a promised setting', () => {
  test('has its variant and its path, and of its value a short hash alone', async () => {
    const found = (await promised()) ?? {};
    expect(found).toMatchObject({
      'main config.KmsKeyId': expect.stringMatching(/^[0-9a-f]{8}$/),
      'next variant.VolumeSizeInGB': expect.stringMatching(/^[0-9a-f]{8}$/),
      'next model.EnableNetworkIsolation': expect.stringMatching(/^[0-9a-f]{8}$/),
      'main container.Image': expect.stringMatching(/^[0-9a-f]{8}$/),
    });
    expect(found['main container.Image']).not.toBe(found['next container.Image']);
    expect(found).not.toHaveProperty('main variant.VolumeSizeInGB');
    expect(JSON.stringify(found)).not.toContain('strict');
  });

  test('is kept while AWS describes the same', async () => {
    expect(await broken({})).toEqual([]);
  });

  test.each<[string, Partial<Account>, string]>([
    ['the first variant', variant(0, { InitialInstanceCount: 3 }), 'instances at the start of variant main'],
    ['another variant', variant(1, { VolumeSizeInGB: 9 }), 'storage volume of variant next'],
    ['a variant that had none', variant(0, { VolumeSizeInGB: 8 }), 'storage volume of variant main'],
    ['the first model', model('old', { ExecutionRoleArn: 'theirs' }), 'execution role of variant main'],
    ['another model', model('new', { EnableNetworkIsolation: false }), 'network isolation of variant next'],
    [
      'an image',
      model('new', { PrimaryContainer: { Image: 'one', Environment: { MODE: 'strict' } } }),
      'image of variant next',
    ],
    [
      'model data',
      model('old', { PrimaryContainer: { Image: 'one', ModelDataUrl: 's3://b/x' } }),
      'model data of variant main',
    ],
    [
      'a variable',
      model('new', { PrimaryContainer: { Image: 'two', Environment: { MODE: 'lax' } } }),
      'environment of variant next',
    ],
    ['a member that this suite does not know', variant(1, { Newer: true }), 'Newer of variant next'],
  ])('is broken by another value of %s', async (_where, now, name) => {
    expect(await broken(now)).toEqual([`${name} is not as submitted`]);
  });

  test('of the config is broken for each variant', async () => {
    expect(await broken({ config: { ...account.config, KmsKeyId: 'alias/theirs' } })).toEqual([
      'encryption of the volumes (KMS key) of variant main is not as submitted',
      'encryption of the volumes (KMS key) of variant next is not as submitted',
    ]);
  });

  test('is broken by a variant that is gone, and by one more', async () => {
    const [main = {}, next = {}] = account.variants;
    expect(new Set(await broken({ variants: [main] }))).toContain('storage volume of variant next is not as submitted');
    const third = { ...next, VariantName: 'third' };
    expect(await broken({ variants: [main, next, third] })).toContain(
      'storage volume of variant third is not as submitted',
    );
  });

  test('is broken by a config that was deleted', async () => {
    expect(await promisedBy(worldOf(undefined), { endpointConfig: 'ours' })).toBeUndefined();
    expect(brokenPromises((await promised()) ?? {}, undefined, 'ours')).toEqual(['endpoint config ours was deleted']);
  });
});
