import { DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { CreateModelPackageGroupCommand, ListEndpointsCommand } from '@aws-sdk/client-sagemaker';
import { AssumeRoleWithWebIdentityCommand, GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type Account, openAccount, refusalOf } from './support/account.ts';

let account: Account;
beforeEach(async () => {
  account = await openAccount();
});
afterEach(() => account.simulator.close());

const list = () => refusalOf(account.sagemaker.send(new ListEndpointsCommand({})));
const create = (ModelPackageGroupName: string) =>
  refusalOf(account.sagemaker.send(new CreateModelPackageGroupCommand({ ModelPackageGroupName })));

describe('planned harm', () => {
  test('hits the given number of matching calls, after the given number, and nothing else', async () => {
    account.simulator.faults.add({
      service: 'sagemaker',
      operation: 'ListEndpoints',
      times: 2,
      after: 1,
      kind: 'throttle',
    });
    expect(await list()).toBeUndefined();
    expect(await create('other')).toBeUndefined();
    expect(await list()).toBe('ThrottlingException: Rate exceeded');
    expect(await list()).toBe('ThrottlingException: Rate exceeded');
    expect(await list()).toBeUndefined();
  });

  test('comes one by one when several are planned', async () => {
    const { faults } = account.simulator;
    faults.add({ service: 'sagemaker', operation: 'ListEndpoints', times: 1, kind: 'server-error' });
    faults.add({ service: 'sagemaker', operation: 'ListEndpoints', times: 1, kind: 'expired-token' });
    faults.add({
      service: 'sagemaker',
      operation: 'ListEndpoints',
      times: 1,
      kind: 'error',
      code: 'ResourceLimitExceeded',
      message: 'too many',
    });
    expect(await list()).toMatch(/^InternalFailure: /);
    expect(await list()).toMatch(/^ExpiredTokenException: /);
    expect(await list()).toBe('ResourceLimitExceeded: too many');
    expect(await list()).toBeUndefined();
  });

  test('draws for itself where several have a share', async () => {
    const { faults } = account.simulator;
    const half = { service: 'sagemaker', operation: 'ListEndpoints', times: 1000, share: 0.5 } as const;
    faults.add({ ...half, kind: 'throttle' });
    faults.add({ ...half, kind: 'server-error' });
    const answers = new Map<string | undefined, number>();
    for (let time = 0; time < 80; time++) {
      const [answer] = (await list())?.split(':') ?? [];
      answers.set(answer, (answers.get(answer) ?? 0) + 1);
    }
    expect([...answers.keys()].sort()).toEqual(['InternalFailure', 'ThrottlingException', undefined]);
    // A half, a quarter, and a quarter.
    expect(answers.get('ThrottlingException')).toBeGreaterThan(25);
    expect(answers.get('InternalFailure')).toBeGreaterThan(8);
    expect(answers.get(undefined)).toBeGreaterThan(8);
  });

  test('is worded by each protocol', async () => {
    const { faults } = account.simulator;
    const key = { Bucket: 'ml-releases', Key: 'k' };
    const read = () => refusalOf(account.s3.send(new GetObjectCommand(key)));
    faults.add({ service: 's3', operation: 'GetObject', times: 1, kind: 'throttle' });
    faults.add({ service: 's3', operation: 'GetObject', times: 1, kind: 'server-error' });
    expect(await read()).toMatch(/^SlowDown: /);
    expect(await read()).toMatch(/^InternalError: /);
    faults.add({ service: 'sts', operation: 'GetCallerIdentity', times: 1, kind: 'throttle' });
    expect(await refusalOf(account.sts.send(new GetCallerIdentityCommand({})))).toMatch(/^Throttling: /);
    faults.add({ service: 'cloudwatch', operation: 'DescribeAlarms', times: 1, kind: 'throttle' });
    expect(await refusalOf(account.cloudwatch.send(new DescribeAlarmsCommand({})))).toMatch(/^Throttling: /);
  });

  test('an answer can be lost after the call was carried out', async () => {
    account.simulator.faults.add({
      service: 'sagemaker',
      operation: 'CreateModelPackageGroup',
      times: 1,
      kind: 'answer-lost',
    });
    expect(await create('churn')).toMatch(/(socket hang up|ECONNRESET)/);
    expect(account.simulator.requests.at(-1)).toMatchObject({ mutation: true, error: 'answer-lost' });
    expect(await create('churn')).toMatch(/already exists/);
  });

  test('a call may never arrive: it is neither carried out nor logged', async () => {
    account.simulator.faults.add({ service: 'sagemaker', times: 1, kind: 'never-arrived' });
    expect(await create('churn')).toMatch(/(socket hang up|ECONNRESET)/);
    expect(account.simulator.requests).toEqual([]);
    expect(await create('churn')).toBeUndefined();
  });

  test('a call may arrive after its sender gave it up', async () => {
    const { simulator } = account;
    simulator.faults.add({ operation: 'CreateModelPackageGroup', times: 1, kind: 'late', delayMs: 20_000 });
    expect(await create('churn')).toMatch(/(socket hang up|ECONNRESET)/);
    await simulator.driver.sleepUntil(simulator.clock.now() + 19_000);
    expect(simulator.requests).toEqual([]);
    await simulator.driver.sleepUntil(simulator.clock.now() + 1_000);
    expect(simulator.requests).toMatchObject([{ operation: 'CreateModelPackageGroup', mutation: true }]);
    expect(await create('churn')).toMatch(/already exists/);
  });

  test('can be planned for one participant, also for the call that makes it known', async () => {
    const { simulator } = account;
    const { id } = simulator.register('another');
    simulator.faults.add({ participant: id, times: 1, kind: 'throttle' });
    expect(await list()).toBeUndefined();
    const token = await fetch(`${simulator.url}/github/oidc-token?audience=sts.amazonaws.com&participant=${id}`);
    const { value } = (await token.json()) as { readonly value: string };
    const assume = () =>
      refusalOf(
        account.sts.send(
          new AssumeRoleWithWebIdentityCommand({
            RoleArn: 'arn:aws:iam::111122223333:role/model-deployer',
            RoleSessionName: 'deliver',
            WebIdentityToken: value,
          }),
        ),
      );
    expect(await assume()).toMatch(/^Throttling: /);
    expect(await assume()).toBeUndefined();
    expect(simulator.requests.at(-1)).toMatchObject({ participant: id });
    simulator.remove(id);
  });

  test('an action runs before the call is handled', async () => {
    const { faults, requests, objects } = account.simulator;
    const seen: unknown[] = [];
    const action = () => seen.push([requests.length, objects.get('ml-releases', 'k')]);
    faults.add({ service: 's3', operation: 'PutObject', times: 1, kind: 'call', action: () => void action() });
    await account.s3.send(new PutObjectCommand({ Bucket: 'ml-releases', Key: 'k', Body: 'x' }));
    expect(seen).toEqual([[0, undefined]]);
    expect(objects.get('ml-releases', 'k')?.body.toString()).toBe('x');
  });
});

describe('the request log', () => {
  test('tells successful writes from reads and from refused writes, with the resource IAM would match', async () => {
    await create('Churn');
    await create('Churn');
    await create('-');
    await list();
    const arn = 'arn:aws:sagemaker:eu-west-1:111122223333:model-package-group/churn';
    expect(
      account.simulator.requests.map(({ operation, mutation, resource, error }) => [
        operation,
        mutation,
        resource,
        error,
      ]),
    ).toEqual([
      ['CreateModelPackageGroup', true, arn, undefined],
      ['CreateModelPackageGroup', false, arn, 'ValidationException'],
      ['CreateModelPackageGroup', false, arn.replace('churn', '-'), 'ValidationException'],
      ['ListEndpoints', false, '*', undefined],
    ]);
  });

  test('keeps no body, only its length', async () => {
    await account.s3.send(new PutObjectCommand({ Bucket: 'ml-releases', Key: 'k', Body: 'secret' }));
    expect(account.simulator.requests.at(-1)).toMatchObject({
      resource: 'arn:aws:s3:::ml-releases/k',
      input: { Body: '6 bytes' },
    });
    expect(JSON.stringify(account.simulator.requests)).not.toContain('secret');
  });
});

test('the control plane’s rate is per second of virtual time', async () => {
  await account.simulator.close();
  account = await openAccount({ settings: { controlPlaneRate: 2 } });
  expect([await list(), await list(), await list()]).toEqual([
    undefined,
    undefined,
    'ThrottlingException: Rate exceeded',
  ]);
  await account.simulator.driver.sleepUntil(account.simulator.clock.now() + 1000);
  expect(await list()).toBeUndefined();
});

test('a call by the driver meets no faults and leaves no trace, but is validated', async () => {
  const { simulator } = account;
  simulator.faults.add({ service: 'sagemaker', operation: 'ListEndpoints', times: 1, kind: 'throttle' });
  expect(await simulator.call('sagemaker', 'ListEndpoints', {})).toMatchObject({ Endpoints: [] });
  await expect(simulator.call('sagemaker', 'DescribeEndpoint', { EndpointName: '-' })).rejects.toThrow(
    '1 validation error',
  );
  expect(simulator.requests).toEqual([]);
});

test('an error that is none of AWS’s ends the run instead of passing for one', async () => {
  const { simulator } = account;
  const action = () => {
    throw new TypeError('the simulator is broken');
  };
  simulator.faults.add({ service: 'sagemaker', operation: 'ListEndpoints', times: 1, kind: 'call', action });
  expect(await list()).toBeDefined();
  await expect(simulator.stuck).rejects.toThrow('the simulator is broken');
});
