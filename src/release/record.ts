import type { Instant } from '../clock.ts';
import type { LatencyPlan } from '../judge/latency.ts';
import type { Policy } from '../judge/policy.ts';
import type { Figures } from '../judge/verdict.ts';
import { type LambdaHooks, type OwnRead, replaceableKinds } from '../manifest/manifest.ts';
import type { OperationName } from '../operation.ts';
import type { Outcome } from '../outcome.ts';
import type { ReasonCode } from '../reason-codes.ts';
import type { CountsRead, JudgesWhy } from '../rollout/event.ts';
import type { State } from '../rollout/state.ts';
import type { SteppedPlan } from '../rollout/step.ts';

/**
 * The release record: one JSON object per endpoint in S3 (`<prefix><endpoint>/record.json`), created with `If-None-Match: *` and
 * replaced with `If-Match: <etag>`. Written before every mutation, with a rising epoch. It is the truth about a release; memory is
 * a hint. The history lies in the same object, so that one compare-and-swap ends a release and records the configuration that
 * served.
 */
export interface ReleaseRecord {
  /** 2 since submissions name their mechanism; a record of schema 1 is brought to it when it is read (`older-record.ts`). */
  readonly schemaVersion: 2;
  /** With account and region, the owner of this record. A run compares them with its own before it trusts anything in the record. */
  readonly endpoint: string;
  /** Twelve digits. Older versions did not write it; the next write adds it. The same holds for `region`. */
  readonly account?: string;
  readonly region?: string;
  /** Rises by one with every write. */
  readonly epoch: number;
  /** The release that owns the endpoint now. */
  readonly live?: Release;
  /** The most recently ended releases, newest first, at most 20: a re-run is compared with them. */
  readonly ended: readonly Release[];
  /** The configurations that served, newest first, at most 50: they define "last good". */
  readonly history: readonly Served[];
}

export type Phase = 'preparing' | 'stepping' | 'submitting' | 'supervising' | 'settling' | 'ended';

export interface Release {
  /** `<endpoint>-<version>-<digest8>-<epoch at which it began>`: unique in the record. */
  readonly id: string;
  readonly operation: Extract<OperationName, 'deploy-endpoint' | 'shift-traffic' | 'rollback'>;
  readonly version: string;
  /** Hex SHA-256 over the whole request (not over the live endpoint). */
  readonly planDigest: string;
  /** 1, 2, …: enters resource names from the second on. */
  readonly attempt: number;
  readonly phase: Phase;
  readonly startedAt: Instant;
  readonly endedAt?: Instant;
  readonly lease: Lease;
  readonly run: { readonly url?: string; readonly actor?: string; readonly commit?: string };
  /** The configuration that serves before; absent on a first deployment. */
  readonly baseline?: Configuration;
  readonly candidate: Configuration;
  /** The request to SageMaker, frozen when the release began. */
  readonly submission: Submission;
  /** A stepped rollout: its state, and the data for its judge. */
  readonly stepping?: Stepping;
  /**
   * Set when the release lost its approval, failed its smoke test, or was convicted by its judge, too late to stop its update: it goes
   * back to `baseline`.
   */
  readonly takenBack?: {
    readonly because: string;
    /** The end of the release once it is back; absent: `approval-withdrawn`. */
    readonly reason?: Extract<ReasonCode, 'dark-checks-failed'> | JudgesWhy;
    /** The judge's figures. */
    readonly figures?: Figures;
  };
  /** Requests of the manifest's `smoke` that decide how the release ends; absent where none are sent. */
  readonly smoke?: SmokeProgress;
  /** Version of the candidate without traffic that this rollback removes; the version that serves stays the same. */
  readonly withdraws?: string;
  /** The reason that a person gave for a rollback. */
  readonly why?: string;
  /** This rollback leaves a version because the registry has it as rejected, which convicts it of nothing. */
  readonly rejected?: true;
  /** The caller of this rollback named its version with `to`. Older versions did not write it. */
  readonly named?: true;
  /** Its run left it to AWS, which carries it out by itself: until then it has no run, and no run is missing. */
  readonly leftUntil?: Instant;
  /** The original autoscaling, kept until it is restored. */
  readonly scaling?: ScalingSnapshot;
  /** Alarms the suite made for this release, to be removed with it. */
  readonly alarms: readonly string[];
  readonly witnessed: Witnessed;
  readonly commands: readonly ManualCommand[];
  /** The events that people were told of: `step-taken-2`. Absent: none, or there is nobody to tell. */
  readonly notified?: readonly string[];
  readonly outcome?: Outcome;
  readonly reason?: ReasonCode;
  readonly because?: string;
  /** When the outcome was recorded: cleanup that does not affect users is tried for a limited time. */
  readonly concludedAt?: Instant;
  /** The configuration that served at its end. */
  readonly serving?: 'candidate' | 'baseline' | 'unknown';
}

