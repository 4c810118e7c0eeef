import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type IrisVersion, irisFixture } from '../../simulator/fixtures/fixtures.ts';
import { type Instant, minutes, seconds } from '../clock.ts';
import type { OperationName } from '../operation.ts';
import { withoutUndefined } from '../without-undefined.ts';
import type { Launched, LogLine, Moment, StepResult } from './driver.ts';
import { lambdaFunction } from './lambda-function.ts';
import { rehearsedTeam } from './manifest.ts';
import { readServing, type Serving } from './serving.ts';
import { actionsFolder, approve, type Deed, endOf, type ReportedRelease, type Stage } from './stage.ts';
import { zipOf } from './zip.ts';

/** The team's pipeline, and its worker machines. */
export interface Pipeline {
  /** A job worker of its own, as a process. */
  worker(): Launched;
  /** The worker as a Lambda function: the rule and the schedule of codebuild/README.md wake it, a process an event. */
  wakeFunction(): { readonly invocations: readonly Launched[]; stop(): void };
  /** The action types that a worker polls for. */
  actionType(operation: OperationName): object;
  /** A new execution that delivers a version. CreatePipeline starts the first one by itself. */
  begin(title: string, version: IrisVersion): Promise<PipelineRun>;
  /** As an operator presses "roll back" on the deploy stage. */
  rollBack(title: string, target: PipelineRun): Promise<PipelineRun>;
  /** The rollback of the deploy stage that CodePipeline began by itself. */
  ownRollBack(title: string): Promise<PipelineRun>;
}

/** Differences from the pipeline that registers, waits for a person at the gate, and deploys. */
export interface PipelineWish {
  /** Default: QUEUED. */
  readonly mode?: 'PARALLEL';
  /** A regression test before the approval. */
  readonly tests?: true;
  /** CodePipeline's manual approval before the gate. */
  readonly asks?: true;
  /** The deploy stage is rolled back by itself when it fails. */
  readonly rollsBack?: true;
  /** The deploy action plans and writes nothing. */
  readonly plans?: true;
}

/** One pipeline execution. */
export interface PipelineRun {
  readonly id: string;
  status(): Promise<string>;
  /** Time passes until the stage has come that far. */
  untilStage(stage: string, status: string): Promise<void>;
  /** Time passes until the execution has ended. */
  untilEnded(limit?: number): Promise<string>;
  /** A person approves the package once the gate waits for it. */
  approve(): Promise<void>;
  /** A person answers CodePipeline's manual approval. */
  answer(status: 'Approved' | 'Rejected'): Promise<void>;
  /** As an operator stops it; `abandon` does not wait for the actions. */
  stop(abandon: boolean): Promise<void>;
  /** As an operator presses "retry" on a stage. */
  retry(stage: string): Promise<void>;
  did(what: string, detail: string): void;
  /** Ends the release's record: the last action's end is the release's end. */
  end(): Promise<ReportedRelease>;
}

type Answer = Record<string, unknown>;

const name = 'iris-delivery';
const source = 'pipeline/source.zip';
const stagesOf = ({ tests }: PipelineWish): readonly (readonly [stage: string, operation: OperationName])[] => [
  ['Register', 'register-model'],
  ...(tests ? [['Test', 'regression-test'] as const] : []),
  ['Approve', 'approve-gate'],
  ['Deploy', 'deploy-endpoint'],
];

/** The shortest interval between two looks at a pipeline. */
const look = seconds(30);

