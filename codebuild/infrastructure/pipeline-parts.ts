import { Aws, CfnCondition, CfnOutput, Duration, Fn, RemovalPolicy, type Stack } from 'aws-cdk-lib';
import { CfnPipeline } from 'aws-cdk-lib/aws-codepipeline';
import { CfnRule } from 'aws-cdk-lib/aws-events';
import { CfnRole } from 'aws-cdk-lib/aws-iam';
import { BlockPublicAccess, Bucket, BucketEncryption, type CfnBucket, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import { acknowledge } from './acknowledged.ts';
import { keyOf } from './encrypted.ts';
import { given, isYes, onlyIf, parameter, sub, yesOrNo } from './template.ts';

/** The one artifact: the repository, with the manifest in it. */
const repository = 'Repository';

/** As the manifest names them (`propertyNames` of `environments` in delivery.schema.json). */
export const environmentName = '[a-zA-Z0-9][a-zA-Z0-9_-]{0,62}';
export const environment = (stack: Stack, name: string, description: string, value: string) =>
  parameter(stack, name, { description, default: value, allowedPattern: environmentName });

/** A declaration as CloudFormation has it: with capital letters. */
type Declared = Readonly<Record<string, unknown>>;

interface Configured {
  readonly [key: string]: string | object;
}

const inRepository = { InputArtifacts: [{ Name: repository }] };

const regional = (service: string, resource: string): object =>
  sub(`arn:\${AWS::Partition}:${service}:\${AWS::Region}:\${AWS::AccountId}:${resource}`);

/** A custom action of model-delivery, of the version that `codebuild/action-types` has. */
const custom = (
  Name: string,
  [Category, operation]: readonly ['Invoke' | 'Test' | 'Deploy', string],
  Configuration: Configured,
  more: Declared = {},
): Declared => ({
  Name,
  ActionTypeId: { Category, Owner: 'Custom', Provider: `md-${operation}`, Version: '1' },
  ...inRepository,
  Configuration: { manifest: { Ref: 'Manifest' }, ...Configuration },
  ...more,
});

/** Where the version of a pipeline comes from, as a value of an action's configuration. */
export type VersionText = `${string}#{${string}}`;

/** The parameters that every pipeline of a template shares, its bucket, key and role, and the parts of its stages. */
export const pipelineParts = (
  stack: Stack,
  {
    registers,
    stagingAnswers,
  }: {
    /** Whether a pipeline registers a version: the template then has the parameters for it. */
    readonly registers: boolean;
    /** Whether staging serves the very version that production gets, so that its endpoint can be the candidate of production's test. */
    readonly stagingAnswers: boolean;
  },
) => {
  parameter(stack, 'Name', {
    description: 'Begin of the names of the pipelines: the model, for instance.',
    // Without the @ that CodePipeline allows: the log group of the action `Read` has the name of its pipeline, and CloudWatch Logs allows none.
    allowedPattern: '[A-Za-z0-9._-]{1,80}',
  });
  const connection = parameter(stack, 'ConnectionArn', {
    description: 'ARN of an available connection to the host of the repository (AWS CodeConnections).',
    allowedPattern: 'arn:[a-z-]+:(codeconnections|codestar-connections):.+',
  });
  parameter(stack, 'Repository', { description: 'OWNER/NAME of the repository.', allowedPattern: '[^/]+/.+' });
  parameter(stack, 'Manifest', {
    description: 'Path of the manifest in the repository.',
    default: 'delivery.yml',
    // It stands between quotes in the parameters of the watchdog.
    allowedPattern: "[^']+",
  });
  const regression = parameter(stack, 'RegressionTest', {
    description: `no where the manifest has no \`regression:\`; each: every environment has its test before its delivery${stagingAnswers ? '; staging: `candidate: { environment: staging }`, whose endpoint answers for production' : ''}.`,
    default: 'each',
    allowedValues: ['no', 'each', ...(stagingAnswers ? ['staging'] : [])],
  });
  const testsBy = (id: string, value: string): CfnCondition =>
    new CfnCondition(stack, id, { expression: Fn.conditionEquals(regression.valueAsString, value) });
  const each = testsBy('TestsEach', 'each');
  const onStaging = stagingAnswers ? testsBy('TestsOnStaging', 'staging') : undefined;
  const shifts = isYes(
    stack,
    'Shifts',
    parameter(stack, 'ShiftTraffic', {
      description: 'yes with `strategy: steps` in production: another action then shifts the traffic.',
      default: 'no',
      ...yesOrNo,
    }),
  );
  const window = given(
    stack,
    'HasWindow',
    parameter(stack, 'DeliveryWindow', {
      description: 'When production may be delivered to, as 7 fields of cron: * * 9-16 ? * MON-FRI *. Empty: always.',
      default: '',
    }),
  );
  parameter(stack, 'DeliveryTimeZone', { description: 'Time zone of the window.', default: 'UTC' });
  const alarmed = given(
    stack,
    'HasAlarm',
    parameter(stack, 'AlarmAfterDelivery', {
      description: 'Alarm of CloudWatch that rolls the stage back within the minutes after a delivery. Empty: none.',
      default: '',
    }),
  );
  parameter(stack, 'AlarmMinutes', { description: 'These minutes.', type: 'Number', default: 30, minValue: 1 });
  const worker = parameter(stack, 'WorkerArn', {
    description: 'ARN of the function of the worker in this account and region, for the watchdog.',
    // The action has the name alone, so a permission on a version or an alias would be another one.
    allowedPattern: 'arn:[a-z-]+:lambda:[a-z0-9-]+:[0-9]{12}:function:[A-Za-z0-9_-]+',
    constraintDescription: 'the ARN of a function, without a version or alias',
  });
  const schedule = parameter(stack, 'WatchdogSchedule', {
    description: 'How often the watchdog settles a release in production whose run died.',
    default: 'rate(15 minutes)',
  });

  const key = keyOf(stack, 'Artifacts of the pipelines of model-delivery');
  const bucket = new Bucket(stack, 'Artifacts', {
    encryption: BucketEncryption.KMS,
    encryptionKey: key,
    bucketKeyEnabled: true,
    enforceSSL: true,
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
    versioned: true,
    lifecycleRules: [
      // A rollback of a stage reads the artifacts of the older execution.
      {
        expiration: Duration.days(365),
        noncurrentVersionExpiration: Duration.days(30),
        abortIncompleteMultipartUploadAfter: Duration.days(1),
      },
    ],
    removalPolicy: RemovalPolicy.RETAIN,
  });
  (bucket.node.defaultChild as CfnBucket).overrideLogicalId('Artifacts');
  acknowledge(
    bucket,
    'It holds manifests and golden sets between two actions, no model and no record; CloudTrail logs its reads where a team wants them.',
    'AwsSolutions-S1',
  );

  // The action `Read` runs in a container of CodePipeline's, which logs here (user guide, "Commands action reference").
  const logCommands = {
    Sid: 'LogCommands',
    Effect: 'Allow',
    Action: ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents'],
    Resource: regional('logs', `log-group:/aws/codepipeline/\${Name}-*`),
  };
  const role = new CfnRole(stack, 'PipelineRole', {
    description: 'Moves artifacts between the actions; the actions themselves have the roles of the manifest',
    assumeRolePolicyDocument: {
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          // As CodePipeline documents it ("Create the CodePipeline service role"), without a condition; AWS passes no role to another account.
          Principal: { Service: 'codepipeline.amazonaws.com' },
          Action: ['sts:AssumeRole'],
        },
      ],
    },
    policies: [
      {
        policyName: 'pipeline',
        policyDocument: {
          Version: '2012-10-17',
          Statement: [
            // CodePipeline user guide, "Manage the CodePipeline service role", without tags, which the artifacts do not have. A source action with a
            // connection uploads with an access list: without PutObjectAcl it ends with "Access Denied" (aws/aws-cdk#13557).
            {
              Sid: 'FindTheBucket',
              Effect: 'Allow',
              Action: ['s3:GetBucketAcl', 's3:GetBucketLocation', 's3:GetBucketVersioning'],
              Resource: bucket.bucketArn,
            },
            {
              Sid: 'MoveArtifacts',
              Effect: 'Allow',
              Action: ['s3:GetObject', 's3:GetObjectVersion', 's3:PutObject', 's3:PutObjectAcl'],
              Resource: bucket.arnForObjects('*'),
            },
            {
              Sid: 'EncryptThem',
              Effect: 'Allow',
              Action: ['kms:Decrypt', 'kms:DescribeKey', 'kms:GenerateDataKey'],
              Resource: key.keyArn,
            },
            {
              Sid: 'ReadTheRepository',
              Effect: 'Allow',
              Action: ['codeconnections:UseConnection', 'codestar-connections:UseConnection'],
              Resource: connection.valueAsString,
            },
            {
              Sid: 'WakeTheWatchdog',
              Effect: 'Allow',
              Action: ['lambda:InvokeFunction'],
              Resource: worker.valueAsString,
            },
            // The user guide's "AWS Lambda invoke action reference"; a list has no resource.
            { Sid: 'FindTheWatchdog', Effect: 'Allow', Action: ['lambda:ListFunctions'], Resource: '*' },
            onlyIf(alarmed.logicalId, {
              Sid: 'ReadTheAlarm',
              Effect: 'Allow',
              Action: ['cloudwatch:DescribeAlarms'],
              Resource: regional('cloudwatch', `alarm:\${AlarmAfterDelivery}`),
            }),
            ...(registers ? [logCommands] : []),
          ],
        },
      },
    ],
  });
  acknowledge(
    role,
    'All artifacts of its own bucket, the logs of its own pipelines; and AWS has no resource for the list of functions.',
    'AwsSolutions-IAM5[Resource::<Artifacts.Arn>/*]',
    'AwsSolutions-IAM5[Resource::*]',
    'AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:logs:<AWS::Region>:<AWS::AccountId>:log-group:/aws/codepipeline/<Name>-*]',
  );

  const store = {
    type: 'S3',
    location: bucket.bucketName,
    encryptionKey: { id: key.keyArn, type: 'KMS' },
  };
  const nameOf = (end: string): string => `\${Name}-${end}`;

  /** The repository. A trigger of the pipeline starts it, or nothing does: then the branch counts. */
  const source = (branch: string): Declared => ({
    Name: 'Source',
    Actions: [
      {
        Name: repository,
        Namespace: 'Source',
        ActionTypeId: { Category: 'Source', Owner: 'AWS', Provider: 'CodeStarSourceConnection', Version: '1' },
        Configuration: {
          ConnectionArn: { Ref: 'ConnectionArn' },
          FullRepositoryId: { Ref: 'Repository' },
          BranchName: branch,
          DetectChanges: 'false',
        },
        OutputArtifacts: [{ Name: repository }],
      },
    ],
  });

  /** The commit names its content: a file of the repository holds the name of the training job. */
  const register = (environment: string, version: VersionText): Declared => ({
    Name: 'Register',
    Actions: [
      {
        Name: 'Read',
        Namespace: 'Trained',
        ActionTypeId: { Category: 'Compute', Owner: 'AWS', Provider: 'Commands', Version: '1' },
        ...inRepository,
        Commands: [
          sub(`export TRAINING_JOB="$(tr -d '[:space:]' < '\${TrainingJobFile}')"`),
          'test -n "$TRAINING_JOB"',
        ],
        OutputVariables: ['TRAINING_JOB'],
        RunOrder: 1,
      },
      custom(
        'Register',
        ['Invoke', 'register-model'],
        {
          environment,
          version,
          'training-job': '#{Trained.TRAINING_JOB}',
          'further-inputs': { Ref: 'RegisterInputs' },
        },
        { Namespace: 'Register', RunOrder: 2 },
      ),
    ],
  });
  if (registers) {
    parameter(stack, 'TrainingJobFile', {
      description: 'File of the repository that holds the name of the training job.',
      default: 'training-job.txt',
      allowedPattern: '[A-Za-z0-9._/-]+',
    });
    parameter(stack, 'RegisterInputs', {
      description: '`further-inputs` of md-register-model, as YAML.',
      default: '{content-types: text/csv, response-types: text/csv}',
    });
  }
  const testStage = (Name: string, environment: string, version: VersionText): Declared => ({
    Name,
    Actions: [
      custom('Test', ['Test', 'regression-test'], { environment, version, timeout: '3h' }, { Namespace: Name }),
    ],
  });
  /** A stage of its own: a rollback of the stage that delivers must not test again. */
  const test = (Name: string, environment: string, version: VersionText): object =>
    onlyIf(each.logicalId, testStage(Name, environment, version));
  /** The same for production, once the version is on staging. */
  const testOnStaging = (Name: string, environment: string, version: VersionText): readonly object[] =>
    onStaging === undefined ? [] : [onlyIf(onStaging.logicalId, testStage(Name, environment, version))];
  const approve = (environment: string, version: VersionText, mode: string): Declared => ({
    Name: 'Approve',
    Actions: [custom('Approve', ['Test', 'approve-gate'], { environment, version, mode })],
  });
  const deploy = (Name: string, environment: string, version: VersionText): Declared => ({
    Name,
    Actions: [custom('Deploy', ['Deploy', 'deploy-endpoint'], { environment, version }, { Namespace: Name })],
  });
  /**
   * The stage that users see. No `OnFailure`: the operations take back by themselves, and a rollback of the stage would make the failed execution an
   * older one, which can no longer be retried.
   */
  const production = (environment: string, version: VersionText): Declared => {
    const { Name, Actions } = deploy('Production', environment, version);
    const rule = (name: string, Provider: string, Configuration: Configured): Declared => ({
      Name: name,
      RuleTypeId: { Category: 'Rule', Owner: 'AWS', Provider, Version: '1' },
      Configuration,
    });
    return {
      Name,
      Actions: [
        ...(Actions as readonly Declared[]),
        onlyIf(
          shifts.logicalId,
          custom('Shift', ['Deploy', 'shift-traffic'], { environment, version }, { Namespace: 'Shift', RunOrder: 2 }),
        ),
      ],
      BeforeEntry: onlyIf(window.logicalId, {
        Conditions: [
          {
            Result: 'FAIL',
            Rules: [
              rule('Window', 'DeploymentWindow', {
                Cron: { Ref: 'DeliveryWindow' },
                TimeZone: { Ref: 'DeliveryTimeZone' },
              }),
            ],
          },
        ],
      }),
      OnSuccess: onlyIf(alarmed.logicalId, {
        Conditions: [
          {
            Result: 'ROLLBACK',
            Rules: [
              rule('Alarm', 'CloudWatchAlarm', {
                AlarmName: { Ref: 'AlarmAfterDelivery' },
                WaitTime: { Ref: 'AlarmMinutes' },
              }),
            ],
          },
        ],
      }),
    };
  };

  /** Takes a rejected version back: in each environment by itself, also when another one fails. */
  const takeBack = (
    environments: readonly (readonly [name: string, environment: string, when?: string])[],
  ): Declared => ({
    Name: 'TakeBack',
    Actions: environments.map(([name, environment, when]) => {
      const action = custom(name, ['Deploy', 'rollback'], {
        environment,
        'only-rejected': 'true',
        rejected: '#{variables.REJECTED}',
      });
      return when === undefined ? action : onlyIf(when, action);
    }),
  });

  interface Trigger {
    readonly push?: readonly CfnPipeline.GitPushFilterProperty[];
  }
  /** QUEUED: in SUPERSEDED a newer execution can drop a model that waits, and PARALLEL has no rollback of a stage. */
  const pipeline = (
    id: string,
    stages: readonly object[],
    { push }: Trigger = {},
    more: Partial<ConstructorParameters<typeof CfnPipeline>[2]> = {},
  ): CfnPipeline => {
    const made = new CfnPipeline(stack, id, {
      name: Fn.sub(nameOf(id.toLowerCase())),
      pipelineType: 'V2',
      executionMode: 'QUEUED',
      roleArn: role.attrArn,
      artifactStore: store,
      stages: [],
      ...(push === undefined
        ? {}
        : {
            triggers: [
              {
                providerType: 'CodeStarSourceConnection',
                gitConfiguration: { sourceActionName: repository, push: [...push] },
              },
            ],
          }),
      ...more,
    });
    made.addPropertyOverride('Stages', stages);
    new CfnOutput(stack, `${id}Pipeline`, { value: made.ref });
    return made;
  };

  /**
   * Settles a release whose run died. A pipeline of type V1, which costs the same however often it runs; its action is a Lambda invoke action, since
   * Lambda invokes a function that died again.
   */
  const watchdog = (environment: string, branch: string): void => {
    const name = nameOf('watchdog');
    const made = new CfnPipeline(stack, 'Watchdog', {
      name: Fn.sub(name),
      pipelineType: 'V1',
      roleArn: role.attrArn,
      artifactStore: store,
      stages: [],
    });
    made.addPropertyOverride('Stages', [
      source(branch),
      {
        Name: 'Settle',
        Actions: [
          {
            Name: 'Settle',
            ActionTypeId: { Category: 'Invoke', Owner: 'AWS', Provider: 'Lambda', Version: '1' },
            ...inRepository,
            Configuration: {
              FunctionName: { 'Fn::Select': ['6', { 'Fn::Split': [':', { Ref: 'WorkerArn' }] }] },
              UserParameters: {
                'Fn::Sub': [
                  `{operation: rollback, only-expired: true, environment: \${Environment}, manifest: '\${Manifest}', pipeline: '${name}', execution: '#{codepipeline.PipelineExecutionId}'}`,
                  { Environment: environment },
                ],
              },
            },
          },
        ],
      },
    ]);
    const starter = new CfnRole(stack, 'WatchdogStarter', {
      description: 'Starts the watchdog',
      assumeRolePolicyDocument: trustsEvents,
      policies: [startOf(made)],
    });
    new CfnRule(stack, 'WatchdogRule', {
      description: 'A lease expires ten minutes after its run died',
      scheduleExpression: schedule.valueAsString,
      targets: [
        {
          id: 'watchdog',
          arn: arnOf(made),
          roleArn: starter.attrArn,
          retryPolicy: { maximumEventAgeInSeconds: 300, maximumRetryAttempts: 4 },
        },
      ],
    });
  };

  return { source, register, test, testOnStaging, approve, deploy, production, takeBack, pipeline, watchdog };
};

/** Trust policy of a role of a rule (EventBridge user guide, "Cross-service confused deputy prevention"). */
export const trustsEvents = {
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Principal: { Service: 'events.amazonaws.com' },
      Action: ['sts:AssumeRole'],
      Condition: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
    },
  ],
};
const arnOf = (pipeline: CfnPipeline): string =>
  `arn:${Aws.PARTITION}:codepipeline:${Aws.REGION}:${Aws.ACCOUNT_ID}:${pipeline.ref}`;
const startOf = (pipeline: CfnPipeline) => ({
  policyName: 'start',
  policyDocument: {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: ['codepipeline:StartPipelineExecution'], Resource: arnOf(pipeline) }],
  },
});
