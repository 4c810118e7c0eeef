import type { OperationName } from './operation.ts';
import { type Condition, conditions } from './policy-conditions.ts';
import { type Place, resourcesOf } from './policy-resources.ts';
import { withoutUndefined } from './without-undefined.ts';

/**
 * The permissions of each operation, declared once. The plan's list of permissions and `docs/permissions/*.json` are generated from
 * here, and `test/acceptance/permissions.test.ts` compares both with the operations' requests to AWS.
 */
export type PolicyName = OperationName | 'plan';
/**
 * `approver`: of people who decide in the registry, and of the job whose `approve-gate` writes their decision. `gate`: of the job whose
 * `approve-gate` decides by `approval.policy`, and reads reports and the endpoint for it. `life-cycle`: of roles that deliver by a
 * manifest with `stage`, beside their own policy; without the key none of them may write to the registry. `after`: of roles that plan and
 * deliver by a manifest with `after`, written for the endpoint of the environment before. `notify`: of roles that deliver by a manifest with
 * `notify`, beside their own policy, written for its topic and its bus. `lambda-alias`: of roles that deliver to the
 * alias of a Lambda function and roll it back, in place of the policies for an endpoint; `ecs-service`: to a service of ECS.
 * `codedeploy-hook`: of the function that CodeDeploy invokes during a delivery to an alias.
 */
export type PublishedName =
  | PolicyName
  | 'approver'
  | 'gate'
  | 'life-cycle'
  | 'after'
  | 'notify'
  | 'lambda-alias'
  | 'ecs-service'
  | 'codedeploy-hook';

/**
 * A permission that only some runs need. A plan lists it when its run needs it; a policy always has it. `decides` and `reads-evidence`
 * alone make other policies: a deployer runs the gate as well, and must not approve; people who approve read no evidence by a run.
 */
export type Need =
  /** Writes Approved or Rejected into the registry. */
  | 'decides'
  /** Shows the plan, the reports of the version and of the one that serves, and a verdict of the regression test; or decides by them. */
  | 'reads-evidence'
  /** Copies the artifact to its content-addressed key and resolves the image. */
  | 'pins'
  /** Copies an object that S3 does not copy in one call. */
  | 'copies-parts'
  | 'evaluates'
  /** Reads a training job. */
  | 'trains'
  /** Creates a model and an endpoint config. */
  | 'publishes'
  | 'creates'
  | 'updates'
  | 'passes-role'
  | 'scales'
  | 'encrypts'
  /** Sends the requests of the manifest's `smoke`. */
  | 'asks'
  /** Answers by batch transform. */
  | 'transforms'
  /** Measures the candidate under the recorded traffic. */
  | 'loads'
  /** Restores the instance count of the manifest. */
  | 'resizes'
  /** Writes the manifest's `stage` to the registry. */
  | 'stages';

type ResourceName = keyof ReturnType<typeof resourcesOf>;

interface Grant {
  /**
   * The purpose of its statement, in letters and digits (IAM: Sid). Grants of one policy with one name make one statement: they differ
   * in their actions or in their resources, not in both, so that the statement allows nothing more.
   */
  readonly sid: string;
  readonly actions: readonly string[];
  readonly on: readonly ResourceName[];
  readonly condition?: (place: Place) => Condition;
  /** Absent: every run needs it. */
  readonly when?: Need;
  /** Why it is needed although no request of the suite has this name. */
  readonly because?: string;
}

/** Finds the version's package and reads it: to check the release record's claim about it, and again while traffic moves (rule 18). */
const findVersion: Grant = {
  sid: 'FindTheVersion',
  actions: ['sagemaker:DescribeModelPackage', 'sagemaker:ListModelPackages'],
  // The listing too is a permission on packages (AWS: "Cross-account support", model package group policy).
  on: ['packages'],
};

/** Without it S3 answers 403 instead of 404 for an absent object. A `s3:prefix` condition would bring the 403 back. */
const tellAbsence = (...on: Grant['on']): Grant => ({ sid: 'TellAbsentFromForbidden', actions: ['s3:ListBucket'], on });

