import { createHash } from 'node:crypto';
import { AwsError, type Call, type Handler, type Instant, type Kernel } from '../contracts.ts';
import { digestOf } from '../random.ts';
import {
  type Algorithm,
  type Announced,
  algorithmOf,
  announcedIn,
  type Checksum,
  checksumOf,
  digest,
  invalidRequest,
  verified,
} from './s3-checksums.ts';
import { type Conditions, checkWriteForm } from './s3-conditions.ts';
import { checkKey, metadataOf } from './s3-limits.ts';
import { checkEncoding, invalidArgument } from './s3-listing.ts';
import type { Content, Encryption, Owner, PartFacts } from './s3-model.ts';
import { type Tag, tagsOfHeader } from './s3-tags.ts';

interface Part extends Content {
  readonly etag: string;
  /** By the upload's algorithm. */
  readonly checksum: Buffer | undefined;
  readonly lastModified: Instant;
}
interface Upload {
  readonly id: string;
  readonly bucket: string;
  readonly key: string;
  readonly initiated: Instant;
  readonly algorithm: Algorithm | undefined;
  readonly type: Checksum['type'] | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly metadata: Readonly<Record<string, string>>;
  readonly tags: readonly Tag[];
  readonly encryption: Encryption;
  readonly parts: Map<number, Part>;
  /** The key was written or deleted since. */
  disturbed: boolean;
}

/** The object that a completed upload makes. */
export interface Assembled extends Content {
  readonly etag: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly metadata: Readonly<Record<string, string>>;
  readonly tags: readonly Tag[];
  readonly encryption: Encryption;
  readonly checksum: Checksum | undefined;
  readonly parts: readonly PartFacts[];
}

interface UploadInput {
  readonly Bucket: string;
  readonly Key: string;
  readonly UploadId: string;
}
interface CreateInput extends UploadInput {
  readonly ChecksumAlgorithm?: string;
  readonly ChecksumType?: string;
  readonly Metadata?: Readonly<Record<string, string>>;
  readonly Tagging?: string;
}
type PartInput = UploadInput & Announced & { readonly PartNumber: number; readonly Body?: Buffer };
interface PartCopyInput extends UploadInput {
  readonly PartNumber: number;
  readonly CopySourceRange?: string;
}
type CompleteInput = UploadInput &
  Conditions &
  Announced & {
    readonly Parts: readonly Readonly<Record<string, string>>[];
    readonly ChecksumType?: string;
  };
interface ListUploadsInput {
  readonly Bucket: string;
  readonly Prefix?: string;
  readonly Delimiter?: string;
  readonly KeyMarker?: string;
  readonly UploadIdMarker?: string;
  readonly MaxUploads?: number;
  readonly EncodingType?: string;
}

/** AWS: "Amazon S3 multipart upload limits". */
const limits = { partBytes: 5 * 1024 ** 3, lastPartNumber: 10_000, smallestPartBytes: 5 * 1024 ** 2, page: 1000 };

export interface Surroundings {
  /** The source of a copy, after its own conditions, and the id of its version as far as the bucket has versions. */
  readonly source: (input: object, call: Call) => { readonly content: Content; readonly versionId: string | undefined };
  /** Refuses a write whose condition does not hold, and makes the object otherwise. */
  readonly keep: (input: CompleteInput, made: Assembled, disturbed: boolean) => Readonly<Record<string, unknown>>;
  /** How a write with this input is encrypted, and the headers that are kept with it. */
  readonly encryptionOf: (input: object, call: Call) => Encryption;
  readonly headersOf: (input: object) => Readonly<Record<string, string>>;
  readonly ownerOf: (bucket: string) => Owner;
}

export interface Uploads {
  readonly operations: Readonly<Record<string, Handler>>;
  /** A key was written or deleted: what a conditional completion of an upload that is under way would have to know. */
  disturb(bucket: string, key: string): void;
}

