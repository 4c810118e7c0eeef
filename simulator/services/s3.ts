import { createHash } from 'node:crypto';
import {
  AwsError,
  type Call,
  type Handler,
  type Instant,
  type Kernel,
  type Objects,
  type Service,
} from '../contracts.ts';
import { crc32 } from '../crc32.ts';
import { notImplemented } from '../protocols/s3.ts';
import { digestOf } from '../random.ts';
import type { KeyPolicies } from './kms.ts';
import { type BucketInput, createBuckets } from './s3-buckets.ts';

interface Stored {
  readonly body: Buffer;
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

  const write = (name: string, key: string, object: Omit<Stored, 'etag' | 'lastModified' | 'versionId'>): Stored => {
    const bucket = contentsOf(name);
    const versionId = known.isVersioned(name)
      ? digestOf('s3-version', ++writes).toString('base64url').slice(0, 32)
      : undefined;
    const etag = `"${createHash('md5').update(object.body).digest('hex')}"`;
    const stored: Stored = { ...object, etag, lastModified: kernel.clock.now(), versionId };
    bucket.set(key, versionId === undefined ? [stored] : [...(bucket.get(key) ?? []), stored]);
    return stored;
  };

  const describe = (stored: Stored, withChecksum: boolean, key?: string): Record<string, unknown> => ({
    ETag: stored.etag,
    ...(key === undefined ? { ServerSideEncryption: 'AES256' } : { ServerSideEncryption: 'aws:kms', SSEKMSKeyId: key }),
    ...(stored.versionId === undefined ? {} : { VersionId: stored.versionId }),
    ...(withChecksum && stored.checksum !== undefined
      ? { [stored.checksum[0]]: stored.checksum[1], ChecksumType: 'FULL_OBJECT' }
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
      ContentLength: stored.body.length,
      LastModified: new Date(stored.lastModified),
      Metadata: stored.metadata,
    };
  };

  const operations: Record<string, Handler> = {
    ...known.operations,
    HeadObject: (input: ReadInput, call) => read(input, call, false),
    GetObject: (input: ReadInput, call) => ({ ...read(input, call, true), Body: find(input).body }),
    PutObject: (input: PutInput) => {
      const bucket = bucketOf(input);
      const body = input.Body ?? Buffer.alloc(0);
      const checksum = verifyChecksum(input, body);
      checkWrite(input, bucket.get(input.Key)?.at(-1));
      const contentType = input.ContentType ?? 'binary/octet-stream';
      const stored = write(input.Bucket, input.Key, { body, contentType, metadata: input.Metadata ?? {}, checksum });
      return describe(stored, true);
    },
    CopyObject: (input: CopyInput, call) => {
      const bucket = bucketOf(input);
      const { ExpectedSourceBucketOwner: owner } = input;
      const from = sourceOf(input.CopySource);
      const source = find(owner === undefined ? from : { ...from, ExpectedBucketOwner: owner });
      const key = known.keyOf(from.Bucket);
      if (key !== undefined) keys.authorize(call.principal, key);
      if (input.CopySourceIfMatch !== undefined && !sameEtag(input.CopySourceIfMatch, source.etag)) {
        throw preconditionFailed('x-amz-copy-source-If-Match');
      }
      checkWrite(input, bucket.get(input.Key)?.at(-1));
      const replaced = input.MetadataDirective === 'REPLACE';
      const stored = write(input.Bucket, input.Key, {
        body: source.body,
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
    NotImplemented: () => {
      throw notImplemented();
    },
  };

  return {
    service: { operations: underPolicy(operations, known) },
    objects: {
      lend: (bucket, owner) => known.seed(bucket, owner),
      create: known.create,
      encrypt: known.encrypt,
      mayRead(principal, bucket, key) {
        if (!known.exists(bucket)) return false;
        const encrypted = known.keyOf(bucket);
        return (
          known.mayDo(principal, 's3:GetObject', { Bucket: bucket, Key: key }) &&
          (encrypted === undefined || keys.mayDecrypt(principal, encrypted))
        );
      },
      drop(bucket) {
        known.drop(bucket);
        contents.delete(bucket);
      },
      get: (bucket, key) => contents.get(bucket)?.get(key)?.at(-1),
      put(bucket, key, body) {
        known.seed(bucket);
        const checksum = computed('CRC32', body);
        write(bucket, key, { body, contentType: 'binary/octet-stream', metadata: {}, checksum });
      },
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
};

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
            if (name !== 'CreateBucket' && name !== 'NotImplemented') authorizeOwner(input, call);
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
interface ListInput {
  readonly Bucket: string;
  readonly Prefix?: string;
  readonly Delimiter?: string;
  readonly StartAfter?: string;
  readonly ContinuationToken?: string;
  readonly EncodingType?: string;
  readonly MaxKeys?: number;
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

/** Keys in UTF-8 order; a page counts keys and common prefixes alike (AWS: ListObjectsV2). */
const list = (bucket: Map<string, Versions>, input: ListInput): Record<string, unknown> => {
  const { Bucket, Prefix = '', Delimiter = '', MaxKeys = 1000 } = input;
  const after = input.ContinuationToken === undefined ? input.StartAfter : fromToken(input.ContinuationToken);
  const write = (text: string): string =>
    input.EncodingType === 'url' ? encodeURIComponent(text).replaceAll('%2F', '/') : text;
  const contents: object[] = [];
  const prefixes = new Set<string>();
  let last = '';
  let truncated = false;
  const ordered = [...bucket.entries()].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  for (const [key, versions] of ordered) {
    const stored = versions.at(-1);
    if (stored === undefined || !key.startsWith(Prefix)) continue;
    const cut = Delimiter === '' ? -1 : key.indexOf(Delimiter, Prefix.length);
    const prefix = cut < 0 ? undefined : key.slice(0, cut + Delimiter.length);
    // A token that names a common prefix stands behind everything under it.
    if (after !== undefined && Buffer.compare(Buffer.from(prefix ?? key), Buffer.from(after)) <= 0) continue;
    if (prefix !== undefined && prefixes.has(prefix)) continue;
    if (contents.length + prefixes.size >= MaxKeys) {
      truncated = true;
      break;
    }
    last = prefix ?? key;
    if (prefix !== undefined) prefixes.add(prefix);
    else {
      contents.push({
        Key: write(key),
        LastModified: new Date(stored.lastModified).toISOString(),
        ETag: stored.etag,
        Size: stored.body.length,
        StorageClass: 'STANDARD',
      });
    }
  }
  return {
    Name: Bucket,
    Prefix: write(Prefix),
    ...(Delimiter === '' ? {} : { Delimiter: write(Delimiter) }),
    MaxKeys,
    ...(input.EncodingType === undefined ? {} : { EncodingType: input.EncodingType }),
    KeyCount: contents.length + prefixes.size,
    IsTruncated: truncated,
    ...(truncated ? { NextContinuationToken: Buffer.from(last).toString('base64') } : {}),
    Contents: contents,
    CommonPrefixes: [...prefixes].map((prefix) => ({ Prefix: write(prefix) })),
  };
};

const fromToken = (token: string): string => {
  const key = Buffer.from(token, 'base64').toString('utf8');
  if (key === '') throw new AwsError('InvalidArgument', 'The continuation token provided is incorrect');
  return key;
};
