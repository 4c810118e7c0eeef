import type { Instant, Timer } from '../../contracts.ts';

/** The state of the CodePipeline simulator. Names are those of AWS's service model (botocore codepipeline/2015-07-09). */
export interface ActionTypeId {
  readonly category: string;
  readonly owner: string;
  readonly provider: string;
  readonly version: string;
}
export interface ConfigurationProperty {
  readonly name: string;
  readonly required: boolean;
  readonly key: boolean;
  readonly secret: boolean;
  readonly queryable?: boolean;
  readonly description?: string;
  readonly type?: string;
}
export interface ArtifactDetails {
  readonly minimumCount: number;
  readonly maximumCount: number;
}
export interface ActionTypeDefinition {
  readonly category: string;
  readonly provider: string;
  readonly version: string;
  readonly settings?: { readonly entityUrlTemplate?: string; readonly executionUrlTemplate?: string };
  readonly configurationProperties?: readonly ConfigurationProperty[];
  readonly inputArtifactDetails: ArtifactDetails;
  readonly outputArtifactDetails: ArtifactDetails;
}

export interface ActionDeclaration {
  readonly name: string;
  readonly actionTypeId: ActionTypeId;
  readonly runOrder?: number;
  readonly configuration?: Readonly<Record<string, string>>;
  readonly inputArtifacts?: readonly { readonly name: string }[];
  readonly outputArtifacts?: readonly { readonly name: string }[];
  readonly namespace?: string;
  readonly roleArn?: string;
  readonly region?: string;
  readonly timeoutInMinutes?: number;
}
export interface RuleDeclaration {
  readonly name: string;
  readonly ruleTypeId: {
    readonly category: string;
    readonly owner?: string;
    readonly provider: string;
    readonly version?: string;
  };
  readonly configuration?: Readonly<Record<string, string>>;
  readonly commands?: readonly string[];
  readonly inputArtifacts?: readonly { readonly name: string }[];
  readonly region?: string;
  readonly timeoutInMinutes?: number;
}
export type ConditionResult = 'ROLLBACK' | 'FAIL' | 'RETRY' | 'SKIP';
export interface ConditionDeclaration {
  readonly result?: ConditionResult;
  readonly rules?: readonly RuleDeclaration[];
}
export interface Conditioned {
  readonly conditions: readonly ConditionDeclaration[];
}
export type RetryMode = 'FAILED_ACTIONS' | 'ALL_ACTIONS';
export interface StageDeclaration {
  readonly name: string;
  readonly actions: readonly ActionDeclaration[];
  readonly beforeEntry?: Conditioned;
  readonly onSuccess?: Conditioned;
  readonly onFailure?: Partial<Conditioned> & {
    readonly result?: ConditionResult;
    readonly retryConfiguration?: { readonly retryMode?: RetryMode };
  };
}
export interface PipelineDeclaration {
  readonly name: string;
  readonly roleArn: string;
  readonly stages: readonly StageDeclaration[];
  readonly artifactStore?: {
    readonly location: string;
    readonly encryptionKey?: { readonly id: string; readonly type: string };
  };
  readonly executionMode?: 'QUEUED' | 'SUPERSEDED' | 'PARALLEL';
  readonly pipelineType?: string;
  readonly variables?: readonly { readonly name: string; readonly defaultValue?: string }[];
  readonly version?: number;
}

export interface Pipeline {
  readonly name: string;
  readonly arn: string;
  readonly created: Instant;
  updated: Instant;
  /** Every structure version, oldest first; version 1 is at index 0. */
  readonly structures: PipelineDeclaration[];
  readonly executions: Execution[];
  /** By stage name: the execution in it, and the executions that wait before it. */
  readonly lanes: Map<string, Lane>;
}

export interface Lane {
  holder: Execution | undefined;
  readonly waiting: Execution[];
  /** The transition into the stage is disabled. */
  closed?: { readonly by: string; readonly at: Instant; readonly reason: string };
}

export interface Artifact {
  readonly name: string;
  readonly revision: string;
  readonly bucket: string;
  readonly key: string;
}

export type ExecutionStatus =
  | 'InProgress'
  | 'Stopping'
  | 'Stopped'
  | 'Succeeded'
  | 'Superseded'
  | 'Failed'
  | 'Cancelled';
export type StageStatus = 'InProgress' | 'Stopping' | 'Stopped' | 'Succeeded' | 'Failed' | 'Skipped' | 'Cancelled';
export type ActionStatus = 'InProgress' | 'Abandoned' | 'Succeeded' | 'Failed';

