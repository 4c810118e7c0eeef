/**
 * Answers of S3 as they were recorded from AWS, in the snapshots of localstack/localstack (tests/aws/services/s3); `npm run verify:foreign`
 * compares all of them. Here are those from which the simulator once differed, each kind once.
 */
import { createHash } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  DeleteObjectTaggingCommand,
  GetBucketLocationCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  GetPublicAccessBlockCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListMultipartUploadsCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  ListPartsCommand,
  PutBucketOwnershipControlsCommand,
  PutBucketTaggingCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  PutObjectTaggingCommand,
  S3Client,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type Account, keysOf, openAccount } from '../support/account.ts';

let account: Account;
let s3: S3Client;
let Bucket = '';
let made = 0;
beforeAll(async () => {
  account = await openAccount({ region: 'us-east-1' });
  s3 = new S3Client({
    endpoint: account.simulator.url,
    region: 'us-east-1',
    maxAttempts: 1,
    credentials: keysOf(account.simulator.environment()),
  });
});
afterAll(() => account.simulator.close());
beforeEach(async () => {
  Bucket = `recorded-${++made}`;
  await s3.send(new CreateBucketCommand({ Bucket }));
});

/** As botocore shows a refusal: status, code and the members beside the message. */
const refused = async (call: Promise<unknown>): Promise<Record<string, unknown>> => {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown as Record<string, unknown>,
  );
  if (error === undefined) throw new Error('it was not refused');
  const { $metadata, name, message, Code, RequestId, HostId, $fault, $response, ...members } = error as {
    $metadata: { httpStatusCode: number };
    name: string;
    message: string;
  } & Record<string, unknown>;
  return { status: $metadata.httpStatusCode, code: name, message, ...members };
};
const put = (Key: string, Body = 'data', more: Partial<PutObjectCommandInput> = {}) =>
  s3.send(new PutObjectCommand({ Bucket, Key, Body, ...more }));
const get = (Key: string, more: object = {}) => s3.send(new GetObjectCommand({ Bucket, Key, ...more }));
const failed = (Condition: string) => ({ status: 412, code: 'PreconditionFailed', Condition });
const versioned = (Status: 'Enabled' | 'Suspended') =>
  s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status } }));