/** Multipart uploads (S3 API reference). */
export const createUploads = (
  kernel: Kernel,
  { source, keep, encryptionOf, headersOf, ownerOf }: Surroundings,
): Uploads => {
  const uploads = new Map<string, Upload>();
  let begun = 0;

  const find = ({ Bucket, Key, UploadId }: UploadInput): Upload => {
    const found = uploads.get(UploadId);
    if (found === undefined || found.bucket !== Bucket || found.key !== Key)
      throw new AwsError(
        'NoSuchUpload',
        'The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.',
        404,
        { UploadId },
      );
    return found;
  };

  const initiatorOf = (bucket: string) => ({ ID: ownerOf(bucket).ID, DisplayName: bucket });

  const operations: Readonly<Record<string, Handler>> = {
    CreateMultipartUpload: (input: CreateInput, call: Call) => {
      checkKey(input.Key);
      const { algorithm, type } = checksumsFor(input);
      const id = digestOf('s3-upload', ++begun).toString('base64url');
      const encryption = encryptionOf(input, call);
      uploads.set(id, {
        id,
        bucket: input.Bucket,
        key: input.Key,
        initiated: kernel.clock.now(),
        algorithm,
        type,
        headers: headersOf(input),
        metadata: metadataOf(input.Metadata),
        tags: tagsOfHeader(input.Tagging),
        encryption,
        parts: new Map(),
        disturbed: false,
      });
      return {
        InitiateMultipartUploadResult: { Bucket: input.Bucket, Key: input.Key, UploadId: id },
        ...encryption,
        ...(algorithm === undefined ? {} : { ChecksumAlgorithm: algorithm, ChecksumType: type }),
      };
    },
    UploadPart: (input: PartInput) => {
      const upload = find(input);
      checkNumber(input.PartNumber);
      const body = input.Body ?? Buffer.alloc(0);
      const announced = announcedIn(input);
      if (upload.algorithm !== undefined && announced !== undefined && announced.algorithm !== upload.algorithm)
        throw invalidRequest(
          `Checksum Type mismatch occurred, expected checksum Type: ${upload.algorithm.toLowerCase()}, actual checksum Type: ${announced.algorithm.toLowerCase()}`,
        );
      const algorithm = upload.algorithm ?? announced?.algorithm;
      const { ChecksumAlgorithm: _named, ...digests } = input;
      // Without an algorithm there is only the MD5 to compare.
      const { value } = verified({ ...digests, ChecksumAlgorithm: algorithm ?? 'CRC32' }, body, 'base64');
      const part = {
        body,
        bytes: body.length,
        etag: `"${createHash('md5').update(body).digest('hex')}"`,
        checksum: upload.algorithm === undefined ? undefined : Buffer.from(value, 'base64'),
        lastModified: kernel.clock.now(),
      };
      upload.parts.set(input.PartNumber, part);
      return {
        ETag: part.etag,
        ...(algorithm === undefined ? {} : { [`Checksum${algorithm}`]: value }),
        ...upload.encryption,
      };
    },
    UploadPartCopy: (input: PartCopyInput, call: Call) => {
      const upload = find(input);
      const { PartNumber: number } = input;
      checkNumber(number);
      const { content, versionId } = source(input, call);
      const part = slice(content, input.CopySourceRange, kernel.clock.now(), upload.algorithm);
      upload.parts.set(number, part);
      return {
        CopyPartResult: {
          ETag: part.etag,
          LastModified: new Date(part.lastModified).toISOString(),
          ...partChecksum(upload, part),
        },
        ...(versionId === undefined ? {} : { CopySourceVersionId: versionId }),
        ...upload.encryption,
      };
    },
    ListParts: (input: UploadInput & { readonly PartNumberMarker?: number; readonly MaxParts?: number }) => {
      const upload = find(input);
      const { PartNumberMarker: marker = 0, MaxParts = limits.page } = input;
      const left = [...upload.parts].sort(([a], [b]) => a - b).filter(([number]) => number > marker);
      const page = left.slice(0, Math.min(MaxParts, limits.page));
      return {
        Bucket: upload.bucket,
        Key: upload.key,
        UploadId: upload.id,
        Initiator: initiatorOf(upload.bucket),
        Owner: ownerOf(upload.bucket),
        StorageClass: upload.headers['StorageClass'] ?? 'STANDARD',
        PartNumberMarker: marker,
        NextPartNumberMarker: page.at(-1)?.[0] ?? 0,
        MaxParts: Math.min(MaxParts, limits.page),
        IsTruncated: left.length > page.length,
        ...algorithmShown(upload),
        Part: page.map(([PartNumber, part]) => ({
          PartNumber,
          LastModified: new Date(part.lastModified).toISOString(),
          ETag: part.etag,
          Size: part.bytes,
          ...partChecksum(upload, part),
        })),
      };
    },
    ListMultipartUploads: (input: ListUploadsInput) => {
      const {
        Bucket,
        Prefix = '',
        Delimiter = '',
        KeyMarker = '',
        UploadIdMarker = '',
        MaxUploads = limits.page,
      } = input;
      checkEncoding(input.EncodingType);
      const marker = uploads.get(UploadIdMarker);
      if (KeyMarker !== '' && marker?.bucket === Bucket && marker.key !== KeyMarker)
        throw invalidArgument('Invalid uploadId marker', 'upload-id-marker', UploadIdMarker);
      const ordered = [...uploads.values()]
        .filter(({ bucket, key }) => bucket === Bucket && key.startsWith(Prefix))
        .sort((a, b) => (a.key === b.key ? a.initiated - b.initiated : a.key < b.key ? -1 : 1));
      // Without a key the id means nothing (S3 API reference, ListMultipartUploads).
      const marked = ordered.findIndex(({ key, id }) => key === KeyMarker && id === UploadIdMarker);
      const behind = marked >= 0 ? ordered.slice(marked + 1) : ordered.filter(({ key }) => key > KeyMarker);
      const most = Math.min(MaxUploads, limits.page);
      const found: Upload[] = [];
      const prefixes: string[] = [];
      let truncated = false;
      for (const upload of behind) {
        const cut = Delimiter === '' ? -1 : upload.key.indexOf(Delimiter, Prefix.length);
        const prefix = cut < 0 ? undefined : upload.key.slice(0, cut + Delimiter.length);
        if (prefix !== undefined && (prefixes.includes(prefix) || prefix <= KeyMarker)) continue;
        if (found.length + prefixes.length >= most) {
          truncated = true;
          break;
        }
        if (prefix === undefined) found.push(upload);
        else prefixes.push(prefix);
      }
      const last = found.at(-1);
      return {
        Bucket,
        KeyMarker,
        UploadIdMarker: KeyMarker === '' ? '' : UploadIdMarker,
        NextKeyMarker: last?.key ?? '',
        NextUploadIdMarker: last?.id ?? '',
        ...(Delimiter === '' ? {} : { Delimiter }),
        ...(input.EncodingType === undefined ? {} : { EncodingType: input.EncodingType }),
        ...(Prefix === '' ? {} : { Prefix }),
        MaxUploads: most,
        IsTruncated: truncated,
        Upload: found.map((upload) => ({
          UploadId: upload.id,
          Key: upload.key,
          Initiated: new Date(upload.initiated).toISOString(),
          Initiator: initiatorOf(upload.bucket),
          Owner: ownerOf(upload.bucket),
          StorageClass: upload.headers['StorageClass'] ?? 'STANDARD',
          ...algorithmShown(upload),
        })),
        CommonPrefixes: prefixes.map((prefix) => ({ Prefix: prefix })),
      };
    },
    CompleteMultipartUpload: (input: CompleteInput) => {
      const upload = find(input);
      checkWriteForm(input);
      const made = keep(input, assemble(upload, input), upload.disturbed);
      uploads.delete(upload.id);
      return made;
    },
    AbortMultipartUpload: (input: UploadInput) => {
      uploads.delete(find(input).id);
      return {};
    },
  };
  return {
    operations,
    disturb(bucket, key) {
      if (uploads.size === 0) return;
      for (const upload of uploads.values())
        if (upload.bucket === bucket && upload.key === key) upload.disturbed = true;
    },
  };
};

