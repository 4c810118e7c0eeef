import { spawn } from 'node:child_process';
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DescribeAlarmsCommand, GetMetricDataCommand, PutMetricAlarmCommand } from '@aws-sdk/client-cloudwatch';
import { CreateRepositoryCommand, DescribeImagesCommand, PutImageCommand } from '@aws-sdk/client-ecr';
import {
  CreateBucketCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import {
  CreateEndpointCommand,
  CreateEndpointConfigCommand,
  CreateModelCommand,
  CreateModelPackageCommand,
  CreateModelPackageGroupCommand,
  DescribeEndpointCommand,
  DescribeModelPackageCommand,
  SageMakerClient,
  UpdateEndpointCommand,
  UpdateModelPackageCommand,
} from '@aws-sdk/client-sagemaker';
import { InvokeEndpointCommand } from '@aws-sdk/client-sagemaker-runtime';
import { AssumeRoleCommand, GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { expect, test } from '@jest/globals';
import { defaultStart } from '../../simulator/kernel.ts';
import { openStateFolder } from '../../simulator/state-folder.ts';
import { type Account, clientsOf, type Keys, openAccount } from './support/account.ts';
import { signedFetch } from './support/signed-fetch.ts';

const newFolder = (): string => mkdtempSync(join(tmpdir(), 'simulator-state-'));

const open = async (folder: string, options: Readonly<Record<string, string>> = {}) => {
  const state = openStateFolder(folder, options, defaultStart);
  const account = await openAccount({ state, roles: ['serving', 'deployer'] });
  const close = async () => {
    await account.simulator.close();
    state.close();
  };
  try {
    await account.simulator.takeUp();
  } catch (error) {
    await close();
    throw error;
  }
  return { ...account, close };
};

const image = '111122223333.dkr.ecr.eu-west-1.amazonaws.com/churn:1';
const imageManifest = '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json"}';
const iris = (version: string): Buffer => readFileSync(`simulator/fixtures/iris-${version}/model.tar.gz`);
const minutes = (account: Account, count: number) =>
  account.simulator.driver.sleepUntil(account.simulator.clock.now() + count * 60_000);

const version = (n: string) => async (account: Account) => {
  await account.s3.send(new PutObjectCommand({ Bucket: 'churn-models', Key: `${n}/model.tar.gz`, Body: iris(n) }));
  const container = { Image: image, ModelDataUrl: `s3://churn-models/${n}/model.tar.gz` };
  const { ModelPackageArn } = await account.sagemaker.send(
    new CreateModelPackageCommand({
      ModelPackageGroupName: 'churn',
      InferenceSpecification: {
        Containers: [container],
        SupportedContentTypes: ['text/csv'],
        SupportedResponseMIMETypes: ['text/csv'],
      },
    }),
  );
  await account.sagemaker.send(new UpdateModelPackageCommand({ ModelPackageArn, ModelApprovalStatus: 'Approved' }));
  const ExecutionRoleArn = 'arn:aws:iam::111122223333:role/serving';
  await account.sagemaker.send(
    new CreateModelCommand({
      ModelName: `churn-${n}`.replaceAll('.', '-'),
      ExecutionRoleArn,
      PrimaryContainer: container,
    }),
  );
  await account.sagemaker.send(
    new CreateEndpointConfigCommand({
      EndpointConfigName: `churn-${n}`.replaceAll('.', '-'),
      ProductionVariants: [
        {
          VariantName: 'live',
          ModelName: `churn-${n}`.replaceAll('.', '-'),
          InstanceType: 'ml.m5.large',
          InitialInstanceCount: 2,
        },
      ],
    }),
  );
};

/** Keys of a session that a step made. */
let session: Keys | undefined;

const steps: readonly ((account: Account) => Promise<unknown>)[] = [
  ({ s3 }) =>
    s3.send(
      new CreateBucketCommand({
        Bucket: 'churn-models',
        CreateBucketConfiguration: { LocationConstraint: 'eu-west-1' },
      }),
    ),
  ({ simulator }) => {
    const AssumeRolePolicyDocument = JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { AWS: '111122223333' }, Action: 'sts:AssumeRole' }],
    });
    const body = new URLSearchParams({
      Action: 'CreateRole',
      Version: '2010-05-08',
      RoleName: 'made',
      AssumeRolePolicyDocument,
    }).toString();
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    return signedFetch(simulator, { path: '/', headers, body }, { service: 'iam', region: 'us-east-1' });
  },
  async ({ ecr }) => {
    await ecr.send(new CreateRepositoryCommand({ repositoryName: 'churn' }));
    await ecr.send(new PutImageCommand({ repositoryName: 'churn', imageTag: '1', imageManifest }));
  },
  // A mere look makes the region's own buckets.
  async ({ simulator }) => {
    const elsewhere = new SageMakerClient({
      endpoint: simulator.url,
      region: 'us-west-2',
      credentials: {
        accessKeyId: simulator.environment()['AWS_ACCESS_KEY_ID'] ?? '',
        secretAccessKey: simulator.environment()['AWS_SECRET_ACCESS_KEY'] ?? '',
      },
    });
    await elsewhere.send(new DescribeEndpointCommand({ EndpointName: 'none' })).catch(() => {});
  },
  ({ sagemaker }) => sagemaker.send(new CreateModelPackageGroupCommand({ ModelPackageGroupName: 'churn' })),
  version('1.0.0'),
  version('1.1.0'),
  ({ sagemaker }) =>
    sagemaker.send(new CreateEndpointCommand({ EndpointName: 'churn', EndpointConfigName: 'churn-1-0-0' })),
  (account) => minutes(account, 2),
  (account) => minutes(account, 5),
  async ({ sts }) => {
    const assumed = await sts.send(
      new AssumeRoleCommand({ RoleArn: 'arn:aws:iam::111122223333:role/deployer', RoleSessionName: 'kept' }),
    );
    const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '' } = assumed.Credentials ?? {};
    session = { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
  },
  async ({ runtime }) => {
    for (let row = 0; row < 5; row++)
      await runtime.send(
        new InvokeEndpointCommand({ EndpointName: 'churn', ContentType: 'text/csv', Body: `5.${row},3.5,1.4,0.2` }),
      );
    // The model refuses it: an answer of 424, which is counted.
    await runtime
      .send(new InvokeEndpointCommand({ EndpointName: 'churn', ContentType: 'text/csv', Body: 'no numbers' }))
      .catch(() => {});
  },
  ({ cloudwatch }) =>
    cloudwatch.send(
      new PutMetricAlarmCommand({
        AlarmName: 'churn-errors',
        Namespace: 'AWS/SageMaker',
        MetricName: 'Invocation5XXErrors',
        Dimensions: [
          { Name: 'EndpointName', Value: 'churn' },
          { Name: 'VariantName', Value: 'live' },
        ],
        Statistic: 'Sum',
        Period: 60,
        EvaluationPeriods: 1,
        Threshold: 1,
        ComparisonOperator: 'GreaterThanThreshold',
        TreatMissingData: 'notBreaching',
      }),
    ),
  (account) => minutes(account, 3),
  ({ sagemaker }) =>
    sagemaker.send(
      new UpdateEndpointCommand({
        EndpointName: 'churn',
        EndpointConfigName: 'churn-1-1-0',
        DeploymentConfig: {
          BlueGreenUpdatePolicy: {
            TrafficRoutingConfiguration: {
              Type: 'CANARY',
              CanarySize: { Type: 'INSTANCE_COUNT', Value: 1 },
              WaitIntervalInSeconds: 300,
            },
          },
          AutoRollbackConfiguration: { Alarms: [{ AlarmName: 'churn-errors' }] },
        },
      }),
    ),
  (account) => minutes(account, 5),
  (account) => minutes(account, 15),
];

