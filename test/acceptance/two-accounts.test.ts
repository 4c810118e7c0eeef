import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { irisFixture } from '../../simulator/fixtures/fixtures.ts';
import { minutes } from '../../src/clock.ts';
import type { Evidence } from '../../src/findings/evidence.ts';
import { approveGate } from '../../src/operations/approve-gate.ts';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { registerModel } from '../../src/operations/register-model.ts';
import { regressionTest } from '../../src/operations/regression-test.ts';
import { rollback } from '../../src/operations/rollback.ts';
import { policyFor } from '../../src/permissions.ts';
import { type SharingName, sharingPolicies } from '../../src/policy-sharing.ts';
import { rehearsedTeam as team } from '../../src/rehearsal/manifest.ts';
import {
  accounts,
  byPolicy,
  byRole,
  type Edit,
  forgotten,
  registrar,
  share,
  sharedImage,
  sharedKey,
  sharedManifest,
  sharing,
} from '../../src/rehearsal/two-accounts.ts';
import type { Report } from '../../src/report/result.ts';
import type { TestAccount } from '../support/account.ts';
import { columns } from '../support/golden-set.ts';
import { place } from '../support/policy-place.ts';
import { irisConstraints } from '../support/reports.ts';
import { openSharedAccount, registerInTooling, writeManifestOfRegistrar } from '../support/shared-registry.ts';

let account: TestAccount;
beforeEach(async () => {
  account = await openSharedAccount();
});
afterEach(() => account.close());

const manifest = (staging: string, production: string = staging): void =>
  account.writeManifest(() => sharedManifest({ staging, production }));
const tooling = () => account.simulator.account(accounts.tooling);

const registered = (version: '1.0.0' | '1.1.0', approved = true): Promise<void> =>
  registerInTooling(account, version, approved);

const modelOf = async (id: string) => {
  const place = account.simulator.account(id);
  const { EndpointConfigName } = await place.call('sagemaker', 'DescribeEndpoint', { EndpointName: team.endpoint });
  const config = await place.call('sagemaker', 'DescribeEndpointConfig', { EndpointConfigName });
  const [variant] = config['ProductionVariants'] as { ModelName: string }[];
  const model = await place.call('sagemaker', 'DescribeModel', { ModelName: variant?.ModelName });
  return (model['PrimaryContainer'] as { ModelPackageName: string }).ModelPackageName;
};

describe.each([
  ['an assumed role', byRole],
  ['the group’s resource policy', byPolicy],
])('a registry of another account, by %s', (_way, way) => {
  test('the gate answers, staging and production are delivered from it, and rolled back', async () => {
    await share(account.simulator);
    await registered('1.0.0');
    manifest(way);
    const packageArn = `arn:aws:sagemaker:${team.region}:${accounts.tooling}:model-package/${team.model}/1`;
    for (const environment of ['staging', 'production'] as const) {
      expect((await account.run(approveGate, { environment, version: '1.0.0' }))?.result).toMatchObject({
        reason: 'approved',
      });
      expect((await account.run(deployEndpoint, { environment, version: '1.0.0' }))?.result).toMatchObject({
        reason: 'delivered',
      });
      expect(await modelOf(accounts[environment])).toBe(packageArn);
    }
    await registered('1.1.0');
    manifest(way);
    const environment = 'production';
    expect((await account.run(deployEndpoint, { environment, version: '1.1.0' }))?.result.reason).toBe('delivered');
    expect((await account.run(rollback, { environment }))?.result).toMatchObject({ reason: 'restored' });
    expect(await modelOf(accounts.production)).toBe(packageArn);
  });
});

