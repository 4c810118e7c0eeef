import { CloudWatchClient, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { DescribeEndpointCommand, ListEndpointsCommand } from '@aws-sdk/client-sagemaker';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { chunksHold, compute, signatureIn } from '../../simulator/signature.ts';
import type { WireRequest } from '../../simulator/wire.ts';
import { wallClock } from '../../src/hosts/wall-clock.ts';
import { type Account, clientsOf, keysOf, openAccount, refusalOf } from './support/account.ts';
import { presignedUrl, type Signing, signedFetch, signedHeaders } from './support/signed-fetch.ts';

let account: Account;
beforeAll(async () => {
  account = await openAccount();
});
afterAll(() => account.simulator.close());

/** AWS's example credentials. */
const secret = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
const scope = 'AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request';
const host = 'examplebucket.s3.amazonaws.com';
const empty = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

const example = (more: Partial<WireRequest>, names: string): WireRequest => ({
  ...{ method: 'GET', path: '/', query: new URLSearchParams(), body: Buffer.alloc(0), ...more },
  headers: {
    ...{ host, 'x-amz-date': '20130524T000000Z', 'x-amz-content-sha256': empty, ...more.headers },
    authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=${names}, Signature=${'0'.repeat(64)}`,
  },
});
const computedFor = (request: WireRequest): string | undefined => {
  const signature = signatureIn(request);
  return signature && compute(request, signature, secret).value;
};

/** S3 API reference, "Signature Calculations for the Authorization Header" and "Authenticating Requests: Using Query Parameters". */
describe('AWS’s own examples', () => {
  const short = 'host;x-amz-content-sha256;x-amz-date';
  test.each([
    [
      'GET Object, with a range',
      example({ path: '/test.txt', headers: { range: 'bytes=0-9' } }, 'host;range;x-amz-content-sha256;x-amz-date'),
      'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
    ],
    [
      'PUT Object, whose key is encoded',
      example(
        {
          method: 'PUT',
          path: '/test%24file.text',
          headers: {
            date: 'Fri, 24 May 2013 00:00:00 GMT',
            'x-amz-storage-class': 'REDUCED_REDUNDANCY',
            'x-amz-content-sha256': '44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072',
          },
        },
        'date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class',
      ),
      '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
    ],
    [
      'GET Bucket Lifecycle, a parameter without a value',
      example({ query: new URLSearchParams('lifecycle') }, short),
      'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
    ],
    [
      'GET Bucket, parameters out of order',
      example({ query: new URLSearchParams('prefix=J&max-keys=2') }, short),
      '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
    ],
  ])('%s', (_what, request, expected) => {
    expect(computedFor(request)).toBe(expected);
  });

  test('a presigned URL', () => {
    const presigned = new URLSearchParams({
      'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
      'X-Amz-Credential': scope,
      'X-Amz-Date': '20130524T000000Z',
      'X-Amz-Expires': '86400',
      'X-Amz-SignedHeaders': 'host',
      'X-Amz-Signature': '0',
    });
    const request = { ...example({ path: '/test.txt' }, 'host'), presigned, headers: { host } };
    expect(computedFor(request)).toBe('aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404');
  });

  const streamed = (kind: string, more: Record<string, string>, seed: string, chunks: readonly string[], tail = '') => {
    const data = ['a'.repeat(65_536), 'a'.repeat(1024), ''];
    const body = data.map((text, at) => {
      return `${text.length.toString(16)};chunk-signature=${chunks[at]}\r\n${text}${text === '' ? '' : '\r\n'}`;
    });
    const headers = {
      host: 's3.amazonaws.com',
      'content-encoding': 'aws-chunked',
      'x-amz-storage-class': 'REDUCED_REDUNDANCY',
      'x-amz-decoded-content-length': '66560',
      'x-amz-content-sha256': `STREAMING-AWS4-HMAC-SHA256-${kind}`,
      ...more,
    };
    const names = [...Object.keys(headers), 'x-amz-date'].sort().join(';');
    const request = example(
      {
        method: 'PUT',
        path: '/examplebucket/chunkObject.txt',
        headers,
        body: Buffer.from(`${body.join('')}${tail === '' ? '\r\n' : tail}`),
      },
      names,
    );
    const signed = {
      ...request,
      headers: { ...request.headers, authorization: request.headers['authorization']?.replace(/0{64}$/, seed) ?? '' },
    };
    const signature = signatureIn(signed);
    return {
      value: computedFor(signed),
      hold: (changed: Buffer = signed.body) =>
        signature !== undefined && chunksHold({ ...signed, body: changed }, signature, secret),
      body: signed.body,
    };
  };

  test('a body in signed chunks', () => {
    const seed = '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9';
    const stream = streamed('PAYLOAD', { 'content-length': '66824' }, seed, [
      'ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648',
      '0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497',
      'b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9',
    ]);
    expect(stream.value).toBe(seed);
    expect(stream.hold()).toBe(true);
    expect(stream.hold(Buffer.from(stream.body.toString().replace('aaaa', 'aaab')))).toBe(false);
  });

  test('a body in signed chunks with a signed trailer', () => {
    const seed = '106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e';
    const last = 'd81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435';
    const stream = streamed(
      'PAYLOAD-TRAILER',
      { 'x-amz-trailer': 'x-amz-checksum-crc32c' },
      seed,
      [
        'b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2',
        '1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7',
        '2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992',
      ],
      `x-amz-checksum-crc32c:sOO8/Q==\r\nx-amz-trailer-signature:${last}\r\n\r\n`,
    );
    expect(stream.value).toBe(seed);
    expect(stream.hold()).toBe(true);
    expect(stream.hold(Buffer.from(stream.body.toString().replace('sOO8', 'sOO9')))).toBe(false);
  });
});

const call = (signing: Partial<Signing>, more: object = {}) => {
  const headers = { 'x-amz-target': 'SageMaker.ListEndpoints', 'content-type': 'application/x-amz-json-1.1' };
  return [
    { path: '/', headers, body: '{}', ...more },
    { service: 'sagemaker', ...signing },
  ] as const;
};
const jsonRefusal = async (signing: Partial<Signing>, more?: object) => {
  const answer = await signedFetch(account.simulator, ...call(signing, more));
  const { __type, message } = (await answer.json()) as { __type?: string; message?: string };
  return `${answer.status} ${__type}: ${message}`;
};
const s3Get = { method: 'GET', path: '/ml-releases/none' };

describe('a wrong secret', () => {
  const wrong = () => ({ ...keysOf(account.simulator.environment()), secretAccessKey: 'another' });
  const mismatch = 'The request signature we calculated does not match the signature you provided.';

  test('is refused by every protocol in its own words, and nothing is done', async () => {
    const { sagemaker, s3, sts, runtime } = clientsOf(account.simulator, wrong());
    const words = `${mismatch} Check your AWS Secret Access Key and signing method. Consult the service documentation for details.`;
    expect(await refusalOf(sagemaker.send(new ListEndpointsCommand({})))).toBe(`InvalidSignatureException: ${words}`);
    expect(await refusalOf(sts.send(new GetCallerIdentityCommand({})))).toBe(`SignatureDoesNotMatch: ${words}`);
    const put = s3.send(new PutObjectCommand({ Bucket: 'ml-releases', Key: 'never', Body: 'x' }));
    expect(await refusalOf(put)).toBe(`SignatureDoesNotMatch: ${mismatch} Check your key and signing method.`);
    expect(account.simulator.objects.get('ml-releases', 'never')).toBeUndefined();
    const { InvokeEndpointCommand } = await import('@aws-sdk/client-sagemaker-runtime');
    const invoked = runtime.send(new InvokeEndpointCommand({ EndpointName: 'e', Body: 'x' }));
    await expect(invoked).rejects.toMatchObject({
      name: 'InvalidSignatureException',
      $metadata: { httpStatusCode: 403 },
    });
  });

  test('S3 shows the strings that it has computed', async () => {
    const answer = await signedFetch(account.simulator, s3Get, { service: 's3', keys: wrong() });
    expect(answer.status).toBe(403);
    const text = await answer.text();
    expect(text).toContain('<StringToSign>AWS4-HMAC-SHA256\n');
    expect(text).toContain('<CanonicalRequest>GET\n/ml-releases/none\n');
  });

  test('of a session is refused, too', async () => {
    const { AssumeRoleCommand } = await import('@aws-sdk/client-sts');
    const RoleArn = 'arn:aws:iam::111122223333:role/model-deployer';
    const { Credentials } = await account.sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'release' }));
    const { AccessKeyId = '', SessionToken = '' } = Credentials ?? {};
    const keys = { accessKeyId: AccessKeyId, secretAccessKey: 'another', sessionToken: SessionToken };
    const { sagemaker } = clientsOf(account.simulator, keys);
    expect(await refusalOf(sagemaker.send(new ListEndpointsCommand({})))).toMatch(/^InvalidSignatureException: /);
  });
});

describe('a request that is not the signed one', () => {
  test.each([
    ['another body', '/', '{"MaxResults":1}', {}],
    ['another operation', '/', '{}', { 'x-amz-target': 'SageMaker.ListModels' }],
    ['another query', '/?a=1', '{}', {}],
  ])('%s', async (_what, path, body, headers) => {
    const { host: _host, ...signed } = await signedHeaders(account.simulator, ...call({}));
    const changed = { method: 'POST', headers: { ...signed, ...headers }, body };
    const answer = await fetch(account.simulator.url + path, changed);
    expect(await answer.text()).toMatch(/InvalidSignatureException/);
  });

  // IAM user guide, "Create a signed AWS API request": but for S3, redundant parts of the path are not signed.
  test('a path with empty parts is the signed one', async () => {
    const request = { method: 'GET', path: '/2015-03-31/functions//none' };
    const answer = await signedFetch(account.simulator, request, { service: 'lambda' });
    expect([answer.status, await answer.text()]).not.toEqual([403, expect.stringMatching(/signature/)]);
  });

  test('S3 compares the body with the hash that was signed', async () => {
    const request = { method: 'PUT', path: '/ml-releases/k', body: 'signed' };
    const { host: _host, ...headers } = await signedHeaders(account.simulator, request, { service: 's3' });
    const answer = await fetch(account.simulator.url + request.path, { method: 'PUT', headers, body: 'another' });
    expect([answer.status, /<Code>(.*?)</.exec(await answer.text())?.[1]]).toEqual([400, 'XAmzContentSHA256Mismatch']);
  });

  test('a compressed body is compared as it was sent', async () => {
    const cloudwatch = new CloudWatchClient({
      ...{ endpoint: account.simulator.url, region: 'eu-west-1', requestMinCompressionSizeBytes: 1 },
      credentials: keysOf(account.simulator.environment()),
    });
    const MetricData = [{ MetricName: 'm', Value: 1 }];
    await cloudwatch.send(new PutMetricDataCommand({ Namespace: 'gzip', MetricData }));
  });
});

describe('a credential scope', () => {
  test.each([
    [{ service: 'sts' }, "Credential should be scoped to correct service: 'sagemaker'."],
    [{ region: 'eu-west-9' }, "Credential should be scoped to a valid region, not 'eu-west-9'."],
    [
      { region: 'aws-global', service: 's3' },
      "Credential should be scoped to a valid region, not 'aws-global'. Credential should be scoped to correct service: 'sagemaker'.",
    ],
  ])('%j is refused', async (signing, words) => {
    expect(await jsonRefusal(signing)).toBe(`400 InvalidSignatureException: ${words}`);
  });

  test('of S3: a region that there is not, and another service', async () => {
    const refused = async (signing: Signing) => {
      const answer = await signedFetch(account.simulator, s3Get, signing);
      return `${answer.status} ${await answer.text()}`;
    };
    expect(await refused({ service: 's3', region: 'nowhere-1' })).toMatch(
      /^400 .*<Code>AuthorizationHeaderMalformed<.*the region 'nowhere-1' is wrong; expecting 'eu-west-1'<.*<Region>eu-west-1</s,
    );
    expect(await refused({ service: 'sagemaker' })).toMatch(/^400 .*incorrect service &quot;sagemaker&quot;/s);
  });

  test('what is no signature of version 4 is refused by name', async () => {
    const send = async (path: string, headers: Record<string, string>, method = 'GET') => {
      const answer = await fetch(account.simulator.url + path, { method, headers });
      return `${answer.status} ${await answer.text()}`;
    };
    expect(await send('/b/k', { authorization: 'AWS AKIA:abc' })).toMatch(
      /^400 .*InvalidRequest.*Please use AWS4-HMAC-SHA256/s,
    );
    expect(await send('/b/k?AWSAccessKeyId=AKIA&Signature=x&Expires=1', {})).toMatch(/^400 .*InvalidRequest/s);
    const target = { 'x-amz-target': 'SageMaker.ListEndpoints', authorization: 'AWS4-HMAC-SHA256 Credential=a/b' };
    expect(await send('/', target, 'POST')).toMatch(
      /^400 .*IncompleteSignatureException.*'Signature' parameter.*'SignedHeaders' parameter/s,
    );
  });
});

describe('a presigned URL of S3', () => {
  const presign = (signing: Partial<Signing> = {}) =>
    presignedUrl(account.simulator, '/ml-releases/presigned', { service: 's3', ...signing });
  test('is as good as a header', async () => {
    account.simulator.objects.put('ml-releases', 'presigned', Buffer.from('content'));
    const answer = await fetch(await presign());
    expect([answer.status, await answer.text()]).toEqual([200, 'content']);
  });
  test('with another secret, or for another object, it is not', async () => {
    const keys = { ...keysOf(account.simulator.environment()), secretAccessKey: 'another' };
    expect((await fetch(await presign({ keys }))).status).toBe(403);
    const other = (await presign()).replace('/presigned?', '/another?');
    expect(await (await fetch(other)).text()).toMatch(/SignatureDoesNotMatch/);
  });
  test.each([
    [
      '604801',
      'X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than ',
    ],
    ['-1', 'X-Amz-Expires must be non-negative'],
    ['soon', 'X-Amz-Expires should be a number'],
    [undefined, 'Query-string authentication version 4 requires the X-Amz-Algorithm, '],
  ])('that expires after %s is refused before its signature is read', async (seconds, message) => {
    const url = new URL(await presign());
    if (seconds === undefined) url.searchParams.delete('X-Amz-Expires');
    else url.searchParams.set('X-Amz-Expires', seconds);
    const answer = await fetch(url);
    const text = await answer.text();
    expect(answer.status).toBe(400);
    expect(text).toContain(`<Code>AuthorizationQueryParametersError</Code><Message>${message}`);
  });
});

describe('a GET of the query protocol', () => {
  const path = '/?Action=GetCallerIdentity&Version=2011-06-15';
  const arn = '<Arn>arn:aws:iam::111122223333:user/delivery</Arn>';
  test('is answered in its protocol, presigned or signed', async () => {
    const presigned = await fetch(await presignedUrl(account.simulator, path, { service: 'sts' }));
    expect([presigned.status, await presigned.text()]).toEqual([200, expect.stringContaining(arn)]);
    const signed = await signedFetch(account.simulator, { method: 'GET', path }, { service: 'sts' });
    expect([signed.status, await signed.text()]).toEqual([200, expect.stringContaining(arn)]);
  });
  test.each([
    ['another secret', {}, 'another', 403, 'SignatureDoesNotMatch'],
    ['the scope of another service', { service: 'iam' }, undefined, 403, 'SignatureDoesNotMatch'],
  ])('is refused in it with %s', async (_what, more, secretAccessKey, status, code) => {
    const own = keysOf(account.simulator.environment());
    const keys = { ...own, secretAccessKey: secretAccessKey ?? own.secretAccessKey };
    const answer = await fetch(await presignedUrl(account.simulator, path, { service: 'sts', keys, ...more }));
    expect([answer.status, await answer.text()]).toEqual([status, expect.stringContaining(`<Code>${code}</Code>`)]);
    expect(answer.headers.get('content-type')).toBe('text/xml');
  });
  test('of an operation that there is not, and of one that is not simulated', async () => {
    const text = async (name: string) =>
      (
        await fetch(await presignedUrl(account.simulator, path.replace('GetCallerIdentity', name), { service: 'sts' }))
      ).text();
    expect(await text('GetNothing')).toContain('<Code>InvalidAction</Code>');
    expect(await text('GetSessionToken')).toContain('not simulated: sts GetSessionToken');
  });
});

describe('the date of a signature', () => {
  const hour = 3_600_000;
  test('is not judged while the simulator has a time of its own: an SDK’s first request has the wall clock’s', async () => {
    expect(await jsonRefusal({ at: new Date(0) })).toMatch(/^200 /);
  });

  test('is judged while virtual time and the wall clock are the same', async () => {
    const now = wallClock.now();
    const shared = await openAccount({ wallSpeed: 1, startAt: now });
    const send = async (at: number, service = 'sagemaker', request: object = call({})[0]) => {
      const signing = { service, at: new Date(at) };
      const answer = await signedFetch(shared.simulator, { path: '/', ...request }, signing);
      return `${answer.status} ${await answer.text()}`;
    };
    expect(await send(now)).toMatch(/^200 /);
    expect(await send(now - hour)).toMatch(
      /^400 .*InvalidSignatureException.*Signature expired: \d+T\d+Z is now earlier than \d+T\d+Z \(\d+T\d+Z - 5 min\.\)/s,
    );
    expect(await send(now + hour)).toMatch(/Signature not yet current: \S+ is still later than \S+ \(\S+ \+ 5 min\.\)/);
    expect(await send(now - hour, 's3', s3Get)).toMatch(/^403 .*RequestTimeTooSkewed/s);
    const identity = {
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'Action=GetCallerIdentity&Version=2011-06-15',
    };
    expect(await send(now - hour, 'sts', identity)).toMatch(/^403 .*SignatureDoesNotMatch.*- 15 min\./s);
    // The SDK learns the time from the refusal, and asks again.
    const { sagemaker } = clientsOf(shared.simulator);
    expect(await refusalOf(sagemaker.send(new DescribeEndpointCommand({ EndpointName: 'none' })))).toMatch(
      /^ValidationException: /,
    );
    await shared.simulator.close();
  });

  test('of the scope is the date of the request', async () => {
    const { host: _host, ...headers } = await signedHeaders(account.simulator, ...call({ at: new Date(0) }));
    const answer = await fetch(account.simulator.url, {
      method: 'POST',
      headers: { ...headers, 'x-amz-date': '20260105T090000Z' },
      body: '{}',
    });
    expect(await answer.text()).toMatch(
      /Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '19700101' != '20260105'/,
    );
  });
});

test('every form in which the SDK sends an object holds', async () => {
  const { Readable } = await import('node:stream');
  const keys = keysOf(account.simulator.environment());
  for (const requestChecksumCalculation of ['WHEN_SUPPORTED', 'WHEN_REQUIRED'] as const)
    for (const Body of ['text', Buffer.alloc(70_000, 1), Readable.from([Buffer.alloc(70_000, 2)])]) {
      const s3 = new S3Client({
        ...{ endpoint: account.simulator.url, region: 'eu-west-1', credentials: keys, forcePathStyle: true },
        requestChecksumCalculation,
      });
      const ContentLength = Body instanceof Readable ? 70_000 : Body.length;
      const Key = "odd (key)*'!/ü +&=:,@$~";
      await s3.send(new PutObjectCommand({ Bucket: 'ml-releases', Key, Body, ContentLength }));
      const got = await s3.send(new GetObjectCommand({ Bucket: 'ml-releases', Key }));
      expect((await got.Body?.transformToByteArray())?.length).toBe(ContentLength);
    }
});
