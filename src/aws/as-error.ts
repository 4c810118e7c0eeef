import { types } from 'node:util';
import { withoutUndefined } from '../without-undefined.ts';

/** An error of Node's own where this code runs in a sandbox, as under a test runner: `instanceof Error` does not know it there. */
export const asError = (thrown: unknown): unknown => {
  if (thrown instanceof Error || !types.isNativeError(thrown)) return thrown;
  const { name, message, stack } = thrown;
  return Object.assign(new Error(message), thrown, { name, ...withoutUndefined({ stack }) });
};
