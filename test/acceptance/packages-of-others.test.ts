import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { irisFixture } from '../../simulator/fixtures/fixtures.ts';
import { minutes } from '../../src/clock.ts';
import type { AnyOperation } from '../../src/operations/all.ts';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { registerModel } from '../../src/operations/register-model.ts';
import { rollback } from '../../src/operations/rollback.ts';
import { shiftTraffic } from '../../src/operations/shift-traffic.ts';
import { manifestText, rehearsedTeam, rollouts } from '../../src/rehearsal/manifest.ts';
import { openAccount, type TestAccount } from '../support/account.ts';

let account: TestAccount;
beforeEach(async () => {
  account = await openAccount();
});
afterEach(() => account.close());

const arnOf = (number: number): string =>
  `arn:aws:sagemaker:${rehearsedTeam.region}:${rehearsedTeam.account}:model-package/${rehearsedTeam.model}/${number}`;

/** A pipeline registers this fixture without a description. */
const byPipeline = async (version: '1.0.0' | '1.1.0', more: object = {}): Promise<void> => {
  const { simulator } = account;
  const key = `pipeline/${version}/model.tar.gz`;
  simulator.objects.put(rehearsedTeam.bucket, key, irisFixture(version).artifact);
  await simulator
    .call('sagemaker', 'CreateModelPackageGroup', { ModelPackageGroupName: rehearsedTeam.model })
    .catch(() => undefined);
  await simulator.call('sagemaker', 'CreateModelPackage', {
    ModelPackageGroupName: rehearsedTeam.model,
    ModelApprovalStatus: 'Approved',
    InferenceSpecification: {
      Containers: [{ Image: rehearsedTeam.image, ModelDataUrl: `s3://${rehearsedTeam.bucket}/${key}` }],
      SupportedContentTypes: ['text/csv'],
      SupportedResponseMIMETypes: ['text/csv'],
    },
    ...more,
  });
};

const inProduction = async (): Promise<void> => {
  await byPipeline('1.0.0');
  account.writeManifest((text) => text.replace('minimum-requests: 300', 'minimum-requests: 0'));
  const report = await account.run(deployEndpoint, { version: '1' });
  expect(report?.result).toMatchObject({ reason: 'delivered', outputs: { version: 'package-1' } });
};

