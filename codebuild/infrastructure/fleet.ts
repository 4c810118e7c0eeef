import { Aws, CfnOutput, Fn, type Stack } from 'aws-cdk-lib';
import { CfnPolicy, CfnRole } from 'aws-cdk-lib/aws-iam';
import { CfnStateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import { acknowledge } from './acknowledged.ts';
import { openTemplate, parameter } from './template.ts';

/**
 * The state machine that brings one version to a fleet of endpoints in waves. It waits; every decision and every turn of an endpoint is the worker's
 * function.
 */
export const fleetTemplate = (app: Construct): Stack => {
  const stack = openTemplate(app, 'fleet', 'model-delivery: brings a version to a fleet of endpoints, in waves');
  const name = parameter(stack, 'Name', {
    description:
      'Name of the state machine. Start its executions with {"fleet": "s3://BUCKET/fleet.yml", "version": "1.4.0"}.',
    default: 'delivery-fleet',
    allowedPattern: '[A-Za-z0-9_-]{1,80}',
  });
  const worker = parameter(stack, 'WorkerArn', {
    description: 'ARN of the function of worker.json: its output WorkerArn.',
    allowedPattern: 'arn:[a-z-]+:lambda:[a-z0-9-]+:[0-9]{12}:function:[A-Za-z0-9_-]{1,64}',
  });
  const workerName = parameter(stack, 'WorkerName', {
    description: 'Name of the role of the function: the WorkerName of worker.json.',
    default: 'delivery-worker',
    allowedPattern: '[A-Za-z0-9_-]{1,64}',
  });
  const bucket = parameter(stack, 'FleetBucket', {
    description:
      'Bucket of this account with the files of fleets and their manifests. Reports are written beside them.',
    allowedPattern: '[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]',
    constraintDescription: 'the name of a bucket',
  });
  const prefix = parameter(stack, 'FleetPrefix', {
    description: 'Folder in the bucket, with a slash at its end; empty for the whole bucket.',
    default: '',
    allowedPattern: '([^*?]*/)?',
    constraintDescription: 'empty, or a folder that ends with /, without * and ?',
  });

  const states = `arn:${Aws.PARTITION}:states:${Aws.REGION}:${Aws.ACCOUNT_ID}`;
  const role = new CfnRole(stack, 'Role', {
    description: 'Invokes the worker, and starts the executions of the endpoints',
    assumeRolePolicyDocument: {
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { Service: 'states.amazonaws.com' },
          Action: ['sts:AssumeRole'],
          // Step Functions developer guide, "Preventing the confused deputy problem".
          Condition: {
            // Whether executions of a Distributed Map name the Map after the state machine is not documented.
            ArnLike: {
              'aws:SourceArn': [
                `${states}:stateMachine:${name.valueAsString}`,
                `${states}:stateMachine:${name.valueAsString}/*`,
              ],
            },
            StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID },
          },
        },
      ],
    },
    policies: [
      {
        policyName: 'fleet',
        policyDocument: {
          Version: '2012-10-17',
          Statement: [
            {
              Sid: 'TakeTurns',
              Effect: 'Allow',
              Action: ['lambda:InvokeFunction'],
              Resource: worker.valueAsString,
            },
            // Step Functions developer guide, "IAM policies for using Distributed Map state".
            {
              Sid: 'StartEndpoints',
              Effect: 'Allow',
              Action: ['states:StartExecution'],
              Resource: `${states}:stateMachine:${name.valueAsString}`,
            },
            {
              Sid: 'FollowEndpoints',
              Effect: 'Allow',
              Action: ['states:DescribeExecution', 'states:StopExecution'],
              Resource: `${states}:execution:${name.valueAsString}/*:*`,
            },
          ],
        },
      },
    ],
  });
  acknowledge(
    role,
    'The executions of the endpoints have names that Step Functions makes up; the name of the state machine stands before them.',
    `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:execution:<Name>/*:*]`,
  );

  const objects = Fn.join('', [`arn:${Aws.PARTITION}:s3:::`, bucket.valueAsString, '/', prefix.valueAsString, '*']);
  const files = new CfnPolicy(stack, 'Files', {
    policyName: Fn.join('-', [name.valueAsString, 'files']),
    roles: [workerName.valueAsString],
    policyDocument: {
      Version: '2012-10-17',
      Statement: [
        {
          Sid: 'ReadFleetsAndReport',
          Effect: 'Allow',
          Action: ['s3:GetObject', 's3:PutObject'],
          Resource: objects,
        },
        {
          Sid: 'CountFailures',
          Effect: 'Allow',
          Action: ['s3:ListBucket'],
          Resource: `arn:${Aws.PARTITION}:s3:::${bucket.valueAsString}`,
        },
      ],
    },
  });
  acknowledge(
    files,
    'The files of fleets have names that their authors choose; the bucket and the folder are named.',
    'AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:s3:::<FleetBucket>/<FleetPrefix>*]',
  );

  const machine = new CfnStateMachine(stack, 'Fleet', {
    stateMachineName: name.valueAsString,
    stateMachineType: 'STANDARD',
    roleArn: role.attrArn,
    definition: definition,
    definitionSubstitutions: { Invoke: `arn:${Aws.PARTITION}:states:::lambda:invoke`, WorkerArn: worker.valueAsString },
  });
  acknowledge(
    machine,
    'Step Functions keeps the history of each execution for 90 days, and the worker logs each turn; a log of the state machine would need permissions on every log of the account.',
    'AwsSolutions-SF1',
    'AwsSolutions-SF2',
  );
  new CfnOutput(stack, 'FleetArn', { value: machine.attrArn });
  return stack;
};