describe('conditions', () => {
  test.each([
    ['both at once', { IfMatch: '"0"', IfNoneMatch: '*' }, 'If-Match,If-None-Match', 'Multiple conditional request'],
    ['If-Match: *', { IfMatch: '*' }, 'If-Match', "We don't accept the provided value of If-Match"],
    ['an ETag in If-None-Match', { IfNoneMatch: '"0"' }, 'If-None-Match', "We don't accept the provided value of"],
  ])('a write does not take %s', async (_what, conditions, Header, additional) => {
    await put('k');
    expect(await refused(put('k', 'other', conditions))).toMatchObject({
      status: 501,
      code: 'NotImplemented',
      Header,
      additionalMessage: expect.stringContaining(additional),
    });
    const copy = new CopyObjectCommand({ Bucket, Key: 'copy', CopySource: `${Bucket}/k`, ...conditions });
    expect(await refused(s3.send(copy))).toMatchObject({ status: 501, Header });
  });

  test('a write with If-Match needs an object, and then its ETag', async () => {
    expect(await refused(put('k', 'x', { IfMatch: 'abcdef' }))).toMatchObject({
      status: 404,
      code: 'NoSuchKey',
      Key: 'k',
    });
    await put('k');
    expect(await refused(put('k', 'x', { IfMatch: 'abcdef' }))).toMatchObject(failed('If-Match'));
  });

  test('a deletion with If-Match', async () => {
    const { ETag } = await put('k');
    const remove = (IfMatch: string | undefined) => s3.send(new DeleteObjectCommand({ Bucket, Key: 'k', IfMatch }));
    expect(await refused(remove('"0"'))).toMatchObject(failed('If-Match'));
    await remove(ETag);
    expect(await refused(get('k'))).toMatchObject({ code: 'NoSuchKey' });
  });

  test('a read: an ETag before the date of its direction, dates in whole seconds, and none that lies ahead', async () => {
    const { ETag } = await put('k');
    const at = account.simulator.clock.now();
    const [past, now, future] = [-3_600_000, 0, 3_600_000].map((by) => new Date(at + by));
    expect(await refused(get('k', { IfMatch: '"0"' }))).toMatchObject(failed('If-Match'));
    expect(await refused(get('k', { IfUnmodifiedSince: past }))).toMatchObject(failed('If-Unmodified-Since'));
    const unmodified = { status: 304 };
    expect(await refused(get('k', { IfNoneMatch: ETag }))).toMatchObject(unmodified);
    expect(await refused(get('k', { IfNoneMatch: ETag?.replaceAll('"', '') }))).toMatchObject(unmodified);
    expect(await refused(get('k', { IfModifiedSince: now }))).toMatchObject(unmodified);
    for (const holds of [
      { IfModifiedSince: future },
      { IfUnmodifiedSince: now },
      { IfMatch: ETag, IfUnmodifiedSince: past },
      { IfModifiedSince: past, IfNoneMatch: '"0"' },
    ])
      await get('k', holds);
    const head = (conditions: object) => s3.send(new HeadObjectCommand({ Bucket, Key: 'k', ...conditions }));
    for (const fails of [{ IfMatch: '"0"' }, { IfUnmodifiedSince: past }])
      expect(await refused(head(fails))).toMatchObject({ status: 412 });
    for (const fails of [{ IfNoneMatch: ETag }, { IfModifiedSince: now }])
      expect(await refused(head(fails))).toMatchObject(unmodified);
    expect(await head({ IfModifiedSince: future, IfUnmodifiedSince: now, IfNoneMatch: '"0"' })).toMatchObject({ ETag });
  });

  test('the source of a copy fails by all four conditions alike', async () => {
    const { ETag } = await put('source');
    const past = new Date(account.simulator.clock.now() - 3_600_000);
    const now = new Date(account.simulator.clock.now());
    const copy = (conditions: object) =>
      s3.send(new CopyObjectCommand({ Bucket, Key: 'copy', CopySource: `${Bucket}/source`, ...conditions }));
    for (const [name, conditions] of [
      ['If-Match', { CopySourceIfMatch: '"0"' }],
      ['If-Unmodified-Since', { CopySourceIfUnmodifiedSince: past }],
      ['If-Unmodified-Since', { CopySourceIfUnmodifiedSince: past, CopySourceIfNoneMatch: ETag }],
      ['If-None-Match', { CopySourceIfNoneMatch: ETag }],
      ['If-Modified-Since', { CopySourceIfModifiedSince: now }],
    ] as const)
      expect(await refused(copy(conditions))).toMatchObject(failed(`x-amz-copy-source-${name}`));
    await copy({ CopySourceIfMatch: ETag, CopySourceIfUnmodifiedSince: past });
  });
});

const upload = async (Key: string, bodies: readonly string[], more: object = {}, parts: object = {}) => {
  const { UploadId, ...begun } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key, ...more }));
  const sent: CompletedPart[] = [];
  for (const [index, Body] of bodies.entries()) {
    const PartNumber = index + 1;
    const part = await s3.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body, ...parts }));
    const { ETag, ChecksumCRC32, ChecksumSHA256 } = part;
    // An upload that announced no algorithm takes none at its end either.
    const checksums = begun.ChecksumAlgorithm === undefined ? {} : { ChecksumCRC32, ChecksumSHA256 };
    sent.push({ PartNumber, ETag, ...checksums });
  }
  const complete = (input: object = {}) =>
    s3.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts: sent }, ...input }));
  return { UploadId, begun, sent, complete };
};
const five = 'a'.repeat(5 * 1024 ** 2);
const sha256 = (body: string | Buffer) => createHash('sha256').update(body).digest();
const md5 = (body: string | Buffer) => createHash('md5').update(body).digest();

