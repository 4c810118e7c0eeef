import { gzipSync } from 'node:zlib';
import {
  CreateModelCommand,
  CreateTransformJobCommand,
  type CreateTransformJobCommandInput,
  DescribeTransformJobCommand,
  ListTagsCommand,
  ListTransformJobsCommand,
  StopTransformJobCommand,
} from '@aws-sdk/client-sagemaker';
import { describe, expect, test } from '@jest/globals';
import { readArchive, writeArchive } from '../../../simulator/containers/archive.ts';
import type { Inference } from '../../../simulator/containers/model-server.ts';
import type { Settings } from '../../../simulator/contracts.ts';
import { type IrisVersion, irisData, irisFixture } from '../../../simulator/fixtures/fixtures.ts';
import { demandsOf } from '../../../simulator/iam/demands.ts';
import { createKernel } from '../../../simulator/kernel.ts';
import { openAccount, refusalOf } from '../support/account.ts';
import { image, type SimulatedAws, servingRole, simulatedAws } from '../support/simulated-aws.ts';

const artifact = (version: IrisVersion, behaviour: Partial<Inference>): Buffer => {
  const files = new Map(readArchive(irisFixture(version).artifact));
  const inference = JSON.parse(files.get('inference.json')?.toString() ?? '');
  return writeArchive(files.set('inference.json', Buffer.from(JSON.stringify({ ...inference, ...behaviour }))));
};
const measured = (row: readonly unknown[]): string => row.slice(0, 4).join(',');
const { rows } = irisData();
const labels = rows.map((row) => String(row[4]));

/** An account with a model `iris`, whose requests take 100 ms, and the iris data as one file `rows/iris.csv`. */
const account = (behaviour: Partial<Inference> = {}, settings: Partial<Settings> = {}): SimulatedAws => {
  const far = simulatedAws(settings);
  far.objects.set('models/iris.tar.gz', artifact('1.1.0', { baseMs: 100, spreadMs: 0, ...behaviour }));
  far.objects.set('data/rows/iris.csv', Buffer.from(rows.map(measured).join('\n')));
  model(far, 'iris');
  return far;
};
const model = (far: SimulatedAws, ModelName: string, more: object = {}): void =>
  far.call('CreateModel', {
    ModelName,
    ExecutionRoleArn: servingRole,
    PrimaryContainer: { Image: image, ModelDataUrl: 's3://models/iris.tar.gz' },
    ...more,
  });
const source = (S3Uri: string, S3DataType = 'S3Prefix') => ({ DataSource: { S3DataSource: { S3DataType, S3Uri } } });
const job = {
  TransformJobName: 'nightly',
  ModelName: 'iris',
  TransformInput: { ...source('s3://data/rows/'), ContentType: 'text/csv', SplitType: 'Line' },
  TransformOutput: { S3OutputPath: 's3://answers/nightly', AssembleWith: 'Line' },
  TransformResources: { InstanceType: 'ml.m5.large', InstanceCount: 1 },
};
const start = (far: SimulatedAws, more: object = {}): void => far.call('CreateTransformJob', { ...job, ...more });
const describeJob = (far: SimulatedAws) => far.call('DescribeTransformJob', { TransformJobName: 'nightly' });
const written = (far: SimulatedAws): readonly string[] =>
  [...far.objects.keys()].filter((key) => key.startsWith('answers/'));
const text = (far: SimulatedAws, name: string): string | undefined => far.objects.get(`answers/${name}`)?.toString();