const readEndpoint: Grant = { sid: 'ReadTheEndpoint', actions: ['sagemaker:DescribeEndpoint'], on: ['endpoint'] };

const readConfigs: readonly Grant[] = [
  { sid: 'ReadWhatItServes', actions: ['sagemaker:DescribeEndpointConfig'], on: ['allConfigs'] },
  { sid: 'ReadItsModels', actions: ['sagemaker:DescribeModel'], on: ['allModels'] },
];

const readServing: readonly Grant[] = [
  readEndpoint,
  // One of the tags names its release record.
  { sid: 'ReadTheEndpoint', actions: ['sagemaker:ListTags'], on: ['endpoint'] },
  ...readConfigs,
  // A shadow test owns its endpoint. The list has no resource, and no filter by endpoint.
  { sid: 'FindItsExperiment', actions: ['sagemaker:ListInferenceExperiments'], on: ['everything'] },
  { sid: 'ReadTheExperiment', actions: ['sagemaker:DescribeInferenceExperiment'], on: ['experiments'] },
];

const readRecord: readonly Grant[] = [
  { sid: 'ReadTheReleaseRecord', actions: ['s3:GetObject'], on: ['records'] },
  tellAbsence('releasesBucket'),
];

const readTraffic: Grant = { sid: 'WatchIt', actions: ['cloudwatch:GetMetricData'], on: ['everything'] };

const readRelease: readonly Grant[] = [
  ...readServing,
  readTraffic,
  {
    sid: 'WatchIt',
    actions: [
      'application-autoscaling:DescribeScalableTargets',
      'application-autoscaling:DescribeScalingPolicies',
      'application-autoscaling:DescribeScheduledActions',
    ],
    on: ['everything'],
  },
  ...readRecord,
];

const readContent: readonly Grant[] = [
  { sid: 'ReadTheImage', actions: ['ecr:BatchGetImage'], on: ['repository'] },
  { sid: 'ReadTheArtifact', actions: ['s3:GetObject'], on: ['pinned'] },
];

const readCandidate: readonly Grant[] = [findVersion, ...readContent];

/** For `regression:` with a golden set in S3: a verdict is about its bytes. */
const readGoldenSet: Grant = { sid: 'ReadTheGoldenSet', actions: ['s3:GetObject'], on: ['goldenSet'] };

/** For `contract`, `bias` and `attribution` of `regression:`: the reports that `register-model` keeps, and that the packages of both models name. */
const readReports: Grant = { sid: 'ReadTheReports', actions: ['s3:GetObject'], on: ['evaluations'] };

const readAlarms: Grant = { sid: 'WatchIt', actions: ['cloudwatch:DescribeAlarms'], on: ['everything'] };

/** Either header, never none: an unconditional write would overwrite the record of another holder. */
const writeRelease: readonly Grant[] = [
  { sid: 'BeginTheReleaseRecord', actions: ['s3:PutObject'], on: ['records'], condition: conditions.creates },
  { sid: 'ContinueTheReleaseRecord', actions: ['s3:PutObject'], on: ['records'], condition: conditions.replaces },
];

const supervise: readonly Grant[] = [
  readAlarms,
  ...writeRelease,
  { sid: 'WatchIt', actions: ['cloudwatch:DescribeAlarmHistory'], on: ['everything'], when: 'updates' },
  { sid: 'RemoveOwnAlarms', actions: ['cloudwatch:DeleteAlarms'], on: ['ownAlarms'], when: 'updates' },
  {
    sid: 'TakeTheUpdateBack',
    actions: ['cloudwatch:PutMetricData'],
    on: ['everything'],
    condition: conditions.ownNamespace,
    when: 'updates',
  },
];

