import { createHash } from 'node:crypto';
import {
  AwsError,
  type Call,
  type Handler,
  type Instant,
  type Kernel,
  type Objects,
  type Principal,
  type Service,
} from '../contracts.ts';
import { crc32 } from '../crc32.ts';
import type { IdentityDecision } from '../iam/across.ts';
import { notImplemented } from '../protocols/s3.ts';
import { digestOf } from '../random.ts';
import type { KeyPolicies } from './kms.ts';
import { type BucketInput, createBuckets } from './s3-buckets.ts';
import { type ListInput, list } from './s3-listing.ts';
import { partOf } from './s3-range.ts';
import { type Content, createUploads } from './s3-uploads.ts';

interface Stored extends Content {
  readonly etag: string;
  readonly contentType: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** Member name (`ChecksumSHA256`) and value, as the uploader chose. */
  readonly checksum: readonly [member: string, value: string] | undefined;
  readonly lastModified: Instant;
  readonly versionId: string | undefined;
}
/** Newest last; `undefined` is a delete marker. Without versioning a list has at most one element. */
type Versions = (Stored | undefined)[];

/** S3: the calls a delivery needs, with the conditional writes of AWS ("Add preconditions to S3 operations with conditional requests"). */
export const createS3 = (
  kernel: Kernel,
  seededBuckets: readonly string[],
  keys: KeyPolicies,
  identity: IdentityDecision,
): { service: Service; objects: Objects } => {
  const known = createBuckets(kernel, seededBuckets);
  const contents = new Map<string, Map<string, Versions>>();
  let writes = 0;

  const contentsOf = (name: string): Map<string, Versions> => {
    const found = contents.get(name) ?? new Map<string, Versions>();
    contents.set(name, found);
    return found;
  };
  const bucketOf = (input: BucketInput): Map<string, Versions> => {
    known.find(input);
    return contentsOf(input.Bucket);
  };

  const find = (input: { Bucket: string; Key: string; VersionId?: string; ExpectedBucketOwner?: string }): Stored => {
    const versions = bucketOf(input).get(input.Key) ?? [];
    if (input.VersionId === undefined) return versions.at(-1) ?? refuse(noSuchKey(input.Key));
    const version = versions.find((candidate) => candidate?.versionId === input.VersionId);
    return (
      version ?? refuse(new AwsError('NoSuchVersion', 'The specified version does not exist.', 404, { Key: input.Key }))
    );
  };

  /** AWS evaluates the precondition and writes in one step; this function does the same, because it never waits. */
  const checkWrite = (input: Preconditions, existing: Stored | undefined): void => {
    if (input.IfNoneMatch !== undefined) {
      if (input.IfNoneMatch !== '*') throw notImplemented();
      if (existing !== undefined) throw preconditionFailed('If-None-Match');
    }
    if (input.IfMatch !== undefined) {
      if (existing === undefined) throw noSuchKey(input.Key);
      if (!sameEtag(input.IfMatch, existing.etag)) throw preconditionFailed('If-Match');
    }
  };

  const write = (
    name: string,
    key: string,
    { etag: given, ...object }: Omit<Stored, 'etag' | 'lastModified' | 'versionId'> & { readonly etag?: string },
  ): Stored => {
    const bucket = contentsOf(name);
    const versionId = known.isVersioned(name)
      ? digestOf('s3-version', ++writes).toString('base64url').slice(0, 32)
      : undefined;
    const etag = given ?? `"${createHash('md5').update(object.body).digest('hex')}"`;
    const stored: Stored = { ...object, etag, lastModified: kernel.clock.now(), versionId };
    bucket.set(key, versionId === undefined ? [stored] : [...(bucket.get(key) ?? []), stored]);
    return stored;
  };

  const describe = (stored: Stored, withChecksum: boolean, key?: string): Record<string, unknown> => ({
    ETag: stored.etag,
    ...(key === undefined ? { ServerSideEncryption: 'AES256' } : { ServerSideEncryption: 'aws:kms', SSEKMSKeyId: key }),
    ...(stored.versionId === undefined ? {} : { VersionId: stored.versionId }),
    ...(withChecksum && stored.checksum !== undefined
      ? {
          [stored.checksum[0]]: stored.checksum[1],
          ChecksumType: stored.checksum[1].includes('-') ? 'COMPOSITE' : 'FULL_OBJECT',
        }
      : {}),
  });

  const read = (input: ReadInput, call: Call, content: boolean): Record<string, unknown> => {
    const stored = find(input);
    const key = known.keyOf(input.Bucket);
    // The headers need no key; the content and its checksum do (S3 API reference, HeadObject, "Permissions").
    if (key !== undefined && (content || input.ChecksumMode === 'ENABLED')) keys.authorize(call.principal, key);
    if (input.IfMatch !== undefined && !sameEtag(input.IfMatch, stored.etag)) throw preconditionFailed('If-Match');
    if (input.IfNoneMatch !== undefined && sameEtag(input.IfNoneMatch, stored.etag)) {
      throw new AwsError('NotModified', 'Not Modified', 304);
    }
    return {
      ...describe(stored, input.ChecksumMode === 'ENABLED', key),
      ContentType: stored.contentType,
      ContentLength: stored.bytes,
      LastModified: new Date(stored.lastModified),
      Metadata: stored.metadata,
    };
  };

  /** The source of a copy, under its conditions. */
  const sourceIn = (input: CopyInput, call: Call): Stored => {
    const { ExpectedSourceBucketOwner: owner } = input;
    const from = sourceOf(input.CopySource);
    const source = find(owner === undefined ? from : { ...from, ExpectedBucketOwner: owner });
    const key = known.keyOf(from.Bucket);
    if (key !== undefined) keys.authorize(call.principal, key);
    if (input.CopySourceIfMatch !== undefined && !sameEtag(input.CopySourceIfMatch, source.etag)) {
      throw preconditionFailed('x-amz-copy-source-If-Match');
    }
    return source;
  };

  const uploads = createUploads(kernel, {
    source: (input, call) => sourceIn(input as CopyInput, call),
    keep: (input, { composite, ...made }) => {
      checkWrite(input, bucketOf(input).get(input.Key)?.at(-1));
      const stored = write(input.Bucket, input.Key, {
        ...made,
        checksum: composite === undefined ? undefined : ['ChecksumSHA256', composite],
      });
      const { ETag, VersionId, ServerSideEncryption, ...checksum } = describe(stored, true);
      const { Bucket, Key } = input;
      return { CompleteMultipartUploadResult: { Bucket, Key, ETag, ...checksum }, VersionId, ServerSideEncryption };
    },
  });
  const inBucket = Object.fromEntries(
    Object.entries(uploads).map(([name, handler]): [string, Handler] => [
      name,
      (input: BucketInput, call) => {
        known.find(input);
        return handler(input, call);
      },
    ]),
  );

  const operations: Record<string, Handler> = {
    ...known.operations,
    ...inBucket,
    DeleteBucket: (input: BucketInput) => {
      // A delete marker counts too (S3 API reference, DeleteBucket: "All objects (including all object versions and delete markers)").
      if ([...bucketOf(input).values()].some((versions) => versions.length > 0))
        throw new AwsError('BucketNotEmpty', 'The bucket you tried to delete is not empty', 409, {
          BucketName: input.Bucket,
        });
      known.drop(input.Bucket);
      contents.delete(input.Bucket);
      return {};
    },
    HeadObject: (input: ReadInput, call) => read(input, call, false),
    GetObject: (input: ReadInput, call) => {
      const { body, bytes } = find(input);
      if (body.length !== bytes) throw notImplemented();
      const { Range: range, ...whole } = input;
      if (range === undefined) return { ...read(input, call, true), Body: body };
      // A checksum is one of the whole object, so that S3 sends none with a part of it.
      const { ChecksumMode: _mode, ...part } = whole;
      const answer = read(part, call, true);
      return { ...answer, ...partOf(range, body) };
    },
    PutObject: (input: PutInput) => {
      const bucket = bucketOf(input);
      const body = input.Body ?? Buffer.alloc(0);
      const checksum = verifyChecksum(input, body);
      checkWrite(input, bucket.get(input.Key)?.at(-1));
      const contentType = input.ContentType ?? 'binary/octet-stream';
      const stored = write(input.Bucket, input.Key, {
        body,
        bytes: body.length,
        contentType,
        metadata: input.Metadata ?? {},
        checksum,
      });
      return describe(stored, true);
    },
    CopyObject: (input: CopyInput, call) => {
      const bucket = bucketOf(input);
      const source = sourceIn(input, call);
      if (source.bytes > largestCopyBytes)
        throw new AwsError(
          'InvalidRequest',
          `The specified copy source is larger than the maximum allowable size for a copy source: ${largestCopyBytes}`,
        );
      checkWrite(input, bucket.get(input.Key)?.at(-1));
      const replaced = input.MetadataDirective === 'REPLACE';
      const stored = write(input.Bucket, input.Key, {
        body: source.body,
        bytes: source.bytes,
        contentType: (replaced ? input.ContentType : undefined) ?? source.contentType,
        metadata: replaced ? (input.Metadata ?? {}) : source.metadata,
        checksum:
          input.ChecksumAlgorithm === undefined ? source.checksum : computed(input.ChecksumAlgorithm, source.body),
      });
      const { ETag, VersionId, ServerSideEncryption, ...checksum } = describe(stored, true);
      const CopyObjectResult = { ETag, LastModified: new Date(stored.lastModified).toISOString(), ...checksum };
      return { CopyObjectResult, VersionId, ServerSideEncryption };
    },
    DeleteObject: (input: Preconditions & { VersionId?: string }) => {
      const bucket = bucketOf(input);
      const versions = bucket.get(input.Key) ?? [];
      if (input.IfMatch !== undefined) checkWrite({ ...input, IfMatch: input.IfMatch }, versions.at(-1));
      if (input.VersionId !== undefined) {
        bucket.set(
          input.Key,
          versions.filter((version) => version?.versionId !== input.VersionId),
        );
        return { VersionId: input.VersionId };
      }
      const versioned = known.isVersioned(input.Bucket);
      if (!versioned) bucket.delete(input.Key);
      else bucket.set(input.Key, [...versions, undefined]);
      return versioned ? { DeleteMarker: true } : {};
    },
    ListObjectsV2: (input: ListInput) => list(bucketOf(input), input),
  };

  /** For an identity that a service assumes: by its own policies and the bucket's. */
  const mayDo = (principal: Principal, action: string, bucket: string, key?: string): boolean => {
    const resource = `arn:aws:s3:::${bucket}${key === undefined ? '' : `/${key}`}`;
    const input = { Bucket: bucket, ...(key === undefined ? {} : { Key: key }) };
    return known.exists(bucket) && known.mayDo(principal, action, input, identity(principal, action, resource));
  };

  return {
    service: { operations: inRegion(underPolicy(operations, known), known) },
    objects: {
      lend: (bucket, owner) => known.seed(bucket, owner),
      create: known.create,
      encrypt: known.encrypt,
      mayRead(principal, bucket, key) {
        const encrypted = known.keyOf(bucket);
        return (
          mayDo(principal, 's3:GetObject', bucket, key) &&
          (encrypted === undefined || keys.mayDecrypt(principal, encrypted))
        );
      },
      mayWrite(principal, bucket, key) {
        const encrypted = known.keyOf(bucket);
        return (
          mayDo(principal, 's3:PutObject', bucket, key) &&
          (encrypted === undefined || keys.mayEncrypt(principal, encrypted))
        );
      },
      mayList: (principal, bucket) => mayDo(principal, 's3:ListBucket', bucket),
      regionOf: (bucket) => (known.exists(bucket) ? known.regionOf(bucket) : undefined),
      drop(bucket) {
        known.drop(bucket);
        contents.delete(bucket);
      },
      get: (bucket, key) => contents.get(bucket)?.get(key)?.at(-1),
      put(bucket, key, body, bytes = body.length) {
        known.seed(bucket);
        const checksum = bytes === body.length ? computed('CRC32', body) : undefined;
        write(bucket, key, { body, bytes, contentType: 'binary/octet-stream', metadata: {}, checksum });
      },
      under: (bucket, prefix) =>
        [...(contents.get(bucket) ?? [])].flatMap(([key, versions]) => {
          const stored = versions.at(-1);
          return stored !== undefined && key.startsWith(prefix) ? [{ key, body: stored.body }] : [];
        }),
    },
  };
};

