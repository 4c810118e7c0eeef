import { AwsError, type Instant, type Kernel } from '../../contracts.ts';
import { uuidOf } from '../../random.ts';
import type { AwsActions } from './aws-actions.ts';
import type { Conditions } from './conditions.ts';
import type { Announcements } from './events.ts';
import {
  type ActionDeclaration,
  type ActionEnd,
  type ActionRun,
  type ConditionDeclaration,
  type ConditionType,
  type Execution,
  isApproval,
  isInvocation,
  type Job,
  type Lane,
  latestActions,
  orderOf,
  type Pipeline,
  type StageDeclaration,
  type StageRun,
  startedBy,
} from './model.ts';
import { resolveText } from './variables.ts';

/** Moves executions through their stages: one stage after another, in a stage by runOrder. */
export interface Engine {
  start(
    pipeline: Pipeline,
    begun: Pick<Execution, 'trigger' | 'variables'> & Partial<Pick<Execution, 'type' | 'rollbackTarget'>>,
    only?: { readonly stage: string; readonly from: Execution },
  ): Execution;
  /** The job's action goes on with another job, which carries the token. */
  continueAction(run: ActionRun, token: string): void;
  endAction(run: ActionRun, end: ActionEnd): void;
  stop(execution: Execution, abandon: boolean): void;
  /** Starts the actions that the retry mode selects again. */
  retry(execution: Execution, stage: StageRun, all: boolean): void;
  /** The structure has changed: executions that wait are cancelled at once, the others after their actions in progress. */
  cancelOutdated(pipeline: Pipeline): void;
  /** The transition into the stage is open again. */
  open(pipeline: Pipeline, stage: string): void;
  /** The execution proceeds in spite of the condition. */
  override(execution: Execution, stage: StageRun, type: ConditionType): void;
}

export const laneOf = (pipeline: Pipeline, stage: string): Lane => {
  const lane = pipeline.lanes.get(stage) ?? { holder: undefined, waiting: [] };
  pipeline.lanes.set(stage, lane);
  return lane;
};

interface Around {
  readonly awsActions: AwsActions;
  readonly queue: (job: Job) => void;
  readonly conditions: Conditions;
  readonly announce: Announcements;
}