describe('an upload in parts', () => {
  test('becomes an object whose ETag and composite checksum are those of its parts', async () => {
    const { begun, complete } = await upload(
      'k',
      [five, 'end'],
      { ChecksumAlgorithm: 'SHA256' },
      { ChecksumAlgorithm: 'SHA256' },
    );
    expect(begun).toMatchObject({
      ChecksumAlgorithm: 'SHA256',
      ChecksumType: 'COMPOSITE',
      ServerSideEncryption: 'AES256',
    });
    const ChecksumSHA256 = `${sha256(Buffer.concat([sha256(five), sha256('end')])).toString('base64')}-2`;
    const ETag = `"${md5(Buffer.concat([md5(five), md5('end')])).toString('hex')}-2"`;
    expect(await complete()).toMatchObject({ Bucket, Key: 'k', ETag, ChecksumSHA256, ChecksumType: 'COMPOSITE' });
    const head = new HeadObjectCommand({ Bucket, Key: 'k', ChecksumMode: 'ENABLED' });
    expect(await s3.send(head)).toMatchObject({
      ETag,
      ChecksumSHA256,
      ChecksumType: 'COMPOSITE',
      ContentLength: five.length + 3,
    });
    const attributes = new GetObjectAttributesCommand({
      Bucket,
      Key: 'k',
      ObjectAttributes: ['ETag', 'Checksum', 'ObjectParts', 'ObjectSize'],
    });
    expect(await s3.send(attributes)).toMatchObject({
      ETag: ETag.replaceAll('"', ''),
      Checksum: { ChecksumSHA256: ChecksumSHA256.replace('-2', ''), ChecksumType: 'COMPOSITE' },
      ObjectParts: { TotalPartsCount: 2, Parts: [{ PartNumber: 1 }, { PartNumber: 2, Size: 3 }] },
    });
    const part = await get('k', { PartNumber: 2 });
    expect(part).toMatchObject({
      PartsCount: 2,
      ContentRange: `bytes ${five.length}-${five.length + 2}/${five.length + 3}`,
    });
    expect(await part.Body?.transformToString()).toBe('end');
    expect(await s3.send(new HeadObjectCommand({ Bucket, Key: 'k', PartNumber: 2 }))).toMatchObject({
      $metadata: { httpStatusCode: 206 },
      ContentLength: 3,
      ContentRange: part.ContentRange,
      PartsCount: 2,
    });
    const pages = new GetObjectAttributesCommand({
      Bucket,
      Key: 'k',
      ObjectAttributes: ['ObjectParts'],
      MaxParts: 1,
      PartNumberMarker: '1',
    });
    expect((await s3.send(pages)).ObjectParts).toMatchObject({
      PartNumberMarker: '1',
      NextPartNumberMarker: '2',
      MaxParts: 1,
      IsTruncated: false,
      Parts: [{ PartNumber: 2 }],
    });
    expect(await refused(get('k', { PartNumber: 3 }))).toMatchObject({
      status: 416,
      code: 'InvalidPartNumber',
      ActualPartCount: '2',
    });
    // Of the parts there is no checksum of the whole: a copy gets one.
    const copy = new CopyObjectCommand({ Bucket, Key: 'copy', CopySource: `${Bucket}/k` });
    expect((await s3.send(copy)).CopyObjectResult).toMatchObject({
      ETag: `"${md5(`${five}end`).toString('hex')}"`,
      ChecksumSHA256: sha256(`${five}end`).toString('base64'),
      ChecksumType: 'FULL_OBJECT',
    });
  });

  test('has a CRC of the whole where it was asked for, and CRC64NVME where none was', async () => {
    const whole = await upload('w', [five, 'end'], { ChecksumAlgorithm: 'CRC32', ChecksumType: 'FULL_OBJECT' });
    const { ChecksumCRC32 } = await put('same', `${five}end`, { ChecksumAlgorithm: 'CRC32' });
    expect(await whole.complete()).toMatchObject({ ChecksumCRC32, ChecksumType: 'FULL_OBJECT' });
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: 'n' }));
    const { ETag } = await s3.send(new UploadPartCommand({ Bucket, Key: 'n', UploadId, PartNumber: 1, Body: 'abc' }));
    const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
    const done = await s3.send(new CompleteMultipartUploadCommand({ Bucket, Key: 'n', UploadId, MultipartUpload }));
    expect(done.ChecksumType).toBe('FULL_OBJECT');
  });

  test.each([
    [{ ChecksumAlgorithm: 'MD5' }, 'Checksum algorithm provided is unsupported'],
    [{ ChecksumType: 'COMPOSITE' }, 'can only be used with the x-amz-checksum-algorithm header'],
    [
      { ChecksumAlgorithm: 'SHA256', ChecksumType: 'FULL_OBJECT' },
      'FULL_OBJECT checksum type cannot be used with the sha256',
    ],
    [
      { ChecksumAlgorithm: 'CRC64NVME', ChecksumType: 'COMPOSITE' },
      'COMPOSITE checksum type cannot be used with the crc64nvme',
    ],
  ])('does not begin with %j', async (input, message) => {
    expect(
      await refused(s3.send(new CreateMultipartUploadCommand({ Bucket, Key: 'k', ...input } as never))),
    ).toMatchObject({
      code: 'InvalidRequest',
      message: expect.stringContaining(message),
    });
  });

  test('is refused with the part and the reason', async () => {
    const { UploadId, sent, complete } = await upload('k', ['short', 'end'], { ChecksumAlgorithm: 'CRC32' });
    const parts = (Parts: readonly object[]) => complete({ MultipartUpload: { Parts } });
    expect(await refused(complete())).toMatchObject({
      code: 'EntityTooSmall',
      MinSizeAllowed: '5242880',
      PartNumber: '1',
      ProposedSize: '5',
    });
    expect(await refused(parts([{ ...sent[0], PartNumber: 7 }]))).toMatchObject({
      code: 'InvalidPart',
      PartNumber: '7',
      UploadId,
    });
    expect(await refused(parts([{ PartNumber: 1, ETag: sent[0]?.ETag }]))).toMatchObject({
      code: 'InvalidRequest',
      message: expect.stringContaining('It was missing for part 1 in the request.'),
    });
    const other = { ...sent[0], ChecksumCRC32: undefined, ChecksumSHA256: sha256('x').toString('base64') };
    expect(await refused(parts([other]))).toMatchObject({
      code: 'BadDigest',
      message: 'The sha256 you specified for part 1 did not match what we received.',
    });
    expect(await refused(complete({ ChecksumType: 'FULL_OBJECT' }))).toMatchObject({
      message: expect.stringContaining('using the COMPOSITE checksum mode'),
    });
    const wrong = new UploadPartCommand({
      Bucket,
      Key: 'k',
      UploadId,
      PartNumber: 1,
      Body: 'x',
      ChecksumAlgorithm: 'SHA1',
    });
    expect(await refused(s3.send(wrong))).toMatchObject({
      message: 'Checksum Type mismatch occurred, expected checksum Type: crc32, actual checksum Type: sha1',
    });
    await s3.send(new AbortMultipartUploadCommand({ Bucket, Key: 'k', UploadId }));
    expect(await refused(s3.send(new ListPartsCommand({ Bucket, Key: 'k', UploadId })))).toMatchObject({
      code: 'NoSuchUpload',
    });
  });

  test('with a condition conflicts with a write or deletion that came between', async () => {
    await put('k');
    const first = await upload('k', ['x']);
    await s3.send(new DeleteObjectCommand({ Bucket, Key: 'k' }));
    const conflict = { status: 409, code: 'ConditionalRequestConflict', Key: 'k' };
    expect(await refused(first.complete({ IfNoneMatch: '*' }))).toMatchObject({
      ...conflict,
      Condition: 'If-None-Match',
    });
    const { ETag } = await put('k');
    expect(await refused(first.complete({ IfNoneMatch: '*' }))).toMatchObject(failed('If-None-Match'));
    expect(await refused(first.complete({ IfMatch: '"0"' }))).toMatchObject(failed('If-Match'));
    expect(await refused(first.complete({ IfMatch: ETag }))).toMatchObject({ ...conflict, Condition: 'If-Match' });
    await (await upload('k', ['x'])).complete({ IfMatch: ETag });
  });

  test('is listed with its owner, and in pages with common prefixes', async () => {
    for (const Key of ['a/1', 'a/2', 'b']) await upload(Key, []);
    const list = (more: object) => s3.send(new ListMultipartUploadsCommand({ Bucket, ...more }));
    const first = await list({ Delimiter: '/', MaxUploads: 1 });
    expect(first).toMatchObject({ CommonPrefixes: [{ Prefix: 'a/' }], IsTruncated: true });
    const [one] = (await list({ Prefix: 'a/1' })).Uploads ?? [];
    expect(await refused(list({ KeyMarker: 'a/2', UploadIdMarker: one?.UploadId }))).toMatchObject({
      code: 'InvalidArgument',
      message: 'Invalid uploadId marker',
      ArgumentName: 'upload-id-marker',
    });
    expect(await refused(list({ EncodingType: 'value' }))).toMatchObject({
      code: 'InvalidArgument',
      message: 'Invalid Encoding Method specified in Request',
      ArgumentName: 'encoding-type',
    });
    const [b] = (await list({ Delimiter: '/', KeyMarker: 'a/' })).Uploads ?? [];
    expect(b).toMatchObject({
      Key: 'b',
      StorageClass: 'STANDARD',
      Owner: { ID: expect.stringMatching(/^[0-9a-f]{64}$/) },
    });
  });

  test.each([
    ['0-8', 'InvalidArgument', 'must be of the form bytes=first-last'],
    ['bytes=1-0', 'InvalidArgument', 'must be of the form bytes=first-last'],
    ['bytes=-2', 'InvalidArgument', 'must be of the form bytes=first-last'],
    ['bytes=0-100', 'InvalidArgument', 'Range specified is not valid for source object of size: 10'],
    ['bytes=100-200', 'InvalidRequest', 'The specified copy range is invalid for the source object size'],
  ])('does not copy the range %s of ten bytes', async (CopySourceRange, code, message) => {
    await put('source', '0123456789');
    const { UploadId } = await upload('k', []);
    const copy = { Bucket, Key: 'k', UploadId, PartNumber: 1, CopySource: `${Bucket}/source`, CopySourceRange };
    expect(await refused(s3.send(new UploadPartCopyCommand(copy)))).toMatchObject({
      code,
      message: expect.stringContaining(message),
    });
  });
});

