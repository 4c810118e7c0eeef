import { readFileSync } from 'node:fs';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Command } from '../../src/commands/command.ts';
import { createBucket } from '../../src/commands/create-bucket.ts';
import { history } from '../../src/commands/history.ts';
import { lint } from '../../src/commands/lint.ts';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { registerModel } from '../../src/operations/register-model.ts';
import { rollback } from '../../src/operations/rollback.ts';
import { rehearsedTeam as team } from '../../src/rehearsal/manifest.ts';
import { openAccount, type TestAccount } from '../support/account.ts';
import { runCommand } from '../support/run-command.ts';

const bucket = `model-delivery-${team.account}-${team.region}`;
let account: TestAccount;
beforeEach(async () => {
  account = await openAccount();
});
afterEach(() => account.close());

const run = async (command: Command, ...args: readonly string[]) => {
  const at = { env: account.environment, seams: { clock: account.simulator.driver } };
  const { code, out, err } = await runCommand(command, ['--manifest', account.manifest, ...args], at);
  return { code, text: [...out, ...err].join('\n') };
};
const create = (...args: readonly string[]) => run(createBucket, '--environment', team.environment, ...args);
const setting = async (operation: string): Promise<Readonly<Record<string, unknown>>> =>
  account.simulator.call('s3', operation, { Bucket: bucket });