describe('a transform job', () => {
  test('starts, asks the model, and leaves the answers in order', () => {
    const far = account();
    start(far, { Tags: [{ Key: 'team', Value: 'ml' }] });
    const created = far.kernel.clock.now() / 1000;
    expect(describeJob(far)).toEqual({
      ...job,
      TransformJobArn: 'arn:aws:sagemaker:eu-west-1:111122223333:transform-job/nightly',
      TransformJobStatus: 'InProgress',
      CreationTime: created,
    });
    far.after(180);
    expect(describeJob(far)).toMatchObject({ TransformJobStatus: 'InProgress', TransformStartTime: created + 180 });
    expect(written(far)).toEqual([]);
    far.after(0.1);
    expect(describeJob(far)).toMatchObject({ TransformJobStatus: 'Completed', TransformEndTime: created + 180.1 });
    expect(written(far)).toEqual(['answers/nightly/iris.csv.out']);
    const answers = text(far, 'nightly/iris.csv.out')?.split('\n') ?? [];
    expect(answers.pop()).toBe('');
    expect(answers).toHaveLength(rows.length);
    const right = answers.filter((answer, index) => answer === labels[index]);
    expect(right.length / rows.length).toBeGreaterThan(0.95);
  });

  test.each([
    [{ BatchStrategy: 'SingleRecord' }, 150 * 0.1],
    [{ BatchStrategy: 'SingleRecord', MaxConcurrentTransforms: 10 }, 15 * 0.1],
    [{ BatchStrategy: 'MultiRecord' }, 0.1],
    [{}, 0.1],
  ])('takes as long as its requests: %j', (more, seconds) => {
    const far = account();
    start(far, more);
    far.after(600);
    const { TransformStartTime: from, TransformEndTime: to } = describeJob(far);
    expect(to - from).toBeCloseTo(seconds, 5);
  });

  test('divides its files among its instances', () => {
    const far = account();
    for (const name of ['b', 'c', 'd']) far.objects.set(`data/rows/${name}.csv`, Buffer.from('5.1,3.5,1.4,0.2'));
    start(far, { TransformResources: { InstanceType: 'ml.m5.large', InstanceCount: 2 } });
    far.after(600);
    const { TransformStartTime: from, TransformEndTime: to } = describeJob(far);
    expect(to - from).toBeCloseTo(0.2, 5);
    expect(written(far)).toHaveLength(4);
  });

  test('filters, joins and filters again', () => {
    const far = account();
    far.objects.set(
      'data/rows/iris.csv',
      Buffer.from(rows.map((row, index) => `row-${index},${measured(row)}`).join('\n')),
    );
    start(far, { DataProcessing: { InputFilter: '$[1:]', JoinSource: 'Input', OutputFilter: '$[0,-1]' } });
    far.after(600);
    expect(text(far, 'nightly/iris.csv.out')?.split('\n')[0]).toBe('row-0,setosa');
    expect(text(far, 'nightly/iris.csv.out')?.split('\n')).toHaveLength(151);
  });

  test('answers in the format that the output accepts', () => {
    const far = account();
    start(far, { TransformOutput: { ...job.TransformOutput, Accept: 'application/jsonlines' } });
    far.after(600);
    const [first = ''] = text(far, 'nightly/iris.csv.out')?.split('\n') ?? [];
    expect(JSON.parse(first)).toMatchObject({ predicted_label: 'setosa' });
  });

  test('reads what is compressed', () => {
    const far = account();
    far.objects.clear();
    far.objects.set('models/iris.tar.gz', artifact('1.1.0', {}));
    far.objects.set('data/rows/iris.csv.gz', gzipSync('5.1,3.5,1.4,0.2'));
    start(far, { TransformInput: { ...job.TransformInput, CompressionType: 'Gzip' } });
    far.after(600);
    expect(text(far, 'nightly/iris.csv.gz.out')).toBe('setosa\n');
  });

  test.each([
    ['s3://data/rows/iris.csv', {}, ['answers/nightly/iris.csv.out']],
    ['s3://data/rows', {}, ['answers/nightly/deep/two.csv.out', 'answers/nightly/iris.csv.out']],
    ['s3://data/ro', {}, ['answers/nightly/rows/deep/two.csv.out', 'answers/nightly/rows/iris.csv.out']],
    ['s3://data', {}, ['answers/nightly/rows/deep/two.csv.out', 'answers/nightly/rows/iris.csv.out']],
    [
      's3://data/rows/',
      { transformOutputNames: 'of-files' },
      ['answers/nightly/iris.csv.out', 'answers/nightly/two.csv.out'],
    ],
  ] as const)('names its output after its input: %s %j', (uri, settings, expected) => {
    const far = account({}, settings);
    far.objects.set('data/rows/deep/two.csv', Buffer.from('5.1,3.5,1.4,0.2'));
    far.objects.set('data/rows/folder/', Buffer.alloc(0));
    start(far, { TransformInput: { ...job.TransformInput, ...source(uri) } });
    far.after(600);
    expect([...written(far)].sort()).toEqual(expected);
  });

  test('may name its files in a manifest', () => {
    const far = account();
    far.objects.set('data/other/two.csv', Buffer.from('6.3,3.3,6,2.5'));
    const manifest = [{ prefix: 's3://data/' }, 'other/two.csv'];
    far.objects.set('lists/a.manifest', Buffer.from(JSON.stringify(manifest)));
    start(far, { TransformInput: { ...job.TransformInput, ...source('s3://lists/a.manifest', 'ManifestFile') } });
    far.after(600);
    expect(written(far)).toEqual(['answers/nightly/other/two.csv.out']);
  });

  test('may pass through several containers', () => {
    const far = account();
    const step = writeArchive(new Map([['transform.json', Buffer.from('{"columns":4}')]]));
    far.objects.set('models/step.tar.gz', step);
    far.objects.set('data/rows/iris.csv', Buffer.from('5.1,3.5,1.4,0.2,setosa'));
    const containers = ['step', 'iris'].map((name) => ({ Image: image, ModelDataUrl: `s3://models/${name}.tar.gz` }));
    model(far, 'row', { PrimaryContainer: undefined, Containers: containers });
    start(far, { ModelName: 'row' });
    far.after(600);
    expect(text(far, 'nightly/iris.csv.out')).toBe('setosa\n');
  });
});

