import { createHash } from 'node:crypto';
import { get } from 'node:http';
import { Readable } from 'node:stream';
import {
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  PutPublicAccessBlockCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Account, openAccount, refusalOf } from './support/account.ts';
import { signedFetch, signedHeaders } from './support/signed-fetch.ts';

const Bucket = 'ml-releases';
let account: Account;
beforeAll(async () => {
  account = await openAccount();
});
afterAll(() => account.simulator.close());

const put = (Key: string, Body: string, more: object = {}) =>
  account.s3.send(new PutObjectCommand({ Bucket, Key, Body, ...more }));
const read = async (Key: string): Promise<string | undefined> =>
  (await account.s3.send(new GetObjectCommand({ Bucket, Key }))).Body?.transformToString();

describe('objects', () => {
  test('come back as they were put: body, type, metadata, ETag as MD5, checksum as asked', async () => {
    const { ETag } = await put('a b/ü+c.json', '{"x":1}', {
      ContentType: 'application/json',
      Metadata: { commit: 'abc' },
      ChecksumAlgorithm: 'SHA256',
    });
    expect(ETag).toBe(`"${createHash('md5').update('{"x":1}').digest('hex')}"`);
    const head = await account.s3.send(new HeadObjectCommand({ Bucket, Key: 'a b/ü+c.json', ChecksumMode: 'ENABLED' }));
    expect(head).toMatchObject({
      ETag,
      ContentLength: 7,
      ContentType: 'application/json',
      Metadata: { commit: 'abc' },
      LastModified: new Date(account.simulator.clock.now()),
      ChecksumSHA256: createHash('sha256').update('{"x":1}').digest('base64'),
    });
    expect(head.VersionId).toBeUndefined();
    expect(await read('a b/ü+c.json')).toBe('{"x":1}');
  });

  test('a streamed body (aws-chunked, checksum in the trailer) is stored without its framing', async () => {
    const chunks = ['one,', 'x'.repeat(100_000), ',three'];
    const length = chunks.join('').length;
    const Body = Readable.from(chunks.map((chunk) => Buffer.from(chunk)));
    await account.s3.send(new PutObjectCommand({ Bucket, Key: 'streamed', Body, ContentLength: length }));
    expect(await read('streamed')).toBe(chunks.join(''));
  });

  test('a checksum that does not fit the body is refused and nothing is stored', async () => {
    const wrong = createHash('sha256').update('other').digest('base64');
    expect(await refusalOf(put('damaged', 'body', { ChecksumSHA256: wrong }))).toMatch(/^BadDigest: /);
    expect(await refusalOf(read('damaged'))).toBe('NoSuchKey: The specified key does not exist.');
  });

  test('what is not there is said as S3 says it', async () => {
    const { s3 } = account;
    expect(await refusalOf(s3.send(new HeadObjectCommand({ Bucket, Key: 'none' })))).toMatch(/^NotFound: /);
    expect(await refusalOf(s3.send(new GetObjectCommand({ Bucket: 'none', Key: 'k' })))).toMatch(/^NoSuchBucket: /);
    expect(await refusalOf(s3.send(new HeadBucketCommand({ Bucket: 'none' })))).toMatch(/^NotFound: /);
    await s3.send(new HeadBucketCommand({ Bucket: 'sagemaker-eu-west-1-111122223333' }));
    await s3.send(new CreateBucketCommand({ Bucket: 'mine' }));
    expect(await refusalOf(s3.send(new CreateBucketCommand({ Bucket: 'mine' })))).toMatch(/^BucketAlreadyOwnedByYou: /);
    const foreign = new GetObjectCommand({ Bucket, Key: 'k', ExpectedBucketOwner: '999988887777' });
    expect(await refusalOf(s3.send(foreign))).toBe('AccessDenied: Access Denied');
  });

  test('a bucket of another account answers whoever names that account, and both sides of a copy are asked', async () => {
    const { s3, simulator } = account;
    simulator.objects.lend('theirs', '999988887777');
    await put('to-copy', 'body');
    const write = (ExpectedBucketOwner: string) =>
      s3.send(new PutObjectCommand({ Bucket: 'theirs', Key: 'k', Body: 'b', ExpectedBucketOwner }));
    expect(await refusalOf(write('111122223333'))).toBe('AccessDenied: Access Denied');
    await write('999988887777');
    const head = new HeadObjectCommand({ Bucket: 'theirs', Key: 'k', ExpectedBucketOwner: '111122223333' });
    expect(await refusalOf(s3.send(head))).toMatch(/^(403|Unknown)/);
    const copy = (ExpectedSourceBucketOwner: string) =>
      s3.send(
        new CopyObjectCommand({
          Bucket: 'theirs',
          Key: 'copy',
          CopySource: `${Bucket}/to-copy`,
          ExpectedSourceBucketOwner,
        }),
      );
    expect(await refusalOf(copy('999988887777'))).toBe('AccessDenied: Access Denied');
    await copy('111122223333');
  });

  test('copies keep body and metadata, and can be asked for a checksum', async () => {
    await put('source', 'payload', { Metadata: { commit: 'abc' } });
    const copied = await account.s3.send(
      new CopyObjectCommand({ Bucket, Key: 'sha/copy', CopySource: `${Bucket}/source`, ChecksumAlgorithm: 'SHA256' }),
    );
    expect(copied.CopyObjectResult?.ChecksumSHA256).toBe(createHash('sha256').update('payload').digest('base64'));
    const head = await account.s3.send(new HeadObjectCommand({ Bucket, Key: 'sha/copy' }));
    expect(head.Metadata).toEqual({ commit: 'abc' });
    const missing = new CopyObjectCommand({ Bucket, Key: 'x', CopySource: `${Bucket}/none` });
    expect(await refusalOf(account.s3.send(missing))).toMatch(/^NoSuchKey: /);
  });
});

