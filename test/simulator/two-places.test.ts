import { DescribeAlarmsCommand, PutMetricAlarmCommand } from '@aws-sdk/client-cloudwatch';
import { GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda';
import {
  CreateBucketCommand,
  GetObjectCommand,
  HeadBucketCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import {
  CreateEndpointCommand,
  CreateEndpointConfigCommand,
  CreateModelCommand,
  CreateModelPackageGroupCommand,
  DeleteModelPackageCommand,
  DescribeEndpointCommand,
  DescribeModelPackageGroupCommand,
  ListModelPackageGroupsCommand,
  SageMakerClient,
  UpdateEndpointCommand,
} from '@aws-sdk/client-sagemaker';
import { InvokeEndpointAsyncCommand, InvokeEndpointCommand } from '@aws-sdk/client-sagemaker-runtime';
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { irisFixture } from '../../simulator/fixtures/fixtures.ts';
import { type Account, clientsOf, type Keys, openAccount, refusalOf } from './support/account.ts';
import { signedFetch } from './support/signed-fetch.ts';

const tooling = '999988887777';
const production = '444455556666';
const [home, away] = ['eu-west-1', 'us-east-1'];
const roleIn = (id: string, name = 'places'): string => `arn:aws:iam::${id}:role/${name}`;
const serving = roleIn(production, 'hosting/serving');

let account: Account;
let toolingKeys: Keys;
let productionKeys: Keys;
beforeEach(async () => {
  account = await openAccount({ roles: [roleIn(tooling), roleIn(production), serving] });
  [toolingKeys, productionKeys] = [await keysIn(tooling), await keysIn(production)];
});
afterEach(() => account.simulator.close());

const keysIn = async (id: string, more: object = {}): Promise<Keys> => {
  const { Credentials } = await account.sts.send(
    new AssumeRoleCommand({ RoleArn: roleIn(id), RoleSessionName: 'release-7', ...more }),
  );
  return {
    accessKeyId: Credentials?.AccessKeyId ?? '',
    secretAccessKey: Credentials?.SecretAccessKey ?? '',
    sessionToken: Credentials?.SessionToken ?? '',
  };
};
const shared = (region: string, credentials: Keys) => ({
  ...{ endpoint: account.simulator.url, region, credentials, maxAttempts: 1, forcePathStyle: true },
});
const sagemakerIn = (region: string, keys: Keys) => new SageMakerClient(shared(region, keys));
const s3In = (region: string, keys: Keys, more: object = {}) => new S3Client({ ...shared(region, keys), ...more });
const allow = (Action: string | readonly string[], Resource: string | readonly string[] = '*') => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action, Resource }],
});

describe('two accounts and two regions', () => {
  test('have what each was given, and nothing else', async () => {
    const places = [
      [home, toolingKeys],
      [away, toolingKeys],
      [home, productionKeys],
      [away, productionKeys],
    ] as const;
    for (const [index, place] of places.entries())
      await sagemakerIn(...place).send(new CreateModelPackageGroupCommand({ ModelPackageGroupName: `group-${index}` }));
    for (const [index, place] of places.entries()) {
      const { ModelPackageGroupSummaryList: found } = await sagemakerIn(...place).send(
        new ListModelPackageGroupsCommand({}),
      );
      expect(found?.map(({ ModelPackageGroupArn }) => ModelPackageGroupArn)).toEqual([
        `arn:aws:sagemaker:${place[0]}:${index < 2 ? tooling : production}:model-package-group/group-${index}`,
      ]);
    }
  });

  test('an ARN of another region is refused, whatever its account', async () => {
    const group = `arn:aws:sagemaker:${home}:${tooling}:model-package-group/churn`;
    const ask = (region: string, keys: Keys) =>
      refusalOf(sagemakerIn(region, keys).send(new DescribeModelPackageGroupCommand({ ModelPackageGroupName: group })));
    await sagemakerIn(home, toolingKeys).send(new CreateModelPackageGroupCommand({ ModelPackageGroupName: 'churn' }));
    expect(await ask(home, toolingKeys)).toBeUndefined();
    const elsewhere = `ValidationException: ARN should be scoped to correct region: ${away}`;
    expect(await ask(away, toolingKeys)).toBe(elsewhere);
    expect(await ask(away, productionKeys)).toBe(elsewhere);
    expect(await ask(home, productionKeys)).toMatch(/because no resource-based policy allows/);
    const theirs = `arn:aws:sagemaker:${home}:${tooling}:model-package/churn/1`;
    const remove = sagemakerIn(home, productionKeys).send(new DeleteModelPackageCommand({ ModelPackageName: theirs }));
    expect(await refusalOf(remove)).toBe(`ValidationException: ModelPackage ${theirs} does not exist.`);
  });

  test('a function of another region, or of another account, is refused', async () => {
    const lambda = new LambdaClient(shared(home, productionKeys));
    const get = (region: string, id: string) =>
      refusalOf(
        lambda.send(
          new GetFunctionConfigurationCommand({ FunctionName: `arn:aws:lambda:${region}:${id}:function:churn` }),
        ),
      );
    expect(await get(away, production)).toBe(
      `ResourceNotFoundException: Functions from '${away}' are not reachable in this region ('${home}')`,
    );
    expect(await get(home, tooling)).toMatch(
      /^AccessDeniedException: .* is not authorized to perform: lambda:GetFunctionConfiguration on resource: arn:aws:lambda:eu-west-1:999988887777:function:churn because no resource-based policy/,
    );
    expect(await get(home, production)).toMatch(/^ResourceNotFoundException: Function not found: /);
  });

  test('a wrong secret opens neither', async () => {
    for (const keys of [toolingKeys, productionKeys]) {
      const { sts } = clientsOf(account.simulator, { ...keys, secretAccessKey: 'another' });
      expect(await refusalOf(sts.send(new GetCallerIdentityCommand({})))).toMatch(/^SignatureDoesNotMatch: /);
    }
    const mixed = { ...toolingKeys, sessionToken: productionKeys.sessionToken ?? '' };
    expect(await refusalOf(sagemakerIn(home, mixed).send(new ListModelPackageGroupsCommand({})))).toMatch(
      /^UnrecognizedClientException: /,
    );
  });
});

