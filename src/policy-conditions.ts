import type { Place } from './policy-resources.ts';

/**
 * The conditions of the published policies. AWS's Service Authorization Reference names every key for its action. The simulator
 * refuses a policy with a key that the action does not have, and evaluates all others.
 */
export type Condition = Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;

/**
 * Facts that must stay as registered: the suite's own keys in CustomerMetadataProperties. A test compares them with
 * `registry/metadata.ts`, which is above this layer. IAM has no key for all metadata at once.
 */
const registeredFacts = [
  'semver',
  'content-digest',
  'artifact-sha256',
  'image-digest',
  'git-sha',
  'git-ref',
  'version-commit',
  'run-url',
  'version-run',
  'training-job',
  'taken-from',
  'earlier-approval',
  'earlier-approval-by',
  'earlier-approval-at',
  'earlier-approval-because',
] as const;

const absent = (...keys: readonly string[]): Readonly<Record<string, string>> =>
  Object.fromEntries(keys.map((key) => [key, 'true']));

const factsStay: Condition = {
  Null: absent(
    ...registeredFacts.map((name) => `sagemaker:CustomerMetadataProperties/${name}`),
    'sagemaker:CustomerMetadataPropertiesToRemove',
    'sagemaker:ModelLifeCycle:Stage',
    'sagemaker:ModelLifeCycle:StageStatus',
  ),
};

export const conditions = {
  /** A request without a status is refused: AWS does not document the resulting status. */
  unapproved: ({ registersAs = 'PendingManualApproval' }: Place): Condition => ({
    StringEquals: { 'sagemaker:ModelApprovalStatus': registersAs },
  }),
  /** A rejection alone, as far as IAM has keys. It has none for the InferenceSpecification. */
  onlyRejects: (): Condition => ({ StringEquals: { 'sagemaker:ModelApprovalStatus': 'Rejected' }, ...factsStay }),
  onlyDecides: (): Condition => ({
    StringEquals: { 'sagemaker:ModelApprovalStatus': ['Approved', 'Rejected'] },
    ...factsStay,
  }),
  /** An entry in the metadata, and no decision. IAM has no key for the InferenceSpecification; a delivery notices an edited one. */
  onlyNotes: (): Condition => ({
    Null: { ...factsStay['Null'], 'sagemaker:ModelApprovalStatus': 'true' },
  }),
  /** A stage and a status, and no decision. IAM has no key for the InferenceSpecification; a delivery notices an edited one. */
  onlyStages: (): Condition => ({
    Null: {
      ...factsStay['Null'],
      'sagemaker:ModelApprovalStatus': 'true',
      'sagemaker:ModelLifeCycle:Stage': 'false',
      'sagemaker:ModelLifeCycle:StageStatus': 'false',
    },
  }),
  /** AWS: "Enforce conditional writes on Amazon S3 buckets". */
  creates: (): Condition => ({ Null: { 's3:if-none-match': 'false' } }),
  /** The same page: the beginning and the parts of a multipart upload take no such header, and make no object. Its completion does. */
  makesNoObject: (): Condition => ({ Bool: { 's3:ObjectCreationOperation': 'false' } }),
  replaces: (): Condition => ({ Null: { 's3:if-match': 'false' } }),
  /** AWS: "Provide permissions for tagging SageMaker AI resources". */
  atCreation: (): Condition => ({
    StringEquals: { 'sagemaker:TaggingAction': ['CreateEndpointConfig', 'CreateModel'] },
  }),
  atTemporaryCreation: (): Condition => ({
    StringEquals: { 'sagemaker:TaggingAction': ['CreateEndpoint', 'CreateEndpointConfig', 'CreateModel'] },
  }),
  atJobCreation: (): Condition => ({ StringEquals: { 'sagemaker:TaggingAction': 'CreateTransformJob' } }),
  /** SageMaker reads the suite's alarms. An alarm with actions could start actions that the role itself may not take. */
  withoutActions: (): Condition => ({ Null: { 'cloudwatch:AlarmActions': 'true' } }),
  /** Only alarms that start a scaling policy of this endpoint. */
  startsItsScaling: ({ partition, region, account, endpoint }: Place): Condition => ({
    'ForAnyValue:StringLike': {
      'cloudwatch:AlarmActions': `arn:${partition}:autoscaling:${region}:${account}:scalingPolicy:*:resource/sagemaker/endpoint/${endpoint}/variant/*`,
    },
  }),
  ownNamespace: (): Condition => ({ StringEquals: { 'cloudwatch:namespace': 'ModelDelivery' } }),
  toSageMaker: (): Condition => ({ StringEquals: { 'iam:PassedToService': 'sagemaker.amazonaws.com' } }),
  toTasks: (): Condition => ({ StringEquals: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' } }),
  /** ECS developer guide, "Grant permission to tag resources on creation". */
  atRegistration: (): Condition => ({ StringEquals: { 'ecs:CreateAction': 'RegisterTaskDefinition' } }),
  variantCapacities: (): Condition => ({
    StringEquals: {
      'application-autoscaling:service-namespace': 'sagemaker',
      'application-autoscaling:scalable-dimension': [
        'sagemaker:variant:DesiredInstanceCount',
        'sagemaker:variant:DesiredProvisionedConcurrency',
      ],
    },
  }),
  scalesEndpoints: (): Condition => ({
    StringEquals: { 'iam:AWSServiceName': 'sagemaker.application-autoscaling.amazonaws.com' },
  }),
  /**
   * Only SageMaker, on behalf of the role, and only for resources that AWS itself encrypts (AWS KMS: "Controlling access to
   * grants").
   */
  grantsThroughSageMaker: ({ region, kmsAlias }: Place): Condition => ({
    Bool: { 'kms:GrantIsForAWSResource': 'true' },
    'ForAnyValue:StringEquals': { 'kms:ResourceAliases': kmsAlias },
    StringEquals: { 'kms:ViaService': `sagemaker.${region}.amazonaws.com` },
  }),
  throughSageMaker: ({ region, kmsAlias }: Place): Condition => ({
    'ForAnyValue:StringEquals': { 'kms:ResourceAliases': kmsAlias },
    StringEquals: { 'kms:ViaService': `sagemaker.${region}.amazonaws.com` },
  }),
} as const;
