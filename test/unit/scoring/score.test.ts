import { beforeEach, describe, expect, test } from '@jest/globals';
import { Throttled } from '../../../src/aws/retry.ts';
import { minutes } from '../../../src/clock.ts';
import type { RegressionSpec } from '../../../src/manifest/regression.ts';
import { keptPieces, readPiece } from '../../../src/scoring/answers.ts';
import { rowsRepeated } from '../../../src/scoring/ask-piece.ts';
import type { Labels } from '../../../src/scoring/golden-index.ts';
import type { GoldenRow } from '../../../src/scoring/golden-set.ts';
import { type Scored, score } from '../../../src/scoring/score.ts';
import type { Endpoint } from '../../../src/scoring/site.ts';
import type { World } from '../../../src/world.ts';
import { rowsInMemory } from '../../support/rows-in-memory.ts';
import { type TestClock, virtualClock } from '../../support/virtual-clock.ts';

// How the rows of a test get their answers, turn by turn; S3 is a map, and each test decides which requests are answered.

const folder = { bucket: 'records', prefix: 'churn/regression/1a2b/' };
const endpoint = (name: string): Endpoint => ({ is: 'endpoint', name, endpoint: name, content: 'c0' });
const labels: Labels = { file: 'golden.jsonl', kind: 'text', kinds: ['text'] };
const goldenOf = (rows: number): readonly GoldenRow[] =>
  Array.from({ length: rows }, (_, at) => ({ id: `r${at}`, row: { text: `${at}` }, labels }));
const regression = {
  task: 'text',
  asking: {
    concurrency: 4,
    request: { contentType: 'text/plain', input: 'text' },
    response: { prediction: '$.answer', threshold: 0.5 },
  },
} as unknown as RegressionSpec;

const absent = (): Error => Object.assign(new Error('absent'), { name: 'NoSuchKey' });

let clock: TestClock;
let objects: Map<string, string>;
/** `old 7`: row 7 was answered by the baseline. */
let answered: string[];
let asked: string[];
beforeEach(() => {
  clock = virtualClock();
  objects = new Map();
  answered = [];
  asked = [];
});

/** @param fails the error of a request, by its model and its row */
const worldOf = (fails: (model: string, row: number) => Error | undefined): World =>
  ({
    clock,
    account: { id: '111122223333' },
    signal: new AbortController().signal,
    read: {
      s3: {
        getObject: async ({ Key }: { readonly Key: string }) => {
          const text = objects.get(Key);
          if (text === undefined) throw absent();
          return { text, etag: '"1"' };
        },
        listObjectsV2: async ({ Prefix }: { readonly Prefix: string }) => ({
          Contents: [...objects.keys()].filter((Key) => Key.startsWith(Prefix)).map((Key) => ({ Key })),
        }),
      },
    },
    write: {
      s3: {
        putObject: async ({ Key, Body }: { readonly Key: string; readonly Body: string }) => {
          if (objects.has(Key)) throw Object.assign(new Error('there'), { name: 'PreconditionFailed' });
          objects.set(Key, Body);
        },
      },
      runtime: {
        invokeEndpoint: async ({ EndpointName, Body }: { readonly EndpointName: string; readonly Body: Buffer }) => {
          asked.push(`${EndpointName} ${Body}`);
          const error = fails(EndpointName, Number(Body.toString()));
          if (error !== undefined) throw error;
          answered.push(`${EndpointName} ${Body}`);
          return { Body: Buffer.from(`{"answer":"${Body}"}`), ContentType: 'application/json', durationMs: 5 };
        },
      },
    },
  }) as unknown as World;

const throttled = (): Throttled => new Throttled(clock.now() + 30_000, new Error('slow down'));

/** One turn of a run that remembers nothing but the silence. */
const turn = async (world: World, rows: number, silentSince?: number): Promise<Scored> => {
  const scored = await score(world, {
    regression,
    golden: rowsInMemory(goldenOf(rows)),
    candidate: endpoint('new'),
    baseline: endpoint('old'),
    folder,
    attempt: 1,
    kept: await keptPieces(world, folder, 1),
    silentSince,
  });
  await clock.sleepUntil(clock.now() + 30_000);
  return scored;
};

const isRepeated = (request: string): boolean => Number(request.split(' ')[1]) < rowsRepeated;
/** Requests that were answered once too often. */
const tooOften = (): readonly string[] =>
  answered.filter((request) => answered.filter((one) => one === request).length > (isRepeated(request) ? 2 : 1));
/** How often a request was sent. */
const sent = (request: string): number => asked.filter((one) => one === request).length;

