/**
 * The seams inside the simulator. Every service is a factory `(kernel, neighbours) => Service & <its internal face>`;
 * services meet only through the faces below. Nothing here imports from src/.
 */

import type { Pattern } from './event-pattern.ts';

/** Milliseconds since the Unix epoch on the virtual clock. */
export type Instant = number;

export interface VirtualClock {
  now(): Instant;
  /** Run `action` when virtual time reaches `instant`; same-instant actions run in the order they were scheduled. */
  at(instant: Instant, label: string, action: () => void): Timer;
  /** Run `action` at every multiple of `periodMs` (aligned to the epoch) from now on. */
  every(periodMs: number, label: string, action: () => void): Timer;
}
export interface Timer {
  cancel(): void;
}

/**
 * Chooses the files that a container serves in place of its model's.
 * @param identity of the model: its package, else its data
 * @param files undefined: the data is no archive
 * @returns undefined: the model serves
 */
export type StandIn = (
  identity: string,
  files: ReadonlyMap<string, Buffer> | undefined,
) => ReadonlyMap<string, Buffer> | undefined;

/** A model that a server of the user's own gets. */
export interface ServedModel {
  /** Its package, else the location of its data, else its image. */
  readonly identity: string;
  /** A gzip-compressed tar as it was downloaded, or files. */
  readonly data: Buffer | ReadonlyMap<string, Buffer>;
  readonly environment: Readonly<Record<string, string>>;
}
/** Starts it; when this returns it answers, or never will. @throws when the data is no archive */
export type Serve = (model: ServedModel) => Container;

export interface Kernel {
  readonly clock: VirtualClock;
  /** None: models are served by the simulator itself. */
  readonly serve?: Serve;
  /** None: every model serves. */
  readonly standIn?: StandIn;
  readonly settings: Settings;
  readonly region: string;
  readonly accountId: string;
  /** A seeded stream of its own per name: adding a consumer never changes the numbers of another one. */
  random(name: string): () => number;
  arn(service: string, resource: string): string;
  /** An event in AWS, for timelines and reports; services never read it. */
  note(event: Omit<SimulatedEvent, 'at'>): void;
}

/** `{at, source: 'endpoint', object: 'churn', what: 'canary-activated', detail: '1 of 4 instances of churn-1-1-0-…'}` */
export interface SimulatedEvent {
  readonly at: Instant;
  readonly source: 'endpoint' | 'alarm' | 'autoscaling' | 'registry' | 'deployment';
  readonly object: string;
  readonly what: string;
  readonly detail: string;
}

/** One minute of one fleet, for charts: the true counts, before any metric delay. */
export interface FleetMinute {
  readonly endpoint: string;
  readonly endpointConfig: string;
  readonly variant: string;
  readonly minute: Instant;
  readonly requests: number;
  /** Answered with a 5xx. */
  readonly errors: number;
  /** Answered with a 4xx: the callers' mistakes. */
  readonly clientErrors: number;
  readonly latencyMsSum: number;
}

/** One line of the request log. `mutation`: the call would change something (reads are false, refused writes too). */
export interface LoggedRequest {
  readonly at: Instant;
  readonly service: string;
  readonly operation: string;
  readonly principal: string;
  /** The ARN or name of the call's object, as IAM would match it. */
  readonly resource: string;
  readonly mutation: boolean;
  readonly status: number;
  readonly error?: string;
  readonly participant?: string;
  readonly input: unknown;
}

/**
 * The running simulator, as `startSimulator(options)` in simulator/simulator.ts returns it.
 * HTTP on one loopback port: every AWS call; and the clock:
 *   POST   /clock/participants {name}       -> {id, url}   register (the driver does it before it spawns the participant)
 *   GET    /clock/participants/:id          -> {now}
 *   POST   /clock/participants/:id/sleep {until} -> {now}  answers when virtual time reaches `until`; a closed connection ends the sleep
 *   DELETE /clock/participants/:id                         the driver removes it when the process has exited
 *   GET    /clock/wall              -> {now, speed}        without a driver: time follows the wall clock, and nobody holds it
 * MODEL_DELIVERY_CLOCK=<participant url> carries it into a process. Participants due at the same instant wake one at a time, in
 * order of registration; time moves only when every participant sleeps, and only up to the earliest finite wake-up.
 */