describe('packages without a version', () => {
  test('are delivered by number or ARN, and a way back finds them by their number', async () => {
    await inProduction();
    await byPipeline('1.1.0');
    expect((await account.run(deployEndpoint, { version: arnOf(2) }))?.result).toMatchObject({
      reason: 'delivered',
      outputs: {
        version: 'package-2',
        'previous-version': 'package-1',
        'endpoint-config': expect.stringMatching(/^iris-package-2-[0-9a-f]{8}$/),
      },
    });
    expect((await account.run(deployEndpoint, { version: 'iris/2' }))?.result.reason).toBe('already-delivered');
    expect((await account.run(rollback, { to: '1' }))?.result).toMatchObject({
      reason: 'restored',
      outputs: { 'serving-version': 'package-1' },
    });
    expect((await account.run(rollback, { to: '7' }))?.result).toMatchObject({
      reason: 'nothing-to-roll-back-to',
      because: expect.stringContaining('package-7 never served iris: the history has package-1, package-2'),
    });
  });

  test('are not delivered before their approval', async () => {
    await byPipeline('1.0.0', { ModelApprovalStatus: 'PendingManualApproval' });
    expect((await account.run(deployEndpoint, { version: '1' }))?.result).toMatchObject({
      reason: 'not-approved',
      because: expect.stringContaining('iris/1 (package version 1) is PendingManualApproval'),
    });
  });

  test('whose image lies in an account that is closed to this role: both plans name that account', async () => {
    account.simulator.account('444455556666');
    const image = `444455556666.dkr.ecr.${rehearsedTeam.region}.amazonaws.com/pytorch-training:2.1`;
    await byPipeline('1.0.0', {
      InferenceSpecification: {
        Containers: [{ Image: image, ModelDataUrl: `s3://${rehearsedTeam.bucket}/pipeline/1.0.0/model.tar.gz` }],
        SupportedContentTypes: ['text/csv'],
        SupportedResponseMIMETypes: ['text/csv'],
      },
    });
    // Results show no account in full.
    const shown = image.replace('444455556666', '<account>');
    const closed = 'this role may not read the repository pytorch-training, in the account ending in 6666';
    const training = expect.stringContaining(`by its name ${shown} is an image for training`);
    const plan = async (operation: AnyOperation, inputs: Readonly<Record<string, string>>) =>
      (await account.run(operation, { ...inputs, 'dry-run': 'true' }))?.result.plan?.notes;
    expect(await plan(deployEndpoint as AnyOperation, { version: '1' })).toEqual(
      expect.arrayContaining([`not known: whether there is the image of iris/1, ${shown}: ${closed}`, training]),
    );
    expect(await plan(registerModel as AnyOperation, { version: '2.0.0', from: '1' })).toEqual(
      expect.arrayContaining([`the image ${shown} cannot be pinned: ${closed}`, training]),
    );
  });

  test('that were edited after the plan are not delivered', async () => {
    await inProduction();
    await byPipeline('1.1.0');
    const begun = await account.run(deployEndpoint, { version: '2', wait: 'false' });
    expect(begun?.result.outcome).toBe('pending');
    await account.simulator.call('sagemaker', 'UpdateModelPackage', {
      ModelPackageArn: arnOf(2),
      InferenceSpecification: {
        Containers: [
          { Image: rehearsedTeam.image, ModelDataUrl: `s3://${rehearsedTeam.bucket}/pipeline/1.0.0/model.tar.gz` },
        ],
      },
    });
    expect((await account.run(deployEndpoint, { version: '2' }))?.result).toMatchObject({
      reason: 'approval-withdrawn',
      because: expect.stringContaining('the package of iris/2 was edited after the plan was made'),
    });
  });

  test('go through steps by their number', async () => {
    await inProduction();
    account.simulator.traffic({ endpoint: 'iris', requestsPerSecond: 8, seed: 20_260_105 });
    await account.pass(minutes(20));
    account.writeManifest(() => manifestText({ rollout: rollouts.steps }));
    await byPipeline('1.1.0');
    expect((await account.run(deployEndpoint, { version: '2' }))?.result.reason).toBe('candidate-dark');
    expect((await account.run(shiftTraffic, { version: arnOf(2) }))?.result).toMatchObject({
      reason: 'delivered',
      outputs: { 'serving-version': 'package-2' },
    });
  });
});

describe('a version that is named by the number of its package', () => {
  test('is that version: taken back, it is not tried again under the number', async () => {
    await inProduction();
    await account.prepare('1.1.0');
    expect((await account.run(deployEndpoint, { version: '2' }))?.result).toMatchObject({
      reason: 'delivered',
      outputs: { version: '1.1.0' },
    });
    expect((await account.run(deployEndpoint, { version: '1.1.0' }))?.result.reason).toBe('already-delivered');
    expect((await account.run(rollback, {}))?.result.outputs['serving-version']).toBe('package-1');
    expect((await account.run(rollback, { to: '2' }))?.result.outputs['serving-version']).toBe('1.1.0');
  });

  test('goes on when its package is deleted, until the next look ends it', async () => {
    await inProduction();
    await account.prepare('1.1.0');
    const begun = await account.run(deployEndpoint, { version: '2', wait: 'false' });
    expect(begun?.result.outcome).toBe('pending');
    await account.simulator.call('sagemaker', 'DeleteModelPackage', { ModelPackageName: arnOf(2) });
    const { result } = (await account.run(deployEndpoint, { version: '2' })) ?? {};
    expect(result).toMatchObject({ reason: 'approval-withdrawn', because: expect.stringContaining('was deleted') });
    expect(account.record()).not.toHaveProperty('live');
  });
});