const checkNumber = (number: number): void => {
  if (!(Number.isInteger(number) && number >= 1 && number <= limits.lastPartNumber))
    throw new AwsError('InvalidArgument', 'Part number must be an integer between 1 and 10000, inclusive', 400, {
      ArgumentName: 'partNumber',
      ArgumentValue: String(number),
    });
};

/** SHA has checksums of parts alone, CRC64NVME only that of the whole (S3 user guide, "Checking object integrity"). */
const checksumsFor = ({
  ChecksumAlgorithm: name,
  ChecksumType: wanted,
}: CreateInput): Pick<Upload, 'algorithm' | 'type'> => {
  if (name === undefined) {
    if (wanted !== undefined)
      throw invalidRequest('The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.');
    return { algorithm: undefined, type: undefined };
  }
  const algorithm = algorithmOf(name);
  const type = wanted ?? (algorithm === 'CRC64NVME' ? 'FULL_OBJECT' : 'COMPOSITE');
  if (type !== 'FULL_OBJECT' && type !== 'COMPOSITE')
    throw invalidRequest('Value for x-amz-checksum-type header is invalid.');
  if (type === 'FULL_OBJECT' ? algorithm.startsWith('SHA') : algorithm === 'CRC64NVME')
    throw invalidRequest(
      `The ${type} checksum type cannot be used with the ${algorithm.toLowerCase()} checksum algorithm.`,
    );
  return { algorithm, type };
};