/** The part of a release that a plan freezes; the rest is filled in when the release begins. */
export type NewRelease = Omit<Release, 'lease' | 'run' | 'startedAt' | 'phase' | 'alarms' | 'witnessed' | 'commands'>;

/**
 * Everything a later turn, on whatever machine, needs to submit, supervise and judge the update. `mechanism` says which entry of the table
 * of mechanisms carries the release, `kind` which call SageMaker gets.
 */
export type Submission = GuardedUpdate | Replacement | Creation | Unchanged | CodeDeployment;

/** Entries of the table of mechanisms (`src/mechanisms/all.ts`). */
export type EndpointMechanism = 'guardrail' | 'variants' | 'replacement';
export type MechanismName = EndpointMechanism | 'codedeploy';

/** Entries of the table of endpoint kinds (`src/endpoint/kind.ts`). */
export const endpointKinds = [
  ...replaceableKinds,
  'stepped',
  'shifting',
  'shadowed',
  'experiment',
  'inference-components',
  'pooled',
] as const;
export type EndpointKind = (typeof endpointKinds)[number];

interface Submitted {
  /** The variant that the candidate runs on when the update has ended. */
  readonly variant: string;
  /** With a dark candidate: the variant that serves; the candidate gets its name in the end. */
  readonly canonical?: string;
}

/** Members of UpdateEndpoint's ExcludeRetainedVariantProperties. */
export type NotRetained = readonly ('DesiredInstanceCount' | 'DesiredWeight')[];

/** The settings of the judge of an update. */
export interface JudgedUpdate {
  readonly policy: Policy;
  readonly latency?: LatencyPlan;
  readonly own?: readonly OwnRead[];
}

/** UpdateEndpoint under deployment guardrails: SageMaker moves the traffic by its own timer, and takes it back by alarms. */
export interface GuardedUpdate extends Submitted {
  readonly mechanism: 'guardrail';
  readonly kind: 'update';
  readonly exclude: NotRetained;
  /** DeploymentConfig as SageMaker takes it, verbatim. */
  readonly deployment: Readonly<Record<string, unknown>>;
  /** Bake of a partial fleet, and of the full one. Seconds. */
  readonly bakeSeconds: number;
  readonly finalBakeSeconds: number;
  readonly timeoutSeconds: number;
  readonly expectedSeconds: number;
  readonly minimumRequests: number;
  /** The kind of endpoint that the candidate makes: decides which metrics count its requests. */
  readonly endpointKind: EndpointKind;
  /** Under the judge: its policy and latency plan, frozen before the first candidate request. */
  readonly judged?: JudgedUpdate;
  /** The suite-owned alarm whose metric stops the update; absent where nothing bakes. */
  readonly abortAlarm?: string;
}

/** UpdateEndpoint without guardrails: one fleet for another, all at once, watched by no alarm. */
export interface Replacement extends Submitted {
  /** `variants`: one of the two swaps of a stepped rollout. */
  readonly mechanism: 'replacement' | 'variants';
  readonly kind: 'update';
  readonly exclude: NotRetained;
  readonly expectedSeconds: number;
}

