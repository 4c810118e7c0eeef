import type { S3Location } from '../manifest/manifest.ts';
import type { Account } from '../world.ts';

/** The prefix of every statement's Sid: other statements in a bucket's policy are the team's own. */
export const ourSids = 'ModelDelivery';

interface Statement {
  readonly Sid: string;
  readonly Effect: 'Deny';
  readonly Principal: '*';
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}
export interface BucketPolicy {
  readonly Version: '2012-10-17';
  readonly Statement: readonly Statement[];
}

/**
 * Keeps all but the delivery roles from writing release records and pinned content. It has only denials: each role's own policy
 * still grants its permissions, and a denial holds against the widest of them (IAM: policy evaluation logic).
 * @param writers names or ARNs of roles
 */
export const bucketPolicy = (
  { bucket, prefix }: S3Location,
  { partition, id }: Pick<Account, 'partition' | 'id'>,
  writers: readonly string[],
): BucketPolicy => {
  const whole = `arn:${partition}:s3:::${bucket}`;
  const below = (pattern: string): string => `${whole}/${prefix}${pattern}`;
  const deny = (
    sid: string,
    action: Statement['Action'],
    resource: Statement['Resource'],
    condition: Statement['Condition'],
  ): Statement => ({
    Sid: `${ourSids}${sid}`,
    Effect: 'Deny',
    Principal: '*',
    Action: action,
    Resource: resource,
    Condition: condition,
  });
  return {
    Version: '2012-10-17',
    Statement: [
      deny('TlsOnly', 's3:*', [whole, below('*')], { Bool: { 'aws:SecureTransport': 'false' } }),
      deny('WritersOnly', ['s3:DeleteObject', 's3:DeleteObjectVersion', 's3:PutObject'], below('*'), {
        ArnNotLike: { 'aws:PrincipalArn': writers.flatMap((writer) => arnsOf(writer, partition, id)) },
      }),
      // This excludes artifacts: they are copied, and S3 answers 501 to a conditional copy under such a policy (S3 user guide,
      // "Enforce conditional writes on Amazon S3 buckets").
      deny('CompareBeforeWriting', 's3:PutObject', [below('*/record.json'), below('*/journal.jsonl')], {
        Null: { 's3:if-match': 'true', 's3:if-none-match': 'true' },
      }),
      deny('NeverOverwrite', 's3:PutObject', below('evaluations/*'), { Null: { 's3:if-none-match': 'true' } }),
    ],
  };
};

/** A role's ARN in `aws:PrincipalArn` includes its path, and its name alone does not. */
const arnsOf = (role: string, partition: string, account: string): readonly string[] =>
  role.startsWith('arn:') ? [role] : ['', '*/'].map((path) => `arn:${partition}:iam::${account}:role/${path}${role}`);

/**
 * Whether AWS's managed policy AmazonSageMakerFullAccess lets its holders write the object; notebooks and training jobs often have
 * it. Its patterns (`arn:aws:s3:::*sagemaker*`) match the whole address, bucket and key.
 */
const isOpenToNotebooks = (address: string): boolean => /SageMaker|Sagemaker|sagemaker|aws-glue/.test(address);

/** A warning for a plan and for lint; undefined when there is none. */
export const exposure = (address: string): string | undefined =>
  isOpenToNotebooks(address)
    ? `AWS's managed policy AmazonSageMakerFullAccess lets its holders write the release record ${address}, because "sagemaker" or "aws-glue" is in its address: give the bucket the policy that \`model-delivery create-bucket --print-policy\` prints, or leave \`releases\` out and use the default bucket`
    : undefined;
