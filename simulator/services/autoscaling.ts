import { AwsError, type Hosting, type Kernel, type Scaling, type Service } from '../contracts.ts';
import { notSimulated } from '../not-simulated.ts';
import type { AlarmedMetrics } from './cloudwatch/cloudwatch.ts';
import { instantOf, page, type WireTime } from './cloudwatch/wire.ts';
import type {
  Action,
  Book,
  Policy,
  StepScaling,
  Subject,
  SuspendedState,
  Target,
  TargetTracking,
  Variant,
} from './scaling-book.ts';
import {
  describeAction,
  describeActivity,
  describeAlarms,
  describePolicy,
  describeTarget,
  namespace,
  targetArn,
} from './scaling-descriptions.ts';
import { startScaling, trackedMetric } from './scaling-engine.ts';
import {
  checkMinimum,
  checkSteps,
  checkTracking,
  checkVariant,
  identityOf,
  isAbout,
  isDimension,
  keyOf,
  subjectText,
} from './scaling-policies.ts';
import { parseSchedule } from './schedule.ts';

interface Named {
  readonly ServiceNamespace: string;
  readonly ResourceId: string;
  readonly ScalableDimension: string;
}
interface Paged {
  readonly MaxResults?: number;
  readonly NextToken?: string;
}

const invalid = (message: string): AwsError => new AwsError('ValidationException', message);
const noTarget = (subject: Subject): AwsError =>
  new AwsError('ObjectNotFoundException', `No scalable target registered for ${subjectText(subject)}`);

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

  const checkNames = (input: Partial<Named>): void => {
    if (input.ServiceNamespace !== namespace)
      throw notSimulated(`application-autoscaling, ServiceNamespace ${input.ServiceNamespace}`);
    // The copies of inference components have a dimension of their own, and may go down to zero.
    if (input.ScalableDimension === 'sagemaker:inference-component:DesiredCopyCount')
      throw notSimulated(`application-autoscaling, ScalableDimension ${input.ScalableDimension}`);
    if (input.ScalableDimension !== undefined && !isDimension(input.ScalableDimension))
      throw invalid(`Unsupported scalable dimension: ${input.ScalableDimension}`);
  };
  const subjectOf = (input: Named): Subject => {
    checkNames(input);
    if (!isDimension(input.ScalableDimension)) throw invalid('ScalableDimension is required');
    return { resourceId: input.ResourceId, dimension: input.ScalableDimension };
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
  const removeTarget = (subject: Subject): void => {
    const isItsOwn = isAbout(subject);
    targets.delete(keyOf(subject));
    removePolicies(isItsOwn);
    book.actions = book.actions.filter((action) => !isItsOwn(action));
  };
  const targetsOf = (endpoint: string, variant: string): readonly Target[] =>
    [...targets.values()].filter((target) => target.endpoint === endpoint && target.variant === variant);

  const sameMetric =
    (target: Target) =>
    (one: TargetTracking, other: TargetTracking): boolean => {
      if (identityOf(one) === identityOf(other)) return true;
      const byMetric = (tracking: TargetTracking): string => identityOf(tracking, trackedMetric(target, tracking));
      return byMetric(one) === byMetric(other) && kernel.settings.trackedTwice === 'by-metric';
    };

  const putAlarms = (target: Target, tracking: TargetTracking): readonly string[] => {
    const tracked = trackedMetric(target, tracking);
    // Metric math, and metrics that nothing publishes here: AWS makes alarms for them, and here none would ever go off.
    if (tracked === undefined) return [];
    const { dimensions, metric, namespace: Namespace, stat } = tracked;
    const common = { Namespace, MetricName: metric, Dimensions: dimensions, Statistic: stat, Period: 60 };
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

  const listed = <Item extends Subject>(items: readonly Item[], input: Partial<Named> & Paged) => {
    checkNames(input);
    const wanted = items.filter(
      ({ resourceId, dimension }) =>
        (input.ResourceId ?? resourceId) === resourceId && (input.ScalableDimension ?? dimension) === dimension,
    );
    return page(wanted, input.MaxResults ?? 50, input.NextToken, 'InvalidNextTokenException');
  };

  const service: Service = {
    operations: {
      RegisterScalableTarget: (
        input: Named & {
          MinCapacity?: number;
          MaxCapacity?: number;
          RoleARN?: string;
          SuspendedState?: SuspendedState;
        },
      ) => {
        const subject = subjectOf(input);
        const before = targets.get(keyOf(subject));
        const min = input.MinCapacity ?? before?.min;
        const max = input.MaxCapacity ?? before?.max;
        if (min === undefined || max === undefined)
          throw invalid('MinCapacity and MaxCapacity are required to register a scalable target');
        if (min > max) throw invalid(`MinCapacity (${min}) must not be greater than MaxCapacity (${max})`);
        const { endpoint, variant } = variantOf(input.ResourceId);
        const facts = checkVariant(input.ResourceId, subject.dimension, hosting().variant(endpoint, variant));
        checkMinimum(min, subject.dimension, facts);
        const target: Target = {
          ...subject,
          endpoint,
          variant,
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
        targets.set(keyOf(subject), target);
        return { ScalableTargetARN: targetArn(kernel, target) };
      },

      DeregisterScalableTarget: (input: Named) => {
        const subject = subjectOf(input);
        if (!targets.has(keyOf(subject))) throw noTarget(subject);
        removeTarget(subject);
        return {};
      },

      DescribeScalableTargets: (input: Partial<Named> & Paged & { ResourceIds?: readonly string[] }) => {
        const wanted = [...targets.values()].filter(
          ({ resourceId }) => input.ResourceIds?.includes(resourceId) ?? true,
        );
        const { items, ...rest } = listed(wanted, input);
        return { ScalableTargets: items.map((target) => describeTarget(kernel, target)), ...rest };
      },

      PutScalingPolicy: (
        input: Named & {
          PolicyName: string;
          PolicyType?: string;
          TargetTrackingScalingPolicyConfiguration?: TargetTracking;
          StepScalingPolicyConfiguration?: StepScaling;
        },
      ) => {
        const subject = subjectOf(input);
        const target = targets.get(keyOf(subject));
        if (!target) throw noTarget(subject);
        const before = book.policies.filter(isAbout(subject)).find(({ name }) => name === input.PolicyName);
        const type = input.PolicyType ?? before?.type ?? 'StepScaling';
        const { TargetTrackingScalingPolicyConfiguration: tracking, StepScalingPolicyConfiguration: step } = input;
        if (before && before.type !== type) throw invalid(`The type of policy ${input.PolicyName} cannot be changed`);
        if (type === 'TargetTrackingScaling')
          checkTracking(tracking, { ...subject, name: input.PolicyName }, book.policies, sameMetric(target));
        else if (type === 'StepScaling') checkSteps(step);
        else throw invalid(`Policies of type ${type} are not supported for ${subject.dimension}`);
        removePolicies((policy) => policy === before);
        const policy: Policy = {
          ...subject,
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
        return { PolicyARN: policy.arn, Alarms: describeAlarms(kernel, metrics, policy) };
      },

      DescribeScalingPolicies: (input: Partial<Named> & Paged & { PolicyNames?: readonly string[] }) => {
        const { items, ...rest } = listed(
          book.policies.filter(({ name }) => input.PolicyNames?.includes(name) ?? true),
          input,
        );
        return {
          ScalingPolicies: items.map((policy) => describePolicy(kernel, metrics, policy)),
          ...rest,
        };
      },

      DeleteScalingPolicy: (input: Named & { PolicyName: string }) => {
        const subject = subjectOf(input);
        const found = book.policies.filter(isAbout(subject)).find(({ name }) => name === input.PolicyName);
        if (!found)
          throw new AwsError(
            'ObjectNotFoundException',
            `No scaling policy found for ${subjectText(subject)}, policy name: ${input.PolicyName}`,
          );
        removePolicies((policy) => policy === found);
        return {};
      },

      PutScheduledAction: (
        input: Named & {
          ScheduledActionName: string;
          Schedule?: string;
          Timezone?: string;
          StartTime?: WireTime;
          EndTime?: WireTime;
          ScalableTargetAction?: Action['change'];
        },
      ) => {
        const subject = subjectOf(input);
        if (!targets.has(keyOf(subject))) throw noTarget(subject);
        const before = book.actions.filter(isAbout(subject)).find(({ name }) => name === input.ScheduledActionName);
        const text = input.Schedule ?? before?.text;
        const timezone = input.Timezone ?? before?.timezone;
        if (text === undefined) throw invalid('Schedule is required');
        const schedule = parseSchedule(text, timezone ?? 'UTC', clock.now());
        if (!schedule)
          throw invalid(`Schedule expression or time zone is not valid: ${text}${timezone ? ` (${timezone})` : ''}`);
        const start = input.StartTime === undefined ? before?.start : instantOf(input.StartTime);
        const end = input.EndTime === undefined ? before?.end : instantOf(input.EndTime);
        const action: Action = {
          ...subject,
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

      DescribeScheduledActions: (input: Partial<Named> & Paged & { ScheduledActionNames?: readonly string[] }) => {
        const { items, ...rest } = listed(
          book.actions.filter(({ name }) => input.ScheduledActionNames?.includes(name) ?? true),
          input,
        );
        return {
          ScheduledActions: items.map(describeAction),
          ...rest,
        };
      },

      DeleteScheduledAction: (input: Named & { ScheduledActionName: string }) => {
        const subject = subjectOf(input);
        const found = book.actions.filter(isAbout(subject)).find(({ name }) => name === input.ScheduledActionName);
        if (!found)
          throw new AwsError(
            'ObjectNotFoundException',
            `No scheduled action found for ${subjectText(subject)}, scheduled action name: ${input.ScheduledActionName}`,
          );
        book.actions = book.actions.filter((action) => action !== found);
        return {};
      },

      DescribeScalingActivities: (input: Partial<Named> & Paged) => {
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
      isRegistered: (endpoint, variant) => targetsOf(endpoint, variant).length > 0,
      deregister: (endpoint, variant) => {
        for (const target of targetsOf(endpoint, variant)) removeTarget(target);
      },
    },
  };
};
