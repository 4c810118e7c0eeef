import { PutObjectCommand } from '@aws-sdk/client-s3';
import {
  CreateEndpointCommand,
  CreateEndpointConfigCommand,
  CreateModelCommand,
  CreateModelPackageCommand,
  DeleteModelPackageCommand,
  PutModelPackageGroupPolicyCommand,
  UpdateEndpointCommand,
  UpdateEndpointWeightsAndCapacitiesCommand,
  UpdateModelPackageCommand,
  type UpdateModelPackageCommandInput,
} from '@aws-sdk/client-sagemaker';
import { AssumeRoleWithWebIdentityCommand } from '@aws-sdk/client-sts';
import type { Simulator } from '../../simulator/contracts.ts';
import type { PublishedName } from '../../src/permissions.ts';
import { type Duty, duties } from '../../src/policy-duties.ts';
import { type Account, clientsOf, openAccount } from '../simulator/support/account.ts';
import { dutyPolicies, type PublishedPolicy, publishedAs } from './policy-requests.ts';

/** The roles of docs/separation-of-duties.md, in the account of its policies. */
export const roleOf = (duty: Duty): string => `arn:aws:iam::111122223333:role/model-${duty}`;

/** The published policies of each role, as the page lists them. */
export const policiesOf: Readonly<Record<Duty, readonly PublishedName[]>> = {
  registrar: ['register-model'],
  approver: ['gate'],
  deployer: ['deploy-endpoint'],
};

/** The job of each role, as GitHub's identity tokens name it. */
export const jobOf: Readonly<Record<Duty, string>> = {
  registrar: 'ref:refs/heads/main',
  approver: 'environment:model-approval',
  deployer: 'environment:production',
};
export const repositories = ['repo:acme/churn', 'repo:acme@123456/churn@789012'] as const;

/** A policy file of `docs/permissions/duties`, as it is published. */
export const published = (name: `${Duty}-${'trust' | 'guard'}`): PublishedPolicy['document'] => {
  const found = dutyPolicies().find((policy) => policy.name === name);
  if (found === undefined) throw new Error(`docs/permissions/duties has no ${name}.json`);
  return found.document;
};
export const documentsOf = (duty: Duty): readonly PublishedPolicy['document'][] => publishedAs(...policiesOf[duty]);

/** An account with the three roles: each lets in the jobs of its own, and has its policies. */
export const openDuties = async (
  attached: (duty: Duty) => readonly PublishedPolicy['document'][] = (duty) => [
    ...documentsOf(duty),
    published(`${duty}-guard`),
  ],
): Promise<Account> => {
  const account = await openAccount({ roles: [...duties.map(roleOf), 'churn-serving'] });
  for (const duty of duties) {
    account.simulator.trust(roleOf(duty), published(`${duty}-trust`));
    for (const document of attached(duty)) account.simulator.attachPolicy(roleOf(duty), document);
  }
  return account;
};

export type Clients = ReturnType<typeof clientsOf>;

/** The role that a job gets for its identity token. @param subject of the token: `repo:acme/churn:environment:production` */
export const presents = async ({ simulator, sts }: Account, role: string, subject: string): Promise<Clients> => {
  const query = new URLSearchParams({ audience: 'sts.amazonaws.com', subject });
  const answer = await fetch(`${simulator.url}/github/oidc-token?${query}`);
  const { value } = (await answer.json()) as { readonly value: string };
  const { Credentials } = await sts.send(
    new AssumeRoleWithWebIdentityCommand({ RoleArn: role, RoleSessionName: 'run-1', WebIdentityToken: value }),
  );
  return clientsOf(simulator, {
    accessKeyId: Credentials?.AccessKeyId ?? '',
    secretAccessKey: Credentials?.SecretAccessKey ?? '',
    sessionToken: Credentials?.SessionToken ?? '',
  });
};

export const specification = (data: string) => ({
  Containers: [{ Image: '111122223333.dkr.ecr.eu-west-1.amazonaws.com/churn-serving:1', ModelDataUrl: data }],
  SupportedContentTypes: ['text/csv'],
  SupportedResponseMIMETypes: ['text/csv'],
});
const registered = {
  ModelPackageGroupName: 'churn',
  ModelPackageDescription: 'churn_v1.4.0',
  CustomerMetadataProperties: { 'content-digest': '77d0' },
  InferenceSpecification: specification('s3://ml-releases/churn/artifacts/4be1.tar.gz'),
};
const another = specification('s3://ml-artifacts/another.tar.gz');

/** A registered version that waits for its decision. */
export const waiting = async (simulator: Pick<Simulator, 'call'>): Promise<string> => {
  await simulator
    .call('sagemaker', 'CreateModelPackageGroup', { ModelPackageGroupName: 'churn' })
    .catch((error: Error) => {
      if (!error.message.startsWith('Model Package Group already exists')) throw error;
    });
  const { ModelPackageArn } = await simulator.call('sagemaker', 'CreateModelPackage', {
    ...registered,
    ModelApprovalStatus: 'PendingManualApproval',
  });
  return String(ModelPackageArn);
};

/** A request that a role could send, with an SDK and bad will. */
export interface Attempt {
  readonly name: string;
  readonly action: string;
  /** The roles that it is the duty of; IAM denies it to the others. */
  readonly by: readonly Duty[];
  readonly send: (clients: Clients, modelPackage: string) => Promise<unknown>;
}