describe('a policy that was forgotten is named, with its statement, and nothing is written', () => {
  test.each<[SharingName, string, RegExp]>([
    [
      'registry-reader-trust',
      byRole,
      /^sts:AssumeRole was denied: grant sts:AssumeRole on role\/registry-reader: role registry-reader could not be assumed.*its trust policy needs \{"Effect":"Allow","Principal":\{"AWS":"arn:aws:iam::<account-6666>:role\/model-deployer"\},"Action":"sts:AssumeRole"\}/,
    ],
    [
      'group-policy',
      byRole,
      /^sagemaker:CreateModel would be denied: the resource policy of the model package group iris, in the account ending in 7777, .*"Action":\["sagemaker:CreateModel","sagemaker:DescribeModelPackage"\],"Resource":"arn:aws:sagemaker:eu-west-1:<account-7777>:model-package\/iris\/\*"/,
    ],
    [
      'group-policy',
      byPolicy,
      /^sagemaker:ListModelPackages was denied: .*the resource policy of the model package group iris, .*"Action":"sagemaker:ListModelPackages","Resource":"arn:aws:sagemaker:eu-west-1:<account-7777>:model-package\/iris\/\*"\} \(<account-6666> stands for the id of the account ending in 6666, <account-7777> .*7777\)/,
    ],
    [
      'bucket-policy',
      byRole,
      /^s3:HeadObject was denied: grant s3:GetObject.*: the policy of the bucket model-delivery-<account>-eu-west-1, in the account ending in 7777, needs \{"Effect":"Allow","Principal":\{"AWS":\["arn:aws:iam::<account-6666>:role\/model-deployer","arn:aws:iam::<account-6666>:role\/iris-serving"\]\},"Action":"s3:GetObject","Resource":"arn:aws:s3:::model-delivery-<account-7777>-eu-west-1\/artifacts\/\*"\}/,
    ],
    [
      'key-policy',
      byPolicy,
      /^s3:HeadObject was denied: .*encrypted with the KMS key key\/1234abcd-.*; the policy of that key needs \{"Effect":"Allow",.*"Action":"kms:Decrypt","Resource":"\*"\}/,
    ],
    [
      'repository-policy',
      byRole,
      /^ecr:BatchGetImage was denied: .*the policy of the ECR repository iris-serving, in the account ending in 7777, needs \{.*"ecr:BatchGetImage"/,
    ],
    ['deployer', byPolicy, /^sagemaker:ListModelPackages was denied: .*the policy of role\/model-deployer, the caller/],
  ])('%s, %s', async (missing, way, said) => {
    await share(account.simulator, forgotten(missing));
    await registered('1.0.0');
    manifest(way);
    const watched = account.watch();
    const report = await account.run(deployEndpoint, { environment: 'staging', version: '1.0.0' });
    expect(report?.result).toMatchObject({ outcome: 'failed', reason: 'access-denied' });
    expect(report?.result.because).toMatch(said);
    // Each statement is one to paste, once its placeholders are filled in.
    const filled = report?.result.because.replaceAll(/<account-(\d{4})>/g, (_all, end) =>
      end === '7777' ? accounts.tooling : accounts.staging,
    );
    for (const [statement] of filled?.matchAll(/\{"Effect".*\}/g) ?? [])
      for (const arn of [JSON.parse(statement)]
        .flatMap(({ Principal, Resource = '*' }) => [Principal.AWS, Resource])
        .flat())
        expect(arn).toMatch(
          /^(\*|arn:aws:(iam::444455556666:role|s3:::[\w-]+|sagemaker:eu-west-1:999988887777:model-package)\/.+)$/,
        );
    expect(JSON.stringify(report?.result)).not.toMatch(/999988887777|444455556666/);
    expect(watched().filter(({ mutation, operation }) => mutation && operation !== 'AssumeRole')).toEqual([]);
    // With the policy in place the same run delivers: it was the only one that was missing.
    await share(account.simulator);
    const again = await account.run(deployEndpoint, { environment: 'staging', version: '1.0.0' });
    expect(again?.result.reason).toBe('delivered');
  });
});

