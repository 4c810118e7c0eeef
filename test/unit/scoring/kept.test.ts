import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Check } from '../../../src/findings/regression.ts';
import { LostRace } from '../../../src/release/store.ts';
import { keepPiece, keepTried, keptPieces, piecesOf, readPiece, readTried } from '../../../src/scoring/answers.ts';
import { keepCheck, readCheck } from '../../../src/scoring/checks/kept.ts';
import { keepFindings } from '../../../src/scoring/kept-findings.ts';
import type { Subject } from '../../../src/scoring/subject.ts';
import { readTest, runningAttempt, type TestRecord, testFolder, writeTest } from '../../../src/scoring/test-record.ts';
import type { World } from '../../../src/world.ts';
import { cellOf, findingsOf } from '../../support/regression-findings.ts';
import { openSimulatedWorld, type SimulatedWorld } from '../../support/simulated-world.ts';

// What a regression test keeps in S3, against the simulator's S3.

const hex = (pair: string): string => pair.repeat(32);
const subject: Subject = {
  endpoint: 'churn',
  package: hex('aa'),
  dataset: hex('bb'),
  policy: hex('cc'),
  baseline: 'none',
};
const releases = { bucket: 'ml-releases', prefix: 'churn/' };
const at = testFolder(releases, subject);
const record: TestRecord = { schemaVersion: 1, subject, attempt: 1, begunAt: 1000 };
const verdict = {
  attempt: 1,
  verdict: 'pass',
  because: 'kept',
  decidedAt: 2000,
  validUntil: 3000,
  version: '1.4.0',
  rows: 7,
  run: {},
} as const;

let opened: SimulatedWorld;
let simulator: SimulatedWorld['simulator'];
let world: World;
beforeAll(async () => {
  opened = await openSimulatedWorld();
  ({ simulator, world } = opened);
});
afterAll(() => opened.close());
beforeEach(() => simulator.objects.put(releases.bucket, 'made', Buffer.from('')));
afterEach(() => simulator.objects.drop(releases.bucket));

describe('the record of a test', () => {
  test('is none before it is written, and then the same', async () => {
    expect(await readTest(world, releases, subject)).toBeUndefined();
    await writeTest(world, releases, record, undefined);
    const stored = await readTest(world, releases, subject);
    expect(stored?.record).toEqual(record);
    await writeTest(world, releases, { ...record, verdict }, stored?.etag);
    expect((await readTest(world, releases, subject))?.record).toEqual({ ...record, verdict });
  });

  test('is written by one of two runs that read the same', async () => {
    await writeTest(world, releases, record, undefined);
    await expect(writeTest(world, releases, { ...record, begunAt: 1001 }, undefined)).rejects.toThrow(LostRace);
    const etag = (await readTest(world, releases, subject))?.etag;
    await writeTest(world, releases, { ...record, attempt: 2 }, etag);
    await expect(writeTest(world, releases, { ...record, attempt: 3 }, etag)).rejects.toThrow(LostRace);
    // The answer to the own write was lost, and its repetition refused.
    await writeTest(world, releases, { ...record, attempt: 2 }, etag);
  });

  test.each([
    ['text', 'no JSON', /no record of a regression test/],
    ['a half record', JSON.stringify({ schemaVersion: 1, subject }), /is not complete/],
    [
      'a verdict of other words',
      JSON.stringify({ ...record, verdict: { ...verdict, verdict: 'good' } }),
      /is not complete/,
    ],
    [
      'the record of another subject',
      JSON.stringify({ ...record, subject: { ...subject, policy: hex('dd') } }),
      /another package, dataset, policy or baseline/,
    ],
  ])('%s is refused', async (_name, text, because) => {
    simulator.objects.put(at.bucket, `${at.prefix}test.json`, Buffer.from(text));
    await expect(readTest(world, releases, subject)).rejects.toThrow(because);
    await expect(readTest(world, releases, subject)).rejects.toMatchObject({ reason: 'record-unavailable' });
  });

  test.each<[Partial<TestRecord>, number | undefined]>([
    [{}, 1],
    [{ verdict }, undefined],
    [{ verdict, attempt: 2 }, 2],
    [{ spent: 1 }, undefined],
    [{ spent: 1, attempt: 2 }, 2],
    [{ spent: 2, verdict, attempt: 2 }, undefined],
  ])('with %j has the running attempt %j', (more, running) => {
    expect(runningAttempt({ ...record, ...more })).toBe(running);
  });
});

