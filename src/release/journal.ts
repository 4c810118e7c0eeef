import type { AwsReads, AwsWrites } from '../aws/clients.ts';
import { classify, describe, orUndefined } from '../aws/errors.ts';
import { type Instant, iso, minutes } from '../clock.ts';
import { canonical } from '../digest.ts';
import type { Bucket } from '../judge/bucket.ts';
import type { Verdict as JudgeVerdict } from '../judge/verdict.ts';
import type { S3Location } from '../manifest/manifest.ts';
import { withoutSecrets } from '../secrets.ts';
import { withoutUndefined } from '../without-undefined.ts';
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
  /** `World.session`; without it every call reads the journal first. */
  readonly session?: object;
}

/**
 * Undefined when the lines are kept; else a warning of one sentence. Never throws: a failed report fails no delivery (DESIGN §7
 * rule 13).
 */
export type Journal = (noted: Noted) => Promise<string | undefined>;

/** Enough for a rollout of days under the judge. */
const mostBytes = 64 * 1024 * 1024;

/** While the judge's decision stays, its evidence is written once in this time: S3 cannot append, and each write is the whole journal. */
const evidenceEvery = minutes(10);

/** The journal as S3 has it. */
interface Kept {
  readonly text: string;
  /** Undefined: there is none yet. */
  readonly etag?: string;
  /** @throws {UnreadableJournal} */
  judged(): Judged;
}

/** The judge's part of it. */
interface Judged {
  /** By the bucket's start: its canonical text. */
  readonly buckets: ReadonlyMap<number, string>;
  readonly last?: { readonly at: Instant; readonly verdict: JudgeLook['verdict'] };
}

/** The journals of one session, by their place, and the evidence that waits for its next write. */
interface Open {
  readonly kept: Kept;
  readonly waiting?: JudgeEvidence;
}
const sessions = new WeakMap<object, Map<string, Open>>();

/**
 * JSON Lines beside the record, enough to replay every verdict. S3 cannot append, so a call replaces it on condition: the release's holder
 * is the only writer. What this session wrote it does not read again. When two writers meet, the loser loses its own lines with a warning,
 * and no others.
 */
export const journal = ({ reads, writes, location, endpoint, release, session }: JournalOptions): Journal => {
  const address = { Bucket: location.bucket, Key: journalKey(location, endpoint, release) };
  const place = `${address.Bucket}/${address.Key}`;
  const open = (session && sessions.get(session)) ?? new Map<string, Open>();
  if (session !== undefined) sessions.set(session, open);

  const load = async (): Promise<Kept> => {
    const found = await orUndefined(reads.s3.getObject(address, mostBytes));
    return found === undefined ? empty : keptOf(found.text, found.etag);
  };
  const write = async (before: Kept, { entries, evidence }: Noted): Promise<Kept> => {
    const news = [...(evidence ? unwritten(before, evidence) : []), ...entries];
    if (news.length === 0) return before;
    const lines = news.map((entry) => `${JSON.stringify(withoutSecrets({ ...entry, at: iso(entry.at) }))}\n`).join('');
    // A retry after a lost answer: the lines are stored already.
    if (before.text.endsWith(lines)) return before;
    const { ETag } = await writes.s3.putObject({
      ...address,
      ...(before.etag === undefined ? { IfNoneMatch: '*' } : { IfMatch: before.etag }),
      Body: `${before.text}${lines}`,
      ContentType: 'application/x-ndjson',
    });
    return after(before, lines, ETag ?? '');
  };

  return async (noted) => {
    const known = open.get(place);
    open.delete(place);
    const evidence = noted.evidence ?? known?.waiting;
    const all: Noted = { ...noted, ...withoutUndefined({ evidence }) };
    try {
      if (known !== undefined && noted.entries.length === 0 && evidence && mayWait(known.kept, evidence)) {
        open.set(place, { ...known, waiting: evidence });
        return undefined;
      }
      // A journal begins with the plan: then there is none, or this is a second attempt to begin it.
      const begins = session !== undefined && noted.entries[0]?.kind === 'plan';
      const before = known?.kept ?? (begins ? empty : undefined);
      const kept =
        before === undefined ? await write(await load(), all) : await write(before, all).catch(again(load, write, all));
      if (session !== undefined) open.set(place, { kept });
      return undefined;
    } catch (error) {
      if (known?.waiting !== undefined) open.set(place, known);
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

const empty: Kept = { text: '', judged: () => ({ buckets: new Map() }) };

const keptOf = (text: string, etag: string): Kept => ({ text, etag, judged: once(() => judgedIn(text)) });

/** The same as if the whole were read again. */
const after = (before: Kept, lines: string, etag: string): Kept => ({
  text: before.text + lines,
  etag,
  judged: once(() => {
    const [was, added] = [before.judged(), judgedIn(lines)];
    return {
      buckets: new Map([...was.buckets, ...added.buckets]),
      ...withoutUndefined({ last: added.last ?? was.last }),
    };
  }),
});

const judgedIn = (text: string): Judged => {
  const { looks } = readWitnessed(text);
  const last = looks.at(-1);
  return {
    buckets: new Map([...bucketsAt(looks)].map(([t, bucket]) => [t, canonical(bucket)])),
    ...withoutUndefined({ last: last && { at: Date.parse(last.at), verdict: last.verdict } }),
  };
};

const once = <Value>(make: () => Value): (() => Value) => {
  let made: { readonly value: Value } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
};

/** The decision is the one that the journal has, which is young. A later write has the buckets of this look too. */
const mayWait = (kept: Kept, { at, verdict }: JudgeEvidence): boolean => {
  const { last } = kept.judged();
  const current = entryOf(verdict);
  return (
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
  const judged = before.judged();
  const news = buckets.filter((bucket) => judged.buckets.get(bucket.t) !== canonical(bucket));
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
