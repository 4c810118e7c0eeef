import { describe, expect, test } from '@jest/globals';
import type { AwsReads, AwsWrites } from '../../../src/aws/clients.ts';
import type { Bucket } from '../../../src/judge/bucket.ts';
import { type JournalEntry, type JudgeEvidence, journal, type Noted } from '../../../src/release/journal.ts';
import { nine } from '../../support/stepping.ts';

const first: JournalEntry = { at: nine, kind: 'plan', version: '1.1.0' };
const second: JournalEntry = { at: nine + 1000, kind: 'command', command: 'pause' };
const arm = (errors = 0) => ({ requests: 100, bad: { errors } });
const bucket = (t: number, errors = 0): Bucket => ({ t, seconds: 60, candidate: arm(errors), baseline: arm() });
const seen = (buckets: readonly Bucket[], more: object = {}): JudgeEvidence => ({
  at: nine,
  buckets,
  verdict: {
    t: buckets.at(-1)?.t ?? 0,
    decision: 'continue',
    reason: 'insufficient-evidence',
    logEvidence: 0.5,
    because: 'few',
    ...more,
  },
});
const blind: JudgeEvidence = {
  at: nine,
  buckets: [],
  verdict: { decision: 'hold', because: 'CloudWatch is down', blind: true },
};

/** The journal's object in S3. */
const openJournal = (initial?: string, session?: object, asked: string[] = []) => {
  let text = initial;
  let writes = 0;
  const s3 = {
    getObject: async () => {
      asked.push('getObject');
      if (text === undefined) throw Object.assign(new Error('NoSuchKey'), { name: 'NoSuchKey' });
      return { text, etag: '"e"' };
    },
    putObject: async ({ Body, IfMatch }: { readonly Body: string; readonly IfMatch?: string }) => {
      asked.push('putObject');
      if ((IfMatch === undefined) !== (text === undefined))
        throw Object.assign(new Error('PreconditionFailed'), { name: 'PreconditionFailed' });
      text = Body;
      writes += 1;
      return {};
    },
  };
  const write = journal({
    reads: { s3 } as unknown as Pick<AwsReads, 's3'>,
    writes: { s3 } as unknown as Pick<AwsWrites, 's3'>,
    location: { bucket: 'releases', prefix: '' },
    endpoint: 'churn',
    release: 'r1',
    ...(session ? { session } : {}),
  });
  /** @returns the lines that this call added */
  return async (noted: Partial<Noted>): Promise<readonly Readonly<Record<string, unknown>>[]> => {
    const [before, count] = [text ?? '', writes];
    expect(await write({ entries: [], ...noted })).toBeUndefined();
    expect((text ?? '').startsWith(before)).toBe(true);
    const added = (text ?? '').slice(before.length).split('\n').slice(0, -1);
    // A call that adds nothing sends nothing.
    expect(writes - count).toBe(added.length === 0 ? 0 : 1);
    return added.map((line) => JSON.parse(line));
  };
};
const kinds = (lines: readonly Readonly<Record<string, unknown>>[]) => lines.map(({ kind, t }) => [kind, t]);

describe('the lines of a turn', () => {
  test('with nothing to add there is no journal, and none is begun', async () => {
    const add = openJournal();
    expect(await add({})).toEqual([]);
    // The judge before the first closed minute.
    expect(await add({ evidence: seen([]) })).toEqual([]);
  });

  test('are not added again by a retry, and are when the same happens once more', async () => {
    const add = openJournal();
    expect(await add({ entries: [first] })).toHaveLength(1);
    expect(await add({ entries: [second] })).toHaveLength(1);
    expect(await add({ entries: [second] })).toEqual([]);
    expect(await add({ entries: [first] })).toHaveLength(1);
  });

  test('have the judge’s first: the decisions of the turn follow from it', async () => {
    const lines = await openJournal()({ entries: [second], evidence: seen([bucket(60)]) });
    expect(lines.map(({ kind }) => kind)).toEqual(['bucket', 'verdict', 'command']);
  });
});

describe('what the judge saw', () => {
  test('is written with everything that a replay needs', async () => {
    expect(await openJournal()({ evidence: seen([bucket(60)], { threshold: 4.6, evidence: {} }) })).toEqual([
      { at: '2026-01-05T09:00:00Z', kind: 'bucket', ...bucket(60) },
      {
        at: '2026-01-05T09:00:00Z',
        kind: 'verdict',
        t: 60,
        decision: 'continue',
        reason: 'insufficient-evidence',
        logEvidence: 0.5,
        because: 'few',
      },
    ]);
  });

  test('is each minute once, and again when CloudWatch revised it', async () => {
    const add = openJournal();
    expect(kinds(await add({ evidence: seen([bucket(60), bucket(120)]) }))).toEqual([
      ['bucket', 60],
      ['bucket', 120],
      ['verdict', 120],
    ]);
    expect(kinds(await add({ evidence: seen([bucket(60), bucket(120), bucket(180)]) }))).toEqual([
      ['bucket', 180],
      ['verdict', 180],
    ]);
    expect(kinds(await add({ evidence: seen([bucket(60), bucket(120, 7), bucket(180)]) }))).toEqual([
      ['bucket', 120],
      ['verdict', 180],
    ]);
    expect(await add({ evidence: seen([bucket(60), bucket(120, 7), bucket(180)]) })).toEqual([]);
  });

  test('has the verdict once more when it alone changed, because of the policy', async () => {
    const add = openJournal();
    const buckets = [bucket(60), bucket(120)];
    await add({ evidence: seen(buckets) });
    expect(kinds(await add({ evidence: seen(buckets, { decision: 'hold' }) }))).toEqual([['verdict', 120]]);
    expect(kinds(await add({ evidence: seen(buckets, { decision: 'hold', t: 180 }) }))).toEqual([['verdict', 180]]);
  });

  test('compares with the newest verdict, not with the first', async () => {
    const add = openJournal();
    const [one, two] = [[bucket(60)], [bucket(60), bucket(120)]];
    await add({ evidence: seen(one) });
    await add({ evidence: seen(two, { decision: 'hold' }) });
    expect(await add({ evidence: seen(two, { decision: 'hold' }) })).toEqual([]);
  });
});

