import * as z from 'zod/mini';
import * as v from './values.ts';

/** `level:` of a check beside the comparison. */
export const checkLevel = () =>
  z.optional(
    v
      .choice('a level', ['fail', 'warn'])
      .check(z.describe('`warn`: the result is reported and changes no verdict. Default: `fail`.')),
  );
