import { DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import { CodeDeployClient, CreateDeploymentGroupCommand } from '@aws-sdk/client-codedeploy';
import { CodePipelineClient, CreatePipelineCommand } from '@aws-sdk/client-codepipeline';
import { CreateFunctionCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import {
  CreateModelCommand,
  CreateTrainingJobCommand,
  type CreateTrainingJobCommandInput,
  DescribeEndpointCommand,
  ListEndpointsCommand,
  SageMakerClient,
} from '@aws-sdk/client-sagemaker';
import { AssumeRoleCommand, AssumeRoleWithWebIdentityCommand, GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { openHarbour, pipelineWith, ship } from './codepipeline/support.ts';
import { type Account, clientsOf, keysOf, openAccount, refusalOf } from './support/account.ts';

const deployer = 'arn:aws:iam::111122223333:role/model-deployer';
let account: Account;
beforeEach(async () => {
  account = await openAccount({ roles: ['model-deployer', 'arn:aws:iam::444455556666:role/model-deployer'] });
});
afterEach(() => account.simulator.close());

const assume = async (more: object = {}, { sts } = account) => {
  const answer = await sts.send(new AssumeRoleCommand({ RoleArn: deployer, RoleSessionName: 'release-7', ...more }));
  const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '', Expiration } = answer.Credentials ?? {};
  const keys = { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
  return { ...clientsOf(account.simulator, keys), keys, Expiration };
};

describe('roles', () => {
  test('the session is the assumed role, in its account', async () => {
    const { sts } = account;
    expect(await sts.send(new GetCallerIdentityCommand({}))).toMatchObject({
      Account: '111122223333',
      Arn: 'arn:aws:iam::111122223333:user/delivery',
    });
    const session = await assume();
    expect(await session.sts.send(new GetCallerIdentityCommand({}))).toMatchObject({
      Account: '111122223333',
      Arn: 'arn:aws:sts::111122223333:assumed-role/model-deployer/release-7',
    });
    const elsewhere = await assume({ RoleArn: 'arn:aws:iam::444455556666:role/model-deployer' });
    expect((await elsewhere.sts.send(new GetCallerIdentityCommand({}))).Account).toBe('444455556666');
  });

  test('a role that does not exist cannot be told from one that may not be assumed', async () => {
    const missing = new AssumeRoleCommand({
      RoleArn: 'arn:aws:iam::111122223333:role/nobody-here',
      RoleSessionName: 'r7',
    });
    expect(await refusalOf(account.sts.send(missing))).toBe(
      'AccessDenied: User: arn:aws:iam::111122223333:user/delivery is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::111122223333:role/nobody-here',
    );
  });

  test('a session lasts an hour unless told, no longer than the role allows, and one hour at most when chained', async () => {
    const { Expiration } = await assume();
    expect(Expiration).toEqual(new Date(account.simulator.clock.now() + 3_600_000));
    expect(await refusalOf(assume({ DurationSeconds: 7200 }))).toMatch(
      /exceeds the MaxSessionDuration set for this role/,
    );
    const session = await assume({ DurationSeconds: 900 });
    expect(await refusalOf(assume({ DurationSeconds: 7200 }, { ...account, sts: session.sts }))).toMatch(
      /role chaining/,
    );
  });
});

describe('the policy of a session', () => {
  const onlyLists = JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: ['sagemaker:ListEndpoints'], Resource: ['*'] }],
  });
  const list = new ListEndpointsCommand({});
  const alarms = new DescribeAlarmsCommand({});

  test('takes away what it does not allow', async () => {
    const session = await assume({ Policy: onlyLists });
    await session.sagemaker.send(list);
    expect(await refusalOf(session.cloudwatch.send(alarms))).toMatch(
      /not authorized to perform: cloudwatch:DescribeAlarms .* because no session policy allows the cloudwatch:DescribeAlarms action/,
    );
    await session.sts.send(new GetCallerIdentityCommand({}));
    await (await assume()).cloudwatch.send(alarms);
  });

  test('allows nothing that the role may not do', async () => {
    account.simulator.attachPolicy('model-deployer', {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: ['cloudwatch:DescribeAlarms'], Resource: ['*'] }],
    });
    const session = await assume({ Policy: onlyLists });
    expect(await refusalOf(session.sagemaker.send(list))).toMatch(/because no identity-based policy allows/);
    expect(await refusalOf(session.cloudwatch.send(alarms))).toMatch(/because no session policy allows/);
  });

  test.each(['{', '{"Version": "2012-10-17"}'])('%s is refused', async (Policy) => {
    expect(await refusalOf(assume({ Policy }))).toMatch(/^MalformedPolicyDocument/);
  });

  test('is refused by the name of an element that is not evaluated', async () => {
    const Statement = { Effect: 'Allow', NotAction: 's3:*', Resource: '*' };
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement });
    expect(await refusalOf(assume({ Policy }))).toMatch(/^NotSimulated: not simulated: .*NotAction/);
  });
});

