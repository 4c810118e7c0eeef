import { seconds } from '../clock.ts';
import type { RequestForm } from '../manifest/asking.ts';
import type { S3Location } from '../manifest/manifest.ts';
import type { RegressionSpec } from '../manifest/regression.ts';
import { InputError } from '../schema.ts';
import { withoutUndefined } from '../without-undefined.ts';
import type { World } from '../world.ts';
import { keepPiece, piecesOf, rowsOfPiece } from './answers.ts';
import { type Answered, type Asked, ask, type Question } from './ask.ts';
import { collect, type Queue, send } from './asynchronous.ts';
import type { GoldenRow, GoldenSet } from './golden-set.ts';
import { bodyOf, RequestProblem } from './request.ts';
import { requirePredictions } from './require-predictions.ts';
import type { Answer, Reading } from './response.ts';
import type { Site } from './site.ts';

export interface Scoring {
  readonly regression: RegressionSpec;
  readonly golden: GoldenSet;
  readonly candidate: Site;
  /** Absent where nothing serves. */
  readonly baseline?: Site | undefined;
  readonly folder: S3Location;
  readonly attempt: number;
  /** Pieces that are kept already. */
  readonly kept: ReadonlySet<number>;
  /** Earlier turns in which rows of the first missing piece had no answer. */
  readonly tries: number;
}

export interface Scored {
  /** Pieces that are kept now. */
  readonly kept: number;
  readonly pieces: number;
  /** Turns in which rows of the next piece had no answer for reasons that are not the model's: try it again later. */
  readonly again?: number;
  /** Answers of an asynchronous endpoint are on their way. */
  readonly waits?: true;
}

/** A turn ends after this, so that a run can be stopped and its progress is seen. */
const longestTurnMs = seconds(20);
/**
 * So many rows are asked twice, to notice a model that answers one request in two ways. A model that changes 5 % of its answers is noticed in
 * 92 % of the tests; 20 rows would notice it in 64 %.
 */
export const rowsRepeated = 50;
/** After so many turns a row has no answer. */
const mostTries = 3;
/** InvokeEndpoint (AWS: "Amazon SageMaker AI endpoints and quotas"): 25 MB, of serverless endpoints 4 MB, which AWS itself refuses. */
const mostBodyBytes = 25 * 1024 * 1024;

/** Asks for pieces until none is missing or the turn's time is over. */
export const score = async (world: World, scoring: Scoring): Promise<Scored> => {
  const { golden, kept, tries, folder, attempt } = scoring;
  const until = world.clock.now() + longestTurnMs;
  const pieces = piecesOf(golden.rows.length);
  const missing = Array.from({ length: pieces }, (_, piece) => piece).filter((piece) => !kept.has(piece));
  const queues = queuesOf(scoring);
  for (const piece of missing)
    for (const queue of queues) {
      if (world.clock.now() >= until) break;
      await send(world, queue, piece, questionsOf(scoring, piece), formOf(scoring));
    }
  let done = kept.size;
  for (const [at, piece] of missing.entries()) {
    if (at > 0 && world.clock.now() >= until) break;
    const queued = await collected(world, scoring, queues, piece);
    if (queued === undefined) return { kept: done, pieces, waits: true };
    const answers = await answersOf(world, scoring, piece, queued);
    const isPartial = answers.some(({ candidate, baseline }) => candidate === null || baseline === null);
    // Earlier tries were those of the first missing piece.
    const again = at === 0 ? tries + 1 : 1;
    if (isPartial && queues.length === 0 && again < mostTries) return { kept: done, pieces, again };
    if (piece === 0)
      for (const side of sides) {
        const site = scoring[side];
        if (site !== undefined)
          requirePredictions(
            scoring.regression,
            side,
            site,
            answers.flatMap((answer) => answer[side] ?? []),
          );
      }
    await keepPiece(world, folder, attempt, piece, answers);
    done++;
  }
  return { kept: done, pieces };
};