const holdScaling: readonly Grant[] = [
  {
    sid: 'Scale',
    actions: [
      'application-autoscaling:PutScalingPolicy',
      'application-autoscaling:PutScheduledAction',
      'application-autoscaling:RegisterScalableTarget',
    ],
    on: ['scalableTargets'],
    condition: conditions.variantCapacities,
    when: 'scales',
  },
  {
    sid: 'ChangeIt',
    actions: ['sagemaker:UpdateEndpointWeightsAndCapacities'],
    on: ['endpoint'],
    when: 'scales',
    because: 'Application Auto Scaling checks that the caller may make the changes that it will make for them',
  },
  {
    sid: 'LetScalingMakeAlarms',
    actions: ['cloudwatch:PutMetricAlarm', 'cloudwatch:DeleteAlarms'],
    on: ['scalingAlarms'],
    when: 'scales',
    because: 'target tracking creates and removes alarms on behalf of the caller',
  },
  // An alarm names a policy by its ARN, and a policy that is put again has another one.
  {
    sid: 'PointAlarmsAtScaling',
    actions: ['cloudwatch:PutMetricAlarm'],
    on: ['itsAlarms'],
    condition: conditions.startsItsScaling,
    when: 'scales',
  },
  {
    sid: 'LetScalingHaveItsRole',
    actions: ['iam:CreateServiceLinkedRole'],
    on: ['scalingRole'],
    condition: conditions.scalesEndpoints,
    when: 'scales',
    because: "the account's first scalable target creates the role that scales",
  },
];

const scale: readonly Grant[] = [
  {
    sid: 'Scale',
    actions: ['application-autoscaling:DeregisterScalableTarget'],
    on: ['scalableTargets'],
    condition: conditions.variantCapacities,
    when: 'scales',
  },
  ...holdScaling,
];

const encrypt: readonly Grant[] = [
  {
    sid: 'LetSageMakerUseTheKey',
    actions: ['kms:CreateGrant'],
    on: ['key'],
    condition: conditions.grantsThroughSageMaker,
    when: 'encrypts',
    because: "SageMaker creates a grant on `kms-key` on behalf of the caller for the instances' volumes",
  },
  {
    sid: 'LetSageMakerFindTheKey',
    actions: ['kms:DescribeKey'],
    on: ['key'],
    condition: conditions.throughSageMaker,
    when: 'encrypts',
    because: 'SageMaker reads `kms-key` on behalf of the caller',
  },
];

/** Only configs of this endpoint: a config of another endpoint would bring its model and instances. */
const updateIt: Grant = { sid: 'ServeAConfig', actions: ['sagemaker:UpdateEndpoint'], on: ['endpoint', 'ownConfigs'] };

/** For `stage`. The policies of the operations do not have it: see `PublishedName`. */
const writeTheStage: Grant = {
  sid: 'WriteTheStage',
  actions: ['sagemaker:UpdateModelPackage'],
  on: ['packages'],
  condition: conditions.onlyStages,
  when: 'stages',
};

const armTheRelease: Grant = {
  sid: 'ArmTheRelease',
  actions: ['cloudwatch:PutMetricAlarm'],
  on: ['ownAlarms'],
  condition: conditions.withoutActions,
};