describe('conditional writes', () => {
  test('of many writers with If-None-Match exactly one wins, and the object is the winner’s', async () => {
    const writers = Array.from({ length: 8 }, (_, i) => `writer ${i}`);
    const results = await Promise.all(writers.map((body) => refusalOf(put('record', body, { IfNoneMatch: '*' }))));
    expect(results.filter((refusal) => refusal === undefined)).toHaveLength(1);
    expect(results.filter((refusal) => refusal?.startsWith('PreconditionFailed: '))).toHaveLength(7);
    expect(await read('record')).toBe(writers[results.indexOf(undefined)]);
  });

  test('of many writers that read the same ETag exactly one replaces it', async () => {
    const { ETag } = await put('swap', 'before');
    const writers = Array.from({ length: 8 }, (_, i) => `after ${i}`);
    const results = await Promise.all(writers.map((body) => refusalOf(put('swap', body, { IfMatch: ETag }))));
    expect(results.filter((refusal) => refusal === undefined)).toHaveLength(1);
    expect(await read('swap')).toBe(writers[results.indexOf(undefined)]);
  });

  test('If-Match on a key that is gone is NoSuchKey, not a new object; a copy and a delete obey conditions too', async () => {
    const { ETag } = await put('gone', 'x');
    await account.s3.send(new DeleteObjectCommand({ Bucket, Key: 'gone' }));
    expect(await refusalOf(put('gone', 'y', { IfMatch: ETag }))).toMatch(/^NoSuchKey: /);
    await put('kept', 'original');
    await put('other', 'other');
    const copy = new CopyObjectCommand({ Bucket, Key: 'kept', CopySource: `${Bucket}/other`, IfNoneMatch: '*' });
    expect(await refusalOf(account.s3.send(copy))).toMatch(/^PreconditionFailed: /);
    const remove = new DeleteObjectCommand({ Bucket, Key: 'kept', IfMatch: '"0"' });
    expect(await refusalOf(account.s3.send(remove))).toMatch(/^PreconditionFailed: /);
    expect(await read('kept')).toBe('original');
  });

  test('a part comes with its place and without a checksum, as long as the object reaches', async () => {
    const { ETag } = await put('part', '0123456789', { ChecksumAlgorithm: 'SHA256' });
    const part = (Range: string, more: object = {}) =>
      account.s3.send(new GetObjectCommand({ Bucket, Key: 'part', Range, ChecksumMode: 'ENABLED', ...more }));
    const found = await part('bytes=2-4', { IfMatch: ETag });
    expect(found).toMatchObject({ ContentLength: 3, ContentRange: 'bytes 2-4/10', ETag });
    expect(found.$metadata.httpStatusCode).toBe(206);
    expect(found.ChecksumSHA256).toBeUndefined();
    expect(await found.Body?.transformToString()).toBe('234');
    expect(await (await part('bytes=8-99')).Body?.transformToString()).toBe('89');
    expect(await refusalOf(part('bytes=10-11'))).toMatch(/^InvalidRange: /);
    expect(await refusalOf(part('bytes=0-1', { IfMatch: '"0"' }))).toMatch(/^PreconditionFailed: /);
  });

  test('reads obey them as well', async () => {
    const { ETag } = await put('read', 'x');
    const unchanged = new GetObjectCommand({ Bucket, Key: 'read', IfNoneMatch: ETag });
    expect(await refusalOf(account.s3.send(unchanged))).toMatch(/^(304|NotModified|Unknown)/);
    const changed = new GetObjectCommand({ Bucket, Key: 'read', IfMatch: '"0"' });
    expect(await refusalOf(account.s3.send(changed))).toMatch(/^PreconditionFailed: /);
  });
});