describe('a range of ten bytes', () => {
  test.each([
    ['bytes=0-8', '012345678', 'bytes 0-8/10'],
    ['bytes=1-', '123456789', 'bytes 1-9/10'],
    ['bytes=-2', '89', 'bytes 8-9/10'],
    ['bytes=-15', '0123456789', 'bytes 0-9/10'],
    ['bytes=0-100', '0123456789', 'bytes 0-9/10'],
    ['bytes=1-0', '0123456789', undefined],
    ['bytes=0--1', '0123456789', undefined],
    ['bytes=0-1,3-4', '0123456789', undefined],
    ['bytes=-', '0123456789', undefined],
    ['0-8', '0123456789', undefined],
  ])('%s', async (Range, text, ContentRange) => {
    await put('k', '0123456789');
    const answer = await get('k', { Range });
    expect(await answer.Body?.transformToString()).toBe(text);
    expect([answer.ContentRange, answer.$metadata.httpStatusCode]).toEqual([ContentRange, ContentRange ? 206 : 200]);
    const head = await s3.send(new HeadObjectCommand({ Bucket, Key: 'k', Range }));
    expect([head.ContentRange, head.ContentLength]).toEqual([ContentRange, text.length]);
    // A checksum belongs to the whole object, also when a range is the whole.
    expect((await get('k', { Range, ChecksumMode: 'ENABLED' })).ChecksumType).toBe(
      text.length === 10 ? 'FULL_OBJECT' : undefined,
    );
  });
  test.each(['bytes=-0', 'bytes=100-200'])('%s cannot be satisfied', async (Range) => {
    await put('k', '0123456789');
    expect(await refused(get('k', { Range }))).toMatchObject({
      status: 416,
      code: 'InvalidRange',
      ActualObjectSize: '10',
      RangeRequested: Range,
    });
  });
});