describe('a bucket', () => {
  beforeEach(async () => {
    await s3In(away, toolingKeys).send(new CreateBucketCommand({ Bucket: 'far' }));
    await s3In(away, toolingKeys).send(new PutObjectCommand({ Bucket: 'far', Key: 'k', Body: 'content' }));
  });
  const read = (region: string, keys: Keys, more: object = {}) =>
    s3In(region, keys, more).send(new GetObjectCommand({ Bucket: 'far', Key: 'k' }));

  test('is served by its region; another one names it, with and without a body', async () => {
    expect(await refusalOf(read(away, toolingKeys))).toBeUndefined();
    expect(await refusalOf(read(home, toolingKeys))).toMatch(
      /^PermanentRedirect: The bucket you are attempting to access must be addressed using the specified endpoint\./,
    );
    const signing = { service: 's3', region: home, keys: toolingKeys };
    const got = await signedFetch(account.simulator, { method: 'GET', path: '/far/k' }, signing);
    expect([got.status, got.headers.get('x-amz-bucket-region')]).toEqual([301, away]);
    expect(await got.text()).toContain('<Endpoint>far.s3.us-east-1.amazonaws.com</Endpoint><Bucket>far</Bucket>');
    const head = await signedFetch(account.simulator, { method: 'HEAD', path: '/far' }, signing);
    expect([head.status, head.headers.get('x-amz-bucket-region')]).toEqual([301, away]);
  });

  test('is found by a client that follows regions', async () => {
    const answer = await read(home, toolingKeys, { followRegionRedirects: true });
    expect(await answer.Body?.transformToString()).toBe('content');
    const { BucketRegion } = await s3In(away, toolingKeys).send(new HeadBucketCommand({ Bucket: 'far' }));
    expect(BucketRegion).toBe(away);
  });

  test('of another account needs its policy, in its region too', async () => {
    expect(await refusalOf(read(away, productionKeys))).toBe('AccessDenied: Access Denied');
    const Policy = JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { AWS: roleIn(production) },
          Action: 's3:GetObject',
          Resource: 'arn:aws:s3:::far/*',
        },
      ],
    });
    await s3In(away, toolingKeys).send(new PutBucketPolicyCommand({ Bucket: 'far', Policy }));
    expect(await refusalOf(read(away, productionKeys))).toBeUndefined();
    expect(await refusalOf(read(home, productionKeys))).toMatch(/^PermanentRedirect: /);
  });
});

