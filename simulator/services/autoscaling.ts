import { AwsError, type Hosting, type Kernel, type Scaling, type Service } from '../contracts.ts';
import type { AlarmedMetrics } from './cloudwatch/cloudwatch.ts';
import { instantOf, page, type WireTime } from './cloudwatch/wire.ts';
import {
  describeAction,
  describeActivity,
  describeAlarms,
  describePolicy,
  describeTarget,
  dimension,
  namespace,
  targetArn,
} from './scaling-descriptions.ts';
import {
  type Action,
  type Book,
  invocationsPerInstance,
  type Policy,
  type SuspendedState,
  startScaling,
  type Target,
  type TargetTracking,
  type Variant,
} from './scaling-engine.ts';
import { parseSchedule } from './schedule.ts';

interface Subject {
  readonly ServiceNamespace: string;
  readonly ResourceId: string;
  readonly ScalableDimension: string;
}
interface Paged {
  readonly MaxResults?: number;
  readonly NextToken?: string;
}

const invalid = (message: string): AwsError => new AwsError('ValidationException', message);
const about = ({ ResourceId }: Subject): string =>
  `service namespace: ${namespace}, resource ID: ${ResourceId}, scalable dimension: ${dimension}`;
const noTarget = (subject: Subject): AwsError =>
  new AwsError('ObjectNotFoundException', `No scalable target registered for ${about(subject)}`);

