import type { OperationName } from './operation.ts';
import { type Condition, conditions } from './policy-conditions.ts';
import { type Place, resourcesOf } from './policy-resources.ts';

/**
 * What each operation must be allowed, declared once: the plan's list of permissions and `docs/permissions/*.json` are made from
 * here, and `test/acceptance/permissions.test.ts` holds both against what the operations ask of AWS.
 */
export type PolicyName = OperationName | 'plan';
/** With the policy of the people who approve in the registry: no operation of the suite does it for them. */
export type PublishedName = PolicyName | 'approver';

/** Something that not every run needs. A plan lists it when its run does; a policy always has it. */
export type Need =
  /** Copies the artifact to its content-addressed key and resolves the image. */
  | 'pins'
  | 'evaluates'
  /** Reads a training job. */
  | 'trains'
  /** Makes a model and an endpoint config. */
  | 'publishes'
  | 'creates'
  | 'updates'
  | 'passes-role'
  | 'scales'
  | 'encrypts'
  /** Brings the count of what serves back to the manifest's. */
  | 'resizes';

interface Grant {
  /** What it is for, in letters and digits (IAM: Sid). */
  readonly sid: string;
  readonly actions: readonly string[];
  readonly on: readonly (keyof ReturnType<typeof resourcesOf>)[];
  readonly condition?: (place: Place) => Condition;
  /** Absent: every run needs it. */
  readonly when?: Need;
  /** Why it is needed although no request of the suite is called like that. */
  readonly because?: string;
}

const findVersion: Grant = {
  sid: 'FindTheVersion',
  actions: ['sagemaker:DescribeModelPackage', 'sagemaker:ListModelPackages'],
  // Also the listing is about packages (AWS: "Cross-account support", model package group policy).
  on: ['packages'],
};

/** Which package is the version's, for what the release record says of it. */
const compareWithRegistry: Grant = {
  sid: 'CompareWithTheRegistry',
  actions: ['sagemaker:ListModelPackages'],
  on: ['packages'],
};

/** Without it S3 answers 403 instead of 404 for an object that is not there. A `s3:prefix` condition would bring the 403 back. */
const tellAbsence = (...on: Grant['on']): Grant => ({ sid: 'TellAbsentFromForbidden', actions: ['s3:ListBucket'], on });

const readRelease: readonly Grant[] = [
  {
    sid: 'ReadTheEndpoint',
    actions: ['sagemaker:DescribeEndpoint'],
    on: ['endpoint'],
  },
  // One of them names its release record.
  { sid: 'ReadItsTags', actions: ['sagemaker:ListTags'], on: ['endpoint'] },
  {
    sid: 'ReadWhatItServes',
    actions: ['sagemaker:DescribeEndpointConfig'],
    on: ['allConfigs'],
  },
  { sid: 'ReadItsTraffic', actions: ['cloudwatch:GetMetricData'], on: ['everything'] },
  {
    sid: 'ReadItsScaling',
    actions: [
      'application-autoscaling:DescribeScalableTargets',
      'application-autoscaling:DescribeScalingPolicies',
      'application-autoscaling:DescribeScheduledActions',
    ],
    on: ['everything'],
  },
  { sid: 'ReadTheReleaseRecord', actions: ['s3:GetObject'], on: ['records'] },
  tellAbsence('releasesBucket'),
];

const readModels: Grant = { sid: 'ReadTheModels', actions: ['sagemaker:DescribeModel'], on: ['allModels'] };

/** Approval and content are looked at again while traffic moves (rule 18). */
const lookAtApproval: Grant = {
  sid: 'LookAtTheApproval',
  actions: ['sagemaker:DescribeModelPackage'],
  on: ['packages'],
};

const readContent: readonly Grant[] = [
  { sid: 'ReadTheImage', actions: ['ecr:BatchGetImage'], on: ['repository'] },
  { sid: 'ReadTheArtifact', actions: ['s3:GetObject'], on: ['pinned'] },
];

const readCandidate: readonly Grant[] = [findVersion, ...readContent];

const readAlarms: Grant = { sid: 'ReadAlarms', actions: ['cloudwatch:DescribeAlarms'], on: ['everything'] };

/** Either header, never none: a write that does not say what it follows would take a record from whoever holds it. */
const writeRelease: readonly Grant[] = [
  { sid: 'BeginTheReleaseRecord', actions: ['s3:PutObject'], on: ['records'], condition: conditions.creates },
  { sid: 'ContinueTheReleaseRecord', actions: ['s3:PutObject'], on: ['records'], condition: conditions.replaces },
];

const supervise: readonly Grant[] = [
  readAlarms,
  ...writeRelease,
  { sid: 'ReadWhatWentOff', actions: ['cloudwatch:DescribeAlarmHistory'], on: ['everything'], when: 'updates' },
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
    condition: conditions.instanceCounts,
    when: 'scales',
  },
  {
    sid: 'LetScalingChangeCapacity',
    actions: ['sagemaker:UpdateEndpointWeightsAndCapacities'],
    on: ['endpoint'],
    when: 'scales',
    because: 'Application Auto Scaling asks whether the caller may change what it is to change for them',
  },
  {
    sid: 'LetScalingMakeAlarms',
    actions: ['cloudwatch:PutMetricAlarm', 'cloudwatch:DeleteAlarms'],
    on: ['scalingAlarms'],
    when: 'scales',
    because: 'target tracking makes and removes alarms in the name of the caller',
  },
  {
    sid: 'LetScalingHaveItsRole',
    actions: ['iam:CreateServiceLinkedRole'],
    on: ['scalingRole'],
    condition: conditions.scalesEndpoints,
    when: 'scales',
    because: "the account's first scalable target makes the role that scales",
  },
];

