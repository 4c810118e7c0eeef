import { createHash } from 'node:crypto';
import type { Kernel } from '../contracts.ts';
import type { AlarmedMetrics } from './cloudwatch/cloudwatch.ts';
import { wireTime } from './cloudwatch/wire.ts';
import type { Action, Activity, Policy, Subject, Target } from './scaling-book.ts';
import { keyOf } from './scaling-policies.ts';

export const namespace = 'sagemaker';

const subject = ({ resourceId, dimension }: Subject) => ({
  ServiceNamespace: namespace,
  ResourceId: resourceId,
  ScalableDimension: dimension,
});

export const targetArn = (kernel: Pick<Kernel, 'arn'>, target: Subject): string =>
  kernel.arn(
    'application-autoscaling',
    `scalable-target/${createHash('sha256').update(keyOf(target)).digest('hex').slice(0, 26)}`,
  );

export const describeTarget = (kernel: Kernel, target: Target): object => ({
  ...subject(target),
  MinCapacity: target.min,
  MaxCapacity: target.max,
  RoleARN: target.roleArn,
  CreationTime: wireTime(target.createdAt),
  SuspendedState: target.suspended,
  ScalableTargetARN: targetArn(kernel, target),
});

/** Those of target tracking, and those of others that start a step policy (API reference: ScalingPolicy, Alarms). */
export const describeAlarms = (kernel: Kernel, metrics: AlarmedMetrics, { alarms, arn }: Policy): readonly object[] =>
  [...alarms, ...metrics.naming(arn)].map((AlarmName) => ({
    AlarmName,
    AlarmARN: kernel.arn('cloudwatch', `alarm:${AlarmName}`),
  }));

export const describePolicy = (kernel: Kernel, metrics: AlarmedMetrics, policy: Policy): object => ({
  ...subject(policy),
  PolicyARN: policy.arn,
  PolicyName: policy.name,
  PolicyType: policy.type,
  ...policy.configuration,
  Alarms: describeAlarms(kernel, metrics, policy),
  CreationTime: wireTime(policy.createdAt),
});

export const describeAction = (action: Action): object => ({
  ...subject(action),
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
  ...subject(activity),
  ActivityId: activity.id,
  Description: activity.description,
  Cause: activity.cause,
  StartTime: wireTime(activity.at),
  ...(activity.end === undefined ? {} : { EndTime: wireTime(activity.end) }),
  StatusCode: activity.status,
  StatusMessage: activity.message,
});