describe('listing', () => {
  test('pages through keys and common prefixes in UTF-8 order', async () => {
    const keys = ['p/a', 'p/b/1', 'p/b/2', 'p/c', 'p/ü', 'p/z'];
    for (const key of keys.toReversed()) await put(key, key);
    const seen: string[] = [];
    let token: string | undefined;
    do {
      const page = await account.s3.send(
        new ListObjectsV2Command({
          Bucket,
          Prefix: 'p/',
          Delimiter: '/',
          MaxKeys: 2,
          ...(token === undefined ? {} : { ContinuationToken: token }),
        }),
      );
      seen.push(
        ...(page.Contents ?? []).map(({ Key }) => Key ?? ''),
        ...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix ?? ''),
      );
      expect(page.KeyCount).toBeLessThanOrEqual(2);
      token = page.NextContinuationToken;
    } while (token !== undefined);
    expect(seen.toSorted()).toEqual(['p/a', 'p/b/', 'p/c', 'p/z', 'p/ü']);
    const all = await account.s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'p/' }));
    expect(all.Contents?.map(({ Key }) => Key)).toEqual(['p/a', 'p/b/1', 'p/b/2', 'p/c', 'p/z', 'p/ü']);
  });
});

describe('with versioning', () => {
  test('every write has a version of its own that stays readable, a delete only marks', async () => {
    const versioned = await openAccount({ settings: { s3Versioning: true } });
    const send = (Body: string) => versioned.s3.send(new PutObjectCommand({ Bucket, Key: 'v', Body }));
    const [first, second] = [await send('one'), await send('two')];
    expect(first.VersionId).not.toBe(second.VersionId);
    await versioned.s3.send(new DeleteObjectCommand({ Bucket, Key: 'v' }));
    expect(await refusalOf(versioned.s3.send(new GetObjectCommand({ Bucket, Key: 'v' })))).toMatch(/^NoSuchKey: /);
    const old = await versioned.s3.send(new GetObjectCommand({ Bucket, Key: 'v', VersionId: first.VersionId ?? '' }));
    expect(await old.Body?.transformToString()).toBe('one');
    await versioned.simulator.close();
  });
});

