import { AwsError, type Call, type Handler, type Kernel } from '../contracts.ts';
import { malformedXml } from '../protocols/xml.ts';
import { type BucketPolicy, readBucketPolicy } from './s3-policy.ts';

/** The settings of a bucket, apart from its objects. */
interface Settings {
  /** Other than the simulated account. */
  owner?: string;
  versioning?: 'Enabled' | 'Suspended';
  publicAccessBlock?: Readonly<Record<string, string>>;
  ownership?: string;
  policy?: { readonly text: string; readonly denies: BucketPolicy };
}

export interface BucketInput {
  readonly Bucket: string;
  readonly ExpectedBucketOwner?: string | undefined;
}

/** Buckets and their settings: creation, ownership, versioning, public access, policy. */
export const createBuckets = (kernel: Kernel, seeded: readonly string[]) => {
  const buckets = new Map<string, Settings>(seeded.map((name) => [name, {}]));

  /** @throws AwsError `NoSuchBucket`, and `AccessDenied` when it is not the expected account's */
  const find = ({ Bucket, ExpectedBucketOwner: expected }: BucketInput): Settings => {
    const bucket = buckets.get(Bucket);
    if (bucket === undefined)
      throw new AwsError('NoSuchBucket', 'The specified bucket does not exist', 404, { BucketName: Bucket });
    // S3 user guide, "Verifying bucket ownership with bucket owner condition": 403 Access Denied.
    if (expected !== undefined && expected !== (bucket.owner ?? kernel.accountId)) throw accessDenied();
    return bucket;
  };

  /** Applies the bucket's own policy; a call without a principal (the driver's) passes. */
  const authorize = (action: string, input: BucketInput & { readonly Key?: string }, call: Call | undefined): void => {
    const { policy } = find(input);
    if (policy === undefined || call === undefined) return;
    const resource = `arn:aws:s3:::${input.Bucket}${input.Key === undefined ? '' : `/${input.Key}`}`;
    const conditions = input as { readonly IfMatch?: string; readonly IfNoneMatch?: string };
    const keys = { 's3:if-match': conditions.IfMatch, 's3:if-none-match': conditions.IfNoneMatch };
    if (policy.denies({ principal: call.principal, action, resource, keys })) throw accessDenied();
  };

  const operations = {
    HeadBucket: (input: BucketInput) => {
      find(input);
      return { BucketRegion: kernel.region };
    },
    CreateBucket: (input: BucketInput & { readonly LocationConstraint?: string }) => {
      const { Bucket, LocationConstraint = 'us-east-1' } = input;
      if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(Bucket))
        throw new AwsError('InvalidBucketName', 'The specified bucket is not valid.', 400, { BucketName: Bucket });
      const existing = buckets.get(Bucket);
      if (existing?.owner !== undefined)
        throw new AwsError(
          'BucketAlreadyExists',
          'The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again.',
          409,
          { BucketName: Bucket },
        );
      if (existing !== undefined) {
        const message = 'Your previous request to create the named bucket succeeded and you already own it.';
        throw new AwsError('BucketAlreadyOwnedByYou', message, 409, { BucketName: Bucket });
      }
      // S3 API reference, CreateBucket: the constraint of us-east-1 is none, and elsewhere it is the endpoint's region.
      if (LocationConstraint !== kernel.region)
        throw new AwsError(
          'IllegalLocationConstraintException',
          `The ${LocationConstraint === 'us-east-1' ? 'unspecified' : LocationConstraint} location constraint is incompatible for the region specific endpoint this request was sent to.`,
        );
      buckets.set(Bucket, {});
      return { Location: `/${Bucket}` };
    },
    PutBucketVersioning: (input: BucketInput & { readonly Status?: string }) => {
      if (input.Status !== 'Enabled' && input.Status !== 'Suspended') throw malformedXml();
      find(input).versioning = input.Status;
      return {};
    },
    GetBucketVersioning: (input: BucketInput) => {
      const { versioning } = find(input);
      return versioning === undefined ? {} : { Status: versioning };
    },
    PutPublicAccessBlock: (input: BucketInput & Readonly<Record<string, string>>) => {
      find(input).publicAccessBlock = Object.fromEntries(blocks.map((name) => [name, input[name] ?? 'false']));
      return {};
    },
    GetPublicAccessBlock: (input: BucketInput) =>
      find(input).publicAccessBlock ??
      refuse('NoSuchPublicAccessBlockConfiguration', 'The public access block configuration was not found'),
    PutBucketOwnershipControls: (input: BucketInput & { readonly ObjectOwnership?: string }) => {
      if (!/^(BucketOwnerEnforced|BucketOwnerPreferred|ObjectWriter)$/.test(input.ObjectOwnership ?? ''))
        throw malformedXml();
      find(input).ownership = input.ObjectOwnership ?? '';
      return {};
    },
    // New buckets have it enforced since April 2023 (S3 user guide, "Controlling ownership of objects").
    GetBucketOwnershipControls: (input: BucketInput) => ({
      Rule: { ObjectOwnership: find(input).ownership ?? 'BucketOwnerEnforced' },
    }),
    PutBucketPolicy: (input: BucketInput & { readonly Policy: string }) => {
      find(input).policy = { text: input.Policy, denies: readBucketPolicy(input.Policy, input.Bucket) };
      return {};
    },
    GetBucketPolicy: (input: BucketInput) => {
      const { policy } = find(input);
      return policy ? { Policy: policy.text } : refuse('NoSuchBucketPolicy', 'The bucket policy does not exist');
    },
  } satisfies Record<string, Handler>;

  return {
    operations,
    find,
    authorize,
    isVersioned: (bucket: string): boolean => {
      const versioning = buckets.get(bucket)?.versioning;
      return versioning === undefined ? kernel.settings.s3Versioning : versioning === 'Enabled';
    },
    /** Makes it when there is none. */
    seed: (bucket: string, owner?: string): void => {
      buckets.set(bucket, { ...buckets.get(bucket), ...(owner === undefined ? {} : { owner }) });
    },
    drop: (bucket: string): void => {
      buckets.delete(bucket);
    },
  };
};

const blocks = ['BlockPublicAcls', 'IgnorePublicAcls', 'BlockPublicPolicy', 'RestrictPublicBuckets'];

const refuse = (code: string, message: string): never => {
  throw new AwsError(code, message, 404);
};
export const accessDenied = (): AwsError => new AwsError('AccessDenied', 'Access Denied', 403);
