import { createHash } from 'node:crypto';
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { startSimulator } from '../../simulator/simulator.ts';
import { createAwsClients } from '../../src/aws/clients.ts';
import { folder } from '../../src/inputs/folder.ts';
import { approveGate } from '../../src/operations/approve-gate.ts';
import { registerModel } from '../../src/operations/register-model.ts';
import { verifyContent } from '../../src/registry/verify-content.ts';
import type { World } from '../../src/world.ts';
import { staticCredentials } from '../support/aws.ts';
import { artifactUri, findVersion, imageDigest, inputs, manifest, repository } from '../support/registration.ts';
import { runTurns } from '../support/run-turns.ts';

const kept = (text: string) => ({ text, sha256: createHash('sha256').update(text).digest('hex') });
const evaluation = kept('{"regression_metrics":{}}');
const constraints = kept('{"features":[{"name":"tenure","inferred_type":"Integral"}]}');
const analysis = kept('{"post_training_bias_metrics":{"facets":{}},"explanations":{"kernel_shap":{}}}');

/** Everything a registration may say, so that all of it is held against AWS's service model. */
const everything = inputs({
  evaluation: { ...evaluation, hasKnownGroup: true },
  'data-constraints': constraints,
  'bias-report': analysis,
  'explainability-report': analysis,
  description: 'fewer false alarms — 5 % of them',
  'container-environment': { SAGEMAKER_PROGRAM: 'inference.py' },
  'content-types': ['text/csv'],
  'response-types': ['text/csv'],
  'instance-types': ['ml.m5.large'],
  metadata: { dataset: 's3://ml-data/train' },
});

let simulator: Awaited<ReturnType<typeof startSimulator>>;
let world: World;

beforeEach(async () => {
  simulator = await startSimulator();
  simulator.images.tag(`${repository}:1.4.0`, imageDigest);
  simulator.images.tag(`${repository}:other`, `sha256:${'2b'.repeat(32)}`);
  const [bucket = '', ...key] = artifactUri.replace('s3://', '').split('/');
  simulator.objects.put(bucket, key.join('/'), Buffer.from('the model'));
  simulator.objects.put('ml-releases', 'made', Buffer.from(''));
  const env = simulator.environment();
  const { reads, writes } = createAwsClients({
    bucketOwner: () => '111122223333',
    region: 'eu-west-1',
    endpointUrl: simulator.url,
    version: '0.0.0',
    credentials: {
      ...staticCredentials,
      provide: async () => ({
        accessKeyId: env['AWS_ACCESS_KEY_ID'] ?? '',
        secretAccessKey: env['AWS_SECRET_ACCESS_KEY'] ?? '',
      }),
    },
    clock: simulator.driver,
  });
  const caller = await reads.sts.getCallerIdentity();
  world = {
    clock: simulator.driver,
    signal: new AbortController().signal,
    workspace: folder(process.cwd()),
    run: {
      host: 'github-actions',
      holder: 'github/acme/churn/1/register',
      url: 'https://github.com/acme/churn/actions/runs/1',
      repository: 'acme/churn',
      commit: 'c0ffee',
      ref: 'refs/tags/churn_v1.4.0',
    },
    account: { partition: 'aws', region: 'eu-west-1', id: caller.Account ?? '' },
    read: reads,
    write: writes,
  };
});
afterEach(() => simulator.close());

const mutations = () => simulator.requests.filter((request) => request.mutation).map((request) => request.operation);

