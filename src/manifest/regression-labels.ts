import * as z from 'zod/mini';
import * as v from './values.ts';

/** The key of `regression:` that ties the labels of the golden set to the model that they judged. */
export const labelsKey = z.optional(
  v
    .mapping({
      'changed-with-model': v
        .choice('an answer', ['refuse', 'allow'])
        .check(
          z.describe(
            'Whether a new version may be tested with other labels than the version that serves was. `refuse`: labels and model change one after the other. Default: `refuse`.',
          ),
        ),
    })
    .check(z.describe('The lock of the golden set: changed labels can make any model pass.')),
);
