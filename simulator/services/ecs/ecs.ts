import { isDeepStrictEqual } from 'node:util';
import type { Containers, Images, Kernel, Metrics, Service } from '../../contracts.ts';
import { notSimulated } from '../../not-simulated.ts';
import { digestOf } from '../../random.ts';
import {
  client,
  type Definition,
  invalid,
  isSteady,
  type LoadBalancer,
  noCluster,
  noService,
  type Placement,
  type Revision,
  revisionView,
  type ServiceState,
  serviceView,
  type TaskSet,
  withDefaults,
} from './model.ts';
import { createRequests } from './traffic.ts';

/** ECS's inner face: CodeDeploy makes and removes the task sets of a service, and moves its traffic. */
export interface TaskSets {
  service(cluster: string, name: string): ServiceState | undefined;
  /** @returns undefined for one that does not exist, or that was deregistered */
  active(taskDefinition: string): Revision | undefined;
  isSteady(service: ServiceState, set: TaskSet): boolean;
  create(
    service: ServiceState,
    made: Placement & { readonly revision: Revision; readonly loadBalancer: LoadBalancer; readonly externalId: string },
  ): TaskSet;
  /** UpdateServicePrimaryTaskSet. */
  promote(service: ServiceState, set: TaskSet): void;
  /** DeleteTaskSet. */
  remove(service: ServiceState, set: TaskSet): void;
  /** The ARN of a target group that a deployment group has by its name. */
  targetGroup(name: string): string;
}

/**
 * ECS as far as a model in a service behind a load balancer needs it: revisions of task definitions, services whose deployments CodeDeploy
 * makes, their task sets. Not here: tasks, container instances, capacity, the other deployment controllers, the load balancer itself.
 */
