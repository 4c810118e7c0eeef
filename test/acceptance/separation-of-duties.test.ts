import { readFileSync } from 'node:fs';
import { DescribeModelPackageCommand, UpdateModelPackageCommand } from '@aws-sdk/client-sagemaker';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { defaultRoles } from '../../simulator/simulator.ts';
import { approveGate } from '../../src/operations/approve-gate.ts';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { registerModel } from '../../src/operations/register-model.ts';
import { type Duty, duties } from '../../src/policy-duties.ts';
import { rehearsedTeam as team } from '../../src/rehearsal/manifest.ts';
import { type Account, clientsOf, openAccount as openSimulator, refusalOf } from '../simulator/support/account.ts';
import { openAccount, type TestAccount } from '../support/account.ts';
import {
  attempts,
  documentsOf,
  jobOf,
  openDuties,
  presents,
  published,
  repositories,
  roleOf,
  specification,
  waiting,
} from '../support/duties.ts';
import { type PublishedPolicy, publishedPolicies, sharedPolicies } from '../support/policy-requests.ts';

/** docs/separation-of-duties.md, with the very policies that it names. */
let account: Account;
afterEach(() => account.simulator.close());

const enter = (duty: Duty, job: string = jobOf[duty]) => presents(account, roleOf(duty), `${repositories[0]}:${job}`);

const denial = (duty: Duty, action: string, because: string) =>
  new RegExp(
    `^AccessDenied(Exception)?: User: arn:aws:sts::111122223333:assumed-role/model-${duty}/run-1 is not authorized to perform: ${action} on resource: \\S+ ${because}`,
  );

const withAndWithout = duties.flatMap((duty) => [
  { duty, guarded: 'with its guard' },
  { duty, guarded: 'by its policies alone' },
]);

describe.each(withAndWithout)('the $duty, $guarded', ({ duty, guarded }) => {
  beforeEach(async () => {
    account = await (guarded === 'with its guard' ? openDuties() : openDuties(documentsOf));
  });

  test.each(attempts.filter(({ by }) => by.includes(duty)))('$name', async ({ send }) => {
    const modelPackage = await waiting(account.simulator);
    const refusal = await refusalOf(send(await enter(duty), modelPackage));
    // Past IAM SageMaker finds no endpoint, or a package without an approval.
    if (refusal !== undefined)
      expect(refusal).toMatch(/^ValidationException: (Could not find |Model package \S+ is PendingManualApproval)/);
  });

  test.each(attempts.filter(({ by }) => !by.includes(duty)))('never $name', async ({ action, send }) => {
    const { call } = account.simulator;
    const modelPackage = await waiting(account.simulator);
    const before = await call('sagemaker', 'DescribeModelPackage', { ModelPackageName: modelPackage });
    expect(await refusalOf(send(await enter(duty), modelPackage))).toMatch(
      denial(
        duty,
        action,
        '(because no identity-based policy allows|with an explicit deny in an identity-based policy)',
      ),
    );
    expect(await call('sagemaker', 'DescribeModelPackage', { ModelPackageName: modelPackage })).toEqual(before);
  });
});

/** A policy of AWS's or the team's own that is attached to the role as well. */
const everything: PublishedPolicy['document'] = {
  Version: '2012-10-17',
  Statement: [{ Sid: 'All', Effect: 'Allow', Action: ['sagemaker:*', 's3:*', 'iam:PassRole'], Resource: ['*'] }],
};

describe('a guard denies the duties of the others, whatever else is attached', () => {
  beforeEach(async () => {
    account = await openDuties((duty) => [everything, published(`${duty}-guard`)]);
  });

  /** What IAM has no key for, or a guard has no resource for: the allowing policies alone keep it out. */
  const beyondGuards: Readonly<Record<Duty, readonly string[]>> = {
    registrar: ['makes a model of the package', 'makes a config', 'begins a release record'],
    approver: [
      'keeps an artifact',
      'changes the registered digest with the decision',
      'removes a registered fact with the decision',
      'moves the stage with the decision',
      'makes a model of the package',
      'makes a config',
      'begins a release record',
    ],
    deployer: ['keeps an artifact', 'writes the stage'],
  };

  test.each(duties.flatMap((duty) => attempts.map((attempt) => ({ ...attempt, duty }))))(
    'the $duty: $name',
    async ({ duty, name, action, by, send }) => {
      const modelPackage = await waiting(account.simulator);
      const refusal = (await refusalOf(send(await enter(duty), modelPackage))) ?? '';
      if (by.includes(duty) || beyondGuards[duty].includes(name)) expect(refusal).not.toMatch(/^AccessDenied/);
      else expect(refusal).toMatch(denial(duty, action, 'with an explicit deny in an identity-based policy$'));
    },
  );
});