const grants: Readonly<Record<PolicyName, readonly Grant[]>> = {
  'register-model': [
    findVersion,
    {
      sid: 'MakeTheGroup',
      actions: ['sagemaker:CreateModelPackageGroup', 'sagemaker:DescribeModelPackageGroup'],
      on: ['group'],
    },
    {
      sid: 'RegisterButNotApprove',
      actions: ['sagemaker:CreateModelPackage'],
      on: ['packages'],
      condition: conditions.unapproved,
    },
    // When two runs register one version, the later one rejects its own package; IAM cannot check the owner of a package.
    {
      sid: 'RejectADuplicate',
      actions: ['sagemaker:UpdateModelPackage'],
      on: ['packages'],
      condition: conditions.onlyRejects,
    },
    { sid: 'ReadTheTrainingJob', actions: ['sagemaker:DescribeTrainingJob'], on: ['trainingJobs'], when: 'trains' },
    { sid: 'ResolveTheImage', actions: ['ecr:BatchGetImage'], on: ['repository'], when: 'pins' },
    { sid: 'ReadWhatTrainingMade', actions: ['s3:GetObject'], on: ['trained'], when: 'pins' },
    { sid: 'ReadTheArtifact', actions: ['s3:GetObject'], on: ['pinned'], when: 'pins' },
    {
      sid: 'KeepTheArtifact',
      actions: ['s3:PutObject'],
      on: ['pinned'],
      condition: conditions.creates,
      when: 'pins',
    },
    {
      sid: 'CopyInParts',
      actions: ['s3:PutObject'],
      on: ['pinned'],
      condition: conditions.makesNoObject,
      when: 'copies-parts',
    },
    {
      sid: 'GoOnWithTheCopy',
      actions: ['s3:AbortMultipartUpload', 's3:ListMultipartUploadParts'],
      on: ['pinned'],
      when: 'copies-parts',
    },
    { sid: 'FindTheCopy', actions: ['s3:ListBucketMultipartUploads'], on: ['releasesBucket'], when: 'copies-parts' },
    { sid: 'ReadTheEvaluation', actions: ['s3:GetObject'], on: ['evaluations'], when: 'evaluates' },
    {
      sid: 'KeepTheEvaluation',
      actions: ['s3:PutObject'],
      on: ['evaluations'],
      condition: conditions.creates,
      when: 'evaluates',
    },
    { ...tellAbsence('releasesBucket', 'trainedBucket'), when: 'pins' },
  ],
  'approve-gate': [
    findVersion,
    {
      sid: 'ApproveOrReject',
      actions: ['sagemaker:UpdateModelPackage'],
      on: ['packages'],
      condition: conditions.onlyDecides,
      when: 'decides',
    },
    ...[...readRelease, readAlarms, readGoldenSet, readReports].map(
      (grant) => ({ ...grant, when: 'reads-evidence' }) as const,
    ),
  ],
  // It moves no traffic: no scaling, and metrics only for the rate of a load test.
  'regression-test': [
    ...readServing,
    { ...readTraffic, when: 'loads' },
    ...readRecord,
    findVersion,
    readGoldenSet,
    readReports,
    { sid: 'BeginTheTest', actions: ['s3:PutObject'], on: ['tests'], condition: conditions.creates },
    { sid: 'ContinueTheTest', actions: ['s3:PutObject'], on: ['tests'], condition: conditions.replaces },
    // TargetVariant has no condition key (AWS: Service Authorization Reference, SageMaker).
    {
      sid: 'AskTheModels',
      actions: ['sagemaker:InvokeEndpoint', 'sagemaker:InvokeEndpointAsync'],
      on: ['endpoint', 'temporaryEndpoints'],
    },
    {
      sid: 'NameTheVerdict',
      actions: ['sagemaker:UpdateModelPackage'],
      on: ['packages'],
      condition: conditions.onlyNotes,
    },
    {
      sid: 'MakeAndRemoveTheModel',
      actions: ['sagemaker:CreateModel', 'sagemaker:DeleteModel', 'sagemaker:ListTags'],
      on: ['temporaryModels'],
      when: 'publishes',
    },
    { sid: 'MakeItFromThePackage', actions: ['sagemaker:CreateModel'], on: ['packages'], when: 'publishes' },
    {
      sid: 'MakeAndRemoveTheConfig',
      // IAM checks the creation of an endpoint on its config too.
      actions: ['sagemaker:CreateEndpointConfig', 'sagemaker:CreateEndpoint', 'sagemaker:DeleteEndpointConfig'],
      on: ['temporaryConfigs'],
      when: 'creates',
    },
    { sid: 'MakeAndRemoveTheConfig', actions: ['sagemaker:ListTags'], on: ['temporaryConfigs'], when: 'publishes' },
    {
      sid: 'MakeAndRemoveTheEndpoint',
      actions: ['sagemaker:CreateEndpoint', 'sagemaker:DeleteEndpoint'],
      on: ['temporaryEndpoints'],
      when: 'creates',
    },
    {
      sid: 'MakeAndRemoveTheEndpoint',
      actions: ['sagemaker:DescribeEndpoint', 'sagemaker:ListTags'],
      on: ['temporaryEndpoints'],
      when: 'publishes',
    },
    {
      sid: 'PassTheExecutionRole',
      actions: ['iam:PassRole'],
      on: ['executionRole'],
      condition: conditions.toSageMaker,
      when: 'passes-role',
    },
    {
      sid: 'TagWhatIsMade',
      actions: ['sagemaker:AddTags'],
      on: ['temporaryConfigs', 'temporaryModels', 'temporaryEndpoints'],
      condition: conditions.atTemporaryCreation,
      when: 'publishes',
    },
    {
      sid: 'TransformTheRows',
      actions: ['sagemaker:CreateTransformJob', 'sagemaker:DescribeTransformJob', 'sagemaker:StopTransformJob'],
      on: ['temporaryJobs'],
      when: 'transforms',
    },
    {
      sid: 'TagTheJob',
      actions: ['sagemaker:AddTags'],
      on: ['temporaryJobs'],
      condition: conditions.atJobCreation,
      when: 'transforms',
    },
    {
      sid: 'FindLeftovers',
      actions: ['sagemaker:ListEndpoints', 'sagemaker:ListEndpointConfigs', 'sagemaker:ListModels'],
      on: ['everything'],
      when: 'publishes',
    },
    ...encrypt,
  ],
  plan: [...readRelease, readAlarms, ...readCandidate, readGoldenSet, readReports],
  'deploy-endpoint': [
    ...readRelease,
    ...readCandidate,
    readGoldenSet,
    readReports,
    ...supervise,
    { sid: 'MakeTheModel', actions: ['sagemaker:CreateModel'], on: ['ownModels'], when: 'publishes' },
    // AWS: "Cross-account support": a model group's policy allows CreateModel on its packages, and both sides must.
    { sid: 'MakeItFromThePackage', actions: ['sagemaker:CreateModel'], on: ['packages'], when: 'publishes' },
    { sid: 'MakeTheConfig', actions: ['sagemaker:CreateEndpointConfig'], on: ['ownConfigs'], when: 'publishes' },
    {
      sid: 'PassTheExecutionRole',
      actions: ['iam:PassRole'],
      on: ['executionRole'],
      condition: conditions.toSageMaker,
      when: 'passes-role',
    },
    { sid: 'ServeAConfig', actions: ['sagemaker:CreateEndpoint'], on: ['endpoint', 'ownConfigs'], when: 'creates' },
    // For `smoke:`. TargetVariant has no condition key (AWS: Service Authorization Reference, SageMaker).
    { sid: 'ChangeIt', actions: ['sagemaker:InvokeEndpoint'], on: ['endpoint'], when: 'asks' },
    { ...updateIt, when: 'updates' },
    {
      sid: 'ChangeIt',
      actions: ['sagemaker:UpdateEndpointWeightsAndCapacities'],
      on: ['endpoint'],
      when: 'resizes',
    },
    // An update carries no tags, so the endpoint's tags are set again afterwards.
    { sid: 'ChangeIt', actions: ['sagemaker:AddTags'], on: ['endpoint'] },
    {
      sid: 'TagWhatIsMade',
      actions: ['sagemaker:AddTags'],
      on: ['ownConfigs', 'ownModels'],
      condition: conditions.atCreation,
    },
    { ...armTheRelease, when: 'updates' },
    ...scale,
    ...encrypt,
    writeTheStage,
  ],
  // The way back uses weights: no metric of the suite aborts anything here.
  'shift-traffic': [
    ...readRelease,
    ...readCandidate,
    readGoldenSet,
    readReports,
    readAlarms,
    { sid: 'WatchIt', actions: ['cloudwatch:DescribeAlarmHistory'], on: ['everything'] },
    { sid: 'RemoveOwnAlarms', actions: ['cloudwatch:DeleteAlarms'], on: ['ownAlarms'] },
    armTheRelease,
    ...writeRelease,
    { sid: 'ChangeIt', actions: ['sagemaker:UpdateEndpointWeightsAndCapacities'], on: ['endpoint'] },
    updateIt,
    ...scale,
    ...encrypt,
    writeTheStage,
  ],
  // Neither CreateModel nor PassRole: models and configurations are kept (DESIGN §7 rule 3).
  rollback: [
    ...readRelease,
    // The package itself: with `rejected` and `event`, and as a watchdog that follows an abandoned delivery to its end.
    findVersion,
    ...supervise,
    { sid: 'ChangeIt', actions: ['sagemaker:UpdateEndpointWeightsAndCapacities'], on: ['endpoint'] },
    updateIt,
    ...scale,
    ...encrypt,
    writeTheStage,
  ],
};