const scale: readonly Grant[] = [
  {
    sid: 'SetScalingAside',
    actions: ['application-autoscaling:DeregisterScalableTarget'],
    on: ['scalableTargets'],
    condition: conditions.instanceCounts,
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
    because: "SageMaker makes a grant on `kms-key` in the name of the caller for the instances' volumes",
  },
  {
    sid: 'LetSageMakerFindTheKey',
    actions: ['kms:DescribeKey'],
    on: ['key'],
    condition: conditions.throughSageMaker,
    when: 'encrypts',
    because: 'SageMaker looks at `kms-key` in the name of the caller',
  },
];

/** Only what was published for this endpoint: a config of another one would bring that one's model and instances. */
const updateIt: Grant = { sid: 'UpdateIt', actions: ['sagemaker:UpdateEndpoint'], on: ['endpoint', 'ownConfigs'] };

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
    // Of two registrations of one version the later rejects its own package; IAM cannot tell whose package it is.
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
  'approve-gate': [findVersion],
  plan: [...readRelease, readAlarms, ...readCandidate],
  'deploy-endpoint': [
    ...readRelease,
    ...readCandidate,
    readModels,
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
    { sid: 'MakeTheEndpoint', actions: ['sagemaker:CreateEndpoint'], on: ['endpoint', 'ownConfigs'], when: 'creates' },
    { ...updateIt, when: 'updates' },
    {
      sid: 'BringTheCountBack',
      actions: ['sagemaker:UpdateEndpointWeightsAndCapacities'],
      on: ['endpoint'],
      when: 'resizes',
    },
    // The endpoint's tags are set again after an update, which carries none.
    { sid: 'TagTheEndpoint', actions: ['sagemaker:AddTags'], on: ['endpoint'] },
    {
      sid: 'TagWhatIsMade',
      actions: ['sagemaker:AddTags'],
      on: ['ownConfigs', 'ownModels'],
      condition: conditions.atCreation,
    },
    { ...armTheRelease, when: 'updates' },
    ...scale,
    ...encrypt,
  ],
  // The way back is weights: no metric of the suite's own aborts anything here.
  'shift-traffic': [
    ...readRelease,
    lookAtApproval,
    ...readContent,
    compareWithRegistry,
    readModels,
    readAlarms,
    { sid: 'ReadWhatWentOff', actions: ['cloudwatch:DescribeAlarmHistory'], on: ['everything'] },
    { sid: 'RemoveOwnAlarms', actions: ['cloudwatch:DeleteAlarms'], on: ['ownAlarms'] },
    armTheRelease,
    ...writeRelease,
    { sid: 'ShiftTheTraffic', actions: ['sagemaker:UpdateEndpointWeightsAndCapacities'], on: ['endpoint'] },
    updateIt,
    ...holdScaling,
    ...encrypt,
  ],
  // Neither CreateModel nor PassRole: models and configurations are kept (DESIGN §7 rule 3).
  rollback: [
    ...readRelease,
    compareWithRegistry,
    readModels,
    // As a watchdog it follows a left-behind delivery to its end; going back itself does not look at the registry.
    lookAtApproval,
    ...supervise,
    { sid: 'TakeTheTrafficBack', actions: ['sagemaker:UpdateEndpointWeightsAndCapacities'], on: ['endpoint'] },
    updateIt,
    ...scale,
    ...encrypt,
  ],
};

/** The IAM actions a run needs, sorted. @param needs of this run; what always is needed is in any case */
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
export interface Policy {
  readonly Version: '2012-10-17';
  readonly Statement: readonly Statement[];
}

const published: Readonly<Record<PublishedName, readonly Grant[]>> = {
  ...grants,
  approver: [
    findVersion,
    {
      sid: 'ApproveOrReject',
      actions: ['sagemaker:UpdateModelPackage'],
      on: ['packages'],
      condition: conditions.onlyDecides,
    },
  ],
};

/** Least privilege for every run of an operation at one place, as IAM takes it. */
export const policyFor = (policy: PublishedName, place: Place): Policy => {
  const resources = resourcesOf(place);
  return {
    Version: '2012-10-17',
    Statement: published[policy].map(({ sid, actions, on, condition }) => ({
      Sid: sid,
      Effect: 'Allow',
      Action: [...actions].sort(),
      Resource: on.map((name) => resources[name]),
      ...(condition ? { Condition: condition(place) } : {}),
    })),
  };
};

/** Action → why it is needed, for those that no request is called like. */
export const unasked = (policy: PublishedName): ReadonlyMap<string, string> =>
  new Map(
    published[policy].flatMap(({ actions, because }) =>
      because === undefined ? [] : actions.map((action) => [action, because] as const),
    ),
  );

export const policyNames = Object.keys(grants) as readonly PolicyName[];
export const publishedNames = Object.keys(published) as readonly PublishedName[];