describe('credentials', () => {
  test('expire in virtual time, and every protocol says so in its own words', async () => {
    const session = await assume({ DurationSeconds: 900 });
    const now = account.simulator.clock.now();
    await account.simulator.driver.sleepUntil(now + 899_999);
    await session.sagemaker.send(new ListEndpointsCommand({}));
    await account.simulator.driver.sleepUntil(now + 900_000);
    const key = { Bucket: 'ml-releases', Key: 'k' };
    expect(await refusalOf(session.sagemaker.send(new ListEndpointsCommand({})))).toMatch(/^ExpiredTokenException: /);
    expect(await refusalOf(session.cloudwatch.send(new DescribeAlarmsCommand({})))).toMatch(/^ExpiredToken/);
    expect(await refusalOf(session.s3.send(new GetObjectCommand(key)))).toBe(
      'ExpiredToken: The provided token has expired.',
    );
    expect(await refusalOf(session.sts.send(new GetCallerIdentityCommand({})))).toMatch(/^ExpiredToken: /);
  });

  test('unknown keys, and a session without its token, are nobody’s', async () => {
    const stranger = clientsOf(account.simulator, { accessKeyId: 'AKIASTRANGER', secretAccessKey: 'x' });
    expect(await refusalOf(stranger.sagemaker.send(new ListEndpointsCommand({})))).toMatch(
      /^UnrecognizedClientException: /,
    );
    expect(await refusalOf(stranger.sts.send(new GetCallerIdentityCommand({})))).toMatch(/^InvalidClientTokenId: /);
    const put = new PutObjectCommand({ Bucket: 'ml-releases', Key: 'k', Body: 'x' });
    expect(await refusalOf(stranger.s3.send(put))).toMatch(/^InvalidAccessKeyId: /);
    const { keys } = await assume();
    const tokenless = clientsOf(account.simulator, {
      accessKeyId: keys.accessKeyId,
      secretAccessKey: keys.secretAccessKey,
    });
    expect(await refusalOf(tokenless.sagemaker.send(new ListEndpointsCommand({})))).toMatch(
      /^UnrecognizedClientException: /,
    );
    expect(account.simulator.requests.every(({ mutation }) => !mutation)).toBe(true);
  });

  test('long-lived keys beside a token, and a session beside another token, are refused', async () => {
    const { keys } = await assume();
    const longLived = keysOf(account.simulator.environment());
    for (const mixed of [
      { ...longLived, sessionToken: keys.sessionToken ?? '' },
      { ...longLived, sessionToken: 'any' },
      { ...keys, sessionToken: 'any' },
    ]) {
      const { s3, sagemaker, sts } = clientsOf(account.simulator, mixed);
      expect(await refusalOf(sagemaker.send(new ListEndpointsCommand({})))).toMatch(/^UnrecognizedClientException: /);
      expect(await refusalOf(sts.send(new GetCallerIdentityCommand({})))).toMatch(/^InvalidClientTokenId: /);
      const put = new PutObjectCommand({ Bucket: 'ml-releases', Key: 'k', Body: 'x' });
      expect(await refusalOf(s3.send(put))).toBe('InvalidToken: The provided token is malformed or otherwise invalid.');
    }
  });
});

