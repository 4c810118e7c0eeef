/**
 * The policies that AWS manages, of which every element is evaluated here; others are refused by name. AmazonSageMakerFullAccess is not
 * among them: it has NotResource and conditions on tags, which are not evaluated.
 *
 * Source: AWS Managed Policy Reference Guide, one page for each.
 */
export const managedPolicies: Readonly<Record<string, object>> = {
  AdministratorAccess: allow(['*']),
  AmazonS3FullAccess: allow(['s3:*', 's3-object-lambda:*']),
  AmazonS3ReadOnlyAccess: allow([
    's3:Get*',
    's3:List*',
    's3:Describe*',
    's3-object-lambda:Get*',
    's3-object-lambda:List*',
  ]),
  AmazonEC2ContainerRegistryReadOnly: allow([
    'ecr:GetAuthorizationToken',
    'ecr:BatchCheckLayerAvailability',
    'ecr:GetDownloadUrlForLayer',
    'ecr:GetRepositoryPolicy',
    'ecr:DescribeRepositories',
    'ecr:ListImages',
    'ecr:DescribeImages',
    'ecr:BatchGetImage',
    'ecr:GetLifecyclePolicy',
    'ecr:GetLifecyclePolicyPreview',
    'ecr:ListTagsForResource',
    'ecr:DescribeImageScanFindings',
  ]),
};

function allow(Action: readonly string[]): object {
  return { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action, Resource: '*' }] };
}
