import type { S3Location } from './manifest/manifest.ts';

/**
 * What each operation must be allowed, declared once: the plan's list of permissions and `docs/permissions/*.json` are made from
 * here, and `test/acceptance/permissions.test.ts` holds both against what the operations ask of AWS.
 */
export type PolicyName = 'register-model' | 'approve-gate' | 'plan' | 'deploy-endpoint' | 'shift-traffic' | 'rollback';

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

/** The names a policy is written for. */
export interface Place {
  readonly partition: string;
  readonly region: string;
  readonly account: string;
  readonly model: string;
  readonly endpoint: string;
  readonly executionRole: string;
  readonly releases: S3Location;
  /** Where training leaves its artifacts. */
  readonly artifacts: string;
  readonly repository: string;
  readonly kmsAlias: string;
}

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
type Condition = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** SageMaker compares names in lower case. A name that was cut to 63 characters needs a wider pattern. */
const resourcesOf = ({ partition, region, account, ...place }: Place) => {
  const regional = (service: string, resource: string): string =>
    `arn:${partition}:${service}:${region}:${account}:${resource}`;
  const s3 = (path: string): string => `arn:${partition}:s3:::${path}`;
  const iam = (resource: string): string => `arn:${partition}:iam::${account}:${resource}`;
  const [model, endpoint] = [place.model.toLowerCase(), place.endpoint.toLowerCase()];
  const releases = `${place.releases.bucket}/${place.releases.prefix}`;
  return {
    everything: '*',
    group: regional('sagemaker', `model-package-group/${model}`),
    packages: regional('sagemaker', `model-package/${model}/*`),
    trainingJobs: regional('sagemaker', 'training-job/*'),
    endpoint: regional('sagemaker', `endpoint/${endpoint}`),
    ownConfigs: regional('sagemaker', `endpoint-config/${endpoint}-*`),
    ownModels: regional('sagemaker', `model/${endpoint}-*`),
    // What served before the suite came has a name of somebody else's choice.
    allConfigs: regional('sagemaker', 'endpoint-config/*'),
    allModels: regional('sagemaker', 'model/*'),
    ownAlarms: regional('cloudwatch', `alarm:${place.endpoint}-*`),
    scalingAlarms: regional('cloudwatch', `alarm:TargetTracking-endpoint/${place.endpoint}/*`),
    repository: regional('ecr', `repository/${place.repository}`),
    key: regional('kms', 'key/*'),
    records: s3(`${releases}${place.endpoint}/*`),
    pinned: s3(`${releases}artifacts/*`),
    evaluations: s3(`${releases}evaluations/*`),
    releasesBucket: s3(place.releases.bucket),
    trained: s3(`${place.artifacts}/*`),
    trainedBucket: s3(place.artifacts),
    executionRole: iam(`role/${place.executionRole}`),
    scalingRole: iam(
      'role/aws-service-role/sagemaker.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint',
    ),
  };
};

