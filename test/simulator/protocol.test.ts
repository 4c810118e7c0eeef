import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { GetMetricStatisticsCommand, PutMetricAlarmCommand, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { BatchGetImageCommand, DescribeImagesCommand } from '@aws-sdk/client-ecr';
import {
  CreateModelPackageGroupCommand,
  DescribeEndpointCommand,
  DescribeModelPackageGroupCommand,
} from '@aws-sdk/client-sagemaker';
import { InvokeEndpointCommand } from '@aws-sdk/client-sagemaker-runtime';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { DOMParser } from '@xmldom/xmldom';
import { encode } from 'cbor2';
import { decodeCbor } from '../../simulator/protocols/cbor.ts';
import { type Account, openAccount, refusalOf } from './support/account.ts';
import { signedFetch } from './support/signed-fetch.ts';

let account: Account;
beforeAll(async () => {
  account = await openAccount();
});
afterAll(() => account.simulator.close());

/** A request no JS client sends. */
const raw = async (path: string, headers: Record<string, string>, body: string | Buffer) => {
  const service = headers['x-amz-target']?.startsWith('SageMaker.')
    ? 'sagemaker'
    : body.includes('Version=2011-06-15')
      ? 'sts'
      : 'monitoring';
  const answer = await signedFetch(account.simulator, { path, headers, body }, { service });
  return { status: answer.status, headers: answer.headers, body: Buffer.from(await answer.arrayBuffer()) };
};
const form = (text: string) => raw('/', { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' }, text);

describe('AWS JSON', () => {
  test('SageMaker: dates in epoch seconds, un-modelled errors by name, a request id on everything', async () => {
    await account.sagemaker.send(new CreateModelPackageGroupCommand({ ModelPackageGroupName: 'json' }));
    const described = await account.sagemaker.send(
      new DescribeModelPackageGroupCommand({ ModelPackageGroupName: 'json' }),
    );
    expect(described.CreationTime).toEqual(new Date(account.simulator.clock.now()));
    expect(described.$metadata.requestId).toMatch(/^[0-9a-f-]{36}$/);
    const refused = await account.sagemaker
      .send(new DescribeEndpointCommand({ EndpointName: '-' }))
      .catch((error) => error);
    expect(refused).toMatchObject({ name: 'ValidationException', $metadata: { httpStatusCode: 400 } });
    expect(refused.message).toMatch(/^1 validation error detected: Value '-' at 'endpointName'/);
  });

  test('CloudWatch: JSON 1.0 as the JS SDK sends it, error codes of its query protocol', async () => {
    const { cloudwatch, simulator } = account;
    const now = simulator.clock.now();
    const MetricData = [{ MetricName: 'abort', Value: 1, Timestamp: new Date(now) }];
    await cloudwatch.send(new PutMetricDataCommand({ Namespace: 'json', MetricData }));
    const refused = cloudwatch.send(
      new PutMetricAlarmCommand({ AlarmName: '', EvaluationPeriods: 1, ComparisonOperator: 'GreaterThanThreshold' }),
    );
    expect(await refusalOf(refused)).toMatch(/^Validation\w+: 1 validation error detected: Value '' at 'alarmName'/);
  });

  test('Runtime: a refusal carries its type in a header', async () => {
    const call = account.runtime.send(
      new InvokeEndpointCommand({ EndpointName: 'none', Body: '1', ContentType: 'text/csv' }),
    );
    expect(await refusalOf(call)).toMatch(/^ValidationError: Endpoint none of account 111122223333 not found/);
  });

  test('an operation or a body that is none', async () => {
    const unknown = await raw(
      '/',
      { 'x-amz-target': 'SageMaker.LaunchRocket', 'content-type': 'application/x-amz-json-1.1' },
      '{}',
    );
    expect([unknown.status, JSON.parse(unknown.body.toString())]).toMatchObject([
      400,
      { __type: 'UnknownOperationException' },
    ]);
    const broken = await raw(
      '/',
      { 'x-amz-target': 'SageMaker.ListEndpoints', 'content-type': 'application/x-amz-json-1.1' },
      '{"a',
    );
    expect(JSON.parse(broken.body.toString())).toMatchObject({ __type: 'SerializationException' });
  });
});

describe('the other protocols of CloudWatch and STS', () => {
  test('query: numbers, dates and lists in a form; XML out', async () => {
    const now = new Date(account.simulator.clock.now());
    const put = await form(
      `Action=PutMetricData&Version=2010-08-01&Namespace=query&MetricData.member.1.MetricName=a&MetricData.member.1.Value=2.5&MetricData.member.1.Timestamp=${now.toISOString()}`,
    );
    expect(put.status).toBe(200);
    await account.simulator.driver.sleepUntil(now.getTime() + 180_000);
    const range = {
      StartTime: now,
      EndTime: new Date(now.getTime() + 60_000),
      Period: 60,
      Statistics: ['Sum' as const],
    };
    const read = await account.cloudwatch.send(
      new GetMetricStatisticsCommand({ Namespace: 'query', MetricName: 'a', ...range }),
    );
    expect(read.Datapoints?.map(({ Sum, Timestamp }) => [Sum, Timestamp])).toEqual([[2.5, now]]);
    const xml = await form('Action=DescribeAlarms&Version=2010-08-01');
    expect(xml.body.toString()).toMatch(
      /^<\?xml.*\n<DescribeAlarmsResponse xmlns="http:\/\/monitoring.amazonaws.com\/doc\/2010-08-01\/"><DescribeAlarmsResult>/,
    );
    expect((await form('Action=SetAlarmState&Version=2010-08-01&AlarmName=a')).body.toString()).toContain(
      '<Type>Sender</Type><Code>ValidationError</Code><Message>2 validation errors detected',
    );
    expect(
      (await form('Action=PutMetricData&Version=2010-08-01&MetricData.member.1.Value=x')).body.toString(),
    ).toContain('<Code>MalformedInput</Code>');
    expect((await form('Action=Launch&Version=2011-06-15')).body.toString()).toContain('<Code>InvalidAction</Code>');
  });

  test('query: text comes back as it was put, carriage returns too', async () => {
    const alarm = { AlarmName: 'text', EvaluationPeriods: 1, ComparisonOperator: 'GreaterThanThreshold' as const };
    const metric = { Namespace: 'query', MetricName: 'a', Period: 60, Statistic: 'Sum' as const, Threshold: 1 };
    const AlarmDescription = 'a\r\n<b> & "c"';
    await account.cloudwatch.send(new PutMetricAlarmCommand({ ...alarm, ...metric, AlarmDescription }));
    const xml = (await form('Action=DescribeAlarms&Version=2010-08-01&AlarmNames.member.1=text')).body.toString();
    const read = new DOMParser().parseFromString(xml, 'application/xml').getElementsByTagName('AlarmDescription')[0];
    expect(read?.textContent).toBe(AlarmDescription);
  });

  test('RPC v2 CBOR, which the AWS CLI and botocore prefer', async () => {
    const path = '/service/GraniteServiceVersion20100801/operation/';
    const headers = { 'smithy-protocol': 'rpc-v2-cbor', 'content-type': 'application/cbor' };
    // {"Namespace": "cbor", "MetricData": [_ {"MetricName": "a", "Value": 1.5}]} with an indefinite list, as botocore writes it.
    const body = Buffer.concat([
      Buffer.from('bf694e616d6573706163656463626f726a4d6574726963446174619fbf', 'hex'),
      Buffer.from('6a4d65747269634e616d6561616556616c7565f93e00ffffff', 'hex'),
    ]);
    expect(decodeCbor(body)).toEqual({ Namespace: 'cbor', MetricData: [{ MetricName: 'a', Value: 1.5 }] });
    const put = await raw(`${path}PutMetricData`, headers, body);
    expect([put.status, put.headers.get('smithy-protocol'), decodeCbor(put.body)]).toEqual([200, 'rpc-v2-cbor', {}]);
    const refused = await raw(`${path}PutMetricData`, headers, Buffer.from('a0', 'hex'));
    expect(refused.headers.get('x-amzn-query-error')).toBe('ValidationError;Sender');
    expect(decodeCbor(refused.body)).toMatchObject({ __type: 'ValidationException' });
    const broken = await raw(`${path}PutMetricData`, headers, Buffer.from('bf6a', 'hex'));
    expect(decodeCbor(broken.body)).toMatchObject({ __type: 'SerializationException' });
  });

  test.each([
    [
      'dates as tag 1, whole and with a fraction',
      'a26161c11a5f5e10006162c1fb41d7979800000000',
      { a: 1600000000, b: 1583243264 },
    ],
    ['half, single and double floats', 'a26161f93e006162fa3fc00000', { a: 1.5, b: 1.5 }],
    ['texts of indefinite length, as Jackson writes long ones', 'a161617f61626163ff', { a: 'bc' }],
    ['integers of 64 bits', 'a161611b0000000200000000', { a: 2 ** 33 }],
    ['negative integers and null', 'a261613861' + '6162f6', { a: -98, b: null }],
    ['nothing', '', {}],
  ])('RPC v2 CBOR reads %s', (_, hex, expected) => {
    expect(decodeCbor(Buffer.from(hex, 'hex'))).toEqual(expected);
  });

  test.each([
    ['an array', '80'],
    ['null', 'f6'],
    ['two documents', 'a0a0'],
    ['a text that ends early', 'a161616461'],
    ['more items than there are bytes', 'a161619affffffff01'],
    ['a nest without an end', '9f'.repeat(20_000)],
  ])('RPC v2 CBOR refuses %s', (_, hex) => {
    expect(() => decodeCbor(Buffer.from(hex, 'hex'))).toThrow('Could not parse the request body as CBOR.');
  });

  test('RPC v2 CBOR answers with dates under tag 1 and fractions in eight bytes', async () => {
    const now = account.simulator.clock.now();
    const MetricData = [{ MetricName: 'a', Value: 1.5, Timestamp: new Date(now) }];
    await account.cloudwatch.send(new PutMetricDataCommand({ Namespace: 'bytes', MetricData }));
    await account.simulator.driver.sleepUntil(now + 180_000);
    const seconds = Math.floor(now / 1000);
    const given = {
      Namespace: 'bytes',
      MetricName: 'a',
      StartTime: seconds - 60,
      EndTime: seconds + 60,
      Period: 60,
      Statistics: ['Sum'],
    };
    const read = await raw(
      '/service/GraniteServiceVersion20100801/operation/GetMetricStatistics',
      { 'smithy-protocol': 'rpc-v2-cbor', 'content-type': 'application/cbor' },
      Buffer.from(encode(given)),
    );
    const hex = read.body.toString('hex');
    const text = (name: string) => Buffer.from([0x60 + name.length, ...Buffer.from(name)]).toString('hex');
    expect(hex).toContain(`${text('Timestamp')}c11a${(seconds - (seconds % 60)).toString(16)}`);
    expect(hex).toContain(`${text('Sum')}fb3ff8000000000000`);
  });
});

describe('ECR', () => {
  const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;
  const image = '111122223333.dkr.ecr.eu-west-1.amazonaws.com/team/churn';

  test('a tag moves, a digest stays', async () => {
    const { ecr, simulator } = account;
    simulator.images.tag(`${image}:1`, digest('a'));
    simulator.images.tag(`${image}:1`, digest('b'));
    const got = await ecr.send(
      new BatchGetImageCommand({ repositoryName: 'team/churn', imageIds: [{ imageTag: '1' }, { imageTag: '2' }] }),
    );
    expect(got.images?.map(({ imageId }) => imageId)).toEqual([{ imageTag: '1', imageDigest: digest('b') }]);
    expect(got.failures?.map(({ failureCode }) => failureCode)).toEqual(['ImageNotFound']);
    const old = await ecr.send(
      new DescribeImagesCommand({ repositoryName: 'team/churn', imageIds: [{ imageDigest: digest('a') }] }),
    );
    expect(old.imageDetails?.map(({ imageTags }) => imageTags)).toEqual([undefined]);
    expect(simulator.images.resolve(`${image}:1`)).toBe(digest('b'));
    expect(simulator.images.resolve(`${image}@${digest('a')}`)).toBe(digest('a'));
    expect(simulator.images.resolve(`${image}@${digest('c')}`)).toBeUndefined();
    expect(simulator.images.resolve('python:3.12')).toBeUndefined();
  });

  test('what is missing is said by name', async () => {
    const { ecr } = account;
    expect(await refusalOf(ecr.send(new DescribeImagesCommand({ repositoryName: 'none' })))).toMatch(
      /^RepositoryNotFoundException: /,
    );
    account.simulator.images.tag(`${image}:1`, digest('a'));
    const missing = new DescribeImagesCommand({ repositoryName: 'team/churn', imageIds: [{ imageTag: '9' }] });
    expect(await refusalOf(ecr.send(missing))).toMatch(
      /^ImageNotFoundException: The image with imageId {imageDigest:'null', imageTag:'9'}/,
    );
  });
});

describe('the front door', () => {
  test('says what it is, and what it is not', async () => {
    expect(await (await fetch(account.simulator.url)).text()).toMatch(
      /^model-delivery's local AWS: account 111122223333/,
    );
    expect((await fetch(account.simulator.url, { method: 'POST', body: '{}' })).status).toBe(404);
  });

  test('same seed and same calls, same bytes; another seed, other request ids', async () => {
    const run = async (seed: number): Promise<string> => {
      const { simulator, sagemaker } = await openAccount({ seed });
      const port = new URL(simulator.url).host;
      const target = { 'x-amz-target': 'SageMaker.ListEndpoints', 'content-type': 'application/x-amz-json-1.1' };
      await sagemaker.send(new CreateModelPackageGroupCommand({ ModelPackageGroupName: 'g' }));
      const answer = await fetch(simulator.url, { method: 'POST', headers: target, body: '{}' });
      const seen = JSON.stringify([[...answer.headers], await answer.text(), simulator.requests, simulator.events]);
      await simulator.close();
      return seen.replaceAll(port, 'host');
    };
    const [one, again, other] = [await run(7), await run(7), await run(8)];
    expect(again).toBe(one);
    expect(other).not.toBe(one);
  });
});

test('the process prints its URL and the environment to export, serves, and ends on a signal', async () => {
  const child = spawn(process.execPath, ['src/main.ts', 'simulator', '--port', '0', '--speed', '60'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const environment = new Map<string, string>();
  for await (const line of createInterface(child.stdout)) {
    const [name = '', value = ''] = line.replace('export ', '').split('=');
    environment.set(name, value);
    if (name === 'AWS_EC2_METADATA_DISABLED') break;
  }
  const [url] = environment.keys();
  expect(environment.get('AWS_ENDPOINT_URL')).toBe(url);
  expect(environment.get('AWS_ACCESS_KEY_ID')).toMatch(/^AKIA/);
  expect(await (await fetch(url ?? '')).text()).toMatch(/^model-delivery's local AWS/);
  child.kill('SIGTERM');
  expect(await ended).toBe(0);
});
