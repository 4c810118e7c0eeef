import type { AwsReads, AwsWrites } from '../aws/clients.ts';
import { describe, orUndefined } from '../aws/errors.ts';
import { type Instant, iso } from '../clock.ts';
import type { S3Location } from '../manifest/manifest.ts';
import { journalKey } from './location.ts';

/** One line: what happened and when; the other members belong to the kind. */
export interface JournalEntry {
  readonly at: Instant;
  readonly kind: 'plan' | 'command' | 'observation' | 'bucket' | 'verdict' | 'end';
  readonly [member: string]: unknown;
}

export interface JournalOptions {
  readonly reads: Pick<AwsReads, 's3'>;
  readonly writes: Pick<AwsWrites, 's3'>;
  readonly location: S3Location;
  readonly endpoint: string;
  /** The release's id. */
  readonly release: string;
}

/** Undefined when the lines are kept; else one sentence for a warning. Never throws: reporting fails no delivery (DESIGN §7 rule 13). */
export type Journal = (entries: readonly JournalEntry[]) => Promise<string | undefined>;

/**
 * JSON Lines beside the record, enough to replay every verdict. S3 cannot append, so each call reads, adds and replaces on
 * condition: the release's holder is the only writer, and where two met, the loser's lines are lost with a warning, not another's.
 */
export const journal = ({ reads, writes, location, endpoint, release }: JournalOptions): Journal => {
  const address = { Bucket: location.bucket, Key: journalKey(location, endpoint, release) };
  return async (entries) => {
    if (entries.length === 0) return undefined;
    try {
      const before = await orUndefined(reads.s3.getObject(address));
      const lines = entries.map((entry) => `${JSON.stringify({ ...entry, at: iso(entry.at) })}\n`).join('');
      // The retry after a lost answer: the lines are there already.
      if (before?.text.endsWith(lines)) return undefined;
      await writes.s3.putObject({
        ...address,
        ...(before ? { IfMatch: before.etag } : { IfNoneMatch: '*' }),
        Body: `${before?.text ?? ''}${lines}`,
        ContentType: 'application/x-ndjson',
      });
      return undefined;
    } catch (error) {
      return `the journal of ${release} could not be written: ${describe(error)}`;
    }
  };
};
