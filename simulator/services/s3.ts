import {
  AwsError,
  type Call,
  type Handler,
  type Kernel,
  type Objects,
  type Principal,
  type Service,
} from '../contracts.ts';
import type { IdentityDecision } from '../iam/across.ts';
import { notSimulated } from '../not-simulated.ts';
import { malformedXml } from '../protocols/xml.ts';
import { digestOf, uuidOf } from '../random.ts';
import type { KeyPolicies } from './kms.ts';
import { type BucketInput, createBuckets } from './s3-buckets.ts';
import {
  type Announced,
  algorithmOf,
  type Checksum,
  checksumOf,
  digestsIn,
  invalidRequest,
  shown,
  verified,
} from './s3-checksums.ts';
import {
  type Conditions,
  checkMatch,
  checkRead,
  checkSource,
  checkWrite,
  noSuchKey,
  type SourceConditions,
} from './s3-conditions.ts';
import { checkKey, metadataOf } from './s3-limits.ts';
import {
  type ListV1Input,
  type ListV2Input,
  type ListVersionsInput,
  listV1,
  listV2,
  listVersions,
} from './s3-listing.ts';
import type { Encryption, Owner } from './s3-model.ts';
import { partOf } from './s3-range.ts';
import { tagsOfDocument, tagsOfHeader } from './s3-tags.ts';
import { createUploads } from './s3-uploads.ts';
import { createVersions, isMarker, type Made, newest, type Place, type Stored } from './s3-versions.ts';