describe('a transform job fails', () => {
  const ended = (far: SimulatedAws, more: object = {}) => {
    start(far, more);
    far.after(3600);
    const { TransformJobStatus: status, FailureReason: reason } = describeJob(far);
    return [status, reason];
  };

  test('when a record is bad: its file has no output, the others have theirs', () => {
    const far = account();
    far.objects.set('data/rows/bad.csv', Buffer.from('5.1,3.5,1.4,0.2\n1,2,3'));
    expect(ended(far, { BatchStrategy: 'SingleRecord' })).toEqual([
      'Failed',
      'ClientError: See job logs for more information',
    ]);
    expect(written(far)).toEqual(['answers/nightly/iris.csv.out']);
  });

  test('when the model fails, after the retries', () => {
    const far = account({ failingShare: 1 });
    expect(ended(far)).toEqual(['Failed', 'AlgorithmError: See job logs for more information']);
    const { TransformStartTime: from, TransformEndTime: to } = describeJob(far);
    expect(to - from).toBeCloseTo(0.4, 5);
    expect(written(far)).toEqual([]);
  });

  test('when the model takes too long, and no retries are wanted', () => {
    const far = account({ baseMs: 11_000 });
    const ModelClientConfig = { InvocationsTimeoutInSeconds: 10, InvocationsMaxRetries: 0 };
    expect(ended(far, { ModelClientConfig })).toEqual(['Failed', 'AlgorithmError: See job logs for more information']);
    const { TransformStartTime: from, TransformEndTime: to } = describeJob(far);
    expect(to - from).toBeCloseTo(10, 5);
  });

  test('when its container is sick, after half an hour', () => {
    const far = account({ healthy: false });
    start(far);
    far.after(180 + 1799);
    expect(describeJob(far).TransformJobStatus).toBe('InProgress');
    far.after(1);
    expect(describeJob(far)).toMatchObject({
      TransformJobStatus: 'Failed',
      FailureReason: expect.stringMatching(
        /^AlgorithmError: Model container failed to respond to ping\. Please ensure/,
      ),
    });
  });

  test('when there is no capacity, and then no more', () => {
    const far = account();
    far.sagemaker.harm.failCapacity(1);
    expect(ended(far)).toEqual(['Failed', expect.stringMatching(/^CapacityError: Unable to provision requested ML/)]);
    expect(describeJob(far)).not.toHaveProperty('TransformStartTime');
    start(far, { TransformJobName: 'again' });
    far.after(600);
    expect(far.call('DescribeTransformJob', { TransformJobName: 'again' }).TransformJobStatus).toBe('Completed');
  });

  test('when its model is gone before it starts', () => {
    const far = account();
    start(far);
    far.call('DeleteModel', { ModelName: 'iris' });
    far.after(600);
    expect(describeJob(far).FailureReason).toBe('AlgorithmError: See job logs for more information');
  });

  test.each([
    [{ MaxPayloadInMB: 1, TransformInput: { ...job.TransformInput, SplitType: 'None' } }, Buffer.alloc(1_100_000, '1')],
    [{ TransformInput: { ...job.TransformInput, CompressionType: 'Gzip' } }, Buffer.from('1,2,3,4')],
    [{ DataProcessing: { InputFilter: '$[7]' } }, Buffer.from('1,2,3,4')],
    [{ TransformInput: { ...source('s3://data/rows/') } }, Buffer.from('1,2,3,4')],
  ])('for what it cannot send: %#', (more, body) => {
    const far = account();
    far.objects.set('data/rows/iris.csv', body);
    expect(ended(far, more)).toEqual(['Failed', 'ClientError: See job logs for more information']);
  });
});