export const openPipeline = async (stage: Stage, wish: PipelineWish = {}): Promise<Pipeline> => {
  const stages = stagesOf(wish);
  const { simulator, driver } = stage;
  const call = (operation: string, input: object): Promise<Answer> => simulator.call('codepipeline', operation, input);
  const workers: Launched[] = [];
  let exists = false;

  for (const [, operation] of stages) await call('CreateCustomActionType', definitionOf(operation));

  /** The content of the repository's pipeline source: the manifest, and the evaluation of the latest model. */
  const push = (version: IrisVersion): void => {
    const fixture = irisFixture(version);
    simulator.objects.put(rehearsedTeam.bucket, artifactKey(version), fixture.artifact);
    const repository = readdirSync(stage.workspace, { withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => [entry.name, readFileSync(join(stage.workspace, entry.name), 'utf8')] as const);
    simulator.objects.put(
      rehearsedTeam.bucket,
      source,
      zipOf({ ...Object.fromEntries(repository), 'evaluation.json': String(fixture.evaluation) }),
    );
  };

  const begun = async (title: string, version: IrisVersion, id: () => Promise<string>): Promise<PipelineRun> => {
    const began = driver.moment();
    const before = await readServing(simulator, stage.endpoint);
    return runOf({ stage, call, workers, title, version, began, before, id: await id() });
  };

  const environment = {
    // One at a time: a process is one participant of the virtual clock, so its jobs cannot wait side by side.
    MODEL_DELIVERY_JOBS_AT_ONCE: '1',
    MODEL_DELIVERY_OPERATIONS: stages.map(([, operation]) => operation).join(','),
  };
  const resolvedVersion = async (id: string): Promise<IrisVersion> => {
    const { variables: resolved } = (await call('GetPipelineExecution', idOf(id)))['pipelineExecution'] as {
      readonly variables: readonly { readonly resolvedValue: IrisVersion }[];
    };
    return resolved[0]?.resolvedValue ?? '1.0.0';
  };
  const newest = async (): Promise<Answer> => {
    const listed = await call('ListPipelineExecutions', { pipelineName: name });
    return (listed['pipelineExecutionSummaries'] as Answer[])[0] ?? {};
  };

  return {
    worker: () => {
      const bundle = join(codebuildFolder(), 'job-worker/dist/index.cjs');
      const worker = driver.launch(`job worker ${workers.length + 1}`, bundle, environment);
      workers.push(worker);
      return worker;
    },
    wakeFunction: () => {
      const bundle = join(codebuildFolder(), 'lambda/dist/index.cjs');
      const launch = lambdaFunction(driver, bundle, dirname(stage.workspace), environment);
      const invocations: Launched[] = [];
      const invoke = (event: object): void => {
        const invocation = launch(event);
        invocations.push(invocation);
        workers.push(invocation);
      };
      simulator.eventRules.add(startOfOwnActions, invoke);
      const schedule = simulator.clock.every(minutes(1), 'schedule of the worker', () =>
        invoke({ source: 'aws.events', 'detail-type': 'Scheduled Event' }),
      );
      return { invocations, stop: () => schedule.cancel() };
    },
    actionType: typeOf,
    begin: (title, version) => {
      push(version);
      return begun(title, version, async () => {
        if (exists)
          return String(
            (await call('StartPipelineExecution', { name, variables: variables(version) }))['pipelineExecutionId'],
          );
        exists = true;
        await call('CreatePipeline', { pipeline: declaration(version, wish) });
        return String((await newest())['pipelineExecutionId']);
      });
    },
    ownRollBack: async (title) => {
      const { pipelineExecutionId, trigger } = await newest();
      const { triggerType } = trigger as { readonly triggerType: string };
      if (triggerType !== 'AutomatedRollback') throw new Error(`the newest execution began by ${triggerType}`);
      const id = String(pipelineExecutionId);
      return begun(title, await resolvedVersion(id), async () => id);
    },
    rollBack: async (title, target) =>
      begun(title, await resolvedVersion(target.id), async () => {
        const answer = await call('RollbackStage', {
          pipelineName: name,
          stageName: 'Deploy',
          targetPipelineExecutionId: target.id,
        });
        return String(answer['pipelineExecutionId']);
      }),
  };
};

/** The rule of codebuild/README.md. */
const startOfOwnActions = {
  source: ['aws.codepipeline'],
  'detail-type': ['CodePipeline Action Execution State Change'],
  detail: { state: ['STARTED'], type: { owner: ['Custom'], provider: [{ prefix: 'md-' }] } },
};

export const codebuildFolder = (): string => join(actionsFolder(), '../codebuild');

const idOf = (pipelineExecutionId: string) => ({ pipelineName: name, pipelineExecutionId });
const artifactKey = (version: IrisVersion): string => `training/iris-${version}/model.tar.gz`;
const variables = (version: IrisVersion) => [{ name: 'VERSION', value: version }];

const definitionOf = (
  operation: OperationName,
): Answer & { readonly [Member in 'category' | 'provider' | 'version']: string } =>
  JSON.parse(readFileSync(join(codebuildFolder(), `action-types/${operation}.json`), 'utf8'));

const typeOf = (operation: OperationName): object => {
  const { category, provider, version } = definitionOf(operation);
  return { category, owner: 'Custom', provider, version };
};

/** Source, then a stage per operation; the pipeline deploys the registered version, by name. */
const declaration = (version: IrisVersion, wish: PipelineWish): object => ({
  name,
  roleArn: `arn:aws:iam::${rehearsedTeam.account}:role/pipeline`,
  pipelineType: 'V2',
  executionMode: wish.mode ?? 'QUEUED',
  artifactStore: { type: 'S3', location: rehearsedTeam.bucket },
  variables: [{ name: 'VERSION', defaultValue: version }],
  stages: [
    {
      name: 'Source',
      actions: [
        {
          name: 'Repository',
          actionTypeId: { category: 'Source', owner: 'AWS', provider: 'S3', version: '1' },
          configuration: { S3Bucket: rehearsedTeam.bucket, S3ObjectKey: source, PollForSourceChanges: 'false' },
          outputArtifacts: [{ name: 'Repository' }],
        },
      ],
    },
    ...stagesOf(wish).map(([stageName, operation]) => ({
      name: stageName,
      ...(stageName === 'Deploy' && wish.rollsBack ? { onFailure: { result: 'ROLLBACK' } } : {}),
      actions: [
        ...(stageName === 'Approve' && wish.asks ? [manualApproval] : []),
        {
          name: operation,
          runOrder: 2,
          actionTypeId: typeOf(operation),
          configuration: {
            environment: rehearsedTeam.environment,
            ...configurations[operation],
            ...(operation === 'deploy-endpoint' && wish.plans ? { 'dry-run': 'true' } : {}),
          },
          inputArtifacts: [{ name: 'Repository' }],
          namespace: stageName,
        },
      ],
    })),
  ],
});

const manualApproval = {
  name: 'Ask',
  runOrder: 1,
  actionTypeId: { category: 'Approval', owner: 'AWS', provider: 'Manual', version: '1' },
  configuration: { CustomData: 'Deliver #{Register.version}?' },
};

const configurations: Partial<Record<OperationName, Readonly<Record<string, string>>>> = {
  'register-model': {
    version: '#{variables.VERSION}',
    image: rehearsedTeam.image,
    artifact: `s3://${rehearsedTeam.bucket}/training/iris-#{variables.VERSION}/model.tar.gz`,
    evaluation: 'Repository::evaluation.json',
    'further-inputs': '{content-types: text/csv, response-types: [text/csv]}',
  },
  'regression-test': { version: '#{Register.version}', timeout: '3h' },
  'approve-gate': { version: '#{Register.version}' },
  'deploy-endpoint': { version: '#{Register.version}' },
};

interface Place {
  readonly stage: Stage;
  readonly call: (operation: string, input: object) => Promise<Answer>;
  readonly workers: readonly Launched[];
  readonly title: string;
  readonly version: IrisVersion;
  readonly began: Moment;
  readonly before: Serving | undefined;
  readonly id: string;
}

const runOf = (place: Place): PipelineRun => {
  const { stage, call, id } = place;
  const { driver } = stage;
  const deeds: Deed[] = [];
  const did = (what: string, detail: string, marked = true): void =>
    void deeds.push({ moment: driver.moment(), what, detail, marked });
  const status = async (): Promise<string> =>
    String(((await call('GetPipelineExecution', idOf(id)))['pipelineExecution'] as Answer)['status']);
  const until = async (reached: () => Promise<boolean>, limit: number, what: string): Promise<void> => {
    const last = driver.now() + limit;
    while (!(await reached())) {
      if (driver.now() >= last) throw new Error(`${place.title}: ${what} was not seen in time`);
      await driver.until(driver.now() + look);
    }
  };
  // Not GetPipelineState: a pipeline in PARALLEL mode has no state.
  const latestIn = async (wanted: string): Promise<ActionExecution | undefined> => {
    const listed = await call('ListActionExecutions', { pipelineName: name, filter: { pipelineExecutionId: id } });
    return (listed['actionExecutionDetails'] as ActionExecution[]).find(({ stageName }) => stageName === wanted);
  };
  const stageStatus = async (wanted: string): Promise<string | undefined> => (await latestIn(wanted))?.status;

  return {
    id,
    status,
    untilStage: (wanted, reached) =>
      until(async () => (await stageStatus(wanted)) === reached, minutes(180), `${wanted} ${reached}`),
    untilEnded: async (limit = minutes(180)) => {
      await until(async () => !/^(InProgress|Stopping)$/.test(await status()), limit, 'the end');
      return status();
    },
    approve: async () => {
      await until(async () => (await stageStatus('Approve')) === 'InProgress', minutes(180), 'the gate');
      // The gate has answered that it waits, more than once.
      await driver.until(driver.now() + minutes(5));
      await approve(stage.simulator, did);
    },
    answer: async (status) => {
      await until(async () => (await latestIn('Approve'))?.actionName === 'Ask', minutes(180), 'the manual approval');
      const { stageStates } = await call('GetPipelineState', { name });
      const [asked] =
        (stageStates as PipelineStage[]).find(({ stageName }) => stageName === 'Approve')?.actionStates ?? [];
      // AWS: in PARALLEL mode the token stands in the list of actions.
      const token =
        asked?.latestExecution?.token ?? (await latestIn('Approve'))?.output.executionResult.externalExecutionId;
      const result = { status, summary: 'looked at the verdict' };
      await call('PutApprovalResult', { pipelineName: name, stageName: 'Approve', actionName: 'Ask', token, result });
      did('answers CodePipeline', status);
    },
    stop: async (abandon) => {
      await call('StopPipelineExecution', { ...idOf(id), abandon, reason: 'an operator' });
      did('stops the pipeline', abandon ? 'and abandons the action' : 'and waits for the action');
    },
    retry: async (stageName) => {
      await call('RetryStageExecution', { ...idOf(id), stageName, retryMode: 'FAILED_ACTIONS' });
      did('presses retry', `stage ${stageName}`);
    },
    did,
    end: async () => {
      const release = await tell(place, deeds);
      stage.tell(release);
      return release;
    },
  };
};

interface PipelineStage {
  readonly stageName: string;
  readonly actionStates: readonly { readonly latestExecution?: { readonly token?: string } }[];
}
interface ActionExecution {
  readonly stageName: string;
  readonly actionName: string;
  readonly startTime: Date;
  readonly lastUpdateTime: Date;
  readonly status: string;
  readonly input: {
    readonly actionTypeId: { readonly owner: string };
    readonly resolvedConfiguration: Record<string, string>;
  };
  readonly output: {
    readonly outputVariables: Readonly<Record<string, string>>;
    readonly executionResult: {
      readonly externalExecutionId?: string;
      readonly errorDetails?: { readonly code: string; readonly message: string };
    };
  };
}

const tell = async (place: Place, deeds: readonly Deed[]): Promise<ReportedRelease> => {
  const { stage, call, id, workers, title, version, began, before } = place;
  const listed = await call('ListActionExecutions', { pipelineName: name, filter: { pipelineExecutionId: id } });
  const steps = (listed['actionExecutionDetails'] as ActionExecution[])
    .filter(({ input }) => input.actionTypeId.owner === 'Custom')
    .reverse()
    .map((execution) => stepOf(stage, id, execution, workers));
  const { requests, ...ending } = await endOf(stage, steps);
  // Answers to CodePipeline are not among the changes of a delivery.
  const own = requests.filter(({ service, at }) => service !== 'codepipeline' && at >= began.at);
  const submitted = own.find(({ operation, mutation }) => operation === 'UpdateEndpoint' && mutation)?.input;
  const because = steps.at(-1)?.outputs['because'];
  return {
    title,
    version,
    label: version,
    began,
    rollout: stage.rollout,
    before,
    steps,
    deeds,
    ending: {
      ...ending,
      ...withoutUndefined({ because }),
      candidateConfig:
        ending.candidateConfig ??
        (submitted as { readonly EndpointConfigName?: string } | undefined)?.EndpointConfigName,
      requests: own,
    },
  };
};

/** An action execution as a step of the story. */
const stepOf = (stage: Stage, id: string, execution: ActionExecution, workers: readonly Launched[]): StepResult => {
  const { actionName: action, startTime, lastUpdateTime, status, input } = execution;
  const [from, to] = [startTime.getTime(), lastUpdateTime.getTime()];
  return {
    step: {
      action,
      inputs: input.resolvedConfiguration,
      job: { runId: id, attempt: 1, job: action, actor: 'mina', commit: '' },
    },
    // Its own log lies between its two ends.
    started: momentAt(stage, from, Number.NEGATIVE_INFINITY),
    ended: momentAt(stage, to, Number.POSITIVE_INFINITY),
    exit: { code: status === 'Succeeded' ? 0 : 1, signal: undefined },
    outputs: outputsOf(execution),
    summary: '',
    log: workers.flatMap(({ log }) => log.flatMap((line) => progressOf(line, action, from, to))),
    participants: workers.map((worker) => worker.id),
  };
};

const momentAt = ({ simulator }: Stage, at: Instant, order: number): Moment => ({
  at,
  eventsSeen: simulator.events.filter((event) => event.at <= at).length,
  order,
});

const outputsOf = ({ status, output }: ActionExecution): Readonly<Record<string, string>> => {
  const { errorDetails } = output.executionResult;
  if (errorDetails) return outputsOfFailure(errorDetails);
  // No worker answered for it any more.
  return status === 'Abandoned' ? { outcome: 'abandoned', 'reason-code': 'by-operator' } : output.outputVariables;
};

/** `rolled-back/alarm: …`: the only output of a failed action. */
const outputsOfFailure = ({
  code,
  message,
}: {
  readonly code: string;
  readonly message: string;
}): Record<string, string> => {
  const [, outcome, reason, because] = /^([a-z-]+)\/([a-z-]+): (.*)$/m.exec(message) ?? [];
  return outcome && reason
    ? { outcome, 'reason-code': reason, because: because ?? '', 'failure-type': code }
    : { outcome: 'failed', 'reason-code': code, because: message, 'failure-type': code };
};

/** `<instant>  <operation>  job <id>  40 % canary bakes …`, in the form of an action's own log. */
const progressOf = (line: LogLine, action: string, from: Instant, to: Instant): LogLine[] => {
  const [, at, operation, progress] = /^(\S+) {2}(\S+) {2}job \S+ {2}(\d+ % .+)$/.exec(line.text) ?? [];
  return operation === action && line.moment.at >= from && line.moment.at <= to
    ? [{ moment: line.moment, text: `${at} ${progress}` }]
    : [];
};