/** The actions that a bucket's policy covers (AWS: Service Authorization Reference, S3). */
const policyActions: Readonly<Record<string, string>> = {
  HeadBucket: 's3:ListBucket',
  ListObjectsV2: 's3:ListBucket',
  HeadObject: 's3:GetObject',
  GetObject: 's3:GetObject',
  PutObject: 's3:PutObject',
  CopyObject: 's3:PutObject',
  DeleteObject: 's3:DeleteObject',
  CreateMultipartUpload: 's3:PutObject',
  UploadPartCopy: 's3:PutObject',
  CompleteMultipartUpload: 's3:PutObject',
  AbortMultipartUpload: 's3:AbortMultipartUpload',
  ListParts: 's3:ListMultipartUploadParts',
  ListMultipartUploads: 's3:ListBucketMultipartUploads',
};
/** S3 API reference, CopyObject. */
const largestCopyBytes = 5 * 1024 ** 3;

/** Operations that any region answers (S3 API reference, CreateBucket, GetBucketLocation). */
const anywhere = new Set(['CreateBucket', 'GetBucketLocation', 'ListBuckets']);

const inRegion = (
  operations: Readonly<Record<string, Handler>>,
  { refuseElsewhere }: Pick<ReturnType<typeof createBuckets>, 'refuseElsewhere'>,
): Readonly<Record<string, Handler>> =>
  Object.fromEntries(
    Object.entries(operations).map(([name, handler]): [string, Handler] => [
      name,
      anywhere.has(name)
        ? handler
        : (input: BucketInput, call) => {
            refuseElsewhere(input, call);
            return handler(input, call);
          },
    ]),
  );