export interface Simulator {
  readonly url: string;
  readonly clock: VirtualClock;
  /** The driver's own participant. `sleepUntil(Infinity)` lets others run on; aborting the signal ends it. */
  readonly driver: { now(): Instant; sleepUntil(until: Instant, signal?: AbortSignal): Promise<void> };
  register(name: string): { readonly id: string; readonly url: string };
  remove(id: string): void;
  /**
   * Counts the participant as running from now on, though its sleep is unanswered: it has been sent a signal and will end that
   * sleep itself by closing the connection. Without this, time could move between the signal and the closed connection.
   */
  rouse(id: string): void;
  /** Rejects by name when a participant holds time up for five minutes of wall time; races with everything the driver awaits. */
  readonly stuck: Promise<never>;
  /** The required environment of a participant's process: AWS_ENDPOINT_URL, AWS_REGION, credentials, MODEL_DELIVERY_CLOCK. */
  environment(participant?: { readonly url: string }): Readonly<Record<string, string>>;
  readonly requests: readonly LoggedRequest[];
  readonly events: readonly SimulatedEvent[];
  /** When each setting was last read: services read a setting only where it makes a difference. */
  readonly settingsRead: ReadonlyMap<string, Instant>;
  readonly faults: Faults;
  /**
   * From now on the role may do only these actions (`sagemaker:Describe*`), on everything; several calls add up. Without it a role may do
   * everything. @param role a name in the simulated account, or an ARN
   */
  permit(role: string, actions: readonly string[]): void;
  /**
   * Attaches an IAM policy document to the role: from now on it has only the permissions of its policies, conditions included.
   * @throws {TypeError} naming the element, operator or condition key that is not evaluated here
   */
  attachPolicy(role: string, document: unknown): void;
  readonly objects: Objects;
  readonly images: Images;
  readonly metrics: Metrics;
  readonly hosting: Hosting & { minutes(): readonly FleetMinute[] };
  readonly harm: Harm;
  /** The last metrics of a training job's log (FinalMetricDataList): an output of training, which no create call can carry. */
  reportTraining(job: string, metrics: readonly { readonly MetricName: string; readonly Value: number }[]): void;
  readonly keys: Keys;
  readonly functions: Functions;
  readonly outside: Outside;
  readonly containers: Containers;
  readonly eventRules: EventRules;
  readonly mailbox: Mailbox;
  /**
   * The trust policy of a role: from now on it decides who may assume the role. Without one every identity may.
   * @param role a name in the simulated account, or an ARN
   * @throws {TypeError} naming the element, operator or condition key that is not evaluated here
   */
  trust(role: string, document: object): void;
  /** Another account, or another region; it exists from the first call on. */
  account(id: string, region?: string): SimulatedAccount;
  /** Call an operation as the driver, without HTTP: seeding and checking only. */
  call(service: string, operation: string, input: object): Promise<Record<string, unknown>>;
  /** Seeded background requests to an endpoint, from now until it is stopped. Bodies come from the model's data set. */
  traffic(options: TrafficOptions): { stop(): void };
  /**
   * Of a simulator with a state folder: carries out the requests of earlier runs; only then time moves, and callers get answers.
   * Everything that the run begins with is made before.
   * @param now time goes on to this instant, when it is later
   * @throws {StateRefused} when a request is answered otherwise than before
   */
  takeUp(now?: Instant): Promise<void>;
  close(): Promise<void>;
}

/** Functions of Lambda in the simulated account. */
export interface Functions {
  /** Seeded background invocations of an alias, from now until they are stopped. */
  traffic(options: {
    readonly function: string;
    readonly alias: string;
    readonly requestsPerSecond: number;
    readonly seed: number;
  }): { stop(): void };
  /** From now on `rate` of the invocations of this version fail. */
  fail(functionName: string, version: string, rate: number): void;
  /** From now on the invocations of this version take about so long. */
  slow(functionName: string, version: string, milliseconds: number): void;
  /**
   * From now on the function exists, and actions of CodePipeline and hooks of CodeDeploy can invoke it.
   * @param run gets each event; resolves when the function returns, and rejects when it fails or its process dies
   */
  define(name: string, run: (event: object) => Promise<void>): void;
}

