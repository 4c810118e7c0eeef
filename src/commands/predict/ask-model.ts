import { Throttled } from '../../aws/retry.ts';
import type { RegressionSpec } from '../../manifest/regression.ts';
import { InputError } from '../../schema.ts';
import { rowsOfPiece } from '../../scoring/answers.ts';
import { ask, type Invoke } from '../../scoring/ask.ts';
import type { GoldenSet } from '../../scoring/golden-set.ts';
import { requirePredictions } from '../../scoring/require-predictions.ts';
import type { Answer } from '../../scoring/response.ts';
import { readingOf, requestOf } from '../../scoring/score.ts';
import { NoPredictions } from './no-predictions.ts';

interface Asking {
  readonly regression: RegressionSpec;
  readonly golden: GoldenSet;
  readonly concurrency: number;
  /** For people. */
  readonly name: string;
  readonly invoke: Invoke;
  readonly onProgress: (answered: number) => void;
}

/** A model that answers none of them does not answer any more. */
const rowsAtOnce = 100;

/**
 * The model's answers to all golden rows, in their order, each asked once; null: there was none, for reasons that are not the model's.
 * @throws {InputError} when no answer of the first rows has a prediction, or the address has no model
 */
export const predictions = async (asking: Asking): Promise<readonly (Answer | null)[]> => {
  const { regression, golden, concurrency, name, invoke, onProgress } = asking;
  const { request: form } = regression.asking;
  if (form === undefined)
    throw new InputError('regression.request: is missing; it says how a golden row becomes a request');
  const reading = readingOf(regression, golden);
  const way = { write: { runtime: { invokeEndpoint: invoke } } };
  const answers: (Answer | null)[] = [];
  for (let from = 0; from < golden.rows.length; ) {
    const to = from + (from === 0 ? rowsOfPiece : rowsAtOnce);
    const questions = golden.rows.slice(from, to).map((row) => ({ id: row.id, body: requestOf(row, form) }));
    const site = { is: 'endpoint', name, endpoint: name, content: '' } as const;
    const asked = await ask(way, questions, { candidate: site }, { form, reading, concurrency }).catch(
      (error: unknown) => {
        if (!(error instanceof Throttled)) throw error;
        throw new NoPredictions(`${name} cannot be reached after ${from} rows: ${causeOf(error)}`);
      },
    );
    answers.push(...asked.map(({ candidate = null }) => candidate));
    if (from === 0) {
      const given = answers.filter((answer) => answer !== null);
      refuseWrongAddress(name, given);
      requirePredictions(regression, 'candidate', { name }, given);
    }
    from = Math.min(to, golden.rows.length);
    onProgress(from);
  }
  return answers;
};

/** The system's word for it: the SDK's sentence would speak of AWS. */
const causeOf = ({ cause, message }: Throttled): string =>
  typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : message;

/** A server that knows no such path answers so whatever it is asked. */
const refuseWrongAddress = (name: string, answers: readonly Answer[]): void => {
  for (const status of [404, 405])
    if (answers.length > 0 && answers.every((answer) => 'error' in answer && answer.error.endsWith(`status ${status}`)))
      throw new InputError(`url: ${name} answers every request with ${status}: no model is at this address`);
};
