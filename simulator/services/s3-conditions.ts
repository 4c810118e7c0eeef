import { AwsError, type Instant } from '../contracts.ts';

/** Conditions of reads, writes and copies (S3 user guide, "Add preconditions to S3 operations with conditional requests"). */
export interface Conditions {
  readonly IfMatch?: string;
  readonly IfNoneMatch?: string;
  /** HTTP dates. */
  readonly IfModifiedSince?: string;
  readonly IfUnmodifiedSince?: string;
}
export interface SourceConditions {
  readonly CopySourceIfMatch?: string;
  readonly CopySourceIfNoneMatch?: string;
  readonly CopySourceIfModifiedSince?: string;
  readonly CopySourceIfUnmodifiedSince?: string;
}
interface Judged {
  readonly etag: string;
  readonly lastModified: Instant;
}

export const preconditionFailed = (condition: string): AwsError =>
  new AwsError('PreconditionFailed', 'At least one of the pre-conditions you specified did not hold', 412, {
    Condition: condition,
  });

const notAccepted = (header: string, additionalMessage: string): AwsError =>
  new AwsError('NotImplemented', 'A header you provided implies functionality that is not implemented', 501, {
    Header: header,
    additionalMessage,
  });

export const noSuchKey = (key: string, members: Readonly<Record<string, string>> = {}): AwsError =>
  new AwsError('NoSuchKey', 'The specified key does not exist.', 404, { Key: key, ...members });

const sameEtag = (given: string, etag: string): boolean =>
  given === '*' || given.split(',').some((one) => one.trim().replaceAll('"', '') === etag.replaceAll('"', ''));

/** Writes know `If-None-Match: *` and an ETag in `If-Match`, one of them at a time. @throws AwsError NotImplemented otherwise */
export const checkWriteForm = ({ IfMatch, IfNoneMatch }: Conditions): void => {
  if (IfMatch !== undefined && IfNoneMatch !== undefined)
    throw notAccepted('If-Match,If-None-Match', 'Multiple conditional request headers present in the request');
  if (IfMatch === '*')
    throw notAccepted('If-Match', "We don't accept the provided value of If-Match header for this API");
  if (IfNoneMatch !== undefined && IfNoneMatch !== '*')
    throw notAccepted('If-None-Match', "We don't accept the provided value of If-None-Match header for this API");
};

export const checkWrite = (input: Conditions & { readonly Key: string }, existing: Judged | undefined): void => {
  checkWriteForm(input);
  if (input.IfNoneMatch !== undefined && existing !== undefined) throw preconditionFailed('If-None-Match');
  checkMatch(input, existing);
};

/** The condition of a deletion, which may also be `*`: some object. */
export const checkMatch = (
  { IfMatch, Key }: Conditions & { readonly Key: string },
  existing: Judged | undefined,
): void => {
  if (IfMatch === undefined) return;
  if (existing === undefined) throw noSuchKey(Key);
  if (!sameEtag(IfMatch, existing.etag)) throw preconditionFailed('If-Match');
};

/**
 * RFC 9110, 13.2.2: an ETag comes before the date of the same direction; dates have whole seconds, and one that lies ahead or cannot be
 * read is no condition.
 */
export const checkRead = (input: Conditions, stored: Judged, now: Instant): void => {
  const failed = firstFailed(input, stored, now);
  if (failed === undefined) return;
  if (failed === 'If-Match' || failed === 'If-Unmodified-Since') throw preconditionFailed(failed);
  throw new AwsError(
    'NotModified',
    'Not Modified',
    304,
    {},
    { etag: stored.etag, 'last-modified': new Date(stored.lastModified).toUTCString() },
  );
};

/** As {@link checkRead}, of the source of a copy, which fails alike by all four. */
export const checkSource = (input: SourceConditions, stored: Judged, now: Instant): void => {
  const { CopySourceIfMatch: IfMatch, CopySourceIfNoneMatch: IfNoneMatch } = input;
  const { CopySourceIfModifiedSince: IfModifiedSince, CopySourceIfUnmodifiedSince: IfUnmodifiedSince } = input;
  const given = Object.entries({ IfMatch, IfNoneMatch, IfModifiedSince, IfUnmodifiedSince });
  const failed = firstFailed(Object.fromEntries(given.filter(([, value]) => value !== undefined)), stored, now);
  if (failed !== undefined) throw preconditionFailed(`x-amz-copy-source-${failed}`);
};

const firstFailed = (
  { IfMatch, IfNoneMatch, IfModifiedSince, IfUnmodifiedSince }: Conditions,
  { etag, lastModified }: Judged,
  now: Instant,
): 'If-Match' | 'If-Unmodified-Since' | 'If-None-Match' | 'If-Modified-Since' | undefined => {
  const second = Math.floor(lastModified / 1000) * 1000;
  const dateOf = (text: string | undefined): Instant => (text === undefined ? Number.NaN : Date.parse(text));
  if (IfMatch !== undefined) {
    if (!sameEtag(IfMatch, etag)) return 'If-Match';
  } else if (second > dateOf(IfUnmodifiedSince)) return 'If-Unmodified-Since';
  if (IfNoneMatch !== undefined) return sameEtag(IfNoneMatch, etag) ? 'If-None-Match' : undefined;
  const since = dateOf(IfModifiedSince);
  return second <= since && since <= now ? 'If-Modified-Since' : undefined;
};