export const createEngine = (kernel: Kernel, { awsActions, queue, conditions, announce }: Around): Engine => {
  let executions = 0;
  let actions = 0;
  let jobs = 0;
  const now = (): Instant => kernel.clock.now();

  /** User guide "How pipeline executions work": a stage is locked by one execution, except in PARALLEL mode. */
  const enter = (execution: Execution, stageName: string): void => {
    if (execution.status !== 'InProgress') return;
    if (execution.outdated) {
      finish(execution, 'Cancelled');
      return;
    }
    const lane = laneOf(execution.pipeline, stageName);
    const isParallel = execution.structure.executionMode === 'PARALLEL';
    const isLocked = !isParallel && lane.holder !== undefined && lane.holder !== execution;
    if (isLocked || lane.closed !== undefined) {
      // "Executions are only superseded in between stages."
      if (execution.type === 'ROLLBACK') lane.waiting.unshift(execution);
      else {
        if ((execution.structure.executionMode ?? 'SUPERSEDED') === 'SUPERSEDED')
          for (const older of lane.waiting.splice(0)) finish(older, 'Superseded');
        lane.waiting.push(execution);
      }
      return;
    }
    if (!isParallel) lane.holder = execution;
    const stage: StageRun = {
      name: stageName,
      status: 'InProgress',
      actions: [],
      conditions: [],
      retries: { automatic: 0, manual: 0 },
    };
    execution.stages.set(stageName, stage);
    announce.stage(execution, stage, 'STARTED');
    const entry = conditionOf(execution, stage, 'beforeEntry');
    if (entry === undefined) goOn(execution, stage);
    else
      conditions.run(execution, stage, 'BEFORE_ENTRY', entry, (met) => {
        if (met) goOn(execution, stage);
        else if (entry.result === 'SKIP') pass(execution, stage, 'Skipped');
        else rest(execution, stage, 'Failed');
      });
  };

  const conditionOf = (
    execution: Execution,
    stage: StageRun,
    when: 'beforeEntry' | 'onSuccess' | 'onFailure',
  ): ConditionDeclaration | undefined => stageOf(execution, stage)?.[when]?.conditions?.[0];

  const leave = (execution: Execution, stageName: string): void => {
    const lane = laneOf(execution.pipeline, stageName);
    if (lane.holder !== execution) return;
    lane.holder = undefined;
    if (lane.closed !== undefined) return;
    const next = lane.waiting.shift();
    if (next !== undefined) enter(next, stageName);
  };

  const finish = (execution: Execution, status: keyof typeof announced): void => {
    execution.status = status;
    execution.updatedAt = now();
    announce.execution(execution, announced[status]);
  };

  const stageOf = (execution: Execution, stage: StageRun): StageDeclaration | undefined =>
    execution.structure.stages.find(({ name }) => name === stage.name);
  const declared = (execution: Execution, stage: StageRun): readonly ActionDeclaration[] =>
    stageOf(execution, stage)?.actions ?? [];

  /** The execution ends in this stage. */
  const rest = (execution: Execution, stage: StageRun, status: 'Stopped' | 'Failed' | 'Cancelled'): void => {
    stage.status = status;
    announce.stage(execution, stage, announced[status]);
    finish(execution, status);
    leave(execution, stage.name);
  };

  /** The execution leaves the stage for the next one. */
  const pass = (execution: Execution, stage: StageRun, status: 'Succeeded' | 'Skipped'): void => {
    stage.status = status;
    // The guide lists no event for a skipped stage.
    if (status === 'Succeeded') announce.stage(execution, stage, 'SUCCEEDED');
    execution.updatedAt = now();
    leave(execution, stage.name);
    const index = execution.structure.stages.findIndex(({ name }) => name === stage.name);
    const next = execution.type === 'ROLLBACK' ? undefined : execution.structure.stages[index + 1];
    if (next === undefined) finish(execution, 'Succeeded');
    else enter(execution, next.name);
  };

  /**
   * User guide "Configure a stage for automatic rollback": "When the stage fails, the stage is rolled back to the most recent successful execution",
   * of the current structure version, never to a rollback. A rollback that fails starts none, and it enters the stage before executions that
   * wait. [unconfirmed]
   */
  const rollBack = (execution: Execution, stage: StageRun): void => {
    const { pipeline } = execution;
    const target = pipeline.executions.findLast(
      (one) =>
        one !== execution &&
        one.type === 'STANDARD' &&
        one.version === pipeline.structures.length &&
        one.stages.get(stage.name)?.status === 'Succeeded',
    );
    if (execution.type === 'ROLLBACK' || target === undefined) return;
    start(
      pipeline,
      {
        type: 'ROLLBACK',
        rollbackTarget: target.id,
        trigger: { triggerType: 'AutomatedRollback', triggerDetail: execution.id },
        variables: target.variables,
      },
      { stage: stage.name, from: target },
    );
  };

  /** An action of the stage has failed: what the stage declares for that happens. */
  const fail = (execution: Execution, stage: StageRun): void => {
    const { result, retryConfiguration } = stageOf(execution, stage)?.onFailure ?? {};
    const declaration = conditionOf(execution, stage, 'onFailure');
    if (result === 'RETRY' && stage.retries.automatic === 0) {
      // User guide "Configure automatic retry": "one attempt".
      stage.status = 'Failed';
      announce.stage(execution, stage, 'FAILED');
      retry(execution, stage, retryConfiguration?.retryMode === 'ALL_ACTIONS', 'AutomatedStageRetry');
      return;
    }
    if (declaration === undefined) {
      if (result === 'ROLLBACK') rollBack(execution, stage);
      rest(execution, stage, 'Failed');
      return;
    }
    // "What should happen if the condition is met, meaning the rules all succeed their checks?"
    conditions.run(execution, stage, 'ON_FAILURE', declaration, (met) => {
      if (met && declaration.result === 'ROLLBACK') rollBack(execution, stage);
      rest(execution, stage, 'Failed');
    });
  };

  /** After every change: starts the due actions, or ends the stage. */
  const goOn = (execution: Execution, stage: StageRun): void => {
    const latest = latestActions(stage);
    if (latest.some(({ status }) => status === 'InProgress')) return;
    if (execution.status === 'Stopping') {
      rest(execution, stage, 'Stopped');
      return;
    }
    if (execution.outdated) {
      rest(execution, stage, 'Cancelled');
      return;
    }
    if (latest.some(({ status }) => status === 'Failed')) {
      fail(execution, stage);
      return;
    }
    const done = new Set(latest.map(({ declaration }) => declaration.name));
    const open = declared(execution, stage).filter(({ name }) => !done.has(name));
    if (open.length > 0) {
      const order = Math.min(...open.map(orderOf));
      // A source ends at once and has then moved the execution on already.
      for (const action of open.filter((one) => orderOf(one) === order))
        if (!stage.actions.some(({ declaration }) => declaration === action)) startAction(execution, stage, action);
      return;
    }
    const success = conditionOf(execution, stage, 'onSuccess');
    if (success === undefined) {
      pass(execution, stage, 'Succeeded');
      return;
    }
    // The guide's overview engages the result when a rule fails, its text beside the diagram when all succeed; by its words about
    // CloudWatchAlarm ("OK … meet the criteria") only the first makes sense. The stage that fails so is `Failed`. [unconfirmed]
    conditions.run(execution, stage, 'ON_SUCCESS', success, (met) => {
      if (met) pass(execution, stage, 'Succeeded');
      else {
        if (success.result === 'ROLLBACK') rollBack(execution, stage);
        rest(execution, stage, 'Failed');
      }
    });
  };

  const startAction = (execution: Execution, stage: StageRun, declaration: ActionDeclaration): void => {
    const resolved = Object.entries(declaration.configuration ?? {}).map(
      ([key, value]) => [key, resolveText(value, execution)] as const,
    );
    const run: ActionRun = {
      id: uuidOf('codepipeline-action', actions++),
      execution,
      stage,
      declaration,
      configuration: Object.fromEntries(
        resolved.flatMap(([key, value]) => ('text' in value ? [[key, value.text]] : [])),
      ),
      startedAt: now(),
      updatedAt: now(),
      status: 'InProgress',
      ...(isApproval(declaration.actionTypeId) ? { approvalToken: uuidOf('codepipeline-approval', actions) } : {}),
      jobs: [],
    };
    stage.actions.push(run);
    announce.action(run, 'STARTED');
    const missing = resolved.flatMap(([, value]) => ('missing' in value ? [value.missing] : []))[0];
    if (missing !== undefined) {
      // The words are ours. [unconfirmed]
      const message = `The variable ${missing} could not be resolved`;
      endAction(run, { status: 'Failed', code: 'InvalidVariable', message });
      return;
    }
    const { actionTypeId } = declaration;
    if (isApproval(actionTypeId)) {
      const { approvalTimeoutMs } = kernel.settings;
      const patience =
        declaration.timeoutInMinutes === undefined ? approvalTimeoutMs : declaration.timeoutInMinutes * 60_000;
      run.timeout = kernel.clock.at(now() + patience, `timeout of ${declaration.name}`, () =>
        // "If no response is submitted within seven days, the action is marked as Failed." The words are ours. [unconfirmed]
        endAction(run, { status: 'Failed', code: 'JobFailed', message: 'The approval request has expired' }),
      );
      return;
    }
    const outside = startedBy(actionTypeId);
    if (outside !== undefined) {
      run.timeout = kernel.clock.at(now() + patienceMs(run), `timeout of ${declaration.name}`, () =>
        endAction(run, {
          status: 'Failed',
          code: 'JobFailed',
          message: `${run.externalExecutionId} did not end in time`,
        }),
      );
      awsActions.start(run, outside, (end) => endAction(run, end));
      return;
    }
    if (actionTypeId.owner === 'AWS' && !isInvocation(actionTypeId)) {
      endAction(run, awsActions.carryOut(run));
      return;
    }
    // User guide, Quotas: a custom action times out after 24 hours, which cannot be configured; a Lambda invoke action, too.
    run.timeout = kernel.clock.at(
      now() + kernel.settings.customActionTimeoutMs,
      `timeout of ${declaration.name}`,
      () => {
        for (const job of run.jobs) if (isOpen(job)) job.status = 'TimedOut';
        endAction(run, {
          status: 'Failed',
          code: 'JobFailed',
          message: isInvocation(actionTypeId)
            ? silent(run.configuration['FunctionName'] ?? '')
            : 'The action failed because no job worker answered in time. Job timed out.',
        });
      },
    );
    offer(run, 0);
  };

  const offer = (run: ActionRun, delayMs: number, token?: string): void => {
    const id = uuidOf('codepipeline-job', jobs++);
    const job: Job = {
      id,
      action: run,
      ...(token === undefined ? {} : { continuationToken: token }),
      visibleAt: now() + delayMs,
      nonce: '',
      status: 'Created',
    };
    run.jobs.push(job);
    if (isInvocation(run.declaration.actionTypeId)) {
      run.silence?.cancel();
      run.silence = kernel.clock.at(now() + silenceMs, `silence of ${run.declaration.name}`, () => {
        for (const open of run.jobs) if (isOpen(open)) open.status = 'TimedOut';
        endAction(run, {
          status: 'Failed',
          code: 'JobFailed',
          message: silent(run.configuration['FunctionName'] ?? ''),
        });
      });
    }
    queue(job);
  };

  const endAction: Engine['endAction'] = (run, end) => {
    if (run.status !== 'InProgress') return;
    run.timeout?.cancel();
    run.silence?.cancel();
    run.status = end.status;
    run.updatedAt = now();
    if (end.status === 'Failed') run.error = { code: end.code, message: end.message };
    else {
      run.outputVariables = end.outputVariables ?? {};
      if (run.declaration.namespace !== undefined)
        run.execution.outputs.set(run.declaration.namespace, run.outputVariables);
    }
    announce.action(run, end.status === 'Failed' ? 'FAILED' : 'SUCCEEDED');
    goOn(run.execution, run.stage);
  };

  const start: Engine['start'] = (pipeline, begun, only) => {
    const structure = pipeline.structures.at(-1);
    if (structure === undefined) throw new RangeError(`pipeline ${pipeline.name} has no structure`);
    const execution: Execution = {
      type: 'STANDARD',
      ...begun,
      id: uuidOf('codepipeline-execution', executions++),
      pipeline,
      structure,
      version: pipeline.structures.length,
      startedAt: now(),
      updatedAt: now(),
      status: 'InProgress',
      attempt: 1,
      artifacts: new Map(only?.from.artifacts),
      outputs: new Map(only?.from.outputs),
      stages: new Map(),
    };
    pipeline.executions.push(execution);
    announce.execution(execution, 'STARTED');
    enter(execution, only?.stage ?? structure.stages[0]?.name ?? '');
    return execution;
  };

  const retry = (
    execution: Execution,
    stage: StageRun,
    all: boolean,
    trigger: 'AutomatedStageRetry' | 'ManualStageRetry',
  ): void => {
    if (execution.structure.executionMode !== 'PARALLEL') laneOf(execution.pipeline, stage.name).holder = execution;
    stage.retries[trigger === 'AutomatedStageRetry' ? 'automatic' : 'manual'] += 1;
    stage.retries.latest = trigger;
    stage.retriedAt = now();
    resume(execution, stage);
    const latest = latestActions(stage);
    const again = all ? latest : latest.filter(({ status }) => status !== 'Succeeded');
    const first = Math.min(...again.map(({ declaration }) => orderOf(declaration)));
    // Attempts that are repeated no longer count as latest; the history keeps them under their own ids.
    for (const { declaration } of again.filter((run) => orderOf(run.declaration) === first))
      startAction(execution, stage, declaration);
    if (all)
      for (const run of again.filter(({ declaration }) => orderOf(declaration) !== first))
        stage.actions.splice(stage.actions.indexOf(run), 1);
  };

  const resume = (execution: Execution, stage: StageRun): void => {
    execution.status = 'InProgress';
    execution.updatedAt = now();
    execution.attempt += 1;
    stage.status = 'InProgress';
    announce.execution(execution, 'RESUMED');
    announce.stage(execution, stage, 'RESUMED');
  };

  const isChecking = (stage: StageRun): boolean => stage.conditions.at(-1)?.status === 'InProgress';

  return {
    start,
    continueAction: (run, token) => offer(run, kernel.settings.continuationDelayMs, token),
    endAction,
    stop(execution, abandon) {
      if (execution.status !== 'Stopping') finish(execution, 'Stopping');
      const stage = [...execution.stages.values()].at(-1);
      if (stage === undefined || (stage.status !== 'InProgress' && stage.status !== 'Stopping')) {
        // It waits before a stage.
        for (const lane of execution.pipeline.lanes.values())
          if (lane.waiting.includes(execution)) lane.waiting.splice(lane.waiting.indexOf(execution), 1);
        finish(execution, 'Stopped');
        return;
      }
      stage.status = 'Stopping';
      announce.stage(execution, stage, 'STOPPING');
      // Whether a stop waits for the rules of a condition is not documented. [unconfirmed]
      if (isChecking(stage)) conditions.abandon(stage, 'Abandoned');
      if (abandon)
        for (const run of latestActions(stage)) {
          if (run.status !== 'InProgress') continue;
          // "The action execution is in an Abandoned state"; the provider gets no notice (user guide, "Stop a pipeline execution").
          run.status = 'Abandoned';
          run.updatedAt = now();
          run.timeout?.cancel();
          run.silence?.cancel();
          announce.action(run, 'ABANDONED');
        }
      goOn(execution, stage);
    },
    retry: (execution, stage, all) => retry(execution, stage, all, 'ManualStageRetry'),
    cancelOutdated(pipeline) {
      // User guide "Set or change the pipeline execution mode", the table: in PARALLEL mode "all executions are allowed to run".
      for (const execution of pipeline.executions) {
        if (execution.status !== 'InProgress' || execution.structure.executionMode === 'PARALLEL') continue;
        execution.outdated = true;
        const stage = [...execution.stages.values()].at(-1);
        const waits = [...pipeline.lanes.values()].filter(({ waiting }) => waiting.includes(execution));
        for (const { waiting } of waits) waiting.splice(waiting.indexOf(execution), 1);
        if (waits.length > 0 || stage === undefined) finish(execution, 'Cancelled');
        else {
          if (isChecking(stage)) conditions.abandon(stage, 'Abandoned');
          goOn(execution, stage);
        }
      }
    },
    open(pipeline, stage) {
      const lane = laneOf(pipeline, stage);
      delete lane.closed;
      for (const waiting of lane.waiting.splice(0)) enter(waiting, stage);
    },
    override(execution, stage, type) {
      conditions.abandon(stage, 'Overridden');
      if (stage.status !== 'InProgress') {
        if (execution.structure.executionMode !== 'PARALLEL') laneOf(execution.pipeline, stage.name).holder = execution;
        resume(execution, stage);
      }
      if (type === 'BEFORE_ENTRY') goOn(execution, stage);
      else pass(execution, stage, 'Succeeded');
    },
  };
};

