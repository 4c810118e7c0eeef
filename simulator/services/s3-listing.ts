import { AwsError, type Instant } from '../contracts.ts';

export interface ListInput {
  readonly Bucket: string;
  readonly Prefix?: string;
  readonly Delimiter?: string;
  readonly StartAfter?: string;
  readonly ContinuationToken?: string;
  readonly EncodingType?: string;
  readonly MaxKeys?: number;
}

/** Keys with their versions, the newest last; `undefined` is a delete marker. */
type Listed = ReadonlyMap<
  string,
  readonly ({ readonly etag: string; readonly bytes: number; readonly lastModified: Instant } | undefined)[]
>;

/** Keys in UTF-8 order; a page counts keys and common prefixes alike (AWS: ListObjectsV2). */
export const list = (bucket: Listed, input: ListInput): Record<string, unknown> => {
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
        Size: stored.bytes,
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
