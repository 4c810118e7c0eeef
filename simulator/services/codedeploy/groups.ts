import type { Handler } from '../../contracts.ts';
import type { Applications } from './applications.ts';
import { checkAlarms, checkPlatform, checkRollback, refuseUnserved } from './checks.ts';
import type { Configs } from './configs.ts';
import {
  type AlarmConfiguration,
  type AutoRollback,
  type DeploymentGroup,
  noGroup,
  refuse,
  type ServiceGroup,
} from './model.ts';
import { groupView } from './views.ts';

export interface Groups {
  readonly operations: Readonly<Record<string, Handler>>;
  find(application: string, name: string | undefined): DeploymentGroup;
}

interface Around {
  readonly applications: Applications;
  readonly configs: Configs;
  readonly roleExists: (arn: string) => boolean;
}

/** The deployment groups of the applications. */
export const createGroups = (nextId: () => string, { applications, configs, roleExists }: Around): Groups => {
  const groupOf = (application: string, name: string | undefined): DeploymentGroup => {
    if (name === undefined)
      throw refuse('DeploymentGroupNameRequiredException', 'The deployment group name is required');
    const found = applications.find(application).groups.get(name);
    if (found === undefined) throw noGroup(name);
    return found;
  };

  return {
    find: groupOf,
    operations: {
      CreateDeploymentGroup: (input: CreateGroup) => {
        refuseUnserved(input, groupMembers);
        const application = applications.find(input.applicationName);
        const { platform } = application;
        const { deploymentGroupName: name, deploymentConfigName: config = `CodeDeployDefault.${platform}AllAtOnce` } =
          input;
        if (application.groups.has(name))
          throw refuse(
            'DeploymentGroupAlreadyExistsException',
            `Deployment group name: ${name} already exists for application: ${application.name}`,
          );
        checkPlatform(configs.find(config), platform);
        checkAlarms(input.alarmConfiguration);
        checkRollback(input.autoRollbackConfiguration);
        // API, deploymentStyle: "blue/green with traffic control" is what the compute platform Lambda has.
        const { deploymentType = 'BLUE_GREEN', deploymentOption = 'WITH_TRAFFIC_CONTROL' } =
          input.deploymentStyle ?? {};
        if (deploymentType !== 'BLUE_GREEN' || deploymentOption !== 'WITH_TRAFFIC_CONTROL')
          throw refuse(
            'InvalidDeploymentStyleException',
            `For ${platform} deployment group, deployment type can be set to BLUE_GREEN only, with deployment option WITH_TRAFFIC_CONTROL`,
          );
        if (!roleExists(input.serviceRoleArn))
          throw refuse(
            'InvalidRoleException',
            `AWS CodeDeploy does not have the permissions required to assume the role ${input.serviceRoleArn}.`,
          );
        const service = platform === 'ECS' ? serviceIn(input) : undefined;
        const group: DeploymentGroup = {
          ...(service === undefined ? {} : { service }),
          ...{ id: nextId(), name, application, config, role: input.serviceRoleArn },
          ...(input.alarmConfiguration === undefined ? {} : { alarms: input.alarmConfiguration }),
          ...(input.autoRollbackConfiguration === undefined ? {} : { autoRollback: input.autoRollbackConfiguration }),
        };
        application.groups.set(name, group);
        return { deploymentGroupId: group.id };
      },
      GetDeploymentGroup: (input: { readonly applicationName: string; readonly deploymentGroupName: string }) => ({
        deploymentGroupInfo: groupView(groupOf(input.applicationName, input.deploymentGroupName)),
      }),
    },
  };
};

/** User guide, "Deployments on an Amazon ECS Compute Platform": one service, one pair of target groups, a production listener. */
const serviceIn = (input: CreateGroup): ServiceGroup => {
  const { ecsServices = [], loadBalancerInfo = {}, blueGreenDeploymentConfiguration: blueGreen = {} } = input;
  if (ecsServices.length !== 1)
    throw refuse('InvalidECSServiceException', 'A deployment group of the compute platform ECS has one service');
  const [pair] = loadBalancerInfo.targetGroupPairInfoList ?? [];
  if (pair?.targetGroups?.length !== 2)
    throw refuse('InvalidTargetGroupPairException', 'The deployment group needs a pair of target groups');
  if ((pair.prodTrafficRoute?.listenerArns ?? []).length === 0)
    throw refuse('InvalidLoadBalancerInfoException', 'The deployment group needs a production listener');
  const { actionOnTimeout = 'CONTINUE_DEPLOYMENT', waitTimeInMinutes = 0 } = blueGreen.deploymentReadyOption ?? {};
  // API, DeploymentReadyOption: the wait time "applies only to the STOP_DEPLOYMENT option".
  if (actionOnTimeout === 'CONTINUE_DEPLOYMENT' && waitTimeInMinutes > 0)
    throw refuse(
      'InvalidBlueGreenDeploymentConfigurationException',
      'A wait time before the traffic applies only to STOP_DEPLOYMENT',
    );
  if (blueGreen.terminateBlueInstancesOnDeploymentSuccess?.action === 'KEEP_ALIVE')
    throw refuse(
      'InvalidBlueGreenDeploymentConfigurationException',
      'For ECS deployment group, the original task set can only be terminated',
    );
  return { ecsServices, loadBalancerInfo, blueGreen };
};

const groupMembers = [
  'applicationName',
  'deploymentGroupName',
  'deploymentConfigName',
  'serviceRoleArn',
  'alarmConfiguration',
  'autoRollbackConfiguration',
  'deploymentStyle',
  'ecsServices',
  'loadBalancerInfo',
  'blueGreenDeploymentConfiguration',
];

interface CreateGroup {
  readonly applicationName: string;
  readonly deploymentGroupName: string;
  readonly deploymentConfigName?: string;
  readonly serviceRoleArn: string;
  readonly alarmConfiguration?: AlarmConfiguration;
  readonly autoRollbackConfiguration?: AutoRollback;
  readonly deploymentStyle?: { readonly deploymentType?: string; readonly deploymentOption?: string };
  readonly ecsServices?: ServiceGroup['ecsServices'];
  readonly loadBalancerInfo?: ServiceGroup['loadBalancerInfo'];
  readonly blueGreenDeploymentConfiguration?: ServiceGroup['blueGreen'];
}