describe('create-bucket', () => {
  test('makes the default bucket closed, for the delivery roles alone; repeated it changes nothing', async () => {
    account.simulator.objects.drop(bucket);
    const made = await create();
    expect(made.text).toMatch(/^created the bucket model-delivery-\d+-eu-west-1 in eu-west-1$/m);
    expect(made.text).toMatch(/lets only model-deployer, model-restorer write$/);
    expect(made.code).toBe(0);
    expect(await setting('GetBucketVersioning')).toEqual({ Status: 'Enabled' });
    expect(await setting('GetPublicAccessBlock')).toEqual({
      BlockPublicAcls: 'true',
      IgnorePublicAcls: 'true',
      BlockPublicPolicy: 'true',
      RestrictPublicBuckets: 'true',
    });
    expect(await setting('GetBucketOwnershipControls')).toEqual({ Rule: { ObjectOwnership: 'BucketOwnerEnforced' } });
    const { Policy } = await setting('GetBucketPolicy');

    const again = await create();
    expect(again.text).toMatch(/^the bucket model-delivery-\d+-eu-west-1 exists$/m);
    expect((await setting('GetBucketPolicy'))['Policy']).toBe(Policy);
  });

  test('what it made serves a delivery from registration to rollback, and lets no other role write', async () => {
    account.simulator.objects.drop(bucket);
    await create();
    await account.inProduction('1.0.0');
    await account.prepare('1.1.0');
    expect((await account.run(deployEndpoint, { version: '1.1.0' }))?.result.reason).toBe('delivered');
    expect((await account.run(rollback, {}))?.result.reason).toBe('restored');

    // The user of these keys may do everything in the account, and is no delivery role.
    const { AWS_ENDPOINT_URL: endpoint = '' } = account.environment;
    const notebook = new S3Client({ region: team.region, endpoint, forcePathStyle: true });
    const record = { Bucket: bucket, Key: 'iris/record.json' };
    const { Body, ETag } = await notebook.send(new GetObjectCommand(record));
    await expect(
      notebook.send(
        new PutObjectCommand({ ...record, Body: (await Body?.transformToString()) ?? '', IfMatch: ETag ?? '' }),
      ),
    ).rejects.toThrow('Access Denied');
  });

  test('even a delivery role does not write the record blindly', async () => {
    account.simulator.objects.drop(bucket);
    await create('--writers', 'arn:aws:iam::111122223333:user/delivery');
    const { AWS_ENDPOINT_URL: endpoint = '' } = account.environment;
    const s3 = new S3Client({ region: team.region, endpoint, forcePathStyle: true });
    const put = (Key: string, more: object = {}) =>
      s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body: '{}', ...more }));
    await expect(put('iris/record.json')).rejects.toThrow('Access Denied');
    await put('iris/record.json', { IfNoneMatch: '*' });
    await expect(put('evaluations/a.json')).rejects.toThrow('Access Denied');
    await put('artifacts/a.tar.gz');
  });

  describe('for an environment whose registry is another account', () => {
    const delivering = '444455556666';
    const shared = (registry: string): void =>
      account.writeManifest((text) =>
        text.replace(/account: .*/, `account: "${delivering}"\n    registry: { ${registry} }`),
      );
    const own = `account: "${team.account}", role: registry-reader`;

    test('makes the bucket of its artifacts with credentials of the registry, for the registrar alone', async () => {
      account.simulator.objects.drop(bucket);
      shared(`${own}, registrar-role: model-registrar`);
      const made = await create();
      expect(made.text).toMatch(/^created the bucket model-delivery-\d+-eu-west-1 in eu-west-1$/m);
      expect(made.text).toMatch(/lets only model-registrar write$/m);
      expect(made.text).toContain('docs/permissions/two-accounts/bucket-policy.json');
      const { Policy } = await setting('GetBucketPolicy');
      expect(Policy).toContain(`arn:aws:iam::${team.account}:role/model-registrar`);
      expect((await create()).code).toBe(0);
    });

    test.each([
      [own, 'registry-reader', team.account],
      [`account: "${team.account}"`, 'model-deployer', delivering],
    ])('%s: %s of %s registers', async (registry, role, owner) => {
      shared(registry);
      const { Statement } = JSON.parse((await create('--print-policy')).text) as { readonly Statement: unknown };
      expect(JSON.stringify(Statement)).toContain(`arn:aws:iam::${owner}:role/${role}`);
      expect(JSON.stringify(Statement)).not.toContain('model-restorer');
    });

    test('follows the place that the registry names', async () => {
      shared(`${own}, artifacts: s3://our-artifacts/models/`);
      expect((await create()).text).toMatch(/^created the bucket our-artifacts in eu-west-1$/m);
      shared(`${own}, region: eu-central-1, artifacts: s3://our-artifacts-there/`);
      expect((await create()).text).toMatch(/^created the bucket our-artifacts-there in eu-central-1$/m);
      shared(`${own}, region: eu-central-1`);
      expect((await create()).text).toMatch(/^the bucket model-delivery-\d+-eu-central-1 exists$/m);
    });

    test('refuses the credentials of a third account, and names both', async () => {
      shared('account: "777788889999"');
      const refused = await create();
      expect(refused.text).toMatch(
        /is the account ending in 6666, and its registry the one ending in 9999, but the credentials belong to the one ending in 3333/,
      );
    });
  });

  test('a policy with statements of others is left as it is', async () => {
    const theirs = JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        { Sid: 'Audit', Effect: 'Deny', Principal: '*', Action: 's3:DeleteBucket', Resource: `arn:aws:s3:::${bucket}` },
      ],
    });
    await account.simulator.call('s3', 'PutBucketPolicy', { Bucket: bucket, Policy: theirs });
    const refused = await create();
    expect(refused.code).toBe(2);
    expect(refused.text).toMatch(/has statements of others \(Audit\), and stays as it is/);
    expect((await setting('GetBucketPolicy'))['Policy']).toBe(theirs);
  });

  test('a name that another account has is refused, with what to do', async () => {
    account.simulator.objects.lend(bucket, '999988887777');
    const refused = await create();
    expect(refused.code).toBe(1);
    expect(refused.text).toMatch(
      /^create-bucket: failed\/access-denied\n {2}.*\n {2}what to do: Grant the permission/m,
    );
  });

  test('a bucket that is used already is not touched; its statements can be printed', async () => {
    account.writeManifest((text) =>
      text.replace('    endpoint:\n', '    releases: s3://ml-releases/iris/\n    endpoint:\n'),
    );
    const seen = account.watch();
    const refused = await create();
    expect(refused.code).toBe(2);
    expect(refused.text).toMatch(/the bucket ml-releases exists, and may serve other purposes/);
    const printed = await create('--print-policy', '--writers', 'a b');
    expect(seen().filter(({ mutation }) => mutation)).toEqual([]);
    expect(JSON.parse(printed.text)).toMatchObject({
      Statement: [{}, { Resource: 'arn:aws:s3:::ml-releases/iris/*' }, {}, {}],
    });
  });

  test('without a role in the manifest the writers must be named', async () => {
    account.writeManifest((text) => text.replace(/ {4}(rollback-)?role: .*\n/g, ''));
    expect((await create()).text).toMatch(/writers: the manifest names no role for this bucket/);
    expect((await create('--writers', 'a"b')).text).toMatch(/is not a role's name or ARN/);
  });
});

