import { createHash } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import type { Kernel, LoggedRequest } from './contracts.ts';
import { targetArn } from './services/scaling-descriptions.ts';
import { isDimension } from './services/scaling-policies.ts';
import type { WireAnswer, WireRequest } from './wire.ts';

/** Every AWS call in the order it was handled; it proves dry-run purity, idempotency and least privilege. */
export interface RequestLog {
  readonly requests: readonly LoggedRequest[];
  add(request: LoggedRequest): void;
  /** The bytes of both sides. */
  addWire(entry: WireEntry): void;
}

export interface WireEntry {
  /** Of all requests; ids are made of it. */
  readonly number: number;
  readonly service: string;
  readonly operation: string;
  readonly protocol: string;
  /** Whether the operation's own logic, a constraint, or planned harm and credentials gave the answer. */
  readonly answeredBy: 'operation' | 'constraint' | 'gate';
  readonly request: WireRequest;
  readonly answer: WireAnswer;
}

export const createRequestLog = (addWire: RequestLog['addWire']): RequestLog => {
  const requests: LoggedRequest[] = [];
  return { requests, add: (request) => requests.push(request), addWire };
};

/** JSON Lines, appended, bodies in base64. They begin with `alike`, which is equal where nothing but times, ids and signatures differ. */
export const wireWriter =
  (file: string): RequestLog['addWire'] =>
  (entry) => {
    const { request, answer, ...rest } = entry;
    const { method, path, query, headers } = request;
    const sent = { method, path, query: query.toString(), headers, body: request.body.toString('base64') };
    const given = { status: answer.status, headers: answer.headers, body: answer.body.toString('base64') };
    appendFileSync(file, `${JSON.stringify({ alike: alikeOf(entry), ...rest, request: sent, answer: given })}\n`);
  };

/** ISO 8601, seconds since 1970, the `Date` of HTTP, and CBOR's tag 1 with a double: one form is not alike another. */
const times =
  /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z|\b\d{10}(\.\d+)?\b|\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT|\xc1\xfb[\s\S]{8}/g;
/** Of one request, of its signature, and of the program that sent it. */
const ofOneRequest =
  /^(x-amzn?-request-?id|x-amz-id-2|date|x-amz-date|authorization|x-amz-security-token|host|user-agent|x-amz-user-agent|amz-sdk-.*)$/;

const alikeOf = ({ service, operation, protocol, answeredBy, request, answer }: WireEntry): string => {
  const hash = createHash('sha1').update([service, operation, protocol, answeredBy, answer.status].join('\0'));
  const add = (text: string): void =>
    void hash.update(`\0${text.replace(times, (time) => `${time.length}${time[0]}`)}`);
  for (const { headers, body } of [request, answer]) {
    for (const [name, value] of Object.entries(headers)) if (!ofOneRequest.test(name)) add(`${name}:${value}`);
    add(body.toString('latin1'));
  }
  add(`${request.method} ${request.path}?${request.query}`);
  return hash.digest('hex');
};

const writes =
  /^(Abort|Acknowledge|Add|Attach|Complete|Continue|Copy|Create|Delete|Deregister|Detach|Disable|Enable|Override|Publish|Put|Register|Retry|Rollback|Set|Start|Stop|Tag|Untag|Update|Upload)/;

export const isWrite = (operation: string): boolean => writes.test(operation);

/** Calls without any effect. An invocation is none of them: it is counted, and may fill a queue. */
export const isReading = (operation: string): boolean => /^(BatchGet|Describe|Get|Head|List)/.test(operation);

