import type { RequestForm } from '../manifest/asking.ts';
import type { RegressionSpec } from '../manifest/regression.ts';
import { InputError } from '../schema.ts';
import { withoutUndefined } from '../without-undefined.ts';
import type { World } from '../world.ts';
import { rowsOfPiece, type Tried } from './answers.ts';
import { type AskedRows, ask, type Endpoints, type Question, type Side, sides } from './ask.ts';
import type { GoldenRow, GoldenRows } from './golden-set.ts';
import { answeredSides, openSides } from './piece.ts';
import { bodyOf, RequestProblem } from './request.ts';
import type { Reading } from './response.ts';
import type { Site } from './site.ts';

/**
 * So many rows are asked twice, to notice a model that answers one request in two ways. A model that changes 5 % of its answers is noticed in
 * 92 % of the tests; 20 rows would notice it in 64 %.
 */
export const rowsRepeated = 50;
/** InvokeEndpoint (AWS: "Amazon SageMaker AI endpoints and quotas"): 25 MB, of serverless endpoints 4 MB, which AWS itself refuses. */
const mostBodyBytes = 25 * 1024 * 1024;

export interface Asking {
  readonly regression: RegressionSpec;
  readonly golden: GoldenRows;
  readonly candidate: Site;
  /** Absent where nothing serves. */
  readonly baseline?: Site | undefined;
}

interface AskedPiece extends Omit<AskedRows, 'answers'> {
  readonly tried: Tried;
}

/**
 * Asks for the answers of a piece that no earlier turn had, then once more for those of the first rows.
 * @param rows of the piece
 * @param before the earlier turns
 */
export const askPiece = async (
  world: World,
  asking: Asking,
  { piece, rows }: { readonly piece: number; readonly rows: readonly GoldenRow[] },
  before: readonly Tried[],
): Promise<AskedPiece> => {
  const { regression } = asking;
  const how = { form: formOf(regression), concurrency: regression.asking.concurrency };
  const questions = rows.flatMap((row, place) => {
    const open = openSides(before, place, askedSides(asking));
    return open.length === 0 ? [] : [{ place, ...questionOf(regression, row, open) }];
  });
  const first = await ask(world, questions, endpointsOf(asking), how);
  const repeated = first.answers.flatMap((answer, at) => {
    const { [at]: question } = questions;
    if (question === undefined || piece * rowsOfPiece + question.place >= rowsRepeated) return [];
    return first.failure !== undefined ? [] : [{ ...question, sides: answeredSides(answer) }];
  });
  const second = await ask(world, repeated, endpointsOf(asking), how);
  const again = new Map(
    repeated.map(({ place, sides: twice }, at) => [
      place,
      Object.fromEntries(
        twice.flatMap((side) => (second.answers[at]?.[side] ? [[side, second.answers[at][side]]] : [])),
      ),
    ]),
  );
  return {
    tried: {
      at: world.clock.now(),
      answers: first.answers.map((answer, at) => {
        const place = questions[at]?.place ?? 0;
        return { ...answer, place, ...withoutUndefined({ again: again.get(place) }) };
      }),
    },
    ...withoutUndefined({ lost: first.lost, failure: first.failure ?? second.failure }),
  };
};

export const formOf = ({ asking: { request } }: RegressionSpec): RequestForm => {
  if (request === undefined) throw new Error('nothing says how the models are asked');
  return request;
};

export const rowsOf = ({ golden }: Pick<Asking, 'golden'>, piece: number): Promise<readonly GoldenRow[]> =>
  golden.slice(piece * rowsOfPiece, (piece + 1) * rowsOfPiece);

/** The endpoints that answer at once. */
const endpointsOf = (asking: Asking): Endpoints =>
  Object.fromEntries(
    sides.flatMap((side) => {
      const site = asking[side];
      return site?.is === 'endpoint' && !site.asynchronous ? [[side, site]] : [];
    }),
  );

/** The models that answer at once. */
export const askedSides = (asking: Asking): readonly Side[] => {
  const endpoints = endpointsOf(asking);
  return sides.filter((side) => endpoints[side] !== undefined);
};

/** @param to the models that it goes to */
export const questionOf = (regression: RegressionSpec, row: GoldenRow, to: readonly Side[]): Question => ({
  id: row.id,
  body: requestOf(row, formOf(regression)),
  sides: to,
  reading: readingOf(regression, row),
});

/** How the answers to a row are read. */
export const readingOf = (
  { task, positive, asking }: RegressionSpec,
  { labels }: Pick<GoldenRow, 'labels'>,
): Reading => {
  if (asking.response === undefined) throw new Error('nothing says how the answers are read');
  const { kind, negative } = labels;
  return { task, form: asking.response, labels: kind, ...withoutUndefined({ positive, negative }) };
};

/** The request of a row. @throws {InputError} */
export const requestOf = ({ id, row, labels, numbers }: GoldenRow, form: RequestForm): Buffer => {
  try {
    const body = bodyOf(row, form, numbers);
    if (body.length > mostBodyBytes)
      throw new RequestProblem(`makes a request of ${body.length} bytes; an endpoint takes ${mostBodyBytes}`);
    return body;
  } catch (error) {
    if (!(error instanceof RequestProblem)) throw error;
    throw new InputError(`${labels.file}: row ${JSON.stringify(id)} ${error.message}`);
  }
};
