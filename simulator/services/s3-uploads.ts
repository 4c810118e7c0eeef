import { createHash } from 'node:crypto';
import { AwsError, type Call, type Handler, type Instant, type Kernel } from '../contracts.ts';
import { notImplemented } from '../protocols/s3.ts';
import { digestOf } from '../random.ts';

/** Bytes of an object, and their count: of an object that no test could hold, only the beginning is kept. */
export interface Content {
  readonly body: Buffer;
  readonly bytes: number;
}

interface Part extends Content {
  readonly etag: string;
  readonly sha256: Buffer;
  readonly lastModified: Instant;
}
interface Upload {
  readonly id: string;
  readonly bucket: string;
  readonly key: string;
  readonly initiated: Instant;
  readonly algorithm: string | undefined;
  readonly contentType: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly parts: Map<number, Part>;
}

/** The object that a completed upload makes. */
export interface Assembled extends Content {
  readonly etag: string;
  readonly contentType: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly composite: string | undefined;
}

interface UploadInput {
  readonly Bucket: string;
  readonly Key: string;
  readonly UploadId: string;
}
interface CreateInput extends UploadInput {
  readonly ChecksumAlgorithm?: string;
  readonly ChecksumType?: string;
  readonly ContentType?: string;
  readonly Metadata?: Readonly<Record<string, string>>;
}
interface PartCopyInput extends UploadInput {
  readonly PartNumber: number;
  readonly CopySourceRange?: string;
}
interface CompleteInput extends UploadInput {
  readonly Parts: readonly Readonly<Record<string, string>>[];
  readonly IfNoneMatch?: string;
}

/** AWS: "Amazon S3 multipart upload limits". */
const limits = { partBytes: 5 * 1024 ** 3, lastPartNumber: 10_000, smallestPartBytes: 5 * 1024 ** 2, page: 1000 };

export interface Surroundings {
  /** The source of a copy, after its own conditions. */
  readonly source: (input: object, call: Call) => Content;
  /** Refuses a write whose condition does not hold, and makes the object otherwise. */
  readonly keep: (input: CompleteInput, made: Assembled) => Readonly<Record<string, unknown>>;
}

/** Multipart uploads, as far as a copy in parts needs them (S3 API reference). */
export const createUploads = (kernel: Kernel, { source, keep }: Surroundings): Readonly<Record<string, Handler>> => {
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

  return {
    CreateMultipartUpload: (input: CreateInput) => {
      // The checksum of the whole exists for CRC alone (S3 user guide, "Checking object integrity").
      if (input.ChecksumAlgorithm !== undefined && input.ChecksumAlgorithm !== 'SHA256') throw notImplemented();
      if (input.ChecksumType !== undefined && input.ChecksumType !== 'COMPOSITE')
        throw new AwsError(
          'InvalidRequest',
          'The FULL_OBJECT checksum type cannot be used with the sha256 checksum algorithm.',
        );
      const id = digestOf('s3-upload', ++begun).toString('base64url');
      uploads.set(id, {
        id,
        bucket: input.Bucket,
        key: input.Key,
        initiated: kernel.clock.now(),
        algorithm: input.ChecksumAlgorithm,
        contentType: input.ContentType ?? 'binary/octet-stream',
        metadata: input.Metadata ?? {},
        parts: new Map(),
      });
      return {
        InitiateMultipartUploadResult: { Bucket: input.Bucket, Key: input.Key, UploadId: id },
        ...(input.ChecksumAlgorithm === undefined
          ? {}
          : { ChecksumAlgorithm: input.ChecksumAlgorithm, ChecksumType: 'COMPOSITE' }),
      };
    },
    UploadPartCopy: (input: PartCopyInput, call: Call) => {
      const upload = find(input);
      const { PartNumber: number } = input;
      if (!(Number.isInteger(number) && number >= 1 && number <= limits.lastPartNumber))
        throw new AwsError('InvalidArgument', 'Part number must be an integer between 1 and 10000, inclusive');
      const part = slice(source(input, call), input.CopySourceRange, kernel.clock.now());
      upload.parts.set(number, part);
      const checksum = upload.algorithm === undefined ? {} : { ChecksumSHA256: part.sha256.toString('base64') };
      return {
        CopyPartResult: { ETag: part.etag, LastModified: new Date(part.lastModified).toISOString(), ...checksum },
        ServerSideEncryption: 'AES256',
      };
    },
    ListParts: (input: UploadInput & { readonly PartNumberMarker?: number }) => {
      const upload = find(input);
      const { PartNumberMarker: marker = 0 } = input;
      const left = [...upload.parts].sort(([a], [b]) => a - b).filter(([number]) => number > marker);
      const page = left.slice(0, limits.page);
      return {
        Bucket: upload.bucket,
        Key: upload.key,
        UploadId: upload.id,
        PartNumberMarker: marker,
        NextPartNumberMarker: page.at(-1)?.[0] ?? 0,
        MaxParts: limits.page,
        IsTruncated: left.length > page.length,
        Part: page.map(([PartNumber, { etag, bytes, sha256, lastModified }]) => ({
          PartNumber,
          LastModified: new Date(lastModified).toISOString(),
          ETag: etag,
          Size: bytes,
          ...(upload.algorithm === undefined ? {} : { ChecksumSHA256: sha256.toString('base64') }),
        })),
      };
    },
    ListMultipartUploads: ({ Bucket, Prefix = '' }: { readonly Bucket: string; readonly Prefix?: string }) => {
      const found = [...uploads.values()]
        .filter(({ bucket, key }) => bucket === Bucket && key.startsWith(Prefix))
        .sort((a, b) => (a.key === b.key ? a.initiated - b.initiated : a.key < b.key ? -1 : 1));
      if (found.length > limits.page) throw notImplemented();
      return {
        Bucket,
        Prefix,
        MaxUploads: limits.page,
        IsTruncated: false,
        Upload: found.map(({ key, id, initiated, algorithm }) => ({
          UploadId: id,
          Key: key,
          Initiated: new Date(initiated).toISOString(),
          StorageClass: 'STANDARD',
          ...(algorithm === undefined ? {} : { ChecksumAlgorithm: algorithm, ChecksumType: 'COMPOSITE' }),
        })),
      };
    },
    CompleteMultipartUpload: (input: CompleteInput) => {
      const upload = find(input);
      const made = keep(input, assemble(upload, input.Parts));
      uploads.delete(upload.id);
      return made;
    },
    AbortMultipartUpload: (input: UploadInput) => {
      uploads.delete(find(input).id);
      return {};
    },
  };
};