/** The IAM action an operation needs, where it is not `<service>:<Operation>` (AWS: Service Authorization Reference). */
const actions: Readonly<Record<string, string>> = {
  's3:HeadObject': 's3:GetObject',
  's3:CopyObject': 's3:PutObject',
  's3:CreateMultipartUpload': 's3:PutObject',
  's3:UploadPartCopy': 's3:PutObject',
  's3:UploadPart': 's3:PutObject',
  's3:CompleteMultipartUpload': 's3:PutObject',
  's3:ListParts': 's3:ListMultipartUploadParts',
  's3:ListMultipartUploads': 's3:ListBucketMultipartUploads',
  's3:ListObjectsV2': 's3:ListBucket',
  's3:ListObjects': 's3:ListBucket',
  's3:ListObjectVersions': 's3:ListBucketVersions',
  's3:DeleteBucketTagging': 's3:PutBucketTagging',
  's3:HeadBucket': 's3:ListBucket',
  's3:ListBuckets': 's3:ListAllMyBuckets',
  's3:PutPublicAccessBlock': 's3:PutBucketPublicAccessBlock',
  's3:GetPublicAccessBlock': 's3:GetBucketPublicAccessBlock',
  'lambda:Invoke': 'lambda:InvokeFunction',
  'sagemaker-runtime:InvokeEndpoint': 'sagemaker:InvokeEndpoint',
  'sagemaker-runtime:InvokeEndpointAsync': 'sagemaker:InvokeEndpointAsync',
};

export const actionOf = (service: string, operation: string): string =>
  actions[`${service}:${operation}`] ?? `${service}:${operation}`;

/** SageMaker's resource types by the input member that names them; SageMaker lower-cases names in ARNs. */
const sagemakerResources = [
  ['InferenceComponentName', 'inference-component'],
  ['EndpointName', 'endpoint'],
  ['EndpointConfigName', 'endpoint-config'],
  ['TransformJobName', 'transform-job'],
  ['ModelName', 'model'],
  ['ModelPackageName', 'model-package'],
  ['ModelPackageArn', 'model-package'],
  ['ModelPackageGroupName', 'model-package-group'],
  ['TrainingJobName', 'training-job'],
  ['ResourceArn', ''],
] as const;

/** Calls about the versions of a group: SageMaker matches them as packages (AWS: "Cross-account support", model package group policy). */
const aboutVersions = /^(Create|List)ModelPackages?$/;