/** S3: the calls a delivery needs, and those by which its objects are made and looked at. */
export const createS3 = (
  kernel: Kernel,
  seededBuckets: readonly string[],
  keys: KeyPolicies,
  identity: IdentityDecision,
): { service: Service; objects: Objects } => {
  const known = createBuckets(kernel, seededBuckets);
  const versions = createVersions(kernel, known.versioningOf);
  const { now } = kernel.clock;

  const bucketOf = (input: BucketInput): ReturnType<typeof versions.of> => {
    known.find(input);
    return versions.of(input.Bucket);
  };
  const find = (input: Place & BucketInput, method?: string): Stored => {
    known.find(input);
    return versions.find(input, method);
  };

  const write = (bucket: string, key: string, made: Made): Stored => {
    uploads.disturb(bucket, key);
    return versions.put(bucket, key, made);
  };

  const ownerOf = (bucket: string): Owner => ({
    ID: digestOf('s3 owner', known.ownerOf(bucket)).toString('hex'),
  });

  /** As far as the bucket has versions. @param written the answer of a write, which has no `null` */
  const versionOf = (bucket: string, versionId: string, written: boolean): { readonly VersionId?: string } =>
    known.versioningOf(bucket) === undefined || (written && versionId === 'null') ? {} : { VersionId: versionId };

  /** By the request, else by the bucket's key, else by S3's own keys (S3 user guide, "Protecting data with encryption"). */
  const encryptionOf = (input: EncryptionInput & BucketInput, call: Call): Encryption => {
    const { ServerSideEncryption: wanted, SSEKMSKeyId: key, BucketKeyEnabled } = input;
    const ofBucket = known.keyOf(input.Bucket);
    if (wanted === undefined && key === undefined && ofBucket !== undefined)
      return { ServerSideEncryption: 'aws:kms', SSEKMSKeyId: ofBucket };
    if (wanted === undefined || wanted === 'AES256') {
      if (key === undefined) return { ServerSideEncryption: 'AES256' };
      throw invalidEncryption(
        'Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms',
        wanted ?? 'null',
      );
    }
    if (wanted !== 'aws:kms' && wanted !== 'aws:kms:dsse')
      throw invalidEncryption('The encryption method specified is not supported', wanted);
    const arnOf = (name: string): string =>
      `arn:aws:kms:${call.region ?? kernel.region}:${call.principal.accountId}:${name}`;
    const own = key ?? `key/${uuidOf('s3 key', call.principal.accountId)}`;
    return {
      ServerSideEncryption: wanted,
      SSEKMSKeyId: own.startsWith('arn:') ? own : arnOf(/^(key|alias)\//.test(own) ? own : `key/${own}`),
      ...(BucketKeyEnabled === 'true' ? { BucketKeyEnabled: true } : {}),
    };
  };
  const encryptionShown = ({ encryption }: Stored, bucket: string): Encryption => {
    const key = known.keyOf(bucket);
    return key === undefined || encryption.SSEKMSKeyId !== undefined
      ? encryption
      : { ServerSideEncryption: 'aws:kms', SSEKMSKeyId: key };
  };
  const authorizeKey = (stored: Stored, bucket: string, principal: Principal): void => {
    const { SSEKMSKeyId: key } = encryptionShown(stored, bucket);
    if (key !== undefined) keys.authorize(principal, key);
  };

  /** S3 user guide, "Using server-side encryption with AWS KMS keys": the ETag is then no MD5. */
  const etagFor = (encryption: Encryption): { readonly etag?: string } =>
    encryption.SSEKMSKeyId === undefined
      ? {}
      : { etag: `"${digestOf('s3-kms-etag', ++sealed).toString('hex').slice(0, 32)}"` };
  let sealed = 0;

  const written = (stored: Stored, bucket: string): Record<string, unknown> => ({
    ETag: stored.etag,
    ...encryptionShown(stored, bucket),
    ...versionOf(bucket, stored.versionId, true),
    ...(stored.checksum === undefined ? {} : shown(stored.checksum)),
  });

  const read = (input: ReadInput, call: Call, content: boolean): Record<string, unknown> => {
    const stored = find(input, content ? 'GET' : 'HEAD');
    // The headers need no key; the content and its checksum do (S3 API reference, HeadObject, "Permissions").
    const isChecksumWanted = input.ChecksumMode?.toUpperCase() === 'ENABLED';
    if (content || isChecksumWanted) authorizeKey(stored, input.Bucket, call.principal);
    checkRead(input, stored, now());
    const withChecksum = isChecksumWanted && stored.checksum !== undefined;
    return {
      ETag: stored.etag,
      ...encryptionShown(stored, input.Bucket),
      ...versionOf(input.Bucket, stored.versionId, false),
      ...(withChecksum ? shown(stored.checksum as Checksum) : {}),
      ...stored.headers,
      ...responseHeadersOf(input),
      AcceptRanges: 'bytes',
      ContentLength: stored.bytes,
      LastModified: new Date(stored.lastModified),
      Metadata: stored.metadata,
      ...(stored.tags.length === 0 ? {} : { TagCount: stored.tags.length }),
    };
  };

  const partNumbered = (stored: Stored, number: number, whole: Record<string, unknown>): Record<string, unknown> => {
    const parts = stored.parts ?? [{ number: 1, bytes: stored.bytes, checksum: undefined }];
    const index = parts.findIndex((part) => part.number === number);
    const part = parts[index];
    if (part === undefined)
      throw new AwsError('InvalidPartNumber', 'The requested partnumber is not satisfiable', 416, {
        PartNumberRequested: String(number),
        ActualPartCount: String(parts.length),
      });
    const first = parts.slice(0, index).reduce((sum, { bytes }) => sum + bytes, 0);
    const { algorithm } = stored.checksum ?? {};
    const { [`Checksum${algorithm}`]: ofWhole, ChecksumType, ...rest } = whole;
    // The only part is the whole, where the whole has a checksum.
    const value = part.checksum ?? (parts.length === 1 ? ofWhole : undefined);
    const own = ofWhole === undefined || value === undefined ? {} : { [`Checksum${algorithm}`]: value, ChecksumType };
    return {
      ...rest,
      ...own,
      ContentLength: part.bytes,
      ContentRange: `bytes ${first}-${first + part.bytes - 1}/${stored.bytes}`,
      ...(stored.parts === undefined ? {} : { PartsCount: parts.length }),
      Body: stored.body.subarray(first, first + part.bytes),
    };
  };

  /** The source of a copy, under its conditions. */
  const sourceIn = (input: CopyInput, call: Call): Stored => {
    const { ExpectedSourceBucketOwner: owner } = input;
    const from = sourceOf(input.CopySource);
    const source = find(owner === undefined ? from : { ...from, ExpectedBucketOwner: owner });
    authorizeKey(source, from.Bucket, call.principal);
    checkSource(input, source, now());
    if (archives.includes(source.headers['StorageClass'] ?? ''))
      throw new AwsError(
        'ObjectNotInActiveTierError',
        'The source object of the COPY operation is not in the active tier and is only stored in Amazon Glacier.',
        403,
      );
    return source;
  };
  const sourceVersion = (input: CopyInput, source: Stored): string | undefined =>
    versionOf(sourceOf(input.CopySource).Bucket, source.versionId, false).VersionId;

  const uploads = createUploads(kernel, {
    source: (given, call) => {
      const input = given as CopyInput;
      const content = sourceIn(input, call);
      return { content, versionId: sourceVersion(input, content) };
    },
    encryptionOf: (input, call) => encryptionOf(input as PutInput, call),
    headersOf: (input) => headersOf(input as PutInput),
    ownerOf,
    keep: (input, made, disturbed) => {
      checkWrite(input, newest(bucketOf(input).get(input.Key)));
      // S3 user guide, "How to prevent object overwrites with conditional writes": another write or deletion came between.
      const condition = input.IfMatch === undefined ? 'If-None-Match' : 'If-Match';
      if (disturbed && (input.IfMatch ?? input.IfNoneMatch) !== undefined)
        throw new AwsError(
          'ConditionalRequestConflict',
          'The conditional request cannot succeed due to a conflicting operation against this resource.',
          409,
          { Condition: condition, Key: input.Key },
        );
      const stored = write(input.Bucket, input.Key, made);
      const { ETag, VersionId, ServerSideEncryption, SSEKMSKeyId, BucketKeyEnabled, ...checksum } = written(
        stored,
        input.Bucket,
      );
      const { Bucket, Key } = input;
      const Location = `https://${Bucket}.s3.${known.regionOf(Bucket)}.amazonaws.com/${encodeURIComponent(Key)}`;
      return {
        CompleteMultipartUploadResult: { Location, Bucket, Key, ETag, ...checksum },
        VersionId,
        ServerSideEncryption,
        SSEKMSKeyId,
        BucketKeyEnabled,
      };
    },
  });
  const inBucket = Object.fromEntries(
    Object.entries(uploads.operations).map(([name, handler]): [string, Handler] => [
      name,
      (input: BucketInput, call) => {
        known.find(input);
        return handler(input, call);
      },
    ]),
  );

  const remove = (place: Place): Readonly<Record<string, unknown>> => {
    uploads.disturb(place.Bucket, place.Key);
    return versions.remove(place);
  };

  /** Tags of the newest version are those of its delete marker too: it has none, and refuses. */
  const tagged = (input: Place & BucketInput, method: string): Stored => {
    const last = bucketOf(input).get(input.Key)?.at(-1);
    // GetObjectTagging alone names the bucket with the key.
    if (last === undefined && input.VersionId === undefined && method === 'GET')
      throw noSuchKey(`${input.Bucket}/${input.Key}`);
    return find(isMarker(last) ? { ...input, VersionId: input.VersionId ?? last.versionId } : input, method);
  };

  const operations: Record<string, Handler> = {
    ...known.operations,
    ...inBucket,
    DeleteBucket: (input: BucketInput) => {
      // A delete marker counts too (S3 API reference, DeleteBucket: "All objects (including all object versions and delete markers)").
      if ([...bucketOf(input).values()].some((list) => list.length > 0))
        throw new AwsError(
          'BucketNotEmpty',
          `The bucket you tried to delete is not empty${known.versioningOf(input.Bucket) === undefined ? '' : '. You must delete all versions in the bucket.'}`,
          409,
          { BucketName: input.Bucket },
        );
      known.drop(input.Bucket);
      versions.drop(input.Bucket);
      return {};
    },
    HeadObject: (input: ReadInput, call) => {
      const answer = read(input, call, false);
      if (input.PartNumber !== undefined) {
        const { Body: _body, ...part } = partNumbered(find(input), input.PartNumber, answer);
        return part;
      }
      const found = input.Range === undefined ? undefined : partOf(input.Range, find(input).body);
      if (found === undefined) return answer;
      const { Body: _body, ...range } = found;
      return { ...answer, ...range };
    },
    GetObject: (input: ReadInput, call) => {
      const stored = find(input);
      const { body, bytes } = stored;
      if (body.length !== bytes) throw notSimulated('s3 GetObject of an object of which only the beginning is kept');
      if (input.Range !== undefined && input.PartNumber !== undefined)
        throw new AwsError('InvalidRequest', 'Cannot specify both Range header and partNumber query parameter');
      const { StorageClass = 'STANDARD' } = stored.headers;
      if (archives.includes(StorageClass))
        throw new AwsError('InvalidObjectState', "The operation is not valid for the object's storage class", 403, {
          StorageClass,
        });
      const { Range: range, ...whole } = input;
      if (input.PartNumber !== undefined) return partNumbered(stored, input.PartNumber, read(whole, call, true));
      const found = range === undefined ? undefined : partOf(range, body);
      if (found === undefined) return { ...read(input, call, true), Body: body };
      // A checksum is one of the whole object, so that S3 sends none with a part of it.
      const { ChecksumMode: mode, ...part } = whole;
      const checksum = found.ContentLength === bytes && mode !== undefined ? { ChecksumMode: mode } : {};
      const answer = read({ ...part, ...checksum }, call, true);
      return { ...answer, ...found };
    },
    GetObjectAttributes: (input: ReadInput & AttributesInput, call) => {
      const stored = find(input);
      authorizeKey(stored, input.Bucket, call.principal);
      return {
        GetObjectAttributesResponse: attributesOf(stored, input),
        LastModified: new Date(stored.lastModified),
        ...versionOf(input.Bucket, stored.versionId, false),
      };
    },
    PutObject: (input: PutInput, call) => {
      const bucket = bucketOf(input);
      const body = input.Body ?? Buffer.alloc(0);
      checkKey(input.Key);
      const checksum = verified(input, body);
      const tags = tagsOfHeader(input.Tagging);
      const encryption = encryptionOf(input, call);
      checkWrite(input, newest(bucket.get(input.Key)));
      const stored = write(input.Bucket, input.Key, {
        body,
        bytes: body.length,
        headers: headersOf(input),
        metadata: metadataOf(input.Metadata),
        checksum,
        tags,
        encryption,
        ...etagFor(encryption),
      });
      return written(stored, input.Bucket);
    },
    CopyObject: (input: CopyInput, call) => {
      const bucket = bucketOf(input);
      checkKey(input.Key);
      const source = sourceIn(input, call);
      if (source.bytes > largestCopyBytes)
        throw new AwsError(
          'InvalidRequest',
          `The specified copy source is larger than the maximum allowable size for a copy source: ${largestCopyBytes}`,
        );
      checkCopy(input);
      checkWrite(input, newest(bucket.get(input.Key)));
      const replaced = input.MetadataDirective === 'REPLACE';
      const { StorageClass: _class, WebsiteRedirectLocation: _location, ...copied } = source.headers;
      const { StorageClass, WebsiteRedirectLocation } = headersOf(input);
      const encryption = encryptionOf(input, call);
      const stored = write(input.Bucket, input.Key, {
        body: source.body,
        bytes: source.bytes,
        headers: replaced
          ? headersOf(input)
          : {
              ...copied,
              ...(StorageClass === undefined ? {} : { StorageClass }),
              ...(WebsiteRedirectLocation === undefined ? {} : { WebsiteRedirectLocation }),
            },
        metadata: replaced ? metadataOf(input.Metadata) : source.metadata,
        tags: input.TaggingDirective === 'REPLACE' ? tagsOfHeader(input.Tagging) : source.tags,
        encryption,
        ...etagFor(encryption),
        checksum: copiedChecksum(input, source),
      });
      const { ETag, VersionId, ServerSideEncryption, SSEKMSKeyId, BucketKeyEnabled, ...checksum } = written(
        stored,
        input.Bucket,
      );
      const CopyObjectResult = { ETag, LastModified: new Date(stored.lastModified).toISOString(), ...checksum };
      const CopySourceVersionId = sourceVersion(input, source);
      return {
        CopyObjectResult,
        VersionId,
        ServerSideEncryption,
        SSEKMSKeyId,
        BucketKeyEnabled,
        ...(CopySourceVersionId === undefined ? {} : { CopySourceVersionId }),
      };
    },
    DeleteObject: (input: Conditions & Place & BucketInput) => {
      checkMatch(input, newest(bucketOf(input).get(input.Key)));
      return remove(input);
    },
    // "For each key, Amazon S3 performs a delete action and returns the result of that delete, success or failure" (S3 API reference).
    DeleteObjects: (input: BucketInput & DeleteInput, call) => {
      bucketOf(input);
      const { ChecksumAlgorithm } = input;
      const { headers, body = Buffer.alloc(0) } = call;
      const digests = digestsIn(headers ?? {});
      if (headers !== undefined && Object.keys(digests).length === 0)
        throw invalidRequest('Missing required header for this request: Content-MD5 OR x-amz-checksum-*');
      verified({ ...digests, ...(ChecksumAlgorithm === undefined ? {} : { ChecksumAlgorithm }) }, body, 'base64');
      if (input.Objects.length === 0 || input.Objects.length > 1000) throw malformedXml();
      const deleted: object[] = [];
      const errors: object[] = [];
      for (const { Key = '', VersionId } of input.Objects) {
        const named = VersionId === undefined ? { Key } : { Key, VersionId };
        try {
          call.authorize?.({ Bucket: input.Bucket, Objects: [named] });
          const action = VersionId === undefined ? 's3:DeleteObject' : 's3:DeleteObjectVersion';
          known.authorize(action, { Bucket: input.Bucket, Key }, call);
          const { VersionId: id, DeleteMarker } = remove({ Bucket: input.Bucket, ...named });
          deleted.push({ ...named, ...(DeleteMarker === true ? { DeleteMarker, DeleteMarkerVersionId: id } : {}) });
        } catch (error) {
          if (!(error instanceof AwsError)) throw error;
          // Of an id that never was, the list says what a single deletion says of one that is gone.
          const gone = error.code === 'InvalidArgument' && VersionId !== undefined;
          const Code = gone ? 'NoSuchVersion' : error.code;
          errors.push({ ...named, Code, Message: gone ? 'The specified version does not exist.' : error.message });
        }
      }
      return { ...(input.Quiet === 'true' ? {} : { Deleted: deleted }), Error: errors };
    },
    PutObjectTagging: (input: Place & BucketInput & { readonly Tags: readonly Readonly<Record<string, string>>[] }) => {
      const stored = tagged(input, 'PUT');
      stored.tags = tagsOfDocument(input.Tags, 'object');
      return versionOf(input.Bucket, stored.versionId, false);
    },
    GetObjectTagging: (input: Place & BucketInput) => {
      const stored = tagged(input, 'GET');
      return { Tagging: { TagSet: { Tag: stored.tags } }, ...versionOf(input.Bucket, stored.versionId, false) };
    },
    DeleteObjectTagging: (input: Place & BucketInput) => {
      const stored = tagged(input, 'DELETE');
      stored.tags = [];
      return versionOf(input.Bucket, stored.versionId, false);
    },
    ListObjectsV2: (input: ListV2Input) => ({
      ...listV2(bucketOf(input), input, ownerOf(input.Bucket)),
      BucketRegion: known.regionOf(input.Bucket),
    }),
    ListObjects: (input: ListV1Input) => ({
      ...listV1(bucketOf(input), input, ownerOf(input.Bucket)),
      BucketRegion: known.regionOf(input.Bucket),
    }),
    ListObjectVersions: (input: ListVersionsInput) =>
      listVersions(bucketOf(input), input, ownerOf(input.Bucket), versions.sequenceOf),
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
        if (!known.exists(bucket)) return false;
        const stored = newest(versions.of(bucket).get(key));
        const encrypted = stored === undefined ? known.keyOf(bucket) : encryptionShown(stored, bucket).SSEKMSKeyId;
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
        versions.drop(bucket);
      },
      get: (bucket, key) => newest(versions.of(bucket).get(key)),
      put(bucket, key, body, bytes = body.length) {
        known.seed(bucket);
        write(bucket, key, {
          body,
          bytes,
          headers: { ContentType: 'binary/octet-stream' },
          metadata: {},
          tags: [],
          encryption: { ServerSideEncryption: 'AES256' },
          checksum: bytes === body.length ? checksumOf('CRC32', body) : undefined,
        });
      },
      under: (bucket, prefix) =>
        [...versions.of(bucket)].flatMap(([key, list]) => {
          const stored = newest(list);
          return stored !== undefined && key.startsWith(prefix) ? [{ key, body: stored.body }] : [];
        }),
    },
  };
};