test('a bucket may be named by the host instead of the path', async () => {
  await put('by-path', 'the same object');
  const request = { method: 'GET', path: '/by-path', headers: { host: `${Bucket}.localhost` } };
  const headers = await signedHeaders(account.simulator, request, { service: 's3' });
  const text = await new Promise<string>((resolve, reject) => {
    get(`${account.simulator.url}/by-path`, { headers }, (answer) => {
      answer.setEncoding('utf8').on('data', resolve);
    }).on('error', reject);
  });
  expect(text).toBe('the same object');
});

test('the inner face sees what the outside wrote, and the other way round', async () => {
  await put('shared', 'outside');
  expect(account.simulator.objects.get(Bucket, 'shared')?.body.toString()).toBe('outside');
  account.simulator.objects.put('another-bucket', 'k', Buffer.from('inside'));
  const got = await account.s3.send(new GetObjectCommand({ Bucket: 'another-bucket', Key: 'k' }));
  expect(await got.Body?.transformToString()).toBe('inside');
});

const list = '<Delete><Object><Key>kept</Key></Object></Delete>';
test.each<[Record<string, string>, RegExp]>([
  [{ 'x-amz-checksum-crc32': 'AAAAAA==' }, /BadDigest.*The CRC32 you specified did not match/s],
  [{ 'x-amz-checksum-sha256': 'short' }, /InvalidRequest.*x-amz-checksum-sha256 header is invalid/s],
  [{ 'content-md5': 'AAAAAAAAAAAAAAAAAAAAAA==' }, /BadDigest.*Content-MD5/s],
  [
    {
      'content-md5': createHash('md5').update(list).digest('base64'),
      'x-amz-sdk-checksum-algorithm': 'CRC7',
    },
    /InvalidRequest.*Checksum algorithm provided is unsupported/s,
  ],
  [{}, /InvalidRequest.*Missing required header for this request: Content-MD5 OR x-amz-checksum-\*/s],
])('a list of objects to delete is compared with the digest that it needs: %j', async (headers, expected) => {
  await account.s3.send(new PutObjectCommand({ Bucket, Key: 'kept', Body: 'b' }));
  const request = { path: `/${Bucket}?delete`, headers, body: list };
  const answer = await signedFetch(account.simulator, request, { service: 's3' });
  expect(await answer.text()).toMatch(expected);
  expect(answer.status).toBe(400);
  expect(account.simulator.objects.get(Bucket, 'kept')).toBeDefined();
});

test('keys of 1,024 bytes and metadata of 2,048 are the largest, in one call and in parts', async () => {
  const put = (input: Partial<PutObjectCommandInput>) =>
    refusalOf(account.s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body: '', ...input })));
  const begin = (input: Partial<PutObjectCommandInput>) =>
    refusalOf(account.s3.send(new CreateMultipartUploadCommand({ Bucket, Key: 'k', ...input })));
  for (const write of [put, begin]) {
    expect(await write({ Key: 'ä'.repeat(512) })).toBeUndefined();
    expect(await write({ Key: `${'ä'.repeat(512)}k` })).toBe('KeyTooLongError: Your key is too long');
    expect(await write({ Metadata: { name: 'v'.repeat(2044) } })).toBeUndefined();
    expect(await write({ Metadata: { name: 'v'.repeat(2045) } })).toBe(
      'MetadataTooLarge: Your metadata headers exceed the maximum allowed metadata size',
    );
  }
});

