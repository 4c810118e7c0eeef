import { AwsError, type Instant, type Kernel, type Objects } from '../../contracts.ts';
import { digestOf, uuidOf } from '../../random.ts';
import {
  type ActionDeclaration,
  type ActionRun,
  type Artifact,
  type Execution,
  isInvocation,
  type Job,
  latestActions,
  orderOf,
  type Pipeline,
  type StageRun,
} from './model.ts';
import { resolveText } from './variables.ts';

/** How an action ended. */
export type ActionEnd =
  | { readonly status: 'Succeeded'; readonly outputVariables?: Readonly<Record<string, string>> }
  | { readonly status: 'Failed'; readonly code: string; readonly message: string };

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
}

export const createEngine = (kernel: Kernel, objects: Objects, queue: (job: Job) => void): Engine => {
  let executions = 0;
  let actions = 0;
  let jobs = 0;
  const now = (): Instant => kernel.clock.now();

  const laneOf = (pipeline: Pipeline, stage: string) => {
    const lane = pipeline.lanes.get(stage) ?? { holder: undefined, waiting: [] };
    pipeline.lanes.set(stage, lane);
    return lane;
  };

  /** User guide "How pipeline executions work": a stage is locked by one execution, except in PARALLEL mode. */
  const enter = (execution: Execution, stageName: string): void => {
    if (execution.status !== 'InProgress') return;
    const lane = laneOf(execution.pipeline, stageName);
    if (execution.structure.executionMode !== 'PARALLEL') {
      if (lane.holder !== undefined && lane.holder !== execution) {
        if (execution.structure.executionMode !== 'QUEUED')
          for (const older of lane.waiting.splice(0)) finish(older, 'Superseded');
        lane.waiting.push(execution);
        return;
      }
      lane.holder = execution;
    }
    const stage: StageRun = { name: stageName, status: 'InProgress', actions: [] };
    execution.stages.set(stageName, stage);
    goOn(execution, stage);
  };

  const leave = (execution: Execution, stageName: string): void => {
    const lane = laneOf(execution.pipeline, stageName);
    if (lane.holder !== execution) return;
    lane.holder = undefined;
    const next = lane.waiting.shift();
    if (next !== undefined) enter(next, stageName);
  };

  const finish = (execution: Execution, status: Execution['status']): void => {
    execution.status = status;
    execution.updatedAt = now();
  };

  const declared = (execution: Execution, stage: StageRun): readonly ActionDeclaration[] =>
    execution.structure.stages.find(({ name }) => name === stage.name)?.actions ?? [];

  /** After every change: starts the due actions, or ends the stage. */
  const goOn = (execution: Execution, stage: StageRun): void => {
    const latest = latestActions(stage);
    if (latest.some(({ status }) => status === 'InProgress')) return;
    const failed = latest.some(({ status }) => status === 'Failed');
    if (execution.status === 'Stopping' || failed) {
      stage.status = execution.status === 'Stopping' ? 'Stopped' : 'Failed';
      finish(execution, stage.status);
      leave(execution, stage.name);
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
    stage.status = 'Succeeded';
    execution.updatedAt = now();
    leave(execution, stage.name);
    const index = execution.structure.stages.findIndex(({ name }) => name === stage.name);
    const next = execution.type === 'ROLLBACK' ? undefined : execution.structure.stages[index + 1];
    if (next === undefined) finish(execution, 'Succeeded');
    else enter(execution, next.name);
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
      jobs: [],
    };
    stage.actions.push(run);
    const missing = resolved.flatMap(([, value]) => ('missing' in value ? [value.missing] : []))[0];
    if (missing !== undefined) {
      // The words are ours. [unconfirmed]
      const message = `The variable ${missing} could not be resolved`;
      endAction(run, { status: 'Failed', code: 'InvalidVariable', message });
      return;
    }
    const { actionTypeId } = declaration;
    if (actionTypeId.owner === 'AWS' && !isInvocation(actionTypeId)) {
      endAction(run, fetchSource(run));
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
            ? silent(run)
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
        endAction(run, { status: 'Failed', code: 'JobFailed', message: silent(run) });
      });
    }
    queue(job);
  };

  /** An S3 source: the object under the key becomes the artifact (user guide "Amazon S3 source action reference"). */
  const fetchSource = (run: ActionRun): ActionEnd => {
    const { S3Bucket = '', S3ObjectKey = '' } = run.configuration;
    const object = objects.get(S3Bucket, S3ObjectKey);
    const [artifact] = run.declaration.outputArtifacts ?? [];
    if (object === undefined || artifact === undefined)
      return {
        status: 'Failed',
        code: 'ConfigurationError',
        message: `The object with key '${S3ObjectKey}' does not exist in bucket '${S3Bucket}'`,
      };
    run.revision = keep(run, artifact.name, object.body).revision;
    return { status: 'Succeeded', outputVariables: { ETag: object.etag.replaceAll('"', '') } };
  };

  const keep = (run: ActionRun, name: string, body: Buffer): Artifact => {
    const { execution } = run;
    const bucket = execution.structure.artifactStore?.location ?? '';
    // User guide: `<pipeline name, cut>/<artifact name, cut>/<random>`.
    const random = digestOf('artifact', run.id, name).toString('hex').slice(0, 7);
    const key = `${execution.pipeline.name.slice(0, 20)}/${name.slice(0, 10)}/${random}`;
    objects.put(bucket, key, body);
    const artifact = {
      name,
      bucket,
      key,
      revision: digestOf('revision', body.toString('base64')).toString('hex').slice(0, 32),
    };
    execution.artifacts.set(name, artifact);
    return artifact;
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
    goOn(run.execution, run.stage);
  };

  return {
    start(pipeline, begun, only) {
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
        artifacts: new Map(only?.from.artifacts),
        outputs: new Map(only?.from.outputs),
        stages: new Map(),
      };
      pipeline.executions.push(execution);
      enter(execution, only?.stage ?? structure.stages[0]?.name ?? '');
      return execution;
    },
    continueAction: (run, token) => offer(run, kernel.settings.continuationDelayMs, token),
    endAction,
    stop(execution, abandon) {
      execution.status = 'Stopping';
      execution.updatedAt = now();
      const stage = [...execution.stages.values()].at(-1);
      if (stage === undefined || (stage.status !== 'InProgress' && stage.status !== 'Stopping')) {
        // It waits before a stage.
        for (const lane of execution.pipeline.lanes.values())
          if (lane.waiting.includes(execution)) lane.waiting.splice(lane.waiting.indexOf(execution), 1);
        finish(execution, 'Stopped');
        return;
      }
      stage.status = 'Stopping';
      if (abandon)
        for (const run of latestActions(stage)) {
          if (run.status !== 'InProgress') continue;
          // "The action execution is in an Abandoned state"; the provider gets no notice (user guide, "Stop a pipeline execution").
          run.status = 'Abandoned';
          run.updatedAt = now();
          run.timeout?.cancel();
          run.silence?.cancel();
        }
      goOn(execution, stage);
    },
    retry(execution, stage, all) {
      if (execution.structure.executionMode !== 'PARALLEL') laneOf(execution.pipeline, stage.name).holder = execution;
      execution.status = 'InProgress';
      execution.updatedAt = now();
      stage.status = 'InProgress';
      const latest = latestActions(stage);
      const again = all ? latest : latest.filter(({ status }) => status !== 'Succeeded');
      const first = Math.min(...again.map(({ declaration }) => orderOf(declaration)));
      // Attempts that are repeated no longer count as latest; the history keeps them under their own ids.
      for (const { declaration } of again.filter((run) => orderOf(run.declaration) === first))
        startAction(execution, stage, declaration);
      if (all)
        for (const run of again.filter(({ declaration }) => orderOf(declaration) !== first))
          stage.actions.splice(stage.actions.indexOf(run), 1);
    },
  };
};

/**
 * User guide, Quotas: "If the Lambda function has sent no reply after 20 minutes, the action times out. If, during the 20 minutes, the Lambda
 * function has replied that the action is still in progress, CodePipeline restarts the 20-minute timer and tries again."
 */
const silenceMs = 20 * 60_000;

/** The words of a real account: amazon-archives/cloudformation-validation-pipeline, issue 3. */
const silent = ({ configuration }: ActionRun): string =>
  `The AWS Lambda function ${configuration['FunctionName']} failed to return a result. Check the function to verify that it has permission to call the PutJobSuccessResult action and that it made a call to PutJobSuccessResult.`;

export const isOpen = ({ status }: Job): boolean =>
  status === 'Created' || status === 'Queued' || status === 'Dispatched' || status === 'InProgress';

export const notFound = (what: 'Pipeline' | 'Stage' | 'PipelineExecution', message: string): AwsError =>
  new AwsError(`${what}NotFoundException`, message);