describe('stopping', () => {
  const stop = { TransformJobName: 'nightly' };

  test('takes a while, and leaves no output', () => {
    const far = account();
    start(far, { BatchStrategy: 'SingleRecord' });
    far.after(185);
    far.call('StopTransformJob', stop);
    expect(describeJob(far).TransformJobStatus).toBe('Stopping');
    expect(describeJob(far)).not.toHaveProperty('TransformEndTime');
    expect(far.refusal('StopTransformJob', stop)).toContain('is in status Stopping');
    far.after(30);
    expect(describeJob(far)).toMatchObject({ TransformJobStatus: 'Stopped', TransformEndTime: expect.any(Number) });
    far.after(3600);
    expect(describeJob(far).TransformJobStatus).toBe('Stopped');
    expect(written(far)).toEqual([]);
  });

  test('is refused when there is nothing to stop', () => {
    const far = account();
    expect(far.refusal('StopTransformJob', stop)).toBe(
      'ValidationException: Could not find job to update with name: nightly',
    );
    start(far);
    far.after(600);
    expect(far.refusal('StopTransformJob', stop)).toBe(
      'ValidationException: The request was rejected because the transform job is in status Completed',
    );
  });
});

describe('CreateTransformJob refuses', () => {
  const input = (more: object) => ({ TransformInput: { ...job.TransformInput, ...more } });
  const processing = (DataProcessing: object, more: object = {}) => ({ DataProcessing, ...more });

  test.each([
    [{ ModelName: 'none' }, 'ValidationException: Could not find model "arn:aws:sagemaker:'],
    [
      input(source('s3://data/none/')),
      'ValidationException: No S3 objects found under S3 URL "s3://data/none/" given in',
    ],
    [
      input(source('s3://data/rows/', 'AugmentedManifestFile')),
      'ValidationException: S3DataType AugmentedManifestFile',
    ],
    [
      input(source('s3://data/rows/', 'Converse')),
      'NotSimulated: not simulated: transform jobs with S3DataType Converse',
    ],
    [
      input(source('s3://data/rows/iris.csv', 'ManifestFile')),
      'ValidationException: The manifest s3://data/rows/iris.csv',
    ],
    [input({ SplitType: 'TFRecord' }), 'NotSimulated: not simulated: transform jobs with SplitType TFRecord'],
    [
      { DataCaptureConfig: { DestinationS3Uri: 's3://data' } },
      'NotSimulated: not simulated: sagemaker CreateTransformJob, member DataCaptureConfig',
    ],
    [{ MaxPayloadInMB: 101 }, 'ValidationException: MaxPayloadInMB cannot be greater than 100 MB'],
    [
      { MaxPayloadInMB: 20, MaxConcurrentTransforms: 6 },
      'ValidationException: MaxConcurrentTransforms * MaxPayloadInMB',
    ],
    [processing({ InputFilter: 'id' }), 'ValidationException: InputFilter id is not a JSONPath'],
    [processing({ OutputFilter: '$..id' }), 'ValidationException: OutputFilter $..id is not a JSONPath'],
    [processing({ InputFilter: '$.id' }), 'ValidationException: Only index based JSONPaths'],
    [
      processing({ JoinSource: 'Input' }, input({ ContentType: 'image/png' })),
      'ValidationException: DataProcessing needs',
    ],
    [
      processing({ JoinSource: 'Input' }, { TransformOutput: { ...job.TransformOutput, Accept: 'application/json' } }),
      'ValidationException: DataProcessing needs ContentType and Accept',
    ],
    [
      processing({ JoinSource: 'Input' }, input({ SplitType: 'None' })),
      'ValidationException: DataProcessing of text/csv',
    ],
    [
      { TransformResources: { InstanceType: 'ml.m5.large', InstanceCount: 21 } },
      'ResourceLimitExceeded: The account-level',
    ],
    [{ TransformResources: { InstanceType: 'm5.large', InstanceCount: 1 } }, 'ValidationException: 1 validation error'],
    [
      { TransformResources: { InstanceType: 'ml.m5.large', InstanceCount: 0 } },
      'ValidationException: 1 validation error',
    ],
    [{ TransformJobName: '-' }, 'ValidationException: 1 validation error detected'],
    [{ BatchStrategy: 'Some' }, 'ValidationException: 1 validation error detected'],
    [
      { Environment: Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`K${i}`, 'v'])) },
      'ValidationException: 1',
    ],
  ])('%j', (more, words) => {
    const far = account();
    expect(far.refusal('CreateTransformJob', { ...job, ...more })).toContain(words);
    expect(far.call('ListTransformJobs', {}).TransformJobSummaries).toEqual([]);
  });

  test('a name that was used, also by a job that is over', () => {
    const far = account();
    start(far);
    far.after(600);
    expect(far.refusal('CreateTransformJob', job)).toMatch(
      /^ResourceInUse: Job name must be unique within .*:transform-job\/nightly\)/,
    );
  });

  test('models that batch transform does not take', () => {
    const far = account();
    const S3DataSource = { S3Uri: 's3://models/', S3DataType: 'S3Prefix', CompressionType: 'None' };
    model(far, 'files', { PrimaryContainer: { Image: image, ModelDataSource: { S3DataSource } } });
    model(far, 'many', { PrimaryContainer: { Image: image, ModelDataUrl: 's3://models/', Mode: 'MultiModel' } });
    expect(far.refusal('CreateTransformJob', { ...job, ModelName: 'files' })).toContain(
      "SageMaker Batch currently doesn't support Model entity with container definitions which use ModelDataSource",
    );
    expect(far.refusal('CreateTransformJob', { ...job, ModelName: 'many' })).toContain('neither several models');
  });

  test('a file that the model’s role may not read', () => {
    const far = account();
    far.objects.set('data/rows/secret.csv', Buffer.from('5.1,3.5,1.4,0.2'));
    far.unreadable.add('data/rows/secret.csv');
    expect(far.refusal('CreateTransformJob', job)).toContain('No S3 objects found under S3 URL "s3://data/rows/"');
  });

  test('a model whose role is gone', () => {
    const far = account();
    model(far, 'other');
    far.roles.clear();
    expect(far.refusal('CreateTransformJob', { ...job, ModelName: 'other' })).toContain('Could not assume role ');
  });

  test('more instances of a type than the account may run at once', () => {
    const far = account({}, { transformInstanceQuota: 3 });
    const wide = (TransformJobName: string, InstanceCount: number) => ({
      ...job,
      TransformJobName,
      TransformResources: { InstanceType: 'ml.m5.large', InstanceCount },
    });
    far.call('CreateTransformJob', wide('a', 2));
    expect(far.refusal('CreateTransformJob', wide('b', 2))).toContain(
      "'ml.m5.large for transform job usage' is 3 Instances, with current utilization of 2 Instances and a request delta of 2",
    );
    far.after(600);
    far.call('CreateTransformJob', wide('b', 2));
  });
});

