import { types } from 'node:util';

/** Turns an error of Node into an `Error` of this sandbox, as under a test runner: there `instanceof Error` is false for it. */
export const asError = (thrown: unknown): unknown => {
  if (thrown instanceof Error || !types.isNativeError(thrown)) return thrown;
  const { name, message, stack } = thrown;
  return Object.assign(new Error(message), thrown, { name, ...(stack === undefined ? {} : { stack }) });
};