/** All that an account shows of itself, as one text. */
const seen = async (account: Account): Promise<string> => {
  const { sagemaker, s3, ecr, cloudwatch, simulator } = account;
  const show = async (call: Promise<object>): Promise<unknown> => {
    try {
      const { $metadata: _, ...answer } = (await call) as { readonly $metadata?: unknown };
      return answer;
    } catch (error) {
      return `${error}`;
    }
  };
  const at = simulator.clock.now();
  const MetricDataQueries = ['Invocations', 'Invocation4XXErrors', 'ModelLatency'].map((MetricName, n) => ({
    Id: `m${n}`,
    MetricStat: {
      Metric: {
        Namespace: 'AWS/SageMaker',
        MetricName,
        Dimensions: [
          { Name: 'EndpointName', Value: 'churn' },
          { Name: 'VariantName', Value: 'live' },
        ],
      },
      Period: 60,
      Stat: 'Sum',
    },
  }));
  const ModelPackageName = 'arn:aws:sagemaker:eu-west-1:111122223333:model-package/churn/1';
  const between = { StartTime: new Date(defaultStart), EndTime: new Date(at) };
  const who =
    session === undefined ? undefined : clientsOf(simulator, session).sts.send(new GetCallerIdentityCommand({}));
  return JSON.stringify(
    [
      at,
      await show(sagemaker.send(new DescribeEndpointCommand({ EndpointName: 'churn' }))),
      await show(sagemaker.send(new DescribeModelPackageCommand({ ModelPackageName }))),
      await show(s3.send(new ListBucketsCommand({}))),
      await show(s3.send(new ListObjectsV2Command({ Bucket: 'churn-models' }))),
      await show(ecr.send(new DescribeImagesCommand({ repositoryName: 'churn' }))),
      await show(cloudwatch.send(new DescribeAlarmsCommand({}))),
      at === defaultStart
        ? []
        : await show(cloudwatch.send(new GetMetricDataCommand({ MetricDataQueries, ...between }))),
      await show(simulator.call('iam', 'ListRoles', {})),
      who === undefined ? [] : await show(who),
    ],
    undefined,
    1,
  );
};

