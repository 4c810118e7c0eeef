/**
 * The condition keys that this simulator knows, each with the actions whose requests carry it. A key that an action does not carry
 * is absent at AWS, whatever the request contains, so a condition on it is a mistake in the policy.
 *
 * Source: AWS Service Authorization Reference, "Actions, resources, and condition keys" of each service.
 */
export interface ContextKey {
  readonly actions: readonly string[];
  /** Keys with many values need a set operator (IAM user guide, "Single-valued vs. multivalued context keys"). */
  readonly values: 'one' | 'many';
  /** The key's values in a request; none: the key is absent. Undefined: AWS fills it in, see demands.ts. */
  readonly read?: (input: Readonly<Record<string, unknown>>) => readonly string[];
}

const registrations = ['sagemaker:CreateModelPackage', 'sagemaker:UpdateModelPackage'] as const;
const scalings = [
  'application-autoscaling:DeregisterScalableTarget',
  'application-autoscaling:PutScalingPolicy',
  'application-autoscaling:PutScheduledAction',
  'application-autoscaling:RegisterScalableTarget',
] as const;

const texts = (value: unknown): readonly string[] =>
  (Array.isArray(value) ? value : [value]).filter((one) => typeof one === 'string');

const at = (value: unknown, member: string): unknown =>
  value !== null && typeof value === 'object' && Object.hasOwn(value, member)
    ? (value as Readonly<Record<string, unknown>>)[member]
    : undefined;

const member =
  (...path: readonly string[]): NonNullable<ContextKey['read']> =>
  (input) =>
    texts(path.reduce<unknown>(at, input));

/** Names of keys are not case-sensitive (IAM user guide, "IAM JSON policy elements: Condition"). */
const known: ReadonlyMap<string, ContextKey> = inLowerCase({
  'sagemaker:ModelApprovalStatus': { actions: registrations, values: 'one', read: member('ModelApprovalStatus') },
  'sagemaker:ModelLifeCycle:Stage': { actions: registrations, values: 'one', read: member('ModelLifeCycle', 'Stage') },
  'sagemaker:ModelLifeCycle:StageStatus': {
    actions: registrations,
    values: 'one',
    read: member('ModelLifeCycle', 'StageStatus'),
  },
  'sagemaker:CustomerMetadataPropertiesToRemove': {
    actions: ['sagemaker:UpdateModelPackage'],
    values: 'many',
    read: member('CustomerMetadataPropertiesToRemove'),
  },
  // There is no key for the target variant.
  'sagemaker:TargetModel': { actions: ['sagemaker:InvokeEndpoint'], values: 'one', read: member('TargetModel') },
  'sagemaker:TargetContainerHostname': {
    actions: ['sagemaker:InvokeEndpoint'],
    values: 'one',
    read: member('TargetContainerHostname'),
  },
  'sagemaker:InstanceTypes': {
    actions: ['sagemaker:CreateEndpointConfig', 'sagemaker:CreateTransformJob'],
    values: 'many',
    read: (input) => {
      const variants = at(input, 'ProductionVariants');
      const hosts: readonly unknown[] = Array.isArray(variants) ? variants : [at(input, 'TransformResources')];
      return hosts.flatMap((host) => texts(at(host, 'InstanceType')));
    },
  },
  'sagemaker:ModelArn': { actions: ['sagemaker:CreateTransformJob'], values: 'one' },
  'sagemaker:TaggingAction': { actions: ['sagemaker:AddTags'], values: 'one' },
  's3:if-none-match': { actions: ['s3:PutObject'], values: 'one', read: member('IfNoneMatch') },
  's3:ObjectCreationOperation': { actions: ['s3:PutObject'], values: 'one' },
  's3:if-match': { actions: ['s3:PutObject'], values: 'one', read: member('IfMatch') },
  'cloudwatch:namespace': { actions: ['cloudwatch:PutMetricData'], values: 'one', read: member('Namespace') },
  'cloudwatch:AlarmActions': { actions: ['cloudwatch:PutMetricAlarm'], values: 'many', read: member('AlarmActions') },
  'application-autoscaling:service-namespace': { actions: scalings, values: 'one', read: member('ServiceNamespace') },
  'application-autoscaling:scalable-dimension': { actions: scalings, values: 'one', read: member('ScalableDimension') },
  'ecs:CreateAction': { actions: ['ecs:TagResource'], values: 'one' },
  'iam:PassedToService': { actions: ['iam:PassRole'], values: 'one' },
  'iam:AWSServiceName': { actions: ['iam:CreateServiceLinkedRole'], values: 'one' },
  'kms:GrantIsForAWSResource': { actions: ['kms:CreateGrant'], values: 'one' },
  'kms:ViaService': { actions: ['kms:CreateGrant', 'kms:DescribeKey'], values: 'one' },
  'kms:ResourceAliases': { actions: ['kms:CreateGrant', 'kms:DescribeKey'], values: 'many' },
});

/** Keys that end in a name of the user's, as `sagemaker:CustomerMetadataProperties/semver`. */
const families: ReadonlyMap<string, (name: string) => ContextKey> = inLowerCase({
  'sagemaker:CustomerMetadataProperties/': (name: string): ContextKey => ({
    actions: registrations,
    values: 'one',
    read: ({ CustomerMetadataProperties: properties }) =>
      Object.entries(properties ?? {}).flatMap(([property, value]) =>
        property.toLowerCase() === name ? texts(value) : [],
      ),
  }),
});

function inLowerCase<T>(table: Readonly<Record<string, T>>): ReadonlyMap<string, T> {
  return new Map(Object.entries(table).map(([name, value]) => [name.toLowerCase(), value]));
}

/** Undefined: this simulator does not know the key. */
export const contextKey = (name: string): ContextKey | undefined => {
  const key = name.toLowerCase();
  const [prefix, family] = [...families].find(([prefix]) => key.startsWith(prefix) && key.length > prefix.length) ?? [];
  return known.get(key) ?? family?.(key.slice(prefix?.length));
};

/** Whether requests for the action carry the key. */
export const carries = ({ actions }: ContextKey, action: string): boolean =>
  actions.some((one) => one.toLowerCase() === action.toLowerCase());