describe('versions', () => {
  test('a deletion makes a marker with an id, and an id brings a version back', async () => {
    await versioned('Enabled');
    const { VersionId } = await put('k', 'one');
    const marker = await s3.send(new DeleteObjectCommand({ Bucket, Key: 'k' }));
    expect(marker).toMatchObject({ DeleteMarker: true, VersionId: expect.any(String) });
    expect(await refused(get('k'))).toMatchObject({ status: 404, code: 'NoSuchKey' });
    expect(await (await get('k', { VersionId })).Body?.transformToString()).toBe('one');
    expect(await refused(get('k', { VersionId: marker.VersionId }))).toMatchObject({
      status: 405,
      code: 'MethodNotAllowed',
      Method: 'GET',
      ResourceType: 'DeleteMarker',
    });
    expect(await s3.send(new ListObjectVersionsCommand({ Bucket }))).toMatchObject({
      Versions: [{ Key: 'k', VersionId, IsLatest: false, Size: 3 }],
      DeleteMarkers: [{ Key: 'k', VersionId: marker.VersionId, IsLatest: true }],
    });
    await s3.send(new DeleteObjectCommand({ Bucket, Key: 'k', VersionId: marker.VersionId }));
    expect(await (await get('k')).Body?.transformToString()).toBe('one');
    await s3.send(new DeleteObjectCommand({ Bucket, Key: 'k', VersionId }));
    expect(await refused(get('k', { VersionId }))).toMatchObject({ status: 404, code: 'NoSuchVersion', VersionId });
  });

  test('an id that S3 never issued is another error than one that is gone', async () => {
    await put('k');
    const VersionId = 'HPniJFCxqTsMuIH9KX8K8wEjNUgmABCD';
    expect(await refused(s3.send(new DeleteObjectCommand({ Bucket, Key: 'k', VersionId })))).toMatchObject({
      status: 400,
      code: 'InvalidArgument',
      ArgumentName: 'versionId',
      ArgumentValue: VersionId,
    });
    const several = new DeleteObjectsCommand({
      Bucket,
      Delete: { Objects: [{ Key: 'k', VersionId }, { Key: 'none' }] },
    });
    expect(await s3.send(several)).toMatchObject({
      Deleted: [{ Key: 'none' }],
      Errors: [{ Code: 'NoSuchVersion', Key: 'k', VersionId }],
    });
  });

  test('a suspended bucket overwrites the version null, and does not name it in the answer', async () => {
    await versioned('Enabled');
    await put('k', 'one');
    await versioned('Suspended');
    expect((await put('k', 'two')).VersionId).toBeUndefined();
    await put('k', 'three');
    expect((await get('k')).VersionId).toBe('null');
    expect(await s3.send(new DeleteObjectCommand({ Bucket, Key: 'k' }))).toMatchObject({
      DeleteMarker: true,
      VersionId: 'null',
    });
    const { Versions = [], DeleteMarkers = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket }));
    expect([Versions.length, DeleteMarkers.length]).toEqual([1, 1]);
    expect(await refused(s3.send(new DeleteBucketCommand({ Bucket })))).toMatchObject({
      status: 409,
      code: 'BucketNotEmpty',
      message: expect.stringContaining('You must delete all versions in the bucket.'),
    });
  });

  test('their list goes on behind a marked version, also when that one is gone', async () => {
    await versioned('Enabled');
    for (const Body of ['1', '2', '3']) await put('k', Body);
    const list = (more: object) => s3.send(new ListObjectVersionsCommand({ Bucket, ...more }));
    const first = await list({ MaxKeys: 1 });
    expect(first).toMatchObject({ IsTruncated: true, NextKeyMarker: 'k' });
    const marker = { KeyMarker: 'k', VersionIdMarker: first.NextVersionIdMarker };
    const rest = (await list(marker)).Versions?.map(({ VersionId }) => VersionId);
    expect(rest).toHaveLength(2);
    await s3.send(new DeleteObjectCommand({ Bucket, Key: 'k', VersionId: first.NextVersionIdMarker }));
    expect((await list(marker)).Versions?.map(({ VersionId }) => VersionId)).toEqual(rest);
  });

  test('a copy names the version of its source', async () => {
    await versioned('Enabled');
    const { VersionId } = await put('source');
    const copy = new CopyObjectCommand({ Bucket, Key: 'copy', CopySource: `${Bucket}/source` });
    expect((await s3.send(copy)).CopySourceVersionId).toBe(VersionId);
  });
});