/** Builds, commands and state machines that actions and rules of CodePipeline start: none runs here, so the driver carries them out. */
export interface Outside {
  /**
   * From now on it exists, and CodePipeline can start it.
   * @param name of a project of CodeBuild; the ARN of a state machine; of the rule Commands the name of the pipeline
   * @param run gets each start; resolves with its end, and rejects when it cannot be started
   */
  define(kind: OutsideKind, name: string, run: (start: OutsideStart) => Promise<OutsideEnd>): void;
}
export type OutsideKind = 'build' | 'state-machine' | 'commands';

export interface OutsideStart {
  /** Of a build `churn:8f2c…`; of a state machine the name of its execution. */
  readonly id: string;
  /** Of the action or rule, its variables resolved. */
  readonly configuration: Readonly<Record<string, string>>;
  readonly commands?: readonly string[];
  /** The input of a state machine. */
  readonly input?: string;
  /** Input artifacts by name: zips. */
  readonly artifacts: Readonly<Record<string, Buffer>>;
}
export type OutsideEnd =
  | {
      readonly succeeded: true;
      /** Of a build: exported variables. */
      readonly variables?: Readonly<Record<string, string>>;
      /** Output artifacts by name. */
      readonly artifacts?: Readonly<Record<string, Buffer>>;
    }
  | { readonly succeeded: false; readonly message: string };

/** Services of ECS in the simulated account. */
export interface Containers {
  /** Seeded background requests to the production listener of a service, from now until they are stopped. */
  traffic(options: {
    readonly cluster: string;
    readonly service: string;
    /** As CloudWatch names it: `app/churn/0123456789abcdef`. */
    readonly loadBalancer: string;
    readonly requestsPerSecond: number;
    readonly seed: number;
  }): { stop(): void };
  /**
   * From now on `rate` of the requests to tasks of this task definition get this answer.
   * @param taskDefinition `churn:3`
   * @param status `400` is the caller's mistake; default: `500`
   */
  fail(taskDefinition: string, rate: number, status?: 400 | 500): void;
  /** Response times of its tasks from now on: between half and one and a half of these milliseconds. */
  slow(taskDefinition: string, milliseconds: number): void;
}

/** A message that was published to a topic of SNS. */
export interface TopicMessage {
  readonly at: Instant;
  readonly id: string;
  readonly subject?: string;
  readonly text: string;
}

/** An event of a bus, as EventBridge hands it to a target. */
export interface BusEvent {
  readonly id: string;
  readonly [member: string]: unknown;
}

/** The messages that nothing here is subscribed to, in the order in which they came. */
export interface Mailbox {
  /** @param name of a topic of SNS; none for one that does not exist */
  topic(name: string): readonly TopicMessage[];
  /** @param name of a bus of EventBridge: what PutEvents put there */
  bus(name: string): readonly BusEvent[];
}

/** Rules of EventBridge on the default bus of the simulated account. */
export interface EventRules {
  /**
   * From now on the target gets each matching event of CodePipeline and of PutEvents; when, how often and in which order, the settings decide.
   * @throws {TypeError} naming a filter that is not simulated
   */
  add(pattern: Pattern, target: (event: object) => void): void;
}

/** One account in one region, as the driver sees it. Buckets, images, keys, roles and time are common to all of them. */
export type SimulatedAccount = Pick<
  Simulator,
  'call' | 'hosting' | 'metrics' | 'harm' | 'reportTraining' | 'traffic' | 'mailbox'
>;

export interface TrafficOptions {
  readonly endpoint: string;
  /** Of which the endpoint serves a version; its rows are the requests. Default: iris. */
  readonly model?: 'iris' | 'segments';
  /** Requests of the user's own, drawn one by one in place of those rows. */
  readonly own?: { readonly bodies: readonly Buffer[]; readonly contentType: string };
  readonly requestsPerSecond: number;
  readonly seed: number;
  /** Share of the requests whose body the model refuses with a 4xx; none without it. */
  readonly mistakes?: number;
}