describe('a contract of a version that another account registered', () => {
  const regression = [
    'task: multiclass-classification',
    'dataset: simulator/fixtures/iris/golden.csv',
    'rules: [{ metric: accuracy, floor: 0.5 }]',
    `request: { content-type: text/csv, input: [${columns.join(', ')}] }`,
    'contract: { constraints: registered, output: species }',
  ];
  const planned = async (): Promise<Report | undefined> => {
    const constraints = join(dirname(account.manifest), 'constraints.json');
    writeFileSync(constraints, irisConstraints());
    await registerInTooling(account, '1.0.0', true, { 'data-constraints': constraints });
    account.writeManifest(
      () =>
        `${sharedManifest({ staging: byRole, production: byRole })}regression:\n${regression.map((line) => `  ${line}\n`).join('')}`,
    );
    return account.run(regressionTest, { environment: 'staging', version: '1.0.0', 'dry-run': 'true' });
  };

  test('is read there', async () => {
    await share(account.simulator);
    const report = await planned();
    expect(report?.result.reason).toBe('planned');
    expect(report?.result.plan?.notes.join('\n')).toMatch(
      /^contract: 5 columns of s3:\/\/model-delivery-<account>-eu-west-1\/evaluations\/[0-9a-f]{64}\.json$/m,
    );
  });

  test('names the statement that the bucket there lacks', async () => {
    await share(account.simulator, (name, document) =>
      name === 'bucket-policy'
        ? { ...document, Statement: document.Statement.filter(({ Sid }) => Sid !== 'ReadTheReports') }
        : document,
    );
    expect((await planned())?.result).toMatchObject({
      reason: 'access-denied',
      because: expect.stringMatching(
        /a report of iris_v1\.0\.0, cannot be read: the policy of the bucket .* needs \{"Effect":"Allow","Principal":\{"AWS":"arn:aws:iam::<account-6666>:role\/model-deployer"\},"Action":"s3:GetObject","Resource":"arn:aws:s3:::model-delivery-<account-7777>-eu-west-1\/evaluations\/\*"\}/,
      ),
    });
  });
});

/** Actions that a delivery gets by without, and the reason to allow them all the same. */
const besides: Readonly<Record<string, string>> = {
  'group-policy sagemaker:DescribeModelPackageGroup': 'AWS lists it for those who deploy ("Cross-account support")',
  'bucket-policy s3:ListBucket': 'it tells an absent object from a forbidden one',
  'deployer s3:ListBucket': 'it tells an absent object from a forbidden one',
  'registry-reader sagemaker:GetModelPackageGroupPolicy': 'without it the plan says that it does not know',
  'deployer sagemaker:CreateModel': 'SageMaker checks it on the model; see docs/permissions',
  'deployer kms:Decrypt': 'KMS checks it on behalf of S3; the simulator has the policy of the key alone',
};

const policies = sharingPolicies(sharing);
const singles = (Object.keys(policies) as SharingName[])
  // The simulator has no policies for roles that SageMaker assumes.
  .filter((name) => name !== 'execution-role')
  .flatMap((name) =>
    [...new Set(policies[name].Statement.flatMap(({ Action }) => Action))].map((action) => [name, action] as const),
  )
  .filter(([name, action]) => besides[`${name} ${action}`] === undefined);

test.each(singles)('%s: no delivery gets by without %s', async (policy, action) => {
  await share(account.simulator, (name, document) =>
    name === policy
      ? {
          ...document,
          Statement: document.Statement.flatMap((one) => {
            const Action = one.Action.filter((other) => other !== action);
            return Action.length > 0 ? [{ ...one, Action }] : [];
          }),
        }
      : document,
  );
  await registered('1.0.0');
  const reasons: string[] = [];
  for (const way of [byRole, byPolicy]) {
    manifest(way);
    const report = await account.run(deployEndpoint, { environment: 'staging', version: '1.0.0' });
    reasons.push(report?.result.outcome ?? '');
  }
  expect(reasons).toContain('failed');
});

