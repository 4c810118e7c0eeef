const reads = [
  'application-autoscaling:DescribeScalableTargets',
  'application-autoscaling:DescribeScalingPolicies',
  'application-autoscaling:DescribeScheduledActions',
  'cloudwatch:DescribeAlarmHistory',
  'cloudwatch:DescribeAlarms',
  'cloudwatch:GetMetricData',
  's3:GetObject',
  'sagemaker:DescribeEndpoint',
  'sagemaker:DescribeEndpointConfig',
  'sagemaker:DescribeModel',
  'sagemaker:DescribeModelPackage',
  'sagemaker:ListModelPackages',
  'sagemaker:ListTags',
] as const;

const scalingWrites = [
  'application-autoscaling:DeregisterScalableTarget',
  'application-autoscaling:PutScalingPolicy',
  'application-autoscaling:PutScheduledAction',
  'application-autoscaling:RegisterScalableTarget',
] as const;

/** The IAM actions a delivery needs, for the plan. */
export const deployPermissions = (facts: {
  readonly creates: boolean;
  readonly serves: boolean;
  readonly passesRole: boolean;
  readonly scales: boolean;
  readonly encrypts: boolean;
}): readonly string[] =>
  [
    ...reads,
    // The registered image is asked for before anything is written (rule 2).
    'ecr:BatchGetImage',
    's3:PutObject',
    'sagemaker:AddTags',
    ...(facts.serves ? [] : ['sagemaker:CreateEndpointConfig', 'sagemaker:CreateModel']),
    ...(facts.serves ? [] : [facts.creates ? 'sagemaker:CreateEndpoint' : 'sagemaker:UpdateEndpoint']),
    ...(facts.serves || facts.creates
      ? []
      : ['cloudwatch:DeleteAlarms', 'cloudwatch:PutMetricAlarm', 'cloudwatch:PutMetricData']),
    ...(facts.serves || !facts.passesRole ? [] : ['iam:PassRole']),
    ...(facts.serves || !facts.encrypts ? [] : ['kms:CreateGrant', 'kms:DescribeKey']),
    ...(facts.scales ? scalingWrites : []),
  ].sort();

/** Going back needs neither CreateModel nor PassRole: models and configurations are kept (rule 3). */
export const rollbackPermissions: readonly string[] = [
  ...reads.filter((action) => !action.includes('ModelPackage')),
  'cloudwatch:DeleteAlarms',
  'cloudwatch:PutMetricData',
  's3:PutObject',
  'sagemaker:AddTags',
  'sagemaker:UpdateEndpoint',
].sort();
