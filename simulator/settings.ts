/**
 * The behaviours that AWS leaves open. Every value without a source is a setting here, never a constant in a service. `flips` names
 * the other value that the outcome table must survive (`npm run rehearse:settings`). Section numbers are those of the project's
 * SageMaker fact base. Durations are milliseconds of virtual time.
 */
export const defaultSettings = {
  /** From UpdateEndpoint to instances running. Minutes in practice; no published figure. [unconfirmed] */
  provisionMs: 180_000,
  /** From instances running to the first passed health check of a healthy container. [unconfirmed] */
  containerStartMs: 20_000,
  /** How long a container may fail /ping before SageMaker gives the fleet up, when the config sets no limit. [unconfirmed] */
  startupHealthCheckTimeoutMs: 600_000,
  /** The ActivatingTraffic phase: from the decision to traffic on the new capacity. §2.6 [unconfirmed] */
  activateTrafficMs: 10_000,
  /** Terminating a fleet. [unconfirmed] */
  terminateMs: 60_000,
  /** A pure weight or capacity change (UpdateEndpointWeightsAndCapacities). §4.1 [unconfirmed] */
  weightUpdateMs: 30_000,
  /** How often a baking deployment looks at its alarms. [unconfirmed] */
  alarmPollMs: 10_000,
  /** From a request to its metric being readable. §5.3 [unconfirmed] */
  metricDelayMs: 60_000,
  /**
   * How much later than the errors of a minute a part of its Invocations can be read, a part of its own for each fleet and minute: how
   * long a minute keeps changing, and whether its series settle together, is not documented. §5.3 [unconfirmed]
   */
  lateInvocationsMs: 0,
  /**
   * Whether SageMaker's latencies, and Lambda's Duration, have trimmed statistics (`TC(a:b)`, …) as they have percentiles: CloudWatch's list
   * of services that support them omits SageMaker. When not, a query returns no data points. [unconfirmed]
   */
  latencyTrimmedStatistics: true,
  /** From PutMetricAlarm or SetAlarmState to the evaluation that follows it: "often within seconds". §3.3 [unconfirmed] */
  alarmSettleMs: 5_000,
  /** An alarm already in ALARM when UpdateEndpoint is called: refused at once, or trips in the first bake. §13.2 */
  redAlarmAtUpdate: 'trips' as 'trips' | 'refused',
  /** An alarm named in AutoRollbackConfiguration that does not exist. §13.2 */
  missingAlarmAtUpdate: 'refused' as 'refused' | 'ignored',
  /**
   * An alarm in AutoRollbackConfiguration that the models' execution role may not read, though AWS asks for cloudwatch:DescribeAlarms
   * (AWS: "Auto-rollback configuration and monitoring"): the update is refused, or goes on without that alarm. [unconfirmed]
   */
  unreadableAlarm: 'refused' as 'refused' | 'ignored',
  /** A composite alarm named in AutoRollbackConfiguration: watched as any other, or refused. §13.2 */
  compositeAlarmAtUpdate: 'watched' as 'watched' | 'refused',
  /** Whether INSUFFICIENT_DATA trips a bake. §3.3 */
  insufficientDataTrips: false,
  /** Whether an alarm that is deleted while a bake watches it trips the bake. [unconfirmed] */
  deletedAlarmTrips: false,
  /** DeleteAlarms with names of which none exists: of some, AWS says that the others are deleted. [unconfirmed] */
  unknownAlarmsDeleted: 'refused' as 'refused' | 'ignored',
  /** Whether async endpoints publish their metrics per EndpointConfigName, too. §3.3, §4.4 [unconfirmed] */
  asyncFleetMetrics: true,
  /**
   * Whether fleets publish their metrics per EndpointConfigName when no deployment policy came with the last update: the dimension is
   * documented for deployment guardrails only. §3.3 [unconfirmed]
   */
  plainFleetMetrics: true,
  /** Which of the two configurations DescribeEndpoint names after UpdateRollbackFailed. §2.7 [unconfirmed] */
  rollbackFailedNames: 'old' as 'old' | 'new',
  /** UpdateEndpoint naming the config that serves. §13.6 */
  sameConfigUpdate: 'redeploys' as 'redeploys' | 'refused',
  /** Whether the last CANARY/LINEAR step waits WaitInterval before TerminationWait. §13.5 */
  lastStepWaits: false,
  /** A deployment policy while the variant names change: refused, or silently ALL_AT_ONCE without a bake. §13.3 */
  renamedVariantUpdate: 'refused' as 'refused' | 'all-at-once',
  /**
   * Rounding of CAPACITY_PERCENT on small fleets, never to less than one instance: AWS's notebooks of linear and rolling deployments have
   * 33 % of three as one instance. Other shares are not documented. §13.4
   */
  percentRounding: 'nearest' as 'nearest' | 'up' | 'down',
  /** Where an unapproved package is refused. §13.7 */
  unapprovedRefusedAt: 'CreateModel' as 'CreateModel' | 'CreateEndpoint' | 'never',
  /** Which containers of a package a model runs that names the package in its one container. §2.1 [unconfirmed] */
  packageContainersRun: 'all' as 'all' | 'first',
  /** How long after CreateEndpointConfig a lookup may still miss it. §2.2 */
  configVisibleAfterMs: 0,
  /** How long after UpdateEndpoint DescribeEndpoint still shows the state before. §2.7 */
  staleDescribeMs: 0,
  /** FailureReason is erased this long after the rollback settled; 0 = stays. §2.7, TF#49020 */
  eraseFailureReasonAfterMs: 0,
  /** An old FailureReason is cleared by the next UpdateEndpoint, or only by one that succeeds. §2.7 rule 3 [unconfirmed] */
  failureReasonClearedBy: 'next-update' as 'next-update' | 'next-success',
  /** OverheadLatency of a request: SageMaker's addition to the container's time. [unconfirmed] */
  overheadLatencyMs: 2,
  /** A request whose TargetVariant has weight zero. §13.8 */
  zeroWeightTarget: 'answers' as 'answers' | 'refused',
  /** Largest body of a real-time request: the API model has 6 MB, the developer guide 25 MB. §13.12 */
  largestBodyBytes: 6_291_456,
  /**
   * How a larger body is refused: by a plain 413 (aws/sagemaker-python-sdk#171), or as serverless endpoints refuse it
   * (aws/sagemaker-python-sdk#4271). [unconfirmed]
   */
  oversizedBody: '413' as '413' | 'ValidationError',
  /**
   * How long a cold serverless endpoint, and a multi-model endpoint that loads a model, answers ModelNotReadyException; 0: the request
   * waits instead. §7.1, §7.4 [unconfirmed]
   */
  modelNotReadyMs: 0,
  /** How long after its last request a serverless endpoint without provisioned concurrency is cold again. [unconfirmed] */
  serverlessIdleMs: 300_000,
  /** From InvokeEndpointAsync to the container's request, while an instance is free. [unconfirmed] */
  asyncPickUpMs: 500,
  /** Requests that an instance of an asynchronous endpoint works on at once, when the config sets no limit. [unconfirmed] */
  asyncConcurrencyPerInstance: 4,
  /**
   * How many instances target tracking brings to a fleet without any, once the backlog exceeds the target: as many as meet it, or one.
   * [unconfirmed]
   */
  trackingFromZero: 'as-tracked' as 'as-tracked' | 'one',
  /**
   * Which second target-tracking policy is refused: one of the same specification, or also a customised one of the metric and statistic that
   * another tracks as predefined. AWS's words: "for a given metric specification". [unconfirmed]
   */
  trackedTwice: 'by-specification' as 'by-specification' | 'by-metric',
  /**
   * The count that RetainAllVariantProperties retains from a fleet at zero: none, so that no container of the new version starts, or the
   * config's InitialInstanceCount. [unconfirmed]
   */
  retainedZero: 'zero' as 'zero' | 'initial',
  /** A deployment policy for a new fleet that has no instance: it bakes without capacity, or is refused. [unconfirmed] */
  guardedAtZero: 'bakes' as 'bakes' | 'refused',
  /** From CreateTransformJob to running containers. [unconfirmed] */
  transformStartMs: 180_000,
  /** From StopTransformJob to Stopped. [unconfirmed] */
  transformStopMs: 30_000,
  /** How long the container of a transform job may fail /ping (aws/amazon-sagemaker-examples#815). */
  transformPingTimeoutMs: 1_800_000,
  /** Whether the folders below the input's prefix are part of the names of a transform job's output: AWS's example and sentence differ. [unconfirmed] */
  transformOutputNames: 'below-prefix' as 'below-prefix' | 'of-files',
  /**
   * Whether a slice of a transform job's filter has its end: "all of the elements between two values, inclusive" (AWS), unlike JSONPath.
   * [unconfirmed]
   */
  transformSliceEnd: 'included' as 'included' | 'excluded',
  /** Instances per type that the account may run for transform jobs. §7.3 */
  transformInstanceQuota: 20,
  /**
   * Requests that an instance answers at once; the others wait, and a serverless endpoint answers as many as its MaxConcurrency. 0: any
   * number. That of a real container is its own.
   */
  requestsPerInstance: 0,
  /** Requests that may wait for an instance before SageMaker answers ServiceUnavailable. No published figure. [unconfirmed] */
  queuedPerInstance: 1_000,
  /** ModelApprovalStatus when CreateModelPackage omits it. §13.10 */
  defaultApprovalStatus: 'PendingManualApproval' as 'PendingManualApproval' | 'Approved',
  /**
   * CreateModelPackage with a client token that was used before: the answer of that call, and a conflict for another body; or a package of
   * its own, as after the end of a token's life, which no page names. §1.3, §13.10 [unconfirmed]
   */
  packageTokens: 'remembered' as 'remembered' | 'forgotten',
  /** How long after CreateModelPackage a listing may still miss it. [unconfirmed] */
  packageListedAfterMs: 0,
  /** Instances per type the account may run for endpoints; blue/green counts both fleets. §2.3 */
  endpointInstanceQuota: 20,
  /** Control-plane calls per second before ThrottlingException; 0 = unlimited. §9 */
  controlPlaneRate: 0,
  /** Whether buckets keep versions: PutObject then answers with a VersionId. */
  s3Versioning: false,
  /** MaxSessionDuration of every role (AWS default: one hour). */
  roleMaxSessionMs: 3_600_000,
  /** CodePipeline: a custom action times out after 24 hours (AWS CodePipeline user guide, Quotas). */
  customActionTimeoutMs: 86_400_000,
  /** From a continuation token to the job that carries it: 30 s in the Lambda integration model, no figure for custom actions. [unconfirmed] */
  continuationDelayMs: 30_000,
  /** How long an unacknowledged job is not offered again after a poll; 0: every poll gets it. [unconfirmed] */
  jobOfferedAgainMs: 0,
  /** AcknowledgeJob a second time with the same nonce, as after a lost answer. [unconfirmed] */
  repeatedAcknowledge: 'accepted' as 'accepted' | 'refused',
  /** CodePipeline: an approval without an answer fails (AWS: "within seven days"), unless its action has a timeout of its own. */
  approvalTimeoutMs: 604_800_000,
  /**
   * The rule CloudWatchAlarm after a stage with a WaitTime: fails when the alarm goes into ALARM within that time (AWS: use cases of stage
   * conditions), or waits that long for the alarm to leave ALARM (AWS: reference of the rule). [unconfirmed]
   */
  successAlarmRule: 'watches' as 'watches' | 'waits-for-ok',
  /**
   * The rule DeploymentWindow outside of its window: fails at once, or waits for the next window until its time is over. [unconfirmed]
   */
  closedWindowRule: 'fails' as 'fails' | 'waits',
  /** From a state change in CodePipeline to the target of a rule of EventBridge: "near real-time". [unconfirmed] */
  eventDelayMs: 1_000,
  /** How often a target gets each event; AWS promises "at-least-once". [unconfirmed] */
  eventCopies: 1,
  /** How much later than `eventDelayMs` an event may come, each by its own part of it: so events overtake each other. [unconfirmed] */
  eventJitterMs: 0,
  /** CreateCustomActionType of a type that exists with the same definition. [unconfirmed] */
  sameActionTypeAgain: 'refused' as 'refused' | 'accepted',
  /**
   * Whether invocations by an alias on one version have metrics with the dimension ExecutedVersion too: the developer guide has it for the
   * versions of a weighted alias. [unconfirmed]
   */
  executedVersionMetrics: 'always' as 'always' | 'weighted',
  /**
   * Whether an invocation without an error is a data point 0 of Errors: an older page of CloudWatch has "only … if they have a nonzero
   * value". [unconfirmed]
   */
  lambdaZeroErrors: true,
  /** CodeDeploy: from CreateDeployment to InProgress. [unconfirmed] */
  codeDeployStartMs: 5_000,
  /** How long CodeDeploy waits for the status of a hook (user guide, "AppSpec 'hooks' section for an AWS Lambda deployment": one hour). */
  codeDeployHookMs: 3_600_000,
  /** How often CodeDeploy looks at the alarms of a running deployment. [unconfirmed] */
  codeDeployAlarmPollMs: 15_000,
  /** CodeDeploy: from the end of a deployment to the moment at which its rollback moves the alias. [unconfirmed] */
  codeDeployRollbackMs: 10_000,
  /** The alias of a deployment that was stopped without a rollback: as the deployment left it, or on the version before. [unconfirmed] */
  stoppedAlias: 'stays' as 'stays' | 'returns',
  /** ECS: from the creation of a task set until its tasks run and are healthy. [unconfirmed] */
  ecsTaskStartMs: 60_000,
  /** ECS: how long a deleted task set is still shown, as DRAINING. [unconfirmed] */
  ecsDrainMs: 30_000,
  /** The task set of the new version becomes PRIMARY with the last shift of the traffic, or with the first. [unconfirmed] */
  primaryTaskSet: 'last-shift' as 'last-shift' | 'first-shift',
};

