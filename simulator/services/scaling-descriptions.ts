import type { Kernel } from '../contracts.ts';
import { wireTime } from './cloudwatch/wire.ts';
import type { Action, Activity, Policy, Target } from './scaling-engine.ts';

export const namespace = 'sagemaker';
export const dimension = 'sagemaker:variant:DesiredInstanceCount';

const subject = (resourceId: string) => ({
  ServiceNamespace: namespace,
  ResourceId: resourceId,
  ScalableDimension: dimension,
});

export const targetArn = (kernel: Pick<Kernel, 'arn'>, { resourceId }: Pick<Target, 'resourceId'>): string =>
  kernel.arn('application-autoscaling', `scalable-target/${Buffer.from(resourceId).toString('hex').slice(-26)}`);

export const describeTarget = (kernel: Kernel, target: Target): object => ({
  ...subject(target.resourceId),
  MinCapacity: target.min,
  MaxCapacity: target.max,
  RoleARN: target.roleArn,
  CreationTime: wireTime(target.createdAt),
  SuspendedState: target.suspended,
  ScalableTargetARN: targetArn(kernel, target),
});

export const describeAlarms = (kernel: Kernel, { alarms }: Policy): readonly object[] =>
  alarms.map((AlarmName) => ({ AlarmName, AlarmARN: kernel.arn('cloudwatch', `alarm:${AlarmName}`) }));

export const describePolicy = (kernel: Kernel, policy: Policy): object => ({
  ...subject(policy.resourceId),
  PolicyARN: policy.arn,
  PolicyName: policy.name,
  PolicyType: policy.type,
  ...policy.configuration,
  Alarms: describeAlarms(kernel, policy),
  CreationTime: wireTime(policy.createdAt),
});

export const describeAction = (action: Action): object => ({
  ...subject(action.resourceId),
  ScheduledActionName: action.name,
  ScheduledActionARN: action.arn,
  Schedule: action.text,
  ...(action.timezone === undefined ? {} : { Timezone: action.timezone }),
  ...(action.start === undefined ? {} : { StartTime: wireTime(action.start) }),
  ...(action.end === undefined ? {} : { EndTime: wireTime(action.end) }),
  ScalableTargetAction: action.change,
  CreationTime: wireTime(action.createdAt),
});

export const describeActivity = (activity: Activity): object => ({
  ...subject(activity.resourceId),
  ActivityId: activity.id,
  Description: activity.description,
  Cause: activity.cause,
  StartTime: wireTime(activity.at),
  ...(activity.end === undefined ? {} : { EndTime: wireTime(activity.end) }),
  StatusCode: activity.status,
  StatusMessage: activity.message,
});
