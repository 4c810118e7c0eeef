import type { ApprovalRules } from './approval.ts';
import type { Sink } from './notify.ts';
import type { RegressionSpec } from './regression.ts';
import type { Risk } from './risk.ts';
import type { Smoke } from './smoke.ts';
import type { VersionNames } from './versions.ts';

/**
 * `delivery.yml` after parsing: durations in seconds, shares as fractions (5 % is 0.05), ratios as factors, every default filled
 * in. `manifest/schema.ts` declares it, `manifest/load.ts` produces it.
 */
export interface Manifest {
  readonly version: 1;
  /** Model package group name; also the `<model>` of `<model>_v<semver>`. */
  readonly model: string;
  readonly regression?: RegressionSpec;
  readonly smoke?: Smoke;
  /** For all environments; `registry/risk.ts` has the risk of a version in one of them. */
  readonly risk?: Risk;
  /** Default: Gitflow's names. */
  readonly versions?: VersionNames;
  readonly environments: Readonly<Record<string, Environment>>;
  /** Environments with `target: lambda-alias` or `ecs-service`; absent where there is none. No name is in both. */
  readonly byCodeDeploy?: Readonly<Record<string, CodeDeployEnvironment>>;
}

/** A place of delivery, whatever serves there. */
export interface Delivery {
  /** Twelve digits. Checked against the credentials before any write. */
  readonly account?: string;
  readonly region?: string;
  /** Name or ARN of the role that the host assumes and refreshes. */
  readonly role?: string;
  /** The role for `rollback`, which needs fewer permissions: it publishes only existing endpoint configs. Default: `role`. */
  readonly rollbackRole?: string;
  /** The role for an `approve-gate` that decides in the registry. Default: `role`. */
  readonly approverRole?: string;
  /** Where release records live; default: a bucket of their own (release/location.ts). */
  readonly releases?: S3Location;
  /** Bucket → account, for buckets that another account than the environment's owns. */
  readonly bucketOwners?: Readonly<Record<string, string>>;
  /** The registry of another account; default: the environment's own account. */
  readonly registry?: RegistrySpec;
  readonly approval?: ApprovalRules;
  /** Its own, or those of the manifest; absent: nobody is notified. */
  readonly notify?: readonly Sink[];
  /** Of this environment; absent: that of the manifest and the model card. */
  readonly risk?: Risk;
  /** Default: `take-back`. */
  readonly onRejection?: OnRejection;
  /** Stage of the registry's life cycle that a version of this environment is in; absent: no delivery writes to the registry. */
  readonly stage?: string;
  /** The environment in which the content of a version has to serve well before it comes to this one. */
  readonly after?: string;
}

export interface Environment extends Delivery {
  readonly endpoint: EndpointSpec;
  readonly rollout: Rollout;
}

/** The model runs in a Lambda function, and CodeDeploy moves the traffic of an alias from version to version. */
export interface AliasEnvironment extends Delivery {
  readonly lambda: LambdaAlias;
  readonly rollout: AliasRollout;
}

export interface LambdaAlias {
  readonly function: string;
  readonly alias: string;
  /** Of CodeDeploy. */
  readonly application: string;
  readonly deploymentGroup: string;
  readonly hooks?: LambdaHooks;
}

/** Functions that CodeDeploy invokes during a deployment, by its events. */
export interface LambdaHooks {
  readonly beforeAllowTraffic?: string;
  readonly afterAllowTraffic?: string;
}

/** The model runs in a service of ECS, and CodeDeploy moves the traffic of its load balancer from task set to task set. */
export interface ServiceEnvironment extends Delivery {
  readonly service: EcsService;
  readonly rollout: AliasRollout;
}

export interface EcsService {
  readonly cluster: string;
  readonly name: string;
  /** Family of the task definitions that it runs. */
  readonly taskDefinition: string;
  /** The container with the model. Default: the one behind the load balancer. */
  readonly container?: string;
  /** The container's variable with the address of the model data. */
  readonly modelDataVariable?: string;
  /** Of CodeDeploy. */
  readonly application: string;
  readonly deploymentGroup: string;
}

