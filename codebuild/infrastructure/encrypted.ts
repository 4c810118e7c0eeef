import { Aws, type CfnCondition, Fn, RemovalPolicy, type Stack } from 'aws-cdk-lib';
import { Effect, PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { type CfnKey, Key } from 'aws-cdk-lib/aws-kms';
import { CfnQueue, CfnQueuePolicy } from 'aws-cdk-lib/aws-sqs';
import { acknowledge } from './acknowledged.ts';
import { onlyIf } from './template.ts';

const days = 24 * 3600;

/**
 * Keys and logs stay when the stack goes, since they may be needed, but not after a first deployment that failed: each attempt would leave a key to
 * pay. A bucket stays even then: a new pipeline writes at once, and CloudFormation deletes no bucket with objects.
 */
export const kept = RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE;

/** One key for everything that a template keeps. */
export const keyOf = (stack: Stack, description: string): Key => {
  const key = new Key(stack, 'Key', { description, enableKeyRotation: true, removalPolicy: kept });
  (key.node.defaultChild as CfnKey).overrideLogicalId('Key');
  return key;
};

/** Lets CloudWatch Logs encrypt the log groups of the stack, which have its name before theirs (CloudWatch Logs user guide, "Encrypt log data using AWS KMS"). */
export const letLogsUse = (key: Key): void => {
  key.addToResourcePolicy(
    new PolicyStatement({
      sid: 'LetLogsEncrypt',
      // The only principal here whose name differs by partition: in China it ends with amazonaws.com.cn.
      principals: [new ServicePrincipal(Fn.sub(`logs.\${AWS::Region}.\${AWS::URLSuffix}`))],
      actions: ['kms:Decrypt', 'kms:DescribeKey', 'kms:Encrypt', 'kms:GenerateDataKey*', 'kms:ReEncrypt*'],
      resources: ['*'],
      conditions: {
        ArnLike: {
          'kms:EncryptionContext:aws:logs:arn': `arn:${Aws.PARTITION}:logs:${Aws.REGION}:${Aws.ACCOUNT_ID}:log-group:${Aws.STACK_NAME}-*`,
        },
      },
    }),
  );
};

/**
 * A queue for events that EventBridge could not deliver. Without one they disappear.
 * @param rules logical ids of the rules whose events it takes, each with its condition if it has one
 */
export const deadLetters = (
  stack: Stack,
  key: Key,
  rules: Readonly<Record<string, CfnCondition | undefined>>,
): CfnQueue => {
  key.addToResourcePolicy(
    new PolicyStatement({
      sid: 'LetEventsEncrypt',
      principals: [new ServicePrincipal('events.amazonaws.com')],
      actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
      resources: ['*'],
      // As SQS documents it ("Configure KMS permissions for AWS services"), without a condition: the queue's policy names the rules.
    }),
  );
  const queue = new CfnQueue(stack, 'DeadLetters', {
    kmsMasterKeyId: key.keyArn,
    // As long as SQS keeps a message: a person looks at it.
    messageRetentionPeriod: 14 * days,
  });
  acknowledge(queue, 'It is the dead-letter queue itself.', 'AwsSolutions-SQS3');
  new CfnQueuePolicy(stack, 'DeadLettersPolicy', {
    queues: [queue.ref],
    policyDocument: {
      Version: '2012-10-17',
      Statement: [
        {
          Sid: 'LetTheRulesIn',
          Effect: Effect.ALLOW,
          Principal: { Service: 'events.amazonaws.com' },
          Action: 'sqs:SendMessage',
          Resource: queue.attrArn,
          Condition: {
            ArnEquals: {
              'aws:SourceArn': Object.entries(rules).map(([id, condition]) => {
                const arn = { 'Fn::GetAtt': [id, 'Arn'] };
                return condition ? onlyIf(condition.logicalId, arn) : arn;
              }),
            },
          },
        },
        {
          Sid: 'ByTlsAlone',
          Effect: Effect.DENY,
          Principal: '*',
          Action: 'sqs:*',
          Resource: queue.attrArn,
          Condition: { Bool: { 'aws:SecureTransport': 'false' } },
        },
      ],
    },
  });
  return queue;
};
