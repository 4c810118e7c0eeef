import type { Throttled } from '../../aws/retry.ts';
import type { RegressionSpec } from '../../manifest/regression.ts';
import { InputError } from '../../schema.ts';
import { rowsOfPiece } from '../../scoring/answers.ts';
import { ask, type Invoke } from '../../scoring/ask.ts';
import { formOf, questionOf } from '../../scoring/ask-piece.ts';
import type { GoldenSet } from '../../scoring/golden-set.ts';
import { requirePredictions } from '../../scoring/require-predictions.ts';
import type { Answer } from '../../scoring/response.ts';
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
 * @throws {NoPredictions} when the model cannot be reached
 */
export const predictions = async (asking: Asking): Promise<readonly (Answer | null)[]> => {
  const { regression, golden, concurrency, name, invoke, onProgress } = asking;
  const way = { write: { runtime: { invokeEndpoint: invoke } } };
  const candidate = { is: 'endpoint', name, endpoint: name, content: '' } as const;
  const answers: (Answer | null)[] = [];
  for (let from = 0; from < golden.size; from = answers.length) {
    const rows = await golden.slice(from, from + (from === 0 ? rowsOfPiece : rowsAtOnce));
    const questions = rows.map((row) => questionOf(regression, row, ['candidate']));
    const asked = await ask(way, questions, { candidate }, { form: formOf(regression), concurrency });
    if (asked.failure !== undefined) throw asked.failure.error;
    const found = asked.answers.map((answer) => answer.candidate ?? null);
    if (asked.lost !== undefined && found.every((answer) => answer === null))
      throw new NoPredictions(`${name} cannot be reached after ${from} rows: ${causeOf(asked.lost)}`);
    if (from === 0) {
      const answered = rows.flatMap((row, at) => {
        const answer = found[at] ?? null;
        return answer === null ? [] : [{ row, answer }];
      });
      refuseWrongAddress(
        name,
        answered.map(({ answer }) => answer),
      );
      requirePredictions(regression, 'candidate', { name }, answered);
    }
    answers.push(...found);
    onProgress(answers.length);
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
