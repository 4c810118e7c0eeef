import {
  AwsError,
  type BusEvent,
  type EventRules,
  type Images,
  type Kernel,
  type Metrics,
  type Objects,
  type Service,
} from '../../contracts.ts';
import { notSimulated } from '../../not-simulated.ts';
import type { Session } from '../../principals.ts';
import type { StartedOutside } from '../outside.ts';
import { createActionTypes } from './action-types.ts';
import { createArtifacts } from './artifacts.ts';
import { createAwsActions } from './aws-actions.ts';
import { createConditions } from './conditions.ts';
import { createEngine, type Engine, laneOf, notFound } from './engine.ts';
import { createEvents } from './events.ts';
import { createJobs } from './jobs.ts';
import {
  type ConditionType,
  type Execution,
  latestActions,
  type Pipeline,
  type PipelineDeclaration,
  type StageRun,
} from './model.ts';
import { refuseInvalid } from './structure.ts';
import { actionView, declarationView, executionView, lastIn, ruleView, stateView, summaryView } from './views.ts';

/** `issue`: temporary credentials for the artifact bucket, which come with every job. */
export interface Neighbours {
  readonly objects: Objects;
  readonly metrics: Pick<Metrics, 'alarmState'>;
  readonly images: Pick<Images, 'resolve'>;
  readonly startOutside: StartedOutside['start'];
  /** Invokes a function of Lambda; false when there is none of that name. */
  invoke(name: string, event: object): boolean;
  /** Whether the service role lets CodePipeline in. */
  canAssume(role: string): boolean;
  issue(participant: string | undefined): Session;
}

/**
 * CodePipeline as far as a job worker and its pipelines need it: custom action types, jobs, executions, approvals, stage conditions, transitions into
 * a stage, events. Builds, commands and state machines are carried out by the driver. Not here, and refused by name: triggers, overrides of
 * sources, webhooks, third-party jobs, notifications, other actions of AWS.
 */