/** CreateEndpoint: nothing serves before. */
export interface Creation extends Submitted {
  readonly mechanism: 'replacement';
  readonly kind: 'create';
  readonly expectedSeconds: number;
}

/** No call: the configuration already serves, and only what is around it (instance count, scaling, tags) changes. */
export interface Unchanged extends Submitted {
  readonly mechanism: 'replacement' | 'variants';
  readonly kind: 'none';
  /** What the manifest decides: with `DesiredInstanceCount` its instance count. */
  readonly exclude: NotRetained;
}

/** A deployment by CodeDeploy. */
export type CodeDeployment = AliasDeployment | ServiceDeployment;

interface Deployed extends Submitted {
  readonly mechanism: 'codedeploy';
  readonly application: string;
  readonly deploymentGroup: string;
  /** The version that serves before: `6`. */
  readonly from: string;
  /** Name of the deployment configuration; `routing`, when it is the suite's own and may have to be created. */
  readonly config: string;
  readonly routing?: Readonly<Record<string, unknown>>;
  /** Alarms of the manifest, beside those of the group, which are read at the submission. No alarm stops a rollback. */
  readonly alarms: readonly string[];
  /** From the first shift to the last. */
  readonly shiftSeconds: number;
  readonly timeoutSeconds?: number;
  readonly expectedSeconds: number;
  /** Frozen before the first request to the version, as for an endpoint. */
  readonly judged?: JudgedUpdate;
}

/** It moves the alias of a Lambda function, here the `variant`, from one published version to another: `7`. */
export interface AliasDeployment extends Deployed {
  readonly kind: 'deployment';
  readonly function: string;
  readonly to: string;
  /** A rollback has none. */
  readonly hooks?: LambdaHooks;
  /** Of a rollback: the deployment that brought this version before, the version that it left, and the hooks it had. A hint (rule 21). */
  readonly broughtBefore?: { readonly deployment: string; readonly from: string; readonly hooks?: LambdaHooks };
}

/** It moves the traffic of a service of ECS, here the `variant`, from one revision of a task definition to another. */
export interface ServiceDeployment extends Deployed {
  readonly kind: 'service-deployment';
  readonly cluster: string;
  /** ARN of its task definitions, without a revision. */
  readonly familyArn: string;
  /** Absent until the revision is registered. */
  readonly to?: string;
  /** The running task set's members in the AppSpec, which the next one gets too. */
  readonly properties: Readonly<Record<string, unknown>>;
  /** The tasks that serve before; only beside `judged`. */
  readonly measured?: MeasuredTasks;
}

/** The tasks of a service behind a load balancer, as the dimensions of `AWS/ApplicationELB` name them. */
export interface MeasuredTasks {
  /** `app/churn/50dc6c495c0c9188` */
  readonly loadBalancer: string;
  /** `targetgroup/churn-blue/73e2d6bc24d8a067` */
  readonly targetGroup: string;
}