describe('buckets', () => {
  test('us-east-1 makes them anywhere, and again; elsewhere neither', async () => {
    expect(await s3.send(new CreateBucketCommand({ Bucket }))).toMatchObject({ Location: `/${Bucket}` });
    expect((await s3.send(new GetBucketLocationCommand({ Bucket }))).LocationConstraint).toBeUndefined();
    const there = `${Bucket}-there`;
    const constraint = (LocationConstraint: string) =>
      ({ CreateBucketConfiguration: { LocationConstraint } }) as object;
    const made = await s3.send(new CreateBucketCommand({ Bucket: there, ...constraint('eu-west-1') }));
    expect(made.Location).toBe(`http://${there}.s3.amazonaws.com/`);
    expect(await account.s3.send(new HeadBucketCommand({ Bucket: there }))).toMatchObject({
      BucketRegion: 'eu-west-1',
    });
    expect(await account.s3.send(new GetBucketLocationCommand({ Bucket: there }))).toMatchObject({
      LocationConstraint: 'eu-west-1',
    });
    for (const name of ['us-east-1', 'foo'])
      expect(
        await refused(s3.send(new CreateBucketCommand({ Bucket: `${Bucket}-x`, ...constraint(name) }))),
      ).toMatchObject({
        code: 'InvalidLocationConstraint',
        LocationConstraint: name,
      });
    const elsewhere = account.s3;
    expect(
      await refused(elsewhere.send(new CreateBucketCommand({ Bucket: there, ...constraint('eu-west-1') }))),
    ).toMatchObject({
      status: 409,
      code: 'BucketAlreadyOwnedByYou',
      BucketName: there,
    });
    expect(
      await refused(elsewhere.send(new CreateBucketCommand({ Bucket: `${Bucket}-y`, ...constraint('eu-central-1') }))),
    ).toMatchObject({
      code: 'IllegalLocationConstraintException',
      message: expect.stringContaining('The eu-central-1 location constraint'),
    });
  });

  test('block public access, have one rule of ownership, and no tags from their creation', async () => {
    const { PublicAccessBlockConfiguration } = await s3.send(new GetPublicAccessBlockCommand({ Bucket }));
    expect(PublicAccessBlockConfiguration).toEqual({
      BlockPublicAcls: true,
      IgnorePublicAcls: true,
      BlockPublicPolicy: true,
      RestrictPublicBuckets: true,
    });
    const Rules = [{ ObjectOwnership: 'BucketOwnerPreferred' as const }, { ObjectOwnership: 'ObjectWriter' as const }];
    const controls = new PutBucketOwnershipControlsCommand({ Bucket, OwnershipControls: { Rules } });
    expect(await refused(s3.send(controls))).toMatchObject({ status: 400, code: 'MalformedXML' });
    const CreateBucketConfiguration = { Tags: [{ Key: 'team', Value: 'churn' }] };
    const tagged = new CreateBucketCommand({ Bucket: `${Bucket}-tags`, CreateBucketConfiguration });
    expect(await refused(s3.send(tagged))).toMatchObject({ code: 'NotSimulated' });
  });

  test('are listed with their region and ARN where the request has a parameter', async () => {
    const listed = async (input: object) =>
      (await s3.send(new ListBucketsCommand(input))).Buckets?.find(({ Name }) => Name === Bucket);
    expect(await listed({ Prefix: Bucket })).toMatchObject({
      BucketArn: `arn:aws:s3:::${Bucket}`,
      BucketRegion: 'us-east-1',
    });
    expect(await listed({})).toEqual({ Name: Bucket, CreationDate: expect.any(Date) });
  });

  test('an owner that is no account is refused before the bucket is looked for', async () => {
    const head = new ListObjectsV2Command({ Bucket: 'none', ExpectedBucketOwner: 'abcd' });
    expect(await refused(s3.send(head))).toMatchObject({ status: 400, code: 'InvalidBucketOwnerAWSAccountID' });
  });

  test('lists tell checksums, markers and owners', async () => {
    for (const Key of ['a', 'b', 'c/d']) await put(Key, 'x', { ChecksumAlgorithm: 'SHA1' });
    const v2 = await s3.send(new ListObjectsV2Command({ Bucket, StartAfter: 'a', MaxKeys: 1, Delimiter: '/' }));
    expect(v2).toMatchObject({
      StartAfter: 'a',
      Contents: [{ Key: 'b', ChecksumAlgorithm: ['SHA1'], ChecksumType: 'FULL_OBJECT' }],
    });
    const next = await s3.send(
      new ListObjectsV2Command({ Bucket, Delimiter: '/', ContinuationToken: v2.NextContinuationToken }),
    );
    expect(next).toMatchObject({ ContinuationToken: v2.NextContinuationToken, CommonPrefixes: [{ Prefix: 'c/' }] });
    const v1 = await s3.send(new ListObjectsCommand({ Bucket, MaxKeys: 1, Delimiter: '/' }));
    expect(v1).toMatchObject({ IsTruncated: true, NextMarker: 'a', Contents: [{ Owner: { ID: expect.any(String) } }] });
    const wrong = new ListObjectsV2Command({ Bucket, EncodingType: 'value' as never });
    expect(await refused(s3.send(wrong))).toMatchObject({ code: 'InvalidArgument', ArgumentName: 'encoding-type' });
  });
});