/** A release by CodeDeploy: one deployment, of a delivery as of a rollback. */
const deliverBy = (
  records: ResourceName,
  group: ResourceName,
  application: ResourceName,
  predefined: ResourceName,
): readonly Grant[] => [
  findVersion,
  ...readContent,
  { sid: 'ReadTheReleaseRecord', actions: ['s3:GetObject'], on: [records] },
  tellAbsence('releasesBucket'),
  { sid: 'BeginTheReleaseRecord', actions: ['s3:PutObject'], on: [records], condition: conditions.creates },
  { sid: 'ContinueTheReleaseRecord', actions: ['s3:PutObject'], on: [records], condition: conditions.replaces },
  readAlarms,
  {
    sid: 'DeployToTheGroup',
    actions: ['codedeploy:CreateDeployment', 'codedeploy:GetDeploymentGroup', 'codedeploy:ListDeployments'],
    on: [group],
  },
  // They name a deployment alone. IAM knows its group; StopDeployment has no resource (Service Authorization Reference, CodeDeploy).
  {
    sid: 'FollowAndStopDeployments',
    actions: ['codedeploy:GetDeployment', 'codedeploy:StopDeployment'],
    on: ['everything'],
  },
  {
    sid: 'KnowHowItShifts',
    actions: ['codedeploy:GetDeploymentConfig'],
    on: [predefined, 'ownDeploymentConfigs'],
  },
  { sid: 'MakeItsShift', actions: ['codedeploy:CreateDeploymentConfig'], on: ['ownDeploymentConfigs'] },
  {
    sid: 'RegisterTheRevision',
    actions: ['codedeploy:RegisterApplicationRevision'],
    on: [application],
    because: 'CodeDeploy registers the revision of a deployment on behalf of the caller',
  },
  {
    sid: 'BringAlarms',
    actions: ['codedeploy:UpdateDeploymentGroup'],
    on: [group],
    because: 'CodeDeploy requires it of a deployment with alarms of its own, as a rollback has',
  },
];

