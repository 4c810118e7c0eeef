import { createHash } from 'node:crypto';
import { AwsError, type Instant, type Kernel } from '../contracts.ts';
import { digestOf } from '../random.ts';
import type { Checksum } from './s3-checksums.ts';
import { noSuchKey } from './s3-conditions.ts';
import type { Content, Encryption, PartFacts } from './s3-model.ts';
import type { Tag } from './s3-tags.ts';

export interface Stored extends Content {
  readonly etag: string;
  /** The headers that S3 keeps and gives back, by member: `ContentType`, `CacheControl`, … */
  readonly headers: Readonly<Record<string, string>>;
  readonly metadata: Readonly<Record<string, string>>;
  readonly checksum: Checksum | undefined;
  readonly encryption: Encryption;
  /** Of an object that was uploaded in parts. */
  readonly parts?: readonly PartFacts[];
  readonly lastModified: Instant;
  /** `null`: written while the bucket did not keep versions. */
  readonly versionId: string;
  /** Counts the writes and deletions of all buckets. */
  readonly sequence: number;
  tags: readonly Tag[];
}
export interface Marker {
  readonly marker: true;
  readonly lastModified: Instant;
  readonly versionId: string;
  readonly sequence: number;
}
/** Newest last. */
export type Versions = readonly (Stored | Marker)[];

export type Made = Omit<Stored, 'etag' | 'lastModified' | 'versionId' | 'sequence'> & { readonly etag?: string };

export const isMarker = (version: Stored | Marker | undefined): version is Marker =>
  version !== undefined && 'marker' in version;

export const newest = (versions: Versions | undefined): Stored | undefined => {
  const last = versions?.at(-1);
  return isMarker(last) ? undefined : last;
};

export interface Place {
  readonly Bucket: string;
  readonly Key: string;
  readonly VersionId?: string;
}

/** The objects of every bucket, by key, with their versions and delete markers (S3 user guide, "Retaining multiple versions of objects"). */
export const createVersions = (
  kernel: Kernel,
  versioningOf: (bucket: string) => 'Enabled' | 'Suspended' | undefined,
) => {
  const contents = new Map<string, Map<string, Versions>>();
  /** With the sequence of their versions, also of those that are gone. */
  const issued = new Map<string, number>();
  let sequence = 0;

  const of = (bucket: string): Map<string, Versions> => {
    const found = contents.get(bucket) ?? new Map<string, Versions>();
    contents.set(bucket, found);
    return found;
  };

  const nextId = (): string => {
    const id = digestOf('s3-version', issued.size + 1)
      .toString('base64url')
      .slice(0, 32);
    issued.set(id, sequence + 1);
    return id;
  };

  /** S3 knows an id that it never issued from one whose version is gone. */
  const checkId = (id: string): void => {
    if (id !== 'null' && !issued.has(id))
      throw new AwsError('InvalidArgument', 'Invalid version id specified', 400, {
        ArgumentName: 'versionId',
        ArgumentValue: id,
      });
  };

  /** Without versioning, and while it is suspended, the version `null` is overwritten. */
  const add = (bucket: string, key: string, versionId: string, version: Stored | Marker): void => {
    const before = of(bucket).get(key) ?? [];
    of(bucket).set(
      key,
      versionId === 'null' ? [...before.filter((other) => other.versionId !== 'null'), version] : [...before, version],
    );
  };

  return {
    of,
    drop: (bucket: string): void => {
      contents.delete(bucket);
    },
    sequenceOf: (versionId: string): number | undefined => issued.get(versionId),
    /** @throws AwsError `NoSuchKey`, `NoSuchVersion`, and `MethodNotAllowed` for a delete marker by its id */
    find({ Bucket, Key, VersionId }: Place, method = 'GET'): Stored {
      const versions = of(Bucket).get(Key) ?? [];
      if (VersionId === undefined) {
        const last = versions.at(-1);
        if (last === undefined) throw noSuchKey(Key);
        if (!isMarker(last)) return last;
        const shown = versioningOf(Bucket) === undefined ? {} : { 'x-amz-version-id': last.versionId };
        throw new AwsError(
          'NoSuchKey',
          'The specified key does not exist.',
          404,
          { Key },
          {
            'x-amz-delete-marker': 'true',
            ...shown,
          },
        );
      }
      checkId(VersionId);
      const version = versions.find((candidate) => candidate.versionId === VersionId);
      if (version === undefined)
        throw new AwsError('NoSuchVersion', 'The specified version does not exist.', 404, { Key, VersionId });
      if (isMarker(version))
        throw new AwsError(
          'MethodNotAllowed',
          'The specified method is not allowed against this resource.',
          405,
          { Method: method, ResourceType: 'DeleteMarker' },
          { 'x-amz-delete-marker': 'true', allow: 'DELETE', 'x-amz-version-id': version.versionId },
        );
      return version;
    },
    put(bucket: string, key: string, { etag: given, ...object }: Made): Stored {
      const versionId = versioningOf(bucket) === 'Enabled' ? nextId() : 'null';
      const etag = given ?? `"${createHash('md5').update(object.body).digest('hex')}"`;
      const stored: Stored = { ...object, etag, lastModified: kernel.clock.now(), versionId, sequence: ++sequence };
      add(bucket, key, versionId, stored);
      return stored;
    },
    remove({ Bucket, Key, VersionId }: Place): Readonly<Record<string, unknown>> {
      const versions = of(Bucket).get(Key) ?? [];
      const versioning = versioningOf(Bucket);
      if (VersionId !== undefined) {
        checkId(VersionId);
        const removed = versions.find(({ versionId }) => versionId === VersionId);
        const left = versions.filter((version) => version !== removed);
        if (left.length === 0) of(Bucket).delete(Key);
        else of(Bucket).set(Key, left);
        return { VersionId, ...(isMarker(removed) ? { DeleteMarker: true } : {}) };
      }
      if (versioning === undefined) {
        of(Bucket).delete(Key);
        return {};
      }
      const versionId = versioning === 'Enabled' ? nextId() : 'null';
      add(Bucket, Key, versionId, {
        marker: true,
        lastModified: kernel.clock.now(),
        versionId,
        sequence: ++sequence,
      });
      return { DeleteMarker: true, VersionId: versionId };
    },
  };
};
