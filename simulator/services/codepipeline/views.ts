import type { ActionTypes } from './action-types.ts';
import type {
  ActionRun,
  ConditionRun,
  ConditionType,
  Execution,
  Pipeline,
  PipelineDeclaration,
  RuleRun,
  StageRun,
} from './model.ts';
import { latestActions } from './model.ts';

const date = (instant: number): Date => new Date(instant);
const given = <Value>(name: string, value: Value | undefined): object => (value === undefined ? {} : { [name]: value });

/** API: GetPipeline. "Secret values are masked" everywhere but in the job calls. */
export const declarationView = (pipeline: Pipeline, version: number, actionTypes: ActionTypes): object => {
  const structure = pipeline.structures[version - 1];
  return {
    pipeline: structure && { ...masked(structure, actionTypes), version },
    metadata: { pipelineArn: pipeline.arn, created: date(pipeline.created), updated: date(pipeline.updated) },
  };
};

const masked = (structure: PipelineDeclaration, actionTypes: ActionTypes): PipelineDeclaration => ({
  ...structure,
  stages: structure.stages.map((stage) => ({
    ...stage,
    actions: stage.actions.map((action) => ({
      ...action,
      ...(action.configuration === undefined
        ? {}
        : { configuration: withoutSecrets(action.configuration, secretsOf(action.actionTypeId, actionTypes)) }),
    })),
  })),
});

const secretsOf = (id: Parameters<ActionTypes['find']>[0], actionTypes: ActionTypes): ReadonlySet<string> =>
  new Set((actionTypes.find(id)?.configurationProperties ?? []).filter(({ secret }) => secret).map(({ name }) => name));

const withoutSecrets = (
  configuration: Readonly<Record<string, string>>,
  secrets: ReadonlySet<string>,
): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(configuration).map(([key, value]) => [key, secrets.has(key) ? '****' : value]));

/** API: PipelineExecution, PipelineExecutionSummary. */
export const executionView = (execution: Execution): Record<string, unknown> => ({
  pipelineName: execution.pipeline.name,
  pipelineVersion: execution.version,
  pipelineExecutionId: execution.id,
  status: execution.status,
  ...given('statusSummary', execution.statusSummary),
  artifactRevisions: [...execution.artifacts.values()].map(({ name, revision }) => ({ name, revisionId: revision })),
  variables: Object.entries(execution.variables).map(([name, resolvedValue]) => ({ name, resolvedValue })),
  trigger: execution.trigger,
  executionMode: execution.structure.executionMode ?? 'SUPERSEDED',
  executionType: execution.type,
  ...(execution.rollbackTarget === undefined
    ? {}
    : { rollbackMetadata: { rollbackTargetPipelineExecutionId: execution.rollbackTarget } }),
});

export const summaryView = (execution: Execution): object => {
  const {
    pipelineName: _name,
    pipelineVersion: _version,
    artifactRevisions,
    variables: _v,
    ...rest
  } = executionView(execution);
  return {
    ...rest,
    startTime: date(execution.startedAt),
    lastUpdateTime: date(execution.updatedAt),
    sourceRevisions: (artifactRevisions as readonly { readonly name: string; readonly revisionId: string }[]).map(
      ({ name, revisionId }) => ({ actionName: name, revisionId }),
    ),
  };
};

/** API: PipelineState: for each stage the last execution in it. */
export const stateView = (pipeline: Pipeline, actionTypes: ActionTypes): object => {
  const structure = pipeline.structures.at(-1);
  return {
    pipelineName: pipeline.name,
    pipelineVersion: pipeline.structures.length,
    created: date(pipeline.created),
    updated: date(pipeline.updated),
    stageStates: (structure?.stages ?? []).map(({ name, actions }) => {
      // User guide "Set or change the pipeline execution mode": "Parallel mode does not have a pipeline state."
      const latest = structure?.executionMode === 'PARALLEL' ? undefined : lastIn(pipeline, name);
      const run = latest?.stages.get(name);
      const { waiting = [], closed } = pipeline.lanes.get(name) ?? {};
      const inbound = waiting.map(({ id, status, type }) => ({ pipelineExecutionId: id, status, type }));
      const retries = run?.retries;
      return {
        stageName: name,
        inboundTransitionState: {
          enabled: closed === undefined,
          ...(closed && { lastChangedBy: closed.by, lastChangedAt: date(closed.at), disabledReason: closed.reason }),
        },
        ...(inbound.length === 0 ? {} : { inboundExecution: inbound[0], inboundExecutions: inbound }),
        ...conditionStates(run),
        ...(retries?.latest === undefined
          ? {}
          : {
              retryStageMetadata: {
                ...(retries.automatic > 0 ? { autoStageRetryAttempt: retries.automatic } : {}),
                ...(retries.manual > 0 ? { manualStageRetryAttempt: retries.manual } : {}),
                latestRetryTrigger: retries.latest,
              },
            }),
        ...(latest === undefined || run === undefined
          ? {}
          : { latestExecution: { pipelineExecutionId: latest.id, status: run.status, type: latest.type } }),
        actionStates: actions.map((action) => {
          const last = run && latestActions(run).find(({ declaration }) => declaration.name === action.name);
          const entityUrl = actionTypes.find(action.actionTypeId)?.settings?.entityUrlTemplate;
          return {
            actionName: action.name,
            ...given('entityUrl', entityUrl && filled(entityUrl, action.configuration ?? {}, undefined)),
            ...(last === undefined ? {} : { latestExecution: latestView(last, actionTypes) }),
          };
        }),
      };
    }),
  };
};