/** The lifecycle hook: it reads the deployment and its release, asks two versions, and keeps the test. It moves nothing. */
const hookOfAlias: readonly Grant[] = [
  findVersion,
  { sid: 'ReadTheReleaseRecord', actions: ['s3:GetObject'], on: ['aliasRecords'] },
  tellAbsence('releasesBucket'),
  readGoldenSet,
  { sid: 'ReadItsVersions', actions: ['lambda:GetFunction'], on: ['lambdaVersions'] },
  { sid: 'AskTheVersions', actions: ['lambda:InvokeFunction'], on: ['lambdaVersions'] },
  { sid: 'GoOnInAnotherInvocation', actions: ['lambda:InvokeFunction'], on: ['hookFunction'] },
  { sid: 'BeginTheTest', actions: ['s3:PutObject'], on: ['aliasTests', 'aliasHooks'], condition: conditions.creates },
  {
    sid: 'ContinueTheTest',
    actions: ['s3:PutObject'],
    on: ['aliasTests', 'aliasHooks'],
    condition: conditions.replaces,
  },
  {
    sid: 'NameTheVerdict',
    actions: ['sagemaker:UpdateModelPackage'],
    on: ['packages'],
    condition: conditions.onlyNotes,
  },
  // None of them has a resource (Service Authorization Reference, CodeDeploy), but GetDeployment, which names a deployment alone.
  {
    sid: 'AnswerTheDeployment',
    actions: [
      'codedeploy:GetDeployment',
      'codedeploy:GetDeploymentTarget',
      'codedeploy:ListDeploymentTargets',
      'codedeploy:PutLifecycleEventHookExecutionStatus',
    ],
    on: ['everything'],
  },
];