export const createEcs = (
  kernel: Kernel,
  { images, metrics }: { readonly images: Images; readonly metrics: Metrics },
): { service: Service; taskSets: TaskSets; containers: Containers } => {
  const { clock, settings } = kernel;
  const clusters = new Set<string>(['default']);
  const families = new Map<string, Revision[]>();
  const services = new Map<string, ServiceState>();
  let made = 0;

  /** @param given a name, or an ARN as the API allows it in its place; that of another account or region is the name of nothing here */
  const nameOf = (given: string): string =>
    given.startsWith('arn:') && !given.includes(`:${kernel.region}:${kernel.accountId}:`)
      ? given
      : given.slice(given.lastIndexOf('/') + 1);
  const clusterOf = (given = 'default'): string => {
    if (!clusters.has(nameOf(given))) throw noCluster();
    return nameOf(given);
  };
  const serviceOf = (cluster: string, name: string): ServiceState | undefined => services.get(`${cluster}/${name}`);

  /** @param given `churn`, `churn:3`, or an ARN */
  const revisionOf = (given: string): Revision | undefined => {
    const [family = '', number] = nameOf(given).split(':');
    const all = families.get(family) ?? [];
    return number === undefined
      ? all.findLast(({ deregisteredAt }) => deregisteredAt === undefined)
      : all.find(({ revision }) => String(revision) === number);
  };
  const active = (given: string): Revision | undefined => {
    const found = revisionOf(given);
    return found?.deregisteredAt === undefined ? found : undefined;
  };

  const touch = (set: TaskSet, change: Partial<Pick<TaskSet, 'status' | 'running' | 'weight'>>): void =>
    void Object.assign(set, change, { updatedAt: clock.now() });

  const start = (service: ServiceState, set: TaskSet): void => {
    clock.at(clock.now() + settings.ecsTaskStartMs, `tasks of ${set.id}`, () => {
      const { containerDefinitions } = set.revision.definition;
      // A task whose image cannot be pulled stops, and ECS starts the next one: the set never gets steady.
      if (set.status === 'DRAINING' || containerDefinitions.some(({ image }) => images.resolve(image) === undefined))
        return;
      touch(set, { running: service.desired });
    });
  };

  const create: TaskSets['create'] = (service, given) => {
    const id = `ecs-svc/${digestOf('task-set', kernel.accountId, kernel.region, made++).readBigUInt64BE(0)}`;
    const set: TaskSet = {
      ...given,
      id,
      arn: kernel.arn('ecs', `task-set/${service.cluster}/${service.name}/${id}`),
      createdAt: clock.now(),
      updatedAt: clock.now(),
      status: 'ACTIVE',
      running: 0,
      weight: 0,
    };
    service.taskSets.push(set);
    start(service, set);
    return set;
  };

  const checkContainers = (input: Definition): void => {
    const names = input.containerDefinitions.map(({ name }) => name);
    if (names.length === 0) throw client('Container list cannot be empty.');
    const container = input.containerDefinitions.find(({ name, image }) => !name || !image);
    if (container !== undefined) throw client('Container.name and Container.image must be specified.');
    for (const {
      environment = [],
      secrets = [],
    } of input.containerDefinitions as readonly (Definition['containerDefinitions'][number] & {
      readonly secrets?: readonly { readonly name: string }[];
    })[]) {
      const all = [...environment, ...secrets].map(({ name }) => name);
      // Words seen in the field (aws/copilot-cli, hashicorp/terraform-provider-aws).
      const twice = secrets.find(({ name }) => all.filter((one) => one === name).length > 1);
      if (twice !== undefined)
        throw client(
          `The secret name must be unique and not shared with any new or existing environment variables set on the container, such as '${twice.name}'.`,
        );
    }
  };

  return {
    service: {
      operations: {
        CreateCluster: (input: { readonly clusterName?: string }) => {
          refuseUnserved(input, ['clusterName']);
          const name = input.clusterName ?? 'default';
          clusters.add(name);
          return { cluster: { clusterArn: kernel.arn('ecs', `cluster/${name}`), clusterName: name, status: 'ACTIVE' } };
        },
        RegisterTaskDefinition: ({ tags = [], ...input }: Definition & { readonly tags?: readonly object[] }) => {
          checkContainers(input);
          const all = families.get(input.family) ?? [];
          const revision: Revision = {
            arn: kernel.arn('ecs', `task-definition/${input.family}:${all.length + 1}`),
            family: input.family,
            revision: all.length + 1,
            definition: withDefaults(input),
            tags,
            registeredAt: clock.now(),
          };
          families.set(input.family, [...all, revision]);
          return { taskDefinition: revisionView(revision), tags };
        },
        DescribeTaskDefinition: (input: { readonly taskDefinition: string; readonly include?: readonly string[] }) => {
          const found = revisionOf(input.taskDefinition);
          // Words seen in the field (aws/aws-cli, kayac/ecspresso).
          if (found === undefined) throw client('Unable to describe task definition.');
          return {
            taskDefinition: revisionView(found),
            ...(input.include?.includes('TAGS') ? { tags: found.tags } : {}),
          };
        },
        DeregisterTaskDefinition: ({ taskDefinition }: { readonly taskDefinition: string }) => {
          const found = taskDefinition.includes(':') ? revisionOf(taskDefinition) : undefined;
          if (found === undefined) throw client('The specified task definition does not exist.');
          found.deregisteredAt ??= clock.now();
          return { taskDefinition: revisionView(found) };
        },
        CreateService: (input: CreateService) => {
          refuseUnserved(input, serviceMembers);
          const cluster = clusterOf(input.cluster);
          const existing = serviceOf(cluster, input.serviceName);
          const { clientToken, ...wanted } = input;
          if (existing !== undefined) {
            // API: CreateService, clientToken: the same request again has no further effect.
            const { token, input: before } = existing.createdBy;
            if (clientToken !== undefined && clientToken === token && isDeepStrictEqual(wanted, before))
              return { service: serviceView(existing) };
            throw invalid('Creation of service was not idempotent.');
          }
          // API: CreateService, schedulingStrategy.
          if ((input.schedulingStrategy ?? 'REPLICA') !== 'REPLICA')
            throw invalid('The CODE_DEPLOY deployment controller does not support the DAEMON scheduling strategy.');
          if (input.deploymentController?.type !== 'CODE_DEPLOY')
            throw notSimulated(`the deployment controller ${input.deploymentController?.type ?? 'ECS'}`);
          const [loadBalancer, ...others] = input.loadBalancers ?? [];
          // Developer guide, "CodeDeploy blue/green deployments": "You must configure the service to use either an Application Load
          // Balancer or Network Load Balancer".
          if (loadBalancer === undefined || others.length > 0)
            throw invalid('A service with the deployment controller CODE_DEPLOY needs one load balancer.');
          const revision = active(input.taskDefinition ?? '');
          if (revision === undefined) throw client('TaskDefinition not found.');
          checkContainer(revision, loadBalancer);
          if (input.launchType !== undefined && (input.capacityProviderStrategy ?? []).length > 0)
            throw invalid('Specifying both a launch type and capacity provider strategy is not supported.');
          const placement = placementOf(input);
          const state: ServiceState = {
            ...placement,
            name: input.serviceName,
            cluster,
            arn: kernel.arn('ecs', `service/${cluster}/${input.serviceName}`),
            clusterArn: kernel.arn('ecs', `cluster/${cluster}`),
            createdAt: clock.now(),
            createdBy: { token: clientToken, input: wanted },
            desired: input.desiredCount ?? 1,
            taskSets: [],
          };
          services.set(`${cluster}/${state.name}`, state);
          const set = create(state, { ...placement, revision, loadBalancer, externalId: state.name });
          touch(set, { status: 'PRIMARY', weight: 100 });
          return { service: serviceView(state) };
        },
        DescribeServices: (input: { readonly cluster?: string; readonly services: readonly string[] }) => {
          const cluster = clusterOf(input.cluster);
          const found = input.services.map((given) => ({ given, state: serviceOf(cluster, nameOf(given)) }));
          return {
            services: found.flatMap(({ state }) => (state === undefined ? [] : [serviceView(state)])),
            // Developer guide, "API failure reasons".
            failures: found.flatMap(({ given, state }) =>
              state === undefined
                ? [{ arn: kernel.arn('ecs', `service/${cluster}/${nameOf(given)}`), reason: 'MISSING' }]
                : [],
            ),
          };
        },
        UpdateService: (input: UpdateService) => {
          const state = serviceOf(clusterOf(input.cluster), nameOf(input.service));
          if (state === undefined) throw noService();
          // Words seen in the field (aws/aws-cli#5062, hashicorp/terraform-provider-aws).
          if (input.taskDefinition !== undefined)
            throw invalid(
              'Unable to update task definition on services with a CODE_DEPLOY deployment controller. Use AWS CodeDeploy to trigger a new deployment.',
            );
          refuseUnserved(input, ['cluster', 'service', 'desiredCount']);
          state.desired = input.desiredCount ?? state.desired;
          for (const set of state.taskSets) start(state, set);
          return { service: serviceView(state) };
        },
      },
    },
    taskSets: {
      service: serviceOf,
      active,
      isSteady,
      create,
      promote(service, set) {
        for (const one of service.taskSets) if (one.status === 'PRIMARY') touch(one, { status: 'ACTIVE' });
        touch(set, { status: 'PRIMARY' });
      },
      remove(service, set) {
        touch(set, { status: 'DRAINING', running: 0, weight: 0 });
        clock.at(clock.now() + settings.ecsDrainMs, `end of ${set.id}`, () => {
          service.taskSets = service.taskSets.filter((one) => one !== set);
        });
      },
      targetGroup: (name) =>
        kernel.arn(
          'elasticloadbalancing',
          `targetgroup/${name}/${digestOf('target-group', name).toString('hex').slice(0, 16)}`,
        ),
    },
    containers: createRequests(kernel, metrics, serviceOf),
  };
};