/** Everything that Lambda or the function may fail with for a while. A mistake in a file stays one. */
const retry = [
  { ErrorEquals: ['InputError'], MaxAttempts: 0 },
  {
    ErrorEquals: ['States.ALL'],
    IntervalSeconds: 5,
    BackoffRate: 2,
    MaxDelaySeconds: 60,
    MaxAttempts: 20,
    JitterStrategy: 'FULL',
  },
];

/** One turn of the worker. Its own limit is the function's, 15 minutes. */
const invoke = (turn: object) => ({
  Type: 'Task',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: CloudFormation puts the ARN in its place.
  Resource: '${Invoke}',
  Parameters: {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: as above.
    FunctionName: '${WorkerArn}',
    Payload: { 'model-delivery-fleet': turn },
  },
  TimeoutSeconds: 960,
  Retry: retry,
});

/** The life of one endpoint in one wave: an execution of its own, since the history of an execution has at most 25,000 events. */
const endpoint = {
  ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
  StartAt: 'Slot',
  States: {
    Slot: { Type: 'Wait', TimestampPath: '$.notBefore', Next: 'Turn' },
    Turn: {
      ...invoke({
        turn: 'endpoint',
        'roll.$': '$.roll',
        'wave.$': '$.wave',
        'aim.$': '$.aim',
        'place.$': '$.place',
        'endpoint.$': '$.endpoint',
        'token.$': '$.last.progress.token',
        'requests.$': '$.last.progress.requests',
      }),
      ResultSelector: { 'progress.$': '$.Payload' },
      ResultPath: '$.last',
      // An endpoint whose turns fail is a failure of its own: the others go on.
      Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.error', Next: 'Lost' }],
      Next: 'IsDone',
    },
    IsDone: {
      Type: 'Choice',
      Choices: [{ Variable: '$.last.progress.is', StringEquals: 'done', Next: 'Done' }],
      Default: 'UntilDue',
    },
    UntilDue: { Type: 'Wait', TimestampPath: '$.last.progress.notBefore', Next: 'Turn' },
    Done: {
      Type: 'Pass',
      Parameters: {
        'endpoint.$': '$.endpoint',
        'outcome.$': '$.last.progress.outcome',
        'reason.$': '$.last.progress.reason',
        'requests.$': '$.last.progress.requests',
      },
      End: true,
    },
    Lost: {
      Type: 'Pass',
      Parameters: { 'endpoint.$': '$.endpoint', outcome: 'failed', reason: 'internal-error', requests: 0 },
      End: true,
    },
  },
};

/** The endpoints of an account and region. SageMaker limits requests for each of them, so each has its own number of releases at one time. */
const place = {
  ProcessorConfig: { Mode: 'INLINE' },
  StartAt: 'Endpoints',
  States: {
    Endpoints: {
      Type: 'Map',
      Label: 'Endpoint',
      ItemsPath: '$.endpoints',
      ItemSelector: {
        'roll.$': '$.roll',
        'wave.$': '$.wave',
        'aim.$': '$.aim',
        'place.$': '$.place',
        'endpoint.$': '$$.Map.Item.Value.endpoint',
        'notBefore.$': '$$.Map.Item.Value.notBefore',
        last: { progress: { token: null, requests: 0 } },
      },
      MaxConcurrencyPath: '$.maxConcurrent',
      // An execution that is lost must not end the others in the middle of their releases. The worker misses its result.
      ToleratedFailurePercentage: 100,
      ItemProcessor: endpoint,
      End: true,
    },
  },
};

const definition = {
  Comment: 'One version to a fleet of endpoints, in waves. docs/fleets.md of model-delivery',
  StartAt: 'Steer',
  States: {
    Steer: {
      ...invoke({ turn: 'steer', 'execution.$': '$$.Execution.Id', 'state.$': '$' }),
      OutputPath: '$.Payload',
      Next: 'WhatNext',
    },
    WhatNext: {
      Type: 'Choice',
      Choices: [
        { Variable: '$.next', StringEquals: 'move', Next: 'Move' },
        { Variable: '$.next', StringEquals: 'bake', Next: 'Bake' },
        { Variable: '$.next', StringEquals: 'succeed', Next: 'Rolled' },
      ],
      Default: 'Stopped',
    },
    Move: {
      Type: 'Map',
      ItemsPath: '$.places',
      ItemSelector: {
        'roll.$': '$.roll',
        'wave.$': '$.wave',
        'aim.$': '$.after',
        'place.$': '$$.Map.Item.Value.place',
        'endpoints.$': '$$.Map.Item.Value.endpoints',
        'maxConcurrent.$': '$$.Map.Item.Value.maxConcurrent',
      },
      MaxConcurrency: 40,
      ItemProcessor: place,
      ResultPath: '$.results',
      Next: 'Steer',
    },
    Bake: { Type: 'Wait', TimestampPath: '$.until', Next: 'Steer' },
    Rolled: { Type: 'Succeed' },
    Stopped: { Type: 'Fail', Error: 'LineStopped', CausePath: '$.because' },
  },
};