describe('GitHub’s identity', () => {
  const token = async (query: string): Promise<string> => {
    const answer = await fetch(`${account.simulator.url}/github/oidc-token?${query}`);
    return ((await answer.json()) as { value: string }).value;
  };
  const exchange = (WebIdentityToken: string, RoleArn = deployer) =>
    account.sts.send(new AssumeRoleWithWebIdentityCommand({ RoleArn, RoleSessionName: 'job-7', WebIdentityToken }));

  test('a token for AWS becomes a session, and the log still knows whose', async () => {
    const { id } = account.simulator.register('runner');
    const answer = await exchange(await token(`participant=${id}&audience=sts.amazonaws.com`));
    expect(answer).toMatchObject({
      Audience: 'sts.amazonaws.com',
      SubjectFromWebIdentityToken: 'repo:octo-org/octo-repo:environment:production',
      AssumedRoleUser: { Arn: 'arn:aws:sts::111122223333:assumed-role/model-deployer/job-7' },
    });
    const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '' } = answer.Credentials ?? {};
    const keys = { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
    await clientsOf(account.simulator, keys).sagemaker.send(new ListEndpointsCommand({}));
    expect(account.simulator.requests.at(-1)).toMatchObject({ operation: 'ListEndpoints', participant: id });
  });

  test('may ask for a shorter session, and for less than the role may do', async () => {
    const WebIdentityToken = await token('audience=sts.amazonaws.com');
    const Policy = JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: 'sagemaker:ListEndpoints', Resource: '*' }],
    });
    const request = { RoleArn: deployer, RoleSessionName: 'job-7', WebIdentityToken, DurationSeconds: 900, Policy };
    const { Credentials } = await account.sts.send(new AssumeRoleWithWebIdentityCommand(request));
    expect(Credentials?.Expiration).toEqual(new Date(account.simulator.clock.now() + 900_000));
    const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '' } = Credentials ?? {};
    const keys = { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
    const { sagemaker, cloudwatch } = clientsOf(account.simulator, keys);
    await sagemaker.send(new ListEndpointsCommand({}));
    expect(await refusalOf(cloudwatch.send(new DescribeAlarmsCommand({})))).toMatch(/because no session policy allows/);
  });

  test('is refused for another audience, an unknown issuer, an expired or unreadable token, a missing role', async () => {
    expect(await refusalOf(exchange(await token('audience=elsewhere')))).toBe(
      'InvalidIdentityTokenException: Incorrect token audience',
    );
    const claims = (value: object) => `e30.${Buffer.from(JSON.stringify(value)).toString('base64url')}.e30`;
    expect(await refusalOf(exchange(claims({ iss: 'https://example.com' })))).toMatch(
      /^InvalidIdentityTokenException: No OpenIDConnect provider/,
    );
    expect(await refusalOf(exchange('not-a-token'))).toMatch(/^InvalidIdentityTokenException: /);
    const good = await token('audience=sts.amazonaws.com');
    expect(await refusalOf(exchange(good, 'arn:aws:iam::111122223333:role/nobody-here'))).toMatch(
      /^AccessDenied: Not authorized/,
    );
    await account.simulator.driver.sleepUntil(account.simulator.clock.now() + 300_000);
    expect(await refusalOf(exchange(good))).toMatch(/^ExpiredTokenException?: Token expired/);
  });
});