const algorithmShown = ({ algorithm, type }: Upload): object =>
  algorithm === undefined ? {} : { ChecksumAlgorithm: algorithm, ChecksumType: type };

const partChecksum = ({ algorithm }: Upload, { checksum }: Part): object =>
  algorithm === undefined || checksum === undefined ? {} : { [`Checksum${algorithm}`]: checksum.toString('base64') };

const slice = (
  { body, bytes }: Content,
  range: string | undefined,
  lastModified: Instant,
  algorithm: Algorithm | undefined,
): Part => {
  const [first, last] = range === undefined ? [0, bytes - 1] : rangeOf(range, bytes);
  const size = last - first + 1;
  if (size > limits.partBytes)
    throw invalidRequest(
      `The specified copy source is larger than the maximum allowable size for a copy source: ${limits.partBytes}`,
    );
  const kept = body.subarray(first, last + 1);
  // The bytes that are not kept count as their place: equal ranges of equal objects have equal digests.
  const content = kept.length === size ? kept : Buffer.concat([kept, Buffer.from(`${first}-${last}`)]);
  return {
    body: kept,
    bytes: size,
    etag: `"${createHash('md5').update(content).digest('hex')}"`,
    checksum: algorithm && digest(algorithm, content),
    lastModified,
  };
};

const rangeOf = (range: string, bytes: number): readonly [first: number, last: number] => {
  const [, from = '', to = ''] = /^bytes=(\d+)-(\d+)$/.exec(range) ?? [];
  const [first, last] = [Number(from), Number(to)];
  const named = { ArgumentName: 'x-amz-copy-source-range', ArgumentValue: range };
  if (from === '' || first > last)
    throw new AwsError(
      'InvalidArgument',
      'The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy',
      400,
      named,
    );
  if (first >= bytes) throw invalidRequest('The specified copy range is invalid for the source object size');
  if (last >= bytes)
    throw new AwsError(
      'InvalidArgument',
      `Range specified is not valid for source object of size: ${bytes}`,
      400,
      named,
    );
  return [first, last];
};

