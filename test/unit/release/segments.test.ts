import { describe, expect, test } from '@jest/globals';
import type { AwsReads, AwsWrites } from '../../../src/aws/clients.ts';
import type { Bucket } from '../../../src/judge/bucket.ts';
import { type JournalEntry, type JudgeEvidence, journal, type Noted } from '../../../src/release/journal.ts';
import { journalKey } from '../../../src/release/location.ts';
import { nextOf, wholeJournal } from '../../../src/release/segments.ts';
import { readWitnessed } from '../../../src/release/witnessed.ts';
import { nine } from '../../support/stepping.ts';

const location = { bucket: 'releases', prefix: '' };
const keyOf = (segment: number): string => journalKey(location, 'churn', 'r1', segment);
const failed = (name: string): Error => Object.assign(new Error(name), { name });

type Fault = 'before' | 'after';

/** The journal's objects in S3. @param fault of the n-th write: it never arrives, or its answer is lost; then the process is dead */
const bucketOf = (fault?: { readonly write: number; readonly at: Fault }) => {
  const objects = new Map<string, { readonly text: string; readonly etag: string }>();
  const written: string[] = [];
  const s3 = {
    getObject: async ({ Key }: { readonly Key: string }) => {
      const found = objects.get(Key);
      if (found === undefined) throw failed('NoSuchKey');
      return found;
    },
    putObject: async (request: {
      readonly Key: string;
      readonly Body: string;
      readonly IfMatch?: string;
      readonly IfNoneMatch?: string;
    }) => {
      const { Key, Body, IfMatch, IfNoneMatch } = request;
      const dies = fault?.write === written.length + 1 ? fault.at : undefined;
      if (dies === 'before') {
        written.push('lost');
        throw new Error('killed');
      }
      const before = objects.get(Key);
      if (IfMatch === undefined && IfNoneMatch === undefined) throw new Error('an unconditional write');
      if (IfNoneMatch === undefined ? before?.etag !== IfMatch : before !== undefined)
        throw failed('PreconditionFailed');
      written.push(Key);
      objects.set(Key, { text: Body, etag: `"${written.length}"` });
      if (dies === 'after') throw new Error('killed');
      return { ETag: `"${written.length}"` };
    },
  };
  return {
    objects,
    written,
    /** A process begins. */
    process: (session: object | undefined = {}) =>
      journal({
        reads: { s3 } as unknown as Pick<AwsReads, 's3'>,
        writes: { s3 } as unknown as Pick<AwsWrites, 's3'>,
        location,
        endpoint: 'churn',
        release: 'r1',
        ...(session ? { session } : {}),
      }),
    whole: (): string => wholeJournal((segment) => objects.get(keyOf(segment))?.text) ?? '',
  };
};