/**
 * The requests of both versions, and the moment at which the shift began. The targets have no resource (Service Authorization Reference,
 * CodeDeploy).
 */
const judgeTheShift: readonly Grant[] = [
  readTraffic,
  {
    sid: 'SeeTheShiftBegin',
    actions: ['codedeploy:GetDeploymentTarget', 'codedeploy:ListDeploymentTargets'],
    on: ['everything'],
  },
];

/** A delivery to the alias of a function, and its rollback. */
const deliverToAlias: readonly Grant[] = [
  ...deliverBy('aliasRecords', 'deploymentGroup', 'deploymentApplication', 'predefinedDeploymentConfigs'),
  { sid: 'ReadTheAlias', actions: ['lambda:GetAlias'], on: ['lambdaFunction'] },
  { sid: 'ReadItsVersions', actions: ['lambda:GetFunction'], on: ['lambdaVersions'] },
  ...judgeTheShift,
];

/** A delivery to a service of ECS, and its rollback. */
const deliverToService: readonly Grant[] = [
  ...deliverBy('serviceRecords', 'serviceGroup', 'serviceApplication', 'predefinedServiceConfigs'),
  { sid: 'ReadTheService', actions: ['ecs:DescribeServices'], on: ['ecsService'] },
  // It has no resource (Service Authorization Reference, Amazon ECS).
  { sid: 'ReadItsTaskDefinitions', actions: ['ecs:DescribeTaskDefinition'], on: ['everything'] },
  { sid: 'RegisterARevision', actions: ['ecs:RegisterTaskDefinition'], on: ['taskDefinitions'] },
  {
    sid: 'KeepItsTags',
    actions: ['ecs:TagResource'],
    on: ['taskDefinitions'],
    condition: conditions.atRegistration,
    because: 'ECS requires it of a registration with the tags of the revision before',
  },
  {
    sid: 'PassItsRoles',
    actions: ['iam:PassRole'],
    on: ['executionRole'],
    condition: conditions.toTasks,
    because: 'ECS requires it for both roles of a task definition',
  },
  ...judgeTheShift,
  // It names a deployment alone and has no resource, as StopDeployment.
  { sid: 'RerouteTheTraffic', actions: ['codedeploy:ContinueDeployment'], on: ['everything'] },
];

/** The IAM actions of a release to a service, sorted. */
export const servicePermissions = (): readonly string[] =>
  [...new Set(deliverToService.flatMap(({ actions }) => actions))].sort();

/** The IAM actions of a release to an alias, sorted. */
export const aliasPermissions = (): readonly string[] =>
  [...new Set(deliverToAlias.flatMap(({ actions }) => actions))].sort();

/** The IAM actions a run needs, sorted. @param needs of this run; permissions that every run needs are always included */
export const permissionsFor = (policy: PolicyName, needs: readonly Need[]): readonly string[] =>
  [
    ...new Set(
      grants[policy].filter(({ when }) => when === undefined || needs.includes(when)).flatMap(({ actions }) => actions),
    ),
  ].sort();

export interface Statement {
  readonly Sid: string;
  readonly Effect: 'Allow';
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
  readonly Condition?: Condition;
}
export interface IamPolicy {
  readonly Version: '2012-10-17';
  readonly Statement: readonly Statement[];
}

export const policyNames = Object.keys(grants) as readonly PolicyName[];

/** Needs with a policy of their own, which a role has beside the operation's. */
const apart: readonly Need[] = ['decides', 'stages'];
const own = (policy: PolicyName): readonly Grant[] =>
  grants[policy].filter(({ when }) => when === undefined || !apart.includes(when));