/** API: CreateService, the container and its port have to be in the task definition. */
const checkContainer = ({ definition }: Revision, { containerName, containerPort }: LoadBalancer): void => {
  const container = definition.containerDefinitions.find(({ name }) => name === containerName);
  if (!container?.portMappings?.some((mapping) => mapping.containerPort === containerPort))
    // Words seen in the field (aws/amazon-ecs-cli, hashicorp/terraform-provider-aws).
    throw invalid(`The container ${containerName} did not have a container port ${containerPort} defined.`);
};

const placementOf = ({
  launchType,
  capacityProviderStrategy,
  platformVersion,
  networkConfiguration,
}: Placement): Placement => ({
  ...(launchType === undefined ? {} : { launchType }),
  ...(capacityProviderStrategy === undefined ? {} : { capacityProviderStrategy }),
  ...(platformVersion === undefined ? {} : { platformVersion }),
  ...(networkConfiguration === undefined ? {} : { networkConfiguration }),
});

/** A member that changes something and is not served is refused by its name: an accepted call has its effect. The words are ours. */
const refuseUnserved = (input: object, served: readonly string[]): void => {
  const other = Object.keys(input).find((member) => !served.includes(member));
  if (other !== undefined) throw notSimulated(`ecs, member ${other}`);
};

const serviceMembers = [
  'cluster',
  'serviceName',
  'taskDefinition',
  'desiredCount',
  'loadBalancers',
  'deploymentController',
  'launchType',
  'capacityProviderStrategy',
  'platformVersion',
  'networkConfiguration',
  'schedulingStrategy',
  'clientToken',
];

interface CreateService extends Placement {
  readonly cluster?: string;
  readonly serviceName: string;
  readonly taskDefinition?: string;
  readonly desiredCount?: number;
  readonly loadBalancers?: readonly LoadBalancer[];
  readonly deploymentController?: { readonly type: string };
  readonly schedulingStrategy?: string;
  readonly clientToken?: string;
}
interface UpdateService {
  readonly cluster?: string;
  readonly service: string;
  readonly taskDefinition?: string;
  readonly desiredCount?: number;
}
