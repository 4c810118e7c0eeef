import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import nock from 'nock';
import { copySource } from '../../../src/aws/copy-source.ts';
import { classify, permissionOf } from '../../../src/aws/errors.ts';
import { seconds } from '../../../src/clock.ts';
import { clientsFor, refused, rejection, url } from '../../support/aws.ts';
import { virtualClock } from '../../support/virtual-clock.ts';

beforeAll(() => nock.disableNetConnect());
afterEach(() => {
  expect(nock.pendingMocks()).toEqual([]);
  nock.cleanAll();
});
afterAll(() => {
  nock.enableNetConnect();
  nock.restore();
});

const sagemaker = (operation: string) =>
  nock(url, { reqheaders: { 'x-amz-target': `SageMaker.${operation}` } }).post('/');

describe('every service', () => {
  test('answers through one method per call, signed, under our user agent', async () => {
    nock(url, { reqheaders: { 'user-agent': /model-delivery\/1\.2\.3/, authorization: /Credential=AKIDEXAMPLE\// } })
      .post('/')
      .reply(200, { EndpointName: 'churn', EndpointStatus: 'InService' });
    const answer = await clientsFor().reads.sagemaker.describeEndpoint({ EndpointName: 'churn' });
    expect(answer.EndpointStatus).toBe('InService');
  });

  test('speaks each service’s protocol', async () => {
    const { reads, writes } = clientsFor();
    nock(url, { reqheaders: { 'x-amz-target': 'GraniteServiceVersion20100801.PutMetricData' } })
      .post('/')
      .reply(200, {});
    await writes.cloudwatch.putMetricData({ Namespace: 'n', MetricData: [{ MetricName: 'm', Value: 1 }] });
    nock(url, { reqheaders: { 'x-amz-target': 'AnyScaleFrontendService.DescribeScalableTargets' } })
      .post('/')
      .reply(200, { ScalableTargets: [] });
    expect(
      (await reads.autoscaling.describeScalableTargets({ ServiceNamespace: 'sagemaker' })).ScalableTargets,
    ).toEqual([]);
    nock(url)
      .post('/', /Action=GetCallerIdentity/)
      .reply(
        200,
        '<GetCallerIdentityResponse><GetCallerIdentityResult><Account>111122223333</Account></GetCallerIdentityResult></GetCallerIdentityResponse>',
      );
    expect((await reads.sts.getCallerIdentity()).Account).toBe('111122223333');
  });

  test('a service itself can be awaited', async () => {
    const { reads } = clientsFor();
    expect(await Promise.resolve(reads.sagemaker)).toBe(reads.sagemaker);
  });

  test('retries throttling on the clock, with one signature per attempt', async () => {
    const clock = virtualClock(0);
    sagemaker('DescribeEndpoint').times(2).reply(400, refused('ThrottlingException', 'Rate exceeded'));
    sagemaker('DescribeEndpoint').reply(200, { EndpointStatus: 'Updating' });
    const answer = await clientsFor({ clock }).reads.sagemaker.describeEndpoint({ EndpointName: 'churn' });
    expect(answer.EndpointStatus).toBe('Updating');
    expect(clock.now()).toBeGreaterThan(0);
  });

  test('retries a 503 whose body nobody can read, until the turn’s patience is over', async () => {
    const clock = virtualClock(0);
    nock(url).persist().post('/').reply(503, '<html>Bad gateway</html>');
    const error = await rejection(clientsFor({ clock }).reads.sagemaker.describeEndpoint({ EndpointName: 'churn' }));
    expect(error.name).toBe('Throttled');
    expect(clock.now()).toBeLessThanOrEqual(seconds(10));
    nock.cleanAll();
  });

  test('a null message with 400 is a throttle', async () => {
    sagemaker('DescribeEndpoint').reply(400, { message: null });
    sagemaker('DescribeEndpoint').reply(200, {});
    await clientsFor().reads.sagemaker.describeEndpoint({ EndpointName: 'churn' });
  });

  test('UpdateEndpoint without an answer is sent once', async () => {
    sagemaker('UpdateEndpoint').replyWithError(Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' }));
    const error = await rejection(
      clientsFor().writes.sagemaker.updateEndpoint({ EndpointName: 'churn', EndpointConfigName: 'c' }),
    );
    expect(error.name).toBe('AnswerLost');
  });

  test.each([
    ['is cut short', 200, '{"EndpointArn": "arn:aw'],
    ['is not AWS’s', 400, '<html>Bad request</html>'],
    ['names no error', 400, '{"message": "no"}'],
  ])('UpdateEndpoint whose answer %s may have been carried out', async (_what, status, body) => {
    sagemaker('UpdateEndpoint').reply(status, body);
    const error = await rejection(
      clientsFor().writes.sagemaker.updateEndpoint({ EndpointName: 'churn', EndpointConfigName: 'c' }),
    );
    expect(error.name).toBe('AnswerLost');
  });

  test('UpdateEndpoint that AWS refuses for a reason this suite does not know is refused', async () => {
    sagemaker('UpdateEndpoint').reply(400, refused('NewException', 'never heard of'));
    const error = await rejection(
      clientsFor().writes.sagemaker.updateEndpoint({ EndpointName: 'churn', EndpointConfigName: 'c' }),
    );
    expect(error.name).toBe('NewException');
  });

  test('errors carry their call and keep AWS’s name', async () => {
    sagemaker('CreateModel').reply(
      400,
      refused(
        'AccessDeniedException',
        'User: arn:aws:sts::111122223333:assumed-role/d/s is not authorized to perform: iam:PassRole on resource: arn:aws:iam::111122223333:role/serving because no identity-based policy allows the iam:PassRole action',
      ),
    );
    const error = await rejection(clientsFor().writes.sagemaker.createModel({ ModelName: 'm' }));
    expect(error).toMatchObject({ name: 'AccessDeniedException', call: 'sagemaker:CreateModel' });
    expect(permissionOf(error)).toEqual({ action: 'iam:PassRole', resource: 'arn:aws:iam::111122223333:role/serving' });
  });

  test('credentials are asked for anew when AWS says they have expired', async () => {
    let generation = 1;
    const credentials = {
      provide: async () => ({ accessKeyId: `KEY${generation}`, secretAccessKey: 's', expiration: new Date(0) }),
      forget: () => {
        generation += 1;
      },
      expiresAt: () => undefined,
      tooShort: async () => undefined,
    };
    nock(url, { reqheaders: { authorization: /KEY1/ } })
      .post('/')
      .reply(400, refused('ExpiredTokenException', 'expired'));
    nock(url, { reqheaders: { authorization: /KEY2/ } })
      .post('/')
      .reply(200, {});
    await clientsFor({ credentials }).reads.sagemaker.describeEndpoint({ EndpointName: 'churn' });
  });

  test('no call is sent once the signal has aborted; withSignal goes on with another', async () => {
    const ended = AbortSignal.abort();
    const clients = clientsFor({ signal: ended });
    const error = await rejection(clients.reads.sagemaker.describeEndpoint({ EndpointName: 'churn' }));
    expect(classify(error)).toBe('aborted');
    sagemaker('DescribeEndpoint').reply(200, {});
    const { reads } = clients.withSignal(new AbortController().signal);
    await reads.sagemaker.describeEndpoint({ EndpointName: 'churn' });
  });
});

describe('s3', () => {
  const key = { Bucket: 'releases', Key: 'a/b c.json' };
  const path = '/releases/a/b%20c.json';

  test('puts the bucket into the path of a loopback endpoint and gives text with its ETag', async () => {
    nock(url).get(path).query({ 'x-id': 'GetObject' }).reply(200, '{"a":"ü"}', { etag: '"e1"' });
    expect(await clientsFor().reads.s3.getObject(key, 1000)).toEqual({ text: '{"a":"ü"}', etag: '"e1"' });
  });

  test('sends conditions, and a failed one is told apart', async () => {
    nock(url, { reqheaders: { 'if-none-match': '*' } })
      .put(path)
      .query(true)
      .reply(412, '<Error><Code>PreconditionFailed</Code><Message>At least one…</Message></Error>');
    const error = await rejection(clientsFor().writes.s3.putObject({ ...key, Body: 'x', IfNoneMatch: '*' }));
    expect(classify(error)).toBe('precondition-failed');
  });

  test('HEAD asks for checksums; a stored whole-object SHA-256 needs no download', async () => {
    const hash = createHash('sha256').update('model').digest();
    nock(url, { reqheaders: { 'x-amz-checksum-mode': 'ENABLED' } })
      .head(path)
      .reply(200, '', { 'x-amz-checksum-sha256': hash.toString('base64'), 'x-amz-checksum-type': 'FULL_OBJECT' });
    expect(await clientsFor().reads.s3.sha256(key)).toBe(hash.toString('hex'));
  });

  test.each([
    ['no checksum', {}],
    ['a checksum of parts', { 'x-amz-checksum-sha256': `${'A'.repeat(43)}=-2`, 'x-amz-checksum-type': 'COMPOSITE' }],
  ])('with %s stored, hashes the very object that was looked at', async (_what, headers) => {
    nock(url)
      .head(path)
      .reply(200, '', { etag: '"e1"', ...headers });
    nock(url, { reqheaders: { 'if-match': '"e1"' } })
      .get(path)
      .query(true)
      .reply(200, 'model');
    expect(await clientsFor().reads.s3.sha256(key)).toBe(createHash('sha256').update('model').digest('hex'));
  });

  test('copySource encodes all but slashes', () => {
    expect(copySource('b', 'a/ü +?.gz')).toBe('b/a/%C3%BC%20%2B%3F.gz');
  });
});

describe('ecr', () => {
  const digest = `sha256:${'a'.repeat(64)}`;
  const image = '111122223333.dkr.ecr.eu-west-1.amazonaws.com/team/churn:1.4.0';

  test('resolves a tag in the registry that owns it', async () => {
    let requested: unknown;
    nock(url)
      .post('/', (body) => {
        requested = body;
        return true;
      })
      .reply(200, { images: [{ imageId: { imageDigest: digest, imageTag: '1.4.0' } }] });
    expect(await clientsFor().reads.ecr.resolveImage(image)).toBe(digest);
    expect(requested).toEqual({
      registryId: '111122223333',
      repositoryName: 'team/churn',
      imageIds: [{ imageTag: '1.4.0' }],
    });
  });

  test('asks whether a digest still exists', async () => {
    nock(url)
      .post('/', (body) => body.imageIds[0].imageDigest === digest && body.repositoryName === 'churn')
      .reply(200, { images: [{ imageId: { imageDigest: digest } }] });
    const pinned = `111122223333.dkr.ecr.eu-west-1.amazonaws.com/churn@${digest}`;
    expect(await clientsFor().reads.ecr.resolveImage(pinned)).toBe(digest);
  });

  test('a tag that is not there is not found', async () => {
    nock(url)
      .post('/')
      .reply(200, {
        images: [],
        failures: [{ failureCode: 'ImageNotFound', failureReason: 'Requested image not found' }],
      });
    const error = await rejection(clientsFor().reads.ecr.resolveImage(image));
    expect(classify(error)).toBe('not-found');
    expect(error.message).toContain(image);
  });

  test.each([
    [`ghcr.io/team/churn@${digest}`, digest],
    ['ghcr.io/team/churn:1.4.0', undefined],
    ['111122223333.dkr.ecr.us-east-1.amazonaws.com/churn:1.4.0', undefined],
    ['evil.example/111122223333.dkr.ecr.eu-west-1.amazonaws.com/churn:1', undefined],
  ])('%s needs no call', async (reference, expected) => {
    expect(await clientsFor().reads.ecr.resolveImage(reference)).toBe(expected);
  });
});
