import { AnswerLost, Throttled } from '../aws/retry.ts';
import { environmentOf } from '../manifest/load.ts';
import { type Operation, reasonOfAbort } from '../operation.ts';
import { reason } from '../reason-codes.ts';
import { failureOf } from '../report/failure.ts';
import { flag, InputError, type OutputSchema, optional, text, type ValuesOf } from '../schema.ts';
import { unlessDisturbed } from '../scoring/disturbed.ts';
import { type OfflineGiven, offlineTest } from '../scoring/offline.ts';
import {
  endWithoutVerdict,
  type RegressionTestMemory,
  type RegressionTestOutputs,
  type Turn,
} from '../scoring/progress.ts';
import { recalled, requireOwn } from '../scoring/recalled.ts';
import { silentBecause } from '../scoring/silence.ts';
import { type Given, standing } from '../scoring/standing.ts';
import { takeStep } from '../scoring/take-step.ts';
import { removeTemporary } from '../scoring/temporary.ts';
import { stopTransform } from '../scoring/transform.ts';
import { quoted } from '../secrets.ts';
import { withoutUndefined } from '../without-undefined.ts';
import type { World } from '../world.ts';
import { sharedInputs, versionInput } from './shared-inputs.ts';

const version = versionInput('test');
const inputs = {
  ...sharedInputs,
  version: optional({
    ...version,
    description: `${version.description} Required, unless there are \`predictions\`: then it is only shown.`,
  }),
  again: flag({ description: 'Test again although a passing verdict still counts.', default: false }),
  predictions: optional(
    text({
      description:
        "A file of the candidate's predictions in the checkout, as `model-delivery compare` reads it. With it the rules decide about this file: the run asks no model, needs no registered version and no AWS, and its verdict is only shown. No delivery begins by it.",
      example: 'predictions/candidate.jsonl',
    }),
  ),
  baselinePredictions: optional(
    text({
      description:
        'Predictions of the baseline for the same rows, beside `predictions`. Without them the rules that limit the own values of the candidate (`floor`, `ceiling`) decide alone.',
      example: 'predictions/baseline.jsonl',
    }),
  ),
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

  offline: (given) => {
    const files = filesIn(given);
    if (files === undefined) requestOf(given);
    return files && ((near) => offlineTest(files, near));
  },
  async advance(inputs, token, world) {
    const files = filesIn(inputs);
    if (files !== undefined) return offlineTest(files, world);
    const given = requestOf(inputs);
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

/** The files of an offline test; undefined for a test of models. @throws {InputError} where inputs contradict one another */
const filesIn = ({
  manifest,
  predictions,
  baselinePredictions,
  again,
}: RegressionTestInputs): OfflineGiven | undefined => {
  if (predictions === undefined) {
    if (baselinePredictions === undefined) return undefined;
    throw new InputError(
      `baseline-predictions: ${quoted(baselinePredictions)} is there without predictions; give the predictions of the candidate too, or leave both out to ask the models`,
    );
  }
  if (again)
    throw new InputError(
      `again: is true beside predictions ${quoted(predictions)}, and a test of files keeps no verdict that could be repeated; leave one of them out`,
    );
  return { manifest, predictions, ...withoutUndefined({ baselinePredictions }) };
};

/** @throws {InputError} without a version */
const requestOf = ({ manifest, environment, version: named, again }: RegressionTestInputs): Given => {
  if (named !== undefined) return { manifest, environment, version: named, again };
  throw new InputError(`version is required: ${version.description}`);
};

const nextTurn = async (given: Given, remembered: RegressionTestMemory | undefined, world: World): Promise<Turn> => {
  // Models, golden set and rules must be those of now: rows can be answered within the time for which answers are remembered.
  if (remembered !== undefined) world.lookAgain?.();
  const at = await unlessDisturbed(remembered, standing(given, remembered, world));
  return takeStep(at, remembered);
};

const endpointOf = ({ manifest, environment }: Pick<RegressionTestInputs, 'manifest' | 'environment'>): string =>
  environmentOf(manifest, environment).endpoint.name;

/** Another turn may cure it. */
const isPassing = (error: unknown): boolean => error instanceof Throttled || error instanceof AnswerLost;
