import { createHash } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type Account, openAccount, refusalOf } from './support/account.ts';

const Bucket = 'ml-releases';
const mebibyte = 1024 ** 2;
const gibibyte = 1024 ** 3;
const body = Buffer.alloc(12 * mebibyte, 'abcdefg');
let account: Account;
beforeAll(async () => {
  account = await openAccount();
});
afterAll(() => account.simulator.close());

const digest = (algorithm: string, bytes: Buffer): Buffer => createHash(algorithm).update(bytes).digest();
const begin = async (Key: string): Promise<string> => {
  const begun = await account.s3.send(
    new CreateMultipartUploadCommand({ Bucket, Key, ChecksumAlgorithm: 'SHA256', ChecksumType: 'COMPOSITE' }),
  );
  expect(begun).toMatchObject({ Bucket, Key, ChecksumAlgorithm: 'SHA256', ChecksumType: 'COMPOSITE' });
  return begun.UploadId ?? '';
};
const etagOf = async (Key: string): Promise<string | undefined> =>
  (await account.s3.send(new HeadObjectCommand({ Bucket, Key }))).ETag;
const copy = (Key: string, UploadId: string, PartNumber: number, range: string, more: object = {}) =>
  account.s3.send(
    new UploadPartCopyCommand({
      Bucket,
      Key,
      UploadId,
      PartNumber,
      CopySource: `${Bucket}/source`,
      CopySourceRange: `bytes=${range}`,
      ...more,
    }),
  );
const partsOf = async (Key: string, UploadId: string) =>
  ((await account.s3.send(new ListPartsCommand({ Bucket, Key, UploadId }))).Parts ?? []).map(
    ({ PartNumber, ETag, ChecksumSHA256 }) => ({ PartNumber, ETag, ChecksumSHA256 }),
  );
const complete = (Key: string, UploadId: string, Parts: object[], more: object = {}) =>
  account.s3.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts }, ...more }));

beforeEach(() => account.simulator.objects.put(Bucket, 'source', body));

