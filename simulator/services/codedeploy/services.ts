import type { Kernel } from '../../contracts.ts';
import type { TaskSets } from '../ecs/ecs.ts';
import type { ServiceState, TaskSet } from '../ecs/model.ts';
import type { Deployment } from './model.ts';

/** CodeDeploy's side of a service of ECS: which task sets there are, and which traffic they get. */
export interface Services {
  /** The service with the task set that serves and the one beside it, and the task definition. @returns the error code without them */
  begin(deployment: Deployment): { readonly code: string; readonly message: string } | undefined;
  /** Creates the replacement task set. */
  install(deployment: Deployment): void;
  isInstalled(deployment: Deployment): boolean;
  /** @param share percent of the production listener's requests for the replacement */
  shift(deployment: Deployment, share: number): void;
  /** Deletes the original task set. */
  terminate(deployment: Deployment): void;
  /** Takes the traffic back to the original task set of this deployment, and deletes the replacement. */
  restore(deployment: Deployment): void;
  hasTestListener(deployment: Deployment): boolean;
}

export const createServices = (kernel: Kernel, sets: TaskSets): Services => {
  const { settings } = kernel;

  const serviceOf = ({ group }: Deployment): ServiceState | undefined => {
    const [named] = group.service?.ecsServices ?? [];
    return named && sets.service(named.clusterName, named.serviceName);
  };
  /** What a step works with; `begin` has checked it. */
  const partsOf = (deployment: Deployment) => {
    const [service, spec, { blue, green } = {}] = [serviceOf(deployment), deployment.serviceSpec, deployment.sets];
    if (service === undefined || spec === undefined || blue === undefined)
      throw new Error(`${deployment.id} has no service, AppSpec or task set`);
    return { service, spec, blue, green };
  };
  const pairOf = ({ group }: Deployment) => group.service?.loadBalancerInfo.targetGroupPairInfoList?.[0];

  const promote = (service: ServiceState, set: TaskSet): void => {
    if (set.status !== 'PRIMARY') sets.promote(service, set);
  };

  return {
    begin(deployment) {
      const service = serviceOf(deployment);
      const spec = deployment.serviceSpec;
      // API: ErrorCode. Which of them a mistake gets, and that none is refused by CreateDeployment, is [unconfirmed].
      if (spec === undefined)
        return {
          code: 'INVALID_REVISION',
          message: 'The AppSpec content is not valid for a deployment of an ECS service',
        };
      const blue = service?.taskSets.find(({ status }) => status === 'PRIMARY');
      if (service === undefined || blue === undefined)
        return { code: 'INVALID_ECS_SERVICE', message: 'The ECS service of the deployment group does not exist' };
      const revision = sets.active(spec.taskDefinition);
      const container = revision?.definition.containerDefinitions.find(({ name }) => name === spec.containerName);
      if (!container?.portMappings?.some(({ containerPort }) => containerPort === spec.containerPort))
        return {
          code: 'INVALID_ECS_SERVICE',
          message: `The task definition ${spec.taskDefinition} is not active, or has no container ${spec.containerName} with the port ${spec.containerPort}`,
        };
      if (service.taskSets.some((set) => set !== blue && set.status === 'ACTIVE'))
        return { code: 'ECS_UPDATE_ERROR', message: 'The ECS service has a task set beside the one that serves' };
      deployment.sets = { blue };
      return undefined;
    },
    install(deployment) {
      const { service, spec, blue } = partsOf(deployment);
      const revision = sets.active(spec.taskDefinition);
      if (revision === undefined) throw new Error(`${spec.taskDefinition} is gone`);
      const names = (pairOf(deployment)?.targetGroups ?? []).flatMap(({ name }) => name ?? []);
      // "CodeDeploy determines which target group is associated with the task set that has the status PRIMARY" (user guide).
      const other = names.find((name) => !blue.loadBalancer.targetGroupArn.includes(`targetgroup/${name}/`)) ?? '';
      const { launchType, networkConfiguration, platformVersion, capacityProviderStrategy } = blue;
      const green = sets.create(service, {
        // "If none is specified, CodeDeploy uses the current network Amazon ECS settings." A missing platform version is LATEST.
        ...(spec.capacityProviderStrategy !== undefined
          ? { capacityProviderStrategy: spec.capacityProviderStrategy }
          : launchType !== undefined
            ? { launchType }
            : capacityProviderStrategy !== undefined
              ? { capacityProviderStrategy }
              : {}),
        ...(spec.networkConfiguration !== undefined
          ? { networkConfiguration: spec.networkConfiguration }
          : networkConfiguration !== undefined
            ? { networkConfiguration }
            : {}),
        ...(platformVersion === undefined ? {} : { platformVersion: spec.platformVersion ?? 'LATEST' }),
        revision,
        loadBalancer: {
          targetGroupArn: sets.targetGroup(other),
          containerName: spec.containerName,
          containerPort: spec.containerPort,
        },
        externalId: deployment.id,
      });
      deployment.sets = { blue, green };
    },
    isInstalled(deployment) {
      const { service, green } = partsOf(deployment);
      return green !== undefined && sets.isSteady(service, green);
    },
    shift(deployment, share) {
      const { service, blue, green } = partsOf(deployment);
      if (green === undefined) return;
      green.weight = share;
      blue.weight = 100 - share;
      if (share === 100 || settings.primaryTaskSet === 'first-shift') promote(service, green);
    },
    terminate(deployment) {
      const { service, blue } = partsOf(deployment);
      sets.remove(service, blue);
    },
    restore(deployment) {
      const { service, blue, green } = partsOf(deployment);
      blue.weight = 100;
      promote(service, blue);
      if (green === undefined) return;
      green.weight = 0;
      sets.remove(service, green);
    },
    hasTestListener: (deployment) => pairOf(deployment)?.testTrafficRoute !== undefined,
  };
};
