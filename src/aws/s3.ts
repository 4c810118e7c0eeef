import { createHash } from 'node:crypto';
import { addAbortSignal, type Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  type AbortMultipartUploadCommandInput,
  CompleteMultipartUploadCommand,
  type CompleteMultipartUploadCommandInput,
  CopyObjectCommand,
  type CopyObjectCommandInput,
  CreateMultipartUploadCommand,
  type CreateMultipartUploadCommandInput,
  GetObjectCommand,
  type GetObjectCommandInput,
  type GetObjectCommandOutput,
  HeadObjectCommand,
  type HeadObjectCommandInput,
  type HeadObjectCommandOutput,
  ListMultipartUploadsCommand,
  type ListMultipartUploadsCommandInput,
  ListObjectsV2Command,
  type ListObjectsV2CommandInput,
  ListPartsCommand,
  type ListPartsCommandInput,
  PutObjectCommand,
  type PutObjectCommandInput,
  S3Client,
  type S3ClientConfig,
  UploadPartCopyCommand,
  type UploadPartCopyCommandInput,
} from '@aws-sdk/client-s3';
import { withoutUndefined } from '../without-undefined.ts';
import { asError } from './as-error.ts';
import { copySource, largestCopyBytes } from './copy-source.ts';
import { ObjectTooLarge } from './object-too-large.ts';
import type { Sender } from './sender.ts';
import { wholeObjectSha256 } from './whole-object.ts';

export type { CopyObjectCommandInput, HeadObjectCommandOutput, PutObjectCommandInput } from '@aws-sdk/client-s3';

/** Created here, beside the commands in use, so that a bundle leaves out all others. */
export const s3Client = (settings: S3ClientConfig): S3Client => new S3Client(settings);

/** An object's text together with the ETag that a conditional write of its successor needs. */
export interface ObjectText {
  readonly text: string;
  readonly etag: string;
}

/**
 * Reads an answer to its last byte as one attempt: a body that breaks off is requested again, and a body that never ends is dropped
 * at the end of the run. The SDK itself returns as soon as the headers arrive.
 */
export type Whole = <Answer>(call: string, read: (signal?: AbortSignal) => Promise<Answer>) => Promise<Answer>;

export interface S3Options {
  readonly whole?: Whole;
  /**
   * Earlier hashes, by bucket, key and ETag: an object of one ETag has one content, so a second look does not read gigabytes again.
   */
  readonly hashed?: Map<string, string>;
  /** Sends also when the run is being cancelled. */
  readonly sendAtEnd?: Sender<S3Client>;
}