describe('a copy in parts', () => {
  test('is the object, with the digest over the digests of its parts', async () => {
    const id = await begin('copy');
    const CopySourceIfMatch = await etagOf('source');
    const first = await copy('copy', id, 1, `0-${8 * mebibyte - 1}`, { CopySourceIfMatch });
    expect(first.CopyPartResult?.ChecksumSHA256).toBe(
      digest('sha256', body.subarray(0, 8 * mebibyte)).toString('base64'),
    );
    await copy('copy', id, 2, `${8 * mebibyte}-${12 * mebibyte - 1}`, { CopySourceIfMatch });
    const listed = await account.s3.send(new ListMultipartUploadsCommand({ Bucket, Prefix: 'cop' }));
    expect(listed.Uploads).toMatchObject([{ Key: 'copy', UploadId: id }]);
    await complete('copy', id, await partsOf('copy', id), { IfNoneMatch: '*' });

    const parts = [body.subarray(0, 8 * mebibyte), body.subarray(8 * mebibyte)];
    const composite = digest('sha256', Buffer.concat(parts.map((part) => digest('sha256', part)))).toString('base64');
    const tag = digest('md5', Buffer.concat(parts.map((part) => digest('md5', part)))).toString('hex');
    expect(
      await account.s3.send(new HeadObjectCommand({ Bucket, Key: 'copy', ChecksumMode: 'ENABLED' })),
    ).toMatchObject({
      ContentLength: body.length,
      ETag: `"${tag}-2"`,
      ChecksumSHA256: `${composite}-2`,
      ChecksumType: 'COMPOSITE',
    });
    const read = await account.s3.send(new GetObjectCommand({ Bucket, Key: 'copy' }));
    expect(Buffer.from((await read.Body?.transformToByteArray()) ?? []).equals(body)).toBe(true);
    expect((await account.s3.send(new ListMultipartUploadsCommand({ Bucket }))).Uploads).toBeUndefined();
  });

  test('never replaces an object, and its parts stay until they are aborted', async () => {
    const id = await begin('copy');
    await copy('copy', id, 1, '0-99');
    const [part] = await partsOf('copy', id);
    expect(await refusalOf(complete('copy', id, [part ?? {}], { IfNoneMatch: '*' }))).toMatch(/^PreconditionFailed: /);
    expect(await partsOf('copy', id)).toHaveLength(1);
    await account.s3.send(new AbortMultipartUploadCommand({ Bucket, Key: 'copy', UploadId: id }));
    expect(await refusalOf(account.s3.send(new ListPartsCommand({ Bucket, Key: 'copy', UploadId: id })))).toMatch(
      /^NoSuchUpload: /,
    );
  });

  test('refuses a source that changed, a range beyond it, and parts that S3 does not take', async () => {
    const id = await begin('refused');
    expect(await refusalOf(copy('refused', id, 1, '0-9', { CopySourceIfMatch: '"other"' }))).toMatch(
      /^PreconditionFailed: /,
    );
    expect(await refusalOf(copy('refused', id, 1, `0-${body.length}`))).toMatch(/^InvalidArgument: Range specified/);
    for (const range of ['5-', '-5', '0-9,20-29'])
      expect(await refusalOf(copy('refused', id, 1, range))).toMatch(
        /^InvalidArgument: The x-amz-copy-source-range value must be of the form bytes=first-last /,
      );
    expect(await refusalOf(copy('refused', id, 10_001, '0-9'))).toMatch(/^InvalidArgument: Part number/);
    expect(await refusalOf(copy('another', id, 1, '0-9'))).toMatch(/^NoSuchUpload: /);
    await copy('refused', id, 1, '0-9');
    await copy('refused', id, 2, '10-19');
    const parts = await partsOf('refused', id);
    expect(await refusalOf(complete('refused', id, parts))).toMatch(/^EntityTooSmall: /);
    expect(await refusalOf(complete('refused', id, parts.toReversed()))).toMatch(/^InvalidPartOrder: /);
    expect(await refusalOf(complete('refused', id, [{ ...parts[0], ETag: '"other"' }]))).toMatch(/^InvalidPart: /);
    expect(await refusalOf(complete('refused', id, [{ PartNumber: 1, ETag: parts[0]?.ETag }]))).toMatch(
      /^InvalidRequest: The upload was created using a sha256 checksum/,
    );
  });
});

describe('an object larger than one call copies', () => {
  test('is described with its size, and copied in parts alone', async () => {
    const { s3, simulator } = account;
    simulator.objects.put(Bucket, 'source', body, 6 * gibibyte);
    expect((await s3.send(new HeadObjectCommand({ Bucket, Key: 'source' }))).ContentLength).toBe(6 * gibibyte);
    const content = s3.send(new GetObjectCommand({ Bucket, Key: 'source' }));
    expect(await refusalOf(content)).toMatch(/^NotSimulated: not simulated: s3 GetObject of an object of which/);
    const whole = new CopyObjectCommand({ Bucket, Key: 'whole', CopySource: `${Bucket}/source` });
    expect(await refusalOf(s3.send(whole))).toMatch(/^InvalidRequest: The specified copy source is larger/);
    const id = await begin('large');
    expect(await refusalOf(copy('large', id, 1, `0-${6 * gibibyte - 1}`))).toMatch(/^InvalidRequest: /);
    await copy('large', id, 1, `0-${3 * gibibyte - 1}`);
    await copy('large', id, 2, `${3 * gibibyte}-${6 * gibibyte - 1}`);
    await complete('large', id, await partsOf('large', id), { IfNoneMatch: '*' });
    expect((await s3.send(new HeadObjectCommand({ Bucket, Key: 'large' }))).ContentLength).toBe(6 * gibibyte);
    expect(simulator.objects.get(Bucket, 'large')?.body.equals(body)).toBe(true);
  });
});