/** CodeDeploy moves the traffic. */
export type CodeDeployEnvironment = AliasEnvironment | ServiceEnvironment;

interface WatchedAlias {
  /** Existing CloudWatch alarms that stop the deployment, beside those of the deployment group. */
  readonly alarms: readonly string[];
  /** From the submission; then the deployment is stopped and rolled back. Default: none but CodeDeploy's own. */
  readonly timeoutSeconds?: number;
}

export type AliasRollout =
  | ({ readonly strategy: 'all-at-once' } & WatchedAlias)
  /** `percent`: of the requests, 1–99. `everyMinutes`: before the next shift. */
  | ({
      readonly strategy: 'canary' | 'linear';
      readonly percent: number;
      readonly everyMinutes: number;
      /** Compares both versions while they share the requests. */
      readonly judge?: JudgePolicy;
    } & WatchedAlias);

/** The owner of the model package group, and the way to it. */
export interface RegistrySpec {
  /** Twelve digits. */
  readonly account: string;
  /** Default: the environment's. */
  readonly region?: string;
  /** Name or ARN of a role in that account, assumed with the environment's credentials; without it the group's resource policy decides. */
  readonly role?: string;
  /** The role for `register-model`, which writes there. Default: `role`. */
  readonly registrarRole?: string;
  /** The role for an `approve-gate` that decides. Default: `role`. */
  readonly approverRole?: string;
  /** Where registered artifacts and evaluations lie; default: that account's `model-delivery-…` bucket. */
  readonly artifacts?: S3Location;
  /** The group in the ARN, where the manifest has the ARN; it equals `model`. */
  readonly group?: string;
}

/** The effect on a rollout whose version is rejected while its traffic moves. */
export type OnRejection = 'take-back' | 'finish';

export interface S3Location {
  readonly bucket: string;
  /** Empty, or ends with `/`. */
  readonly prefix: string;
}

/** Kinds of endpoint that a release may replace by another kind, when the manifest has this kind as `replaces-kind`. */
export const replaceableKinds = [
  'instances',
  'serverless',
  'asynchronous',
  'serial',
  'asynchronous-serial',
  'direct',
  'multi-model',
  'several-variants',
] as const;
export type ReplaceableKind = (typeof replaceableKinds)[number];

export interface EndpointSpec {
  readonly name: string;
  /** The kind of endpoint that serves now, and that this manifest's kind may replace. */
  readonly replacesKind?: ReplaceableKind;
  /** Role name or ARN SageMaker runs the container with. */
  readonly executionRole?: string;
  /** The hardware of the model: this, or `serverless`. */
  readonly instance?: { readonly type: string; readonly count: number };
  readonly serverless?: Serverless;
  /** Requests are queued and answers written to S3; the endpoint then takes no real-time requests. */
  readonly async?: Asynchronous;
  readonly autoscaling?: Autoscaling;
  readonly dataCapture?: DataCapture;
  readonly kmsKey?: string;
  readonly vpc?: { readonly subnets: readonly string[]; readonly securityGroups: readonly string[] };
  readonly networkIsolation: boolean;
  /** Settings that go on purpose: their keys are `none`. Pinning is `unpinned`. */
  readonly givenUp?: readonly (Protection | HardwareKey)[];
  readonly routing?: 'least-outstanding-requests' | 'random';
  readonly inferenceAmiVersion?: string;
  /** Instances; SageMaker adds and removes them itself. */
  readonly managedInstanceScaling?: { readonly min: number; readonly max: number };
  /** ARN of the reservation that has the instances. */
  readonly capacityReservation?: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly volumeSizeGb?: number;
  readonly modelDownloadTimeoutSeconds?: number;
  readonly startupHealthCheckTimeoutSeconds?: number;
  readonly tags: Readonly<Record<string, string>>;
  /** A version whose image or artifact is not pinned may follow one that is. */
  readonly unpinned: boolean;
}

