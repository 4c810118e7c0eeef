import { AwsError, type Instant } from '../../contracts.ts';

/** Members of RegisterTaskDefinition, as they came. */
export interface Definition {
  readonly family: string;
  readonly containerDefinitions: readonly Container[];
  readonly [setting: string]: unknown;
}
export interface Container {
  readonly name: string;
  readonly image: string;
  readonly environment?: readonly { readonly name?: string; readonly value?: string }[];
  readonly portMappings?: readonly { readonly containerPort?: number }[];
  readonly [setting: string]: unknown;
}

export interface Revision {
  /** `…:task-definition/churn:3`. */
  readonly arn: string;
  readonly family: string;
  readonly revision: number;
  readonly definition: Definition;
  readonly tags: readonly object[];
  readonly registeredAt: Instant;
  deregisteredAt?: Instant;
}

/** Members of a service that a task set has too. */
export interface Placement {
  readonly launchType?: string;
  readonly capacityProviderStrategy?: readonly object[];
  readonly platformVersion?: string;
  readonly networkConfiguration?: object;
}

export interface TaskSet extends Placement {
  readonly id: string;
  readonly arn: string;
  readonly revision: Revision;
  readonly loadBalancer: LoadBalancer;
  readonly createdAt: Instant;
  /** The deployment that made it; the first one has the service itself. */
  readonly externalId?: string;
  status: 'PRIMARY' | 'ACTIVE' | 'DRAINING';
  running: number;
  updatedAt: Instant;
  /** Percent of the requests to the production listener. */
  weight: number;
}

export interface LoadBalancer {
  readonly targetGroupArn: string;
  readonly containerName: string;
  readonly containerPort: number;
}

export interface ServiceState extends Placement {
  readonly name: string;
  readonly cluster: string;
  readonly arn: string;
  readonly clusterArn: string;
  readonly createdAt: Instant;
  /** The request that made it. */
  readonly createdBy: { readonly token: string | undefined; readonly input: object };
  desired: number;
  taskSets: TaskSet[];
}

/** API: TaskDefinition. Register fills these members in (seen in the field: aws-actions/amazon-ecs-render-task-definition). */
export const withDefaults = (definition: Definition): Definition => ({
  volumes: [],
  placementConstraints: [],
  ...definition,
  containerDefinitions: definition.containerDefinitions.map((container) => ({
    ...{ cpu: 0, portMappings: [], essential: true, environment: [], mountPoints: [], volumesFrom: [] },
    ...container,
  })),
});

export const revisionView = ({ arn, revision, definition, registeredAt, deregisteredAt }: Revision): object => ({
  ...definition,
  taskDefinitionArn: arn,
  revision,
  status: deregisteredAt === undefined ? 'ACTIVE' : 'INACTIVE',
  compatibilities: ['EC2', ...((definition['requiresCompatibilities'] as readonly string[] | undefined) ?? [])],
  registeredAt: new Date(registeredAt),
  ...(deregisteredAt === undefined ? {} : { deregisteredAt: new Date(deregisteredAt) }),
});

/** API: `computedDesiredCount`, of a task set with the scale of 100 percent that CodeDeploy gives it. A draining set has none. */
export const desiredOf = ({ desired }: ServiceState, { status }: TaskSet): number =>
  status === 'DRAINING' ? 0 : desired;

export const isSteady = (service: ServiceState, set: TaskSet): boolean => set.running === desiredOf(service, set);

const taskSetView = (service: ServiceState, set: TaskSet): object => {
  const { launchType, capacityProviderStrategy, platformVersion, networkConfiguration } = set;
  return {
    id: set.id,
    taskSetArn: set.arn,
    serviceArn: service.arn,
    clusterArn: service.clusterArn,
    startedBy: 'CODE_DEPLOY',
    ...(set.externalId === undefined ? {} : { externalId: set.externalId }),
    status: set.status,
    taskDefinition: set.revision.arn,
    computedDesiredCount: desiredOf(service, set),
    pendingCount: Math.max(0, desiredOf(service, set) - set.running),
    runningCount: set.running,
    createdAt: new Date(set.createdAt),
    updatedAt: new Date(set.updatedAt),
    ...(launchType === undefined ? {} : { launchType }),
    ...(capacityProviderStrategy === undefined ? {} : { capacityProviderStrategy }),
    ...(platformVersion === undefined ? {} : { platformVersion }),
    ...(networkConfiguration === undefined ? {} : { networkConfiguration }),
    loadBalancers: [set.loadBalancer],
    serviceRegistries: [],
    scale: { value: set.status === 'DRAINING' ? 0 : 100, unit: 'PERCENT' },
    stabilityStatus: isSteady(service, set) ? 'STEADY_STATE' : 'STABILIZING',
    stabilityStatusAt: new Date(set.updatedAt),
    tags: [],
  };
};

export const serviceView = (service: ServiceState): object => {
  const primary = service.taskSets.find(({ status }) => status === 'PRIMARY');
  const running = service.taskSets.reduce((sum, set) => sum + set.running, 0);
  const { launchType, capacityProviderStrategy, platformVersion, networkConfiguration } = service;
  return {
    serviceArn: service.arn,
    serviceName: service.name,
    clusterArn: service.clusterArn,
    status: 'ACTIVE',
    desiredCount: service.desired,
    runningCount: running,
    pendingCount: 0,
    ...(launchType === undefined ? {} : { launchType }),
    ...(capacityProviderStrategy === undefined ? {} : { capacityProviderStrategy }),
    ...(platformVersion === undefined ? {} : { platformVersion }),
    ...(networkConfiguration === undefined ? {} : { networkConfiguration }),
    taskDefinition: primary?.revision.arn,
    loadBalancers: primary === undefined ? [] : [primary.loadBalancer],
    schedulingStrategy: 'REPLICA',
    deploymentController: { type: 'CODE_DEPLOY' },
    taskSets: service.taskSets.map((set) => taskSetView(service, set)),
    deployments: [],
    events: [],
    createdAt: new Date(service.createdAt),
  };
};

/** The words are ours where no source is named. */
export const invalid = (message: string): AwsError => new AwsError('InvalidParameterException', message);
export const client = (message: string): AwsError => new AwsError('ClientException', message);
export const noCluster = (): AwsError => new AwsError('ClusterNotFoundException', 'Cluster not found.');
export const noService = (): AwsError => new AwsError('ServiceNotFoundException', 'Service not found.');
