import { AwsError, type Call, type Handler, type Instant, type Kernel, type Principal } from '../contracts.ts';
import { mayPass } from '../iam/across.ts';
import type { Decision } from '../iam/evaluate.ts';
import { isPublic, type PolicyWords, type ResourcePolicy, readResourcePolicy } from '../iam/resource-policy.ts';
import { notSimulated } from '../not-simulated.ts';
import { malformedXml } from '../protocols/xml.ts';
import { digestOf } from '../random.ts';
import { type Tag, tagsOfDocument } from './s3-tags.ts';

/** The settings of a bucket, apart from its objects. */
interface Settings {
  readonly createdAt: Instant;
  /** Other than the simulated account. */
  owner?: string;
  /** Its owner has opened it to the simulated account, in ways that are not simulated. */
  lent?: boolean;
  /** Other than the simulated region. */
  region?: string;
  /** As it was given: `EU` is another word for eu-west-1. */
  location?: string;
  /** ARN of the KMS key that encrypts every object of the bucket. */
  key?: string;
  tags?: readonly Tag[];
  versioning?: 'Enabled' | 'Suspended';
  publicAccessBlock?: Readonly<Record<string, string>>;
  ownership?: string;
  policy?: { readonly text: string; readonly decide: ResourcePolicy };
}

export interface BucketInput {
  readonly Bucket: string;
  readonly ExpectedBucketOwner?: string | undefined;
}