test('a run that is ended and taken up after every step is the run without an end', async () => {
  session = undefined;
  const whole = await open(newFolder());
  const expected: string[] = [];
  for (const step of steps) {
    await step(whole);
    expected.push(await seen(whole));
  }
  await whole.close();
  expect(expected.at(-1)).toMatch(/"EndpointStatus": "InService"/);
  expect(expected.at(-1)).toMatch(/"EndpointConfigName": "churn-1-1-0"/);
  expect(expected.at(-2)).toMatch(/"EndpointStatus": "Updating"/);

  session = undefined;
  const folder = newFolder();
  for (const [index, step] of steps.entries()) {
    const account = await open(folder);
    await step(account);
    expect(await seen(account)).toBe(expected[index]);
    await account.close();
    const again = await open(folder);
    expect(await seen(again)).toBe(expected[index]);
    await again.close();
  }
});

test('a file that ends anywhere, as after a crash, is taken up without the request that was cut off', async () => {
  const folder = newFolder();
  const account = await open(folder);
  const put = (Key: string) =>
    account.s3.send(new PutObjectCommand({ Bucket: 'ml-artifacts', Key, Body: Buffer.from(`body\nof ${Key}\n`) }));
  const sizes: number[] = [];
  for (const Key of ['one', 'two']) {
    await put(Key);
    sizes.push(readFileSync(join(folder, 'journal')).length);
  }
  await account.close();
  const whole = readFileSync(join(folder, 'journal'));
  const [one = 0] = sizes;
  const keysAfter = async (bytes: number) => {
    const cut = newFolder();
    writeFileSync(join(cut, 'journal'), whole.subarray(0, bytes));
    const account = await open(cut);
    try {
      const { Contents = [] } = await account.s3.send(new ListObjectsV2Command({ Bucket: 'ml-artifacts' }));
      // It goes on from there.
      await account.s3.send(new PutObjectCommand({ Bucket: 'ml-artifacts', Key: 'after', Body: 'more' }));
      return Contents.map(({ Key }) => Key);
    } finally {
      await account.close();
      await (await open(cut)).close();
    }
  };
  const inTheMiddle = Math.floor((one + whole.length) / 2);
  for (const bytes of [one, one + 1, inTheMiddle, whole.length - 8, whole.length - 1])
    expect([bytes, await keysAfter(bytes)]).toEqual([bytes, ['one']]);
  expect(await keysAfter(whole.length)).toEqual(['one', 'two']);
  expect(await keysAfter(0)).toEqual([]);
  expect(await keysAfter(20)).toEqual([]);
});

