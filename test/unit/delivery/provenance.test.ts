import { describe, expect, test } from '@jest/globals';
import { candidateStands } from '../../../src/delivery/candidate-unchanged.ts';
import { candidateIsOurs, refuseForeign } from '../../../src/delivery/provenance.ts';
import { contentName } from '../../../src/endpoint/names.ts';
import type { Configuration } from '../../../src/release/record.ts';
import type { World } from '../../../src/world.ts';
import { refusal } from '../../support/refusal.ts';
import { release } from '../../support/release.ts';
import { stepping } from '../../support/stepping.ts';
import { awsError, worldAt } from '../../support/stored.ts';
import { turnFrom } from '../../support/turns.ts';

// Rule 21: a line of the history is a hint. A writer of the bucket must not be able to have another config published.

const model = contentName('churn', '1.0.0', { made: 'by desired.ts' }, 1);
const capture = {
  EnableCapture: true,
  InitialSamplingPercentage: 20,
  DestinationS3Uri: 's3://seen/churn',
  CaptureOptions: [{ CaptureMode: 'Input' }],
};
const content = {
  ProductionVariants: [
    {
      VariantName: 'AllTraffic',
      ModelName: model,
      InstanceType: 'ml.m5.large',
      InitialInstanceCount: 2,
      InitialVariantWeight: 1,
    },
  ],
  DataCaptureConfig: capture,
  KmsKeyId: 'alias/ml',
};
const endpointConfig = contentName('churn', '1.0.0', content, 3);
const ours: Configuration = {
  endpointConfig,
  model,
  version: '1.0.0',
  packageVersion: 7,
  instanceType: 'ml.m5.large',
  instanceCount: 2,
};
const packageArn = 'arn:aws:sagemaker:eu-west-1:111122223333:model-package/churn/7';

interface Account {
  readonly config?: object | 'deleted';
  readonly model?: object | 'deleted';
  readonly packages?: readonly object[];
  readonly adopted?: string;
}
const missing = (what: string): Error => awsError('sagemaker:Describe', `Could not find ${what} "x".`);
const listed = (number: number, version: string) => ({
  ModelPackageGroupName: 'churn',
  ModelPackageVersion: number,
  ModelPackageArn: `arn:aws:sagemaker:eu-west-1:111122223333:model-package/churn/${number}`,
  ModelPackageDescription: `churn_v${version}`,
  ModelPackageStatus: 'Completed',
  ModelApprovalStatus: 'Approved',
  CreationTime: new Date(0),
});

const worldOf = (account: Account = {}) =>
  worldAt(
    0,
    { config: 'churn-now' },
    {
      reads: {
        describeEndpointConfig: async ({ EndpointConfigName }: { readonly EndpointConfigName: string }) => {
          if (account.config === 'deleted') throw missing('endpoint configuration');
          // AWS adds members of its own.
          return {
            EndpointConfigName,
            EndpointConfigArn: 'arn:aws:sagemaker:eu-west-1:111122223333:endpoint-config/x',
            CreationTime: new Date(0),
            EnableNetworkIsolation: false,
            ...content,
            ...account.config,
          };
        },
        describeModel: async () => {
          if (account.model === 'deleted') throw missing('model');
          return { PrimaryContainer: { ModelPackageName: packageArn }, ...account.model };
        },
        listModelPackages: async () => ({ ModelPackageSummaryList: account.packages ?? [listed(7, '1.0.0')] }),
        listTags: async () => ({
          Tags: account.adopted === undefined ? [] : [{ Key: 'model-delivery:adopted', Value: account.adopted }],
        }),
      },
    },
  );

const check = (account: Account, configuration: Configuration = ours, shown?: string): Promise<void> =>
  refuseForeign(worldOf(account), { endpoint: 'churn', model: 'churn', ...(shown ? { shown } : {}) }, configuration);

