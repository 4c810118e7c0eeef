import type { Throttled } from '../aws/retry.ts';
import { type Instant, minutes, seconds } from '../clock.ts';
import type { S3Location } from '../manifest/manifest.ts';
import { withoutUndefined } from '../without-undefined.ts';
import type { World } from '../world.ts';
import { type Kept, keepPiece, keepTried, piecesOf, readTried, type Tried } from './answers.ts';
import { type Question, type Side, sides } from './ask.ts';
import { type Asking, askedSides, askPiece, formOf, questionOf, rowsOf } from './ask-piece.ts';
import { collect, type Queue, send } from './asynchronous.ts';
import type { GoldenRow } from './golden-set.ts';
import { answeredSides, answersAt, isWhole, secondAnswersAt } from './piece.ts';
import { requirePredictions } from './require-predictions.ts';
import type { Answer } from './response.ts';

export interface Scoring extends Asking {
  readonly folder: S3Location;
  readonly attempt: number;
  readonly kept: Kept;
  /** No request was answered since. */
  readonly silentSince?: Instant | undefined;
}

export interface Scored {
  /** Pieces that are whole now. */
  readonly whole: number;
  readonly pieces: number;
  /** Some rows have no answer, for reasons that are not the model's: they are asked again later. */
  readonly again: boolean;
  /** Answers of an asynchronous endpoint are on their way. */
  readonly waits: boolean;
  /** No request of this turn was answered: AWS is out of reach, which says nothing about a row. */
  readonly silence?: Throttled;
}

/** A turn ends after this, so that a run can be stopped and its progress is seen. */
const longestTurnMs = seconds(20);
/**
 * An outage is waited out. But the last rows of a test have no others beside them whose answers would show that there is none: without an
 * answer for so long, they are missing.
 */
const patience = minutes(60);

/** A piece of which this turn asked for the answers that were missing. */
interface Open {
  readonly piece: number;
  /** They are read before they are asked: a run that is cancelled meanwhile reads nothing more, and keeps the answers that it had. */
  readonly rows: readonly GoldenRow[];
  readonly queued: Queued;
  /** Earlier turns that had answers of it, and this one. */
  readonly tried: readonly [Tried, ...Tried[]];
}

/** Asks for pieces until none is missing, the turn's time is over, or a row that was never asked before has no answer. */
export const score = async (world: World, scoring: Scoring): Promise<Scored> => {
  const { golden, kept } = scoring;
  const until = world.clock.now() + longestTurnMs;
  const pieces = piecesOf(golden.size);
  const missing = Array.from({ length: pieces }, (_, piece) => piece).filter((piece) => !kept.whole.has(piece));
  const queues = queuesOf(scoring);
  for (const piece of queues.length === 0 ? [] : missing) {
    if (world.clock.now() >= until) break;
    const questions = questionsOf(scoring, await rowsOf(scoring, piece));
    for (const queue of queues) await send(world, queue, piece, questions, formOf(scoring.regression));
  }
  const silent: Open[] = [];
  let whole = kept.whole.size;
  let [again, waits, answered, hasGap] = [false, false, false, false];
  let lost: Throttled | undefined;
  const settle = async (open: Open, isLast = false): Promise<void> => {
    if (await settled(world, scoring, open, isLast)) whole++;
    else again = true;
  };
  for (const [at, piece] of missing.entries()) {
    if (at > 0 && world.clock.now() >= until) break;
    const rows = await rowsOf(scoring, piece);
    const queued = await collected(world, scoring, queues, { piece, rows });
    waits = queued === undefined;
    if (queued === undefined) break;
    const before = await triedBefore(world, scoring, piece);
    const asked = await askPiece(world, scoring, { piece, rows }, before);
    const open: Open = { piece, rows, queued, tried: [asked.tried, ...before] };
    const has = asked.tried.answers.some((answer) => answeredSides(answer).length > 0);
    answered ||= has;
    lost = asked.lost ?? lost;
    if (asked.failure !== undefined) {
      if (has) await settle(open);
      throw asked.failure.error;
    }
    if (asked.lost !== undefined && !answered) silent.push(open);
    else await settle(open);
    hasGap ||= asked.lost !== undefined;
    // Where a piece has a gap again, one new piece is its witness: if that is answered, there is no outage. Others are for later turns.
    if (hasGap && before.length === 0) break;
  }
  const isOver = scoring.silentSince !== undefined && world.clock.now() >= scoring.silentSince + patience;
  const unheard = silent.filter(({ tried: [, ...before] }) => !answered && !(isOver && before.length > 0));
  for (const open of silent) if (!unheard.includes(open)) await settle(open, !answered);
  return { whole, pieces, again, waits, ...(unheard.length > 0 && lost !== undefined ? { silence: lost } : {}) };
};

/**
 * Keeps the piece when it is whole, else the answers of this turn.
 * @param isLast rows without an answer are asked no more
 * @returns whether the piece is kept whole
 */
const settled = async (
  world: World,
  scoring: Scoring,
  { piece, rows, queued, tried }: Open,
  isLast: boolean,
): Promise<boolean> => {
  const { folder, attempt, regression } = scoring;
  const asked = askedSides(scoring);
  if (!isLast && !isWhole(tried, rows.length, asked)) {
    await keepTried(world, folder, attempt, { piece, turn: tried.length }, tried[0]);
    return false;
  }
  const answers = rows.map((row, place) => ({
    row,
    of: {
      ...answersAt(tried, place, asked),
      ...Object.fromEntries(Object.entries(queued).map(([side, found]) => [side, found[place] ?? null])),
    },
    ...withoutUndefined({ again: secondAnswersAt(tried, place) }),
  }));
  if (piece === 0)
    for (const side of sides) {
      const { [side]: site } = scoring;
      const had = answers.flatMap(({ row, of }) => (of[side] ? [{ row, answer: of[side] }] : []));
      if (site !== undefined) requirePredictions(regression, side, site, had);
    }
  const kept = answers.map(({ row: { id }, of, again }) => ({ id, ...of, ...withoutUndefined({ again }) }));
  await keepPiece(world, folder, attempt, piece, kept);
  return true;
};

const triedBefore = (world: World, { folder, attempt, kept }: Scoring, piece: number): Promise<readonly Tried[]> =>
  Promise.all(
    Array.from({ length: kept.turns.get(piece) ?? 0 }, (_, at) =>
      readTried(world, folder, attempt, { piece, turn: at + 1 }),
    ),
  );

/** One for each model that answers asynchronously. */
const queuesOf = ({ folder, attempt, ...sites }: Scoring): readonly Queue[] =>
  sides.flatMap((side) => {
    const endpoint = sites[side];
    return endpoint?.is === 'endpoint' && endpoint.asynchronous ? [{ side, endpoint, folder, attempt }] : [];
  });

const questionsOf = ({ regression }: Scoring, rows: readonly GoldenRow[]): readonly Question[] =>
  rows.map((row) => questionOf(regression, row, []));

/** By the place of a row in its piece. */
type Queued = Readonly<Partial<Record<Side, readonly (Answer | null)[]>>>;

/** @returns undefined while answers are on their way */
const collected = async (
  world: World,
  scoring: Scoring,
  queues: readonly Queue[],
  { piece, rows }: Pick<Open, 'piece' | 'rows'>,
): Promise<Queued | undefined> => {
  const found: { -readonly [Side in keyof Queued]: Queued[Side] } = {};
  for (const queue of queues) {
    const answers = await collect(world, queue, piece, questionsOf(scoring, rows), formOf(scoring.regression));
    if (answers === undefined) return undefined;
    found[queue.side] = answers;
  }
  return found;
};
