import * as z from 'zod/mini';
import type { ActionExecutionDetail, Codepipeline, JobData } from '../../aws/codepipeline.ts';
import { allPages } from '../../aws/pages.ts';
import { partitionOf } from '../../aws/partition.ts';
import { Throttled } from '../../aws/retry.ts';
import { type Clock, seconds } from '../../clock.ts';
import type { Env } from '../../env.ts';
import type { AnyOperation } from '../../operations/all.ts';
import { InputError } from '../../schema.ts';
import { quoted } from '../../secrets.ts';
import { connectionFrom } from '../../session/session.ts';
import { withoutUndefined } from '../../without-undefined.ts';
import { furtherInputs } from './action-types.ts';
import { shownInstant } from './job-answer.ts';
import { readJobData } from './job-data.ts';
import { parseMap } from './job-inputs.ts';
import { readToken } from './job-token.ts';

/** A job that a Lambda invoke action hands to its function (CodePipeline user guide, "AWS Lambda invoke action reference"). */
export interface InvokedJob {
  readonly id: string;
  readonly accountId: string;
  /** As CodePipeline sent it: with credentials, and not checked. */
  readonly data: unknown;
}

const invocation = z.looseObject({
  'CodePipeline.job': z.looseObject({ id: z.string(), accountId: z.string(), data: z.unknown() }),
});

/** The job in the event of a function; undefined for any other event, such as that of a schedule. */
export const invokedJob = (event: unknown): InvokedJob | undefined => {
  const result = z.safeParse(invocation, event);
  return result.success ? result.data['CodePipeline.job'] : undefined;
};

const key = 'UserParameters';
const example = `{operation: deploy-endpoint, environment: production, version: 1.4.0, pipeline: churn, execution: '#{codepipeline.PipelineExecutionId}'}`;

/** An invoked job, with the operation that its parameters name. */
export interface ReadJob {
  readonly operation: AnyOperation;
  readonly data: JobData;
  /**
   * The same job with its stage and action, from CodePipeline. An event is a hint (rule 21): every principal that may invoke the function can write one.
   * @returns undefined for a repeated event, whose job has its answer: the action has gone on since
   * @throws {InputError} when no running action has these parameters and artifacts
   * @throws {Throttled} when CodePipeline may not list the action yet
   */
  confirm(calls: Pick<Codepipeline, 'listActionExecutions'>, clock: Clock): Promise<JobData | undefined>;
}

/**
 * The job as a worker's poll would have given it. An event lacks the pipeline and the execution, so `UserParameters` name them: the release record
 * holds them, and a stopped execution is noticed by them.
 * @throws {InputError}
 */
export const readInvokedJob = (
  { accountId, data: given }: InvokedJob,
  offered: readonly AnyOperation[],
  env: Env,
): ReadJob => {
  const data = readJobData(given);
  const text = data.actionConfiguration?.configuration?.[key];
  if (!text) throw new InputError(`${key} is missing; expected YAML such as ${example}`);
  const { operation: name, pipeline = '', execution = '', ...configuration } = parseMap(text, key, example);
  for (const [member, value] of Object.entries({ operation: name, pipeline, execution }))
    if (!value) throw new InputError(`${key}: ${member} is missing; expected YAML such as ${example}`);
  if (furtherInputs in configuration)
    throw new InputError(`${key}: ${furtherInputs} is a key of custom actions; write its inputs beside the others`);
  const operation = offered.find((one) => one.name === name);
  if (operation === undefined)
    throw new InputError(
      `${key}: operation ${quoted(name ?? '')} is not one of ${offered.map((one) => one.name).join(', ')}`,
    );
  const { region } = connectionFrom(env);
  const pipelineContext = {
    pipelineName: pipeline,
    pipelineExecutionId: execution,
    pipelineArn: `arn:${partitionOf(region)}:codepipeline:${region}:${accountId}:${pipeline}`,
  };
  const asked: JobData = { ...data, actionConfiguration: { configuration }, pipelineContext };
  return {
    operation,
    data: asked,
    confirm: async (calls, clock) => {
      const pages = await allPages('codepipeline:ListActionExecutions', (nextToken) =>
        calls.listActionExecutions({
          pipelineName: pipeline,
          filter: { pipelineExecutionId: execution },
          ...withoutUndefined({ nextToken }),
        }),
      );
      const running = pages
        .flatMap(({ actionExecutionDetails }) => actionExecutionDetails ?? [])
        .filter((one) => isOf(one, text, asked));
      const action = running.find((one) => !isAnswered(one, asked));
      if (running.length > 0 && action === undefined) return undefined;
      if (action !== undefined)
        return {
          ...asked,
          pipelineContext: {
            ...pipelineContext,
            stage: withoutUndefined({ name: action.stageName }),
            action: withoutUndefined({ name: action.actionName, actionExecutionId: action.actionExecutionId }),
          },
        };
      const why = `execution ${execution} of pipeline ${pipeline} has no running Lambda invoke action with these parameters and artifacts`;
      if (asked.continuationToken === undefined) throw new Throttled(clock.now() + listingPause, new Error(why));
      throw new InputError(
        `${key}: ${why}; write there the pipeline of this action, and '#{codepipeline.PipelineExecutionId}' as its execution`,
      );
    },
  };
};

/** Between the start of an action and its entry in the list. AWS documents no figure. [unconfirmed] */
const listingPause = seconds(30);

/**
 * Lambda invokes asynchronously "at least once" (Lambda developer guide): a repeated event may come after its job was answered. Each answer shows
 * when the action goes on, and that instant rises from one answer to the next. A list that lags shows an earlier one, or none: then the job is
 * worked on. Whether AWS lists the id of an action that is in progress is [unconfirmed]; if not, a repeated event takes a turn.
 */
const isAnswered = ({ output }: ActionExecutionDetail, { continuationToken }: JobData): boolean => {
  const shown = shownInstant(output?.executionResult?.externalExecutionId);
  if (shown === undefined) return false;
  const brought = readToken(continuationToken);
  return brought === undefined ? continuationToken === undefined : shown > brought.notBefore;
};

const isOf = ({ status, input }: ActionExecutionDetail, text: string, { inputArtifacts = [] }: JobData): boolean =>
  status === 'InProgress' &&
  input?.actionTypeId?.owner === 'AWS' &&
  input.actionTypeId.provider === 'Lambda' &&
  input.resolvedConfiguration?.[key] === text &&
  // An event without them would pass as one with all of them.
  (input.inputArtifacts ?? []).length === inputArtifacts.length &&
  inputArtifacts.every(({ name, location }) =>
    input.inputArtifacts?.some(
      (listed) =>
        listed.name === name &&
        listed.s3location?.bucket === location?.s3Location?.bucketName &&
        listed.s3location?.key === location?.s3Location?.objectKey,
    ),
  );