describe('a config of this suite', () => {
  test('is proven by its name, its model and its package, at any attempt', async () => {
    await expect(check({})).resolves.toBeUndefined();
  });

  test('is proven after AWS filled in defaults of its own', async () => {
    const [variant] = content.ProductionVariants;
    const filled = { ...variant, VolumeSizeInGB: 30, ContainerStartupHealthCheckTimeoutInSeconds: 600 };
    await expect(check({ config: { ProductionVariants: [filled] } })).resolves.toBeUndefined();
  });

  test.each([
    ['the case of names', { model: { PrimaryContainer: { ModelPackageName: packageArn.toUpperCase() } } }],
    ['a package that was deleted since', { packages: [] }],
    ['packages of other versions', { packages: [listed(7, '1.0.0'), listed(8, '1.1.0')] }],
  ])('does not depend on %s', async (_what, account) => {
    await expect(check(account)).resolves.toBeUndefined();
  });

  describe('under a manifest that names a registry', () => {
    const theirs = { partition: 'aws', region: 'eu-west-1', id: '444455556666' };
    const named = (account: Account, registered: readonly object[]): Promise<void> => {
      const world = worldOf(account);
      const sagemaker = { listModelPackages: async () => ({ ModelPackageSummaryList: registered }) };
      const registry = { account: theirs, role: 'reader', read: { sagemaker } } as unknown as NonNullable<
        World['registry']
      >;
      return refuseForeign({ ...world, registry }, { endpoint: 'churn', model: 'churn' }, ours);
    };
    const made = (account: string): Account => ({
      model: { PrimaryContainer: { ModelPackageName: packageArn.replace('111122223333', account) } },
    });

    test('may be made of a package there, or of one of the own account from before', async () => {
      await expect(named(made('444455556666'), [listed(7, '1.0.0')])).resolves.toBeUndefined();
      await expect(named(made('111122223333'), [])).resolves.toBeUndefined();
    });

    test('is compared with the versions of the place of its package', async () => {
      expect(await refusal(named(made('444455556666'), [listed(3, '1.0.0')]))).toContain('is package 3');
      expect(await refusal(named({ packages: [listed(3, '1.0.0')] }, [listed(7, '1.0.0')]))).toContain('is package 3');
    });

    test('is made of no package of others', async () => {
      expect(await refusal(named(made('777788889999'), []))).toContain('in the registry or in this account');
    });
  });

  const [variant] = content.ProductionVariants;
  const begins = `the release record of churn names ${endpointConfig} for 1.0.0, but `;
  test.each<readonly [string, Account, string]>([
    ['another setting', { config: { KmsKeyId: 'alias/other' } }, "its name is not this suite's name for such a config"],
    [
      'another capture',
      { config: { DataCaptureConfig: { ...capture, DestinationS3Uri: 's3://other/x' } } },
      'its name is not',
    ],
    ['no capture', { config: { DataCaptureConfig: undefined } }, 'its name is not'],
    [
      'another instance type',
      { config: { ProductionVariants: [{ ...variant, InstanceType: 'ml.c5.large' }] } },
      'its name is not',
    ],
    [
      'another variant name',
      { config: { ProductionVariants: [{ ...variant, VariantName: 'other' }] } },
      'its name is not',
    ],
    ['no variant', { config: { ProductionVariants: [] } }, 'it has other variants than the one variant'],
    [
      'two variants',
      { config: { ProductionVariants: [variant, variant] } },
      'it has other variants than the one variant',
    ],
    ['a shadow', { config: { ShadowProductionVariants: [variant] } }, 'it has other variants than the one variant'],
    [
      'another model',
      { config: { ProductionVariants: [{ ...variant, ModelName: 'other' }] } },
      `its model is other, not ${model}`,
    ],
    [
      'no model',
      { config: { ProductionVariants: [{ ...variant, ModelName: undefined }] } },
      `its model is none, not ${model}`,
    ],
    [
      'a model made of an image',
      { model: { PrimaryContainer: { Image: 'x' } } },
      `its model ${model} was made of an image, not of a model package, not of package 7 of churn`,
    ],
    [
      'a model of several containers',
      { model: { PrimaryContainer: undefined } },
      `its model ${model} was made of an image, not of a model package`,
    ],
    [
      'a model made of another package, whose account is not printed',
      { model: { PrimaryContainer: { ModelPackageName: packageArn.replace('/7', '/8') } } },
      `its model ${model} was made of model-package/churn/8, not of package 7 of churn`,
    ],
    [
      'a version that another package owns',
      { packages: [listed(3, '1.0.0'), listed(7, '1.0.0')] },
      `its model ${model} was made of package 7, and 1.0.0 of churn is package 3`,
    ],
  ])('with %s is refused', async (_what, account, fault) => {
    const said = await refusal(check(account));
    expect(said).toContain(`foreign-config: ${begins}${fault}`);
    expect(said).toMatch(/; nothing was changed$/);
    expect(said).not.toContain('111122223333');
  });

  test('whose model has a strange name is refused', async () => {
    const [one] = content.ProductionVariants;
    const strange = { ...ours, model: 'strange' };
    const named = contentName(
      'churn',
      '1.0.0',
      { ...content, ProductionVariants: [{ ...one, ModelName: 'strange' }] },
      1,
    );
    const account = { config: { ProductionVariants: [{ ...one, ModelName: 'strange' }] } };
    expect(await refusal(check(account, { ...strange, endpointConfig: named }))).toContain(
      "its model strange does not have a name of this suite's",
    );
  });

  test('without a package number in the record is refused', async () => {
    const { packageVersion: _, ...unnumbered } = ours;
    expect(await refusal(check({}, unnumbered))).toContain('not of package unknown of churn');
  });

  test.each([
    ['config', { config: 'deleted' }, `endpoint config ${endpointConfig} was deleted`],
    ['model', { model: 'deleted' }, `model ${model} of ${endpointConfig} was deleted`],
  ] as const)('whose %s was deleted cannot be published again', async (_part, account, sentence) => {
    expect(await refusal(check(account))).toBe(`config-missing: ${sentence}: name another version with to`);
  });
});