type Settings = typeof defaultSettings;

/**
 * Another value for every setting without a source, and for the open questions. With each of them flipped alone, a delivery's
 * report must stay true (`npm run rehearse:settings`).
 */
export const flips: { readonly [Name in keyof Settings]?: Settings[Name] } = {
  provisionMs: 900_000,
  containerStartMs: 120_000,
  startupHealthCheckTimeoutMs: 120_000,
  activateTrafficMs: 60_000,
  terminateMs: 300_000,
  weightUpdateMs: 240_000,
  alarmPollMs: 60_000,
  metricDelayMs: 180_000,
  lateInvocationsMs: 120_000,
  latencyTrimmedStatistics: false,
  alarmSettleMs: 60_000,
  redAlarmAtUpdate: 'refused',
  missingAlarmAtUpdate: 'ignored',
  unreadableAlarm: 'ignored',
  compositeAlarmAtUpdate: 'refused',
  insufficientDataTrips: true,
  deletedAlarmTrips: true,
  unknownAlarmsDeleted: 'ignored',
  asyncFleetMetrics: false,
  plainFleetMetrics: false,
  rollbackFailedNames: 'new',
  sameConfigUpdate: 'refused',
  lastStepWaits: true,
  renamedVariantUpdate: 'all-at-once',
  percentRounding: 'down',
  unapprovedRefusedAt: 'never',
  packageContainersRun: 'first',
  configVisibleAfterMs: 20_000,
  staleDescribeMs: 90_000,
  eraseFailureReasonAfterMs: 1_000,
  failureReasonClearedBy: 'next-success',
  overheadLatencyMs: 200,
  zeroWeightTarget: 'refused',
  largestBodyBytes: 26_214_400,
  oversizedBody: 'ValidationError',
  modelNotReadyMs: 20_000,
  serverlessIdleMs: 60_000,
  asyncPickUpMs: 30_000,
  asyncConcurrencyPerInstance: 1,
  trackingFromZero: 'one',
  trackedTwice: 'by-metric',
  retainedZero: 'initial',
  guardedAtZero: 'refused',
  queuedPerInstance: 50,
  transformStartMs: 600_000,
  transformStopMs: 120_000,
  transformOutputNames: 'of-files',
  transformSliceEnd: 'excluded',
  defaultApprovalStatus: 'Approved',
  packageTokens: 'forgotten',
  packageListedAfterMs: 20_000,
  controlPlaneRate: 2,
  s3Versioning: true,
  continuationDelayMs: 300_000,
  jobOfferedAgainMs: 60_000,
  repeatedAcknowledge: 'refused',
  sameActionTypeAgain: 'accepted',
  successAlarmRule: 'waits-for-ok',
  closedWindowRule: 'waits',
  eventDelayMs: 30_000,
  eventCopies: 3,
  eventJitterMs: 120_000,
  executedVersionMetrics: 'weighted',
  lambdaZeroErrors: false,
  codeDeployStartMs: 90_000,
  codeDeployAlarmPollMs: 60_000,
  codeDeployRollbackMs: 120_000,
  stoppedAlias: 'returns',
  ecsTaskStartMs: 240_000,
  ecsDrainMs: 300_000,
  primaryTaskSet: 'first-shift',
};