export const lastIn = (pipeline: Pipeline, stage: string): Execution | undefined =>
  pipeline.executions.filter(({ stages }) => stages.has(stage)).at(-1);

const stateNames: Readonly<Record<ConditionType, string>> = {
  BEFORE_ENTRY: 'beforeEntryConditionState',
  ON_SUCCESS: 'onSuccessConditionState',
  ON_FAILURE: 'onFailureConditionState',
};

/** API: StageConditionState, of the latest run of each condition. */
const conditionStates = (run: StageRun | undefined): object =>
  Object.fromEntries(
    (run?.conditions ?? []).map((condition) => [stateNames[condition.type], conditionView(condition)]),
  );

const conditionView = ({ status, updatedAt, rules }: ConditionRun): object => ({
  latestExecution: { status },
  conditionStates: [
    {
      latestExecution: { status, lastStatusChange: date(updatedAt) },
      ruleStates: rules.map((rule) => ({
        ruleName: rule.declaration.name,
        latestExecution: {
          ruleExecutionId: rule.id,
          status: rule.status,
          lastStatusChange: date(rule.updatedAt),
          ...given('summary', rule.summary),
        },
      })),
    },
  ],
});

/** API: RuleExecutionDetail. */
export const ruleView = (execution: Execution, stage: StageRun, rule: RuleRun): object => ({
  pipelineExecutionId: execution.id,
  ruleExecutionId: rule.id,
  pipelineVersion: execution.version,
  stageName: stage.name,
  ruleName: rule.declaration.name,
  startTime: date(rule.startedAt),
  lastUpdateTime: date(rule.updatedAt),
  status: rule.status,
  input: {
    ruleTypeId: rule.declaration.ruleTypeId,
    configuration: rule.declaration.configuration ?? {},
    resolvedConfiguration: rule.configuration,
  },
  output: { executionResult: { ...given('externalExecutionSummary', rule.summary) } },
});

const latestView = (run: ActionRun, actionTypes: ActionTypes): object => ({
  actionExecutionId: run.id,
  status: run.status,
  lastStatusChange: date(run.updatedAt),
  ...given('summary', run.summary),
  // API ActionExecution: "The token for each open approval request can be obtained using the GetPipelineState command."
  ...given('token', run.status === 'InProgress' ? run.approvalToken : undefined),
  ...given('lastUpdatedBy', run.updatedBy),
  ...resultView(run, actionTypes),
  ...given('percentComplete', run.percentComplete),
});

const resultView = (run: ActionRun, actionTypes: ActionTypes): object => {
  // API PutApprovalResult: in PARALLEL mode "use the externalExecutionId in the response output from the ListActionExecutions action as the token".
  if (run.approvalToken !== undefined && run.execution.structure.executionMode === 'PARALLEL')
    return { externalExecutionId: run.approvalToken, ...given('errorDetails', run.error) };
  const template = actionTypes.find(run.declaration.actionTypeId)?.settings?.executionUrlTemplate;
  return {
    ...given('externalExecutionId', run.externalExecutionId),
    ...(template === undefined || run.externalExecutionId === undefined
      ? {}
      : { externalExecutionUrl: filled(template, run.configuration, run.externalExecutionId) }),
    ...given('errorDetails', run.error),
  };
};

/** User guide "Create a custom action": `{Config:name}` and `{ExternalExecutionId}`. */
const filled = (
  template: string,
  configuration: Readonly<Record<string, string>>,
  externalExecutionId: string | undefined,
): string =>
  template
    .replaceAll(/\{Config:([^}]*)\}/g, (_whole, name: string) => configuration[name] ?? '')
    .replaceAll('{ExternalExecutionId}', externalExecutionId ?? '');

/** API: ActionExecutionDetail. */
export const actionView = (execution: Execution, stage: StageRun, run: ActionRun, actionTypes: ActionTypes): object => {
  const { declaration } = run;
  const secrets = secretsOf(declaration.actionTypeId, actionTypes);
  const artifacts = (declared: readonly { readonly name: string }[] | undefined): object[] =>
    (declared ?? []).flatMap(({ name }) => {
      const artifact = execution.artifacts.get(name);
      return artifact ? [{ name, s3location: { bucket: artifact.bucket, key: artifact.key } }] : [];
    });
  const { externalExecutionId, externalExecutionUrl, errorDetails } = resultView(run, actionTypes) as Record<
    string,
    unknown
  >;
  return {
    pipelineExecutionId: execution.id,
    actionExecutionId: run.id,
    pipelineVersion: execution.version,
    stageName: stage.name,
    actionName: declaration.name,
    startTime: date(run.startedAt),
    lastUpdateTime: date(run.updatedAt),
    status: run.status,
    ...given('updatedBy', run.updatedBy),
    input: {
      actionTypeId: declaration.actionTypeId,
      configuration: withoutSecrets(declaration.configuration ?? {}, secrets),
      resolvedConfiguration: withoutSecrets(run.configuration, secrets),
      inputArtifacts: artifacts(declaration.inputArtifacts),
      ...given('namespace', declaration.namespace),
    },
    output: {
      outputArtifacts: artifacts(declaration.outputArtifacts),
      executionResult: {
        ...given('externalExecutionId', externalExecutionId),
        ...given('externalExecutionSummary', run.summary),
        ...given('externalExecutionUrl', externalExecutionUrl),
        ...given('errorDetails', errorDetails),
      },
      outputVariables: run.outputVariables ?? {},
    },
  };
};