/** For `notify`. A FIFO topic needs nothing more; an encrypted topic also needs its key (SNS developer guide, "Securing Amazon SNS data"). */
const sendNotices: { readonly [Is in 'sns' | 'event-bridge']: Grant } = {
  sns: { sid: 'PublishNotifications', actions: ['sns:Publish'], on: ['topic'] },
  'event-bridge': { sid: 'SendNotifications', actions: ['events:PutEvents'], on: ['bus'] },
};

/** The IAM actions that a kind of sink of `notify` needs; none for a webhook. */
export const sinkPermissions = (sink: string): readonly string[] =>
  sink === 'sns' || sink === 'event-bridge' ? sendNotices[sink].actions : [];

const published: Readonly<Record<PublishedName, readonly Grant[]>> = {
  ...(Object.fromEntries(policyNames.map((name) => [name, own(name)])) as Record<PolicyName, readonly Grant[]>),
  approver: grants['approve-gate'].filter(({ when }) => when !== 'reads-evidence'),
  gate: grants['approve-gate'],
  'life-cycle': [writeTheStage],
  after: readRecord,
  notify: Object.values(sendNotices),
  'lambda-alias': deliverToAlias,
  'codedeploy-hook': hookOfAlias,
  'ecs-service': deliverToService,
};

type Granted = Pick<Grant, 'sid' | 'actions' | 'on' | 'condition'>;

/**
 * Grants of one name as one statement. Two join where they have one condition and the same actions or the same resources: a statement
 * allows each of its actions on each of its resources, and so nothing comes in that neither grant has.
 */
export const mergeGrants = (all: readonly Granted[]): readonly Granted[] => {
  const merged: Granted[] = [];
  for (const grant of all) {
    const at = merged.findIndex((one) => one.sid === grant.sid && joins(one, grant));
    const found = merged[at];
    if (found === undefined) merged.push(grant);
    else
      merged[at] = {
        ...found,
        actions: [...new Set([...found.actions, ...grant.actions])],
        on: [...new Set([...found.on, ...grant.on])],
      };
  }
  return merged;
};
const joins = (one: Granted, other: Granted): boolean =>
  one.condition === other.condition && (isSame(one.actions, other.actions) || isSame(one.on, other.on));
const isSame = (some: readonly string[], others: readonly string[]): boolean =>
  [...some].sort().join() === [...others].sort().join();

/** Least privilege for every run of an operation at one place, as IAM takes it. */
export const policyFor = (policy: PublishedName, place: Place): IamPolicy => {
  const resources = resourcesOf(place);
  return {
    Version: '2012-10-17',
    Statement: mergeGrants(published[policy]).map(({ sid, actions, on, condition }) => ({
      Sid: sid,
      Effect: 'Allow',
      Action: [...actions].sort(),
      Resource: on.map((name) => resources[name]),
      ...withoutUndefined({ Condition: condition?.(place) }),
    })),
  };
};

/** With long names these are longer than IAM lets a managed policy be: two managed policies have their statements. */
const divided: readonly PublishedName[] = ['regression-test', 'deploy-endpoint', 'shift-traffic'];

const reads = ({ Action }: Statement): boolean =>
  Action.every((action) => /:(BatchGet|Describe|Get|List)/.test(action));

/** `policyFor` as a role gets it attached: each document by its name, and each short enough for a managed policy. A role needs all of them. */
export const documentsFor = (policy: PublishedName, place: Place): Readonly<Record<string, IamPolicy>> => {
  const whole = policyFor(policy, place);
  if (!divided.includes(policy)) return { [policy]: whole };
  return {
    [`${policy}-reads`]: { ...whole, Statement: whole.Statement.filter(reads) },
    [`${policy}-changes`]: { ...whole, Statement: whole.Statement.filter((statement) => !reads(statement)) },
  };
};

/** Action → why it is needed, for actions without a request of the same name. */
export const unasked = (policy: PublishedName): ReadonlyMap<string, string> =>
  new Map(
    published[policy].flatMap(({ actions, because }) =>
      because === undefined ? [] : actions.map((action) => [action, because] as const),
    ),
  );

export const publishedNames = Object.keys(published) as readonly PublishedName[];
