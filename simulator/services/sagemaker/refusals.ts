import { AwsError } from '../../contracts.ts';

/**
 * SageMaker's refusals in AWS's words. All arrive as HTTP 400 and most as the un-modelled ValidationException, so that only the
 * message tells them apart (reference/sagemaker.md §1.8, §2.7).
 */
const validation = (message: string): AwsError => new AwsError('ValidationException', message);

/** Words seen in the field (§2.2, §2.3). `what`: `endpoint`, `endpoint configuration` or `model`. */
export const alreadyExists = (what: string, arn: string): AwsError =>
  validation(`Cannot create already existing ${what} "${arn}".`);
/** Words from AWS's Kubernetes operator, package clientwrapper (§2.7). */
export const notFound = (what: string, arn: string): AwsError => validation(`Could not find ${what} "${arn}".`);
/** The same words for UpdateEndpoint, UpdateEndpointWeightsAndCapacities and DeleteEndpoint (§2.7). */
export const inProgress = (arn: string): AwsError => validation(`Cannot update in-progress endpoint "${arn}".`);
/** A failed endpoint can only be deleted (AWS: DescribeEndpoint, EndpointStatus). Wording [unconfirmed]. */
export const failedEndpoint = (arn: string): AwsError =>
  validation(`Cannot update failed endpoint "${arn}". Delete it and create it again.`);

/** Words from AWS's Kubernetes controller, generator.yaml (§1.2). */
export const noSuchGroup = (arn: string): AwsError => validation(`ModelPackageGroup ${arn} does not exist.`);
export const noSuchPackage = (arn: string): AwsError => validation(`ModelPackage ${arn} does not exist.`);
/** Words seen in the field (hashicorp/terraform-provider-aws, model_package_group_policy.go; its CloudFormation provider's tests). */
export const noSuchPolicy = (arn: string): AwsError => validation(`Cannot find resource policy for: ${arn}`);
/** Begins as seen in the field (§1.2). */
export const groupExists = (arn: string): AwsError => validation(`Model Package Group already exists: ${arn}`);

/** Words seen in the field in eight repositories (§2.3). */
export const quotaExceeded = (instanceType: string, quota: number, used: number, delta: number): AwsError =>
  overQuota(`${instanceType} for endpoint usage`, quota, used, delta);
/** The same words with the name of another limit. */
export const transformQuotaExceeded: typeof quotaExceeded = (instanceType, ...numbers) =>
  overQuota(`${instanceType} for transform job usage`, ...numbers);

const overQuota = (limit: string, quota: number, used: number, delta: number): AwsError =>
  new AwsError(
    'ResourceLimitExceeded',
    `The account-level service limit '${limit}' is ${quota} Instances, with current utilization of ${used} Instances ` +
      `and a request delta of ${delta} Instances. Please use AWS Service Quotas to request an increase for this quota. If AWS Service Quotas is ` +
      'not available, contact AWS support to request an increase for this quota.',
  );

/** Words seen in the field (philschmid/llm-sagemaker-sample#2). */
export const inaccessibleModelData = (url: string, role: string, region: string): AwsError =>
  validation(
    `Could not access model data at ${url}. Please ensure that the role "${role}" exists and that its trust relationship policy allows the ` +
      `action "sts:AssumeRole" for the service principal "sagemaker.amazonaws.com". Also ensure that the role has "s3:GetObject" permissions and ` +
      `that the object is located in ${region}. If your Model uses multiple models or uncompressed models, please ensure that the role has ` +
      '"s3:ListBucket" permission.',
  );
/** Words seen in the field (aws/sagemaker-pytorch-inference-toolkit#7). */
export const otherRegion = (image: string, region: string): AwsError =>
  validation(
    `Region of "${image}" does not match expected region of ${region}. Cross region ECR image pulls are not allowed.`,
  );
/** Words seen in the field (aws/amazon-sagemaker-examples#1438). */
export const arnElsewhere = (region: string): AwsError =>
  validation(`ARN should be scoped to correct region: ${region}`);
/** Words seen in the field (aws/deep-learning-containers#5657). */
export const inaccessibleImage = (image: string): AwsError =>
  validation(
    `The repository of your image ${image} does not grant ecr:GetDownloadUrlForLayer, ecr:BatchGetImage, ecr:BatchCheckLayerAvailability ` +
      'permission to sagemaker.amazonaws.com service principal.',
  );

/** Concurrent or contradicting change of a model package: the one modelled conflict of the registry (§1.3). */
export const conflict = (message: string): AwsError => new AwsError('ConflictException', message);

/** Refusals for which AWS publishes no words (§13.3): the words are ours, only the code is AWS's. */
export const invalid = validation;
