import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { documentsFor, type PublishedName } from '../../src/permissions.ts';
import { place } from './policy-place.ts';

/** A question to IAM as plain data, for two evaluators. */
export interface PolicyRequest {
  /** Its subject, for the title of a test. */
  readonly name: string;
  readonly action: string;
  readonly resource: string;
  readonly context: Readonly<Record<string, readonly string[]>>;
  readonly allowed: boolean;
}

export interface PublishedPolicy {
  readonly name: string;
  readonly document: { readonly Version: string; readonly Statement: readonly PublishedStatement[] };
}
export interface PublishedStatement {
  readonly Sid: string;
  readonly Effect?: string;
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
  readonly Principal?: { readonly AWS?: readonly string[]; readonly Federated?: string };
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

const folder = join(import.meta.dirname, '../../docs/permissions');

/** The policies in `docs/permissions`. */
export const publishedPolicies = (): readonly PublishedPolicy[] => policiesIn(folder);

/** The documents of one policy, as a role gets them attached. */
export const publishedAs = (...policies: readonly PublishedName[]): readonly PublishedPolicy['document'][] => {
  const names = policies.flatMap((policy) => Object.keys(documentsFor(policy, place)));
  return publishedPolicies()
    .filter(({ name }) => names.includes(name))
    .map(({ document }) => document);
};

/** The policies for a registry in another account; those of resources name principals. */
export const sharedPolicies = (): readonly PublishedPolicy[] => policiesIn(join(folder, 'two-accounts'));

/** Beside those for three roles: who lets in whose jobs, and what each denies. */
export const dutyPolicies = (): readonly PublishedPolicy[] => policiesIn(join(folder, 'duties'));

const policiesIn = (place: string): readonly PublishedPolicy[] =>
  readdirSync(place)
    .filter((file) => file.endsWith('.json'))
    .sort()
    .map((file) => ({
      name: file.replace('.json', ''),
      document: JSON.parse(readFileSync(join(place, file), 'utf8')),
    }));

/** The context of the suite's requests, by the statement that allows them. `permissions.test.ts` shows that the suite sends it. */
export const sent: Readonly<Record<string, PolicyRequest['context']>> = {
  RegisterButNotApprove: { 'sagemaker:ModelApprovalStatus': ['PendingManualApproval'] },
  ApproveOrReject: { 'sagemaker:ModelApprovalStatus': ['Approved'] },
  WriteTheStage: {
    'sagemaker:ModelLifeCycle:Stage': ['Production'],
    'sagemaker:ModelLifeCycle:StageStatus': ['Approved'],
  },
  RejectADuplicate: { 'sagemaker:ModelApprovalStatus': ['Rejected'] },
  KeepTheArtifact: { 's3:if-none-match': ['*'] },
  CopyInParts: { 's3:ObjectCreationOperation': ['false'] },
  KeepTheEvaluation: { 's3:if-none-match': ['*'] },
  BeginTheReleaseRecord: { 's3:if-none-match': ['*'] },
  ContinueTheReleaseRecord: { 's3:if-match': ['"0f343b0931126a20f133d67c2b018a3b"'] },
  BeginTheTest: { 's3:if-none-match': ['*'] },
  ContinueTheTest: { 's3:if-match': ['"0f343b0931126a20f133d67c2b018a3b"'] },
  TagTheJob: { 'sagemaker:TaggingAction': ['CreateTransformJob'] },
  TakeTheUpdateBack: { 'cloudwatch:namespace': ['ModelDelivery'] },
  PassTheExecutionRole: { 'iam:PassedToService': ['sagemaker.amazonaws.com'] },
  PassItsRoles: { 'iam:PassedToService': ['ecs-tasks.amazonaws.com'] },
  KeepItsTags: { 'ecs:CreateAction': ['RegisterTaskDefinition'] },
  TagWhatIsMade: { 'sagemaker:TaggingAction': ['CreateModel'] },
  PointAlarmsAtScaling: {
    'cloudwatch:AlarmActions': [
      'arn:aws:sns:eu-west-1:111122223333:on-call',
      'arn:aws:autoscaling:eu-west-1:111122223333:scalingPolicy:0a1b:resource/sagemaker/endpoint/churn/variant/AllTraffic:policyName/wake',
    ],
  },
  Scale: scaling(),
  LetScalingHaveItsRole: { 'iam:AWSServiceName': ['sagemaker.application-autoscaling.amazonaws.com'] },
  LetSageMakerUseTheKey: {
    'kms:GrantIsForAWSResource': ['true'],
    'kms:ResourceAliases': ['alias/other', 'alias/ml'],
    'kms:ViaService': ['sagemaker.eu-west-1.amazonaws.com'],
  },
  LetSageMakerFindTheKey: {
    'kms:ResourceAliases': ['alias/ml'],
    'kms:ViaService': ['sagemaker.eu-west-1.amazonaws.com'],
  },
};

function scaling(): PolicyRequest['context'] {
  return {
    'application-autoscaling:service-namespace': ['sagemaker'],
    'application-autoscaling:scalable-dimension': ['sagemaker:variant:DesiredInstanceCount'],
  };
}

/** Other values that AWS could find under the key. */
const others: Readonly<Record<string, readonly string[]>> = {
  'sagemaker:ModelApprovalStatus': ['PendingManualApproval', 'Approved', 'Rejected'],
  'kms:GrantIsForAWSResource': ['false'],
  'application-autoscaling:service-namespace': ['ecs'],
  'application-autoscaling:scalable-dimension': ['sagemaker:inference-component:DesiredCopyCount'],
  'iam:PassedToService': ['lambda.amazonaws.com'],
  'iam:AWSServiceName': ['ecs.application-autoscaling.amazonaws.com'],
  's3:ObjectCreationOperation': ['true'],
  'cloudwatch:namespace': ['AWS/SageMaker'],
  'cloudwatch:AlarmActions': [
    'arn:aws:sns:eu-west-1:111122223333:on-call',
    'arn:aws:autoscaling:eu-west-1:111122223333:scalingPolicy:0a1b:resource/sagemaker/endpoint/other/variant/AllTraffic:policyName/wake',
  ],
  'sagemaker:TaggingAction': ['CreateTrainingJob'],
  'ecs:CreateAction': ['CreateCluster'],
  'kms:ResourceAliases': ['alias/payroll'],
  'kms:ViaService': ['s3.eu-west-1.amazonaws.com'],
};

/**
 * For every action on every resource of every statement: the suite's request, the same on a foreign resource, and for each condition
 * the requests that violate it.
 */
export const requestsUnder = ({ document }: PublishedPolicy): readonly PolicyRequest[] =>
  document.Statement.flatMap((statement) =>
    statement.Action.flatMap((action) =>
      statement.Resource.flatMap((pattern) => {
        const title = `${statement.Sid}: ${action} on ${pattern}`;
        const context = sent[statement.Sid] ?? {};
        const request = { action, resource: sample(pattern), context };
        return [
          { ...request, name: title, allowed: true },
          ...elsewhere(request.resource).map((resource) => ({
            ...request,
            resource,
            name: `${statement.Sid}: ${action} on ${resource}`,
            allowed: false,
          })),
          ...breaches(statement, context).map(({ name, context: broken }) => ({
            ...request,
            context: broken,
            name: `${title}, ${name}`,
            allowed: false,
          })),
        ];
      }),
    ),
  );

/** An example that matches a pattern. */
const sample = (pattern: string): string => {
  if (pattern === '*') return '*';
  if (pattern.endsWith('key/*')) return pattern.replace('*', '1234abcd-12ab-34cd-56ef-1234567890ab');
  return pattern.replaceAll('*', pattern.includes(':model-package/') ? '7' : '1-4-0-0a1b2c3d');
};

/** The same kind of resource in another account, or of another model, endpoint, role or bucket. */
const elsewhere = (resource: string): readonly string[] => {
  if (resource === '*') return [];
  const renamed = resource.replace(/churn|ml-(releases|training|registry)|registry-reader/, 'another');
  return [...new Set([renamed, resource.replace(/111122223333|999988887777/, '444455556666')])].filter(
    (one) => one !== resource,
  );
};

const breaches = (
  { Condition }: PublishedStatement,
  context: PolicyRequest['context'],
): readonly { readonly name: string; readonly context: PolicyRequest['context'] }[] =>
  Object.entries(Condition ?? {}).flatMap(([operator, keys]) =>
    Object.entries(keys).flatMap(([key, value]) => {
      const { [key]: _removed, ...left } = context;
      const without = { name: `without ${key}`, context: left };
      const strangers = (others[key] ?? ['elsewhere']).filter((one) => ![value].flat().includes(one));
      const changed = strangers.map((stranger) => ({
        name: `with ${key} ${stranger}`,
        context: { ...left, [key]: [stranger] },
      }));
      if (operator !== 'Null') return [without, ...changed];
      return value === 'true' ? changed : [without];
    }),
  );