const underPolicy = (
  operations: Readonly<Record<string, Handler>>,
  { authorize, authorizeOwner }: Pick<ReturnType<typeof createBuckets>, 'authorize' | 'authorizeOwner'>,
): Readonly<Record<string, Handler>> =>
  Object.fromEntries(
    Object.entries(operations).map(([name, handler]): [string, Handler] => {
      const action = policyActions[name];
      if (action === undefined)
        return [
          name,
          (input: BucketInput, call) => {
            if (name !== 'CreateBucket') authorizeOwner(input, call);
            return handler(input, call);
          },
        ];
      return [
        name,
        (
          input: BucketInput & { readonly Key?: string; readonly VersionId?: string; readonly CopySource?: string },
          call,
        ) => {
          const versioned = name === 'DeleteObject' && input.VersionId !== undefined;
          authorize(versioned ? 's3:DeleteObjectVersion' : action, input, call);
          if (input.CopySource !== undefined) authorize('s3:GetObject', sourceOf(input.CopySource), call);
          try {
            return handler(input, call);
          } catch (error) {
            // Without permission to list, an absent object of another account is forbidden too (S3 API reference, GetObject).
            if (error instanceof AwsError && error.code === 'NoSuchKey')
              authorize('s3:ListBucket', { Bucket: input.Bucket }, call);
            throw error;
          }
        },
      ];
    }),
  );