export interface Serverless {
  readonly memoryMb: number;
  /** Requests at once, 1–200. */
  readonly maxConcurrency: number;
  readonly provisionedConcurrency?: number;
}

export interface Asynchronous {
  /** S3 location of answers, and of errors. */
  readonly output: string;
  readonly failure?: string;
  readonly maxConcurrentPerInstance?: number;
  /** ARNs of SNS topics: one message for each answer, and for each error. */
  readonly successTopic?: string;
  readonly errorTopic?: string;
  /** Messages that contain the answer itself, up to 128 KB. */
  readonly includeResponseIn?: readonly ('success' | 'error')[];
}

export interface DataCapture {
  readonly s3: string;
  readonly samplingPercent: number;
  readonly kmsKey?: string;
  /** Default: those of a live endpoint, or both. */
  readonly capture?: readonly ('input' | 'output')[];
  /** Content types that are captured as text, and not in base64. */
  readonly csvContentTypes?: readonly string[];
  readonly jsonContentTypes?: readonly string[];
}

/** The keys of settings that protect. A delivery never removes one of them unless its key is `none`. */
export type Protection = 'kms-key' | 'vpc' | 'network-isolation' | 'data-capture' | 'data-capture.kms-key' | 'pinning';

/** The keys of settings that not every instance type takes. A delivery to another type keeps none of them that may not fit there. */
export type HardwareKey =
  | 'volume-size-gb'
  | 'inference-ami-version'
  | 'managed-instance-scaling'
  | 'capacity-reservation';

/** Scaling of the fleet: of instances, or of the provisioned concurrency of a serverless endpoint. At most one target. */
export interface Autoscaling {
  readonly min: number;
  readonly max: number;
  readonly invocationsPerInstance?: number;
  /** Requests in the queue of an async endpoint. */
  readonly backlogPerInstance?: number;
  /** 0–1. */
  readonly concurrencyUtilization?: number;
  readonly scaleInCooldownSeconds?: number;
  readonly scaleOutCooldownSeconds?: number;
  readonly step?: readonly StepScaling[];
  readonly schedule?: readonly ScheduledScaling[];
}

/** A step scaling policy. It acts when `alarm` goes off. */
export interface StepScaling {
  readonly name: string;
  readonly alarm: string;
  /** Default: `change`. */
  readonly adjustment?: 'change' | 'percent' | 'exact';
  /** Bounds are counted from the threshold of the alarm. */
  readonly steps: readonly { readonly from?: number; readonly to?: number; readonly by: number }[];
  readonly cooldownSeconds?: number;
  readonly aggregation?: 'average' | 'minimum' | 'maximum';
}

export interface ScheduledScaling {
  readonly name: string;
  /** `at(…)`, `rate(…)` or `cron(…)`. */
  readonly at: string;
  readonly timezone?: string;
  readonly min?: number;
  readonly max?: number;
}

/** A part of the fleet. */
export type Capacity =
  | { readonly unit: 'percent'; readonly value: number }
  | { readonly unit: 'instances'; readonly value: number };

/** SageMaker watches ten alarms; the suite has up to three of its own. */
export const mostNamedAlarms = 7;

export interface Alarms {
  /** Candidate error rate (answers that are neither 2xx nor 4xx), a fraction. */
  readonly errors?: number;
  /** Candidate p99 of ModelLatency, milliseconds. */
  readonly latencyP99Milliseconds?: number;
  /** Existing CloudWatch alarms that also roll back. */
  readonly named: readonly string[];
}

interface Guarded {
  /** SageMaker's limit for the whole update; 600–28,800 s. Default: computed from the plan. */
  readonly timeoutSeconds?: number;
  readonly alarms: Alarms;
  /** Requests the candidate must see in every bake. Zero is legal and printed. */
  readonly minimumRequests: number;
  /** Compares both fleets during the bakes and stops the update when the candidate is worse. */
  readonly judge?: JudgePolicy;
}