test('the evidence shows that the delivery would be refused by the policy of the group', async () => {
  await share(account.simulator, forgotten('group-policy'));
  await registered('1.0.0', false);
  manifest(byRole);
  const changes = async () => {
    const report = await account.run(approveGate, { environment: 'staging', version: '1.0.0' });
    expect(report?.result).toMatchObject({ outcome: 'pending', reason: 'approval-pending' });
    expect(JSON.stringify(report?.result.findings)).not.toMatch(/(?<![0-9a-f])\d{12}(?![0-9a-f])/);
    const found = report?.result.findings as Evidence | undefined;
    return found?.changes;
  };
  expect(await changes()).toMatchObject({
    is: 'unknown',
    because: expect.stringMatching(/^sagemaker:CreateModel would be denied: the resource policy of .* iris, /),
  });
  await share(account.simulator);
  expect(await changes()).toMatchObject({ is: 'known' });
});

test('a plan says what it cannot know about the other account', async () => {
  await share(account.simulator);
  await registered('1.0.0');
  for (const [way, notes] of [
    [byRole, 1],
    [byPolicy, 2],
  ] as const) {
    manifest(way);
    const report = await account.run(deployEndpoint, { environment: 'staging', version: '1.0.0', 'dry-run': 'true' });
    const unknown = report?.result.plan?.notes.filter((note) => note.startsWith('not known: ')) ?? [];
    expect(unknown).toHaveLength(notes);
    expect(unknown[0]).toMatch(/whether role\/iris-serving may read the artifact and pull the image of iris_v1\.0\.0/);
    if (notes === 2) expect(unknown[1]).toMatch(/make a model of its packages \(sagemaker:CreateModel\)/);
  }
});

