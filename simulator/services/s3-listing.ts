import { AwsError, type Instant } from '../contracts.ts';
import type { Checksum } from './s3-checksums.ts';
import type { Owner } from './s3-model.ts';
import { isMarker, type Marker, newest, type Stored, type Versions } from './s3-versions.ts';

interface ListInput {
  readonly Bucket: string;
  readonly Prefix?: string;
  readonly Delimiter?: string;
  readonly EncodingType?: string;
  readonly MaxKeys?: number;
}
export interface ListV2Input extends ListInput {
  readonly StartAfter?: string;
  readonly ContinuationToken?: string;
  readonly FetchOwner?: string;
}
export interface ListV1Input extends ListInput {
  readonly Marker?: string;
}
export interface ListVersionsInput extends ListInput {
  readonly KeyMarker?: string;
  readonly VersionIdMarker?: string;
}

type Contents = ReadonlyMap<string, Versions>;

interface Page {
  readonly keys: readonly (readonly [key: string, versions: Versions])[];
  readonly prefixes: readonly string[];
  readonly truncated: boolean;
  /** The last key or common prefix. */
  readonly last: string;
}

const before = (one: string, other: string): number => Buffer.compare(Buffer.from(one), Buffer.from(other));

/**
 * Keys in UTF-8 order, as far as they count; a page counts keys and common prefixes alike (AWS: ListObjectsV2).
 * @param weigh how many entries of the list a key has; 0: it is not in the list
 */
const pageOf = (
  bucket: Contents,
  { Prefix = '', Delimiter = '', MaxKeys = 1000 }: ListInput,
  after: string | undefined,
  weigh: (key: string, versions: Versions) => number,
): Page => {
  const most = Math.min(MaxKeys, 1000);
  const keys: (readonly [string, Versions])[] = [];
  const prefixes = new Set<string>();
  let [count, last] = [0, ''];
  const ordered = [...bucket.entries()].filter(([key]) => key.startsWith(Prefix)).sort(([a], [b]) => before(a, b));
  for (const [key, versions] of ordered) {
    const weight = weigh(key, versions);
    if (weight === 0) continue;
    const cut = Delimiter === '' ? -1 : key.indexOf(Delimiter, Prefix.length);
    const prefix = cut < 0 ? undefined : key.slice(0, cut + Delimiter.length);
    // A marker that names a common prefix stands behind everything under it.
    if (after !== undefined && before(prefix ?? key, after) <= 0) continue;
    if (prefix !== undefined && prefixes.has(prefix)) continue;
    if (count >= most) return { keys, prefixes: [...prefixes], truncated: most > 0, last };
    last = prefix ?? key;
    if (prefix === undefined) {
      keys.push([key, versions]);
      count += weight;
    } else {
      prefixes.add(prefix);
      count += 1;
    }
  }
  return { keys, prefixes: [...prefixes], truncated: false, last };
};

/** @throws AwsError InvalidArgument */
export const checkEncoding = (EncodingType: string | undefined): void => {
  if (EncodingType !== undefined && EncodingType !== 'url')
    throw invalidArgument('Invalid Encoding Method specified in Request', 'encoding-type', EncodingType);
};

