import { AnswerLost, Throttled } from '../aws/retry.ts';
import { environmentOf } from '../manifest/load.ts';
import { type Operation, reasonOfAbort } from '../operation.ts';
import { reason } from '../reason-codes.ts';
import { failureOf } from '../report/failure.ts';
import { flag, type OutputSchema, optional, text, type ValuesOf } from '../schema.ts';
import { unlessDisturbed } from '../scoring/disturbed.ts';
import {
  endWithoutVerdict,
  type RegressionTestMemory,
  type RegressionTestOutputs,
  type Turn,
} from '../scoring/progress.ts';
import { recalled, requireOwn } from '../scoring/recalled.ts';
import { silentBecause } from '../scoring/silence.ts';
import { standing } from '../scoring/standing.ts';
import { takeStep } from '../scoring/take-step.ts';
import { removeTemporary } from '../scoring/temporary.ts';
import { stopTransform } from '../scoring/transform.ts';
import type { World } from '../world.ts';
import { sharedInputs, versionInput } from './shared-inputs.ts';

const inputs = {
  ...sharedInputs,
  version: versionInput('test'),
  again: flag({ description: 'Test again although a passing verdict still counts.', default: false }),
};
const files = {
  evaluation: optional(
    text({
      description:
        "Write the verdict's `evaluation.json` to this file: the metrics as SageMaker reads them, and the comparison.",
      example: 'evaluation.json',
    }),
  ),
};
export type RegressionTestInputs = ValuesOf<typeof inputs>;

const outputs: OutputSchema<RegressionTestOutputs> = {
  version: { description: 'Semantic version; `package-7` for a package without one.', example: '1.4.0' },
  tag: { description: 'Name of the version, also as a git tag.', example: 'churn_v1.4.0' },
  'model-package-version': { description: 'Number of the package in its model package group.', example: '7' },
  verdict: { description: '`pass`, `fail` or `inconclusive`.', example: 'pass' },
  attempt: {
    description: 'Number of the attempt with the same package, golden set, rules and baseline.',
    example: '1',
  },
  rows: { description: 'Rows that were compared.', example: '1797' },
  answers: {
    description: 'Folder of the answers and of `evaluation.json`, in the bucket of the release record.',
    example: 'churn/regression/1a2b3c4d5e6f7a8b/1/',
  },
  'valid-until': { description: 'A pass lets a delivery begin until then.', example: '2026-01-12T10:00:00Z' },
};

export const regressionTest: Operation<RegressionTestInputs, RegressionTestMemory, RegressionTestOutputs> = {
  name: 'regression-test',
  description:
    'Lets a new model version and the one that serves answer the same golden rows, and decides with statistical confidence whether it is worse.',
  inputs,
  files,
  outputs,

  async advance(given, token, world) {
    requireOwn(token, given);
    const memory = recalled(token, endpointOf(given));
    if (memory?.ends) return endWithoutVerdict(world, memory, memory.ends);
    try {
      return await nextTurn(given, memory, world);
    } catch (error) {
      // Nothing that costs money is left behind by a test that cannot go on.
      if (memory?.temporary === undefined || isPassing(error) || world.signal.aborted) throw error;
      const { reason: code, because } = failureOf(error);
      return endWithoutVerdict(world, memory, { reason: code, because });
    }
  },
  async abort(given, token, why, world) {
    const memory = recalled(token, endpointOf(given));
    const name = why === 'handed-over' ? undefined : memory?.temporary;
    if (why !== 'handed-over' && world.write !== undefined)
      for (const job of memory?.jobs ?? []) await stopTransform(world, job);
    if (memory !== undefined && name !== undefined && world.write !== undefined)
      for (;;) {
        const step = await removeTemporary(world, name);
        if (step === undefined) break;
        if (step.notBefore !== undefined)
          return {
            is: 'waiting',
            memory,
            notBefore: step.notBefore,
            percent: 90,
            because: `${step.because}; the rest is removed after that`,
          };
      }
    return {
      is: 'done',
      outcome: reason(reasonOfAbort[why]).outcome,
      reason: reasonOfAbort[why],
      outputs: {},
      because: `${memory?.silence === undefined ? '' : `${silentBecause(memory.silence)}; `}no verdict yet; the answers so far are kept, and the next run goes on with them`,
    };
  },
};

const nextTurn = async (
  given: RegressionTestInputs,
  remembered: RegressionTestMemory | undefined,
  world: World,
): Promise<Turn> => {
  const at = await unlessDisturbed(remembered, standing(given, remembered, world));
  return takeStep(at, remembered);
};

const endpointOf = ({ manifest, environment }: RegressionTestInputs): string =>
  environmentOf(manifest, environment).endpoint.name;

/** Another turn may cure it. */
const isPassing = (error: unknown): boolean => error instanceof Throttled || error instanceof AnswerLost;
