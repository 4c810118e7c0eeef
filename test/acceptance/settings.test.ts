import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { rollback } from '../../src/operations/rollback.ts';
import { rehearsedTeam as team } from '../../src/rehearsal/manifest.ts';
import { summaryOf } from '../../src/report/summary.ts';
import { openAccount, type TestAccount } from '../support/account.ts';
import { byHand, described, endOf, linesOf, madeByHand } from '../support/adopted.ts';

let account: TestAccount;
beforeEach(async () => {
  await account?.close();
  account = await openAccount();
});
afterAll(() => account.close());

const rollout = 'rollout: { strategy: all-at-once, final-bake: 5m, minimum-requests: 0 }';
/** The manifest with these lines in `endpoint`. */
const manifest = (...lines: readonly string[]): void => manifestOn('ml.m5.large', ...lines);
const manifestOn = (type: string, ...lines: readonly string[]): void =>
  account.writeManifest((text) =>
    text
      .replace(/rollout: .*/, rollout)
      .replace('ml.m5.large', type)
      .replace('execution-role: iris-serving\n', (key) => `${key}${lines.map((line) => `      ${line}\n`).join('')}`),
  );
const deliver = (version: string, more = {}) => account.run(deployEndpoint, { version, ...more });

const variant = {
  RoutingConfig: { RoutingStrategy: 'LEAST_OUTSTANDING_REQUESTS' },
  InferenceAmiVersion: 'al2-ami-sagemaker-inference-gpu-2',
  VolumeSizeInGB: 40,
  CoreDumpConfig: { DestinationS3Uri: 's3://ml-artifacts/cores' },
};
/** Newer than the SDK. */
const CrossRegionTrafficConfig = { MaxCrossRegionPercentPerEndpoint: 10, MaxInvocationsPerSecondPerInstance: 5 };
const DataCaptureConfig = {
  EnableCapture: true,
  InitialSamplingPercentage: 30,
  DestinationS3Uri: 's3://ml-artifacts/seen',
  CaptureOptions: [{ CaptureMode: 'Input' }],
};

