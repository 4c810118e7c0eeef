import type { AwsReads, AwsWrites } from '../aws/clients.ts';
import { classify, describe, orUndefined } from '../aws/errors.ts';
import { type Instant, iso, minutes } from '../clock.ts';
import { digest } from '../digest.ts';
import type { Bucket } from '../judge/bucket.ts';
import type { Verdict as JudgeVerdict } from '../judge/verdict.ts';
import type { S3Location } from '../manifest/manifest.ts';
import { withoutSecrets } from '../secrets.ts';
import { withoutUndefined } from '../without-undefined.ts';
import { journalKey } from './location.ts';
import { isFull, seal, unsealed } from './segments.ts';
import { bucketsAt, type JudgeLook, readWitnessed, UnreadableJournal } from './witnessed.ts';

/** One line: an event and its time; the other members belong to the kind. */
export interface JournalEntry {
  readonly at: Instant;
  readonly kind: 'plan' | 'command' | 'observation' | 'bucket' | 'verdict' | 'end';
  readonly [member: string]: unknown;
}

/** The judge's buckets and verdict at one look. `buckets`: all that CloudWatch may revise; none when they could not be read. */
export interface JudgeEvidence {
  readonly at: Instant;
  readonly buckets: readonly Bucket[];
  /** Those before them since the first candidate request, with requests and errors alone. */
  readonly earlier?: readonly Bucket[];
  readonly verdict: Pick<JudgeVerdict, 't' | 'decision' | 'reason' | 'logEvidence' | 'because'> | BlindVerdict;
  /** Whoever goes on with the release judges these minutes again, so they may wait for a later write. */
  readonly waits?: true;
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
  /** `World.session`; without it every call reads the journal first. */
  readonly session?: object;
}

/**
 * Undefined when the lines are kept; else a warning of one sentence. Never throws: a failed report fails no delivery (DESIGN §7
 * rule 13).
 */
export type Journal = (noted: Noted) => Promise<string | undefined>;

/** Of one segment: an older version wrote a rollout of days into one. */
const mostBytes = 64 * 1024 * 1024;

/** While the judge's decision stays, its evidence is written once in this time: each write is the whole open segment. */
const evidenceEvery = minutes(10);

/** The journal as S3 has it. Of sealed segments only what the next lines are compared with. */
interface Kept {
  /** The open segment: its number, and its text. */
  readonly segment: number;
  readonly text: string;
  /** Undefined: there is none yet. */
  readonly etag?: string;
  /** The last lines before a segment that has none yet. */
  readonly before: string;
  readonly judged: Judged | UnreadableJournal;
}

/** The judge's part of it. */
interface Judged {
  /** By the bucket's start: its digest. */
  readonly buckets: ReadonlyMap<number, string>;
  /** Start of the first bucket that is among them for certain: CloudWatch does not revise earlier ones. Absent: all are. */
  readonly from?: number;
  readonly last?: { readonly at: Instant; readonly verdict: JudgeLook['verdict'] };
}

/** The journals of one session, by their place, and the evidence that waits for its next write. */
interface Open {
  /** Absent after a write that failed: the journal is read before the next one. */
  readonly kept?: Kept;
  readonly waiting?: JudgeEvidence;
}
const sessions = new WeakMap<object, Map<string, Open>>();

/**
 * JSON Lines beside the record, enough to replay every verdict. S3 cannot append, so a call replaces the open segment (`segments.ts`) on
 * condition: the release's holder is the only writer. What this session wrote it does not read again. When two writers meet, the loser
 * loses its own lines with a warning, and no others.
 */
export const journal = ({ reads, writes, location, endpoint, release, session }: JournalOptions): Journal => {
  const addressOf = (segment: number) => ({
    Bucket: location.bucket,
    Key: journalKey(location, endpoint, release, segment),
  });
  const place = `${location.bucket}/${journalKey(location, endpoint, release)}`;
  const open = (session && sessions.get(session)) ?? new Map<string, Open>();
  if (session !== undefined) sessions.set(session, open);

  const load = async (): Promise<Kept> => {
    let kept = empty;
    for (;;) {
      const { segment, judged } = kept;
      const found = await orUndefined(reads.s3.getObject(addressOf(segment), mostBytes));
      if (found === undefined) return kept;
      const lines = unsealed(found.text, segment);
      const all = joined(judged, judgedIn(lines ?? found.text));
      if (lines === undefined) return { segment, text: found.text, etag: found.etag, before: '', judged: all };
      kept = { segment: segment + 1, text: '', before: lines, judged: all };
    }
  };
  const write = async (before: Kept, { entries, evidence }: Noted): Promise<Kept> => {
    const news = [...(evidence ? unwritten(before, evidence) : []), ...entries];
    const last = news.at(-1);
    if (last === undefined) return before;
    const lines = news.map((entry) => `${JSON.stringify(withoutSecrets({ ...entry, at: iso(entry.at) }))}\n`).join('');
    // A retry after a lost answer: the lines are stored already.
    if ((before.text || before.before).endsWith(lines)) return before;
    const { segment } = before;
    const text = `${before.text}${lines}`;
    const full = isFull(text);
    const { ETag } = await writes.s3.putObject({
      ...addressOf(segment),
      ...(before.etag === undefined ? { IfNoneMatch: '*' } : { IfMatch: before.etag }),
      Body: full ? text + seal(iso(last.at), segment) : text,
      ContentType: 'application/x-ndjson',
    });
    const judged = joined(before.judged, judgedIn(lines));
    return full
      ? { segment: segment + 1, text: '', before: lines, judged }
      : { segment, text, etag: ETag ?? '', before: '', judged };
  };

  return async (noted) => {
    const known = stillKnown(open.get(place), noted.evidence);
    open.delete(place);
    const evidence = together(known?.waiting, noted.evidence);
    const all: Noted = { ...noted, ...withoutUndefined({ evidence }) };
    try {
      if (known?.kept !== undefined && noted.entries.length === 0 && evidence && mayWait(known.kept, evidence)) {
        open.set(place, { ...known, waiting: evidence });
        return undefined;
      }
      // A journal begins with the plan: then there is none, or this is a second attempt to begin it.
      const begins = session !== undefined && noted.entries[0]?.kind === 'plan';
      const before = known?.kept ?? (begins ? empty : undefined);
      const kept =
        before === undefined ? await write(await load(), all) : await write(before, all).catch(again(load, write, all));
      if (session !== undefined) open.set(place, { kept: withoutEarlier(kept, noted.evidence?.buckets[0]?.t) });
      return undefined;
    } catch (error) {
      // The next look may not have all of these minutes.
      if (session !== undefined && evidence !== undefined) open.set(place, { waiting: evidence });
      return `the journal of ${release} could not be written: ${describe(error)}`;
    }
  };
};