/** Faults inside AWS, apart from any request: events in fleets after AWS accepted the call. */
export interface Harm {
  /** The next `times` fleets and transform jobs that are launched find no capacity; a later call replaces an earlier one. */
  failCapacity(times: number): void;
  /** AWS maintenance: SystemUpdating for `durationMs`, during which every change is refused. False when the endpoint is not InService. */
  systemUpdate(endpoint: string, durationMs: number): boolean;
  /** The endpoint's next update ends InService on the old config, with no reason given. */
  silentRollback(endpoint: string): void;
  /** The endpoint's next update ignores its guardrails, as it does for what AWS excludes from them: all at once, without a bake or an alarm. */
  ignoreGuardrails(endpoint: string): void;
  /**
   * A dependency of the endpoint's models fails for `durationMs` from now: `rate` of the requests get a 500, of one variant or of
   * all. With `inRows` that many requests of a variant fail one after the other, as when one caller tries again and again; `rate` stays the
   * share of all requests. A failure of one variant comes on top of one of all.
   */
  dependencyFailure(
    endpoint: string,
    failure: {
      readonly rate: number;
      readonly durationMs: number;
      readonly variant?: string;
      readonly inRows?: number;
    },
  ): void;
}

/** Queue of planned harm; each entry hits the first `times` matching calls. */
export interface Faults {
  add(fault: Fault): void;
}
export type Fault = {
  /** Every service, operation or caller, when it is left out. */
  readonly service?: string;
  readonly operation?: string;
  /** Only calls of this clock participant. */
  readonly participant?: string;
  readonly times: number;
  /** Skip this many matching calls first. */
  readonly after?: number;
  /**
   * Of the matching calls only this share, chosen by the path, the target variant and the body of a request and by how often they have
   * come: the same ones in whatever order they arrive, and a repetition has a chance of its own. Without it every matching call.
   */
  readonly share?: number;
} & (
  | { readonly kind: 'throttle' }
  | { readonly kind: 'server-error' }
  /** The call is carried out, then the connection is closed without an answer. */
  | { readonly kind: 'answer-lost' }
  /** The connection is closed and the call is not carried out, as if it had never been sent. The request log does not show it. */
  | { readonly kind: 'never-arrived' }
  /** The connection is closed, and the call is carried out this much later: it was in flight when its sender gave up. */
  | { readonly kind: 'late'; readonly delayMs: number }
  | { readonly kind: 'expired-token' }
  /** With another status than 400: `{code: 'ServiceUnavailable', status: 503}`. */
  | { readonly kind: 'error'; readonly code: string; readonly message: string; readonly status?: number }
  /** Runs in the driver before the call is handled: to kill a process exactly here. */
  | { readonly kind: 'call'; readonly action: () => void | Promise<void> }
);

/**
 * Each behaviour that AWS leaves unconfirmed (reference/sagemaker.md §13) is a named setting; durations are in milliseconds. Each
 * has a comment with its source or `[unconfirmed]`. `settings.ts` holds the defaults and the values that can be flipped.
 */
export type Settings = typeof import('./settings.ts').defaultSettings;

export interface Principal {
  readonly accessKeyId: string;
  readonly arn: string;
  readonly accountId: string;
  /** `AIDA…` of a user, `AROA…:session` of a session; absent for the root of an account. */
  readonly userId?: string;
}

export interface Call {
  readonly principal: Principal;
  /** The region that the request was signed for. */
  readonly region?: string;
  readonly requestId: string;
  /** The clock participant whose credentials, or whose session, signed the call. */
  readonly participant?: string;
  /** REST services only. */
  readonly headers?: Readonly<Record<string, string>>;
  /** As it came, for a digest of it. */
  readonly body?: Buffer;
  /** IAM's answer about one part of a call whose parts succeed or fail by themselves. @throws {AwsError} */
  readonly authorize?: (part: Readonly<Record<string, unknown>>) => void;
}

