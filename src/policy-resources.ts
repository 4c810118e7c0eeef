import type { EcsService, LambdaAlias, S3Location } from './manifest/manifest.ts';

/** The names a policy is written for. */
export interface Place {
  readonly partition: string;
  readonly region: string;
  readonly account: string;
  readonly model: string;
  readonly endpoint: string;
  readonly executionRole: string;
  readonly releases: S3Location;
  /** The bucket of training artifacts. */
  readonly artifacts: string;
  readonly repository: string;
  readonly kmsAlias: string;
  /** Statuses that `register-model` may register with. Default: `PendingManualApproval`. */
  readonly registersAs?: string | readonly string[];
  /** For the policy of an alias. Default: function and application have the name of the endpoint, alias and group are `live`, the hook is `CodeDeployHook_` with that name. */
  readonly lambda?: LambdaAlias;
  /** Of a service. Default: service, family and application have the name of the endpoint, the cluster is `models`, the group is `live`. */
  readonly service?: EcsService;
  /** Names of a topic and a bus of `notify`. Default: `<model>-deliveries`, and the bus `default`. */
  readonly notify?: { readonly topic: string; readonly bus: string };
}

/**
 * The ARNs that policies name. SageMaker compares names in lower case. A name that was cut to 63 characters needs a wider pattern.
 *
 * The resources of an endpoint are named `<endpoint>-<version>-<hash8>` (rule 8), so `<endpoint>-*` matches all of them. It also
 * matches those of an endpoint whose name begins with `<endpoint>-`: IAM has no pattern for digits.
 */
export const resourcesOf = ({ partition, region, account, ...place }: Place) => {
  const regional = (service: string, resource: string): string =>
    `arn:${partition}:${service}:${region}:${account}:${resource}`;
  const s3 = (path: string): string => `arn:${partition}:s3:::${path}`;
  const iam = (resource: string): string => `arn:${partition}:iam::${account}:${resource}`;
  const [model, endpoint] = [place.model.toLowerCase(), place.endpoint.toLowerCase()];
  const live = 'live';
  const lambda = place.lambda ?? {
    ...{ function: place.endpoint, alias: live, application: place.endpoint, deploymentGroup: live },
  };
  const service = place.service ?? {
    ...{ cluster: 'models', name: place.endpoint, taskDefinition: place.endpoint },
    ...{ application: place.endpoint, deploymentGroup: live },
  };
  const releases = `${place.releases.bucket}/${place.releases.prefix}`;
  return {
    everything: '*',
    group: regional('sagemaker', `model-package-group/${model}`),
    packages: regional('sagemaker', `model-package/${model}/*`),
    trainingJobs: regional('sagemaker', 'training-job/*'),
    endpoint: regional('sagemaker', `endpoint/${endpoint}`),
    ownConfigs: regional('sagemaker', `endpoint-config/${endpoint}-*`),
    ownModels: regional('sagemaker', `model/${endpoint}-*`),
    /** `<endpoint>-test-<hash8>` (src/scoring/temporary.ts). */
    temporaryEndpoints: regional('sagemaker', `endpoint/${endpoint}-test-*`),
    temporaryConfigs: regional('sagemaker', `endpoint-config/${endpoint}-test-*`),
    temporaryJobs: regional('sagemaker', `transform-job/${endpoint}-test-*`),
    temporaryModels: regional('sagemaker', `model/${endpoint}-test-*`),
    // A configuration from before the suite has a name of its own.
    allConfigs: regional('sagemaker', 'endpoint-config/*'),
    allModels: regional('sagemaker', 'model/*'),
    experiments: regional('sagemaker', 'inference-experiment/*'),
    ownAlarms: regional('cloudwatch', `alarm:${place.endpoint}-*`),
    /** Alarms of the team, as far as their names have the endpoint's name in them. */
    itsAlarms: regional('cloudwatch', `alarm:*${place.endpoint}*`),
    scalingAlarms: regional('cloudwatch', `alarm:TargetTracking-endpoint/${place.endpoint}/*`),
    // AWS generates its last part: no pattern matches the targets of one endpoint.
    scalableTargets: regional('application-autoscaling', 'scalable-target/*'),
    repository: regional('ecr', `repository/${place.repository}`),
    key: regional('kms', 'key/*'),
    records: s3(`${releases}${place.endpoint}/*`),
    tests: s3(`${releases}${place.endpoint}/regression/*`),
    goldenSet: s3(`${place.artifacts}/*`),
    pinned: s3(`${releases}artifacts/*`),
    evaluations: s3(`${releases}evaluations/*`),
    releasesBucket: s3(place.releases.bucket),
    trained: s3(`${place.artifacts}/*`),
    trainedBucket: s3(place.artifacts),
    lambdaFunction: regional('lambda', `function:${lambda.function}`),
    lambdaVersions: regional('lambda', `function:${lambda.function}:*`),
    deploymentApplication: regional('codedeploy', `application:${lambda.application}`),
    deploymentGroup: regional('codedeploy', `deploymentgroup:${lambda.application}/${lambda.deploymentGroup}`),
    predefinedDeploymentConfigs: regional('codedeploy', 'deploymentconfig:CodeDeployDefault.Lambda*'),
    ownDeploymentConfigs: regional('codedeploy', 'deploymentconfig:model-delivery.*'),
    ecsService: regional('ecs', `service/${service.cluster}/${service.name}`),
    taskDefinitions: regional('ecs', `task-definition/${service.taskDefinition}:*`),
    serviceApplication: regional('codedeploy', `application:${service.application}`),
    serviceGroup: regional('codedeploy', `deploymentgroup:${service.application}/${service.deploymentGroup}`),
    predefinedServiceConfigs: regional('codedeploy', 'deploymentconfig:CodeDeployDefault.ECS*'),
    serviceRecords: s3(`${releases}ecs/${service.cluster}/${service.name}/*`),
    aliasRecords: s3(`${releases}lambda/${lambda.function}/${lambda.alias}/*`),
    aliasTests: s3(`${releases}lambda/${lambda.function}/${lambda.alias}/regression/*`),
    aliasHooks: s3(`${releases}lambda/${lambda.function}/${lambda.alias}/hooks/*`),
    hookFunction: regional(
      'lambda',
      `function:${lambda.hooks?.beforeAllowTraffic ?? `CodeDeployHook_${lambda.function}`}`,
    ),
    topic: regional('sns', place.notify?.topic ?? `${place.model}-deliveries`),
    bus: regional('events', `event-bus/${place.notify?.bus ?? 'default'}`),
    executionRole: iam(`role/${place.executionRole}`),
    scalingRole: iam(
      'role/aws-service-role/sagemaker.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint',
    ),
  };
};
