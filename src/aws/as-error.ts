import { types } from 'node:util';
import { withoutUndefined } from '../without-undefined.ts';

/** Turns an error of Node into an `Error` of this sandbox, as under a test runner: there `instanceof Error` is false for it. */
export const asError = (thrown: unknown): unknown => {
  if (thrown instanceof Error || !types.isNativeError(thrown)) return thrown;
  const { name, message, stack } = thrown;
  return Object.assign(new Error(message), thrown, { name, ...withoutUndefined({ stack }) });
};