test.each<[string, (folder: string) => void, RegExp]>([
  [
    'other files',
    (folder) => writeFileSync(join(folder, 'README.md'), ''),
    /^holds README\.md, which is no state of a simulator/,
  ],
  [
    'a damaged journal',
    (folder) => writeFileSync(join(folder, 'journal'), 'no JSON\nand more\n'),
    /^is damaged: its file journal cannot be read from byte 0 on/,
  ],
  [
    'a journal of another format',
    (folder) => writeFileSync(join(folder, 'journal'), '{"format":2,"bytes":0}\n\n'),
    /^was written by another version/,
  ],
  [
    'another process that lives',
    (folder) => writeFileSync(join(folder, 'pid'), `${process.ppid}\n`),
    new RegExp(`^is in use by the process ${process.ppid}`),
  ],
])('a folder with %s is refused, and stays as it is', async (_what, spoil, message) => {
  const folder = newFolder();
  spoil(folder);
  const before = readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]);
  await expect(open(folder)).rejects.toThrow(message);
  expect(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')])).toEqual(before);
});

test('a folder is taken up with its own options alone, and not while another simulator has it', async () => {
  const folder = newFolder();
  const account = await open(folder, { seed: '1' });
  await expect(open(folder, { seed: '1' })).rejects.toThrow(/^is in use by the process/);
  await account.close();
  await expect(open(folder, { seed: '2' })).rejects.toThrow(/^was begun with --seed 1, and not with --seed 2$/);
  await expect(open(folder, {})).rejects.toThrow(/^was begun with --seed 1, and not with no --seed$/);
  await (await open(folder, { seed: '1' })).close();
  // The process that had it was killed.
  appendFileSync(join(folder, 'pid'), '999999999\n');
  await (await open(folder, { seed: '1' })).close();
});

test('a run whose requests get other answers than before is refused', async () => {
  const folder = newFolder();
  const account = await open(folder);
  await account.s3.send(new PutObjectCommand({ Bucket: 'ml-artifacts', Key: 'one', Body: 'one' }));
  await account.close();
  const file = join(folder, 'journal');
  writeFileSync(file, readFileSync(file, 'latin1').replace('\none\n', '\ntwo\n'), 'latin1');
  await expect(open(folder)).rejects.toThrow(/^cannot be taken up: s3 PutObject is answered otherwise/);
});

/** The simulator as a process; with its clients. */
const start = async (...args: readonly string[]) => {
  const child = spawn(process.execPath, ['src/main.ts', 'simulator', '--port', '0', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => child.once('exit', (code, signal) => resolve(code ?? signal)));
  const environment: Record<string, string> = {};
  for await (const line of createInterface(child.stdout)) {
    const [name = '', value = ''] = line.replace('export ', '').split('=');
    environment[name] = value;
    if (name === 'AWS_EC2_METADATA_DISABLED') break;
  }
  const shared = {
    endpoint: environment['AWS_ENDPOINT_URL'] ?? '',
    region: 'eu-west-1',
    credentials: {
      accessKeyId: environment['AWS_ACCESS_KEY_ID'] ?? '',
      secretAccessKey: environment['AWS_SECRET_ACCESS_KEY'] ?? '',
    },
  };
  const end = (signal: 'SIGTERM' | 'SIGKILL') => {
    child.kill(signal);
    return ended;
  };
  return { s3: new S3Client(shared), sagemaker: new SageMakerClient(shared), end };
};

test('a process that was killed, or ended, is taken up by the next one', async () => {
  const folder = join(newFolder(), 'new');
  const options = ['--state', folder, '--bucket', 'churn-models'];
  const first = await start(...options);
  await first.s3.send(new PutObjectCommand({ Bucket: 'churn-models', Key: 'one', Body: 'one' }));
  await first.sagemaker.send(new CreateModelPackageGroupCommand({ ModelPackageGroupName: 'churn' }));
  const listed = async ({ s3 }: { readonly s3: S3Client }) =>
    (await s3.send(new ListObjectsV2Command({ Bucket: 'churn-models' }))).Contents;
  const before = await listed(first);
  expect(before).toMatchObject([{ Key: 'one' }]);
  expect(await first.end('SIGKILL')).toBe('SIGKILL');
  expect(readdirSync(folder)).toEqual(['journal', 'pid']);

  const second = await start(...options);
  expect(await listed(second)).toEqual(before);
  await second.s3.send(new PutObjectCommand({ Bucket: 'churn-models', Key: 'two', Body: 'two' }));
  expect(await second.end('SIGTERM')).toBe(0);
  expect(readdirSync(folder)).toEqual(['journal']);

  const third = await start(...options);
  expect((await listed(third))?.map(({ Key }) => Key)).toEqual(['one', 'two']);
  expect(await third.end('SIGKILL')).toBe('SIGKILL');
});
