import type { AwsReads, AwsWrites } from '../aws/clients.ts';
import { describe, orUndefined } from '../aws/errors.ts';
import { type Instant, iso } from '../clock.ts';
import { canonical } from '../digest.ts';
import type { Bucket } from '../judge/bucket.ts';
import type { Verdict as JudgeVerdict } from '../judge/verdict.ts';
import type { S3Location } from '../manifest/manifest.ts';
import { withoutSecrets } from '../secrets.ts';
import { journalKey } from './location.ts';
import { bucketsAt, type JudgeLook, readWitnessed } from './witnessed.ts';

/** One line: an event and its time; the other members belong to the kind. */
export interface JournalEntry {
  readonly at: Instant;
  readonly kind: 'plan' | 'command' | 'observation' | 'bucket' | 'verdict' | 'end';
  readonly [member: string]: unknown;
}

/** The judge's buckets and verdict at one look. `buckets`: all since the first candidate request; none when they could not be read. */
export interface JudgeEvidence {
  readonly at: Instant;
  readonly buckets: readonly Bucket[];
  readonly verdict: Pick<JudgeVerdict, 't' | 'decision' | 'reason' | 'logEvidence' | 'because'> | BlindVerdict;
}
interface BlindVerdict {
  readonly decision: string;
  readonly because: string;
  readonly blind?: true;
}

/** The lines that one turn adds. */
export interface Noted {
  readonly entries: readonly JournalEntry[];
  readonly evidence?: JudgeEvidence;
}

export interface JournalOptions {
  readonly reads: Pick<AwsReads, 's3'>;
  readonly writes: Pick<AwsWrites, 's3'>;
  readonly location: S3Location;
  readonly endpoint: string;
  /** The release's id. */
  readonly release: string;
}

/**
 * Undefined when the lines are kept; else a warning of one sentence. Never throws: a failed report fails no delivery (DESIGN §7
 * rule 13).
 */
export type Journal = (noted: Noted) => Promise<string | undefined>;

/** Enough for a rollout of days under the judge. */
const mostBytes = 64 * 1024 * 1024;

/**
 * JSON Lines beside the record, enough to replay every verdict. S3 cannot append, so each call reads, adds and replaces on
 * condition: the release's holder is the only writer. When two writers meet, the loser loses its own lines with a warning, and no
 * others.
 */
export const journal = ({ reads, writes, location, endpoint, release }: JournalOptions): Journal => {
  const address = { Bucket: location.bucket, Key: journalKey(location, endpoint, release) };
  return async ({ entries, evidence }) => {
    try {
      const before = await orUndefined(reads.s3.getObject(address, mostBytes));
      const news = [...(evidence ? unwritten(before?.text ?? '', evidence) : []), ...entries];
      if (news.length === 0) return undefined;
      const lines = news
        .map((entry) => `${JSON.stringify(withoutSecrets({ ...entry, at: iso(entry.at) }))}\n`)
        .join('');
      // A retry after a lost answer: the lines are stored already.
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

/**
 * Writes each bucket once, and again when CloudWatch revised it, with the verdict, which is a fold over all of them. Without new
 * buckets it writes only a changed verdict: the metrics cannot be read, or can be read again.
 */
const unwritten = (text: string, { at, buckets, verdict }: JudgeEvidence): readonly JournalEntry[] => {
  const { looks } = readWitnessed(text);
  const known = bucketsAt(looks);
  const news = buckets.filter((bucket) => canonical(known.get(bucket.t) ?? null) !== canonical(bucket));
  const current = entryOf(verdict);
  const last = looks.at(-1)?.verdict;
  const same = last?.decision === current.decision && last.t === current.t;
  if (news.length === 0 && (same || (buckets.length === 0 && current.t !== undefined))) return [];
  return [
    ...news.map((bucket): JournalEntry => ({ at, kind: 'bucket', ...bucket })),
    { at, kind: 'verdict', ...current },
  ];
};

const entryOf = (verdict: JudgeEvidence['verdict']): JudgeLook['verdict'] => {
  if (!('t' in verdict)) return { decision: verdict.decision, because: verdict.because };
  const { t, decision, reason, logEvidence, because } = verdict;
  return { t, decision, reason, logEvidence, because };
};
