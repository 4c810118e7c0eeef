import { Aws, CfnRule as CfnCheck, CfnCondition, type CfnParameter, Fn, type Stack } from 'aws-cdk-lib';
import { CfnApiDestination, CfnConnection, CfnRule } from 'aws-cdk-lib/aws-events';
import { CfnRole } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { acknowledge } from './acknowledged.ts';
import { alarmsOf } from './alarms.ts';
import { deadLetters, keyOf } from './encrypted.ts';
import { trustsEvents } from './pipeline-parts.ts';
import { given, openTemplate, parameter } from './template.ts';

/**
 * Decisions in the registry, as events of its account and region. SageMaker may send several events for one change, and EventBridge delivers each at least
 * once: the pipeline and the workflow look at the registry and the endpoint, so an event that comes again finds the work done. One that is late does
 * so in the workflow alone, whose delivery has `once`: a rollback of a pipeline's stage has to deliver a version that served before.
 */
const decided = (decision: 'Approved' | 'Rejected', UpdatedModelPackageFields: readonly unknown[]) => ({
  source: ['aws.sagemaker'],
  'detail-type': ['SageMaker Model Package State Change'],
  detail: {
    ModelPackageGroupName: [{ 'equals-ignore-case': { Ref: 'ModelPackageGroup' } }],
    ModelApprovalStatus: [decision],
    UpdatedModelPackageFields,
  },
});
/** A person, or a gate, has changed the status. An edit of an approved package is no approval. */
const byDecision = ['ModelApprovalStatus'];
/** A registration, in all that is known. AWS does not document whether the event of each update names the changed members. */
const withoutFields = [{ exists: false }];
/** The registry decides what a rejection takes back, so one event too many does no harm, and one too few does. */
const rejected = (): object => {
  const {
    detail: { UpdatedModelPackageFields: decisions, ...detail },
    ...event
  } = decided('Rejected', byDecision);
  const either = [decisions, withoutFields].map((UpdatedModelPackageFields) => ({ UpdatedModelPackageFields }));
  return { ...event, detail: { ...detail, $or: either } };
};

/** The statuses of an update that goes on, in the spelling of the events and in that of the API. An unknown one is looked at. */
const moving = ['Creating', 'Updating', 'SystemUpdating', 'RollingBack', 'Deleting'];
const spelledByEvents = (status: string): string => status.replace(/(?<=.)[A-Z]/g, '_$&').toUpperCase();

/** The endpoint's status may be the end of a delivery that no run follows. A change of its instance count ends so, too. */
const atRest = {
  source: ['aws.sagemaker'],
  'detail-type': ['SageMaker Endpoint State Change'],
  detail: {
    EndpointName: [{ 'equals-ignore-case': { Ref: 'Endpoint' } }],
    EndpointStatus: [{ 'anything-but': [...moving, ...moving.map(spelledByEvents)] }],
  },
};

const pipelineName = {
  default: '',
  allowedPattern: '([A-Za-z0-9.@_-]{1,100})?',
  constraintDescription: 'empty, or the name of a pipeline',
};