const formOf = ({ regression }: Scoring): RequestForm => {
  const { request } = regression.asking;
  if (request === undefined) throw new Error('nothing says how the models are asked');
  return request;
};

const questionsOf = (scoring: Scoring, piece: number): readonly Question[] => {
  const form = formOf(scoring);
  const { golden } = scoring;
  return golden.rows
    .slice(piece * rowsOfPiece, (piece + 1) * rowsOfPiece)
    .map((row) => ({ id: row.id, body: requestOf(row, form) }));
};

const sides = ['candidate', 'baseline'] as const;

/** One for each model that answers asynchronously. */
const queuesOf = ({ folder, attempt, ...sites }: Scoring): readonly Queue[] =>
  sides.flatMap((side) => {
    const endpoint = sites[side];
    return endpoint?.is === 'endpoint' && endpoint.asynchronous ? [{ side, endpoint, folder, attempt }] : [];
  });

type Queued = Readonly<Partial<Record<(typeof sides)[number], ReadonlyMap<string, Answer | null>>>>;

/** @returns undefined while answers are on their way */
const collected = async (
  world: World,
  scoring: Scoring,
  queues: readonly Queue[],
  piece: number,
): Promise<Queued | undefined> => {
  const found: { -readonly [Side in keyof Queued]: Queued[Side] } = {};
  for (const queue of queues) {
    const answers = await collect(world, queue, piece, formOf(scoring), readingOf(scoring.regression, scoring.golden));
    if (answers === undefined) return undefined;
    found[queue.side] = answers;
  }
  return found;
};

const answersOf = async (
  world: World,
  scoring: Scoring,
  piece: number,
  queued: Queued,
): Promise<readonly Answered[]> => {
  const { regression, golden } = scoring;
  const how = {
    form: formOf(scoring),
    reading: readingOf(regression, golden),
    concurrency: regression.asking.concurrency,
  };
  const questions = questionsOf(scoring, piece);
  const asked = askedOf(scoring);
  const answers = (await ask(world, questions, asked, how)).map((answer) => ({
    ...answer,
    ...Object.fromEntries(Object.entries(queued).map(([side, found]) => [side, found.get(answer.id) ?? null])),
  }));
  const twice = questions.slice(0, Math.max(0, rowsRepeated - piece * rowsOfPiece));
  const repeated = await ask(world, twice, asked, how);
  return answers.map((answer, at) => {
    const again = repeated[at];
    if (again === undefined) return answer;
    const { id: _, ...second } = again;
    return { ...answer, again: second };
  });
};

/** How the answers of a test are read. */
export const readingOf = ({ task, positive, asking }: RegressionSpec, { labels, negative }: GoldenSet): Reading => {
  if (asking.response === undefined) throw new Error('nothing says how the answers are read');
  return { task, form: asking.response, labels, ...withoutUndefined({ positive, negative }) };
};

/** The endpoints that answer at once. */
const askedOf = ({ candidate, baseline }: Scoring): Asked =>
  withoutUndefined({
    candidate: candidate.is === 'endpoint' && !candidate.asynchronous ? candidate : undefined,
    baseline: baseline?.is === 'endpoint' && !baseline.asynchronous ? baseline : undefined,
  });

/** Whether every row makes a request. @throws {InputError} for the first that makes none */
export const requireRequests = (golden: GoldenSet, form: RequestForm): void => {
  for (const row of golden.rows) requestOf(row, form);
};

/** The request of a row. @throws {InputError} */
export const requestOf = ({ id, row, of }: GoldenRow, form: RequestForm): Buffer => {
  try {
    const body = bodyOf(row, form);
    if (body.length > mostBodyBytes)
      throw new RequestProblem(`makes a request of ${body.length} bytes; an endpoint takes ${mostBodyBytes}`);
    return body;
  } catch (error) {
    if (!(error instanceof RequestProblem)) throw error;
    throw new InputError(`${of}: row ${JSON.stringify(id)} ${error.message}`);
  }
};