export type Rollout =
  | ({ readonly strategy: 'all-at-once'; readonly finalBakeSeconds: number } & Guarded)
  | ({
      readonly strategy: 'canary';
      readonly size: Capacity;
      readonly bakeSeconds: number;
      readonly finalBakeSeconds: number;
    } & Guarded)
  | ({
      readonly strategy: 'linear';
      readonly step: Capacity;
      readonly bakeSeconds: number;
      readonly finalBakeSeconds: number;
    } & Guarded)
  | ({
      readonly strategy: 'rolling';
      readonly batch: Capacity;
      readonly bakeSeconds: number;
      readonly rollbackBatch?: Capacity;
    } & Guarded)
  | ({
      readonly strategy: 'steps';
      readonly steps: readonly number[];
      readonly bakeSeconds: number;
      readonly maxStepSeconds?: number;
      readonly judge: JudgePolicy;
    } & Guarded);

export interface JudgePolicy {
  /** `worseThan`: factor over the baseline's rate; `falseRollback`: probability over the whole rollout. */
  readonly convict: { readonly worseThan: number; readonly falseRollback: number };
  /** `excessBelow`: fraction of requests; `atMost`: factor over the baseline's rate; at least one of them. `confidence`: probability. */
  readonly healthy: { readonly excessBelow?: number; readonly atMost?: number; readonly confidence: number };
  /** Cap the evidence of one bucket, against bursts that hit one arm. Default `auto`: the day before decides. */
  readonly burstGuard?: 'auto' | 'on' | 'off';
  /** Longest the candidate serves without metrics before the traffic is taken back. */
  readonly maxBlindSeconds?: number;
  /** Time after the first request in which errors, or latency, are no evidence. Defaults: none for errors, 180 for latency. */
  readonly warmUp?: { readonly errorsSeconds?: number; readonly latencySeconds?: number };
  /** The effect of 4xx answers. They are usually the callers' mistakes: default `report`. */
  readonly clientErrors?: 'report' | 'judge';
  /** Share of failing candidate requests that takes the traffic back. When the baseline fails too, and the difference is within chance, that convicts no version. */
  readonly safetyNet?: number;
  readonly metrics?: readonly OwnMetric[];
}

/** A metric of the user's own in CloudWatch, compared between both versions. */
export interface OwnMetric {
  readonly name: string;
  /** The events that are counted: bad ones, good ones, or one of several `cells` for each. */
  readonly counts: 'bad' | 'good' | 'cells';
  /** Names of the cells, in the order of `OwnSources.events`. */
  readonly cells?: readonly string[];
  /** `hold`: a difference keeps the weight where it is, and convicts nothing. */
  readonly verdict: 'convict' | 'hold';
  /** Factor between the rates of both versions; default: the judge's, and 2 for cells. */
  readonly worseThan?: number;
  /** Part of the false-rollback budget; default 1: half of the part of errors. */
  readonly weight?: number;
  /** The excess that must be excluded before the candidate is healthy, a fraction; absent: no proof is needed. */
  readonly excessBelow?: number;
  /** A minute with requests and without a data point of an event. */
  readonly absent: 'zero' | 'unknown';
  readonly candidate: OwnSources;
  readonly baseline: OwnSources;
}

/** Where a metric is read, with every placeholder filled in: frozen in a plan. */
export type OwnRead = Pick<OwnMetric, 'name' | 'counts' | 'absent' | 'candidate' | 'baseline'>;

/** The series of one version. */
export interface OwnSources {
  readonly events: readonly OwnSeries[];
  /** The number that the events are a part of. Default: requests; of cells: the sum of all. */
  readonly of?: OwnSeries;
}

export interface OwnSeries {
  readonly namespace: string;
  readonly metric: string;
  /** `Sum`, `SampleCount`, or `TC(a:b)`: the number of values above a, up to b. */
  readonly statistic: string;
  /** Values with placeholders `{endpoint}`, `{variant}`, `{endpoint-config}`, `{version}`. */
  readonly dimensions: Readonly<Record<string, string>>;
}