const update = (
  name: string,
  by: readonly Duty[],
  change: Omit<UpdateModelPackageCommandInput, 'ModelPackageArn'>,
): Attempt => ({
  name,
  action: 'sagemaker:UpdateModelPackage',
  by,
  send: ({ sagemaker }, ModelPackageArn) =>
    sagemaker.send(new UpdateModelPackageCommand({ ModelPackageArn, ...change })),
});
const create = (name: string, by: readonly Duty[], more: object): Attempt => ({
  name,
  action: 'sagemaker:CreateModelPackage',
  by,
  send: ({ sagemaker }) => sagemaker.send(new CreateModelPackageCommand({ ...registered, ...more })),
});
const put = (name: string, by: readonly Duty[], Key: string): Attempt => ({
  name,
  action: 's3:PutObject',
  by,
  send: ({ s3 }) => s3.send(new PutObjectCommand({ Bucket: 'ml-releases', Key, Body: '{}', IfNoneMatch: '*' })),
});

const endpoint = { EndpointName: 'churn', EndpointConfigName: 'churn-1-4-0-0a1b2c3d' };
const approved = { ModelApprovalStatus: 'Approved', ApprovalDescription: 'recall holds' } as const;

export const attempts: readonly Attempt[] = [
  create('registers a version that waits', ['registrar'], { ModelApprovalStatus: 'PendingManualApproval' }),
  create('registers an approved version', [], { ModelApprovalStatus: 'Approved' }),
  create('registers a version whose status AWS chooses', [], {}),
  put('keeps an artifact', ['registrar'], 'churn/artifacts/4be1.tar.gz'),
  update('approves', ['approver'], approved),
  // The registrar rejects its own duplicate of a version; IAM does not know the owner of a package.
  update('rejects', ['approver', 'registrar'], { ModelApprovalStatus: 'Rejected', ApprovalDescription: 'recall fell' }),
  update('takes a decision back', [], { ModelApprovalStatus: 'PendingManualApproval' }),
  update('changes the content without a decision', [], { InferenceSpecification: another }),
  update('changes the model card without a decision', [], { ModelCard: { ModelCardStatus: 'Approved' } }),
  update('changes the registered digest with the decision', [], {
    ...approved,
    CustomerMetadataProperties: { 'content-digest': 'another' },
  }),
  update('removes a registered fact with the decision', [], {
    ...approved,
    CustomerMetadataPropertiesToRemove: ['content-digest'],
  }),
  update('moves the stage with the decision', [], {
    ...approved,
    ModelLifeCycle: { Stage: 'Production', StageStatus: 'Approved' },
  }),
  // With `stage` in the manifest the deployer also has the policy for it.
  update('writes the stage', [], { ModelLifeCycle: { Stage: 'Production', StageStatus: 'Serving' } }),
  // IAM has no key for the content. Its digest finds it (separation-of-duties.test.ts).
  update('changes the content with the decision', ['approver'], { ...approved, InferenceSpecification: another }),
  {
    name: 'removes a version',
    action: 'sagemaker:DeleteModelPackage',
    by: [],
    send: ({ sagemaker }, ModelPackageName) => sagemaker.send(new DeleteModelPackageCommand({ ModelPackageName })),
  },
  {
    name: 'opens the group to another account',
    action: 'sagemaker:PutModelPackageGroupPolicy',
    by: [],
    send: ({ sagemaker }) =>
      sagemaker.send(
        new PutModelPackageGroupPolicyCommand({ ModelPackageGroupName: 'churn', ResourcePolicy: '{"Statement":[]}' }),
      ),
  },
  {
    name: 'makes a model of the package',
    action: 'sagemaker:CreateModel',
    by: ['deployer'],
    send: ({ sagemaker }, ModelPackageName) =>
      sagemaker.send(
        new CreateModelCommand({
          ModelName: 'churn-1-4-0-0a1b2c3d',
          PrimaryContainer: { ModelPackageName },
          ExecutionRoleArn: 'arn:aws:iam::111122223333:role/churn-serving',
        }),
      ),
  },
  {
    name: 'makes a config',
    action: 'sagemaker:CreateEndpointConfig',
    by: ['deployer'],
    send: ({ sagemaker }) =>
      sagemaker.send(
        new CreateEndpointConfigCommand({
          EndpointConfigName: 'churn-1-4-0-0a1b2c3d',
          ProductionVariants: [{ VariantName: 'AllTraffic', ModelName: 'churn-1-4-0-0a1b2c3d' }],
        }),
      ),
  },
  {
    name: 'makes the endpoint',
    action: 'sagemaker:CreateEndpoint',
    by: ['deployer'],
    send: ({ sagemaker }) => sagemaker.send(new CreateEndpointCommand(endpoint)),
  },
  {
    name: 'updates the endpoint',
    action: 'sagemaker:UpdateEndpoint',
    by: ['deployer'],
    send: ({ sagemaker }) => sagemaker.send(new UpdateEndpointCommand(endpoint)),
  },
  {
    name: 'shifts the traffic',
    action: 'sagemaker:UpdateEndpointWeightsAndCapacities',
    by: ['deployer'],
    send: ({ sagemaker }) =>
      sagemaker.send(
        new UpdateEndpointWeightsAndCapacitiesCommand({
          EndpointName: 'churn',
          DesiredWeightsAndCapacities: [{ VariantName: 'AllTraffic', DesiredWeight: 1 }],
        }),
      ),
  },
  put('begins a release record', ['deployer'], 'churn/churn/record.json'),
];