describe('assuming a role', () => {
  const assume = (keys: Keys, more: object = {}) =>
    new STSClient(shared(home, keys)).send(
      new AssumeRoleCommand({ RoleArn: roleIn(production), RoleSessionName: 'second', ...more }),
    );

  test('by a session lasts an hour at most', async () => {
    expect(await refusalOf(assume(toolingKeys, { DurationSeconds: 3601 }))).toBe(
      'ValidationError: The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.',
    );
    expect(await refusalOf(assume(toolingKeys, { DurationSeconds: 3600 }))).toBeUndefined();
  });

  test('with tags or a source identity needs the permission for them, of both sides', async () => {
    const trust = (Action: readonly string[]) =>
      account.simulator.trust(roleIn(production), {
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Principal: { AWS: tooling }, Action }],
      });
    const tagged = () => refusalOf(assume(toolingKeys, { Tags: [{ Key: 'team', Value: 'ml' }] }));
    const denied = (action: string): string =>
      `AccessDenied: User: arn:aws:sts::${tooling}:assumed-role/places/release-7 is not authorized to perform: ${action} on resource: ${roleIn(production)}`;
    trust(['sts:AssumeRole']);
    expect(await tagged()).toBe(denied('sts:TagSession'));
    expect(await refusalOf(assume(toolingKeys, { SourceIdentity: 'alice' }))).toBe(denied('sts:SetSourceIdentity'));
    trust(['sts:AssumeRole', 'sts:TagSession', 'sts:SetSourceIdentity']);
    expect(await tagged()).toBeUndefined();
    account.simulator.trust(roleIn(production), {
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { AWS: tooling },
          Action: ['sts:AssumeRole', 'sts:TagSession'],
          Condition: { StringEquals: { 'aws:RequestTag/team': 'platform' } },
        },
      ],
    });
    expect(await tagged()).toBe(denied('sts:AssumeRole'));
    expect(await refusalOf(assume(toolingKeys, { Tags: [{ Key: 'team', Value: 'platform' }] }))).toBeUndefined();
    trust(['sts:AssumeRole', 'sts:TagSession', 'sts:SetSourceIdentity']);
    expect((await assume(toolingKeys, { SourceIdentity: 'alice' })).SourceIdentity).toBe('alice');
    account.simulator.permit(roleIn(tooling), ['sts:AssumeRole']);
    expect(await tagged()).toMatch(/because no identity-based policy allows the sts:TagSession action$/);
  });

  test('with a condition on the external id needs that id', async () => {
    account.simulator.trust(roleIn(production), {
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { AWS: tooling },
          Action: 'sts:AssumeRole',
          Condition: { StringEquals: { 'sts:ExternalId': 'agreed' } },
        },
      ],
    });
    expect(await refusalOf(assume(toolingKeys))).toMatch(/^AccessDenied: /);
    expect(await refusalOf(assume(toolingKeys, { ExternalId: 'other' }))).toMatch(/^AccessDenied: /);
    expect(await refusalOf(assume(toolingKeys, { ExternalId: 'agreed' }))).toBeUndefined();
  });

  test('each caller has an id of its kind', async () => {
    const idOf = async (keys?: Keys) =>
      (await clientsOf(account.simulator, keys).sts.send(new GetCallerIdentityCommand({}))).UserId;
    expect(await idOf()).toMatch(/^AIDA[A-Z2-7]{17}$/);
    expect(await idOf(toolingKeys)).toMatch(/^AROA[A-Z2-7]{17}:release-7$/);
    const { Credentials, AssumedRoleUser } = await account.sts.send(
      new AssumeRoleCommand({ RoleArn: serving, RoleSessionName: 'with-path' }),
    );
    const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '' } = Credentials ?? {};
    expect(await idOf({ accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken })).toBe(
      AssumedRoleUser?.AssumedRoleId,
    );
  });
});