test('a version is registered over the group’s resource policy, where that and the bucket’s let the registrar write', async () => {
  await share(account.simulator);
  writeManifestOfRegistrar(account, byPolicy);
  const own = `model-training-${accounts.staging}`;
  const inputs = { ...account.registration('1.0.0'), environment: 'staging', image: sharedImage };
  account.simulator.objects.create(own, accounts.staging);
  account.simulator.objects.put(own, 'model.tar.gz', irisFixture('1.0.0').artifact);
  const run = () => account.run(registerModel, { ...inputs, artifact: `s3://${own}/model.tar.gz` });
  const refused = await run();
  expect(refused?.result).toMatchObject({ reason: 'access-denied' });
  expect(refused?.result.because).toMatch(
    /^ecr:BatchGetImage was denied: .*the policy of the ECR repository iris-serving, .*"AWS":\["arn:aws:iam::<account-6666>:role\/model-registrar"/,
  );
  const widened = (
    name: 'group-policy' | 'bucket-policy' | 'repository-policy',
    Action: string[],
    Resource?: string[],
  ) => {
    const { Version, Statement } = sharingPolicies(sharing)[name];
    const statement = { Effect: 'Allow', Principal: { AWS: registrar }, Action, ...(Resource ? { Resource } : {}) };
    return JSON.stringify({ Version, Statement: [...Statement, statement] });
  };
  const group = `arn:aws:sagemaker:${team.region}:${accounts.tooling}:model-package-group/${team.model}`;
  await tooling().call('ecr', 'SetRepositoryPolicy', {
    repositoryName: sharing.repository,
    policyText: widened('repository-policy', ['ecr:BatchGetImage']),
  });
  expect((await run())?.result.because).toMatch(
    /^sagemaker:ListModelPackages was denied: .*"Principal":\{"AWS":"arn:aws:iam::<account-6666>:role\/model-registrar"\}/,
  );
  await tooling().call('sagemaker', 'PutModelPackageGroupPolicy', {
    ModelPackageGroupName: team.model,
    ResourcePolicy: widened('group-policy', ['sagemaker:*'], [group, group.replace('-group/', '/').concat('/*')]),
  });
  const { bucket } = sharing.artifacts;
  await tooling().call('s3', 'PutBucketPolicy', {
    Bucket: bucket,
    Policy: widened('bucket-policy', ['s3:*'], [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`]),
  });
  account.simulator.keys.putPolicy(sharedKey, {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: '*', Action: 'kms:*', Resource: '*' }],
  });
  expect((await run())?.result).toMatchObject({ reason: 'registered' });
  const { ModelPackageArn } = (await tooling().call('sagemaker', 'DescribeModelPackage', {
    ModelPackageName: `${team.model}/1`,
  })) as { ModelPackageArn: string };
  expect(ModelPackageArn).toContain(`:${accounts.tooling}:model-package/`);
});

test('SageMaker itself refuses an execution role that the other account does not know', async () => {
  await share(account.simulator, forgotten('bucket-policy'));
  await registered('1.0.0');
  manifest(byPolicy);
  const { 'bucket-policy': policy } = sharingPolicies({
    ...sharing,
    deliverers: sharing.deliverers.map((one) => ({ ...one, execution: one.deployer })),
  });
  await tooling().call('s3', 'PutBucketPolicy', { Bucket: sharing.artifacts.bucket, Policy: JSON.stringify(policy) });
  const report = await account.run(deployEndpoint, { environment: 'staging', version: '1.0.0' });
  expect(report?.result.outcome).toBe('failed');
  expect(report?.result.because).toMatch(/Could not access model data at s3:.* the role "role\/iris-serving"/);
});

test('the registry is looked at while traffic moves: a rejection there takes the traffic back', async () => {
  await share(account.simulator);
  await registered('1.0.0');
  const canary = (text: string): string =>
    text.replaceAll(
      'strategy: all-at-once, final-bake: 0s,',
      'strategy: canary, size: 1 instance, bake: 10m, final-bake: 5m,',
    );
  account.writeManifest(() => sharedManifest({ staging: byPolicy, production: byPolicy }));
  const first = await account.run(deployEndpoint, { environment: 'production', version: '1.0.0' });
  expect(first?.result.reason).toBe('delivered');
  await registered('1.1.0');
  account.writeManifest(() => canary(sharedManifest({ staging: byPolicy, production: byPolicy })));
  account.simulator.clock.at(account.simulator.clock.now() + minutes(8), 'a reviewer rejects', () => {
    void tooling().call('sagemaker', 'UpdateModelPackage', {
      ModelPackageArn: `arn:aws:sagemaker:${team.region}:${accounts.tooling}:model-package/${team.model}/2`,
      ModelApprovalStatus: 'Rejected',
    });
  });
  const report = await account.run(deployEndpoint, { environment: 'production', version: '1.1.0' });
  expect(report?.result).toMatchObject({ outcome: 'rolled-back', reason: 'approval-withdrawn' });
});

test('a registry whose role closes while traffic moves is waited for: neither approved nor rejected', async () => {
  await share(account.simulator);
  await registered('1.0.0');
  account.writeManifest(() => sharedManifest({ staging: byRole, production: byRole }));
  await account.run(deployEndpoint, { environment: 'production', version: '1.0.0' });
  await registered('1.1.0');
  account.writeManifest(() =>
    sharedManifest({ staging: byRole, production: byRole }).replaceAll(
      'strategy: all-at-once, final-bake: 0s,',
      'strategy: canary, size: 1 instance, bake: 60m, final-bake: 30m,',
    ),
  );
  const reader = `arn:aws:iam::${accounts.tooling}:role/registry-reader`;
  const { clock } = account.simulator;
  // The session of before ends after an hour; then the role cannot be assumed again.
  clock.at(clock.now() + minutes(30), 'the trust policy is edited', () =>
    account.simulator.trust(reader, { Version: '2012-10-17', Statement: [] }),
  );
  const report = await account.run(deployEndpoint, { environment: 'production', version: '1.1.0' });
  expect(report?.result).toMatchObject({ outcome: 'succeeded', reason: 'delivered' });
  expect(report?.timeline.map(({ because }) => because).join('\n')).toMatch(
    /the approval of 1\.1\.0 cannot be read: sts:AssumeRole was denied/,
  );
});

test('what was delivered from the own account before stays a way back', async () => {
  await account.prepare('1.0.0');
  const own = await account.run(deployEndpoint, { version: '1.0.0' });
  expect(own?.result.reason).toBe('delivered');
  await share(account.simulator);
  await registered('1.1.0');
  manifest(byPolicy);
  // It looks the earlier version up where that was registered.
  account.simulator.attachPolicy('model-deployer', policyFor('rollback', place));
  expect((await account.run(deployEndpoint, { version: '1.1.0' }))?.result.reason).toBe('delivered');
  expect((await account.run(rollback, {}))?.result.reason).toBe('restored');
  expect(await modelOf(accounts.production)).toContain(`:${accounts.production}:model-package/`);
});

describe('a package of another account is taken over into the own registry, without `registry` in the manifest', () => {
  const from = `arn:aws:sagemaker:${team.region}:${accounts.tooling}:model-package/${team.model}/1`;
  /** The registering role in the place of the deployer. */
  const toRegistrar: Edit = (_name, policy) =>
    JSON.parse(JSON.stringify(policy).replaceAll(registrar.replace('registrar', 'deployer'), registrar));
  const takeOver = (owners: string, more: Readonly<Record<string, string>> = {}) => {
    account.writeManifest(() =>
      sharedManifest({ staging: owners, production: '' }).replace(/arn:.*:role\/model-deployer/, registrar),
    );
    return account.run(registerModel, { environment: 'staging', version: '2.0.0', from, ...more });
  };
  const owners = `bucket-owners: { ${sharing.artifacts.bucket}: "${accounts.tooling}" }`;

  const noted = async () => {
    const found = await account.simulator
      .account(accounts.staging)
      .call('sagemaker', 'DescribeModelPackage', { ModelPackageName: `${team.model}/1` });
    const [container] = (found['InferenceSpecification'] as { Containers: { ModelDataUrl: string }[] }).Containers;
    return container?.ModelDataUrl;
  };

  test('with its content, once the manifest names the owner of the bucket', async () => {
    await share(account.simulator, toRegistrar);
    await registered('1.0.0');
    const watched = account.watch();
    const refused = await takeOver('');
    expect(refused?.result).toMatchObject({ outcome: 'failed', reason: 'access-denied' });
    expect(refused?.result.because).toMatch(
      /the package belongs to the account ending in 7777: name the account of the bucket model-delivery-\S+-eu-west-1 under `bucket-owners`/,
    );
    expect(JSON.stringify(refused?.result)).not.toContain(accounts.tooling);
    expect(watched().filter(({ mutation, operation }) => mutation && operation !== 'AssumeRole')).toEqual([]);
    const report = await takeOver(owners);
    expect(report?.result).toMatchObject({ reason: 'registered' });
    expect(report?.result.plan?.notes.join('\n')).not.toMatch(/cannot be pinned|not known/);
    expect(await noted()).toMatch(`s3://model-delivery-${accounts.staging}-`);
  });

  test('without a copy of its data, when that is said', async () => {
    await share(account.simulator, toRegistrar);
    await registered('1.0.0');
    expect((await takeOver('', { pin: 'false' }))?.result).toMatchObject({ reason: 'registered' });
    expect(await noted()).toMatch(`s3://${sharing.artifacts.bucket}/`);
  });

  test('not without the policy of its group, which the refusal names', async () => {
    await share(account.simulator, (name, policy) => (name === 'group-policy' ? undefined : toRegistrar(name, policy)));
    await registered('1.0.0');
    expect((await takeOver(owners))?.result).toMatchObject({
      reason: 'access-denied',
      because: expect.stringMatching(
        /^sagemaker:DescribeModelPackage was denied: .*: the resource policy of the model package group iris, in the account ending in 7777, has to allow it/,
      ),
    });
  });
});