describe('an endpoint that others made', () => {
  beforeEach(async () => {
    manifest();
    await account.prepare('1.1.0');
  });

  test('keeps each setting that the manifest does not have, and the plan has a line for each', async () => {
    await madeByHand(account, { variant, config: { CrossRegionTrafficConfig } });
    const report = await deliver('1.1.0');
    expect(endOf(report)).toBe('succeeded/delivered');
    const now = await described(account);
    expect(now.variant).toMatchObject(variant);
    expect(now.config).toMatchObject({ CrossRegionTrafficConfig });
    expect(linesOf(report)).toEqual(
      expect.arrayContaining([
        'kept: routing strategy: LEAST_OUTSTANDING_REQUESTS',
        'kept: inference AMI version: al2-ami-sagemaker-inference-gpu-2',
        'kept: storage volume: 40 GB',
        'kept: core dumps DestinationS3Uri: s3://ml-artifacts/cores',
        'kept: traffic to other regions MaxCrossRegionPercentPerEndpoint: 10',
      ]),
    );
    const again = await deliver('1.1.0');
    expect(endOf(again)).toBe('succeeded/already-delivered');
    const undone = await account.run(rollback, {});
    expect(endOf(undone)).toBe('succeeded/restored');
    expect((await described(account)).config['EndpointConfigName']).toBe(byHand);
  });

  test('keeps its tags; a new model and config have those of the manifest', async () => {
    const owner = { Key: 'owner', Value: 'theirs' };
    const arnOf = (kind: string, name: string) => `arn:aws:sagemaker:${team.region}:${team.account}:${kind}/${name}`;
    const tagsOf = async (kind: string, name: string) =>
      (await account.simulator.call('sagemaker', 'ListTags', { ResourceArn: arnOf(kind, name) }))['Tags'];
    await madeByHand(account, {});
    await account.simulator.call('sagemaker', 'AddTags', {
      ResourceArn: arnOf('endpoint', team.endpoint),
      Tags: [owner],
    });
    manifest('tags: { costs: garden }');
    expect(endOf(await deliver('1.1.0'))).toBe('succeeded/delivered');
    const costs = { Key: 'costs', Value: 'garden' };
    expect(await tagsOf('endpoint', team.endpoint)).toEqual(expect.arrayContaining([owner, costs]));
    const { config, model } = await described(account);
    expect(await tagsOf('endpoint-config', String(config['EndpointConfigName']))).toEqual([costs]);
    expect(await tagsOf('model', String(model['ModelName']))).toEqual([costs]);
  });

  test('loses no protection: the refusal names each key and shows the whole plan, and nothing is written', async () => {
    await madeByHand(account, {
      variant,
      config: { KmsKeyId: 'alias/ml', DataCaptureConfig },
      model: { EnableNetworkIsolation: true, VpcConfig: { Subnets: ['subnet-7'], SecurityGroupIds: ['sg-7'] } },
    });
    const since = account.watch();
    const report = await deliver('1.1.0');
    expect(endOf(report)).toBe('failed/protection-lost');
    for (const key of ['kms-key', 'vpc', 'network-isolation', 'data-capture'])
      expect(report?.result.because).toContain(`\`${key}\``);
    expect(linesOf(report)).toEqual(
      expect.arrayContaining([
        "encryption of the volumes (KMS key): alias/ml → removed (AWS's default)",
        "network isolation: on → removed (AWS's default)",
        "VPC subnets: subnet-7 → removed (AWS's default)",
        "data capture: on → removed (AWS's default)",
        'kept: storage volume: 40 GB',
      ]),
    );
    expect(since().filter(({ mutation }) => mutation)).toEqual([]);
  });

  test('gives a protection up where its key is none, and the plan notes it first', async () => {
    await madeByHand(account, {
      config: { KmsKeyId: 'alias/ml', DataCaptureConfig },
      model: { EnableNetworkIsolation: true, VpcConfig: { Subnets: ['subnet-7'], SecurityGroupIds: ['sg-7'] } },
    });
    manifest('kms-key: none', 'vpc: none', 'network-isolation: none', 'data-capture: none');
    const report = await deliver('1.1.0');
    expect(endOf(report)).toBe('succeeded/delivered');
    expect(report?.result.plan?.notes.slice(0, 4)).toEqual([
      'PROTECTION REMOVED: encryption of the volumes: the manifest gives up `kms-key`',
      'PROTECTION REMOVED: the VPC: the manifest gives up `vpc`',
      'PROTECTION REMOVED: network isolation: the manifest gives up `network-isolation`',
      'PROTECTION REMOVED: data capture: the manifest gives up `data-capture`',
    ]);
    expect((await described(account)).config).not.toHaveProperty('KmsKeyId');
    // The same in the job summary, for people.
    expect(report && summaryOf(report)).toContain('- PROTECTION REMOVED: network isolation: the manifest gives up');
  });

  test.each([
    ['data-capture: { s3: s3://ml-artifacts/seen, sampling-percent: 0 }', 'data capture', 'data-capture'],
    ['network-isolation: false', 'network isolation', 'network-isolation'],
  ])('notes a protection that `%s` removes', async (line, name, key) => {
    await madeByHand(account, { config: { DataCaptureConfig }, model: { EnableNetworkIsolation: true } });
    const others = ['network-isolation: true', 'data-capture: { s3: s3://ml-artifacts/seen, sampling-percent: 30 }'];
    manifest(line, ...others.filter((other) => !other.startsWith(key)));
    const report = await deliver('1.1.0', { 'dry-run': 'true' });
    expect(endOf(report)).toBe('succeeded/planned');
    const notes = (report?.result.plan?.notes ?? []).filter((note) => note.startsWith('PROTECTION'));
    expect(notes).toEqual([`PROTECTION REMOVED: ${name}: the manifest gives up \`${key}\``]);
  });

  test('refuses to take settings of the hardware along to another instance type, until the manifest has their keys', async () => {
    await madeByHand(account, { variant });
    manifestOn('ml.g5.xlarge');
    const since = account.watch();
    const refused = await deliver('1.1.0');
    expect(endOf(refused)).toBe('failed/hardware-setting');
    expect(refused?.result.because).toContain('storage volume: 40 GB (`volume-size-gb`');
    expect(refused?.result.because).toContain('`inference-ami-version`');
    expect(since().filter(({ mutation }) => mutation)).toEqual([]);

    // With the keys, as adopt writes them, the manifest decides; the plan still says what AWS may refuse.
    manifestOn('ml.g5.xlarge', 'volume-size-gb: 40', `inference-ami-version: ${variant.InferenceAmiVersion}`);
    const doubtful = await deliver('1.1.0', { 'dry-run': 'true' });
    expect(endOf(doubtful)).toBe('succeeded/planned');
    expect(doubtful?.result.plan?.notes).toEqual(
      expect.arrayContaining([
        'storage volume: 40 GB served on ml.m5.large, and ml.g5.xlarge may not take it: types with storage of their own take no volume (`volume-size-gb`)',
        'inference AMI version: al2-ami-sagemaker-inference-gpu-2 served on ml.m5.large, and ml.g5.xlarge may not take it: an AMI has the drivers of one kind of accelerator (`inference-ami-version`)',
      ]),
    );

    manifestOn('ml.g5.xlarge', 'volume-size-gb: none', 'inference-ami-version: al2-ami-sagemaker-inference-gpu-3-1');
    const report = await deliver('1.1.0');
    expect([endOf(report), report?.result.because]).toEqual(['succeeded/delivered', expect.any(String)]);
    expect(linesOf(report)).toEqual(
      expect.arrayContaining([
        'instance type: ml.m5.large → ml.g5.xlarge',
        "storage volume: 40 GB → removed (AWS's default)",
        'kept: routing strategy: LEAST_OUTSTANDING_REQUESTS',
      ]),
    );
    const now = await described(account);
    expect(now.variant).toMatchObject({ InferenceAmiVersion: 'al2-ami-sagemaker-inference-gpu-3-1' });
    expect(now.variant).not.toHaveProperty('VolumeSizeInGB');
  });

  test('keeps a volume where the other instance type is known to take one', async () => {
    await madeByHand(account, { variant: { VolumeSizeInGB: 40 } });
    manifestOn('ml.c5.xlarge');
    const report = await deliver('1.1.0');
    expect([endOf(report), report?.result.because]).toEqual(['succeeded/delivered', expect.any(String)]);
    expect(report?.result.plan?.notes.join()).not.toContain('may not take it');
    expect((await described(account)).variant).toMatchObject({ InstanceType: 'ml.c5.xlarge', VolumeSizeInGB: 40 });
  });
});
