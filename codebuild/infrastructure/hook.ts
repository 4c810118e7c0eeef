import { CfnOutput, type Stack } from 'aws-cdk-lib';
import { CfnRole } from 'aws-cdk-lib/aws-iam';
import { CfnFunction } from 'aws-cdk-lib/aws-lambda';
import { CfnLogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { acknowledgeGenerated } from './acknowledged.ts';
import { alarmsOf } from './alarms.ts';
import { kept, keyOf, letLogsUse } from './encrypted.ts';
import { policiesOf } from './policies.ts';
import { openTemplate, parameter } from './template.ts';

/**
 * The lifecycle hook of one alias. Its code is a zip of the code in `codebuild/hook/dist`, the manifest and the golden set: another rule is another
 * code. CodeDeploy invokes it by its own role, so it needs no permission of its own for that.
 */
export const hookTemplate = (app: Construct): Stack => {
  const stack = openTemplate(app, 'codedeploy-hook', 'model-delivery: the lifecycle hook of the alias of a function');
  const bucket = parameter(stack, 'CodeBucket', {
    description: 'Bucket with the zip of codebuild/hook/dist/*.cjs, delivery.yml and its golden set, in this region.',
  });
  const codeKey = parameter(stack, 'CodeKey', {
    description: 'Key of the zip. Another code needs another key: CloudFormation compares the key, not the content.',
  });
  const name = parameter(stack, 'HookName', {
    description:
      'Name of the function and of its role: `hooks.before-allow-traffic` of the manifest. AWSCodeDeployRoleForLambda lets CodeDeploy invoke no other names.',
    allowedPattern: 'CodeDeployHook_[A-Za-z0-9_-]{1,49}',
  });
  const environment = parameter(stack, 'Environment', {
    description: 'Name of the environment in the manifest.',
    default: 'production',
  });
  parameter(stack, 'Function', {
    description: '`lambda.function` of the manifest.',
    allowedPattern: '[A-Za-z0-9_-]{1,64}',
  });
  parameter(stack, 'Alias', { description: '`lambda.alias` of the manifest.', allowedPattern: '[A-Za-z0-9-]{1,63}' });
  parameter(stack, 'Model', {
    description: 'Model package group: `model` of the manifest, in small letters as SageMaker has it in ARNs.',
    allowedPattern: '[a-z0-9](-*[a-z0-9]){0,62}',
    constraintDescription: 'up to 63 of a-z, 0-9 and -, without capital letters',
  });
  for (const [one, description] of [
    ['ReleasesBucket', 'Bucket of `releases` in the manifest: model-delivery-ACCOUNT-REGION without the key.'],
    ['TrainingBucket', 'Bucket of a golden set in S3; the bucket of `releases` without one.'],
  ] as const)
    parameter(stack, one, {
      description,
      allowedPattern: '[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]',
      constraintDescription: 'the name of a bucket',
    });
  parameter(stack, 'ReleasesPrefix', {
    description: 'Prefix of `releases`, with a slash at its end; empty without one.',
    default: '',
    allowedPattern: '([^*?]*/)?',
    constraintDescription: 'empty, or a prefix that ends with /, without * and ?',
  });

  const key = keyOf(stack, 'Log and variables of a model-delivery hook');
  letLogsUse(key);
  const log = new CfnLogGroup(stack, 'Log', { kmsKeyId: key.keyArn, retentionInDays: 90 });
  log.applyRemovalPolicy(kept);
  const role = new CfnRole(stack, 'Role', {
    roleName: name.valueAsString,
    description: 'Tests a version of a function while CodeDeploy waits',
    assumeRolePolicyDocument: {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: ['sts:AssumeRole'] }],
    },
    policies: [
      ...Object.entries(policiesOf('codedeploy-hook')).map(([policyName, policyDocument]) => ({
        policyName,
        policyDocument,
      })),
      {
        policyName: 'function',
        policyDocument: {
          Version: '2012-10-17',
          Statement: [
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
  acknowledgeGenerated(role);
  const hook = new CfnFunction(stack, 'Hook', {
    functionName: name.valueAsString,
    description: 'Regression test of a version before its traffic',
    code: { s3Bucket: bucket.valueAsString, s3Key: codeKey.valueAsString },
    runtime: 'nodejs24.x',
    handler: 'index.handler',
    role: role.attrArn,
    // The longest there is. A test that takes longer goes on in another invocation.
    timeout: 900,
    memorySize: 512,
    kmsKeyArn: key.keyArn,
    environment: { variables: { MODEL_DELIVERY_ENVIRONMENT: environment.valueAsString } },
    loggingConfig: { logGroup: log.ref },
    // No dead-letter queue: CodeDeploy fails a deployment whose hook is silent, and the alarm tells of errors.
  });
  alarmsOf(stack)(
    'Errors',
    'An invocation of the hook failed: read its log',
    { namespace: 'AWS/Lambda', metricName: 'Errors', dimensions: { FunctionName: hook.ref } },
    'something',
  );
  new CfnOutput(stack, 'HookArn', { value: hook.attrArn });
  return stack;
};