describe('permissions', () => {
  test('a role with an allow-list may do that and nothing else, also not pass a role', async () => {
    const session = await assume();
    account.simulator.permit('model-deployer', ['sagemaker:List*', 'sagemaker:CreateModel']);
    await session.sagemaker.send(new ListEndpointsCommand({}));
    await session.sts.send(new GetCallerIdentityCommand({}));
    expect(await refusalOf(session.sagemaker.send(new DescribeEndpointCommand({ EndpointName: 'Churn' })))).toBe(
      'AccessDeniedException: User: arn:aws:sts::111122223333:assumed-role/model-deployer/release-7 is not authorized to perform: sagemaker:DescribeEndpoint on resource: arn:aws:sagemaker:eu-west-1:111122223333:endpoint/churn because no identity-based policy allows the sagemaker:DescribeEndpoint action',
    );
    const model = new CreateModelCommand({
      ModelName: 'm',
      ExecutionRoleArn: 'arn:aws:iam::111122223333:role/churn-serving',
    });
    expect(await refusalOf(session.sagemaker.send(model))).toMatch(
      /not authorized to perform: iam:PassRole on resource: arn:aws:iam::111122223333:role\/churn-serving/,
    );
    expect(await refusalOf(session.s3.send(new GetObjectCommand({ Bucket: 'ml-releases', Key: 'k' })))).toMatch(
      /^AccessDenied: .* s3:GetObject on resource: arn:aws:s3:::ml-releases\/k /,
    );
    account.simulator.permit('model-deployer', ['sagemaker:DescribeEndpoint']);
    expect(await refusalOf(session.sagemaker.send(new DescribeEndpointCommand({ EndpointName: 'churn' })))).toMatch(
      /^ValidationException: /,
    );
  });

  test('passing a role needs the permission for it, to every service', async () => {
    const { keys } = await assume();
    account.simulator.permit('model-deployer', ['codedeploy:*', 'codepipeline:*', 'lambda:*', 'sagemaker:*']);
    const role = 'arn:aws:iam::111122223333:role/churn-serving';
    const shared = { endpoint: account.simulator.url, region: 'eu-west-1', credentials: keys, maxAttempts: 1 };
    const group = { applicationName: 'a', deploymentGroupName: 'g', serviceRoleArn: role };
    const pipeline = { name: 'p', roleArn: role, stages: [] };
    const job = { TrainingJobName: 'j', RoleArn: role } as CreateTrainingJobCommandInput;
    const calls = [
      () => new CodeDeployClient(shared).send(new CreateDeploymentGroupCommand(group)),
      () => new CodePipelineClient(shared).send(new CreatePipelineCommand({ pipeline })),
      () => new LambdaClient(shared).send(new CreateFunctionCommand({ FunctionName: 'f', Role: role, Code: {} })),
      () => new SageMakerClient(shared).send(new CreateTrainingJobCommand(job)),
    ];
    for (const call of calls)
      expect(await refusalOf(call())).toMatch(
        new RegExp(`not authorized to perform: iam:PassRole on resource: ${role} because no identity-based policy`),
      );
    account.simulator.permit('model-deployer', ['iam:PassRole']);
    for (const call of calls) expect(await refusalOf(call())).not.toMatch(/iam:PassRole/);
  });

  test('a pipeline’s service role lets CodePipeline in', async () => {
    const Statement = [{ Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' }];
    const harbour = await openHarbour({ roles: ['model-deployer'] });
    const put = () =>
      refusalOf(
        harbour.client.send(
          new CreatePipelineCommand({ pipeline: pipelineWith([[ship('Truck')]], { roleArn: deployer }) }),
        ),
      );
    harbour.simulator.trust(deployer, { Version: '2012-10-17', Statement });
    expect(await put()).toBe(
      `InvalidStructureException: CodePipeline is not authorized to perform AssumeRole on role ${deployer}`,
    );
    await harbour.simulator.close();
  });

  test('each participant’s keys say whose call it was', async () => {
    const { simulator } = account;
    const runner = simulator.register('runner');
    const { sagemaker } = clientsOf(simulator, keysOf(simulator.environment(runner)));
    await sagemaker.send(new ListEndpointsCommand({}));
    await account.sagemaker.send(new ListEndpointsCommand({}));
    expect(simulator.requests.map(({ participant }) => participant)).toEqual([runner.id, 'p0']);
    expect(simulator.environment(runner)['MODEL_DELIVERY_CLOCK']).toBe(runner.url);
  });
});