const announced = {
  Stopping: 'STOPPING',
  Stopped: 'STOPPED',
  Succeeded: 'SUCCEEDED',
  Superseded: 'SUPERSEDED',
  Failed: 'FAILED',
  Cancelled: 'CANCELED',
} as const;

/**
 * User guide, Quotas: "If the Lambda function has sent no reply after 20 minutes, the action times out. If, during the 20 minutes, the Lambda
 * function has replied that the action is still in progress, CodePipeline restarts the 20-minute timer and tries again."
 */
export const silenceMs = 20 * 60_000;

/** User guide, Quotas: builds 36 hours, actions of the category Test 8 hours, state machines 7 days. */
const patienceMs = ({ declaration: { actionTypeId } }: ActionRun): number =>
  (startedBy(actionTypeId) === 'state-machine' ? 168 : actionTypeId.category === 'Test' ? 8 : 36) * 3_600_000;

/** The words of a real account: amazon-archives/cloudformation-validation-pipeline, issue 3. */
export const silent = (functionName: string): string =>
  `The AWS Lambda function ${functionName} failed to return a result. Check the function to verify that it has permission to call the PutJobSuccessResult action and that it made a call to PutJobSuccessResult.`;

export const isOpen = ({ status }: Job): boolean =>
  status === 'Created' || status === 'Queued' || status === 'Dispatched' || status === 'InProgress';

export const notFound = (what: 'Pipeline' | 'Stage' | 'PipelineExecution', message: string): AwsError =>
  new AwsError(`${what}NotFoundException`, message);