const findVersion: Grant = {
  sid: 'FindTheVersion',
  actions: ['sagemaker:DescribeModelPackage', 'sagemaker:ListModelPackages'],
  on: ['group', 'packages'],
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

const supervise: readonly Grant[] = [
  readAlarms,
  { sid: 'WriteTheReleaseRecord', actions: ['s3:PutObject'], on: ['records'] },
  { sid: 'ReadWhatWentOff', actions: ['cloudwatch:DescribeAlarmHistory'], on: ['everything'], when: 'updates' },
  { sid: 'RemoveOwnAlarms', actions: ['cloudwatch:DeleteAlarms'], on: ['ownAlarms'], when: 'updates' },
  {
    sid: 'TakeTheUpdateBack',
    actions: ['cloudwatch:PutMetricData'],
    on: ['everything'],
    condition: () => ({ StringEquals: { 'cloudwatch:namespace': 'ModelDelivery' } }),
    when: 'updates',
  },
];

const ofSageMaker = (): Condition => ({
  StringEquals: { 'application-autoscaling:service-namespace': 'sagemaker' },
});

const holdScaling: readonly Grant[] = [
  {
    sid: 'Scale',
    actions: [
      'application-autoscaling:PutScalingPolicy',
      'application-autoscaling:PutScheduledAction',
      'application-autoscaling:RegisterScalableTarget',
    ],
    on: ['everything'],
    condition: ofSageMaker,
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
    condition: () => ({ StringEquals: { 'iam:AWSServiceName': 'sagemaker.application-autoscaling.amazonaws.com' } }),
    when: 'scales',
    because: "the account's first scalable target makes the role that scales",
  },
];

const scale: readonly Grant[] = [
  {
    sid: 'SetScalingAside',
    actions: ['application-autoscaling:DeregisterScalableTarget'],
    on: ['everything'],
    condition: ofSageMaker,
    when: 'scales',
  },
  ...holdScaling,
];

const encrypt: readonly Grant[] = [
  {
    sid: 'LetSageMakerUseTheKey',
    actions: ['kms:CreateGrant', 'kms:DescribeKey'],
    on: ['key'],
    condition: ({ kmsAlias }) => ({ 'ForAnyValue:StringEquals': { 'kms:ResourceAliases': kmsAlias } }),
    when: 'encrypts',
    because: "SageMaker makes a grant on `kms-key` in the name of the caller for the instances' volumes",
  },
];

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
      actions: ['sagemaker:CreateModelPackage', 'sagemaker:UpdateModelPackage'],
      on: ['group', 'packages'],
      condition: () => ({ StringNotEqualsIfExists: { 'sagemaker:ModelApprovalStatus': 'Approved' } }),
    },
    { sid: 'ReadTheTrainingJob', actions: ['sagemaker:DescribeTrainingJob'], on: ['trainingJobs'], when: 'trains' },
    { sid: 'ResolveTheImage', actions: ['ecr:BatchGetImage'], on: ['repository'], when: 'pins' },
    { sid: 'ReadWhatTrainingMade', actions: ['s3:GetObject'], on: ['trained'], when: 'pins' },
    { sid: 'KeepTheArtifact', actions: ['s3:GetObject', 's3:PutObject'], on: ['pinned'], when: 'pins' },
    { sid: 'KeepTheEvaluation', actions: ['s3:GetObject', 's3:PutObject'], on: ['evaluations'], when: 'evaluates' },
    { ...tellAbsence('releasesBucket', 'trainedBucket'), when: 'pins' },
  ],
  'approve-gate': [findVersion],
  plan: [...readRelease, readAlarms, ...readCandidate],
  'deploy-endpoint': [
    ...readRelease,
    ...readCandidate,
    readModels,
    ...supervise,
    {
      sid: 'PublishTheVersion',
      actions: ['sagemaker:CreateEndpointConfig', 'sagemaker:CreateModel'],
      on: ['ownConfigs', 'ownModels', 'packages'],
      when: 'publishes',
    },
    {
      sid: 'PassTheExecutionRole',
      actions: ['iam:PassRole'],
      on: ['executionRole'],
      condition: () => ({ StringEquals: { 'iam:PassedToService': 'sagemaker.amazonaws.com' } }),
      when: 'passes-role',
    },
    { sid: 'MakeTheEndpoint', actions: ['sagemaker:CreateEndpoint'], on: ['endpoint', 'ownConfigs'], when: 'creates' },
    { sid: 'UpdateIt', actions: ['sagemaker:UpdateEndpoint'], on: ['endpoint', 'ownConfigs'], when: 'updates' },
    {
      sid: 'BringTheCountBack',
      actions: ['sagemaker:UpdateEndpointWeightsAndCapacities'],
      on: ['endpoint'],
      when: 'resizes',
    },
    { sid: 'TagWhatIsMade', actions: ['sagemaker:AddTags'], on: ['endpoint', 'ownConfigs', 'ownModels'] },
    { sid: 'ArmTheRelease', actions: ['cloudwatch:PutMetricAlarm'], on: ['ownAlarms'], when: 'updates' },
    ...scale,
    ...encrypt,
  ],
  // The judge convicts here, no alarm of the release's own: nothing arms, aborts or reads one.
  'shift-traffic': [
    ...readRelease,
    lookAtApproval,
    ...readContent,
    { sid: 'WriteTheReleaseRecord', actions: ['s3:PutObject'], on: ['records'] },
    { sid: 'ShiftTheTraffic', actions: ['sagemaker:UpdateEndpointWeightsAndCapacities'], on: ['endpoint'] },
    { sid: 'UpdateIt', actions: ['sagemaker:UpdateEndpoint'], on: ['endpoint', 'allConfigs'] },
    ...holdScaling,
    ...encrypt,
  ],
  // Neither CreateModel nor PassRole: models and configurations are kept (DESIGN §7 rule 3).
  rollback: [
    ...readRelease,
    readModels,
    // As a watchdog it follows a left-behind delivery to its end; going back itself does not look at the registry.
    lookAtApproval,
    ...supervise,
    { sid: 'UpdateIt', actions: ['sagemaker:UpdateEndpoint'], on: ['endpoint', 'allConfigs'] },
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

/** Least privilege for every run of an operation at one place, as IAM takes it. */
export const policyFor = (policy: PolicyName, place: Place): Policy => {
  const resources = resourcesOf(place);
  return {
    Version: '2012-10-17',
    Statement: grants[policy].map(({ sid, actions, on, condition }) => ({
      Sid: sid,
      Effect: 'Allow',
      Action: [...actions].sort(),
      Resource: on.map((name) => resources[name]),
      ...(condition ? { Condition: condition(place) } : {}),
    })),
  };
};

/** Action → why it is needed, for those that no request is called like. */
export const unasked = (policy: PolicyName): ReadonlyMap<string, string> =>
  new Map(
    grants[policy].flatMap(({ actions, because }) =>
      because === undefined ? [] : actions.map((action) => [action, because] as const),
    ),
  );

export const policyNames = Object.keys(grants) as readonly PolicyName[];