describe('metrics that cannot be read', () => {
  const line = { at: '2026-01-05T09:00:00Z', kind: 'verdict', decision: 'hold', because: 'CloudWatch is down' };

  test('are one line, however long it lasts, without a minute to replay', async () => {
    const add = openJournal();
    expect(await add({ evidence: blind })).toEqual([line]);
    expect(await add({ evidence: blind })).toEqual([]);
  });

  test('are a line also after a verdict that held for another reason', async () => {
    const add = openJournal();
    await add({ evidence: seen([bucket(60)], { decision: 'hold' }) });
    expect(await add({ evidence: blind })).toEqual([line]);
    expect(kinds(await add({ evidence: seen([bucket(60)], { decision: 'hold' }) }))).toEqual([['verdict', 60]]);
  });

  test('a look without a closed minute says nothing after it either', async () => {
    const add = openJournal();
    await add({ evidence: blind });
    expect(await add({ evidence: seen([]) })).toEqual([]);
  });
});

describe('in one session', () => {
  const later = (minutes: number, buckets: readonly Bucket[], more: object = {}): JudgeEvidence => ({
    ...seen(buckets, more),
    at: nine + minutes * 60_000,
    waits: true,
  });
  const upTo = (last: number) => Array.from({ length: last }, (_, index) => bucket(60 * (index + 1)));

  test('is not read: the plan begins it, and the session knows what it wrote', async () => {
    const asked: string[] = [];
    const add = openJournal(undefined, {}, asked);
    await add({ entries: [first] });
    await add({ entries: [second] });
    expect(await add({ entries: [second] })).toEqual([]);
    expect(asked).toEqual(['putObject', 'putObject']);
  });

  test('that exists already is read, and goes on', async () => {
    const asked: string[] = [];
    const add = openJournal(`${JSON.stringify({ ...first, at: '2026-01-05T08:00:00Z' })}\n`, {}, asked);
    expect(await add({ entries: [first] })).toHaveLength(1);
    expect(asked).toEqual(['putObject', 'getObject', 'putObject']);
  });

  test('has a look every ten minutes while the decision stays, and misses no minute', async () => {
    const add = openJournal(undefined, {});
    await add({ entries: [first], evidence: later(0, upTo(1)) });
    expect(await add({ evidence: later(4, upTo(4)) })).toEqual([]);
    expect(await add({ evidence: later(9, upTo(9)) })).toEqual([]);
    expect(kinds(await add({ evidence: later(10, upTo(10)) }))).toEqual([
      ...upTo(10)
        .slice(1)
        .map(({ t }) => ['bucket', t]),
      ['verdict', 600],
    ]);
    expect(await add({ evidence: later(12, upTo(12)) })).toEqual([]);
  });

  test('has every look of a judge whose minutes nobody judges again', async () => {
    const add = openJournal(undefined, {});
    const { waits: _, ...once } = later(4, upTo(4));
    await add({ entries: [first], evidence: later(0, upTo(1)) });
    expect(kinds(await add({ evidence: once }))).toEqual([
      ...[120, 180, 240].map((t) => ['bucket', t]),
      ['verdict', 240],
    ]);
  });

  test.each([
    ['another decision', { evidence: later(2, upTo(2), { decision: 'rollback' }) }, ['bucket', 'verdict']],
    ['blindness', { evidence: { ...blind, at: nine + 1 } }, ['verdict']],
    ['a command', { entries: [second], evidence: later(2, upTo(2)) }, ['bucket', 'verdict', 'command']],
  ])('has a look at once with %s', async (_what, noted, expected) => {
    const add = openJournal(undefined, {});
    await add({ entries: [first], evidence: later(0, upTo(1)) });
    expect((await add(noted)).map(({ kind }) => kind)).toEqual(expected);
  });

  test('has at the end the look that waited', async () => {
    const add = openJournal(undefined, {});
    await add({ entries: [first], evidence: later(0, upTo(1)) });
    await add({ evidence: later(5, upTo(5)) });
    const end: JournalEntry = { at: nine + 360_000, kind: 'end' };
    expect((await add({ entries: [end] })).map(({ kind }) => kind)).toEqual([
      ...upTo(4).map(() => 'bucket'),
      'verdict',
      'end',
    ]);
  });
});