test('a deployer that writes the stage needs one policy more, and still decides nothing', async () => {
  const lifeCycle = publishedPolicies().filter(({ name }) => name === 'life-cycle');
  account = await openDuties((duty) => [
    ...documentsOf(duty),
    ...lifeCycle.map(({ document }) => document),
    published(`${duty}-guard`),
  ]);
  const clients = await enter('deployer');
  for (const { name, by, send } of attempts.filter(({ action }) => action === 'sagemaker:UpdateModelPackage')) {
    expect(by).not.toContain('deployer');
    const refusal = (await refusalOf(send(clients, await waiting(account.simulator)))) ?? '';
    if (name === 'writes the stage') expect(refusal).toBe('');
    else expect(refusal).toMatch(denial('deployer', 'sagemaker:UpdateModelPackage', 'with an explicit deny'));
  }
});

describe('the jobs that get a role', () => {
  beforeEach(async () => {
    account = await openDuties();
  });
  const refused = 'AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity';
  const pairs = duties.flatMap((duty) => duties.map((other) => [duty, other] as const));

  test.each(pairs)('the role of the %s, for the job of the %s', async (duty, other) => {
    for (const repository of repositories) {
      const entered = await refusalOf(presents(account, roleOf(duty), `${repository}:${jobOf[other]}`));
      expect(entered).toBe(duty === other ? undefined : refused);
    }
  });

  test.each([
    ['registrar', 'repo:acme/churn:ref:refs/tags/churn_v1.4.0', true],
    ['registrar', 'repo:acme/churn:ref:refs/heads/main-2', false],
    ['registrar', 'repo:acme/churn:ref:refs/heads/feature/x', false],
    ['registrar', 'repo:acme/churn:pull_request', false],
    ['registrar', 'repo:acme/other:ref:refs/heads/main', false],
    ['approver', 'repo:acme/churn:environment:model-approval-2', false],
    ['approver', 'repo:acme/churn:environment:Model-Approval', false],
    ['approver', 'repo:acme/churn:ref:refs/heads/main', false],
    ['approver', 'repo:acme@654321/churn@789012:environment:model-approval', false],
    ['approver', 'repo:acme@123456/churn@987654:environment:model-approval', false],
    ['deployer', 'repo:acme/churn:environment:production-rollback', false],
    ['deployer', 'repo:acme-other/churn:environment:production', false],
    ['deployer', 'repo:acme/churn2:environment:production', false],
  ] as const)('the role of the %s, for %s: %s', async (duty, subject, entered) => {
    expect(await refusalOf(presents(account, roleOf(duty), subject))).toBe(entered ? undefined : refused);
  });

  test('no role for a user of the account: a trust policy names GitHub alone', async () => {
    const { AssumeRoleCommand } = await import('@aws-sdk/client-sts');
    for (const duty of duties) {
      const request = new AssumeRoleCommand({ RoleArn: roleOf(duty), RoleSessionName: 'run-1' });
      expect(await refusalOf(account.sts.send(request))).toMatch(/is not authorized to perform: sts:AssumeRole on/);
    }
  });
});