/** S3 has another journal than this session believed. */
const again =
  (load: () => Promise<Kept>, write: (before: Kept, all: Noted) => Promise<Kept>, all: Noted) =>
  async (error: unknown): Promise<Kept> => {
    const kind = classify(error);
    if (kind !== 'precondition-failed' && kind !== 'not-found') throw error;
    return write(await load(), all);
  };

const empty: Kept = { segment: 1, text: '', before: '', judged: { buckets: new Map() } };

/** Kept as it is: only evidence needs the judge's part. */
const judgedIn = (text: string): Judged | UnreadableJournal => {
  try {
    const { looks } = readWitnessed(text);
    const last = looks.at(-1);
    return {
      buckets: new Map([...bucketsAt(looks)].map(([t, bucket]) => [t, digest(bucket)])),
      ...withoutUndefined({ last: last && { at: Date.parse(last.at), verdict: last.verdict } }),
    };
  } catch (error) {
    if (error instanceof UnreadableJournal) return error;
    throw error;
  }
};

/** The same as if both texts were read as one. */
const joined = (was: Kept['judged'], added: Kept['judged']): Kept['judged'] => {
  if (was instanceof UnreadableJournal) return was;
  if (added instanceof UnreadableJournal) return added;
  return {
    buckets: new Map([...was.buckets, ...added.buckets]),
    ...withoutUndefined({ from: was.from, last: added.last ?? was.last }),
  };
};

/** Forgets the buckets that no later look has. */
const withoutEarlier = (kept: Kept, from: number | undefined): Kept => {
  const { judged } = kept;
  if (from === undefined || judged instanceof UnreadableJournal) return kept;
  return { ...kept, judged: { ...judged, from, buckets: new Map([...judged.buckets].filter(([t]) => t >= from)) } };
};

/** All buckets are judged again, also those that this session has forgotten: then the journal is read again. */
const stillKnown = (open: Open | undefined, evidence: JudgeEvidence | undefined): Open | undefined => {
  const first = evidence?.buckets[0]?.t;
  const judged = open?.kept?.judged;
  if (first === undefined || judged === undefined || judged instanceof UnreadableJournal) return open;
  return judged.from !== undefined && first < judged.from ? undefined : open;
};

/** The newer look, with the buckets of the older one that it does not have any more. */
const together = (older: JudgeEvidence | undefined, newer: JudgeEvidence | undefined): JudgeEvidence | undefined => {
  if (older === undefined || newer === undefined) return newer ?? older;
  const buckets = new Map([...older.buckets, ...newer.buckets].map((bucket) => [bucket.t, bucket]));
  return { ...newer, buckets: [...buckets.values()].sort((one, other) => one.t - other.t) };
};

/** @throws {UnreadableJournal} */
const judgedOf = ({ judged }: Kept): Judged => {
  if (judged instanceof UnreadableJournal) throw judged;
  return judged;
};

/** The decision is the one that the journal has, which is young. A later write has the buckets of this look too. */
const mayWait = (kept: Kept, { at, verdict, waits }: JudgeEvidence): boolean => {
  const { last } = judgedOf(kept);
  const current = entryOf(verdict);
  return (
    waits === true &&
    last !== undefined &&
    last.verdict.decision === current.decision &&
    (last.verdict.t === undefined) === (current.t === undefined) &&
    at < last.at + evidenceEvery
  );
};

/**
 * Writes each bucket once, and again when CloudWatch revised it, with the verdict, which is a fold over all of them. Without new
 * buckets it writes only a changed verdict: the metrics cannot be read, or can be read again.
 */
const unwritten = (before: Kept, { at, buckets, verdict }: JudgeEvidence): readonly JournalEntry[] => {
  const judged = judgedOf(before);
  const news = buckets.filter((bucket) => judged.buckets.get(bucket.t) !== digest(bucket));
  const current = entryOf(verdict);
  const last = judged.last?.verdict;
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