test('DescribeTransformJob of a name that no job has', () => {
  expect(account().refusal('DescribeTransformJob', { TransformJobName: 'none' })).toBe(
    'ValidationException: Could not find requested job with name: none',
  );
});

test('ListTransformJobs: newest first, filtered, in pages', () => {
  const far = account();
  for (const name of ['a', 'b', 'c']) {
    start(far, { TransformJobName: name });
    far.after(60);
  }
  far.after(110);
  const names = (more: object = {}) =>
    far
      .call('ListTransformJobs', more)
      .TransformJobSummaries.map((one: { TransformJobName: string }) => one.TransformJobName);
  expect(names()).toEqual(['c', 'b', 'a']);
  expect(names({ StatusEquals: 'Completed', SortOrder: 'Ascending' })).toEqual(['a', 'b']);
  expect(names({ SortBy: 'Status', SortOrder: 'Ascending' })).toEqual(['a', 'b', 'c']);
  expect(names({ NameContains: 'b' })).toEqual(['b']);
  const now = far.kernel.clock.now() / 1000;
  expect(names({ LastModifiedTimeAfter: now - 131 })).toEqual(['b', 'a']);
  expect(names({ LastModifiedTimeBefore: now - 131 })).toEqual(['c']);
  const page = far.call('ListTransformJobs', { MaxResults: 2 });
  expect(page.TransformJobSummaries).toHaveLength(2);
  expect(names({ MaxResults: 2, NextToken: page.NextToken })).toEqual(['a']);
});

