import * as z from 'zod/mini';
import { withoutUndefined } from '../without-undefined.ts';
import type { ContractSpec } from './asking.ts';
import { checkLevel } from './check-level.ts';
import type { Refuse } from './refuse.ts';
import * as v from './values.ts';

/** `contract:`, the check of the columns against Model Monitor's constraints. */

const about = z.describe;

export const contractKey = {
  contract: z.optional(
    v
      .mapping({
        constraints: v
          .words('a file of constraints')
          .check(
            about(
              "Model Monitor's `constraints.json` of the version. `registered`: the file that its model package names, in `ModelMetrics.ModelDataQuality`, else in `DriftCheckBaselines.ModelDataQuality`. Or a path in the repository, or an S3 location.",
            ),
          ),
        output: z.optional(
          v
            .words('a column')
            .check(
              about(
                "Name of the predictions' column in that file, e.g. the target of the training data. It is compared with both models' predictions.",
              ),
            ),
        ),
        level: checkLevel(),
      })
      .check(
        about(
          "The golden rows' columns keep the version's constraints, and so do its answers; and callers of the version that serves do not break.",
        ),
      ),
  ),
};

type RawContract = NonNullable<z.output<(typeof contractKey)['contract']>>;
/** @param input of `regression.request`; undefined: there is none */
export const contractOf = (
  { constraints, output, level = 'fail' }: RawContract,
  input: readonly string[] | string | undefined,
  refuse: Refuse,
): ContractSpec => {
  if (input === undefined) refuse('needs request.input, whose columns it compares with the constraints', 'contract');
  if (output !== undefined && Array.isArray(input) && input.includes(output))
    refuse('is a column of request.input; expected the column of the predictions', 'contract', 'output');
  return { constraints, level, ...withoutUndefined({ output }) };
};
