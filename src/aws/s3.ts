import { createHash } from 'node:crypto';
import {
  CopyObjectCommand,
  type CopyObjectCommandInput,
  GetObjectCommand,
  type GetObjectCommandInput,
  HeadObjectCommand,
  type HeadObjectCommandInput,
  ListObjectsV2Command,
  type ListObjectsV2CommandInput,
  PutObjectCommand,
  type PutObjectCommandInput,
  S3Client,
  type S3ClientConfig,
} from '@aws-sdk/client-s3';
import { ObjectTooLarge } from './object-too-large.ts';
import type { Sender } from './sender.ts';

export type { CopyObjectCommandInput, HeadObjectCommandOutput, PutObjectCommandInput } from '@aws-sdk/client-s3';

/** Made here, beside the commands that are used, so that a bundle leaves out all others. */
export const s3Client = (settings: S3ClientConfig): S3Client => new S3Client(settings);

/** An object's text together with the ETag that a conditional write of its successor needs. */
export interface ObjectText {
  readonly text: string;
  readonly etag: string;
}

/** S3, one method per call; `sha256` is one question, answered by one call or two. */
export const s3 = (send: Sender<S3Client>) => {
  const headObject = (input: Omit<HeadObjectCommandInput, 'ChecksumMode'>) =>
    send(new HeadObjectCommand({ ...input, ChecksumMode: 'ENABLED' }));

  return {
    reads: {
      /**
       * Not for artifacts: the whole body is held as UTF-8 text.
       * @throws {ObjectTooLarge} before a body of more than `mostBytes` is in memory
       */
      getObject: async (input: GetObjectCommandInput, mostBytes: number): Promise<ObjectText> => {
        const { Body, ETag } = await send(new GetObjectCommand(input));
        return { text: await textOf((Body ?? []) as AsyncIterable<Uint8Array>, mostBytes), etag: ETag ?? '' };
      },
      /**
       * The bytes of an object that fits into memory.
       * @returns undefined when it is larger than `mostBytes`
       */
      getBytes: async (input: GetObjectCommandInput, mostBytes: number): Promise<Buffer | undefined> => {
        const { Body, ContentLength = 0 } = await send(new GetObjectCommand(input));
        if (ContentLength > mostBytes) {
          (Body as { destroy?(): void } | undefined)?.destroy?.();
          return undefined;
        }
        return Buffer.from((await Body?.transformToByteArray()) ?? []);
      },
      /** With checksums, as far as S3 has stored them. */
      headObject,
      listObjectsV2: (input: ListObjectsV2CommandInput) => send(new ListObjectsV2Command(input)),
      /**
       * Hex SHA-256 of an object's content: the stored checksum when S3 has one of the whole object, else computed from the
       * streamed bytes of the very object that was looked at.
       */
      sha256: async (input: { readonly Bucket: string; readonly Key: string }): Promise<string> => {
        const head = await headObject(input);
        const stored = wholeObjectSha256(head.ChecksumSHA256, head.ChecksumType);
        if (stored) return stored;
        const { Body } = await send(new GetObjectCommand({ ...input, ...(head.ETag ? { IfMatch: head.ETag } : {}) }));
        const hash = createHash('sha256');
        // On Node the body is a Readable; the union in the SDK's type is for browsers.
        for await (const chunk of (Body ?? []) as AsyncIterable<Uint8Array>) hash.update(chunk);
        return hash.digest('hex');
      },
    },
    writes: {
      /** `IfNoneMatch: '*'` creates, `IfMatch: etag` replaces; S3 answers PreconditionFailed when somebody else was first. */
      putObject: (input: PutObjectCommandInput) => send(new PutObjectCommand(input)),
      /** Objects up to 5 GB (S3 API reference, CopyObject). `copySource` (copy-source.ts) encodes its source. */
      copyObject: (input: CopyObjectCommandInput) => send(new CopyObjectCommand(input)),
    },
  };
};
export type S3 = ReturnType<typeof s3>;

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

/** A composite checksum is one over the parts' checksums (`…=-3`), not of the content (S3 user guide, "Checking object integrity"). */
const wholeObjectSha256 = (base64: string | undefined, type: string | undefined): string | undefined =>
  base64 === undefined || type === 'COMPOSITE' || /-\d+$/.test(base64)
    ? undefined
    : Buffer.from(base64, 'base64').toString('hex');