describe('a config of others', () => {
  const others: Configuration = {
    endpointConfig: 'by-hand',
    model: 'by-hand',
    instanceType: 'ml.m5.large',
    instanceCount: 2,
  };

  test('in the tag of adopted configs is published again', async () => {
    await expect(check({ adopted: 'newer by-hand' }, others)).resolves.toBeUndefined();
  });

  test('that the endpoint itself shows needs no proof', async () => {
    await expect(check({}, others, 'by-hand')).resolves.toBeUndefined();
  });

  test.each([
    [undefined, 'none now'],
    ['', 'none now'],
    ['one two', 'one, two'],
  ])('that is not in the tag %j is refused, with the way to allow it', async (adopted, named) => {
    const said = await refusal(check(adopted === undefined ? {} : { adopted }, others, 'another'));
    expect(said).toContain('names by-hand for the configuration before this suite, but the tag model-delivery:adopted');
    expect(said).toContain(`which names ${named}; nothing was changed`);
  });
});

describe('the candidate of a live release', () => {
  const turn = (account: Account, candidate: Configuration, baseline?: Configuration) =>
    turnFrom({
      world: worldOf(account),
      endpoint: 'churn',
      release: release({ candidate, ...(baseline ? { baseline } : {}), stepping: stepping() }),
    });
  const others: Configuration = {
    endpointConfig: 'by-hand',
    model: 'by-hand',
    instanceType: 'ml.m5.large',
    instanceCount: 2,
  };

  test('is checked before a submission', async () => {
    expect(await candidateIsOurs(turn({}, ours))).toBeUndefined();
    expect(await refusal(Promise.resolve(candidateIsOurs(turn({}, others, ours))))).toContain('foreign-config');
  });

  test('needs no proof when the endpoint serves it', async () => {
    expect(await candidateIsOurs(turn({}, others, others))).toBeUndefined();
  });

  const dark = (name: string | undefined): Account => ({
    config: {
      ProductionVariants: [content.ProductionVariants[0], { VariantName: 'AllTraffic-next', ModelName: name }],
    },
  });
  const standing = (account: Account, runs: string | undefined) => {
    const world = worldOf(account);
    const alone = world.read.sagemaker.describeEndpointConfig;
    const besides = worldOf(dark(runs)).read.sagemaker.describeEndpointConfig;
    const read = {
      ...world.read,
      sagemaker: {
        ...world.read.sagemaker,
        describeEndpointConfig: (input: Parameters<typeof alone>[0]) =>
          input.EndpointConfigName === 'churn-dark' ? besides(input) : alone(input),
      },
    };
    const one = turn(account, ours, { ...ours, endpointConfig: 'churn-dark' });
    return candidateStands({ ...one, world: { ...world, read } });
  };

  test('stands before it is published: its config is ours, and the dark candidate runs its model', async () => {
    expect(await standing({}, model)).toBeUndefined();
  });

  test.each([
    ['other', 'runs other'],
    [undefined, 'runs none'],
  ])('does not stand when the dark candidate runs %s', async (runs, words) => {
    const said = await refusal(standing({}, runs));
    expect(said).toContain(`foreign-config: the release record of churn names model ${model} for 1.1.0`);
    expect(said).toContain(`${words}: run deploy-endpoint again`);
  });

  test('does not stand when its config was deleted or changed', async () => {
    expect(await refusal(standing({ config: 'deleted' }, model))).toBe(
      `config-missing: endpoint config ${endpointConfig} was deleted: run deploy-endpoint again`,
    );
    expect(await refusal(standing({ config: { KmsKeyId: 'alias/other' } }, model))).toContain('its name is not');
  });
});
