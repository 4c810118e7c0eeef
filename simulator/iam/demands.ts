import type { Kernel } from '../contracts.ts';
import { actionOf, isWrite, resourceOf } from '../request-log.ts';
import { carries, contextKey } from './context-keys.ts';

/** One IAM check. */
export interface Demand {
  readonly action: string;
  readonly resource: string;
  /** Values of a condition key; none: the key is absent. */
  readonly context: (key: string) => readonly string[];
}

export interface AwsCall {
  readonly service: string;
  readonly operation: string;
  /** Not validated yet: the IAM check comes first. */
  readonly input: Readonly<Record<string, unknown>>;
}

/** All IAM checks of AWS before it carries a call out; the call itself comes first. */
export const demandsOf = (kernel: Pick<Kernel, 'arn'>, call: AwsCall): readonly Demand[] => {
  const { service, operation, input } = call;
  const resource = resourceOf(kernel, service, operation, input);
  const model = operation === 'CreateTransformJob' ? input['ModelName'] : undefined;
  const filled = {
    ...(typeof model === 'string'
      ? { 'sagemaker:modelarn': kernel.arn('sagemaker', `model/${model.toLowerCase()}`) }
      : {}),
    // S3 user guide, "Enforce conditional writes on Amazon S3 buckets": false for the beginning and the parts of a multipart upload.
    ...(service === 's3' && actionOf(service, operation) === 's3:PutObject'
      ? { 's3:objectcreationoperation': String(!/^(CreateMultipartUpload|UploadPart|UploadPartCopy)$/.test(operation)) }
      : {}),
  };
  const own = demand(actionOf(service, operation), resource, input, filled);
  return [
    ...(service === 's3' && operation === 'DeleteObjects' ? deletions(kernel, call) : [own]),
    ...(service === 's3' ? besidesObject(call, resource) : []),
    ...(service === 'sagemaker' ? besides(kernel, call, resource) : []),
    ...(service === 'codedeploy' && operation === 'CreateDeployment' ? besidesDeployment(kernel, call, resource) : []),
    ...(operation === 'AssumeRole' ? besidesAssuming(input).map((action) => demand(action, resource, input)) : []),
    ...(service === 'ecs' && operation === 'RegisterTaskDefinition' ? besidesRevision(call, resource) : []),
    ...besidesPassed(call),
    ...source(kernel, call),
  ];
};

/** @param filled keys that AWS fills in by itself, in lower case */
const demand = (
  action: string,
  resource: string,
  input: AwsCall['input'],
  filled: Readonly<Record<string, string>> = {},
): Demand => ({
  action,
  resource,
  context: (key) => {
    const given = filled[key.toLowerCase()];
    if (given !== undefined) return [given];
    const known = contextKey(key);
    return known !== undefined && carries(known, action) ? (known.read?.(input) ?? []) : [];
  },
});

const besides = (kernel: Pick<Kernel, 'arn'>, { operation, input }: AwsCall, resource: string): readonly Demand[] => {
  const found: Demand[] = [];
  const config = input['EndpointConfigName'];
  // Both resources are required (AWS Service Authorization Reference, SageMaker: CreateEndpoint, UpdateEndpoint).
  if (/^(Create|Update)Endpoint$/.test(operation) && typeof config === 'string')
    found.push(
      demand(`sagemaker:${operation}`, kernel.arn('sagemaker', `endpoint-config/${config.toLowerCase()}`), input),
    );
  // AWS: "Cross-account support", whose resource policy allows CreateModel on the packages a model is made from.
  if (operation === 'CreateModel')
    for (const name of packagesIn(input)) {
      const arn = name.startsWith('arn:') ? name : kernel.arn('sagemaker', `model-package/${name.toLowerCase()}`);
      found.push(demand('sagemaker:CreateModel', arn, input));
    }
  // AWS: "Granting a user permissions to pass a role to an AWS service".
  for (const passed of [input['ExecutionRoleArn'], input['RoleArn']])
    if (isWrite(operation)) found.push(...passing(passed, 'sagemaker', input));
  // AWS: "Provide permissions for tagging SageMaker AI resources".
  const { Tags } = input;
  if (operation.startsWith('Create') && Array.isArray(Tags) && Tags.length > 0)
    found.push(demand('sagemaker:AddTags', resource, input, { 'sagemaker:taggingaction': operation }));
  return found;
};

/** Service Authorization Reference, S3: several objects are deleted by the permissions of one. */
const deletions = (kernel: Pick<Kernel, 'arn'>, { input }: AwsCall): readonly Demand[] =>
  (Array.isArray(input['Objects']) ? input['Objects'] : []).map(({ Key, VersionId }) => {
    const object = { Bucket: input['Bucket'], Key };
    const action = VersionId === undefined ? 's3:DeleteObject' : 's3:DeleteObjectVersion';
    return demand(action, resourceOf(kernel, 's3', 'DeleteObject', object), object);
  });