test('IAM: the job, the model’s ARN, the instance type, and the tags', () => {
  const { kernel } = createKernel();
  const input = { ...job, ModelName: 'Iris', Tags: [{ Key: 'a', Value: 'b' }] };
  const [demand, ...others] = demandsOf(kernel, { service: 'sagemaker', operation: 'CreateTransformJob', input });
  const resource = 'arn:aws:sagemaker:eu-west-1:111122223333:transform-job/nightly';
  expect(demand).toMatchObject({ action: 'sagemaker:CreateTransformJob', resource });
  expect(demand?.context('sagemaker:ModelArn')).toEqual(['arn:aws:sagemaker:eu-west-1:111122223333:model/iris']);
  expect(demand?.context('sagemaker:InstanceTypes')).toEqual(['ml.m5.large']);
  expect(others).toMatchObject([{ action: 'sagemaker:AddTags', resource }]);
});

test('over the wire', async () => {
  const { simulator, sagemaker } = await openAccount();
  try {
    simulator.images.tag(image, `sha256:${'a'.repeat(64)}`);
    simulator.objects.put('ml-artifacts', 'iris.tar.gz', irisFixture('1.1.0').artifact);
    simulator.objects.put('ml-artifacts', 'rows/one.csv', Buffer.from('id-1,5.1,3.5,1.4,0.2\nid-2,6.3,3.3,6,2.5\n'));
    await sagemaker.send(
      new CreateModelCommand({
        ModelName: 'iris',
        ExecutionRoleArn: 'arn:aws:iam::111122223333:role/iris-serving',
        PrimaryContainer: { Image: image, ModelDataUrl: 's3://ml-artifacts/iris.tar.gz' },
      }),
    );
    const input: CreateTransformJobCommandInput = {
      TransformJobName: 'nightly',
      ModelName: 'iris',
      MaxConcurrentTransforms: 2,
      ModelClientConfig: { InvocationsTimeoutInSeconds: 60, InvocationsMaxRetries: 1 },
      MaxPayloadInMB: 6,
      BatchStrategy: 'SingleRecord',
      Environment: { MODE: 'batch' },
      TransformInput: {
        DataSource: { S3DataSource: { S3DataType: 'S3Prefix', S3Uri: 's3://ml-artifacts/rows/' } },
        ContentType: 'text/csv',
        SplitType: 'Line',
      },
      TransformOutput: { S3OutputPath: 's3://ml-artifacts/out', AssembleWith: 'Line', Accept: 'text/csv' },
      TransformResources: { InstanceType: 'ml.m5.large', InstanceCount: 1 },
      DataProcessing: { InputFilter: '$[1:]', JoinSource: 'Input', OutputFilter: '$[0,-1]' },
      Tags: [{ Key: 'model-delivery:temporary', Value: 'yes' }],
    };
    const { TransformJobArn: ResourceArn } = await sagemaker.send(new CreateTransformJobCommand(input));
    expect((await sagemaker.send(new ListTagsCommand({ ResourceArn }))).Tags).toEqual(input.Tags);
    const job = { TransformJobName: 'nightly' };
    expect(await refusalOf(sagemaker.send(new CreateTransformJobCommand(input)))).toMatch(
      /^ResourceInUse: Job name must/,
    );
    await simulator.driver.sleepUntil(simulator.driver.now() + 600_000);
    const described = await sagemaker.send(new DescribeTransformJobCommand(job));
    expect(described).toMatchObject({ TransformJobStatus: 'Completed', DataProcessing: input.DataProcessing });
    expect(described.TransformEndTime?.getTime()).toBeGreaterThan(
      described.TransformStartTime?.getTime() ?? Number.NaN,
    );
    expect(simulator.objects.get('ml-artifacts', 'out/one.csv.out')?.body.toString()).toBe(
      'id-1,setosa\nid-2,virginica\n',
    );
    const { TransformJobSummaries: listed } = await sagemaker.send(new ListTransformJobsCommand({}));
    expect(listed).toMatchObject([{ ...job, TransformJobStatus: 'Completed', TransformJobArn: ResourceArn }]);
    expect(await refusalOf(sagemaker.send(new StopTransformJobCommand(job)))).toMatch(
      /^ValidationException: The request was/,
    );
    const none = { TransformJobName: 'none' };
    expect(await refusalOf(sagemaker.send(new StopTransformJobCommand(none)))).toContain(
      'Could not find job to update',
    );
    expect(await refusalOf(sagemaker.send(new DescribeTransformJobCommand(none)))).toContain(
      'Could not find requested job',
    );
    const other = { ...input, TransformJobName: 'other' };
    await sagemaker.send(new CreateTransformJobCommand(other));
    await sagemaker.send(new StopTransformJobCommand({ TransformJobName: 'other' }));
    const bad = { ...other, TransformJobName: 'bad' };
    for (const [more, words] of [
      [{ MaxPayloadInMB: 200 }, 'MaxPayloadInMB cannot be greater'],
      [{ DataProcessing: { InputFilter: 'id' } }, 'is not a JSONPath'],
      [{ TransformOutput: { ...input.TransformOutput, Accept: 'image/png' } }, 'DataProcessing needs'],
      [{ ModelName: 'none' }, 'Could not find model'],
      [{ TransformInput: { ...input.TransformInput, ...source('s3://ml-artifacts/none') } }, 'No S3 objects found'],
      [{ TransformResources: { InstanceType: 'ml.m5.large', InstanceCount: 101 } }, 'for transform job usage'],
      [{ MaxConcurrentTransforms: -1 }, '1 validation error detected'],
    ] as const)
      expect(
        await refusalOf(sagemaker.send(new CreateTransformJobCommand({ ...bad, ...more } as typeof input))),
      ).toContain(words);
  } finally {
    await simulator.close();
  }
});