/** Application Auto Scaling for endpoint variants. It acts once a minute; its alarms are real alarms of CloudWatch. */
export const createAutoscaling = (
  kernel: Kernel,
  neighbours: { readonly metrics: AlarmedMetrics; readonly hosting: () => Hosting },
): { readonly service: Service; readonly scaling: Scaling } => {
  const { clock } = kernel;
  const { metrics, hosting } = neighbours;
  const random = kernel.random('autoscaling');
  const book: Book = { targets: new Map(), policies: [], actions: [], activities: [] };
  const { targets } = book;

  const uuid = (): string =>
    'xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx'.replaceAll('x', () => Math.floor(random() * 16).toString(16));

  startScaling(kernel, metrics, hosting, book, uuid);

  const checkSubject = (input: Partial<Subject>): void => {
    if (input.ServiceNamespace !== namespace) throw invalid(`Unsupported service namespace: ${input.ServiceNamespace}`);
    if (input.ScalableDimension !== undefined && input.ScalableDimension !== dimension)
      throw invalid(`Unsupported scalable dimension: ${input.ScalableDimension}`);
  };
  const variantOf = (resourceId: string): Variant => {
    const [, endpoint, variant] = /^endpoint\/([^/]+)\/variant\/([^/]+)$/.exec(resourceId) ?? [];
    if (endpoint === undefined || variant === undefined)
      throw invalid(`ResourceId ${resourceId} is not of the form endpoint/<endpoint>/variant/<variant>`);
    return { endpoint, variant };
  };

  const removePolicies = (unwanted: (policy: Policy) => boolean): void => {
    metrics.deleteAlarms(book.policies.filter(unwanted).flatMap(({ alarms }) => alarms));
    book.policies = book.policies.filter((policy) => !unwanted(policy));
  };
  /** Takes its policies and scheduled actions with it (§6). */
  const removeTarget = (resourceId: string): void => {
    targets.delete(resourceId);
    removePolicies((policy) => policy.resourceId === resourceId);
    book.actions = book.actions.filter((action) => action.resourceId !== resourceId);
  };

  const putAlarms = (target: Target, tracking: TargetTracking): readonly string[] => {
    const { dimensions, metric, namespace: Namespace } = invocationsPerInstance(target);
    const common = { Namespace, MetricName: metric, Dimensions: dimensions, Statistic: 'Sum', Period: 60 };
    const name = (side: string): string => `TargetTracking-${target.resourceId}-${side}-${uuid()}`;
    const [high, low] = [name('AlarmHigh'), name('AlarmLow')];
    // AWS creates these for target tracking: three minutes above the target, fifteen minutes below nine tenths of it.
    metrics.putAlarm({
      ...common,
      AlarmName: high,
      EvaluationPeriods: 3,
      Threshold: tracking.TargetValue,
      ComparisonOperator: 'GreaterThanThreshold',
    });
    metrics.putAlarm({
      ...common,
      AlarmName: low,
      EvaluationPeriods: 15,
      Threshold: tracking.TargetValue * 0.9,
      ComparisonOperator: 'LessThanThreshold',
    });
    return [high, low];
  };

  const listed = <Item extends { readonly resourceId: string }>(
    items: readonly Item[],
    input: Partial<Subject> & Paged,
  ) => {
    checkSubject(input);
    const wanted = items.filter(({ resourceId }) => (input.ResourceId ?? resourceId) === resourceId);
    return page(wanted, input.MaxResults ?? 50, input.NextToken, 'InvalidNextTokenException');
  };

  const service: Service = {
    operations: {
      RegisterScalableTarget: (
        input: Subject & {
          MinCapacity?: number;
          MaxCapacity?: number;
          RoleARN?: string;
          SuspendedState?: SuspendedState;
        },
      ) => {
        checkSubject(input);
        const before = targets.get(input.ResourceId);
        const min = input.MinCapacity ?? before?.min;
        const max = input.MaxCapacity ?? before?.max;
        if (min === undefined || max === undefined)
          throw invalid('MinCapacity and MaxCapacity are required to register a scalable target');
        if (min > max) throw invalid(`MinCapacity (${min}) must not be greater than MaxCapacity (${max})`);
        if (min < 1) throw invalid(`Minimum capacity cannot be less than 1 for ${dimension}`);
        const subject = variantOf(input.ResourceId);
        const variant = hosting().variant(subject.endpoint, subject.variant);
        if (!variant) throw invalid(`Endpoint variant does not exist: ${input.ResourceId}`);
        // AWS: "Automatic scaling of SageMaker AI models", burstable instances.
        if (variant.instanceType.startsWith('ml.t2.'))
          throw invalid(`Instance type ${variant.instanceType} does not support automatic scaling`);
        const target: Target = {
          ...subject,
          resourceId: input.ResourceId,
          min,
          max,
          suspended: {
            DynamicScalingInSuspended: false,
            DynamicScalingOutSuspended: false,
            ScheduledScalingSuspended: false,
            ...before?.suspended,
            ...input.SuspendedState,
          },
          roleArn:
            input.RoleARN ??
            `arn:aws:iam::${kernel.accountId}:role/aws-service-role/sagemaker.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint`,
          createdAt: before?.createdAt ?? clock.now(),
        };
        targets.set(input.ResourceId, target);
        return { ScalableTargetARN: targetArn(kernel, target) };
      },

      DeregisterScalableTarget: (input: Subject) => {
        checkSubject(input);
        if (!targets.has(input.ResourceId)) throw noTarget(input);
        removeTarget(input.ResourceId);
        return {};
      },

      DescribeScalableTargets: (input: Partial<Subject> & Paged & { ResourceIds?: readonly string[] }) => {
        const wanted = [...targets.values()].filter(
          ({ resourceId }) => input.ResourceIds?.includes(resourceId) ?? true,
        );
        const { items, ...rest } = listed(wanted, input);
        return { ScalableTargets: items.map((target) => describeTarget(kernel, target)), ...rest };
      },

      /** Step policies are kept and described; they act when an alarm names them as its action, and alarms here run no actions. */
      PutScalingPolicy: (input: Subject & Policy['configuration'] & { PolicyName: string; PolicyType?: string }) => {
        checkSubject(input);
        const target = targets.get(input.ResourceId);
        if (!target) throw noTarget(input);
        const before = book.policies.find(
          ({ name, resourceId }) => name === input.PolicyName && resourceId === input.ResourceId,
        );
        const type = input.PolicyType ?? before?.type ?? 'StepScaling';
        const { TargetTrackingScalingPolicyConfiguration: tracking, StepScalingPolicyConfiguration: step } = input;
        if (before && before.type !== type) throw invalid(`The type of policy ${input.PolicyName} cannot be changed`);
        if (type === 'TargetTrackingScaling') {
          if (!tracking) throw invalid('TargetTrackingScalingPolicyConfiguration is required');
          if (tracking.PredefinedMetricSpecification?.PredefinedMetricType !== 'SageMakerVariantInvocationsPerInstance')
            throw invalid('Only the predefined metric SageMakerVariantInvocationsPerInstance is supported here');
          if (!(tracking.TargetValue > 0)) throw invalid('TargetValue must be greater than 0');
        } else if (type !== 'StepScaling' || !step) throw invalid(`A policy of type ${type} needs its configuration`);
        removePolicies((policy) => policy === before);
        const policy: Policy = {
          resourceId: input.ResourceId,
          name: input.PolicyName,
          arn:
            before?.arn ??
            kernel.arn(
              'autoscaling',
              `scalingPolicy:${uuid()}:resource/sagemaker/${input.ResourceId}:policyName/${input.PolicyName}`,
            ),
          type,
          configuration: {
            ...(tracking ? { TargetTrackingScalingPolicyConfiguration: tracking } : {}),
            ...(step ? { StepScalingPolicyConfiguration: step } : {}),
          },
          alarms: tracking ? putAlarms(target, tracking) : [],
          createdAt: before?.createdAt ?? clock.now(),
        };
        book.policies = [...book.policies, policy];
        return { PolicyARN: policy.arn, Alarms: describeAlarms(kernel, policy) };
      },

      DescribeScalingPolicies: (input: Partial<Subject> & Paged & { PolicyNames?: readonly string[] }) => {
        const { items, ...rest } = listed(
          book.policies.filter(({ name }) => input.PolicyNames?.includes(name) ?? true),
          input,
        );
        return {
          ScalingPolicies: items.map((policy) => describePolicy(kernel, policy)),
          ...rest,
        };
      },

      DeleteScalingPolicy: (input: Subject & { PolicyName: string }) => {
        checkSubject(input);
        const found = book.policies.find(
          ({ name, resourceId }) => name === input.PolicyName && resourceId === input.ResourceId,
        );
        if (!found)
          throw new AwsError(
            'ObjectNotFoundException',
            `No scaling policy found for ${about(input)}, policy name: ${input.PolicyName}`,
          );
        removePolicies((policy) => policy === found);
        return {};
      },

      PutScheduledAction: (
        input: Subject & {
          ScheduledActionName: string;
          Schedule?: string;
          Timezone?: string;
          StartTime?: WireTime;
          EndTime?: WireTime;
          ScalableTargetAction?: Action['change'];
        },
      ) => {
        checkSubject(input);
        if (!targets.has(input.ResourceId)) throw noTarget(input);
        const before = book.actions.find(
          ({ name, resourceId }) => name === input.ScheduledActionName && resourceId === input.ResourceId,
        );
        const text = input.Schedule ?? before?.text;
        const timezone = input.Timezone ?? before?.timezone;
        if (text === undefined) throw invalid('Schedule is required');
        const schedule = parseSchedule(text, timezone ?? 'UTC', clock.now());
        if (!schedule)
          throw invalid(`Schedule expression or time zone is not valid: ${text}${timezone ? ` (${timezone})` : ''}`);
        const start = input.StartTime === undefined ? before?.start : instantOf(input.StartTime);
        const end = input.EndTime === undefined ? before?.end : instantOf(input.EndTime);
        const action: Action = {
          resourceId: input.ResourceId,
          name: input.ScheduledActionName,
          arn:
            before?.arn ??
            kernel.arn(
              'autoscaling',
              `scheduledAction:${uuid()}:resource/sagemaker/${input.ResourceId}:scheduledActionName/${input.ScheduledActionName}`,
            ),
          text,
          schedule,
          change: input.ScalableTargetAction ?? before?.change ?? {},
          ...(timezone === undefined ? {} : { timezone }),
          ...(start === undefined ? {} : { start }),
          ...(end === undefined ? {} : { end }),
          createdAt: before?.createdAt ?? clock.now(),
        };
        book.actions = [...book.actions.filter((other) => other !== before), action];
        return {};
      },

      DescribeScheduledActions: (input: Partial<Subject> & Paged & { ScheduledActionNames?: readonly string[] }) => {
        const { items, ...rest } = listed(
          book.actions.filter(({ name }) => input.ScheduledActionNames?.includes(name) ?? true),
          input,
        );
        return {
          ScheduledActions: items.map(describeAction),
          ...rest,
        };
      },

      DeleteScheduledAction: (input: Subject & { ScheduledActionName: string }) => {
        checkSubject(input);
        const found = book.actions.find(
          ({ name, resourceId }) => name === input.ScheduledActionName && resourceId === input.ResourceId,
        );
        if (!found)
          throw new AwsError(
            'ObjectNotFoundException',
            `No scheduled action found for ${about(input)}, scheduled action name: ${input.ScheduledActionName}`,
          );
        book.actions = book.actions.filter((action) => action !== found);
        return {};
      },

      DescribeScalingActivities: (input: Partial<Subject> & Paged) => {
        const { items, ...rest } = listed(book.activities, input);
        return {
          ScalingActivities: items.map(describeActivity),
          ...rest,
        };
      },
    },
  };

  return {
    service,
    scaling: {
      isRegistered: (endpoint, variant) => targets.has(`endpoint/${endpoint}/variant/${variant}`),
      deregister: (endpoint, variant) => removeTarget(`endpoint/${endpoint}/variant/${variant}`),
    },
  };
};