/** A stepped rollout on two variants of one endpoint (DESIGN §5). */
export interface Stepping {
  readonly plan: SteppedPlan;
  readonly state: State;
  /** Variants: the one that served before, and the candidate beside it. */
  readonly baselineVariant: string;
  readonly candidateVariant: string;
  /** First instant with evidence; no earlier request went to the candidate. */
  readonly startedAt: Instant;
  /** Weight changes: evidence from inside one does not count. `seen`: its update was observed. */
  readonly moves: readonly {
    readonly from: Instant;
    readonly until?: Instant;
    readonly share: number;
    readonly seen?: true;
  }[];
  /** How many of the release's manual commands were obeyed. */
  readonly obeyed: number;
  /** The judge's policy and latency plan, frozen before the first candidate request. */
  readonly policy: Policy;
  readonly latency?: LatencyPlan;
  /** The series of the user's own metrics. */
  readonly own?: readonly OwnRead[];
  /** Names of the alarms that apply during the steps: the release's own, and those of the manifest. */
  readonly alarms?: readonly string[];
  /** When the candidate's instance count was last raised with that of the variant that serves. */
  readonly grownAt?: Instant;
  /** Since when CloudWatch cannot be read. */
  readonly blindSince?: Instant;
  /** Of the last look, while the counts accuse the candidate. */
  readonly countsRead?: readonly CountsRead[];
  /** The state of the judge that the last look went on from. */
  readonly folded?: Folded;
  /** The last verdict: CloudWatch may revise its buckets, a conviction stands. */
  readonly verdict?: {
    readonly at: Instant;
    readonly decision: string;
    readonly because: string;
    /** The figures of the last verdict that had any: a rollout that ends blind is still reported with them. */
    readonly figures?: Figures;
  };
}

/** The minutes that CloudWatch did not revise any more when they were judged: a new process judges them again, and compares. */
export interface Folded {
  /** End of the last of them. */
  readonly until: Instant;
  /** Hex digest of the policy and of the weight changes in these minutes. */
  readonly terms: string;
  /** Hex digest of the figures of the verdict on them. */
  readonly digest: string;
}

export interface SmokeProgress {
  /** Hex digest of the manifest's section. */
  readonly questions: string;
  /** Requests in all, answers so far, and those of them that were not as expected. */
  readonly of: number;
  readonly answered: number;
  readonly unexpected: number;
  /** The same by the manifest's requests, in their order. A record of an older version has only the sum. */
  readonly wrong?: readonly number[];
  /** The first of these: its request, the expected form, and the kind of the answer; never the answer (rule 16). */
  readonly first?: string;
}

/** One writer per endpoint. A holder renews it; any run may take it over once it expired. */
export interface Lease {
  readonly holder: string;
  readonly until: Instant;
}

/**
 * Enough to publish a configuration again without CreateModel or PassRole. Of the alias of a function, endpoint config and model are its
 * version (`version-7`), the instance type is `lambda`, and there are no instances. Of a
 * service of ECS they are the revision of its task definition (`revision-7`), and the instance type is `ecs`.
 */
export interface Configuration {
  readonly endpointConfig: string;
  readonly model: string;
  /** Semantic version; absent for a configuration that others deployed. */
  readonly version?: string;
  readonly packageVersion?: number;
  /** `sha256:…` of the registered image. */
  readonly imageDigest?: string;
  /** Of several containers, in order: all of their registered images. */
  readonly imageDigests?: readonly string[];
  /** Image or model data may change under their names: there is no pinning that a later delivery could lose. */
  readonly unpinned?: true;
  /** Hex digest of the package's content when the plan was made; see registry/content.ts. */
  readonly contentDigest?: string;
  readonly instanceType: string;
  readonly instanceCount: number;
  /** Set for a config with a dark candidate beside the variant that serves. */
  readonly beside?: Beside;
  /** Set for a config that this suite made. */
  readonly kept?: Kept;
}

/**
 * The settings that a config has because an earlier one had them, and not because the manifest has them. A hint: without it each setting
 * of the config counts as made by others, and is kept.
 */
export interface Kept {
  /** The earlier endpoint config. Absent: there was none, or nothing of it was kept. */
  readonly from?: string;
  /** `variant.RoutingConfig.RoutingStrategy`: a part, and AWS's member names. */
  readonly settings: readonly string[];
}

/** The two ways out of a config with a dark candidate, both under the canonical variant name alone. */
export interface Beside {
  /** Config that publishes the candidate. */
  readonly candidate: string;
  /** Config that publishes the version that serves. */
  readonly baseline: string;
}