/** The resource that IAM would match the call against; `*` for calls without a resource. */
export const resourceOf = (
  kernel: Pick<Kernel, 'arn'>,
  service: string,
  operation: string,
  input: Readonly<Record<string, unknown>>,
): string => {
  const text = (member: string): string | undefined => {
    const value = Array.isArray(input[member]) ? input[member][0] : input[member];
    return typeof value === 'string' ? value : undefined;
  };
  switch (service) {
    case 's3': {
      if (operation === 'ListBuckets') return '*';
      const key = text('Key');
      return `arn:aws:s3:::${text('Bucket') ?? ''}${key === undefined ? '' : `/${key}`}`;
    }
    case 'sagemaker':
    case 'sagemaker-runtime': {
      const group = text('ModelPackageGroupName');
      if (group !== undefined && aboutVersions.test(operation))
        return group.startsWith('arn:')
          ? `${group.replace(':model-package-group/', ':model-package/')}/*`
          : kernel.arn('sagemaker', `model-package/${group.toLowerCase()}/*`);
      const experiment = text('Name');
      if (experiment !== undefined && operation.endsWith('InferenceExperiment'))
        return kernel.arn('sagemaker', `inference-experiment/${experiment.toLowerCase()}`);
      for (const [member, type] of sagemakerResources) {
        const name = text(member);
        if (name !== undefined)
          return name.startsWith('arn:') ? name : kernel.arn('sagemaker', `${type}/${name.toLowerCase()}`);
      }
      return '*';
    }
    case 'cloudwatch': {
      const alarm = text('AlarmName') ?? text('AlarmNames');
      return alarm === undefined ? (text('ResourceARN') ?? '*') : kernel.arn('cloudwatch', `alarm:${alarm}`);
    }
    case 'ecr': {
      const name = text('repositoryName') ?? text('repositoryNames');
      // A listing of all repositories is about each of them (Service Authorization Reference, Amazon ECR).
      const own = kernel.arn('ecr', `repository/${name ?? '*'}`);
      const registry = text('registryId');
      // A repository of another registry is that account's resource.
      return registry === undefined ? own : own.replace(/:\d{12}:/, `:${registry}:`);
    }
    case 'codepipeline': {
      // Service Authorization Reference, AWS CodePipeline: resource type `actiontype`.
      if (/^(Create|Delete)CustomActionType$/.test(operation))
        return kernel.arn(
          'codepipeline',
          `actiontype:Custom/${text('category')}/${text('provider')}/${text('version')}`,
        );
      const { name: declared } = { ...(input['pipeline'] as { readonly name?: string } | undefined) };
      const pipeline = text('pipelineName') ?? text('name') ?? declared;
      if (pipeline === undefined) return '*';
      // User guide "Grant approval permissions to an IAM user in CodePipeline": `arn:…:pipeline/stage/action`.
      const action = operation === 'PutApprovalResult' ? `/${text('stageName')}/${text('actionName')}` : '';
      return kernel.arn('codepipeline', `${pipeline}${action}`);
    }
    case 'codedeploy': {
      const application = text('applicationName');
      const group = text('deploymentGroupName');
      const config = text('deploymentConfigName');
      if (application !== undefined)
        return kernel.arn(
          'codedeploy',
          group === undefined ? `application:${application}` : `deploymentgroup:${application}/${group}`,
        );
      // A call that names a deployment alone: IAM knows its group, which the call does not name.
      return config === undefined ? '*' : kernel.arn('codedeploy', `deploymentconfig:${config}`);
    }
    case 'ecs': {
      // Service Authorization Reference, Amazon ECS: DescribeTaskDefinition has no resource; RegisterTaskDefinition has the family's.
      const family = text('family');
      if (operation === 'RegisterTaskDefinition') return kernel.arn('ecs', `task-definition/${family}:*`);
      if (operation !== 'DescribeServices') return '*';
      const service = text('services') ?? '';
      return service.startsWith('arn:')
        ? service
        : kernel.arn('ecs', `service/${(text('cluster') ?? 'default').split('/').at(-1)}/${service}`);
    }
    case 'lambda': {
      const given = text('FunctionName');
      if (given === undefined) return '*';
      const qualifier = text('Qualifier');
      const name = /(?:^|:)function:([^:]+)/.exec(given)?.[1] ?? given;
      return kernel.arn('lambda', `function:${name}${qualifier === undefined ? '' : `:${qualifier}`}`);
    }
    case 'iam': {
      // IAM's resources lie in no region. ListRoles is about none (Service Authorization Reference, IAM).
      const role = text('RoleName');
      return role === undefined
        ? '*'
        : kernel.arn('iam', `role${text('Path') ?? '/'}${role}`).replace(/^(arn:aws:iam:)[^:]*/, '$1');
    }
    case 'sns': {
      const name = text('Name');
      return text('TopicArn') ?? (name === undefined ? '*' : kernel.arn('sns', name));
    }
    case 'events': {
      // Service Authorization Reference, Amazon EventBridge: the bus is the resource of PutEvents.
      const [first] = Array.isArray(input['Entries']) ? (input['Entries'] as readonly unknown[]) : [];
      const named = text('Name') ?? (first as { readonly EventBusName?: unknown } | undefined)?.EventBusName;
      const bus = typeof named === 'string' ? named : 'default';
      return bus.startsWith('arn:') ? bus : kernel.arn('events', `event-bus/${bus}`);
    }
    case 'sts':
      return text('RoleArn') ?? '*';
    case 'application-autoscaling': {
      // The reading calls take no resource (AWS Service Authorization Reference, Application Auto Scaling).
      const resourceId = isWrite(operation) ? text('ResourceId') : undefined;
      const dimension = text('ScalableDimension') ?? '';
      return resourceId !== undefined && isDimension(dimension) ? targetArn(kernel, { resourceId, dimension }) : '*';
    }
    default:
      return '*';
  }
};
