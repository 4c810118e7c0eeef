import type { Simulator } from '../../simulator/contracts.ts';
import { type PublishedName, policyFor } from '../permissions.ts';
import type { Place } from '../policy-resources.ts';
import {
  type Deliverer,
  type Sharing,
  type SharingName,
  type SharingPolicy,
  sharingPolicies,
} from '../policy-sharing.ts';
import { defaultReleases } from '../release/location.ts';
import { rehearsedTeam as team } from './manifest.ts';

/** Registry, artifacts and images in an account of their own; staging and production deliver from there, each in its own account. */
export const accounts = {
  tooling: '999988887777',
  staging: '444455556666',
  production: team.account,
} as const;

export const sharedImage = `${accounts.tooling}.dkr.ecr.${team.region}.amazonaws.com/iris-serving:1`;
/** KMS key of the registry's account, which encrypts its artifacts. */
export const sharedKey = `arn:aws:kms:${team.region}:${accounts.tooling}:key/1234abcd-12ab-34cd-56ef-1234567890ab`;
export const groupArn = `arn:aws:sagemaker:${team.region}:${accounts.tooling}:model-package-group/${team.model}`;

const arnOf = (account: string, role: string): string => `arn:aws:iam::${account}:role/${role}`;

/** Roles beside the team's usual ones. */
export const sharedRoles: readonly string[] = [
  arnOf(accounts.tooling, 'model-registrar'),
  arnOf(accounts.tooling, 'registry-reader'),
  arnOf(accounts.staging, 'model-registrar'),
  arnOf(accounts.staging, 'model-deployer'),
  arnOf(accounts.staging, 'iris-serving'),
];

export const sharing: Sharing = {
  partition: 'aws',
  region: team.region,
  account: accounts.tooling,
  model: team.model,
  artifacts: defaultReleases({ id: accounts.tooling, region: team.region }),
  repository: 'iris-serving',
  reader: 'registry-reader',
  deliverers: [accounts.staging, accounts.production].map((account) => ({
    account,
    deployer: 'model-deployer',
    execution: 'iris-serving',
  })),
};

/** Changes a policy before it is set; undefined: it was forgotten. */
export type Edit = (name: SharingName, policy: SharingPolicy) => SharingPolicy | undefined;

export const forgotten =
  (missing: SharingName): Edit =>
  (name, policy) =>
    name === missing ? undefined : policy;

/** A role of a delivering account, with the published policies that it has beside its access to the registry. */
export type SharedRole = Deliverer & { readonly has?: readonly PublishedName[] };

/** Sets up both sides: the resource policies of the registry's account, and the policies of the roles. */
export const share = async (
  simulator: Simulator,
  edit: Edit = (_name, policy) => policy,
  deliverers: readonly SharedRole[] = sharing.deliverers,
): Promise<void> => {
  const published = sharingPolicies({ ...sharing, deliverers });
  const policy = (name: SharingName): SharingPolicy | undefined => edit(name, published[name]);
  const tooling = simulator.account(accounts.tooling);
  const { bucket } = sharing.artifacts;
  simulator.images.tag(sharedImage, team.imageDigest);
  simulator.objects.encrypt(bucket, sharedKey);
  await tooling.call('sagemaker', 'CreateModelPackageGroup', { ModelPackageGroupName: team.model }).catch(exists);
  const set = async (name: SharingName, service: string, operation: string, member: string, on: object) => {
    const found = policy(name);
    if (found !== undefined) await tooling.call(service, operation, { ...on, [member]: JSON.stringify(found) });
  };
  const group = { ModelPackageGroupName: team.model };
  await set('group-policy', 'sagemaker', 'PutModelPackageGroupPolicy', 'ResourcePolicy', group);
  await set('bucket-policy', 's3', 'PutBucketPolicy', 'Policy', { Bucket: bucket });
  const repository = { repositoryName: sharing.repository };
  await set('repository-policy', 'ecr', 'SetRepositoryPolicy', 'policyText', repository);
  const nothing: SharingPolicy = { Version: '2012-10-17', Statement: [] };
  simulator.keys.putPolicy(sharedKey, policy('key-policy') ?? nothing);
  const reader = arnOf(accounts.tooling, sharing.reader);
  simulator.trust(reader, policy('registry-reader-trust') ?? nothing);
  simulator.attachPolicy(reader, policy('registry-reader') ?? nothing);
  const usual: readonly PublishedName[] = ['deploy-endpoint'];
  for (const { account, deployer, has = usual } of deliverers)
    for (const document of [...has.map((name) => usualPolicy(name, account)), policy('deployer') ?? nothing])
      simulator.attachPolicy(arnOf(account, deployer), document);
};

const exists = (error: { readonly message?: string }): void => {
  if (!error.message?.startsWith('Model Package Group already exists')) throw error;
};

/** The names of an account, for its policies. */
export const placeOf = (account: string): Place => ({
  partition: 'aws',
  region: team.region,
  account,
  model: team.model,
  endpoint: team.endpoint,
  executionRole: 'iris-serving',
  releases: defaultReleases({ id: account, region: team.region }),
  artifacts: team.bucket,
  repository: 'iris-serving',
  kmsAlias: 'alias/ml',
});

/** A published policy without all that has to do with the registry. `after` reads the records of staging. */
const usualPolicy = (name: PublishedName, account: string) => {
  const { Version, Statement } = policyFor(name, placeOf(name === 'after' ? accounts.staging : account));
  const ofRegistry = ['FindTheVersion', 'ReadTheImage', 'ReadTheArtifact', 'MakeItFromThePackage'];
  return { Version, Statement: Statement.filter(({ Sid }) => !ofRegistry.includes(Sid)) };
};

/** How an environment reaches the registry: by a role of its account, or by the group's resource policy. */
export const byRole = `registry: { account: "${accounts.tooling}", role: registry-reader, registrar-role: model-registrar }`;
export const byPolicy = `registry: ${groupArn}`;

export interface SharedManifest {
  readonly staging: string;
  readonly production: string;
}

/** The role of the registering job, in the staging account; it assumes the registrar's role of the registry's account. */
export const registrar = arnOf(accounts.staging, 'model-registrar');

/** The team's `delivery.yml`; each environment has its own way to the registry. */
export const sharedManifest = ({ staging, production }: SharedManifest): string => `\
version: 1
model: ${team.model}
environments:
  staging:
    account: "${accounts.staging}"
    region: ${team.region}
    role: ${arnOf(accounts.staging, 'model-deployer')}
    ${staging}
    endpoint:
      name: ${team.endpoint}
      execution-role: iris-serving
      instance: { type: ml.m5.large, count: 1 }
    rollout: { strategy: all-at-once, final-bake: 0s, minimum-requests: 0 }
  production:
    account: "${accounts.production}"
    region: ${team.region}
    role: model-deployer
    ${production}
    endpoint:
      name: ${team.endpoint}
      execution-role: iris-serving
      instance: { type: ml.m5.large, count: 2 }
    rollout: { strategy: all-at-once, final-bake: 0s, minimum-requests: 0 }
`;
