import { type Operation, reasonOfAbort } from '../operation.ts';
import { reason } from '../reason-codes.ts';
import { type AliasTest, standingOfAlias } from './alias-standing.ts';
import { unlessDisturbed } from './disturbed.ts';
import type { RegressionTestMemory, RegressionTestOutputs } from './progress.ts';
import { recalled } from './recalled.ts';
import { takeStep } from './take-step.ts';

/** The regression test during a delivery to an alias, in turns. It makes nothing that has to be removed. */
export const aliasTest: Pick<Operation<AliasTest, RegressionTestMemory, RegressionTestOutputs>, 'advance' | 'abort'> = {
  advance: async (given, token, world) => {
    const memory = recalled(token, given.lambda.alias);
    // As of an endpoint: package and golden set must be those of now.
    if (memory !== undefined) world.lookAgain?.();
    return takeStep(await unlessDisturbed(memory, standingOfAlias(given, memory, world)), memory);
  },
  abort: async (_given, _token, why) => ({
    is: 'done',
    outcome: reason(reasonOfAbort[why]).outcome,
    reason: reasonOfAbort[why],
    outputs: {},
    because: 'no verdict yet; the answers so far are kept, and the next run goes on with them',
  }),
};