const linesOf = (text: string): readonly Readonly<Record<string, unknown>>[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
const withoutSeals = (text: string) => linesOf(text).filter(({ kind }) => kind !== 'sealed');

/** A third of a segment. */
const long = 'x'.repeat(90 * 1024);
const entry = (n: number): JournalEntry => ({ at: nine + n * 1000, kind: 'command', command: `c${n}`, why: long });
const bucket = (t: number, errors = 0): Bucket => ({
  t,
  seconds: 60,
  candidate: { requests: 100, bad: { errors } },
  baseline: { requests: 100, bad: { errors: 0 } },
});
const upTo = (n: number): readonly Bucket[] => Array.from({ length: n }, (_, index) => bucket(60 * (index + 1)));
const evidence = (n: number, buckets = upTo(n)): JudgeEvidence => ({
  at: nine + n * 600_000,
  buckets,
  verdict: { t: 60 * n, decision: 'continue', reason: 'insufficient-evidence', logEvidence: n, because: 'few' },
});
const plan: JournalEntry = { at: nine, kind: 'plan' };
/** The turns of a release: lines and evidence, and four segments. */
const turns: readonly Noted[] = [
  { entries: [plan] },
  ...Array.from({ length: 10 }, (_, index): Noted => ({ entries: [entry(index)], evidence: evidence(index + 1) })),
  { entries: [{ at: nine + 900_000, kind: 'end', reason: 'delivered' }] },
];

describe('a journal that has grown', () => {
  test('is sealed, names the next segment, and is never written again', async () => {
    const s3 = bucketOf();
    const add = s3.process();
    for (const turn of turns) expect(await add(turn)).toBeUndefined();
    expect([...s3.objects.keys()]).toEqual([1, 2, 3, 4].map(keyOf));
    expect(s3.written).toEqual([...s3.written].sort((one, other) => orderOf(one) - orderOf(other)));
    const texts = [...s3.objects.values()].map(({ text }) => text);
    expect(texts.map(nextOf)).toEqual([2, 3, 4, undefined]);
    for (const text of texts.slice(0, 3)) {
      expect(text.length).toBeGreaterThanOrEqual(256 * 1024);
      // Without the lines of the write that filled it, it was smaller.
      expect(text.length).toBeLessThan(256 * 1024 + long.length + 2000);
    }
    // The first write of each segment is the only one that is not compared with an object before it.
    expect(new Set(s3.written).size).toBe(4);
  });

  test('is one journal to its reader', async () => {
    const s3 = bucketOf();
    const add = s3.process();
    for (const turn of turns) await add(turn);
    const { looks } = readWitnessed(s3.whole());
    expect(looks.map(({ buckets, verdict }) => [buckets.map(({ t }) => t), verdict.t])).toEqual(
      Array.from({ length: 10 }, (_, index) => [[60 * (index + 1)], 60 * (index + 1)]),
    );
  });

  test('goes on in a process that has no session, and in one that begins: each minute is written once', async () => {
    const s3 = bucketOf();
    for (const turn of turns) expect(await s3.process(undefined)(turn)).toBeUndefined();
    const other = bucketOf();
    const add = other.process();
    for (const turn of turns) await add(turn);
    expect(s3.whole()).toBe(other.whole());
  });

  test('has a minute again in a later segment, when CloudWatch revised it after the seal', async () => {
    const s3 = bucketOf();
    for (const turn of turns.slice(0, 5)) await s3.process()(turn);
    expect(s3.objects.size).toBe(2);
    await s3.process()({ entries: [plan], evidence: evidence(5, [bucket(60, 7), ...upTo(4).slice(1)]) });
    const last = linesOf(s3.objects.get(keyOf(2))?.text ?? '');
    expect(last.flatMap(({ kind, t }) => (kind === 'bucket' ? [t] : [])).at(-1)).toBe(60);
  });

  test('of an older version, in one object, is sealed by the next line', async () => {
    const s3 = bucketOf();
    const old = [plan, ...Array.from({ length: 8 }, (_, index) => entry(index))]
      .map((line) => `${JSON.stringify({ ...line, at: '2026-01-05T08:00:00Z' })}\n`)
      .join('');
    s3.objects.set(keyOf(1), { text: old, etag: '"old"' });
    await s3.process()({ entries: [entry(20)] });
    await s3.process()({ entries: [entry(21)] });
    expect([...s3.objects.keys()]).toEqual([keyOf(1), keyOf(2)]);
    expect(s3.objects.get(keyOf(1))?.text.startsWith(old)).toBe(true);
    expect(withoutSeals(s3.whole())).toHaveLength(11);
  });

  test('is found by a writer whose segment another one has sealed meanwhile', async () => {
    const s3 = bucketOf();
    const add = s3.process();
    await add({ entries: [plan] });
    for (const n of [0, 1, 2]) await s3.process()({ entries: [entry(n)] });
    expect(s3.objects.size).toBe(1);
    expect(await add({ entries: [entry(9)] })).toBeUndefined();
    expect(withoutSeals(s3.whole()).map(({ command }) => command)).toEqual([undefined, 'c0', 'c1', 'c2', 'c9']);
    expect(s3.objects.size).toBe(2);
  });
});

const orderOf = (key: string): number => [1, 2, 3, 4].findIndex((segment) => keyOf(segment) === key);

describe('whenever a process dies at a write', () => {
  const points = Array.from({ length: turns.length }, (_, index) => index + 1).flatMap((write) =>
    (['before', 'after'] as const).map((at) => ({ write, at })),
  );

  test.each(points)(
    'write $write, $at it is stored: the next process loses no line, and has none twice',
    async (point) => {
      const clean = bucketOf();
      const uninterrupted = clean.process();
      for (const turn of turns) await uninterrupted(turn);

      const s3 = bucketOf(point);
      let add = s3.process();
      let died = 0;
      for (const turn of turns) {
        if ((await add(turn)) === undefined) continue;
        died += 1;
        // The next process makes the same turn again, by what the record has.
        add = s3.process();
        expect(await add(turn)).toBeUndefined();
      }
      expect(died).toBe(1);
      expect(s3.whole()).toBe(clean.whole());
    },
  );
});

describe('evidence that has only the minutes that CloudWatch may revise', () => {
  const lastOf = (n: number, from: number, errors = 0) => [
    bucket(60 * from, errors),
    ...upTo(n).filter(({ t }) => t > 60 * from),
  ];
  const at = (minute: number, buckets: readonly Bucket[]): JudgeEvidence => ({
    ...evidence(1, buckets),
    at: nine + minute * 60_000,
    waits: true,
  });
  const minutesIn = (text: string) => linesOf(text).flatMap(({ kind, t }) => (kind === 'bucket' ? [t] : []));

  test('is written with the minutes of the looks that waited', async () => {
    const s3 = bucketOf();
    const add = s3.process();
    await add({ entries: [plan], evidence: at(0, upTo(3)) });
    // Revised in the last look that has it.
    await add({ entries: [], evidence: at(5, lastOf(5, 2, 7)) });
    await add({ entries: [], evidence: at(10, lastOf(6, 3)) });
    expect(minutesIn(s3.whole())).toEqual([60, 120, 180, 120, 240, 300, 360]);
  });

  test('is written after a failure with the minutes that were not written then', async () => {
    const s3 = bucketOf({ write: 2, at: 'before' });
    const add = s3.process();
    await add({ entries: [plan], evidence: at(0, upTo(3)) });
    expect(await add({ entries: [], evidence: at(10, lastOf(5, 2)) })).toMatch(/could not be written/);
    expect(await add({ entries: [], evidence: at(11, lastOf(6, 6)) })).toBeUndefined();
    expect(minutesIn(s3.whole())).toEqual([60, 120, 180, 240, 300, 360]);
  });

  test('is all of it once more when all was judged again: no minute is written twice', async () => {
    const s3 = bucketOf();
    const add = s3.process();
    await add({ entries: [plan], evidence: at(0, upTo(5)) });
    await add({ entries: [], evidence: at(10, lastOf(6, 4)) });
    await add({ entries: [], evidence: at(20, [bucket(60), bucket(120, 9), ...upTo(7).slice(2)]) });
    expect(minutesIn(s3.whole())).toEqual([60, 120, 180, 240, 300, 360, 120, 420]);
  });
});