/** S3, one method per call; `sha256` takes one call or two. */
export const s3 = (
  send: Sender<S3Client>,
  ownerOf: BucketOwner,
  { whole = (_call, read) => read(), hashed = new Map(), sendAtEnd = send }: S3Options = {},
) => {
  /** Anyone in any account can create a deleted bucket again: S3 refuses the call when the owner is not the named one. */
  const owned = async <Input extends { readonly Bucket?: string | undefined }, Answer>(
    input: Input,
    call: (input: Input & { readonly ExpectedBucketOwner: string }) => Promise<Answer>,
  ): Promise<Answer> => {
    const bucket = input.Bucket ?? '';
    const owner = ownerOf(bucket);
    try {
      return await call({ ...input, ExpectedBucketOwner: owner });
    } catch (error) {
      throw error instanceof Error
        ? Object.assign(error, { bucket: { name: bucket, owner, ...regionIn(error) } })
        : error;
    }
  };
  const headObject = (input: Unowned<Omit<HeadObjectCommandInput, 'ChecksumMode'>>) =>
    owned(input, (of) => send(new HeadObjectCommand({ ...of, ChecksumMode: 'ENABLED' })));
  const getWhole = <Answer>(
    input: Unowned<GetObjectCommandInput>,
    read: (answer: GetObjectCommandOutput) => Promise<Answer>,
  ): Promise<Answer> =>
    whole('s3:GetObject', async (signal) => {
      const answer = await owned(input, (of) => send(new GetObjectCommand(of)));
      if (signal && isStream(answer.Body)) addAbortSignal(signal, answer.Body);
      return read(answer).catch((error: unknown) => {
        throw asError(error);
      });
    });

  return {
    reads: {
      /**
       * Not for artifacts: the whole body is held as UTF-8 text.
       * @throws {ObjectTooLarge} before a body of more than `mostBytes` is in memory
       */
      getObject: (input: Unowned<GetObjectCommandInput>, mostBytes: number): Promise<ObjectText> =>
        getWhole(input, async ({ Body, ETag }) => ({
          text: await textOf((Body ?? []) as AsyncIterable<Uint8Array>, mostBytes),
          etag: ETag ?? '',
        })),
      /**
       * The bytes of an object that fits into memory.
       * @returns undefined when it is larger than `mostBytes`
       */
      getBytes: (input: Unowned<GetObjectCommandInput>, mostBytes: number): Promise<Buffer | undefined> =>
        getWhole(input, async ({ Body, ContentLength = 0 }) => {
          if (ContentLength <= mostBytes) return Buffer.from((await Body?.transformToByteArray()) ?? []);
          (Body as { destroy?(): void } | undefined)?.destroy?.();
          return undefined;
        }),
      /** With checksums, as far as S3 has stored them. */
      headObject,
      /** S3 decrypts nothing for it: it also answers when only the KMS key is closed (S3 API reference, HeadObject, "Permissions"). */
      headWithoutChecksum: (input: Unowned<Omit<HeadObjectCommandInput, 'ChecksumMode'>>) =>
        owned(input, (of) => send(new HeadObjectCommand(of))),
      listObjectsV2: (input: Unowned<ListObjectsV2CommandInput>) =>
        owned(input, (of) => send(new ListObjectsV2Command(of))),
      listMultipartUploads: (input: Unowned<ListMultipartUploadsCommandInput>) =>
        owned(input, (of) => send(new ListMultipartUploadsCommand(of))),
      listParts: (input: Unowned<ListPartsCommandInput>) => owned(input, (of) => send(new ListPartsCommand(of))),
      /**
       * Hex SHA-256 of an object's content: the stored checksum when S3 has one of the whole object, else computed from the
       * streamed bytes of the very same object. An object that is too large for one CopyObject is never read: for it S3's SHA-256 over
       * those of its parts, `hex-12`, or `unknown`.
       * @param seen the answer of `headObject`, where the caller has it
       */
      sha256: async (
        input: { readonly Bucket: string; readonly Key: string },
        seen?: HeadObjectCommandOutput,
      ): Promise<string> => {
        const head = seen ?? (await headObject(input));
        const stored = wholeObjectSha256(head);
        if (stored) return stored;
        if ((head.ContentLength ?? 0) > largestCopyBytes) return partsSha256(head.ChecksumSHA256) ?? 'unknown';
        const content = head.ETag && `${input.Bucket}/${input.Key} ${head.ETag}`;
        const known = content && hashed.get(content);
        if (known) return known;
        const computed = await getWhole({ ...input, ...withoutUndefined({ IfMatch: head.ETag }) }, async ({ Body }) => {
          const hash = createHash('sha256');
          // On Node the body is a Readable; the union in the SDK's type is for browsers.
          for await (const chunk of (Body ?? []) as AsyncIterable<Uint8Array>) hash.update(chunk);
          return hash.digest('hex');
        });
        if (content) hashed.set(content, computed);
        return computed;
      },
    },
    writes: {
      /** `IfNoneMatch: '*'` creates, `IfMatch: etag` replaces; S3 answers PreconditionFailed when another writer was first. */
      putObject: (input: Unowned<PutObjectCommandInput>) => owned(input, (of) => send(new PutObjectCommand(of))),
      /** As `putObject`, also when the run is being cancelled: for what it had, which is lost otherwise. */
      putObjectAtEnd: (input: Unowned<PutObjectCommandInput>) =>
        owned(input, (of) => sendAtEnd(new PutObjectCommand(of))),
      /** Objects up to 5 GiB. */
      copyObject: ({
        source,
        ...input
      }: Unowned<Omit<CopyObjectCommandInput, 'CopySource'>> & { readonly source: Source }) =>
        owned(input, (of) =>
          send(
            new CopyObjectCommand({
              ...of,
              CopySource: copySource(source.bucket, source.key),
              ExpectedSourceBucketOwner: ownerOf(source.bucket),
            }),
          ),
        ),
      createMultipartUpload: (input: Unowned<CreateMultipartUploadCommandInput>) =>
        owned(input, (of) => send(new CreateMultipartUploadCommand(of))),
      /** Parts up to 5 GiB (S3 API reference, UploadPartCopy). */
      uploadPartCopy: ({
        source,
        ...input
      }: Unowned<Omit<UploadPartCopyCommandInput, 'CopySource'>> & { readonly source: Source }) =>
        owned(input, (of) =>
          send(
            new UploadPartCopyCommand({
              ...of,
              CopySource: copySource(source.bucket, source.key),
              ExpectedSourceBucketOwner: ownerOf(source.bucket),
            }),
          ),
        ),
      /** `IfNoneMatch: '*'` never replaces an object; S3 answers PreconditionFailed when there is one. */
      completeMultipartUpload: (input: Unowned<CompleteMultipartUploadCommandInput>) =>
        owned(input, (of) => send(new CompleteMultipartUploadCommand(of))),
      abortMultipartUpload: (input: Unowned<AbortMultipartUploadCommandInput>) =>
        owned(input, (of) => send(new AbortMultipartUploadCommand(of))),
    },
  };
};
export type S3 = ReturnType<typeof s3>;

/** S3 names the bucket's region in every answer about a bucket, also in the refusal of a request to another region. */
const regionIn = (error: Error): { readonly region?: string } => {
  const { $response } = error as { readonly $response?: { readonly headers?: Readonly<Record<string, string>> } };
  const region = $response?.headers?.['x-amz-bucket-region'];
  return typeof region === 'string' && /^[a-z0-9-]+$/.test(region) ? { region } : {};
};

/** The account, twelve digits, that a bucket must belong to for a call to be carried out. */
export type BucketOwner = (bucket: string) => string;

/** The client adds the bucket's owner to every call. */
type Unowned<Input> = Omit<Input, 'ExpectedBucketOwner' | 'ExpectedSourceBucketOwner'>;

interface Source {
  readonly bucket: string;
  readonly key: string;
}

/** Leaving the loop closes the stream and its connection. */
const textOf = async (body: AsyncIterable<Uint8Array>, mostBytes: number): Promise<string> => {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > mostBytes) throw new ObjectTooLarge(`larger than ${mostBytes / 1024 / 1024} MB`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
};

const partsSha256 = (base64: string | undefined): string | undefined => {
  const [, hash, parts] = /^(.+)-(\d+)$/.exec(base64 ?? '') ?? [];
  return hash && `${Buffer.from(hash, 'base64').toString('hex')}-${parts}`;
};

const isStream = (body: unknown): body is Readable =>
  typeof body === 'object' && body !== null && 'pipe' in body && 'destroy' in body;