describe('the traps of the page', () => {
  const page = readFileSync('docs/separation-of-duties.md', 'utf8');
  const blocks = [...page.matchAll(/```json\n(.*?)```/gs)].map(([, text = '']) => JSON.parse(text));
  const statementOf = (index: number): PublishedPolicy['document'] => ({
    Version: '2012-10-17',
    Statement: [blocks[index]],
  });

  const traps = [
    {
      name: 'one denied status',
      passes: ['changes the content without a decision', 'registers a version whose status AWS chooses'],
      denied: ['approves'],
    },
    {
      name: 'IfExists in an allowance',
      passes: ['changes the content without a decision', 'registers a version whose status AWS chooses'],
      denied: ['approves', 'registers an approved version'],
    },
    {
      name: 'IfExists of a negated operator',
      passes: ['registers a version that waits', 'takes a decision back'],
      denied: ['changes the content without a decision', 'approves', 'registers a version whose status AWS chooses'],
    },
    {
      name: 'the presence of a decision',
      passes: ['changes the content without a decision'],
      denied: ['approves', 'rejects', 'takes a decision back'],
    },
    {
      name: 'ForAllValues of nothing',
      passes: ['approves', 'changes the content with the decision'],
      denied: ['removes a registered fact with the decision'],
    },
    { name: 'several keys in a denial', passes: ['changes the registered digest with the decision'], denied: [] },
  ] as const;

  test('are as many as the statements there', () => expect(blocks).toHaveLength(traps.length));

  test.each(traps.map((trap, index) => ({ ...trap, index })))('$name', async ({ index, passes, denied }) => {
    const trap = statementOf(index);
    account = await openDuties(() => (blocks[index].Effect === 'Deny' ? [everything, trap] : [trap]));
    const outcome = async (name: string): Promise<string> => {
      const attempt = attempts.find((one) => one.name === name);
      if (attempt === undefined) throw new Error(`there is no attempt named ${name}`);
      const modelPackage = await waiting(account.simulator);
      return (await refusalOf(attempt.send(await enter('registrar'), modelPackage))) ?? 'carried out';
    };
    for (const name of passes) expect(`${name}: ${await outcome(name)}`).toBe(`${name}: carried out`);
    for (const name of denied) expect(`${name}: ${await outcome(name)}`).toMatch(/: AccessDeniedException: /);
  });
});

describe('a registry in another account', () => {
  const registry = '999988887777';
  const approver = `arn:aws:iam::${registry}:role/model-approver`;
  const groupPolicy = sharedPolicies().find(({ name }) => name === 'group-policy')?.document;
  const inRegistry = () => account.simulator.account(registry).call;
  const put = (policy: unknown) =>
    inRegistry()('sagemaker', 'PutModelPackageGroupPolicy', {
      ModelPackageGroupName: 'churn',
      ResourcePolicy: JSON.stringify(policy),
    });
  const decide = (ModelPackageArn: string) =>
    new UpdateModelPackageCommand({ ModelPackageArn, ModelApprovalStatus: 'Approved' });
  const asRole = async (role: string): Promise<ReturnType<typeof clientsOf>> =>
    presents(account, role, `${repositories[0]}:${jobOf.deployer}`);

  beforeEach(async () => {
    account = await openSimulator({ roles: [roleOf('deployer'), approver] });
    for (const role of [roleOf('deployer'), approver]) account.simulator.attachPolicy(role, everything);
  });

  test('its group lets deployers read, and decide nothing, whatever their own account allows them', async () => {
    const modelPackage = await waiting({ call: inRegistry() });
    await put(groupPolicy);
    const { sagemaker } = await asRole(roleOf('deployer'));
    const described = sagemaker.send(new DescribeModelPackageCommand({ ModelPackageName: modelPackage }));
    expect(await described).toMatchObject({ ModelApprovalStatus: 'PendingManualApproval' });
    expect(await refusalOf(sagemaker.send(decide(modelPackage)))).toMatch(
      denial('deployer', 'sagemaker:UpdateModelPackage', 'because no resource-based policy allows the'),
    );
  });

  test('a denial of its group holds in its own account too', async () => {
    const modelPackage = await waiting({ call: inRegistry() });
    const { sagemaker } = await asRole(approver);
    await put({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Deny',
          Principal: '*',
          Action: 'sagemaker:UpdateModelPackage',
          Resource: `arn:aws:sagemaker:eu-west-1:${registry}:model-package/churn/*`,
        },
      ],
    });
    expect(await refusalOf(sagemaker.send(decide(modelPackage)))).toMatch(
      /with an explicit deny in a resource-based policy$/,
    );
    await put(groupPolicy);
    expect(await refusalOf(sagemaker.send(decide(modelPackage)))).toBeUndefined();
  });
});

