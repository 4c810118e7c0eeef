import type { Kernel } from '../../contracts.ts';
import { type Application, type Deployment, type DeploymentConfig, type DeploymentGroup, isOver } from './model.ts';

const time = (instant: number | undefined, member: string): object =>
  instant === undefined ? {} : { [member]: new Date(instant) };

/** Of every deployment of a function (user guide, "CreateDeploymentGroup": `deploymentStyle`). */
const style = { deploymentType: 'BLUE_GREEN', deploymentOption: 'WITH_TRAFFIC_CONTROL' };

export const applicationView = ({ id, name, createdAt, platform }: Application): object => ({
  applicationId: id,
  applicationName: name,
  createTime: new Date(createdAt),
  linkedToGitHub: false,
  computePlatform: platform,
});

export const groupView = (group: DeploymentGroup): object => ({
  applicationName: group.application.name,
  deploymentGroupId: group.id,
  deploymentGroupName: group.name,
  deploymentConfigName: group.config,
  serviceRoleArn: group.role,
  deploymentStyle: style,
  computePlatform: group.application.platform,
  ...(group.service === undefined
    ? {}
    : {
        ecsServices: group.service.ecsServices,
        loadBalancerInfo: group.service.loadBalancerInfo,
        blueGreenDeploymentConfiguration: group.service.blueGreen,
      }),
  ...(group.alarms === undefined ? {} : { alarmConfiguration: group.alarms }),
  ...(group.autoRollback === undefined ? {} : { autoRollbackConfiguration: group.autoRollback }),
});

export const configView = ({ id, name, createdAt, routing, platform }: DeploymentConfig): object => ({
  deploymentConfigId: id,
  deploymentConfigName: name,
  createTime: new Date(createdAt),
  computePlatform: platform,
  trafficRoutingConfig: routing,
});

/** API: DeploymentInfo. The content of an AppSpec is not in it; GetApplicationRevision has it. */
export const deploymentView = (deployment: Deployment): object => {
  const { group, status } = deployment;
  const counted = {
    Created: 'Pending',
    InProgress: 'InProgress',
    Ready: 'Ready',
    Succeeded: 'Succeeded',
    Failed: 'Failed',
    Stopped: 'Skipped',
  };
  return {
    applicationName: group.application.name,
    deploymentGroupName: group.name,
    deploymentConfigName: deployment.config.name,
    deploymentId: deployment.id,
    revision: { revisionType: 'AppSpecContent', appSpecContent: { sha256: deployment.sha256 } },
    status,
    ...(deployment.error === undefined ? {} : { errorInformation: deployment.error }),
    createTime: new Date(deployment.createdAt),
    ...time(deployment.startedAt, 'startTime'),
    ...time(deployment.completedAt, 'completeTime'),
    deploymentOverview: {
      ...{ Pending: 0, InProgress: 0, Succeeded: 0, Failed: 0, Skipped: 0, Ready: 0 },
      [counted[status]]: 1,
    },
    ...(deployment.description === undefined ? {} : { description: deployment.description }),
    creator: deployment.creator,
    autoRollbackConfiguration: deployment.autoRollback,
    ...(deployment.rollback === undefined ? {} : { rollbackInfo: deployment.rollback }),
    deploymentStyle: style,
    computePlatform: group.application.platform,
    ...(deployment.overrideAlarms === undefined ? {} : { overrideAlarmConfiguration: deployment.overrideAlarms }),
  };
};

/** The form of the id is [unconfirmed]; it is opaque. */
export const targetIdOf = ({ spec, group }: Deployment): string => {
  const [service] = group.service?.ecsServices ?? [];
  return service === undefined
    ? `${spec?.functionName}:${spec?.alias}`
    : `${service.clusterName}:${service.serviceName}`;
};

/** API: ECSTarget. */
const serviceTargetView = (kernel: Pick<Kernel, 'arn'>, deployment: Deployment): object => {
  const { sets, status, group } = deployment;
  const [{ clusterName = '', serviceName = '' } = {}] = group.service?.ecsServices ?? [];
  const labelled = [
    ...(sets === undefined ? [] : [{ label: 'Blue', set: sets.blue }]),
    ...(sets?.green === undefined ? [] : [{ label: 'Green', set: sets.green }]),
  ];
  return {
    deploymentTargetType: 'ECSTarget',
    ecsTarget: {
      deploymentId: deployment.id,
      targetId: targetIdOf(deployment),
      targetArn: kernel.arn('ecs', `service/${clusterName}/${serviceName}`),
      status: status === 'Created' ? 'Pending' : status === 'Stopped' ? 'Skipped' : status,
      ...time(isOver(deployment) ? deployment.completedAt : deployment.startedAt, 'lastUpdatedAt'),
      lifecycleEvents: eventViews(deployment),
      taskSetsInfo: labelled.map(({ label, set }) => ({
        identifer: set.id,
        desiredCount: set.running,
        pendingCount: 0,
        runningCount: set.running,
        status: set.status,
        trafficWeight: set.weight,
        targetGroup: { name: /targetgroup\/([^/]+)/.exec(set.loadBalancer.targetGroupArn)?.[1] },
        taskSetLabel: label,
      })),
    },
  };
};

const eventViews = ({ events }: Deployment): readonly object[] =>
  events.map(({ name, status, startedAt, endedAt, message }) => ({
    lifecycleEventName: name,
    status,
    ...time(startedAt, 'startTime'),
    ...time(endedAt, 'endTime'),
    ...(message === undefined ? {} : { diagnostics: { errorCode: 'ScriptFailed', message } }),
  }));

/** API: LambdaTarget. */
export const targetView = (kernel: Pick<Kernel, 'arn'>, deployment: Deployment): object => {
  const { spec, status } = deployment;
  if (deployment.group.service !== undefined) return serviceTargetView(kernel, deployment);
  return {
    deploymentTargetType: 'LambdaTarget',
    lambdaTarget: {
      deploymentId: deployment.id,
      targetId: targetIdOf(deployment),
      targetArn: kernel.arn('lambda', `function:${targetIdOf(deployment)}`),
      status: status === 'Created' ? 'Pending' : status === 'Stopped' ? 'Skipped' : status,
      ...time(isOver(deployment) ? deployment.completedAt : deployment.startedAt, 'lastUpdatedAt'),
      lifecycleEvents: eventViews(deployment),
      lambdaFunctionInfo: {
        functionName: spec?.functionName,
        functionAlias: spec?.alias,
        currentVersion: spec?.currentVersion,
        targetVersion: spec?.targetVersion,
        targetVersionWeight: deployment.weight,
      },
    },
  };
};