/** Buckets and their settings: creation, ownership, versioning, public access, policy. */
export const createBuckets = (kernel: Kernel, seeded: readonly string[]) => {
  const buckets = new Map<string, Settings>(seeded.map((name) => [name, ownedBy(kernel, kernel.accountId)]));

  /** @throws AwsError `NoSuchBucket`, and `AccessDenied` when it is not the expected account's */
  const find = ({ Bucket, ExpectedBucketOwner: expected }: BucketInput): Settings => {
    if (expected !== undefined && !/^\d{12}$/.test(expected))
      throw new AwsError(
        'InvalidBucketOwnerAWSAccountID',
        `The value of the expected bucket owner parameter must be an AWS Account ID... [${expected}]`,
      );
    const bucket = buckets.get(Bucket);
    if (bucket === undefined) throw noSuchBucket(Bucket);
    // S3 user guide, "Verifying bucket ownership with bucket owner condition": 403 Access Denied.
    if (expected !== undefined && expected !== ownerOf(bucket)) throw accessDenied();
    return bucket;
  };

  const ownerOf = (bucket: Settings): string => bucket.owner ?? kernel.accountId;
  const regionOf = (bucket: Settings): string => bucket.region ?? kernel.region;

  const mayDo = (
    principal: Principal,
    action: string,
    input: BucketInput & { readonly Key?: string },
    byIdentity: Decision = 'allowed',
  ): boolean => {
    const bucket = find(input);
    const resource = `arn:aws:s3:::${input.Bucket}${input.Key === undefined ? '' : `/${input.Key}`}`;
    const conditions = input as { readonly IfMatch?: string; readonly IfNoneMatch?: string };
    const keys = { 's3:if-match': conditions.IfMatch, 's3:if-none-match': conditions.IfNoneMatch };
    const decision = bucket.policy?.decide({ principal, action, resource, keys }) ?? 'silent';
    return mayPass(decision, principal, bucket.lent ? principal.accountId : ownerOf(bucket), byIdentity);
  };

  /** A region's endpoint serves the buckets of its region, and names the region of another one (S3 user guide, "Making requests"). */
  const refuseElsewhere = ({ Bucket }: BucketInput, call: Call | undefined): void => {
    const bucket = buckets.get(Bucket);
    const region = bucket && regionOf(bucket);
    if (region === undefined || call?.region === undefined || call.region === region) return;
    // The driver's calls pass everywhere.
    if (call.principal.accessKeyId === driverKey) return;
    throw new AwsError(
      'PermanentRedirect',
      'The bucket you are attempting to access must be addressed using the specified endpoint. Please send all future requests to this endpoint.',
      301,
      { Endpoint: `${Bucket}.s3.${region}.amazonaws.com`, Bucket },
      { 'x-amz-bucket-region': region },
    );
  };

  /** Applies the bucket's own policy; the driver's calls pass. */
  const authorize = (action: string, input: BucketInput & { readonly Key?: string }, call: Call | undefined): void => {
    find(input);
    if (call === undefined || call.principal.accessKeyId === driverKey) return;
    if (!mayDo(call.principal, action, input)) throw accessDenied();
  };

  /** The settings of a bucket are its owner's; the policy is refused to others by another status (S3 API reference, GetBucketPolicy). */
  const authorizeOwner = (input: BucketInput, call: Call | undefined): void => {
    const bucket = buckets.get(input.Bucket);
    if (bucket === undefined || call === undefined || call.principal.accessKeyId === driverKey) return;
    if (call.principal.accountId !== ownerOf(bucket)) throw accessDenied();
  };

  const operations = {
    HeadBucket: (input: BucketInput) => ({
      BucketRegion: regionOf(find(input)),
      BucketArn: `arn:aws:s3:::${input.Bucket}`,
      // Whether the name is an alias of an access point.
      AccessPointAlias: false,
    }),
    GetBucketLocation: (input: BucketInput) => {
      const bucket = find(input);
      const region = bucket.location ?? regionOf(bucket);
      return { LocationConstraint: region === 'us-east-1' ? undefined : region };
    },
    CreateBucket: (input: BucketInput & { readonly LocationConstraint?: string }, call: Call) => {
      const { Bucket, LocationConstraint, ...others } = input;
      const [unserved] = Object.keys(others);
      if (unserved !== undefined) throw notSimulated(`s3 CreateBucket, element ${unserved}`);
      const here = call.region ?? kernel.region;
      if (!isBucketName(Bucket))
        throw new AwsError('InvalidBucketName', 'The specified bucket is not valid.', 400, { BucketName: Bucket });
      const existing = buckets.get(Bucket);
      if (existing !== undefined && ownerOf(existing) !== call.principal.accountId)
        throw new AwsError(
          'BucketAlreadyExists',
          'The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again.',
          409,
          { BucketName: Bucket },
        );
      if (
        here === 'us-east-1' &&
        LocationConstraint !== undefined &&
        !/^(EU|[a-z]{2}(-[a-z]+){1,2}-\d)$/.test(LocationConstraint)
      )
        throw new AwsError('InvalidLocationConstraint', 'The specified location-constraint is not valid', 400, {
          LocationConstraint,
        });
      const wanted = LocationConstraint === 'EU' ? 'eu-west-1' : (LocationConstraint ?? 'us-east-1');
      // S3 API reference, CreateBucket: only us-east-1 makes buckets elsewhere, and has no constraint for its own.
      if (here === 'us-east-1' ? LocationConstraint === 'us-east-1' : wanted !== here)
        throw new AwsError(
          here === 'us-east-1' ? 'InvalidLocationConstraint' : 'IllegalLocationConstraintException',
          here === 'us-east-1'
            ? 'The specified location-constraint is not valid'
            : `The ${LocationConstraint ?? 'unspecified'} location constraint is incompatible for the region specific endpoint this request was sent to.`,
          400,
          here === 'us-east-1' ? { LocationConstraint } : {},
        );
      // S3 API reference, CreateBucket: in us-east-1 the owner may create a bucket again, which changes nothing.
      if (existing !== undefined && !(here === 'us-east-1' && regionOf(existing) === here)) {
        const message = 'Your previous request to create the named bucket succeeded and you already own it.';
        throw new AwsError('BucketAlreadyOwnedByYou', message, 409, { BucketName: Bucket });
      }
      if (existing === undefined)
        buckets.set(Bucket, {
          ...ownedBy(kernel, call.principal.accountId, wanted),
          ...(LocationConstraint === 'EU' ? { location: 'EU' } : {}),
        });
      const Location = wanted === 'us-east-1' ? `/${Bucket}` : `http://${Bucket}.s3.amazonaws.com/`;
      return { Location, BucketArn: `arn:aws:s3:::${Bucket}` };
    },
    PutBucketTagging: (input: BucketInput & { readonly Tags: readonly Readonly<Record<string, string>>[] }) => {
      find(input).tags = tagsOfDocument(input.Tags, 'bucket');
      return {};
    },
    GetBucketTagging: (input: BucketInput) => {
      const { tags = [] } = find(input);
      if (tags.length === 0)
        throw new AwsError('NoSuchTagSet', 'The TagSet does not exist', 404, { BucketName: input.Bucket });
      return { TagSet: { Tag: tags } };
    },
    DeleteBucketTagging: (input: BucketInput) => {
      delete find(input).tags;
      return {};
    },
    /** Of the caller's account, by name (S3 API reference, ListBuckets). */
    ListBuckets: (
      input: { readonly MaxBuckets?: number; readonly ContinuationToken?: string; readonly Prefix?: string },
      { principal }: Call,
    ) => {
      const { MaxBuckets = 10_000, ContinuationToken, Prefix } = input;
      // S3 API reference, Bucket: "If the request contains at least one valid parameter, it is included in the response."
      const isAsked = [input.MaxBuckets, ContinuationToken, Prefix].some((parameter) => parameter !== undefined);
      if (!(Number.isInteger(MaxBuckets) && MaxBuckets >= 1 && MaxBuckets <= 10_000))
        throw new AwsError('InvalidArgument', 'max-buckets must be between 1 and 10000');
      const after = ContinuationToken === undefined ? '' : Buffer.from(ContinuationToken, 'base64').toString('utf8');
      const own = [...buckets]
        .filter(
          ([name, bucket]) => ownerOf(bucket) === principal.accountId && name.startsWith(Prefix ?? '') && name > after,
        )
        .toSorted(([one], [other]) => (one < other ? -1 : 1));
      const shown = own.slice(0, MaxBuckets);
      const last = shown.at(-1)?.[0] ?? '';
      return {
        Owner: { ID: digestOf('s3 owner', principal.accountId).toString('hex') },
        Buckets: {
          Bucket: shown.map(([Name, bucket]) => ({
            Name,
            CreationDate: new Date(bucket.createdAt).toISOString(),
            ...(isAsked ? { BucketRegion: regionOf(bucket), BucketArn: `arn:aws:s3:::${Name}` } : {}),
          })),
        },
        ...(own.length > shown.length ? { ContinuationToken: Buffer.from(last).toString('base64') } : {}),
        ...(Prefix === undefined ? {} : { Prefix }),
      };
    },
    PutBucketVersioning: (input: BucketInput & { readonly Status?: string }) => {
      if (input.Status === undefined)
        throw new AwsError('IllegalVersioningConfigurationException', 'The Versioning element must be specified');
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
    GetPublicAccessBlock: (input: BucketInput) => blocksOf(find(input)),
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
    PutBucketPolicy: (input: BucketInput & { readonly Policy: string }, { principal }) => {
      const bucket = find(input);
      const decide = readResourcePolicy(input.Policy, wordsOf(input.Bucket));
      if (blocksOf(bucket)['BlockPublicPolicy'] === 'true' && isPublic(input.Policy))
        throw new AwsError(
          'AccessDenied',
          `User: ${principal.arn} is not authorized to perform: s3:PutBucketPolicy on resource: "arn:aws:s3:::${input.Bucket}" because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access.`,
          403,
        );
      bucket.policy = { text: input.Policy, decide };
      return {};
    },
    GetBucketPolicy: (input: BucketInput) => {
      const { policy } = find(input);
      return policy ? { Policy: policy.text } : refuse('NoSuchBucketPolicy', 'The bucket policy does not exist', input);
    },
  } satisfies Record<string, Handler>;

  return {
    operations,
    find,
    authorize,
    authorizeOwner,
    refuseElsewhere,
    mayDo,
    exists: (bucket: string): boolean => buckets.has(bucket),
    regionOf: (bucket: string): string => regionOf(find({ Bucket: bucket })),
    keyOf: (bucket: string): string | undefined => buckets.get(bucket)?.key,
    encrypt: (bucket: string, key: string): void => {
      find({ Bucket: bucket }).key = key;
    },
    create: (bucket: string, account: string, region?: string): void => {
      if (buckets.has(bucket)) throw new RangeError(`the bucket ${bucket} exists`);
      if (!isBucketName(bucket)) throw new RangeError(`${bucket} is no name of a bucket`);
      buckets.set(bucket, ownedBy(kernel, account, region));
    },
    /** Undefined: the bucket never kept versions. */
    versioningOf: (bucket: string): 'Enabled' | 'Suspended' | undefined =>
      buckets.get(bucket)?.versioning ?? (kernel.settings.s3Versioning ? 'Enabled' : undefined),
    ownerOf: (bucket: string): string => ownerOf(find({ Bucket: bucket })),
    /** Makes it when there is none. */
    seed: (bucket: string, owner?: string): void => {
      const before = buckets.get(bucket) ?? ownedBy(kernel, kernel.accountId);
      buckets.set(bucket, { ...before, ...(owner === undefined ? {} : { owner, lent: true }) });
    },
    drop: (bucket: string): void => {
      buckets.delete(bucket);
    },
  };
};

/** S3 user guide, "General purpose bucket naming rules". */
const isBucketName = (name: string): boolean =>
  /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name) &&
  !/\.\.|^\d+\.\d+\.\d+\.\d+$|^(xn--|sthree-|amzn-s3-demo-)|(-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)$/.test(name);

