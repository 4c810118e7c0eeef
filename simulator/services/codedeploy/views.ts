import type { Kernel } from '../../contracts.ts';
import { type Application, type Deployment, type DeploymentConfig, type DeploymentGroup, isOver } from './model.ts';

const time = (instant: number | undefined, member: string): object =>
  instant === undefined ? {} : { [member]: new Date(instant) };

/** Of every deployment of a function (user guide, "CreateDeploymentGroup": `deploymentStyle`). */
const style = { deploymentType: 'BLUE_GREEN', deploymentOption: 'WITH_TRAFFIC_CONTROL' };

export const applicationView = ({ id, name, createdAt }: Application): object => ({
  applicationId: id,
  applicationName: name,
  createTime: new Date(createdAt),
  linkedToGitHub: false,
  computePlatform: 'Lambda',
});

export const groupView = (group: DeploymentGroup): object => ({
  applicationName: group.application.name,
  deploymentGroupId: group.id,
  deploymentGroupName: group.name,
  deploymentConfigName: group.config,
  serviceRoleArn: group.role,
  deploymentStyle: style,
  computePlatform: 'Lambda',
  ...(group.alarms === undefined ? {} : { alarmConfiguration: group.alarms }),
  ...(group.autoRollback === undefined ? {} : { autoRollbackConfiguration: group.autoRollback }),
});

export const configView = ({ id, name, createdAt, routing }: DeploymentConfig): object => ({
  deploymentConfigId: id,
  deploymentConfigName: name,
  createTime: new Date(createdAt),
  computePlatform: 'Lambda',
  trafficRoutingConfig: routing,
});

/** API: DeploymentInfo. The content of an AppSpec is not in it; GetApplicationRevision has it. */
export const deploymentView = (deployment: Deployment): object => {
  const { group, status } = deployment;
  const counted = {
    Created: 'Pending',
    InProgress: 'InProgress',
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
    computePlatform: 'Lambda',
    ...(deployment.overrideAlarms === undefined ? {} : { overrideAlarmConfiguration: deployment.overrideAlarms }),
  };
};

/** The form of the id is [unconfirmed]; it is opaque. */
export const targetIdOf = ({ spec }: Deployment): string => `${spec?.functionName}:${spec?.alias}`;

/** API: LambdaTarget. */
export const targetView = (kernel: Pick<Kernel, 'arn'>, deployment: Deployment): object => {
  const { spec, status } = deployment;
  return {
    deploymentTargetType: 'LambdaTarget',
    lambdaTarget: {
      deploymentId: deployment.id,
      targetId: targetIdOf(deployment),
      targetArn: kernel.arn('lambda', `function:${targetIdOf(deployment)}`),
      status: status === 'Created' ? 'Pending' : status === 'Stopped' ? 'Skipped' : status,
      ...time(isOver(deployment) ? deployment.completedAt : deployment.startedAt, 'lastUpdatedAt'),
      lifecycleEvents: deployment.events.map(({ name, status, startedAt, endedAt, message }) => ({
        lifecycleEventName: name,
        status,
        ...time(startedAt, 'startTime'),
        ...time(endedAt, 'endTime'),
        ...(message === undefined ? {} : { diagnostics: { errorCode: 'ScriptFailed', message } }),
      })),
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
