import { createHash } from 'node:crypto';
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

describe('on the wire', () => {
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
