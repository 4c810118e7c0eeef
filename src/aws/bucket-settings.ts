import {
  CreateBucketCommand,
  type CreateBucketCommandInput,
  GetBucketPolicyCommand,
  HeadBucketCommand,
  PutBucketOwnershipControlsCommand,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  PutPublicAccessBlockCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { Sender } from './sender.ts';

/** A bucket of this account. */
export interface OwnBucket {
  readonly Bucket: string;
  readonly ExpectedBucketOwner: string;
}

/** Creates a bucket and keeps it closed, one method per call. Only the command uses it; operations do not. */
export const bucketSettings = (send: Sender<S3Client>) => ({
  headBucket: (bucket: OwnBucket) => send(new HeadBucketCommand(bucket)),
  createBucket: (input: CreateBucketCommandInput) => send(new CreateBucketCommand(input)),
  enableVersioning: (bucket: OwnBucket) =>
    send(new PutBucketVersioningCommand({ ...bucket, VersioningConfiguration: { Status: 'Enabled' } })),
  blockPublicAccess: (bucket: OwnBucket) =>
    send(
      new PutPublicAccessBlockCommand({
        ...bucket,
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: true,
          IgnorePublicAcls: true,
          BlockPublicPolicy: true,
          RestrictPublicBuckets: true,
        },
      }),
    ),
  enforceOwnership: (bucket: OwnBucket) =>
    send(
      new PutBucketOwnershipControlsCommand({
        ...bucket,
        OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
      }),
    ),
  getPolicy: async (bucket: OwnBucket) => (await send(new GetBucketPolicyCommand(bucket))).Policy,
  putPolicy: (bucket: OwnBucket, Policy: string) => send(new PutBucketPolicyCommand({ ...bucket, Policy })),
});
export type BucketSettings = ReturnType<typeof bucketSettings>;
