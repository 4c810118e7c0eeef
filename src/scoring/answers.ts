import * as z from 'zod/mini';
import type { Instant } from '../clock.ts';
import type { S3Location } from '../manifest/manifest.ts';
import type { World } from '../world.ts';
import type { Answered } from './ask.ts';
import { keepOnce } from './keep-once.ts';
import { objectsBelow } from './objects-below.ts';
import { jsonLines, type KeptKind, requireKept } from './read-kept.ts';

/**
 * The answers of one attempt, kept in pieces: `<subject>/<attempt>/rows/000001.jsonl`. A piece is written once. Runs that
 * ask for the same rows meet in it, and a run that was killed left the finished ones. Of a piece that is not whole yet, each turn keeps
 * the answers that it had in an object of its own, `000001-1.json`: no answer is asked for twice.
 */
/** Asked whole within a turn. At 60 seconds an answer, four at a time, it takes seven minutes; a turn of a job worker has twelve. */
export const rowsOfPiece = 25;

export const piecesOf = (rows: number): number => Math.ceil(rows / rowsOfPiece);

const folderOf = ({ prefix }: S3Location, attempt: number): string => `${prefix}${attempt}/rows/`;

/** A whole piece, or the answers that a turn had of one. */
const nameOfPiece = /^(\d{6})(?:\.jsonl|-(\d+)\.json)$/;

/** Whether an object below the tests of an endpoint has answers of any of them. */
export const hasAnswersOfTest = (key: string): boolean => nameOfPiece.test(/\/rows\/([^/]+)$/.exec(key)?.[1] ?? '');

/** From 0. */
const keyOf = (folder: S3Location, attempt: number, piece: number): string =>
  `${folderOf(folder, attempt)}${String(piece + 1).padStart(6, '0')}.jsonl`;

/** From 1, of a turn that had some of a piece's answers. */
const triedKey = (folder: S3Location, attempt: number, piece: number, turn: number): string =>
  keyOf(folder, attempt, piece).replace(/\.jsonl$/, `-${turn}.json`);

/** The answers that there are. */
export interface Kept {
  /** Pieces that are whole. */
  readonly whole: ReadonlySet<number>;
  /** Of a piece that is not: in how many turns some of its answers were had. */
  readonly turns: ReadonlyMap<number, number>;
}

export const keptPieces = async (world: World, folder: S3Location, attempt: number): Promise<Kept> => {
  const prefix = folderOf(folder, attempt);
  const whole = new Set<number>();
  const turns = new Map<number, number>();
  for (const { Key } of await objectsBelow(world, { ...folder, prefix })) {
    const [name, number, turn] = nameOfPiece.exec(Key?.slice(prefix.length) ?? '') ?? [];
    if (name === undefined) continue;
    const piece = Number(number) - 1;
    if (turn === undefined) whole.add(piece);
    else turns.set(piece, Math.max(Number(turn), turns.get(piece) ?? 0));
  }
  return { whole, turns };
};

export const keepPiece = (
  world: World,
  folder: S3Location,
  attempt: number,
  piece: number,
  answers: readonly Answered[],
): Promise<void> =>
  keepOnce(
    world,
    folder,
    keyOf(folder, attempt, piece),
    answers.map((answer) => `${JSON.stringify(answer)}\n`).join(''),
    'application/jsonlines',
  );

/** The answers that one turn had to rows of a piece, before it was whole. */
export interface Tried {
  readonly at: Instant;
  readonly answers: readonly Placed[];
}

/** `place`: of the row in its piece, from 0; ids are unique in a file, and a piece may have rows of two. */
export type Placed = Answered & { readonly place: number };

/** @param turn from 1: one after the turns that are kept. Of two runs at the same time, the first one's answers stay. */
export const keepTried = (
  world: World,
  folder: S3Location,
  attempt: number,
  { piece, turn }: { readonly piece: number; readonly turn: number },
  tried: Tried,
): Promise<void> =>
  keepOnce(world, folder, triedKey(folder, attempt, piece, turn), JSON.stringify(tried), 'application/json');

const answer = z.optional(
  z.nullable(z.looseObject({}).check(z.refine((one) => 'prediction' in one || typeof one['error'] === 'string'))),
);
const answers = { candidate: answer, baseline: answer };
const answered = { id: z.string(), ...answers, again: z.optional(z.looseObject(answers)) };
/** `mostBytes`: texts may be long. */
const kind = { mostBytes: 64 * 1024 * 1024, is: 'no piece of the answers of a regression test' };

const tried = {
  ...kind,
  schema: z.object({ at: z.number(), answers: z.array(z.looseObject({ ...answered, place: z.int() })) }),
} satisfies KeptKind<z.ZodMiniType>;

/** @throws {Refusal} `record-unavailable` when there are none */
export const readTried = async (
  world: World,
  folder: S3Location,
  attempt: number,
  { piece, turn }: { readonly piece: number; readonly turn: number },
): Promise<Tried> =>
  (await requireKept(world, folder, triedKey(folder, attempt, piece, turn), tried)) as unknown as Tried;

const whole = {
  ...kind,
  schema: z.array(z.looseObject(answered)),
  read: jsonLines,
} satisfies KeptKind<z.ZodMiniType>;

/** @throws {Refusal} `record-unavailable` when there are none */
export const readPiece = async (
  world: World,
  folder: S3Location,
  attempt: number,
  piece: number,
): Promise<readonly Answered[]> =>
  (await requireKept(world, folder, keyOf(folder, attempt, piece), whole)) as unknown as readonly Answered[];