export const createCodepipeline = (
  kernel: Kernel,
  { objects, metrics, images, startOutside, invoke, canAssume, issue }: Neighbours,
): { readonly service: Service; readonly eventRules: EventRules; readonly handEvent: (event: BusEvent) => void } => {
  const pipelines = new Map<string, Pipeline>();
  const started = new Map<string, Execution>();
  const actionTypes = createActionTypes(kernel);
  // The engine queues a job, and the job's answer moves the engine: hence the late lookup.
  const jobs = createJobs(kernel, actionTypes, (): Engine => engine, { invoke, issue });
  const { rules: eventRules, announce, hand: handEvent } = createEvents(kernel);
  const artifacts = createArtifacts(objects);
  const conditions = createConditions(kernel, { metrics, artifacts, startOutside, invokeRule: jobs.invokeRule });
  const awsActions = createAwsActions(kernel, { objects, images, artifacts, startOutside });
  const engine = createEngine(kernel, { awsActions, queue: jobs.queue, conditions, announce });

  const pipelineOf = (name: string): Pipeline => {
    const pipeline = pipelines.get(name);
    if (pipeline === undefined)
      throw notFound('Pipeline', `Account '${kernel.accountId}' does not have a pipeline with name '${name}'`);
    return pipeline;
  };
  const executionOf = (pipelineName: string, id: string): Execution => {
    const execution = pipelineOf(pipelineName).executions.find((one) => one.id === id);
    if (execution === undefined)
      throw notFound(
        'PipelineExecution',
        `Could not find execution for pipeline '${pipelineName}' with execution ID '${id}'`,
      );
    return execution;
  };
  const refuseUnknownStage = (pipeline: Pipeline, stage: string): void => {
    if (pipeline.structures.at(-1)?.stages.some(({ name }) => name === stage) === true) return;
    throw notFound('Stage', `Could not find stage '${stage}' in pipeline '${pipeline.name}'`);
  };

  const put = (declared: PipelineDeclaration, pipeline: Pipeline): object => {
    refuseInvalid(declared, actionTypes, kernel.region);
    // Words seen in the field (hashicorp/terraform-provider-aws#13103).
    if (!canAssume(declared.roleArn))
      throw new AwsError(
        'InvalidStructureException',
        `CodePipeline is not authorized to perform AssumeRole on role ${declared.roleArn}`,
      );
    pipeline.structures.push(declared);
    pipeline.updated = kernel.clock.now();
    return { pipeline: { ...declared, version: pipeline.structures.length } };
  };

  const variablesOf = (
    pipeline: Pipeline,
    given: readonly { readonly name: string; readonly value: string }[],
  ): Readonly<Record<string, string>> => {
    const declared = pipeline.structures.at(-1)?.variables ?? [];
    const unknown = given.find(({ name }) => !declared.some((variable) => variable.name === name));
    if (unknown !== undefined)
      throw new AwsError(
        'ValidationException',
        `Variable ${unknown.name} is not declared in pipeline ${pipeline.name}`,
      );
    return Object.fromEntries(
      declared.map(({ name, defaultValue }) => {
        const value = given.find((variable) => variable.name === name)?.value ?? defaultValue;
        // User guide "Variables": without a default it is required when the execution starts.
        if (value === undefined)
          throw new AwsError('ValidationException', `Variable ${name} has no default value and no value was given`);
        return [name, value];
      }),
    );
  };

  const page = <Item>(items: readonly Item[], nextToken: string | undefined, maxResults = 100) => {
    const from = nextToken === undefined ? 0 : Number(nextToken);
    if (!Number.isInteger(from)) throw new AwsError('InvalidNextTokenException', 'The next token is not valid');
    const until = from + maxResults;
    return {
      items: items.slice(from, until),
      next: until < items.length ? { nextToken: String(until) } : {},
    };
  };

  const refuseOutOfDate = (execution: Execution, stage: string): void => {
    if (lastIn(execution.pipeline, stage) !== execution && execution.structure.executionMode !== 'PARALLEL')
      throw new AwsError(
        'NotLatestPipelineExecutionException',
        `The execution ${execution.id} is not the latest one in stage ${stage}`,
      );
  };

  /** User guide, Quotas: concurrent executions of a pipeline in QUEUED or PARALLEL mode. */
  const refuseTooMany = ({ name, structures, executions }: Pipeline): void => {
    if ((structures.at(-1)?.executionMode ?? 'SUPERSEDED') === 'SUPERSEDED') return;
    if (executions.filter(({ status }) => status === 'InProgress' || status === 'Stopping').length < 50) return;
    throw new AwsError(
      'ConcurrentPipelineExecutionsLimitExceededException',
      `The pipeline ${name} has reached the limit for concurrent pipeline executions.`,
    );
  };

  const retry = (execution: Execution, stage: StageRun, mode: string): void => {
    const { pipeline } = execution;
    refuseOutOfDate(execution, stage.name);
    const open = latestActions(stage).filter(({ status }) => status !== 'Succeeded');
    // User guide "Stop a pipeline execution": "For a pipeline execution in a Stopped state, the actions in the stage where the
    // execution stopped can be retried." API RetryStageExecution: failed stages.
    const restartable = stage.status === 'Failed' || stage.status === 'Stopped';
    if (
      !restartable ||
      // A stage that its entry condition stopped has no actions; one that its success condition stopped has no failed ones.
      (mode === 'ALL_ACTIONS' ? stage.actions : open).length === 0 ||
      open.some(({ status }) => status === 'InProgress') ||
      execution.version !== pipeline.structures.length
    )
      throw new AwsError(
        'StageNotRetryableException',
        'Unable to retry. The pipeline structure or stage state might have changed while actions awaited retry, or the stage contains no failed actions.',
      );
    engine.retry(execution, stage, mode === 'ALL_ACTIONS');
  };

  const rollBack = (pipeline: Pipeline, stageName: string, targetId: string): Execution => {
    const structure = pipeline.structures.at(-1);
    const target = executionOf(pipeline.name, targetId);
    const unable = (message: string): never => {
      throw new AwsError('UnableToRollbackStageException', message);
    };
    // User guide "Rolling back a stage": not the source stage, not in PARALLEL mode, not to a rollback, only to an execution that
    // succeeded in the stage, of the current structure version.
    if (structure?.stages[0]?.name === stageName)
      unable(`Stage ${stageName} is the source stage and cannot be rolled back`);
    if (structure?.executionMode === 'PARALLEL') unable('Rollback is not available in PARALLEL execution mode');
    if (target.type === 'ROLLBACK') unable('The target execution is a rollback itself');
    if (target.version !== pipeline.structures.length)
      throw new AwsError(
        'PipelineExecutionOutdatedException',
        `The execution ${targetId} is outdated: the pipeline structure has changed since`,
      );
    if (target.stages.get(stageName)?.status !== 'Succeeded')
      unable(`The execution ${targetId} has not succeeded in stage ${stageName}`);
    if (pipeline.lanes.get(stageName)?.holder !== undefined)
      throw new AwsError('ConflictException', `Stage ${stageName} is in progress`);
    return engine.start(
      pipeline,
      {
        type: 'ROLLBACK',
        rollbackTarget: targetId,
        trigger: { triggerType: 'ManualRollback', triggerDetail: targetId },
        variables: target.variables,
      },
      { stage: stageName, from: target },
    );
  };

  return {
    eventRules,
    handEvent,
    service: {
      operations: {
        ...jobs.operations,
        CreateCustomActionType: actionTypes.create,
        DeleteCustomActionType: (input) => actionTypes.remove({ ...input, owner: 'Custom' }),
        ListActionTypes: (input: Parameters<typeof actionTypes.list>[0] & { readonly regionFilter?: string }) => {
          if (input.regionFilter !== undefined && input.regionFilter !== kernel.region)
            throw unserved('Action types of other regions');
          return actionTypes.list(input);
        },
        CreatePipeline: (
          { pipeline: declared, tags }: { readonly pipeline: PipelineDeclaration; readonly tags?: readonly object[] },
          call,
        ) => {
          if (tags !== undefined && tags.length > 0) throw unserved('Tags of pipelines');
          if (pipelines.has(declared.name))
            throw new AwsError(
              'PipelineNameInUseException',
              `A pipeline with the name '${declared.name}' already exists in account '${kernel.accountId}'`,
            );
          const now = kernel.clock.now();
          const pipeline: Pipeline = {
            name: declared.name,
            arn: kernel.arn('codepipeline', declared.name),
            created: now,
            updated: now,
            structures: [],
            executions: [],
            lanes: new Map(),
          };
          const answer = put(declared, pipeline);
          pipelines.set(declared.name, pipeline);
          // User guide "Create a pipeline": it starts to run after it was created. Without values for its variables it cannot.
          if ((declared.variables ?? []).every(({ defaultValue }) => defaultValue !== undefined))
            engine.start(pipeline, {
              trigger: { triggerType: 'CreatePipeline', triggerDetail: call.principal.arn },
              variables: variablesOf(pipeline, []),
            });
          return answer;
        },
        UpdatePipeline: ({ pipeline: declared }: { readonly pipeline: PipelineDeclaration }) => {
          const pipeline = pipelineOf(declared.name);
          const answer = put(declared, pipeline);
          engine.cancelOutdated(pipeline);
          return answer;
        },
        DeletePipeline: ({ name }: { readonly name: string }) => {
          pipelines.delete(name);
          return {};
        },
        GetPipeline: ({ name, version }: { readonly name: string; readonly version?: number }) => {
          const pipeline = pipelineOf(name);
          const wanted = version ?? pipeline.structures.length;
          if (wanted > pipeline.structures.length)
            throw new AwsError('PipelineVersionNotFoundException', `Pipeline '${name}' has no version ${wanted}`);
          return declarationView(pipeline, wanted, actionTypes);
        },
        ListPipelines: ({ nextToken, maxResults }: Paged) => {
          const { items, next } = page([...pipelines.values()], nextToken, maxResults);
          return {
            pipelines: items.map(({ name, structures, created, updated }) => ({
              name,
              version: structures.length,
              pipelineType: structures.at(-1)?.pipelineType ?? 'V1',
              created: new Date(created),
              updated: new Date(updated),
            })),
            ...next,
          };
        },
        StartPipelineExecution: (
          input: {
            readonly name: string;
            readonly variables?: readonly { readonly name: string; readonly value: string }[];
            readonly clientRequestToken?: string;
            readonly sourceRevisions?: unknown;
          },
          call,
        ) => {
          if (input.sourceRevisions !== undefined) throw unserved('Overrides of source revisions');
          const pipeline = pipelineOf(input.name);
          // API: clientRequestToken identifies "a unique execution request".
          const key = input.clientRequestToken && `${input.name}/${input.clientRequestToken}`;
          const before = key === undefined ? undefined : started.get(key);
          if (before === undefined) refuseTooMany(pipeline);
          const execution =
            before ??
            engine.start(pipeline, {
              trigger: { triggerType: 'StartPipelineExecution', triggerDetail: call.principal.arn },
              variables: variablesOf(pipeline, input.variables ?? []),
            });
          if (key !== undefined) started.set(key, execution);
          return { pipelineExecutionId: execution.id };
        },
        GetPipelineExecution: ({ pipelineName, pipelineExecutionId }: ExecutionInput) => ({
          pipelineExecution: executionView(executionOf(pipelineName, pipelineExecutionId)),
        }),
        ListPipelineExecutions: (
          input: Paged & {
            readonly pipelineName: string;
            readonly filter?: { readonly succeededInStage?: { readonly stageName?: string } };
          },
        ) => {
          const stage = input.filter?.succeededInStage?.stageName;
          const found = pipelineOf(input.pipelineName).executions.filter(
            ({ stages }) => stage === undefined || stages.get(stage)?.status === 'Succeeded',
          );
          const { items, next } = page(found.toReversed(), input.nextToken, input.maxResults);
          return { pipelineExecutionSummaries: items.map(summaryView), ...next };
        },
        GetPipelineState: ({ name }: { readonly name: string }) => stateView(pipelineOf(name), actionTypes),
        ListActionExecutions: (
          input: Paged & {
            readonly pipelineName: string;
            readonly filter?: {
              readonly pipelineExecutionId?: string;
              readonly latestInPipelineExecution?: { readonly pipelineExecutionId: string };
            };
          },
        ) => {
          const latest = input.filter?.latestInPipelineExecution?.pipelineExecutionId;
          const wanted = latest ?? input.filter?.pipelineExecutionId;
          const details = pipelineOf(input.pipelineName)
            .executions.filter(({ id }) => wanted === undefined || id === wanted)
            .flatMap((execution) =>
              [...execution.stages.values()].flatMap((stage) =>
                (latest === undefined ? stage.actions : latestActions(stage)).map((run) =>
                  actionView(execution, stage, run, actionTypes),
                ),
              ),
            );
          const { items, next } = page(details.toReversed(), input.nextToken, input.maxResults);
          return { actionExecutionDetails: items, ...next };
        },
        StopPipelineExecution: (input: ExecutionInput & { readonly abandon?: boolean; readonly reason?: string }) => {
          const { pipelineName, pipelineExecutionId, abandon = false, reason } = input;
          const execution = executionOf(pipelineName, pipelineExecutionId);
          if (execution.status !== 'InProgress' && execution.status !== 'Stopping')
            throw new AwsError(
              'PipelineExecutionNotStoppableException',
              `The execution ${pipelineExecutionId} is in state ${execution.status} and cannot be stopped`,
            );
          // "If … you change your mind while your execution is still in a Stopping state, you can then choose to abandon."
          if (execution.status === 'Stopping' && !abandon)
            throw new AwsError(
              'DuplicatedStopRequestException',
              `The execution ${pipelineExecutionId} is already being stopped`,
            );
          if (reason !== undefined) execution.statusSummary = reason;
          engine.stop(execution, abandon);
          return { pipelineExecutionId };
        },
        RetryStageExecution: (input: ExecutionInput & { readonly stageName: string; readonly retryMode: string }) => {
          const execution = executionOf(input.pipelineName, input.pipelineExecutionId);
          refuseUnknownStage(execution.pipeline, input.stageName);
          const stage = execution.stages.get(input.stageName);
          if (stage === undefined)
            throw new AwsError('StageNotRetryableException', `The execution never reached stage ${input.stageName}`);
          retry(execution, stage, input.retryMode);
          return { pipelineExecutionId: execution.id };
        },
        PutApprovalResult: (
          input: {
            readonly pipelineName: string;
            readonly stageName: string;
            readonly actionName: string;
            readonly token: string;
            readonly result: { readonly summary: string; readonly status: 'Approved' | 'Rejected' };
          },
          call,
        ) => {
          const pipeline = pipelineOf(input.pipelineName);
          refuseUnknownStage(pipeline, input.stageName);
          const runs = pipeline.executions
            .flatMap(({ stages }) => stages.get(input.stageName)?.actions ?? [])
            .filter(({ declaration }) => declaration.name === input.actionName);
          const declared = pipeline.structures
            .at(-1)
            ?.stages.find(({ name }) => name === input.stageName)
            ?.actions.find(({ name }) => name === input.actionName);
          if (declared === undefined && runs.length === 0)
            throw new AwsError(
              'ActionNotFoundException',
              `Could not find action '${input.actionName}' in stage '${input.stageName}' of pipeline '${input.pipelineName}'`,
            );
          const run = runs.find(({ approvalToken }) => approvalToken === input.token);
          // API: "The approval action has already been approved or rejected"; "The approval request already received a response or has expired".
          // Which of the two an answered request gives is [unconfirmed].
          if (run?.updatedBy !== undefined)
            throw new AwsError(
              'ApprovalAlreadyCompletedException',
              'The approval action has already been approved or rejected',
            );
          if (run === undefined || run.status !== 'InProgress')
            throw new AwsError(
              'InvalidApprovalTokenException',
              'The approval request already received a response or has expired',
            );
          const { summary, status } = input.result;
          run.updatedBy = call.principal.arn;
          if (summary !== '') run.summary = summary;
          engine.endAction(
            run,
            status === 'Approved'
              ? { status: 'Succeeded' }
              : // The words are ours. [unconfirmed]
                {
                  status: 'Failed',
                  code: 'JobFailed',
                  message: `Rejected by ${call.principal.arn}${summary && `: ${summary}`}`,
                },
          );
          return { approvedAt: new Date(kernel.clock.now()) };
        },
        OverrideStageCondition: (input: ExecutionInput & StageInput & { readonly conditionType: ConditionType }) => {
          const execution = executionOf(input.pipelineName, input.pipelineExecutionId);
          const { pipeline } = execution;
          refuseUnknownStage(pipeline, input.stageName);
          const stage = execution.stages.get(input.stageName);
          const condition = stage?.conditions.at(-1);
          const isOpen = condition?.status === 'InProgress' || condition?.status === 'Failed';
          // User guide: "You cannot override a condition if the condition is configured with a Skip result."
          if (
            stage === undefined ||
            condition?.type !== input.conditionType ||
            !isOpen ||
            condition.declaration.result === 'SKIP' ||
            execution.version !== pipeline.structures.length
          )
            throw new AwsError(
              'ConditionNotOverridableException',
              'Unable to override because the condition does not allow overrides.',
            );
          refuseOutOfDate(execution, input.stageName);
          engine.override(execution, stage, input.conditionType);
          return {};
        },
        EnableStageTransition: (input: StageInput & TransitionInput) => {
          const pipeline = pipelineOf(input.pipelineName);
          refuseUnknownStage(pipeline, input.stageName);
          if (input.transitionType === 'Outbound') throw unserved('Outbound transitions');
          engine.open(pipeline, input.stageName);
          return {};
        },
        DisableStageTransition: (input: StageInput & TransitionInput & { readonly reason: string }, call) => {
          const pipeline = pipelineOf(input.pipelineName);
          refuseUnknownStage(pipeline, input.stageName);
          if (input.transitionType === 'Outbound') throw unserved('Outbound transitions');
          laneOf(pipeline, input.stageName).closed = {
            by: call.principal.arn,
            at: kernel.clock.now(),
            reason: input.reason,
          };
          return {};
        },
        ListRuleExecutions: (
          input: Paged & {
            readonly pipelineName: string;
            readonly filter?: {
              readonly pipelineExecutionId?: string;
              readonly latestInPipelineExecution?: { readonly pipelineExecutionId: string };
            };
          },
        ) => {
          const { filter } = input;
          const wanted = filter?.latestInPipelineExecution?.pipelineExecutionId ?? filter?.pipelineExecutionId;
          const details = pipelineOf(input.pipelineName)
            .executions.filter(({ id }) => wanted === undefined || id === wanted)
            .flatMap((execution) =>
              [...execution.stages.values()].flatMap((stage) =>
                stage.conditions.flatMap(({ rules }) => rules.map((rule) => ruleView(execution, stage, rule))),
              ),
            );
          const { items, next } = page(details.toReversed(), input.nextToken, input.maxResults);
          return { ruleExecutionDetails: items, ...next };
        },
        RollbackStage: (input: {
          readonly pipelineName: string;
          readonly stageName: string;
          readonly targetPipelineExecutionId: string;
        }) => {
          const pipeline = pipelineOf(input.pipelineName);
          refuseUnknownStage(pipeline, input.stageName);
          return { pipelineExecutionId: rollBack(pipeline, input.stageName, input.targetPipelineExecutionId).id };
        },
      },
    },
  };
};

interface Paged {
  readonly nextToken?: string;
  readonly maxResults?: number;
}
/** Members that AWS serves and the simulator does not. */
const unserved = (what: string): AwsError => notSimulated(`${what}`);

interface StageInput {
  readonly pipelineName: string;
  readonly stageName: string;
}
interface TransitionInput {
  readonly transitionType: 'Inbound' | 'Outbound';
}
interface ExecutionInput {
  readonly pipelineName: string;
  readonly pipelineExecutionId: string;
}
