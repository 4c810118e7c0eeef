import { CfnOutput, type Stack } from 'aws-cdk-lib';
import { CfnRule } from 'aws-cdk-lib/aws-events';
import { CfnRole } from 'aws-cdk-lib/aws-iam';
import { CfnFunction, CfnPermission } from 'aws-cdk-lib/aws-lambda';
import { CfnLogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { acknowledge } from './acknowledged.ts';
import { alarmsOf } from './alarms.ts';
import { deadLetters, kept, keyOf, letLogsUse } from './encrypted.ts';
import { openTemplate, parameter } from './template.ts';

/**
 * The worker: one function for the jobs of custom actions, for those of Lambda invoke actions, and so for the watchdog's. Its code is
 * that of `codebuild/lambda/dist`, in a zip.
 */
export const workerTemplate = (app: Construct): Stack => {
  const stack = openTemplate(app, 'worker', 'model-delivery: the worker of the pipelines of an account and region');
  const bucket = parameter(stack, 'CodeBucket', { description: 'Bucket with the zip of the code, in this region.' });
  const codeKey = parameter(stack, 'CodeKey', {
    description: 'Key of the zip. Another code needs another key: CloudFormation compares the key, not the content.',
  });
  const name = parameter(stack, 'WorkerName', {
    description:
      'Name of the function and of its role. Roles have no region: a worker in another region needs another name.',
    default: 'delivery-worker',
    allowedPattern: '[A-Za-z0-9_-]{1,64}',
  });
  const assumable = parameter(stack, 'AssumableRoles', {
    type: 'CommaDelimitedList',
    description: 'ARNs of the roles that manifests name as role, rollback-role and approver-role, in any account.',
    // No star: the worker must not be able to assume a role that nobody named.
    allowedPattern: 'arn:[a-z-]+:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]+',
    constraintDescription: 'ARNs of roles, separated by commas, without *',
  });
  const atOnce = parameter(stack, 'JobsAtOnce', {
    type: 'Number',
    description: 'Jobs that an invocation works on side by side.',
    default: 4,
    minValue: 1,
    maxValue: 99,
  });
  const logDays = parameter(stack, 'LogDays', {
    type: 'Number',
    description: 'Days that the log is kept.',
    default: '90',
    allowedValues: ['7', '14', '30', '60', '90', '180', '365', '400', '731', '1827', '3653'],
  });

  const key = keyOf(stack, 'Log, variables and dead letters of the model-delivery worker');
  letLogsUse(key);
  // Without a name of its own: it stays when the stack goes, and must not stand in the way of the next one.
  const log = new CfnLogGroup(stack, 'Log', {
    kmsKeyId: key.keyArn,
    retentionInDays: logDays.valueAsNumber,
  });
  log.applyRemovalPolicy(kept);

  const role = new CfnRole(stack, 'Role', {
    roleName: name.valueAsString,
    description: 'Takes jobs of CodePipeline, and assumes the roles of the manifests',
    assumeRolePolicyDocument: {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: ['sts:AssumeRole'] }],
    },
    policies: [
      {
        policyName: 'worker',
        policyDocument: {
          Version: '2012-10-17',
          Statement: [
            {
              Sid: 'TakeJobs',
              Effect: 'Allow',
              Action: [
                'codepipeline:PollForJobs',
                'codepipeline:AcknowledgeJob',
                'codepipeline:PutJobSuccessResult',
                'codepipeline:PutJobFailureResult',
                'codepipeline:GetPipelineExecution',
                'codepipeline:ListActionExecutions',
              ],
              Resource: '*',
            },
            {
              Sid: 'ActForTheManifests',
              Effect: 'Allow',
              Action: ['sts:AssumeRole'],
              Resource: assumable.valueAsList,
            },
            {
              Sid: 'WriteTheLog',
              Effect: 'Allow',
              Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
              Resource: log.attrArn,
            },
            { Sid: 'ReadItsVariables', Effect: 'Allow', Action: ['kms:Decrypt'], Resource: key.keyArn },
          ],
        },
      },
    ],
  });
  acknowledge(
    role,
    'Jobs have no ARN, and a worker serves every pipeline of the account and region (codebuild/README.md, "Run a worker").',
    'AwsSolutions-IAM5[Resource::*]',
  );

  const worker = new CfnFunction(stack, 'Worker', {
    functionName: name.valueAsString,
    description: 'One turn of each job of CodePipeline',
    code: { s3Bucket: bucket.valueAsString, s3Key: codeKey.valueAsString },
    runtime: 'nodejs24.x',
    handler: 'index.handler',
    role: role.attrArn,
    // A turn ends after 12 minutes; the rest is for its answer.
    timeout: 900,
    memorySize: 512,
    kmsKeyArn: key.keyArn,
    environment: { variables: { MODEL_DELIVERY_JOBS_AT_ONCE: atOnce.valueAsString } },
    loggingConfig: { logGroup: log.ref },
    // No dead-letter queue of its own: an event of CodePipeline holds credentials. Its jobs come again, and the alarm tells of its errors.
  });

  const rules = {
    Sweep: {
      description: 'Continuation jobs are announced by no event',
      scheduleExpression: 'rate(1 minute)',
    },
    Started: {
      description: 'The start of an action of model-delivery',
      eventPattern: {
        source: ['aws.codepipeline'],
        'detail-type': ['CodePipeline Action Execution State Change'],
        detail: { state: ['STARTED'], type: { owner: ['Custom'], provider: [{ prefix: 'md-' }] } },
      },
    },
  };
  const letters = deadLetters(stack, key, { Sweep: undefined, Started: undefined });
  for (const [id, rule] of Object.entries(rules)) {
    const made = new CfnRule(stack, id, {
      ...rule,
      targets: [
        {
          id: 'worker',
          arn: worker.attrArn,
          deadLetterConfig: { arn: letters.attrArn },
          // An older event says nothing: the next sweep has been there.
          retryPolicy: { maximumEventAgeInSeconds: 60, maximumRetryAttempts: 2 },
        },
      ],
    });
    new CfnPermission(stack, `${id}Permission`, {
      functionName: worker.ref,
      action: 'lambda:InvokeFunction',
      principal: 'events.amazonaws.com',
      sourceArn: made.attrArn,
    });
  }

  const alarm = alarmsOf(stack);
  const ofWorker = (metricName: string) => ({
    namespace: 'AWS/Lambda',
    metricName,
    dimensions: { FunctionName: worker.ref },
  });
  alarm('Errors', 'An invocation of the worker failed: read its log', ofWorker('Errors'), 'something');
  alarm('Throttles', 'The account has no concurrency left for the worker', ofWorker('Throttles'), 'something');
  alarm('Silence', 'The worker did not run for five minutes', ofWorker('Invocations'), 'nothing');
  alarm(
    'Undelivered',
    'EventBridge could not invoke the worker',
    {
      namespace: 'AWS/SQS',
      metricName: 'ApproximateNumberOfMessagesVisible',
      dimensions: { QueueName: letters.attrQueueName },
    },
    'something',
  );
  new CfnOutput(stack, 'WorkerArn', { value: worker.attrArn });
  new CfnOutput(stack, 'WorkerRoleArn', { description: 'WorkerRole of the roles', value: role.attrArn });
  return stack;
};