/** An operation's handler gets the validated input. It throws AwsError for the requests that AWS refuses. */
// biome-ignore lint/suspicious/noExplicitAny: inputs are validated against AWS's service model before a handler sees them.
export type Handler = (input: any, call: Call) => object | Promise<object>;

export interface Service {
  /** Keyed by AWS operation name, e.g. `DescribeEndpoint`. */
  readonly operations: Readonly<Record<string, Handler>>;
}

/** An error as AWS sends it: `{"__type": code, "message": message}`. */
export class AwsError extends Error {
  readonly code: string;
  readonly status: number;
  readonly members: Readonly<Record<string, unknown>>;
  /** Of S3's refusals, some of which tell about a bucket's region or a delete marker. */
  readonly headers: Readonly<Record<string, string>>;
  constructor(
    code: string,
    message: string,
    status = 400,
    members: Readonly<Record<string, unknown>> = {},
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.code = code;
    this.status = status;
    this.members = members;
    this.headers = headers;
  }
}

/** CloudWatch's inner face. Hosting writes metrics and reads alarms through it. */
export interface Metrics {
  /** Adds one observation to the minute (storage resolution 60 s) that contains `at`. Visible after settings.metricDelayMs. */
  record(
    namespace: string,
    metric: string,
    dimensions: Readonly<Record<string, string>>,
    value: number,
    at: Instant,
  ): void;
  /** The same for many observations of one metric in the same minute: `counts[i]` times `values[i]`, as PutMetricData's Values and Counts. */
  recordMany(
    namespace: string,
    metric: string,
    dimensions: Readonly<Record<string, string>>,
    values: readonly number[],
    counts: readonly number[],
    at: Instant,
  ): void;
  alarmState(name: string): 'OK' | 'ALARM' | 'INSUFFICIENT_DATA' | undefined;
  /** Whether the alarm with this name is a composite alarm. */
  isComposite(name: string): boolean;
}

/** S3's inner face: models are loaded through it. */
export interface Objects {
  get(bucket: string, key: string): { readonly body: Buffer; readonly etag: string } | undefined;
  /** @param bytes a larger size than that of the body: an object that no test could hold, of which the beginning is kept */
  put(bucket: string, key: string, body: Buffer, bytes?: number): void;
  /** Every object whose key begins with the prefix. */
  under(bucket: string, prefix: string): readonly { readonly key: string; readonly body: Buffer }[];
  /** From now on another account owns the bucket and grants this account access; a missing bucket is created. */
  lend(bucket: string, owner: string): void;
  /** There never was such a bucket. */
  drop(bucket: string): void;
  /**
   * A bucket of another account of the simulation, which only its policy opens; none may exist under the name.
   * @param region of the bucket; the simulated one without it
   */
  create(bucket: string, account: string, region?: string): void;
  /** From now on every object of the bucket is encrypted with this KMS key. */
  encrypt(bucket: string, keyArn: string): void;
  /** Whether a role that SageMaker assumes may read the object: by its own policies, the bucket's and the key's. */
  mayRead(principal: Principal, bucket: string, key: string): boolean;
  /** The same for writing an object. */
  mayWrite(principal: Principal, bucket: string, key: string): boolean;
  /** The same for listing a bucket. */
  mayList(principal: Principal, bucket: string): boolean;
  /** Undefined: there is no such bucket. */
  regionOf(bucket: string): string | undefined;
}

/** KMS keys, as far as S3 uses them. */
export interface Keys {
  /** @throws AwsError MalformedPolicyDocumentException */
  putPolicy(keyArn: string, policy: object): void;
}

/** ECR's inner face. */
export interface Images {
  /** `…/repo:tag` or `…/repo@sha256:…` → digest; undefined when there is none. */
  resolve(image: string): string | undefined;
  /** Point a tag at a digest (tags are mutable; digests are not). */
  tag(image: string, digest: string): void;
  /** Who keeps a role that SageMaker assumes from pulling it: the repository's policy, or the role's own. */
  pullRefusedBy(principal: Principal, image: string): 'repository' | 'role' | undefined;
  /** The image brings a model with it, which it serves when it gets no model data. */
  fill(image: string, files: ReadonlyMap<string, Buffer>): void;
  /** The files of an image that brings its model; none otherwise. */
  files(image: string): ReadonlyMap<string, Buffer>;
}

