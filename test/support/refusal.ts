import { Refusal } from '../../src/operation.ts';

/** `reason: message` of the refusal that a promise ends in. @throws when it ends otherwise */
export const refusal = async (promise: Promise<unknown>): Promise<string> => {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof Refusal)) throw new Error(`no refusal, but ${String(error)}`);
  return `${error.reason}: ${error.message}`;
};