describe('a bucket’s policy', () => {
  const bucket = 'ml-artifacts';
  const arn = `arn:aws:s3:::${bucket}`;
  const policy = (statement: object): Promise<unknown> =>
    account.s3.send(
      new PutBucketPolicyCommand({
        Bucket: bucket,
        Policy: JSON.stringify({
          Version: '2012-10-17',
          Statement: [{ Effect: 'Deny', Principal: '*', Action: 's3:PutObject', Resource: `${arn}/*`, ...statement }],
        }),
      }),
    );
  const write = (Key = 'k', more: object = {}) =>
    account.s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body: 'b', ...more }));
  const denied = 'AccessDenied: Access Denied';

  test('denies to whom, what and where it says, under its conditions', async () => {
    await policy({ Resource: `${arn}/closed/*` });
    await write('open/k');
    expect(await refusalOf(write('closed/k'))).toBe(denied);
    await policy({ Action: 's3:DeleteObject', Resource: `${arn}/closed/*` });
    const several = { Objects: [{ Key: 'open/k' }, { Key: 'closed/k' }] };
    expect(await account.s3.send(new DeleteObjectsCommand({ Bucket: bucket, Delete: several }))).toMatchObject({
      Deleted: [{ Key: 'open/k' }],
      Errors: [{ Key: 'closed/k', Code: 'AccessDenied', Message: 'Access Denied' }],
    });
    await policy({ Condition: { ArnNotLike: { 'aws:PrincipalArn': 'arn:aws:iam::111122223333:user/deliv*' } } });
    await write();
    await policy({ Condition: { ArnNotLike: { 'aws:PrincipalArn': ['arn:aws:iam::111122223333:role/deployer'] } } });
    expect(await refusalOf(write())).toBe(denied);
    await policy({ Condition: { Null: { 's3:if-match': 'true', 's3:if-none-match': 'true' } } });
    expect(await refusalOf(write())).toBe(denied);
    await write('fresh', { IfNoneMatch: '*' });
    await policy({ Action: 's3:*', Condition: { Bool: { 'aws:SecureTransport': 'false' } } });
    await write();
    await policy({ Action: ['s3:Get*'] });
    await write();
    expect(await refusalOf(account.s3.send(new GetObjectCommand({ Bucket: bucket, Key: 'k' })))).toBe(denied);
    const copy = new CopyObjectCommand({ Bucket, Key: 'copied', CopySource: `${bucket}/k` });
    expect(await refusalOf(account.s3.send(copy))).toBe(denied);
  });

  test.each([
    ['another bucket’s resource', { Resource: 'arn:aws:s3:::other/*' }, /^MalformedPolicy: /],
    ['an action of another service', { Action: 'ec2:RunInstances' }, /^MalformedPolicy: Policy has invalid action$/],
    [
      'an action of no service',
      { Action: ['s3:GetObject', 'PutObject'] },
      /^MalformedPolicy: Policy has invalid action$/,
    ],
    ['an effect that there is not', { Effect: 'Maybe' }, /^MalformedPolicy: /],
    ['no action', { Action: undefined }, /^MalformedPolicy: Missing required field Action/],
    ['conditions that are none', { Condition: null }, /^MalformedPolicy: /],
    ['an operator without keys', { Condition: { StringEquals: null } }, /^MalformedPolicy: /],
    [
      'an operator that is not evaluated',
      { Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } } },
      /^NotSimulated: not simulated: .* in a bucket policy$/,
    ],
    [
      'a key that is not evaluated',
      { Condition: { StringEquals: { 'aws:SourceVpce': 'vpce-1' } } },
      /^NotSimulated: not simulated: .* in a bucket policy$/,
    ],
    [
      'a principal that is not evaluated',
      { Principal: { Service: 'logging.s3.amazonaws.com' } },
      /^NotSimulated: not simulated: .* in a bucket policy$/,
    ],
    [
      'a member that is not evaluated',
      { NotAction: 's3:GetObject' },
      /^NotSimulated: not simulated: .* in a bucket policy$/,
    ],
  ])('%s is refused, not ignored', async (_what, statement, expected) => {
    expect(await refusalOf(policy(statement))).toMatch(expected);
  });

  test('which lets everyone in is refused as long as the bucket blocks public policies', async () => {
    const open = { Effect: 'Allow', Action: 's3:GetObject' };
    const refusal =
      /^AccessDenied: User: \S+ is not authorized to perform: s3:PutBucketPolicy on resource: "\S+" because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access\.$/;
    expect(await refusalOf(policy(open))).toMatch(refusal);
    expect(await refusalOf(policy({ ...open, Principal: { AWS: ['*'] } }))).toMatch(refusal);
    expect(
      await refusalOf(policy({ ...open, Condition: { StringLike: { 'aws:PrincipalArn': 'arn:aws:iam::*' } } })),
    ).toMatch(refusal);
    await policy({ ...open, Condition: { StringEquals: { 'aws:PrincipalAccount': '444455556666' } } });
    await policy({ ...open, Principal: { AWS: '444455556666' } });
    const PublicAccessBlockConfiguration = { BlockPublicAcls: true };
    await account.s3.send(new PutPublicAccessBlockCommand({ Bucket: bucket, PublicAccessBlockConfiguration }));
    await policy(open);
  });

  test.each([
    ['2012-10-18', /^MalformedPolicy: The policy must contain a valid version string$/],
    ['', /^MalformedPolicy: The policy must contain a valid version string$/],
    [2012, /^MalformedPolicy: The policy must contain a valid version string$/],
    // The older version has no variables, and denies the key of this very text.
    ['2008-10-17', undefined],
    [undefined, undefined],
    ['2012-10-17', /^NotSimulated: not simulated: the policy variable in \S+ in a bucket policy$/],
  ])('of version %s it has variables, or none', async (Version, expected) => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: IAM's variables have this form.
    const Key = '${aws:username}/k';
    const Statement = [{ Effect: 'Deny', Principal: '*', Action: 's3:PutObject', Resource: `${arn}/${Key}` }];
    const Policy = JSON.stringify({ Version, Statement });
    const refused = await refusalOf(account.s3.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy })));
    if (expected === undefined) {
      expect(refused).toBeUndefined();
      expect(await refusalOf(write(Key))).toBe(denied);
      await write('delivery/k');
    } else expect(refused).toMatch(expected);
  });

  /** Documents that no JS client writes. */
  const putVersioning = async (bucket: string, body: string): Promise<string> => {
    const request = { method: 'PUT', path: `/${bucket}?versioning`, body };
    const answer = await signedFetch(account.simulator, request, { service: 's3' });
    return `${answer.status} ${/<Code>(.*)<\/Code>/.exec(await answer.text())?.[1] ?? ''}`;
  };
  const versioning = (inner: string): string => `<VersioningConfiguration>${inner}</VersioningConfiguration>`;
  test.each([
    ['a comment is no element', versioning('<!-- <Status>Off</Status> --><Status>Enabled</Status>'), '200 '],
    ['a character may be written as a number', versioning('<Status>&#69;nabled</Status>'), '200 '],
    ['text around it is none', versioning('<Status>Enabled </Status>'), '400 MalformedXML'],
    ['an element that does not end', '<VersioningConfiguration><Status>Enabled</Status>', '400 MalformedXML'],
    ['elements that cross', versioning('<Status><a>Enabled</Status></a>'), '400 MalformedXML'],
    ['an entity that is not declared', versioning('<Status>Enabled</Status>&x;'), '400 MalformedXML'],
    ['no XML', '{"Status":"Enabled"}', '400 MalformedXML'],
  ])('a document: %s', async (_what, body, expected) => {
    const Bucket = 'document';
    await account.s3.send(new CreateBucketCommand({ Bucket })).catch(() => undefined);
    expect(await putVersioning(Bucket, body)).toBe(expected);
  });

  test('a bucket that was versioned keeps what is overwritten', async () => {
    const { s3 } = account;
    await s3.send(new CreateBucketCommand({ Bucket: 'kept' }));
    await s3.send(new PutBucketVersioningCommand({ Bucket: 'kept', VersioningConfiguration: { Status: 'Enabled' } }));
    const first = await s3.send(new PutObjectCommand({ Bucket: 'kept', Key: 'k', Body: 'one' }));
    await s3.send(new PutObjectCommand({ Bucket: 'kept', Key: 'k', Body: 'two' }));
    const { Body } = await s3.send(
      new GetObjectCommand({ Bucket: 'kept', Key: 'k', VersionId: first.VersionId ?? '' }),
    );
    expect(await Body?.transformToString()).toBe('one');
  });
});