describe('an object keeps', () => {
  test('its tags', async () => {
    await put('k', 'x', { Tagging: 'stage=live&team=ml' });
    const tags = async () => (await s3.send(new GetObjectTaggingCommand({ Bucket, Key: 'k' }))).TagSet;
    expect(await tags()).toEqual([
      { Key: 'stage', Value: 'live' },
      { Key: 'team', Value: 'ml' },
    ]);
    expect((await get('k')).TagCount).toBe(2);
    await s3.send(new CopyObjectCommand({ Bucket, Key: 'copy', CopySource: `${Bucket}/k` }));
    expect((await get('copy')).TagCount).toBe(2);
    const change = (Key: string, Value: string) =>
      s3.send(new PutObjectTaggingCommand({ Bucket, Key: 'k', Tagging: { TagSet: [{ Key, Value }] } }));
    await change('tag', '');
    expect(await tags()).toEqual([{ Key: 'tag', Value: '' }]);
    expect(await refused(change('aws:x', ''))).toMatchObject({ code: 'InvalidTag', TagKey: 'aws:x' });
    expect(await refused(change('a,b', ''))).toMatchObject({ message: 'The TagKey you have provided is invalid' });
    await s3.send(new DeleteObjectTaggingCommand({ Bucket, Key: 'k' }));
    expect(await tags()).toEqual([]);
    for (const Tagging of ['a=1&a=2', 'a=1,b=2'])
      expect(await refused(put('k', 'x', { Tagging }))).toMatchObject({
        code: 'InvalidArgument',
        ArgumentName: 'x-amz-tagging',
      });
    const system = { Bucket, Tagging: { TagSet: [{ Key: 'aws:x', Value: '' }] } };
    expect(await refused(s3.send(new PutBucketTaggingCommand(system)))).toMatchObject({
      message: 'System tags cannot be added/updated by requester',
    });
  });

  test('its KMS key, and then its ETag is no MD5', async () => {
    const SSEKMSKeyId = 'arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';
    const stored = { ServerSideEncryption: 'aws:kms' as const, SSEKMSKeyId, BucketKeyEnabled: true };
    const { ETag, ...answer } = await put('k', 'x', stored);
    expect(answer).toMatchObject(stored);
    expect(ETag).not.toBe(`"${md5('x').toString('hex')}"`);
    expect(await s3.send(new HeadObjectCommand({ Bucket, Key: 'k' }))).toMatchObject({ ...stored, ETag });
    const managed = await put('m', 'x', { ServerSideEncryption: 'aws:kms' });
    expect(managed.SSEKMSKeyId).toMatch(/^arn:aws:kms:us-east-1:111122223333:key\/[0-9a-f-]{36}$/);
    expect(await refused(put('k', 'x', { SSEKMSKeyId }))).toMatchObject({ code: 'InvalidArgument' });
  });

  test('its headers, its class and its checksum, and says wrong digests in two ways', async () => {
    const headers = {
      ContentLanguage: 'de',
      ContentDisposition: 'attachment',
      CacheControl: 'no-cache',
      StorageClass: 'STANDARD_IA' as const,
    };
    await put('k', 'x', headers);
    expect(await get('k')).toMatchObject({ ...headers, AcceptRanges: 'bytes' });
    expect((await get('k', { ResponseContentType: 'text/csv' })).ContentType).toBe('text/csv');
    expect((await get('k', { ChecksumMode: 'enabled' })).ChecksumType).toBe('FULL_OBJECT');
    const attributes = new GetObjectAttributesCommand({ Bucket, Key: 'k', ObjectAttributes: ['ETag'] });
    attributes.middlewareStack.add(
      (next) => (sent) => {
        delete (sent.request as { headers: Record<string, string> }).headers['x-amz-object-attributes'];
        return next(sent);
      },
      { step: 'build' },
    );
    expect(await refused(s3.send(attributes))).toMatchObject({ status: 400, code: 'InvalidArgument' });
    // botocore signs the text and sends it as UTF-8; the SDK that runs here sends each character as one byte.
    const ContentDisposition = 'attachment; filename="é — ü"';
    const bytes = Buffer.from(ContentDisposition).toString('latin1');
    const unicode = new PutObjectCommand({ Bucket, Key: 'u', Body: 'x', ContentDisposition });
    unicode.middlewareStack.add(
      (next) => (sent) => {
        (sent.request as { headers: Record<string, string> }).headers['content-disposition'] = bytes;
        return next(sent);
      },
      { step: 'finalizeRequest', priority: 'low' },
    );
    expect((await s3.send(unicode)).ETag).toBeDefined();
    expect((await put('latin', 'x', { ContentLanguage: 'é' })).ETag).toBeDefined();
    expect(await refused(put('k', 'x', { ContentMD5: '000' }))).toMatchObject({
      code: 'InvalidDigest',
      'Content-MD5': '000',
    });
    const other = md5('y').toString('base64');
    expect(await refused(put('k', 'x', { ContentMD5: other }))).toMatchObject({
      code: 'BadDigest',
      ExpectedDigest: md5('y').toString('hex'),
    });
    expect(await refused(put('k', 'x', { ChecksumCRC32C: '0' }))).toMatchObject({
      code: 'InvalidRequest',
      message: 'Value for x-amz-checksum-crc32c header is invalid.',
    });
    const two = { ChecksumSHA1: 'a', ChecksumSHA256: 'b' };
    expect(await refused(put('k', 'x', two))).toMatchObject({ message: expect.stringContaining('Expecting a single') });
    await put('old', 'x', { StorageClass: 'GLACIER' });
    const copy = new CopyObjectCommand({ Bucket, Key: 'copy', CopySource: `${Bucket}/old` });
    expect(await refused(s3.send(copy))).toMatchObject({ status: 403, code: 'ObjectNotInActiveTierError' });
    expect(await refused(get('old'))).toMatchObject({
      status: 403,
      code: 'InvalidObjectState',
      StorageClass: 'GLACIER',
    });
    expect(await refused(put('k', 'x', { StorageClass: 'OUTPOSTS' }))).toMatchObject({ code: 'InvalidStorageClass' });
  });
});