const slice = ({ body, bytes }: Content, range: string | undefined, lastModified: Instant): Part => {
  const [first, last] = range === undefined ? [0, bytes - 1] : rangeOf(range, bytes);
  const size = last - first + 1;
  if (size > limits.partBytes)
    throw new AwsError(
      'InvalidRequest',
      `The specified copy source is larger than the maximum allowable size for a copy source: ${limits.partBytes}`,
    );
  const kept = body.subarray(first, last + 1);
  // The bytes that are not kept count as their place: equal ranges of equal objects have equal digests.
  const content = kept.length === size ? kept : Buffer.concat([kept, Buffer.from(`${first}-${last}`)]);
  return {
    body: kept,
    bytes: size,
    etag: `"${createHash('md5').update(content).digest('hex')}"`,
    sha256: createHash('sha256').update(content).digest(),
    lastModified,
  };
};

/** Words as minio/minio quotes S3 (cmd/api-errors.go, ErrInvalidCopyPartRange). */
const rangeOf = (range: string, bytes: number): readonly [first: number, last: number] => {
  const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(range) ?? [];
  if (from === undefined || to === undefined)
    throw new AwsError(
      'InvalidArgument',
      'The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy',
    );
  const [first, last] = [Number(from), Number(to)];
  if (first > last || last >= bytes)
    throw new AwsError('InvalidArgument', `Range specified is not valid for source object of size: ${bytes}`);
  return [first, last];
};

const assemble = (upload: Upload, given: CompleteInput['Parts']): Assembled => {
  if (given.length === 0) throw new AwsError('InvalidRequest', 'You must specify at least one part');
  const numbers = given.map(({ PartNumber }) => Number(PartNumber));
  if (numbers.some((number, index) => index > 0 && number <= (numbers[index - 1] ?? 0)))
    throw new AwsError(
      'InvalidPartOrder',
      'The list of parts was not in ascending order. Parts must be ordered by part number.',
    );
  const parts = given.map(({ PartNumber = '', ETag = '', ChecksumSHA256 }) => {
    if (upload.algorithm !== undefined && ChecksumSHA256 === undefined)
      throw new AwsError(
        'InvalidRequest',
        `The upload was created using a sha256 checksum. The complete request must include the checksum for each part. It was missing for part ${PartNumber} in the request.`,
      );
    const part = upload.parts.get(Number(PartNumber));
    const same = part?.etag.replaceAll('"', '') === ETag.replaceAll('"', '');
    if (
      part === undefined ||
      !same ||
      (ChecksumSHA256 ?? '') !== (upload.algorithm ? part.sha256.toString('base64') : '')
    )
      throw new AwsError(
        'InvalidPart',
        "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.",
        400,
        { UploadId: upload.id, PartNumber, ETag },
      );
    return part;
  });
  if (parts.slice(0, -1).some(({ bytes }) => bytes < limits.smallestPartBytes))
    throw new AwsError('EntityTooSmall', 'Your proposed upload is smaller than the minimum allowed size');
  const hashes = Buffer.concat(parts.map(({ etag }) => Buffer.from(etag.replaceAll('"', ''), 'hex')));
  const checksums = Buffer.concat(parts.map(({ sha256 }) => sha256));
  return {
    body: Buffer.concat(parts.map(({ body }) => body)),
    bytes: parts.reduce((sum, { bytes }) => sum + bytes, 0),
    etag: `"${createHash('md5').update(hashes).digest('hex')}-${parts.length}"`,
    contentType: upload.contentType,
    metadata: upload.metadata,
    composite: upload.algorithm && `${createHash('sha256').update(checksums).digest('base64')}-${parts.length}`,
  };
};