/** What a decision of people in the registry starts: a pipeline with the exact package, a workflow at GitHub, or both. */
export const approvalsTemplate = (app: Construct): Stack => {
  const stack = openTemplate(
    app,
    'approvals',
    'model-delivery: decisions in the model registry start deliveries and rollbacks',
  );
  parameter(stack, 'ModelPackageGroup', {
    description: '`model` of the manifest.',
    // An event has the name: an ARN would match none.
    allowedPattern: '[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}',
    constraintDescription: 'the name of a model package group, not its ARN',
  });
  const pipeline = parameter(stack, 'Pipeline', {
    description:
      'Name of the pipeline that an approval starts, with VERSION as the ARN of the package; empty for none.',
    ...pipelineName,
  });
  const rejectionPipeline = parameter(stack, 'RejectionPipeline', {
    description:
      'Name of the pipeline that a rejection starts, with REJECTED as the ARN of the package: that of promotion.json takes the version back where it serves. Empty for none.',
    ...pipelineName,
  });
  const registered = parameter(stack, 'RegisteredAsApproved', {
    description:
      'Whether a version that is registered as Approved starts Pipeline too: deliver, or ignore. A build may be registered so, without a decision.',
    default: 'ignore',
    allowedValues: ['ignore', 'deliver'],
  });
  const repository = parameter(stack, 'GitHubRepository', {
    description:
      'OWNER/NAME of the repository whose workflows get repository_dispatch: model-approved and model-rejected, and endpoint-at-rest; empty for none.',
    default: '',
    allowedPattern: '([^/]+/[^/]+)?',
    constraintDescription: 'empty, or OWNER/NAME',
  });
  parameter(stack, 'GitHubTokenSecret', {
    description:
      'Name of a secret in Secrets Manager with a fine-grained token for this repository alone: contents, read and write. After a change of the token: NAME:SecretString:::VERSION-ID.',
    default: 'github-dispatch-token',
  });
  const endpoint = parameter(stack, 'Endpoint', {
    description:
      'Name of an endpoint in this account and region; when it comes to rest, the repository gets endpoint-at-rest. Empty for none.',
    default: '',
    allowedPattern: '([a-zA-Z0-9](-*[a-zA-Z0-9]){0,62})?',
    constraintDescription: 'empty, or the name of an endpoint, not its ARN',
  });
  const toPipeline = given(stack, 'ToPipeline', pipeline);
  const takesBack = given(stack, 'TakesBack', rejectionPipeline);
  const delivers = new CfnCondition(stack, 'DeliversRegistered', {
    expression: Fn.conditionAnd(toPipeline, Fn.conditionEquals(registered.valueAsString, 'deliver')),
  });
  const toGithub = given(stack, 'ToGitHub', repository);
  const ofEndpoint = given(stack, 'OfEndpoint', endpoint);

  const isGiven = (one: string) => Fn.conditionNot(Fn.conditionEquals(Fn.ref(one), ''));
  new CfnCheck(stack, 'SomethingStarts', {
    assertions: [
      {
        assert: Fn.conditionOr(isGiven('Pipeline'), isGiven('RejectionPipeline'), isGiven('GitHubRepository')),
        assertDescription:
          'Give Pipeline, RejectionPipeline or GitHubRepository, or several: otherwise a decision starts nothing.',
      },
    ],
  });
  new CfnCheck(stack, 'AnEndpointNeedsARepository', {
    ruleCondition: isGiven('Endpoint'),
    assertions: [
      {
        assert: isGiven('GitHubRepository'),
        assertDescription:
          'Give GitHubRepository with Endpoint: an endpoint at rest starts a workflow and no pipeline.',
      },
    ],
  });
  acknowledge(stack, 'GitHubTokenSecret is the name of a secret, not its value.', 'CloudFormation-Validate::W2509');

  const key = keyOf(stack, 'Events of model-delivery that could not be delivered');
  const letters = deadLetters(stack, key, {
    Promote: toPipeline,
    PromoteRegistered: delivers,
    TakeBack: takesBack,
    DispatchApproved: toGithub,
    DispatchRejected: toGithub,
    DispatchAtRest: ofEndpoint,
  });
  const late = {
    deadLetterConfig: { arn: letters.attrArn },
    retryPolicy: { maximumEventAgeInSeconds: 3600, maximumRetryAttempts: 20 },
  };

  /** Rules that start a pipeline with the ARN of the event's package in its variable, and the role for that. */
  const starting = (
    roleId: string,
    named: CfnParameter,
    condition: CfnCondition,
    variable: 'VERSION' | 'REJECTED',
  ): ((id: string, description: string, eventPattern: object, when?: CfnCondition) => void) => {
    const arn = `arn:${Aws.PARTITION}:codepipeline:${Aws.REGION}:${Aws.ACCOUNT_ID}:${named.valueAsString}`;
    const role = new CfnRole(stack, roleId, {
      description: 'Starts the pipeline',
      assumeRolePolicyDocument: trustsEvents,
      policies: [
        {
          policyName: 'start',
          policyDocument: {
            Version: '2012-10-17',
            Statement: [{ Effect: 'Allow', Action: ['codepipeline:StartPipelineExecution'], Resource: arn }],
          },
        },
      ],
    });
    role.cfnOptions.condition = condition;
    return (id, description, eventPattern, when = condition) => {
      const rule = new CfnRule(stack, id, {
        description,
        eventPattern,
        targets: [
          {
            id: 'pipeline',
            arn,
            roleArn: role.attrArn,
            inputTransformer: {
              inputPathsMap: { package: '$.detail.ModelPackageArn' },
              inputTemplate: `{"variables":[{"name":"${variable}","value":<package>}]}`,
            },
            ...late,
          },
        ],
      });
      rule.cfnOptions.condition = when;
    };
  };
  const promote = starting('Starter', pipeline, toPipeline, 'VERSION');
  promote('Promote', 'An approved package starts the pipeline', decided('Approved', byDecision));
  promote(
    'PromoteRegistered',
    'A package that is registered as Approved starts the pipeline',
    decided('Approved', withoutFields),
    delivers,
  );
  starting(
    'TakeBackStarter',
    rejectionPipeline,
    takesBack,
    'REJECTED',
  )('TakeBack', 'A rejected package starts the pipeline that takes it back', rejected());

  const connection = new CfnConnection(stack, 'Connection', {
    description: 'Token for repository_dispatch',
    authorizationType: 'API_KEY',
    authParameters: {
      apiKeyAuthParameters: {
        apiKeyName: 'Authorization',
        apiKeyValue: Fn.sub(`Bearer {{resolve:secretsmanager:\${GitHubTokenSecret}}}`),
      },
      invocationHttpParameters: {
        headerParameters: [
          { key: 'Accept', value: 'application/vnd.github+json', isValueSecret: false },
          { key: 'X-GitHub-Api-Version', value: '2022-11-28', isValueSecret: false },
        ],
      },
    },
  });
  connection.cfnOptions.condition = toGithub;
  const destination = new CfnApiDestination(stack, 'Destination', {
    description: 'repository_dispatch of one repository',
    connectionArn: connection.attrArn,
    httpMethod: 'POST',
    invocationEndpoint: Fn.sub(`https://api.github.com/repos/\${GitHubRepository}/dispatches`),
    invocationRateLimitPerSecond: 1,
  });
  destination.cfnOptions.condition = toGithub;
  const dispatcher = new CfnRole(stack, 'Dispatcher', {
    description: 'Posts events to GitHub',
    assumeRolePolicyDocument: trustsEvents,
    policies: [
      {
        policyName: 'dispatch',
        policyDocument: {
          Version: '2012-10-17',
          Statement: [
            { Effect: 'Allow', Action: ['events:InvokeApiDestination'], Resource: destination.attrArnForPolicy },
          ],
        },
      },
    ],
  });
  dispatcher.cfnOptions.condition = toGithub;
  const dispatch = (id: string, description: string, type: string, eventPattern: object): CfnRule =>
    new CfnRule(stack, id, {
      description,
      eventPattern,
      targets: [
        {
          id: 'github',
          arn: destination.attrArn,
          roleArn: dispatcher.attrArn,
          inputTransformer: {
            inputTemplate: `{"event_type":"${type}","client_payload":{"event":<aws.events.event.json>}}`,
          },
          ...late,
        },
      ],
    });
  const patterns = { Approved: decided('Approved', byDecision), Rejected: rejected() };
  for (const [decision, pattern] of Object.entries(patterns)) {
    const word = decision.toLowerCase();
    const about = `A package that is ${word} starts a workflow at GitHub`;
    dispatch(`Dispatch${decision}`, about, `model-${word}`, pattern).cfnOptions.condition = toGithub;
  }
  dispatch(
    'DispatchAtRest',
    'An endpoint that came to rest starts a workflow at GitHub',
    'endpoint-at-rest',
    atRest,
  ).cfnOptions.condition = ofEndpoint;
  alarmsOf(stack)(
    'Undelivered',
    'A decision in the registry, or the rest of an endpoint, could not be delivered: read the queue, then start the pipeline or the workflow by hand',
    {
      namespace: 'AWS/SQS',
      metricName: 'ApproximateNumberOfMessagesVisible',
      dimensions: { QueueName: letters.attrQueueName },
    },
    'something',
  );
  return stack;
};
