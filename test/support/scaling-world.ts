import type { Instant } from '../../src/clock.ts';
import type { World } from '../../src/world.ts';

type Input = Readonly<Record<string, unknown>>;
export interface ScalingAws {
  target?: Input;
  policies: Input[];
  actions: Input[];
  alarms: Input[];
  /** Calls in their order: `putScalingPolicy wake`. */
  readonly calls: string[];
  /** Call, with its object or without: refused with this error. */
  readonly refuse: Record<string, Error>;
}

/** What AWS refuses, and what passes. */
export const validation = (message = 'no'): Error =>
  Object.assign(new Error(message), { name: 'ValidationException', $metadata: {} });

/**
 * Application Auto Scaling and CloudWatch's alarms with one scalable target. A policy that is put again keeps its ARN, and one that was
 * away gets another.
 */
export const scalingWorld = (
  start: Partial<ScalingAws> = {},
  at: Instant = 0,
): { readonly world: World; readonly aws: ScalingAws } => {
  const aws: ScalingAws = { policies: [], actions: [], alarms: [], calls: [], refuse: {}, ...start };
  let made = 0;
  const call = (name: string, object: unknown): void => {
    const full = `${name} ${object}`;
    const error = aws.refuse[full] ?? aws.refuse[name];
    if (error) throw error;
    aws.calls.push(full);
  };
  const put = (list: Input[], key: string, item: Input): void => {
    const index = list.findIndex((other) => other[key] === item[key]);
    if (index === -1) list.push(item);
    else list[index] = item;
  };
  const world = {
    clock: { now: () => at },
    read: {
      autoscaling: {
        describeScalableTargets: async () => ({ ScalableTargets: aws.target ? [aws.target] : [] }),
        describeScalingPolicies: async () => ({ ScalingPolicies: aws.policies }),
        describeScheduledActions: async () => ({ ScheduledActions: aws.actions }),
      },
      cloudwatch: {
        describeAlarms: async ({ AlarmNames, ActionPrefix }: { AlarmNames?: string[]; ActionPrefix?: string }) => ({
          MetricAlarms: aws.alarms.filter(
            ({ AlarmName, AlarmActions, OKActions = [] }) =>
              AlarmNames?.includes(AlarmName as string) ||
              (ActionPrefix !== undefined &&
                [...(AlarmActions as string[]), ...(OKActions as string[])].some((one) =>
                  one.startsWith(ActionPrefix),
                )),
          ),
        }),
      },
    },
    write: {
      autoscaling: {
        registerScalableTarget: async (input: Input) => {
          call('registerScalableTarget', input['ResourceId']);
          aws.target = { ...aws.target, ...input };
          return {};
        },
        putScalingPolicy: async (input: Input) => {
          const { PolicyName: name } = input;
          call('putScalingPolicy', name);
          const before = aws.policies.find(({ PolicyName }) => PolicyName === name)?.['PolicyARN'];
          const PolicyARN =
            before ??
            `arn:aws:autoscaling:eu-west-1:111122223333:scalingPolicy:new-${++made}:resource/sagemaker/${input['ResourceId']}:policyName/${name}`;
          put(aws.policies, 'PolicyName', { ...input, PolicyARN });
          return { PolicyARN };
        },
        putScheduledAction: async (input: Input) => {
          call('putScheduledAction', input['ScheduledActionName']);
          put(aws.actions, 'ScheduledActionName', input);
          return {};
        },
      },
      cloudwatch: {
        putMetricAlarm: async (input: Input) => {
          call('putMetricAlarm', input['AlarmName']);
          put(aws.alarms, 'AlarmName', input);
          return {};
        },
      },
    },
  } as unknown as World;
  return { world, aws };
};
