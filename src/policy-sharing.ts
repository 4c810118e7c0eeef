import type { S3Location } from './manifest/manifest.ts';

/** The names that the policies of a shared registry are written for. */
export interface Sharing {
  readonly partition: string;
  readonly region: string;
  /** The account that owns the group, the artifacts, the images and the key. */
  readonly account: string;
  readonly model: string;
  readonly artifacts: S3Location;
  readonly repository: string;
  /** The role of the registry's account that delivering accounts may assume. */
  readonly reader: string;
  readonly deliverers: readonly Deliverer[];
}

/** One account that delivers from the registry. */
export interface Deliverer {
  readonly account: string;
  /** Name of the role of `deploy-endpoint`. */
  readonly deployer: string;
  /** Name of the role that SageMaker runs the container with. */
  readonly execution: string;
}

interface Statement {
  readonly Sid: string;
  readonly Effect: 'Allow';
  readonly Principal?: { readonly AWS: readonly string[] };
  readonly Action: readonly string[];
  readonly Resource?: readonly string[];
}
export interface SharingPolicy {
  readonly Version: '2012-10-17';
  readonly Statement: readonly Statement[];
}

/**
 * Every policy of a registry in another account (AWS: "Cross-account support" of the model registry). The first five belong to
 * resources of the registry's account, `registry-reader` to its role, `deployer` and `execution-role` to the roles of a delivering
 * account: across accounts both sides must allow.
 */
export const sharingPolicies = (sharing: Sharing) => {
  const { partition, region, account, model, artifacts, repository, deliverers } = sharing;
  const regional = (service: string, resource: string): string =>
    `arn:${partition}:${service}:${region}:${account}:${resource}`;
  const roles = (name: 'deployer' | 'execution'): readonly string[] =>
    deliverers.map((one) => `arn:${partition}:iam::${one.account}:role/${one[name]}`);
  const deployers = { AWS: roles('deployer') };
  const readers = { AWS: [...roles('deployer'), ...roles('execution')] };
  const bucket = `arn:${partition}:s3:::${artifacts.bucket}`;
  const pinned = `${bucket}/${artifacts.prefix}artifacts/*`;
  const group = regional('sagemaker', `model-package-group/${model.toLowerCase()}`);
  const packages = regional('sagemaker', `model-package/${model.toLowerCase()}/*`);
  const images = regional('ecr', `repository/${repository}`);
  const reader = `arn:${partition}:iam::${account}:role/${sharing.reader}`;
  const readObject: Statement = {
    Sid: 'ReadTheArtifacts',
    Effect: 'Allow',
    Action: ['s3:GetObject'],
    Resource: [pinned],
  };
  /** `register-model` keeps them; checks of the regression test and the deliveries that need its verdict read them. */
  const readReports: Statement = {
    Sid: 'ReadTheReports',
    Effect: 'Allow',
    Action: ['s3:GetObject'],
    Resource: [`${bucket}/${artifacts.prefix}evaluations/*`],
  };
  const pull = ['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'];
  const key = regional('kms', 'key/*');
  return {
    'group-policy': policy(
      {
        Sid: 'ShowTheGroup',
        Effect: 'Allow',
        Principal: deployers,
        Action: ['sagemaker:DescribeModelPackageGroup'],
        Resource: [group],
      },
      {
        Sid: 'DeliverItsVersions',
        Effect: 'Allow',
        Principal: deployers,
        Action: ['sagemaker:CreateModel', 'sagemaker:DescribeModelPackage', 'sagemaker:ListModelPackages'],
        Resource: [packages],
      },
    ),
    'bucket-policy': policy(
      { ...readObject, Principal: readers },
      { ...readReports, Principal: deployers },
      // Without it S3 answers 403 instead of 404 for an absent object.
      {
        Sid: 'TellAbsentFromForbidden',
        Effect: 'Allow',
        Principal: deployers,
        Action: ['s3:ListBucket'],
        Resource: [bucket],
      },
    ),
    'repository-policy': policy({ Sid: 'PullTheImages', Effect: 'Allow', Principal: readers, Action: pull }),
    'key-policy': policy({
      Sid: 'DecryptTheArtifacts',
      Effect: 'Allow',
      Principal: readers,
      Action: ['kms:Decrypt'],
      Resource: ['*'],
    }),
    'registry-reader-trust': policy({
      Sid: 'LetTheDeployersIn',
      Effect: 'Allow',
      Principal: deployers,
      Action: ['sts:AssumeRole'],
    }),
    'registry-reader': policy(
      {
        Sid: 'FindTheVersion',
        Effect: 'Allow',
        Action: ['sagemaker:DescribeModelPackage', 'sagemaker:ListModelPackages'],
        Resource: [packages],
      },
      // Then the plan finds out whether the delivering account may make a model of a package.
      {
        Sid: 'ReadTheGroupPolicy',
        Effect: 'Allow',
        Action: ['sagemaker:GetModelPackageGroupPolicy'],
        Resource: [group],
      },
    ),
    deployer: policy(
      { Sid: 'AssumeTheReader', Effect: 'Allow', Action: ['sts:AssumeRole'], Resource: [reader] },
      {
        Sid: 'DeliverFromTheRegistry',
        Effect: 'Allow',
        Action: ['sagemaker:CreateModel', 'sagemaker:DescribeModelPackage', 'sagemaker:ListModelPackages'],
        Resource: [packages],
      },
      { Sid: 'ReadTheImage', Effect: 'Allow', Action: ['ecr:BatchGetImage'], Resource: [images] },
      readObject,
      readReports,
      { Sid: 'TellAbsentFromForbidden', Effect: 'Allow', Action: ['s3:ListBucket'], Resource: [bucket] },
      { Sid: 'DecryptTheArtifacts', Effect: 'Allow', Action: ['kms:Decrypt'], Resource: [key] },
    ),
    'execution-role': policy({ Sid: 'PullTheImage', Effect: 'Allow', Action: pull, Resource: [images] }, readObject, {
      Sid: 'DecryptTheArtifacts',
      Effect: 'Allow',
      Action: ['kms:Decrypt'],
      Resource: [key],
    }),
  } as const satisfies Readonly<Record<string, SharingPolicy>>;
};

export type SharingName = keyof ReturnType<typeof sharingPolicies>;

const policy = (...statements: readonly Statement[]): SharingPolicy => ({
  Version: '2012-10-17',
  Statement: statements,
});