const assemble = (upload: Upload, input: CompleteInput): Assembled => {
  const given = input.Parts;
  const { algorithm, type } = upload;
  if (given.length === 0) throw invalidRequest('You must specify at least one part');
  const numbers = given.map(({ PartNumber }) => Number(PartNumber));
  if (numbers.some((number, index) => index > 0 && number <= (numbers[index - 1] ?? 0)))
    throw new AwsError(
      'InvalidPartOrder',
      'The list of parts was not in ascending order. Parts must be ordered by part number.',
      400,
      { UploadId: upload.id },
    );
  if (input.ChecksumType !== undefined && input.ChecksumType !== type)
    throw invalidRequest(
      `The upload was created using the ${type ?? 'null'} checksum mode. The complete request must use the same checksum mode.`,
    );
  const parts = given.map((named) => partNamed(upload, named));
  const small = parts.slice(0, -1).find(({ bytes }) => bytes < limits.smallestPartBytes);
  if (small !== undefined)
    throw new AwsError('EntityTooSmall', 'Your proposed upload is smaller than the minimum allowed size', 400, {
      ETag: small.etag.replaceAll('"', ''),
      MinSizeAllowed: String(limits.smallestPartBytes),
      PartNumber: String(numbers[parts.indexOf(small)]),
      ProposedSize: String(small.bytes),
    });
  const hashes = Buffer.concat(parts.map(({ etag }) => Buffer.from(etag.replaceAll('"', ''), 'hex')));
  const body = Buffer.concat(parts.map(({ body }) => body));
  const bytes = parts.reduce((sum, part) => sum + part.bytes, 0);
  const checksum = wholeOf(upload, parts, { body, bytes });
  const announced = announcedIn(input);
  if (
    announced !== undefined &&
    checksum !== undefined &&
    announced.value.split('-')[0] !== checksum.value.split('-')[0]
  )
    throw new AwsError(
      'BadDigest',
      `The ${(algorithm ?? announced.algorithm).toLowerCase()} you specified did not match the calculated checksum.`,
    );
  return {
    body,
    bytes,
    etag: `"${createHash('md5').update(hashes).digest('hex')}-${parts.length}"`,
    headers: upload.headers,
    metadata: upload.metadata,
    tags: upload.tags,
    encryption: upload.encryption,
    checksum,
    parts: parts.map((part, index) => ({
      number: numbers[index] ?? 0,
      bytes: part.bytes,
      checksum: type === 'COMPOSITE' ? part.checksum?.toString('base64') : undefined,
    })),
  };
};

const partNamed = (upload: Upload, named: Readonly<Record<string, string>>): Part => {
  const { PartNumber = '', ETag = '' } = named;
  const { algorithm, type } = upload;
  const given = announcedIn(named);
  if (algorithm !== undefined && type === 'COMPOSITE' && given === undefined)
    throw invalidRequest(
      `The upload was created using a ${algorithm.toLowerCase()} checksum. The complete request must include the checksum for each part. It was missing for part ${PartNumber} in the request.`,
    );
  if (algorithm !== undefined && given !== undefined && given.algorithm !== algorithm)
    throw new AwsError(
      'BadDigest',
      `The ${given.algorithm.toLowerCase()} you specified for part ${PartNumber} did not match what we received.`,
    );
  const part = upload.parts.get(Number(PartNumber));
  const etag = ETag.replaceAll('"', '');
  // A checksum that the upload did not announce is not kept, and compares with nothing.
  const same =
    part?.etag.replaceAll('"', '') === etag &&
    (given === undefined || part.checksum?.toString('base64') === given.value);
  if (part === undefined || !same)
    throw new AwsError(
      'InvalidPart',
      "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.",
      400,
      { UploadId: upload.id, PartNumber, ETag: etag },
    );
  return part;
};

/** An upload without an algorithm becomes an object with a CRC64NVME. */
const wholeOf = (
  { algorithm, type }: Upload,
  parts: readonly Part[],
  { body, bytes }: Content,
): Checksum | undefined => {
  if (type === 'COMPOSITE' && algorithm !== undefined) {
    const of = digest(algorithm, Buffer.concat(parts.flatMap(({ checksum }) => checksum ?? [])));
    return { algorithm, type, value: `${of.toString('base64')}-${parts.length}` };
  }
  return body.length === bytes ? checksumOf(algorithm ?? 'CRC64NVME', body) : undefined;
};