/** Hosting's inner face: autoscaling acts on it, traffic is routed through it. */
export interface Hosting {
  /** As UpdateEndpointWeightsAndCapacities by the autoscaler; false when the endpoint is not settled. */
  scale(endpoint: string, variant: string, desiredInstanceCount: number): boolean;
  variant(endpoint: string, variant: string): FleetVariantFacts | undefined;
  /** As UpdateEndpointWeightsAndCapacities with a ServerlessUpdateConfig; false when the endpoint is not settled. */
  provision(endpoint: string, variant: string, provisionedConcurrency: number): boolean;
  /** Routes one request as the Runtime does, emits its metrics, and answers with the container's result. @throws AwsError */
  invoke(request: Invocation): InvocationAnswer;
  /** Puts a request into the queue of an asynchronous endpoint; its answer is an object that appears later. @throws AwsError */
  enqueue(request: QueuedInvocation): QueuedAnswer;
}
/** As InvokeEndpointAsync takes it. */
export interface QueuedInvocation {
  readonly EndpointName: string;
  readonly ContentType?: string;
  readonly Accept?: string;
  readonly InferenceId?: string;
  readonly CustomAttributes?: string;
  readonly InputLocation?: string;
  readonly Body?: Buffer;
  readonly S3OutputPathExtension?: string;
  readonly Filename?: string;
  readonly RequestTTLSeconds?: number;
  readonly InvocationTimeoutSeconds?: number;
}
export interface QueuedAnswer {
  readonly InferenceId: string;
  readonly OutputLocation?: string;
  readonly FailureLocation?: string;
}
export interface FleetVariantFacts {
  readonly current: number;
  readonly desired: number;
  readonly instanceType: string;
  /** Its endpoint queues its requests. */
  readonly asynchronous?: true;
  /** Of a serverless variant that has some. */
  readonly provisionedConcurrency?: number;
}
export interface Invocation {
  readonly endpoint: string;
  readonly body: Buffer;
  readonly contentType: string;
  readonly accept?: string;
  readonly targetVariant?: string;
  readonly targetModel?: string;
  readonly targetContainerHostname?: string;
  readonly inferenceComponent?: string;
  readonly customAttributes?: string;
  /** Asynchronous endpoints: how long the container may take. */
  readonly timeoutMs?: number;
  readonly requestId?: string;
  readonly at: Instant;
}
export interface InvocationAnswer {
  /** 0: the container took longer than it may. */
  readonly status: number;
  readonly body: Buffer;
  readonly contentType: string;
  readonly variant: string;
  /** The container's own time, without SageMaker's addition. */
  readonly latencyMs: number;
  /** Those of the container's answer. */
  readonly customAttributes?: string;
  readonly servedBy?: ServedBy;
}

/** Autoscaling's inner face: hosting checks it before it updates an endpoint. */
export interface Scaling {
  isRegistered(endpoint: string, variant: string): boolean;
  deregister(endpoint: string, variant: string): void;
}

/** What serves in the place of the caller's container; nothing where a model of the simulator serves itself. */
export type ServedBy = 'stand-in' | 'command';

/**
 * A loaded model behind `/ping` and `/invocations`: same body, same answer, unless it leaks or says that it is nondeterministic; latency
 * is declared by the fixture.
 */
export interface Container {
  /** False: the fleet that runs it never passes its health check. */
  ping(): boolean;
  /**
   * @param accept the caller's Accept; without one the answer has the format of the request
   * @param customAttributes of the caller; the models of the simulator's own form have no use for them
   */
  invoke(
    body: Buffer,
    contentType: string,
    accept?: string,
    customAttributes?: string,
  ): {
    readonly status: number;
    readonly body: Buffer;
    readonly contentType: string;
    readonly latencyMs: number;
    readonly customAttributes?: string;
    readonly servedBy?: ServedBy;
  };
  /** The last instance that runs it has gone. */
  stop?(): void;
}
