import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import {
  GetBucketLifecycleConfigurationCommand,
  HeadObjectCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { CreateHubCommand, CreateModelPackageGroupCommand, SageMakerClient } from '@aws-sdk/client-sagemaker';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { encode } from 'cbor2';
import { startSimulator } from '../../simulator/simulator.ts';
import { wallClock } from '../../src/hosts/wall-clock.ts';
import { fc } from '../support/properties.ts';
import { type Account, keysOf, openAccount, refusalOf } from './support/account.ts';
import { signedFetch } from './support/signed-fetch.ts';

let account: Account;
beforeAll(async () => {
  account = await openAccount();
});
afterAll(() => account.simulator.close());

interface Sent {
  readonly service: string;
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | Buffer;
}
/** `400 ` and the body. */
const answerTo = async ({ service, ...request }: Sent): Promise<string> => {
  const sent = { path: '/', headers: {}, method: 'POST', ...request };
  const answer = await signedFetch(account.simulator, sent, { service });
  return `${answer.status} ${await answer.text()}`;
};
const json = (target: string, body: string | Buffer, more: Record<string, string> = {}): Sent => ({
  service: 'sagemaker',
  headers: { 'x-amz-target': target, 'content-type': 'application/x-amz-json-1.1', ...more },
  body,
});
const cbor = (operation: string, body: Buffer): Sent => ({
  service: 'monitoring',
  path: `/service/GraniteServiceVersion20100801/operation/${operation}`,
  headers: { 'smithy-protocol': 'rpc-v2-cbor', 'content-type': 'application/cbor' },
  body,
});
const form = (body: string): Sent => ({
  service: 'sts',
  headers: { 'content-type': 'application/x-www-form-urlencoded' },
  body,
});
const s3 = (path: string, method = 'GET', body = ''): Sent => rest('s3', path, method, body);
const lambda = (path: string, method = 'GET', body = ''): Sent => rest('lambda', path, method, body);
const rest = (service: string, path: string, method: string, body: string): Sent => ({
  ...{ service, path, method },
  ...(method === 'GET' || method === 'HEAD' ? {} : { body }),
});

describe('what cannot be read is refused as AWS refuses it', () => {
  test.each<[string, Sent, RegExp]>([
    ['truncated JSON', json('SageMaker.ListEndpoints', '{"Max'), /^400 .*SerializationException/],
    ['a list', json('SageMaker.ListEndpoints', '[]'), /^400 .*SerializationException/],
    ['a number', json('SageMaker.ListEndpoints', '7'), /^400 .*SerializationException/],
    ['a wrong type', json('SageMaker.AddTags', '{"Tags":{"length":1}}'), /^400 .*SerializationException/],
    [
      'bad gzip',
      json('SageMaker.ListEndpoints', 'not gzip', { 'content-encoding': 'gzip' }),
      /^400 .*SerializationException/,
    ],
    [
      'cut gzip',
      json('SageMaker.ListEndpoints', gzipSync('{}').subarray(0, 12), { 'content-encoding': 'gzip' }),
      /^400 .*SerializationException/,
    ],
    ['a name of every object', json('SageMaker.__proto__', '{}'), /^400 .*UnknownOperationException/],
    ['another one', json('SageMaker.constructor', '{}'), /^400 .*UnknownOperationException/],
    ['a prefix of every object', json('constructor.ListEndpoints', '{}'), /^400 .*UnknownOperationException/],
    ['no operation', json('SageMaker', '{}'), /^400 .*UnknownOperationException/],
    // disneystreaming/smithy4s#167
    [
      'another content type',
      json('SageMaker.ListEndpoints', '{}', { 'content-type': 'application/octet-stream' }),
      /^400 <UnknownOperationException\/>\n$/,
    ],
    ['truncated CBOR', cbor('DescribeAlarms', Buffer.from(encode({ AlarmNames: ['a'] })).subarray(0, 9)), /^400 /],
    ['CBOR that is a text', cbor('DescribeAlarms', Buffer.from(encode('a'))), /^400 /],
    ['CBOR for a name of every object', cbor('toString', Buffer.from(encode({}))), /^400 /],
    ['a form for one', form('Action=__proto__&Version=2011-06-15'), /^400 .*<Code>InvalidAction</s],
    [
      'a form with both',
      form('Action=AssumeRole&Version=2011-06-15&Tags=1&Tags.member.1.Key=2'),
      /^400 .*<Code>MalformedInput</s,
    ],
    ['a form without an action', form('Version=2011-06-15'), /^400 .*<Code>InvalidAction</s],
    ['a form of another version', form('Action=AssumeRole&Version=1999-01-01'), /^400 .*<Code>InvalidAction</s],
    ['a path of S3', s3('/ml-artifacts/%zz'), /^400 .*<Code>InvalidURI</s],
    ['a path of S3 that is no UTF-8', s3('/ml-artifacts/%ff'), /^400 .*<Code>InvalidURI</s],
    [
      'truncated XML',
      s3('/ml-artifacts?versioning', 'PUT', '<VersioningConfiguration><Status>'),
      /^400 .*<Code>MalformedXML</s,
    ],
    ['a method of S3', s3('/ml-artifacts/key', 'PATCH'), /^405 .*<Code>MethodNotAllowed</s],
    ['a path of Lambda', lambda('/2015-03-31/functions/%zz'), /^400 .*"message":"1 validation error/],
    [
      'a body of Lambda',
      lambda('/2015-03-31/functions', 'POST', '{"Fun'),
      /^400 .*SerializationException|^400 .*Could not parse/,
    ],
  ])('%s', async (_name, sent, expected) => {
    expect(await answerTo(sent)).toMatch(expected);
  });
});

describe('what AWS has and the simulator has not', () => {
  test.each<[string, Sent, RegExp]>([
    [
      'an operation of JSON',
      json('SageMaker.CreateHub', '{}'),
      /^400 .*NotSimulated.*"not simulated: sagemaker CreateHub"/,
    ],
    ['one that AWS has not', json('SageMaker.LaunchRocket', '{}'), /^400 .*UnknownOperationException/],
    [
      'a service of JSON',
      { ...json('DynamoDB_20120810.ListTables', '{}'), service: 'dynamodb' },
      /^400 .*"not simulated: dynamodb ListTables"/,
    ],
    [
      'an operation of a form',
      form('Action=GetSessionToken&Version=2011-06-15'),
      /^400 .*<Code>NotSimulated<.*not simulated: sts GetSessionToken</s,
    ],
    [
      'a service of a form',
      { ...form('Action=DescribeInstances&Version=2016-11-15'), service: 'ec2' },
      /^400 .*not simulated: ec2 DescribeInstances</s,
    ],
    [
      'an operation of CBOR',
      cbor('PutDashboard', Buffer.from(encode({}))),
      /^400 .*not simulated: cloudwatch PutDashboard/,
    ],
    [
      'an operation of Lambda',
      lambda('/2015-03-31/event-source-mappings'),
      /^400 .*not simulated: lambda ListEventSourceMappings/,
    ],
    ['one of another version of its API', lambda('/2017-03-31/tags/arn'), /^400 .*not simulated: lambda ListTags/],
    [
      'a streamed answer',
      { service: 'sagemaker', path: '/endpoints/e/invocations-response-stream' },
      /^400 .*not simulated: sagemaker-runtime InvokeEndpointWithResponseStream/,
    ],
    [
      'a subresource of S3',
      s3('/ml-artifacts?lifecycle'),
      /^400 .*not simulated: s3 GetBucketLifecycleConfiguration</s,
    ],
    ['an access list of S3', s3('/ml-artifacts/key?acl'), /^400 .*not simulated: s3 GetObjectAcl</s],
    [
      'a header of S3',
      {
        ...s3('/ml-artifacts/key', 'PUT', 'x'),
        headers: { 'x-amz-acl': 'public-read', 'x-amz-object-lock-mode': 'GOVERNANCE' },
      },
      /^400 .*not simulated: s3 PutObject, headers x-amz-acl, x-amz-object-lock-mode</s,
    ],
    [
      'an element of S3',
      s3(
        '/ml-artifacts?delete',
        'POST',
        '<Delete><Object><Key>k</Key><ETag>e</ETag><Size>1</Size></Object><Quiet>true</Quiet></Delete>',
      ),
      /^400 .*not simulated: s3 DeleteObjects, elements ETag, Size</s,
    ],
    [
      'a tag of a new bucket',
      s3(
        '/tagged',
        'PUT',
        '<CreateBucketConfiguration><LocationConstraint>eu-west-1</LocationConstraint><Tags><Tag><Key>a</Key><Value>b</Value></Tag></Tags></CreateBucketConfiguration>',
      ),
      /^400 .*not simulated: s3 CreateBucket, elements? .*Value</s,
    ],
    [
      'a trailer of S3',
      { ...s3('/ml-artifacts/key', 'PUT', 'x'), headers: { 'x-amz-trailer': 'x-amz-checksum-sha512' } },
      /^400 .*not simulated: s3 PutObject, header x-amz-checksum-sha512</s,
    ],
  ])('%s is refused by name', async (_name, sent, expected) => {
    expect(await answerTo(sent)).toMatch(expected);
  });

  test('the digest of a document is compared, and an element that is served is', async () => {
    const body = '<Delete><Object><Key>none</Key></Object><Quiet>true</Quiet></Delete>';
    const sent = (digest: string) =>
      answerTo({ ...s3('/ml-artifacts?delete', 'POST', body), headers: { 'content-md5': digest } });
    expect(await sent(createHash('md5').update(body).digest('base64'))).toMatch(/^200 /);
    expect(await sent(createHash('md5').update('other').digest('base64'))).toMatch(/^400 .*<Code>BadDigest</s);
  });

  test('the JS SDK shows it at once', async () => {
    // A caller whose clock differs repeats any call that was refused.
    const simulator = await startSimulator({ startAt: wallClock.now() });
    const shared = { endpoint: simulator.url, region: 'eu-west-1', credentials: keysOf(simulator.environment()) };
    const [sagemaker, bucket] = [new SageMakerClient(shared), new S3Client({ ...shared, forcePathStyle: true })];
    const hub = { HubName: 'h', HubDescription: 'd' };
    expect(await refusalOf(sagemaker.send(new CreateHubCommand(hub)))).toBe(
      'NotSimulated: not simulated: sagemaker CreateHub',
    );
    const managed = { ModelPackageGroupName: 'g', ManagedConfiguration: { ManagedStorageType: 'Restricted' as const } };
    expect(await refusalOf(sagemaker.send(new CreateModelPackageGroupCommand(managed)))).toBe(
      'NotSimulated: not simulated: sagemaker CreateModelPackageGroup, member ManagedConfiguration',
    );
    const at = { Bucket: 'ml-artifacts', Key: 'k' };
    expect(await refusalOf(bucket.send(new PutObjectCommand({ ...at, ACL: 'private' })))).toBe(
      'NotSimulated: not simulated: s3 PutObject, header x-amz-acl',
    );
    expect(await refusalOf(bucket.send(new GetBucketLifecycleConfigurationCommand(at)))).toMatch(/^NotSimulated: /);
    const headed = await bucket
      .send(new HeadObjectCommand({ ...at, SSECustomerAlgorithm: 'AES256' }))
      .catch((error) => error);
    expect(headed.$response?.headers).toMatchObject({
      'x-simulator-refusal': 'not simulated: s3 HeadObject, header x-amz-server-side-encryption-customer-algorithm',
    });
    // One request each: nothing was tried again.
    expect(simulator.requests.map(({ operation }) => operation)).toEqual([
      'CreateHub',
      'CreateModelPackageGroup',
      'PutObject',
      'GetBucketLifecycleConfiguration',
      'HeadObject',
    ]);
    await simulator.close();
  });
});

describe('whatever is sent, the answer is not the simulator’s defect', () => {
  const names = fc.constantFrom(
    'ListEndpoints',
    'CreateModel',
    '__proto__',
    'constructor',
    'AssumeRole',
    'DescribeAlarms',
    '%zz',
    '',
  );
  const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array));
  const anyJson = fc.oneof(fc.json(), fc.string()).map((text) => Buffer.from(text));
  const segment = fc.stringMatching(/^[a-z0-9%.?&=/_-]{0,24}$/);
  const request: fc.Arbitrary<Sent> = fc.oneof(
    fc.tuple(names, fc.oneof(anyJson, bytes)).map(([name, body]) => json(`SageMaker.${name}`, body)),
    fc.tuple(names, bytes).map(([name, body]) => json(`SageMaker.${name}`, body, { 'content-encoding': 'gzip' })),
    fc
      .tuple(
        fc.constantFrom('DescribeAlarms', 'PutMetricData', 'PutMetricAlarm', 'valueOf'),
        fc.oneof(
          bytes,
          fc.jsonValue().map((value) => Buffer.from(encode(value))),
        ),
      )
      .map(([name, body]) => cbor(name, body)),
    fc.tuple(names, segment).map(([name, rest]) => form(`Action=${name}&Version=2011-06-15&${rest}`)),
    fc
      .tuple(segment, fc.constantFrom('GET', 'PUT', 'POST', 'DELETE', 'HEAD'), fc.string())
      .map(([path, method, body]) => s3(`/ml-artifacts/${path}`, method, body)),
    fc
      .tuple(segment, fc.constantFrom('GET', 'PUT', 'POST'), fc.string())
      .map(([path, method, body]) => lambda(`/2015-03-31/functions/${path}`, method, body)),
    fc
      .tuple(segment, bytes)
      .map(([path, body]) => ({ service: 'sagemaker', path: `/endpoints/${path}/invocations`, body })),
  );

  test('in any protocol', async () => {
    await fc.assert(
      fc.asyncProperty(request, async (sent) => {
        const answer = await answerTo(sent);
        expect(answer).not.toMatch(/simulator defect/);
        expect(answer).not.toMatch(/^50[0234]/);
      }),
      { numRuns: Number(process.env['FUZZ_RUNS'] ?? 400) },
    );
  });
});