describe('the answers of an attempt', () => {
  const answers = [{ id: 'a', candidate: { prediction: 'x', 'latency-ms': 1, bytes: 2 }, baseline: null }];

  test('are kept once, whoever comes first', async () => {
    expect([...(await keptPieces(world, at, 1)).whole]).toEqual([]);
    await keepPiece(world, at, 1, 2, answers);
    await keepPiece(world, at, 1, 2, []);
    expect([...(await keptPieces(world, at, 1)).whole]).toEqual([2]);
    expect(await readPiece(world, at, 1, 2)).toEqual(answers);
    expect([...(await keptPieces(world, at, 2)).whole]).toEqual([]);
  });

  test('of a piece that is not whole are kept once for each turn', async () => {
    const answered = answers.map((answer) => ({ ...answer, place: 3 }));
    await keepTried(world, at, 1, { piece: 2, turn: 1 }, { at: 1000, answers: answered });
    await keepTried(world, at, 1, { piece: 2, turn: 1 }, { at: 1001, answers: [] });
    await keepTried(world, at, 1, { piece: 2, turn: 2 }, { at: 1002, answers: [] });
    const { whole, turns } = await keptPieces(world, at, 1);
    expect([[...whole], [...turns]]).toEqual([[], [[2, 2]]]);
    expect(await readTried(world, at, 1, { piece: 2, turn: 1 })).toEqual({ at: 1000, answers: answered });
  });

  test.each(['no JSON', '{"at":1}', '{"at":1,"answers":[{"id":"a","candidate":null}]}'])(
    'of a turn that are %j are refused',
    async (text) => {
      simulator.objects.put(at.bucket, `${at.prefix}1/rows/000001-1.json`, Buffer.from(text));
      await expect(readTried(world, at, 1, { piece: 0, turn: 1 })).rejects.toMatchObject({
        reason: 'record-unavailable',
        message: expect.stringMatching(/000001-1\.json .*; delete it, then run regression-test again$/),
      });
    },
  );

  test('are a piece for every 25 rows', () => {
    expect([0, 1, 25, 26].map(piecesOf)).toEqual([0, 1, 1, 2]);
  });

  test('are all listed, however many pieces there are', async () => {
    for (let piece = 0; piece < 1005; piece++)
      simulator.objects.put(
        at.bucket,
        `${at.prefix}1/rows/${String(piece + 1).padStart(6, '0')}.jsonl`,
        Buffer.from(''),
      );
    // They are not of this session.
    world.lookAgain?.();
    expect((await keptPieces(world, at, 1)).whole.size).toBe(1005);
  });

  test.each(['no JSON\n', '{"id":7}\n', '{"id":"a","candidate":{}}\n'])('%j is refused', async (text) => {
    simulator.objects.put(at.bucket, `${at.prefix}1/rows/000001.jsonl`, Buffer.from(text));
    await expect(readPiece(world, at, 1, 0)).rejects.toMatchObject({
      reason: 'record-unavailable',
      // `again` would not help: the attempt that runs is joined.
      message: expect.stringMatching(/; delete it, then run regression-test again$/),
    });
  });

  test.each(['null', '7'])('second answers that are %s are refused', async (again) => {
    simulator.objects.put(at.bucket, `${at.prefix}1/rows/000001.jsonl`, Buffer.from(`{"id":"a","again":${again}}\n`));
    await expect(readPiece(world, at, 1, 0)).rejects.toMatchObject({ reason: 'record-unavailable' });
  });

  test('that are gone are refused with the way out', async () => {
    await expect(readPiece(world, at, 1, 0)).rejects.toMatchObject({
      reason: 'record-unavailable',
      message: `s3://ml-releases/${at.prefix}1/rows/000001.jsonl is gone: run regression-test again`,
    });
  });
});

describe('the result of a check', () => {
  const check: Check = {
    name: 'load',
    level: 'fail',
    verdict: 'fail',
    because: 'p95 was 310 ms',
    table: { heads: ['rate'], rows: [['80']] },
    cases: [{ name: 'p95', verdict: 'fail', because: '310 ms' }],
  };
  const place = `${at.prefix}1/checks/load.json`;

  test('is none before it is kept, and then the first one, also after another run of the test', async () => {
    expect(await readCheck(world, at, 1, 'load')).toBeUndefined();
    await keepCheck(world, at, 1, check);
    await keepCheck(world, at, 1, { ...check, verdict: 'pass' });
    expect(await readCheck(world, at, 1, 'load')).toEqual(check);
    expect(await readCheck(world, at, 2, 'load')).toBeUndefined();
  });

  test('that is larger than any of its kind is refused with the way out', async () => {
    simulator.objects.put(at.bucket, place, Buffer.alloc(16 * 1024 * 1024, ' '));
    await expect(readCheck(world, at, 1, 'load')).rejects.toMatchObject({ reason: 'record-unavailable' });
  });

  test('of thousands of columns with long names is one that can be read again, and has all that failed before the others', async () => {
    const long = 'é'.repeat(200_000);
    const passes = Array.from({ length: 50_000 }, (_, at) => ({
      name: `column ${at} ${'x'.repeat(200)}`,
      verdict: 'pass' as const,
    }));
    await keepCheck(world, at, 1, {
      ...check,
      because: long,
      table: { heads: ['column'], rows: passes.map(({ name }) => [name]) },
      cases: [...passes, { name: long, verdict: 'fail', because: long }],
    });
    const kept = await readCheck(world, at, 1, 'load');
    expect(kept?.cases).toHaveLength(1000);
    expect(kept?.cases[0]).toMatchObject({ verdict: 'fail', name: expect.stringMatching(/^é{999}…$/) });
    expect(kept?.table?.rows).toHaveLength(1000);
  });

  test.each([
    ['no JSON', '{'],
    ['another check', JSON.stringify({ ...check, name: 'command' })],
    ['a verdict that there is not', JSON.stringify({ ...check, verdict: 'passed' })],
    ['no cases', JSON.stringify({ ...check, cases: undefined })],
  ])('that is %s is refused: it never counts as a pass', async (_, text) => {
    simulator.objects.put(at.bucket, place, Buffer.from(text));
    await expect(readCheck(world, at, 1, 'load')).rejects.toThrow(
      `s3://ml-releases/${place} is no result of the check load; delete it, then run regression-test again`,
    );
  });
});

describe('the findings of an attempt', () => {
  const place = `${at.prefix}1/findings.json`;

  test('that are too large to be read again are not kept, and the run says so', async () => {
    const cells = Array.from({ length: 40_000 }, () => cellOf());
    expect(await keepFindings(world, at, 1, findingsOf({ cells, harmful: [] }), '{}')).toEqual([
      'findings.json was not kept: a later run shows this verdict without its tables',
    ]);
    expect(simulator.objects.get(at.bucket, place)).toBeUndefined();
    expect(await keepFindings(world, at, 1, findingsOf({ harmful: [] }), '{}')).toEqual([]);
    expect(simulator.objects.get(at.bucket, place)).toBeDefined();
  });
});