describe('without the default bucket', () => {
  test('every operation says which command makes it', async () => {
    await account.prepare('1.0.0');
    account.simulator.objects.drop(bucket);
    const deployed = await account.run(deployEndpoint, { version: '1.0.0' });
    expect(deployed?.result).toMatchObject({ reason: 'record-unavailable' });
    expect(deployed?.result.because).toMatch(/does not exist: create it with `model-delivery create-bucket`/);
    const registered = await account.run(registerModel, account.registration('1.1.0'));
    expect(registered?.result.because).toMatch(/create it with `model-delivery create-bucket`/);
  });
});

describe('a record where older versions kept it by default', () => {
  const former = `sagemaker-${team.region}-${team.account}`;
  const moved = async (): Promise<void> => {
    await account.inProduction('1.0.0');
    await account.prepare('1.1.0');
    const text = JSON.stringify(account.record());
    account.simulator.objects.put(former, 'model-delivery/iris/record.json', Buffer.from(text));
    await account.simulator.call('s3', 'DeleteObject', { Bucket: bucket, Key: 'iris/record.json' });
  };
  const tag = (Value?: string) =>
    account.simulator.call('sagemaker', Value === undefined ? 'DeleteTags' : 'AddTags', {
      ResourceArn: `arn:aws:sagemaker:${team.region}:${team.account}:endpoint/iris`,
      ...(Value === undefined
        ? { TagKeys: ['model-delivery:releases'] }
        : { Tags: [{ Key: 'model-delivery:releases', Value }] }),
    });

  test.each([
    ['is found by the endpoint’s tag', `s3://${former}/model-delivery/iris/record.json`],
    ['is found without a tag', undefined],
  ])('%s, and no second one is begun', async (_how, value) => {
    await moved();
    await tag(value);
    for (const run of [
      () => account.run(deployEndpoint, { version: '1.1.0' }),
      () => account.run(rollback, {}),
      () => account.run(rollback, { 'only-expired': 'true' }),
    ]) {
      const seen = account.watch();
      const report = await run();
      expect(report?.result).toMatchObject({ reason: 'other-record' });
      expect(report?.result.because).toMatch(
        /s3:\/\/sagemaker-eu-west-1-<account>\/model-delivery\/iris\/record\.json/,
      );
      expect(seen().filter(({ mutation }) => mutation)).toEqual([]);
    }
    expect((await run(history, '--environment', team.environment)).text).toContain('other-record');
    // Named in the manifest it is gone on with.
    account.writeManifest((text) =>
      text.replace('    endpoint:\n', `    releases: s3://${former}/model-delivery/\n    endpoint:\n`),
    );
    expect((await account.run(deployEndpoint, { version: '1.1.0' }))?.result.reason).toBe('delivered');
  });
});

describe('lint', () => {
  const linted = async (): Promise<string> => (await run(lint)).text;
  test.each([
    ['the bucket', 's3://sagemaker-eu-west-1-111122223333/records/', true],
    ['the folder', 's3://ml-releases/SageMaker/', true],
    ['neither', 's3://ml-releases/churn/', false],
  ])('warns of %s that every notebook may write', async (_what, releases, warns) => {
    account.writeManifest((text) => text.replace('    endpoint:\n', `    releases: ${releases}\n    endpoint:\n`));
    expect(/production: .* AmazonSageMakerFullAccess/.test(await linted())).toBe(warns);
  });
  test('the plan says it too', async () => {
    await account.prepare('1.0.0');
    const planned = async () =>
      (await account.run(deployEndpoint, { version: '1.0.0', 'dry-run': 'true' }))?.result.plan?.notes.join();
    expect(await planned()).not.toContain('FullAccess');
    account.writeManifest((text) =>
      text.replace('    endpoint:\n', '    releases: s3://ml-releases/sagemaker/\n    endpoint:\n'),
    );
    expect(await planned()).toContain('AmazonSageMakerFullAccess');
  });
  test('the default is none of them', async () => {
    expect(readFileSync(account.manifest, 'utf8')).not.toContain('releases:');
    expect(await linted()).not.toContain('FullAccess');
  });
});