/** As `aws s3 cp` uploads a large file: the ETag is none of the content, and neither is the checksum. */
const uploadInParts = async (uri: string, parts: readonly Buffer[]): Promise<void> => {
  const [Bucket = '', ...path] = uri.replace('s3://', '').split('/');
  const of = { Bucket, Key: path.join('/') };
  const env = simulator.environment();
  const s3 = new S3Client({
    endpoint: simulator.url,
    region: 'eu-west-1',
    credentials: {
      accessKeyId: env['AWS_ACCESS_KEY_ID'] ?? '',
      secretAccessKey: env['AWS_SECRET_ACCESS_KEY'] ?? '',
    },
  });
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ ...of, ChecksumAlgorithm: 'SHA256' }));
  const Parts = await Promise.all(
    parts.map(async (Body, index) => {
      const PartNumber = index + 1;
      const part = new UploadPartCommand({ ...of, UploadId, PartNumber, Body, ChecksumAlgorithm: 'SHA256' });
      const { ETag, ChecksumSHA256 } = await s3.send(part);
      return { PartNumber, ETag, ChecksumSHA256 };
    }),
  );
  await s3.send(new CompleteMultipartUploadCommand({ ...of, UploadId, MultipartUpload: { Parts } }));
  s3.destroy();
};

describe('on the wire', () => {
  test('an artifact that was uploaded in parts is registered, by the content of the whole', async () => {
    const parts = [Buffer.alloc(5 * 1024 ** 2, 'a'), Buffer.from('the end of the model')];
    await uploadInParts(artifactUri, parts);
    const [bucket = '', ...path] = artifactUri.replace('s3://', '').split('/');
    const head = await world.read.s3.headObject({ Bucket: bucket, Key: path.join('/') });
    expect([head.ETag, head.ChecksumSHA256, head.ChecksumType]).toEqual([
      expect.stringMatching(/-2"$/),
      expect.stringMatching(/-2$/),
      'COMPOSITE',
    ]);
    const { end } = await runTurns(registerModel, inputs(), world);
    expect(end).toMatchObject({ reason: 'registered', outputs: { 'model-package-version': '1' } });
    const version = await findVersion(world, 'churn', 'v1.4.0');
    if (!version) throw new Error('it is not found');
    const sha256 = createHash('sha256').update(Buffer.concat(parts)).digest('hex');
    expect(version.containers[0]).toMatchObject({ ModelDataUrl: `s3://ml-releases/churn/artifacts/${sha256}.tar.gz` });
    expect(await verifyContent(world, version)).toBeUndefined();

    // The same model again is the version that exists; with other bytes behind the same number of parts it is another.
    expect((await runTurns(registerModel, inputs(), world)).end).toMatchObject({ reason: 'already-registered' });
    await uploadInParts(artifactUri, [parts[0] ?? Buffer.alloc(0), Buffer.from('another end')]);
    await expect(runTurns(registerModel, inputs(), world)).rejects.toThrow('already registered with other content');
  });

  test('a registration is taken, found, verified, held by the gate, and let through when approved', async () => {
    const { end } = await runTurns(registerModel, everything, world);
    expect(end).toMatchObject({
      reason: 'registered',
      outputs: { 'model-package-version': '1', 'image-digest': imageDigest },
    });
    // The bias and the explainability are one file.
    expect(mutations()).toEqual([
      'CreateModelPackageGroup',
      'CopyObject',
      ...['PutObject', 'PutObject', 'PutObject'],
      'CreateModelPackage',
    ]);

    const version = await findVersion(world, 'churn', 'v1.4.0');
    if (!version) throw new Error('it is not found');
    expect(version).toMatchObject({
      packageVersion: 1,
      unpinned: [],
      containers: [{ Environment: { SAGEMAKER_PROGRAM: 'inference.py' } }],
      reports: {
        constraints: { sha256: constraints.sha256 },
        'pre-training': { sha256: analysis.sha256 },
        'post-training': { sha256: analysis.sha256 },
        explainability: { sha256: analysis.sha256 },
      },
    });
    expect(await verifyContent(world, version)).toBeUndefined();

    const requested = { manifest, environment: 'staging', version: '1.4.0', mode: 'check' as const };
    expect((await runTurns(approveGate, requested, world)).end.reason).toBe('approval-pending');
    await simulator.call('sagemaker', 'UpdateModelPackage', {
      ModelPackageArn: version.arn,
      ModelApprovalStatus: 'Approved',
      ApprovalDescription: 'recall holds',
    });
    const gate = await runTurns(approveGate, requested, world);
    expect(gate.end).toMatchObject({ reason: 'approved', outputs: { 'approval-description': 'recall holds' } });
  });

  test('the same version again is the same package; with other content it is taken', async () => {
    await runTurns(registerModel, everything, world);
    const before = mutations().length;
    expect((await runTurns(registerModel, everything, world)).end.reason).toBe('already-registered');
    await expect(runTurns(registerModel, { ...everything, image: `${repository}:other` }, world)).rejects.toMatchObject(
      { reason: 'version-taken' },
    );
    expect(mutations()).toHaveLength(before);
  });

  test.each([
    ['sagemaker', 'CreateModelPackageGroup'],
    ['s3', 'CopyObject'],
    ['s3', 'PutObject'],
    ['sagemaker', 'CreateModelPackage'],
  ])(
    'whether or not a run survives the lost answer to %s %s, its re-run ends as if nothing had been',
    async (service, operation) => {
      simulator.faults.add({ service, operation, times: 1, kind: 'answer-lost' });
      await runTurns(registerModel, everything, world).catch(() => undefined);
      const again = { ...world, run: { ...world.run, url: 'https://github.com/acme/churn/actions/runs/1/attempts/2' } };
      expect((await runTurns(registerModel, everything, again)).end.outcome).toBe('succeeded');
      const listed = await world.read.sagemaker.listModelPackages({ ModelPackageGroupName: 'churn' });
      expect(listed.ModelPackageSummaryList).toHaveLength(1);
      expect(new Set(mutations())).toEqual(
        new Set(['CreateModelPackageGroup', 'CopyObject', 'PutObject', 'CreateModelPackage']),
      );
    },
  );
});

describe('an artifact of 6 GiB', () => {
  const large = () => {
    const [bucket = '', ...key] = artifactUri.replace('s3://', '').split('/');
    simulator.objects.put(bucket, key.join('/'), Buffer.from('the model'), 6 * 1024 ** 3);
  };
  const operationsSent = () => simulator.requests.map(({ operation }) => operation);

  test('is planned without reading it, copied in parts, registered and verified', async () => {
    large();
    const planned = await registerModel.advance(inputs(), undefined, world);
    expect(planned.plan?.changes[1]?.details).toContain('in 12 parts, some in each turn: about 31s, an estimate');
    const { end } = await runTurns(registerModel, inputs(), world);
    expect(end).toMatchObject({
      reason: 'registered',
      outputs: { 'artifact-sha256': expect.stringMatching(/^[0-9a-f]{64}-12$/) },
    });
    expect(operationsSent().filter((operation) => operation === 'UploadPartCopy')).toHaveLength(12);
    expect(operationsSent()).not.toContain('GetObject');
    const version = await findVersion(world, 'churn', '1.4.0');
    if (!version) throw new Error('it is not found');
    expect(await verifyContent(world, version)).toBeUndefined();
    expect((await runTurns(registerModel, inputs(), world)).end.reason).toBe('already-registered');
  });

  test('is gone on with by the next run, when one dies between its parts', async () => {
    large();
    let progress = await registerModel.advance(inputs(), undefined, world);
    for (let turn = 0; turn < 3 && progress.is === 'waiting'; turn++)
      progress = await registerModel.advance(inputs(), progress.memory, world);
    expect(operationsSent().filter((operation) => operation === 'UploadPartCopy')).toHaveLength(8);
    expect((await runTurns(registerModel, inputs(), world)).end.reason).toBe('registered');
    expect(operationsSent().filter((operation) => operation === 'UploadPartCopy')).toHaveLength(12);
    expect(operationsSent().filter((operation) => operation === 'CreateMultipartUpload')).toHaveLength(1);
  });
});