interface Preconditions {
  readonly Bucket: string;
  readonly Key: string;
  readonly IfMatch?: string;
  readonly IfNoneMatch?: string;
}
interface ReadInput extends Preconditions {
  readonly Range?: string;
  readonly VersionId?: string;
  readonly ChecksumMode?: string;
}
interface PutInput extends Preconditions {
  readonly Body?: Buffer;
  readonly ContentType?: string;
  readonly ContentMD5?: string;
  readonly Metadata?: Readonly<Record<string, string>>;
  readonly ChecksumAlgorithm?: string;
  readonly ChecksumCRC32?: string;
  readonly ChecksumSHA1?: string;
  readonly ChecksumSHA256?: string;
}
interface CopyInput extends PutInput {
  readonly CopySource: string;
  readonly CopySourceIfMatch?: string;
  readonly ExpectedSourceBucketOwner?: string;
  readonly MetadataDirective?: string;
}

const refuse = (error: AwsError): never => {
  throw error;
};
const noSuchKey = (key: string): AwsError =>
  new AwsError('NoSuchKey', 'The specified key does not exist.', 404, { Key: key });
const preconditionFailed = (condition: string): AwsError =>
  new AwsError('PreconditionFailed', 'At least one of the pre-conditions you specified did not hold', 412, {
    Condition: condition,
  });

const sameEtag = (given: string, etag: string): boolean =>
  given === '*' || given.replaceAll('"', '') === etag.replaceAll('"', '');

const sourceOf = (copySource: string): { Bucket: string; Key: string; VersionId?: string } => {
  const [path = '', query = ''] = decodeURIComponent(copySource).replace(/^\//, '').split('?versionId=');
  const slash = path.indexOf('/');
  if (slash < 1) {
    throw new AwsError('InvalidArgument', 'Copy Source must mention the source bucket and key: sourcebucket/sourcekey');
  }
  const VersionId = query === '' ? {} : { VersionId: query };
  return { Bucket: path.slice(0, slash), Key: path.slice(slash + 1), ...VersionId };
};

/** The algorithms node:crypto and node:zlib know; other checksums are accepted and not kept. */
const computed = (algorithm: string, body: Buffer): readonly [string, string] | undefined => {
  switch (algorithm) {
    case 'SHA1':
    case 'SHA256':
      return [`Checksum${algorithm}`, createHash(algorithm.toLowerCase()).update(body).digest('base64')];
    case 'CRC32': {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(crc32(body));
      return ['ChecksumCRC32', bytes.toString('base64')];
    }
    default:
      return undefined;
  }
};

const verifyChecksum = (input: PutInput, body: Buffer): readonly [string, string] | undefined => {
  if (input.ContentMD5 !== undefined && input.ContentMD5 !== createHash('md5').update(body).digest('base64')) {
    throw new AwsError('BadDigest', 'The Content-MD5 you specified did not match what we received.');
  }
  for (const algorithm of ['SHA256', 'SHA1', 'CRC32'] as const) {
    const announced = input[`Checksum${algorithm}`];
    if (announced === undefined) continue;
    const actual = computed(algorithm, body);
    if (actual?.[1] !== announced) {
      const message = `The ${algorithm} you specified did not match the calculated checksum.`;
      throw new AwsError('BadDigest', message);
    }
    return actual;
  }
  return computed(input.ChecksumAlgorithm ?? 'CRC32', body);
};