export interface Execution {
  readonly id: string;
  readonly pipeline: Pipeline;
  readonly structure: PipelineDeclaration;
  readonly version: number;
  readonly type: 'STANDARD' | 'ROLLBACK';
  readonly rollbackTarget?: string;
  readonly trigger: { readonly triggerType: string; readonly triggerDetail: string };
  readonly variables: Readonly<Record<string, string>>;
  readonly startedAt: Instant;
  updatedAt: Instant;
  status: ExecutionStatus;
  statusSummary?: string;
  /** Rises with every retry of a stage. */
  attempt: number;
  /** The pipeline was updated: it ends `Cancelled` once its actions in progress have ended. */
  outdated?: true;
  readonly artifacts: Map<string, Artifact>;
  /** Output variables by namespace. */
  readonly outputs: Map<string, Readonly<Record<string, string>>>;
  readonly stages: Map<string, StageRun>;
}

export interface StageRun {
  readonly name: string;
  status: StageStatus;
  /** Every attempt of every action, oldest first. */
  readonly actions: ActionRun[];
  /** Every run of a condition, oldest first. */
  readonly conditions: ConditionRun[];
  readonly retries: { automatic: number; manual: number; latest?: 'AutomatedStageRetry' | 'ManualStageRetry' };
  retriedAt?: Instant;
}

/** AWS: enum ConditionType; a condition for failure is never overridden, so the enum lacks it. */
export type ConditionType = 'BEFORE_ENTRY' | 'ON_SUCCESS' | 'ON_FAILURE';

export interface ConditionRun {
  readonly type: ConditionType;
  readonly declaration: ConditionDeclaration;
  status: 'InProgress' | 'Failed' | 'Succeeded' | 'Abandoned' | 'Overridden';
  updatedAt: Instant;
  readonly rules: RuleRun[];
}

export interface RuleRun {
  readonly id: string;
  readonly declaration: RuleDeclaration;
  readonly configuration: Readonly<Record<string, string>>;
  readonly startedAt: Instant;
  updatedAt: Instant;
  status: 'InProgress' | 'Abandoned' | 'Succeeded' | 'Failed';
  summary?: string;
  /** Its next look. */
  timer?: Timer;
  timeout?: Timer;
}

/** A rule LambdaInvoke that is in progress. */
export interface InvokedRule {
  readonly execution: Execution;
  readonly rule: RuleRun;
  /** Called once. */
  readonly end: (succeeded: boolean, because: string) => void;
}

export interface ActionRun {
  readonly id: string;
  readonly execution: Execution;
  readonly stage: StageRun;
  readonly declaration: ActionDeclaration;
  readonly configuration: Readonly<Record<string, string>>;
  readonly startedAt: Instant;
  updatedAt: Instant;
  status: ActionStatus;
  summary?: string;
  externalExecutionId?: string;
  percentComplete?: number;
  error?: { readonly code: string; readonly message: string };
  outputVariables?: Readonly<Record<string, string>>;
  revision?: string;
  /** Of a manual approval. */
  readonly approvalToken?: string;
  /** The principal that answered it. */
  updatedBy?: string;
  readonly jobs: Job[];
  timeout?: Timer;
  /** Ends a Lambda invoke action whose function gives no answer. */
  silence?: Timer;
}

/** How an action ended. */
export type ActionEnd =
  | { readonly status: 'Succeeded'; readonly outputVariables?: Readonly<Record<string, string>> }
  | { readonly status: 'Failed'; readonly code: string; readonly message: string };

/** AWS: enum JobStatus. */
export type JobStatus = 'Created' | 'Queued' | 'Dispatched' | 'InProgress' | 'TimedOut' | 'Succeeded' | 'Failed';

export interface Job {
  readonly id: string;
  readonly action: ActionRun;
  readonly continuationToken?: string;
  /** Not offered before this instant. */
  visibleAt: Instant;
  nonce: string;
  status: JobStatus;
}

/** What an action starts outside of CodePipeline, and carries on with when that has ended. */
export const startedBy = ({ owner, provider }: ActionTypeId): 'build' | 'state-machine' | undefined =>
  owner !== 'AWS' ? undefined : ({ CodeBuild: 'build', StepFunctions: 'state-machine' } as const)[provider];

/** An action whose jobs go to a function of Lambda, not to a worker that polls. */
export const isInvocation = ({ owner, category, provider }: ActionTypeId): boolean =>
  owner === 'AWS' && category === 'Invoke' && provider === 'Lambda';

export const isApproval = ({ owner, category, provider }: ActionTypeId): boolean =>
  owner === 'AWS' && category === 'Approval' && provider === 'Manual';

export const orderOf = (action: ActionDeclaration): number => action.runOrder ?? 1;

/** The latest attempt of every action of a stage. */
export const latestActions = (stage: StageRun): readonly ActionRun[] => [
  ...new Map(stage.actions.map((run) => [run.declaration.name, run])).values(),
];