const blocks = ['BlockPublicAcls', 'IgnorePublicAcls', 'BlockPublicPolicy', 'RestrictPublicBuckets'];

/** New buckets have all four since April 2023 (S3 user guide, "Blocking public access to your Amazon S3 storage"). */
const blocksOf = ({ publicAccessBlock }: Settings): Readonly<Record<string, string>> =>
  publicAccessBlock ?? Object.fromEntries(blocks.map((name) => [name, 'true']));

const refuse = (code: string, message: string, { Bucket }: BucketInput): never => {
  throw new AwsError(code, message, 404, { BucketName: Bucket });
};

const driverKey = 'driver';

const ownedBy = ({ accountId, region: home, clock }: Kernel, owner: string, region = home): Settings => ({
  createdAt: clock.now(),
  ...(owner === accountId ? {} : { owner }),
  ...(region === home ? {} : { region }),
});

const wordsOf = (bucket: string): PolicyWords => {
  const named = new RegExp(`^arn:aws[a-z-]*:s3:::${bucket.replaceAll('.', '\\.')}(/.*)?$`);
  return {
    malformed: (message) => new AwsError('MalformedPolicy', message, 400),
    notServed: (what) => notSimulated(`${what} in a bucket policy`),
    mayAllow: (action) => /^(\*|s3(express|-object-lambda|-outposts)?:.+)$/i.test(action),
    mayName: (arn) => named.test(arn),
  };
};

const noSuchBucket = (BucketName: string): AwsError =>
  new AwsError('NoSuchBucket', 'The specified bucket does not exist', 404, { BucketName });

export const accessDenied = (): AwsError => new AwsError('AccessDenied', 'Access Denied', 403);