describe('a version on its way through three roles', () => {
  let delivery: TestAccount;
  beforeEach(async () => {
    delivery = await openAccount({ roles: [...defaultRoles, 'model-approver'] });
    account = { simulator: delivery.simulator, ...clientsOf(delivery.simulator) };
    for (const duty of duties)
      for (const document of [...documentsOf(duty), published(`${duty}-guard`)])
        account.simulator.attachPolicy(roleOf(duty), document);
    delivery.simulator.images.tag(image, team.imageDigest);
  });
  afterEach(() => delivery.close());
  const image = '111122223333.dkr.ecr.eu-west-1.amazonaws.com/churn-serving:1';
  const version = { version: '1.0.0' };

  /** With the names of the published policies. */
  const writeManifest = (role: string): void =>
    delivery.writeManifest((text) =>
      text
        .replaceAll('iris-serving', 'churn-serving')
        .replace('model: iris', 'model: churn')
        .replace('name: iris', 'name: churn')
        .replace(
          'role: model-deployer',
          `role: ${role}\n    approver-role: model-approver\n    releases: s3://ml-releases/churn/`,
        )
        .replace('minimum-requests: 300', 'minimum-requests: 0'),
    );

  const register = async (): Promise<string> => {
    const inputs = delivery.registration('1.0.0');
    const [, bucket = '', key = ''] = /^s3:\/\/([^/]+)\/(.+)$/.exec(inputs['artifact'] ?? '') ?? [];
    writeManifest('model-registrar');
    const trained = delivery.simulator.objects.get(bucket, key);
    delivery.simulator.objects.put('ml-training', key, trained?.body ?? Buffer.from(''));
    const report = await delivery.run(registerModel, {
      ...inputs,
      image,
      artifact: `s3://ml-training/${key}`,
    });
    writeManifest('model-deployer');
    expect(report?.result).toMatchObject({ reason: 'registered' });
    return 'arn:aws:sagemaker:eu-west-1:111122223333:model-package/churn/1';
  };
  const decides = async (ModelPackageArn: string, more: object = {}) => {
    const { sagemaker } = await presents(account, roleOf('approver'), `${repositories[0]}:${jobOf.approver}`);
    const decision = { ModelPackageArn, ModelApprovalStatus: 'Approved', ApprovalDescription: 'recall holds' } as const;
    return sagemaker.send(new UpdateModelPackageCommand({ ...decision, ...more }));
  };

  test('each does its own job, and none is refused', async () => {
    const modelPackage = await register();
    expect((await delivery.run(approveGate, version))?.result).toMatchObject({ reason: 'approval-pending' });
    expect((await delivery.run(deployEndpoint, version))?.result).toMatchObject({ reason: 'not-approved' });
    await decides(modelPackage);
    expect((await delivery.run(approveGate, version))?.result).toMatchObject({ reason: 'approved' });
    expect((await delivery.run(deployEndpoint, version))?.result).toMatchObject({ reason: 'delivered' });
    const refused = delivery.simulator.requests.filter(({ error }) => error?.startsWith('AccessDenied'));
    expect(refused.map(({ principal, operation }) => `${principal} ${operation}`)).toEqual([]);
    const writers = (operation: string) => [
      ...new Set(
        delivery.simulator.requests
          .filter((request) => request.operation === operation && request.mutation)
          .map(({ principal }) => principal.split('/')[1]),
      ),
    ];
    expect(writers('CreateModelPackage')).toEqual(['model-registrar']);
    expect(writers('UpdateModelPackage')).toEqual(['model-approver']);
    expect(writers('CreateEndpoint')).toEqual(['model-deployer']);
  });

  test('content that changed with the approval is found by its digest', async () => {
    const modelPackage = await register();
    await decides(modelPackage, { InferenceSpecification: specification('s3://ml-artifacts/another.tar.gz') });
    for (const operation of [approveGate, deployEndpoint] as const) {
      const report = await delivery.run(operation as typeof deployEndpoint, version);
      expect(report?.result).toMatchObject({ outcome: 'rejected', reason: 'content-changed' });
    }
    expect(delivery.hasEndpoint()).toBe(false);
  });
});