const writer = ({ EncodingType }: ListInput): ((text: string) => string) => {
  checkEncoding(EncodingType);
  return EncodingType === 'url'
    ? (text) =>
        encodeURIComponent(text)
          .replaceAll('%2F', '/')
          .replaceAll('%20', '+')
          .replace(/[!'()]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)
    : (text) => text;
};

export const invalidArgument = (message: string, ArgumentName: string, ArgumentValue: string): AwsError =>
  new AwsError('InvalidArgument', message, 400, { ArgumentName, ArgumentValue });

const checkCount = ({ MaxKeys }: ListInput): void => {
  if (MaxKeys !== undefined && !Number.isInteger(MaxKeys))
    throw invalidArgument('Provided max-keys not an integer or within integer range', 'max-keys', String(MaxKeys));
  if (MaxKeys !== undefined && MaxKeys < 0)
    throw invalidArgument('Argument max-keys must be an integer between 0 and 2147483647', 'max-keys', String(MaxKeys));
};

const commonTo = (input: ListInput, page: Page, write: (text: string) => string) => ({
  Name: input.Bucket,
  Prefix: write(input.Prefix ?? ''),
  ...(input.Delimiter === undefined || input.Delimiter === '' ? {} : { Delimiter: write(input.Delimiter) }),
  MaxKeys: Math.min(input.MaxKeys ?? 1000, 1000),
  ...(input.EncodingType === undefined ? {} : { EncodingType: input.EncodingType }),
  IsTruncated: page.truncated,
  CommonPrefixes: page.prefixes.map((prefix) => ({ Prefix: write(prefix) })),
});

const entryOf = (key: string, stored: Stored, owner: Owner | undefined) => ({
  Key: key,
  LastModified: isoOf(stored.lastModified),
  ETag: stored.etag,
  ...algorithmOf(stored.checksum),
  Size: stored.bytes,
  StorageClass: stored.headers['StorageClass'] ?? 'STANDARD',
  ...(owner === undefined ? {} : { Owner: owner }),
});

const algorithmOf = (checksum: Checksum | undefined): object =>
  checksum === undefined ? {} : { ChecksumAlgorithm: checksum.algorithm, ChecksumType: checksum.type };

const isoOf = (at: Instant): string => new Date(at).toISOString();

const isThere = (_key: string, versions: Versions): number => (newest(versions) === undefined ? 0 : 1);

const contentsOf = ({ keys }: Page, write: (text: string) => string, owner: Owner | undefined): readonly object[] =>
  keys.flatMap(([key, versions]) => {
    const stored = newest(versions);
    return stored === undefined ? [] : [entryOf(write(key), stored, owner)];
  });

export const listV2 = (bucket: Contents, input: ListV2Input, owner: Owner): Record<string, unknown> => {
  checkCount(input);
  const write = writer(input);
  const { ContinuationToken: token, StartAfter: start } = input;
  const page = pageOf(bucket, input, token === undefined ? start : fromToken(token), isThere);
  const { CommonPrefixes, ...common } = commonTo(input, page, write);
  return {
    ...common,
    KeyCount: page.keys.length + page.prefixes.length,
    ...(token === undefined ? {} : { ContinuationToken: token }),
    ...(page.truncated ? { NextContinuationToken: Buffer.from(page.last).toString('base64') } : {}),
    ...(start === undefined || token !== undefined ? {} : { StartAfter: write(start) }),
    Contents: contentsOf(page, write, input.FetchOwner === 'true' ? owner : undefined),
    CommonPrefixes,
  };
};

export const listV1 = (bucket: Contents, input: ListV1Input, owner: Owner): Record<string, unknown> => {
  checkCount(input);
  const write = writer(input);
  const page = pageOf(bucket, input, input.Marker, isThere);
  const { CommonPrefixes, ...common } = commonTo(input, page, write);
  return {
    ...common,
    Marker: write(input.Marker ?? ''),
    // Without a delimiter the last key of the page is the next marker (S3 API reference, ListObjects).
    ...(page.truncated && input.Delimiter ? { NextMarker: write(page.last) } : {}),
    Contents: contentsOf(page, write, owner),
    CommonPrefixes,
  };
};

/** Versions and delete markers, the newest of a key first (S3 API reference, ListObjectVersions). */
export const listVersions = (
  bucket: Contents,
  input: ListVersionsInput,
  owner: Owner,
  sequenceOf: (versionId: string) => number | undefined,
): Record<string, unknown> => {
  checkCount(input);
  const { KeyMarker: keyMarker, VersionIdMarker: idMarker, MaxKeys = 1000 } = input;
  if (idMarker !== undefined && keyMarker === undefined)
    throw invalidArgument(
      'A version-id marker cannot be specified without a key marker.',
      'version-id-marker',
      idMarker,
    );
  const write = writer(input);
  const most = Math.min(MaxKeys, 1000);
  // A page ends within the versions of a key: of the key that the marker names, the older ones are left, also when the marked one is gone.
  const left = new Map<string, Versions>();
  for (const [key, versions] of bucket) {
    const marked =
      key !== keyMarker
        ? Number.POSITIVE_INFINITY
        : idMarker === undefined
          ? 0
          : (versions.find(({ versionId }) => versionId === idMarker)?.sequence ?? sequenceOf(idMarker) ?? 0);
    const older = versions.filter(({ sequence }) => sequence < marked);
    if (older.length > 0) left.set(key, older);
  }
  const rest = keyMarker === undefined ? left : new Map([...left].filter(([key]) => before(key, keyMarker) >= 0));
  const after = keyMarker !== undefined && !rest.has(keyMarker) ? keyMarker : undefined;
  const page = pageOf(rest, input, after, (_key, versions) => versions.length);
  const entries = page.keys.flatMap(([key, versions]) =>
    versions.toReversed().map((version) => ({ key, version, latest: version === bucket.get(key)?.at(-1) })),
  );
  const room = Math.max(0, most - page.prefixes.length);
  const shown = entries.slice(0, room);
  const cut = page.truncated || (most > 0 && entries.length > room);
  const last = shown.at(-1);
  const next =
    last === undefined || page.last > last.key
      ? { key: page.last, id: undefined }
      : { key: last.key, id: last.version.versionId };
  const describe = (key: string, version: Stored | Marker, latest: boolean): object => ({
    ...(isMarker(version)
      ? { Key: write(key), LastModified: isoOf(version.lastModified) }
      : entryOf(write(key), version, undefined)),
    Owner: owner,
    VersionId: version.versionId,
    IsLatest: latest,
  });
  const { CommonPrefixes, ...common } = commonTo(input, page, write);
  return {
    ...common,
    IsTruncated: cut,
    KeyMarker: write(keyMarker ?? ''),
    VersionIdMarker: idMarker ?? '',
    ...(cut ? { NextKeyMarker: write(next.key), NextVersionIdMarker: next.id } : {}),
    Version: shown.flatMap(({ key, version, latest }) => (isMarker(version) ? [] : describe(key, version, latest))),
    DeleteMarker: shown.flatMap(({ key, version, latest }) =>
      isMarker(version) ? describe(key, version, latest) : [],
    ),
    CommonPrefixes,
  };
};

const fromToken = (token: string): string => {
  const key = Buffer.from(token, 'base64').toString('utf8');
  if (key === '')
    throw new AwsError('InvalidArgument', 'The continuation token provided is incorrect', 400, {
      ArgumentName: 'continuation-token',
    });
  return key;
};
