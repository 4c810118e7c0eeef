import { classify, describe } from '../aws/errors.ts';
import type { Part } from '../findings/evidence.ts';
import { Refusal } from '../operation.ts';
import { shortened } from '../plain-text.ts';
import { InputError } from '../schema.ts';

const mostOfReason = 500;

/**
 * A part of the evidence, or the reason why it could not be read: no run fails for it.
 * @throws the abort of the run, which is no fact about a part
 */
export const partOf = async <Value>(read: () => Promise<Value>): Promise<Part<Value>> => {
  try {
    return { is: 'known', value: await read() };
  } catch (error) {
    if (classify(error) === 'aborted') throw error;
    return { is: 'unknown', because: shortened(reasonOf(error), mostOfReason) };
  }
};

/** The next part, read with this one. Without this one it has the same reason. */
export const andThen = <Value, Next>(part: Part<Value>, read: (value: Value) => Promise<Next>): Promise<Part<Next>> =>
  part.is === 'known' ? partOf(() => read(part.value)) : Promise.resolve(part);

const reasonOf = (error: unknown): string =>
  error instanceof Refusal || error instanceof InputError ? error.message : describe(error);