/** S3 API reference: GetObjectAttributes needs GetObject as well; a write with tags needs PutObjectTagging (PutObject, "Permissions"). */
const besidesObject = ({ operation, input }: AwsCall, resource: string): readonly Demand[] => [
  ...(operation === 'GetObjectAttributes' ? [demand('s3:GetObject', resource, input)] : []),
  ...(/^(PutObject|CopyObject|CreateMultipartUpload)$/.test(operation) && input['Tagging'] !== undefined
    ? [demand('s3:PutObjectTagging', resource, input)]
    : []),
];

const besidesDeployment = (kernel: Pick<Kernel, 'arn'>, { input }: AwsCall, group: string): readonly Demand[] => {
  const { applicationName, deploymentConfigName: config, overrideAlarmConfiguration } = input;
  const of = (action: string, resource: string): Demand => demand(`codedeploy:${action}`, resource, input);
  return [
    // CodePipeline user guide, "Service role permissions: CodeDeploy action": the deployment registers its revision and reads its configuration.
    of('RegisterApplicationRevision', kernel.arn('codedeploy', `application:${applicationName}`)),
    ...(typeof config === 'string'
      ? [of('GetDeploymentConfig', kernel.arn('codedeploy', `deploymentconfig:${config}`))]
      : []),
    // API, CreateDeployment: "If you specify an overrideAlarmConfiguration, you need the UpdateDeploymentGroup IAM permission".
    ...(overrideAlarmConfiguration === undefined ? [] : [of('UpdateDeploymentGroup', group)]),
  ];
};

/**
 * What assuming a role needs beside sts:AssumeRole, of the caller and of the role's trust policy (IAM user guide, "Pass session tags in
 * AWS STS", "Monitor and control actions taken with assumed roles").
 */
export const besidesAssuming = ({ Tags, SourceIdentity }: Readonly<Record<string, unknown>>): readonly string[] => [
  ...(Array.isArray(Tags) && Tags.length > 0 ? ['sts:TagSession'] : []),
  ...(SourceIdentity === undefined ? [] : ['sts:SetSourceIdentity']),
];

const passing = (role: unknown, service: string, input: AwsCall['input']): readonly Demand[] =>
  typeof role === 'string'
    ? [demand('iam:PassRole', role, input, { 'iam:passedtoservice': `${service}.amazonaws.com` })]
    : [];

/** The roles that a call passes, by service (AWS: Service Authorization Reference, dependent actions of each operation). */
const besidesPassed = ({ service, operation, input }: AwsCall): readonly Demand[] => {
  if (service === 'codedeploy' && operation === 'CreateDeploymentGroup')
    return passing(input['serviceRoleArn'], 'codedeploy', input);
  if (service === 'lambda' && /^(CreateFunction|UpdateFunctionConfiguration)$/.test(operation))
    return passing(input['Role'], 'lambda', input);
  const { pipeline } = input;
  if (service !== 'codepipeline' || pipeline === null || typeof pipeline !== 'object') return [];
  return passing('roleArn' in pipeline ? pipeline.roleArn : undefined, 'codepipeline', input);
};

/** ECS developer guide, "Grant permissions to pass a role" and "Grant permission to tag resources on creation". */
const besidesRevision = ({ input }: AwsCall, family: string): readonly Demand[] => [
  ...[input['taskRoleArn'], input['executionRoleArn']].flatMap((role) => passing(role, 'ecs-tasks', input)),
  ...(Array.isArray(input['tags']) && input['tags'].length > 0
    ? [demand('ecs:TagResource', family, input, { 'ecs:createaction': 'RegisterTaskDefinition' })]
    : []),
];

const packagesIn = ({ PrimaryContainer, Containers }: AwsCall['input']): readonly string[] =>
  [PrimaryContainer, ...(Array.isArray(Containers) ? Containers : [])].flatMap((container: unknown) => {
    const name =
      container !== null && typeof container === 'object' && 'ModelPackageName' in container
        ? container.ModelPackageName
        : undefined;
    return typeof name === 'string' ? [name] : [];
  });

/** S3 API reference, CopyObject and UploadPartCopy: read access to the source, write access to the destination. */
const source = (kernel: Pick<Kernel, 'arn'>, { service, operation, input }: AwsCall): readonly Demand[] => {
  const from = input['CopySource'];
  if (service !== 's3' || !/^(CopyObject|UploadPartCopy)$/.test(operation) || typeof from !== 'string') return [];
  const [path = ''] = decoded(from).replace(/^\//, '').split('?versionId=');
  const [Bucket = '', ...key] = path.split('/');
  const read = { Bucket, Key: key.join('/') };
  return [demand('s3:GetObject', resourceOf(kernel, 's3', 'GetObject', read), read)];
};

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    // The operation itself refuses it; IAM sees the original value.
    return text;
  }
};