/** Observed facts that may disappear (reference/sagemaker.md §2.7). */
export interface Witnessed {
  readonly submittedAt?: Instant;
  /** LastModifiedTime of the endpoint at the announcement of the update; absent without an endpoint. */
  readonly modifiedAt?: Instant;
  /** The candidate's settings at that time (`endpoint/promised.ts`): the end is compared with them. */
  readonly promised?: Readonly<Record<string, string>>;
  /** When the run stopped waiting for the answer to the submission. */
  readonly unansweredAt?: Instant;
  readonly updatingAt?: Instant;
  /** Id of the deployment at CodeDeploy. */
  readonly deployment?: string;
  /** When CodeDeploy began to move the traffic, by AWS's clock. */
  readonly shiftingAt?: Instant;
  /** StartTime of the deployment, by AWS's clock. */
  readonly startedAt?: Instant;
  readonly failureReason?: string;
  /** FailureReason of an earlier failure: it showed before the submission, and has not been seen to disappear since. */
  readonly staleFailureReason?: string;
  /** Alarms seen in ALARM while the candidate had traffic. */
  readonly alarms?: readonly string[];
  /** The team's own alarms that were deleted while they should have watched. */
  readonly alarmsGone?: readonly string[];
  /** Start of each bake, as SageMaker reports it, and the candidate's requests counted in it. */
  readonly bakes?: readonly Bake[];
  /** `published` is false between the announcement and the metric that stops the update. */
  readonly abort?: {
    readonly at: Instant;
    readonly why: ReasonCode;
    readonly published: boolean;
    /** The reason, when the judge or the registry stopped it. */
    readonly because?: string;
    readonly figures?: Figures;
  };
  /** When the serving fleet's instance count was first set to the requested count. */
  readonly countSetAt?: Instant;
  /** When the manifest's autoscaling was put. */
  readonly scaledAt?: Instant;
  /** Since when CloudWatch cannot be read. */
  readonly blindSince?: Instant;
  /** As in `Stepping`. */
  readonly countsRead?: readonly CountsRead[];
  /** The registry refused the stage of the environment: this release does not write it again. */
  readonly stageRefused?: true;
  /** The statuses that this release wrote in the registry, each with its package: `2 InProgress`. It writes none of them again. */
  readonly stagesWritten?: readonly string[];
}
export interface Bake {
  readonly stage: 'canary' | 'full';
  readonly startedAt: Instant;
  readonly endsAt: Instant;
  readonly requests?: number;
  readonly countedAt?: Instant;
}

export interface ManualCommand {
  readonly command: 'pause' | 'resume' | 'promote-now' | 'abort';
  readonly by: string;
  readonly why: string;
  readonly at: Instant;
  /** The release's reason code, when it is not `aborted-by-hand`: for a run that was cancelled or that ended early. */
  readonly reason?: ReasonCode;
}

/** A scalable target with everything that DeregisterScalableTarget would delete (reference/sagemaker.md §6). */
export interface ScalingSnapshot {
  readonly resourceId: string;
  /** Absent: the number of instances. */
  readonly dimension?: 'sagemaker:variant:DesiredProvisionedConcurrency';
  readonly minCapacity: number;
  readonly maxCapacity: number;
  readonly suspended: { readonly scaleIn: boolean; readonly scaleOut: boolean; readonly scheduled: boolean };
  /** PutScalingPolicy inputs, verbatim. */
  readonly policies: readonly Readonly<Record<string, unknown>>[];
  /** PutScheduledAction inputs, verbatim. */
  readonly scheduledActions: readonly Readonly<Record<string, unknown>>[];
  /** Policy name → its ARN. A policy that is put again gets another one, and alarms name it by its ARN. */
  readonly arns?: Readonly<Record<string, string>>;
}

export interface Served extends Configuration {
  readonly release?: string;
  readonly from: Instant;
  /** Absent while it serves. */
  readonly until?: Instant;
  /** Served to a verified end without being taken back for cause. */
  readonly good: boolean;
  readonly ended?: 'replaced' | 'rolled-back' | 'rejected';
}