describe('rows without an answer', () => {
  test('are asked again alone: every answer that was had is kept', async () => {
    const lostOnce = new Set(['new 3', 'old 60', 'new 61']);
    const world = worldOf((model, row) => (lostOnce.delete(`${model} ${row}`) ? throttled() : undefined));
    const turns = [await turn(world, 80), await turn(world, 80), await turn(world, 80)];
    expect(turns.map(({ whole, again }) => [whole, again])).toEqual([
      [0, true],
      [2, true],
      [4, false],
    ]);
    expect(answered).toHaveLength(2 * (80 + 50));
    expect(tooOften()).toEqual([]);
    expect(asked).toHaveLength(2 * (80 + 50) + 3);
    const pieces = await Promise.all([0, 1, 2, 3].map((piece) => readPiece(world, folder, 1, piece)));
    expect(pieces.flat().map(({ id, candidate, baseline }) => [id, candidate, baseline])).toEqual(
      goldenOf(80).map(({ id, row }) => [
        id,
        expect.objectContaining({ prediction: row['text'] }),
        expect.objectContaining({ prediction: row['text'] }),
      ]),
    );
    expect(pieces.flat().filter(({ again }) => again !== undefined)).toHaveLength(50);
  });

  test('a lost repetition costs no first answer, and is not repeated', async () => {
    const repeats = new Set<string>();
    const world = worldOf((model, row) => {
      const request = `${model} ${row}`;
      const isSecond = repeats.has(request);
      repeats.add(request);
      return isSecond ? throttled() : undefined;
    });
    expect(await turn(world, 25)).toMatchObject({ whole: 1, again: false });
    expect(asked).toHaveLength(2 * 50);
    expect(answered).toHaveLength(50);
  });

  test('are missing after three turns in which others were answered, and are no error of the model', async () => {
    const world = worldOf((model, row) => (model === 'new' && row === 3 ? throttled() : undefined));
    const turns: Scored[] = [];
    for (let at = 0; at < 4; at++) turns.push(await turn(world, 200));
    expect(turns.map(({ whole }) => whole)).toEqual([0, 1, 3, 8]);
    expect(sent('new 3')).toBe(3);
    expect(sent('old 3')).toBe(2);
    expect((await readPiece(world, folder, 1, 0))[3]).toMatchObject({ id: 'r3', candidate: null });
    expect(tooOften()).toEqual([]);
  });

  test('stay missing for an hour when no others are left whose answers would show that there is no outage', async () => {
    const world = worldOf((model, row) => (model === 'new' && row === 3 ? throttled() : undefined));
    expect(await turn(world, 25)).toMatchObject({ whole: 0, again: true });
    const since = clock.now();
    for (let at = 0; at < 10; at++) expect(await turn(world, 25, since)).toHaveProperty('silence');
    await clock.sleepUntil(since + minutes(60));
    expect(await turn(world, 25, since)).toMatchObject({ whole: 1, again: false });
    expect((await readPiece(world, folder, 1, 0))[3]).toMatchObject({ id: 'r3', candidate: null });
  });
});

describe('an outage', () => {
  test('is no try of any row, however long it is', async () => {
    let isOut = true;
    const world = worldOf(() => (isOut ? throttled() : undefined));
    for (let at = 0; at < 200; at++) {
      const { whole, silence } = await turn(world, 50, at === 0 ? undefined : clock.now() - minutes(at));
      expect([whole, silence?.message]).toEqual([0, 'slow down']);
    }
    isOut = false;
    expect(await turn(world, 50)).toEqual({ whole: 2, pieces: 2, again: false, waits: false });
  });

  test('in the middle of a piece costs one try of the others', async () => {
    let left = 20;
    const world = worldOf(() => (left-- > 0 ? undefined : throttled()));
    expect(await turn(world, 25)).toMatchObject({ whole: 0, again: true });
    for (let at = 0; at < 5; at++) expect(await turn(world, 25)).toHaveProperty('silence');
    left = 1000;
    expect(await turn(world, 25)).toMatchObject({ whole: 1 });
    expect(tooOften()).toEqual([]);
  });
});

test('an error that ends the turn costs no answer that was had, and is no try of the others', async () => {
  let isGone = true;
  const gone = Object.assign(new Error('Endpoint new of account 111122223333 not found.'), { name: 'ValidationError' });
  const world = worldOf((model, row) => (isGone && model === 'new' && row >= 10 ? gone : undefined));
  for (let at = 0; at < 5; at++) await expect(turn(world, 25)).rejects.toBe(gone);
  isGone = false;
  expect(await turn(world, 25)).toMatchObject({ whole: 1, again: false });
  expect(tooOften()).toEqual([]);
});
