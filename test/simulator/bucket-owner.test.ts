import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetBucketOwnershipControlsCommand,
  GetBucketPolicyCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  GetPublicAccessBlockCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutBucketOwnershipControlsCommand,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutPublicAccessBlockCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Account, openAccount } from './support/account.ts';

// S3 user guide, "Verifying bucket ownership with bucket owner condition": 403 Access Denied, by every call about a bucket or an object.
const Bucket = 'ml-releases';
const owned = { Bucket, ExpectedBucketOwner: '111122223333' };
const Policy = JSON.stringify({
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Deny',
      Principal: '*',
      Action: 's3:*',
      Resource: `arn:aws:s3:::${Bucket}/x`,
      Condition: { Bool: { 'aws:SecureTransport': 'false' } },
    },
  ],
});
const object = { ...owned, Key: 'k' };
const copy = { CopySource: `${Bucket}/k`, CopySourceIfMatch: '*' };

let account: Account;
let upload: { readonly UploadId: string };
beforeAll(async () => {
  account = await openAccount();
  account.simulator.objects.put(Bucket, 'k', Buffer.from('content'));
  const { UploadId = '' } = await account.s3.send(new CreateMultipartUploadCommand({ ...object, Key: 'u' }));
  upload = { UploadId };
});
afterAll(() => account.simulator.close());

/** In an order in which each is possible. */
const calls: readonly (readonly [string, (given: object) => unknown])[] = [
  ['HeadBucket', (given) => new HeadBucketCommand({ ...owned, ...given })],
  ['ListObjectsV2', (given) => new ListObjectsV2Command({ ...owned, ...given })],
  ['PutObject', (given) => new PutObjectCommand({ ...object, Body: 'content', ...given })],
  ['HeadObject', (given) => new HeadObjectCommand({ ...object, ...given })],
  ['GetObject', (given) => new GetObjectCommand({ ...object, ...given })],
  ['CopyObject', (given) => new CopyObjectCommand({ ...object, ...copy, Key: 'c', ...given })],
  ['CreateMultipartUpload', (given) => new CreateMultipartUploadCommand({ ...object, Key: 'v', ...given })],
  [
    'UploadPart',
    (given) => new UploadPartCommand({ ...object, ...upload, Key: 'u', PartNumber: 1, Body: 'content', ...given }),
  ],
  [
    'UploadPartCopy',
    (given) => new UploadPartCopyCommand({ ...object, ...upload, ...copy, Key: 'u', PartNumber: 1, ...given }),
  ],
  ['ListParts', (given) => new ListPartsCommand({ ...object, ...upload, Key: 'u', ...given })],
  ['ListMultipartUploads', (given) => new ListMultipartUploadsCommand({ ...owned, ...given })],
  [
    'CompleteMultipartUpload',
    (given) =>
      new CompleteMultipartUploadCommand({
        ...{ ...object, ...upload, Key: 'u', ...given },
        MultipartUpload: { Parts: [{ PartNumber: 1, ETag: '9a0364b9e99bb480dd25e1f0284c8555' }] },
      }),
  ],
  ['AbortMultipartUpload', (given) => new AbortMultipartUploadCommand({ ...object, ...upload, Key: 'u', ...given })],
  ['DeleteObject', (given) => new DeleteObjectCommand({ ...object, Key: 'c', ...given })],
  [
    'PutBucketVersioning',
    (given) => new PutBucketVersioningCommand({ ...owned, VersioningConfiguration: { Status: 'Enabled' }, ...given }),
  ],
  ['GetBucketVersioning', (given) => new GetBucketVersioningCommand({ ...owned, ...given })],
  ['PutBucketPolicy', (given) => new PutBucketPolicyCommand({ ...owned, Policy, ...given })],
  ['GetBucketPolicy', (given) => new GetBucketPolicyCommand({ ...owned, ...given })],
  [
    'PutPublicAccessBlock',
    (given) =>
      new PutPublicAccessBlockCommand({
        ...{ ...owned, ...given },
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: true,
          IgnorePublicAcls: true,
          BlockPublicPolicy: true,
          RestrictPublicBuckets: true,
        },
      }),
  ],
  ['GetPublicAccessBlock', (given) => new GetPublicAccessBlockCommand({ ...owned, ...given })],
  [
    'PutBucketOwnershipControls',
    (given) =>
      new PutBucketOwnershipControlsCommand({
        ...{ ...owned, ...given },
        OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
      }),
  ],
  ['GetBucketOwnershipControls', (given) => new GetBucketOwnershipControlsCommand({ ...owned, ...given })],
];

test.each(calls)('%s refuses a bucket of another owner than the expected one', async (_operation, command) => {
  const send = async (given: object): Promise<number | undefined> => {
    const sent = (account.s3.send as (one: unknown) => Promise<unknown>)(command(given));
    return sent.then(
      () => undefined,
      (error) => error.$metadata?.httpStatusCode,
    );
  };
  expect(await send({ ExpectedBucketOwner: '999988887777' })).toBe(403);
  expect([undefined, 404]).toContain(await send({}));
});