/** The actions that a bucket's policy covers (AWS: Service Authorization Reference, S3). */
const policyActions: Readonly<Record<string, string>> = {
  HeadBucket: 's3:ListBucket',
  ListObjectsV2: 's3:ListBucket',
  ListObjects: 's3:ListBucket',
  ListObjectVersions: 's3:ListBucketVersions',
  GetBucketLocation: 's3:GetBucketLocation',
  HeadObject: 's3:GetObject',
  GetObject: 's3:GetObject',
  GetObjectAttributes: 's3:GetObjectAttributes',
  GetObjectTagging: 's3:GetObjectTagging',
  PutObjectTagging: 's3:PutObjectTagging',
  DeleteObjectTagging: 's3:DeleteObjectTagging',
  PutObject: 's3:PutObject',
  CopyObject: 's3:PutObject',
  DeleteObject: 's3:DeleteObject',
  CreateMultipartUpload: 's3:PutObject',
  UploadPart: 's3:PutObject',
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
): Readonly<Record<string, Handler>> => {
  return Object.fromEntries(
    Object.entries(operations).map(([name, handler]): [string, Handler] => {
      const action = policyActions[name];
      if (action === undefined)
        return [
          name,
          (input: BucketInput, call) => {
            if (name !== 'CreateBucket' && name !== 'DeleteObjects') authorizeOwner(input, call);
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
          if (name === 'GetObjectAttributes') authorize('s3:GetObject', input, call);
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
};

interface EncryptionInput {
  readonly ServerSideEncryption?: string;
  readonly SSEKMSKeyId?: string;
  readonly BucketKeyEnabled?: string;
}
type ReadInput = Conditions &
  ResponseHeaders &
  Place & {
    readonly Range?: string;
    readonly PartNumber?: number;
    readonly ChecksumMode?: string;
  };
interface AttributesInput {
  readonly ObjectAttributes?: string;
  readonly MaxParts?: string;
  readonly PartNumberMarker?: string;
}
type PutInput = Conditions &
  KeptHeaders &
  Announced &
  EncryptionInput &
  Place & {
    readonly Body?: Buffer;
    readonly Metadata?: Readonly<Record<string, string>>;
    readonly Tagging?: string;
  };
type CopyInput = PutInput &
  SourceConditions & {
    readonly CopySource: string;
    readonly ExpectedSourceBucketOwner?: string;
    readonly MetadataDirective?: string;
    readonly TaggingDirective?: string;
  };
interface DeleteInput {
  readonly Objects: readonly Readonly<Record<string, string>>[];
  readonly Quiet?: string;
  readonly ChecksumAlgorithm?: string;
}

/** Headers that a write brings and every read gives back. */
const keptHeaders = [
  'ContentType',
  'ContentEncoding',
  'CacheControl',
  'ContentDisposition',
  'ContentLanguage',
  'Expires',
  'StorageClass',
  'WebsiteRedirectLocation',
] as const;
type KeptHeaders = Readonly<Partial<Record<(typeof keptHeaders)[number], string>>>;

/** S3 user guide, "Understanding and managing Amazon S3 storage classes"; from the archives nothing is read at once. */
const archives: readonly string[] = ['GLACIER', 'DEEP_ARCHIVE'];
const storageClasses: readonly string[] = [
  ...archives,
  'STANDARD',
  'REDUCED_REDUNDANCY',
  'STANDARD_IA',
  'ONEZONE_IA',
  'INTELLIGENT_TIERING',
  'GLACIER_IR',
];

/** @throws AwsError InvalidStorageClass */
const headersOf = (input: KeptHeaders): Readonly<Record<string, string>> => {
  if (input.StorageClass !== undefined && !storageClasses.includes(input.StorageClass))
    throw new AwsError('InvalidStorageClass', 'The storage class you specified is not valid', 400, {
      StorageClassRequested: input.StorageClass,
    });
  const given = keptHeaders.flatMap((name) => {
    // The standard class is told by its absence; `aws-chunked` belongs to the transport (S3 API reference, HeadObject and PutObject).
    const value = name === 'ContentEncoding' ? input[name]?.replace(/^aws-chunked(,\s*|$)/, '') : input[name];
    return value === undefined || value === '' || value === 'STANDARD' ? [] : [[name, value]];
  });
  return { ContentType: 'binary/octet-stream', ...Object.fromEntries(given) };
};

/** Of a read that asks for other headers: `response-content-type`, …. */
const responseHeadersOf = (input: ResponseHeaders): Readonly<Record<string, string>> => {
  const asked = {
    ContentType: input.ResponseContentType,
    ContentEncoding: input.ResponseContentEncoding,
    ContentDisposition: input.ResponseContentDisposition,
    ContentLanguage: input.ResponseContentLanguage,
    CacheControl: input.ResponseCacheControl,
    Expires: input.ResponseExpires,
  };
  return Object.fromEntries(
    Object.entries(asked).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
};
interface ResponseHeaders {
  readonly ResponseContentType?: string;
  readonly ResponseContentEncoding?: string;
  readonly ResponseContentDisposition?: string;
  readonly ResponseContentLanguage?: string;
  readonly ResponseCacheControl?: string;
  readonly ResponseExpires?: string;
}

const invalidEncryption = (message: string, value: string): AwsError =>
  new AwsError('InvalidArgument', message, 400, {
    ArgumentName: 'x-amz-server-side-encryption',
    ArgumentValue: value,
  });

/** A copy onto itself that changes nothing (S3 API reference, CopyObject). */
const checkCopy = (input: CopyInput): void => {
  const { MetadataDirective: directive, TaggingDirective, StorageClass } = input;
  if (directive !== undefined && directive !== 'COPY' && directive !== 'REPLACE')
    throw new AwsError('InvalidArgument', 'Unknown metadata directive.', 400, {
      ArgumentName: 'x-amz-metadata-directive',
      ArgumentValue: directive,
    });
  if (TaggingDirective !== undefined && TaggingDirective !== 'COPY' && TaggingDirective !== 'REPLACE')
    throw new AwsError('InvalidArgument', 'Unknown tagging directive.', 400, {
      ArgumentName: 'x-amz-tagging-directive',
      ArgumentValue: TaggingDirective,
    });
  const from = sourceOf(input.CopySource);
  const inPlace = from.Bucket === input.Bucket && from.Key === input.Key && from.VersionId === undefined;
  const changes = [StorageClass, input.ServerSideEncryption, input.ChecksumAlgorithm, input.WebsiteRedirectLocation];
  if (inPlace && directive !== 'REPLACE' && changes.every((change) => change === undefined))
    throw new AwsError(
      'InvalidRequest',
      "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
    );
};

/** Of parts there is none of the whole, so that a copy gets a new one. */
const copiedChecksum = (input: CopyInput, source: Stored): Checksum | undefined => {
  if (source.body.length !== source.bytes) return undefined;
  if (input.ChecksumAlgorithm !== undefined) return checksumOf(algorithmOf(input.ChecksumAlgorithm), source.body);
  const { checksum } = source;
  return checksum === undefined || checksum.type === 'FULL_OBJECT'
    ? checksum
    : checksumOf(checksum.algorithm, source.body);
};

const attributesOf = (stored: Stored, input: AttributesInput): Readonly<Record<string, unknown>> => {
  const wanted = new Set((input.ObjectAttributes ?? '').split(',').map((name) => name.trim()));
  const { checksum, parts } = stored;
  const members: Readonly<Record<string, unknown>> = {
    ETag: stored.etag.replaceAll('"', ''),
    Checksum: checksum === undefined ? undefined : shown({ ...checksum, value: checksum.value.replace(/-\d+$/, '') }),
    ObjectParts: parts === undefined ? undefined : partsShown(stored, input),
    StorageClass: stored.headers['StorageClass'] ?? 'STANDARD',
    ObjectSize: stored.bytes,
  };
  const unknown = [...wanted].find((name) => !Object.hasOwn(members, name));
  if (unknown !== undefined)
    throw new AwsError('InvalidArgument', 'Invalid attribute name specified.', 400, {
      ArgumentName: 'x-amz-object-attributes',
      ArgumentValue: unknown,
    });
  return Object.fromEntries(Object.entries(members).filter(([name]) => wanted.has(name)));
};

/** The parts one by one only where they have checksums of their own (S3 API reference, GetObjectAttributes). */
const partsShown = ({ parts = [], checksum }: Stored, input: AttributesInput): Readonly<Record<string, unknown>> => {
  if (checksum?.type !== 'COMPOSITE') return { PartsCount: parts.length };
  const [most, marker] = [Number(input.MaxParts ?? 1000), Number(input.PartNumberMarker ?? 0)];
  const left = parts.filter(({ number }) => number > marker);
  const page = left.slice(0, most);
  return {
    PartsCount: parts.length,
    PartNumberMarker: marker,
    NextPartNumberMarker: page.at(-1)?.number ?? 0,
    MaxParts: most,
    IsTruncated: left.length > page.length,
    Part: page.map(({ number, bytes, checksum: value }) => ({
      PartNumber: number,
      Size: bytes,
      ...(value === undefined ? {} : { [`Checksum${checksum.algorithm}`]: value }),
    })),
  };
};

const sourceOf = (copySource: string): { Bucket: string; Key: string; VersionId?: string } => {
  const [path = '', query = ''] = decodeURIComponent(copySource).replace(/^\//, '').split('?versionId=');
  const slash = path.indexOf('/');
  if (slash < 1) {
    throw new AwsError('InvalidArgument', 'Invalid copy source object key', 400, {
      ArgumentName: 'x-amz-copy-source',
      ArgumentValue: 'x-amz-copy-source',
    });
  }
  const VersionId = query === '' ? {} : { VersionId: query };
  return { Bucket: path.slice(0, slash), Key: path.slice(slash + 1), ...VersionId };
};