describe('SageMaker acts as the model’s role', () => {
  const image = (region = home): string => `${production}.dkr.ecr.${region}.amazonaws.com/iris-server:1`;
  const data = 's3://models/iris.tar.gz';
  const reading = ['s3:GetObject', 's3:ListBucket'];
  const pulling = [
    'ecr:GetAuthorizationToken',
    'ecr:BatchCheckLayerAvailability',
    'ecr:BatchGetImage',
    'ecr:GetDownloadUrlForLayer',
  ];
  let ours: ReturnType<typeof clientsOf>;
  let names = 0;
  beforeEach(() => {
    ours = clientsOf(account.simulator, productionKeys);
    const { simulator } = account;
    for (const region of [home, away]) simulator.images.tag(image(region), `sha256:${'a1'.repeat(32)}`);
    for (const [bucket, region] of [
      ['models', home],
      ['far-models', away],
      ['answers', home],
    ] as const)
      simulator.objects.create(bucket, production, region);
    for (const bucket of ['models', 'far-models'])
      simulator.objects.put(bucket, 'iris.tar.gz', irisFixture('1.0.0').artifact);
  });
  const createModel = async (ModelDataUrl = data, Image = image(), more: object = {}): Promise<string> => {
    const ModelName = `iris-${++names}`;
    await ours.sagemaker.send(
      new CreateModelCommand({
        ModelName,
        PrimaryContainer: { Image, ModelDataUrl, ...more },
        ExecutionRoleArn: serving,
      }),
    );
    return ModelName;
  };
  const configure = async (ModelName: string, more: object = {}): Promise<string> => {
    const EndpointConfigName = `config-of-${ModelName}`;
    const ProductionVariants = [
      { VariantName: 'AllTraffic', ModelName, InstanceType: 'ml.m5.large' as const, InitialInstanceCount: 1 },
    ];
    await ours.sagemaker.send(new CreateEndpointConfigCommand({ EndpointConfigName, ProductionVariants, ...more }));
    return EndpointConfigName;
  };
  const launch = async (EndpointConfigName: string) => {
    const EndpointName = `endpoint-${++names}`;
    await ours.sagemaker.send(new CreateEndpointCommand({ EndpointName, EndpointConfigName }));
    await account.simulator.driver.sleepUntil(account.simulator.clock.now() + 600_000);
    const described = await ours.sagemaker.send(new DescribeEndpointCommand({ EndpointName }));
    return { EndpointName, status: described.EndpointStatus, reason: described.FailureReason };
  };

  test('which must let it in, where it has a trust policy', async () => {
    const trust = (Service: string) =>
      account.simulator.trust(serving, {
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Principal: { Service }, Action: 'sts:AssumeRole' }],
      });
    trust('ec2.amazonaws.com');
    expect(await refusalOf(createModel())).toBe(
      `ValidationException: Could not assume role ${serving}. Please ensure that the role exists and allows principal 'sagemaker.amazonaws.com' to assume the role.`,
    );
    trust('sagemaker.amazonaws.com');
    expect(await refusalOf(createModel())).toBeUndefined();
  });

  test('and reads the model’s data by its policies, also at the next launch', async () => {
    account.simulator.attachPolicy(serving, allow(pulling));
    expect(await refusalOf(createModel())).toMatch(
      /^ValidationException: Could not access model data at s3:\/\/models\/iris\.tar\.gz\..*"s3:GetObject" permissions/,
    );
    account.simulator.attachPolicy(serving, allow(reading));
    const config = await configure(await createModel());
    expect(await launch(config)).toMatchObject({ status: 'InService' });
    account.simulator.attachPolicy(serving, {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Deny', Action: 's3:GetObject', Resource: 'arn:aws:s3:::models/*' }],
    });
    expect(await launch(config)).toMatchObject({
      status: 'Failed',
      reason: expect.stringMatching(/that the role passed to CreateModel has permissions to download the object/),
    });
  });

  test('under a key that its policies must open as well', async () => {
    const key = `arn:aws:kms:${home}:${production}:key/1234abcd`;
    account.simulator.objects.encrypt('models', key);
    account.simulator.attachPolicy(serving, allow([...pulling, ...reading]));
    expect(await refusalOf(createModel())).toMatch(/^ValidationException: Could not access model data/);
    account.simulator.attachPolicy(serving, allow('kms:Decrypt', key));
    expect(await refusalOf(createModel())).toBeUndefined();
  });

  test('and pulls the image by them: a launch fails without', async () => {
    account.simulator.attachPolicy(serving, allow([...reading, ...pulling.slice(1)]));
    const config = await configure(await createModel());
    expect(await launch(config)).toMatchObject({
      status: 'Failed',
      reason:
        'Please make sure all images included in the model for the production variant AllTraffic exist, and that the execution role used to create the model has permissions to access them.',
    });
    account.simulator.attachPolicy(serving, allow('ecr:GetAuthorizationToken'));
    expect(await launch(config)).toMatchObject({ status: 'InService' });
  });

  test('and downloads the models below a prefix by them, one by one', async () => {
    account.simulator.attachPolicy(serving, allow([...pulling, 's3:ListBucket']));
    const { EndpointName } = await launch(
      await configure(await createModel('s3://models/', image(), { Mode: 'MultiModel' })),
    );
    const ask = () =>
      refusalOf(
        ours.runtime.send(
          new InvokeEndpointCommand({
            ...{ EndpointName, TargetModel: 'iris.tar.gz', ContentType: 'text/csv' },
            Body: '5.1,3.5,1.4,0.2\n',
          }),
        ),
      );
    expect(await ask()).toMatch(/that the role passed to CreateModel has permissions to download the object/);
    account.simulator.attachPolicy(serving, allow('s3:GetObject'));
    expect(await ask()).toBeUndefined();
  });

  test('of one region only: image and data', async () => {
    expect(await refusalOf(createModel(data, image(away)))).toBe(
      `ValidationException: Region of "${image(away)}" does not match expected region of ${home}. Cross region ECR image pulls are not allowed.`,
    );
    expect(await refusalOf(createModel('s3://far-models/iris.tar.gz'))).toMatch(
      /Could not access model data at s3:\/\/far-models\/iris\.tar\.gz\..* that the object is located in eu-west-1/,
    );
  });

  test('and writes asynchronous answers by them', async () => {
    account.simulator.attachPolicy(serving, allow([...pulling, ...reading]));
    const OutputConfig = { S3OutputPath: 's3://answers/out', S3FailurePath: 's3://answers/failed' };
    const { EndpointName } = await launch(
      await configure(await createModel(), { AsyncInferenceConfig: { OutputConfig } }),
    );
    account.simulator.objects.put('models', 'request.csv', Buffer.from('5.1,3.5,1.4,0.2\n'));
    const ask = async () => {
      const { OutputLocation = '' } = await ours.runtime.send(
        new InvokeEndpointAsyncCommand({
          EndpointName,
          InputLocation: 's3://models/request.csv',
          ContentType: 'text/csv',
        }),
      );
      await account.simulator.driver.sleepUntil(account.simulator.clock.now() + 600_000);
      return account.simulator.objects.get('answers', OutputLocation.replace('s3://answers/', ''))?.body.toString();
    };
    expect(await ask()).toBeUndefined();
    account.simulator.attachPolicy(serving, allow('s3:PutObject', 'arn:aws:s3:::answers/*'));
    expect(await ask()).toBeDefined();
  });

  describe('and reads the alarms of an update by them', () => {
    const update = async () => {
      account.simulator.attachPolicy(serving, allow([...pulling, ...reading]));
      const { EndpointName } = await launch(await configure(await createModel()));
      await ours.cloudwatch.send(
        new PutMetricAlarmCommand({
          ...{ AlarmName: 'errors', Namespace: 'n', MetricName: 'm', Statistic: 'Sum', Period: 60 },
          ...{ EvaluationPeriods: 1, Threshold: 1, ComparisonOperator: 'GreaterThanThreshold' },
        }),
      );
      expect((await ours.cloudwatch.send(new DescribeAlarmsCommand({}))).MetricAlarms).toHaveLength(1);
      const green = await configure(await createModel());
      return () =>
        refusalOf(
          ours.sagemaker.send(
            new UpdateEndpointCommand({
              EndpointName,
              EndpointConfigName: green,
              DeploymentConfig: {
                BlueGreenUpdatePolicy: {
                  TrafficRoutingConfiguration: { Type: 'ALL_AT_ONCE', WaitIntervalInSeconds: 60 },
                },
                AutoRollbackConfiguration: { Alarms: [{ AlarmName: 'errors' }] },
              },
            }),
          ),
        );
    };

    test('or the update is refused', async () => {
      const again = await update();
      expect(await again()).toMatch(/not authorized to perform cloudwatch:DescribeAlarms on alarm "errors"/);
      account.simulator.attachPolicy(
        serving,
        allow('cloudwatch:DescribeAlarms', `arn:aws:cloudwatch:${home}:${production}:alarm:errors`),
      );
      expect(await again()).toBeUndefined();
    });

    test('or, by the setting’s other value, the alarm does not count', async () => {
      await account.simulator.close();
      account = await openAccount({ roles: [roleIn(production), serving], settings: { unreadableAlarm: 'ignored' } });
      productionKeys = await keysIn(production);
      ours = clientsOf(account.simulator, productionKeys);
      account.simulator.images.tag(image(), `sha256:${'a1'.repeat(32)}`);
      account.simulator.objects.create('models', production, home);
      account.simulator.objects.put('models', 'iris.tar.gz', irisFixture('1.0.0').artifact);
      expect(await (await update())()).toBeUndefined();
    });
  });
});
