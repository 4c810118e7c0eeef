import type { Hosting, Instant, Kernel } from '../contracts.ts';
import type { Invoked } from './cloudwatch/alarm-actions.ts';
import type { AlarmedMetrics } from './cloudwatch/cloudwatch.ts';
import type { Selector } from './cloudwatch/store.ts';
import type {
  Action,
  Activity,
  Book,
  Policy,
  StepScaling,
  Subject,
  Target,
  TargetTracking,
  Variant,
} from './scaling-book.ts';
import { isAbout, keyOf, scalarOf } from './scaling-policies.ts';

/** AWS: "Define cooldown periods", the default of SageMaker endpoint variants, in seconds. */
const defaultCooldown = 300;

/** The metric that a policy tracks, with its statistic; undefined for one that has no metric here. */
export const trackedMetric = (
  { endpoint, variant }: Variant,
  tracking: TargetTracking,
): (Selector & { readonly stat: string }) | undefined => {
  // reference/sagemaker.md §6: its meaning.
  if (tracking.PredefinedMetricSpecification?.PredefinedMetricType === 'SageMakerVariantInvocationsPerInstance')
    return {
      namespace: 'AWS/SageMaker',
      metric: 'InvocationsPerInstance',
      dimensions: [
        { Name: 'EndpointName', Value: endpoint },
        { Name: 'VariantName', Value: variant },
      ],
      stat: 'Sum',
    };
  return scalarOf(tracking);
};

/**
 * Acts once a minute: scheduled actions first, then target tracking; a step policy, when an alarm invokes it. Target tracking acts while one of its alarms is in ALARM, to the count
 * that would have met the target in the newest readable minute; in between it waits for its cooldown.
 */
export const startScaling = (
  kernel: Kernel,
  metrics: AlarmedMetrics,
  hosting: () => Hosting,
  book: Book,
  newId: () => string,
): void => {
  const { clock } = kernel;

  /** The capacity that the target's dimension counts. */
  const capacityOf = (
    target: Target | undefined,
  ): { readonly current: number; readonly desired: number } | undefined => {
    const variant = target && hosting().variant(target.endpoint, target.variant);
    if (target?.dimension !== 'sagemaker:variant:DesiredProvisionedConcurrency') return variant;
    const now = variant?.provisionedConcurrency;
    return now === undefined ? undefined : { current: now, desired: now };
  };
  const targetOf = (subject: Subject): Target | undefined => book.targets.get(keyOf(subject));

  const scale = (target: Target, desired: number, cause: string): void => {
    const change = target.dimension === 'sagemaker:variant:DesiredProvisionedConcurrency' ? 'provision' : 'scale';
    const done = hosting()[change](target.endpoint, target.variant, desired);
    book.activities = [
      {
        resourceId: target.resourceId,
        dimension: target.dimension,
        id: newId(),
        description: `Setting desired instance count to ${desired}.`,
        cause,
        at: clock.now(),
        desired,
        ...(done ? {} : { end: clock.now() }),
        status: done ? 'InProgress' : 'Failed',
        message: done
          ? `Successfully set desired instance count to ${desired}. Waiting for change to be fulfilled by sagemaker.`
          : `Failed to set desired instance count to ${desired}. Reason: the endpoint is being updated`,
      },
      ...book.activities,
    ];
    if (done)
      kernel.note({
        source: 'autoscaling',
        object: target.endpoint,
        what: 'scaled',
        detail: `${target.variant} to ${desired}: ${cause}`,
      });
  };
  /** An activity ends when its instances run, or when another request changed the count meanwhile. */
  const complete = (activity: Activity): Activity => {
    const variant = capacityOf(targetOf(activity));
    if (activity.status !== 'InProgress' || (variant && variant.current !== variant.desired)) return activity;
    if (variant?.current !== activity.desired) return { ...activity, status: 'Overridden', end: clock.now() };
    const message = `Successfully set desired instance count to ${activity.desired}. Change successfully fulfilled by sagemaker.`;
    return { ...activity, status: 'Successful', message, end: clock.now() };
  };
  /** Cooldowns count from the end of the last activity (AWS: "Define cooldown periods"): 0 while one is in progress. */
  const secondsSinceLast = (policy: Policy): number => {
    const last = book.activities.filter(isAbout(policy)).find(({ status }) => status !== 'Failed');
    return last ? (clock.now() - (last.end ?? clock.now())) / 1000 : Number.POSITIVE_INFINITY;
  };

  const track = (policy: Policy): void => {
    const tracking = policy.configuration.TargetTrackingScalingPolicyConfiguration;
    const target = targetOf(policy);
    const variant = capacityOf(target);
    const [high = '', low = ''] = policy.alarms;
    const metric = target && tracking && trackedMetric(target, tracking);
    if (!tracking || !target || !variant || !metric) return;
    const out = metrics.alarmState(high) === 'ALARM';
    const inward = metrics.alarmState(low) === 'ALARM' && tracking.DisableScaleIn !== true;
    const perInstance = metrics.latest(metric, metric.stat, 60_000, 5);
    if (perInstance === undefined || (!out && !inward)) return;
    const needed = (instances: number): number => Math.ceil((instances * perInstance) / tracking.TargetValue - 1e-9);
    const fromZero = (): number => (kernel.settings.trackingFromZero === 'one' ? 1 : needed(1));
    const wanted = variant.current === 0 && out ? fromZero() : needed(variant.current);
    const desired = Math.min(target.max, Math.max(target.min, wanted));
    const cause = (alarm: string): string => `monitor alarm ${alarm} in state ALARM triggered policy ${policy.name}`;
    if (out && desired > variant.current && !target.suspended.DynamicScalingOutSuspended) {
      if (secondsSinceLast(policy) >= (tracking.ScaleOutCooldown ?? defaultCooldown))
        scale(target, desired, cause(high));
    } else if (inward && !out && desired < variant.current && !target.suspended.DynamicScalingInSuspended) {
      if (secondsSinceLast(policy) >= (tracking.ScaleInCooldown ?? defaultCooldown)) scale(target, desired, cause(low));
    }
  };

  /** What an alarm's action does: AWS says which step applies, by how far the metric lies above the threshold. */
  const step = (policy: Policy, { alarm, state, above }: Invoked): void => {
    const steps = policy.configuration.StepScalingPolicyConfiguration;
    const target = targetOf(policy);
    const capacity = capacityOf(target);
    if (!steps || !target || !capacity) return;
    const band = steps.StepAdjustments?.find(
      ({
        MetricIntervalLowerBound: low = Number.NEGATIVE_INFINITY,
        MetricIntervalUpperBound: high = Number.POSITIVE_INFINITY,
      }) => above >= low && above < high,
    );
    if (!band) return;
    book.activities = book.activities.map(complete);
    const { current } = capacity;
    const wanted = adjusted(steps, band.ScalingAdjustment, current);
    const desired = Math.min(target.max, Math.max(target.min, wanted));
    const isSuspended =
      desired > current ? target.suspended.DynamicScalingOutSuspended : target.suspended.DynamicScalingInSuspended;
    if (desired === current || isSuspended || secondsSinceLast(policy) < (steps.Cooldown ?? defaultCooldown)) return;
    scale(target, desired, `monitor alarm ${alarm} in state ${state} triggered policy ${policy.name}`);
  };
  metrics.onScaling((arn, invoked) => {
    const policy = book.policies.find((one) => one.arn === arn);
    if (policy) step(policy, invoked);
    return policy !== undefined;
  });

  const carryOut = (action: Action, minute: Instant): void => {
    const target = targetOf(action);
    const active = minute >= (action.start ?? 0) && minute <= (action.end ?? Number.POSITIVE_INFINITY);
    if (!target || target.suspended.ScheduledScalingSuspended || !active || !action.schedule.isDue(minute)) return;
    const min = action.change.MinCapacity ?? Math.min(target.min, action.change.MaxCapacity ?? target.min);
    const max = action.change.MaxCapacity ?? Math.max(target.max, min);
    const changed = { ...target, min, max };
    book.targets.set(keyOf(target), changed);
    const current = capacityOf(target)?.current;
    if (current === undefined) return;
    const desired = Math.min(max, Math.max(min, current));
    if (desired !== current) scale(changed, desired, `scheduled action name ${action.name} was triggered`);
  };

  clock.every(60_000, 'autoscaling', () => {
    const minute = Math.floor(clock.now() / 60_000) * 60_000;
    book.activities = book.activities.map(complete);
    for (const action of book.actions) carryOut(action, minute);
    for (const policy of book.policies) track(policy);
  });
};

/** AWS: "Step scaling policies", scaling adjustment types: a percentage is rounded away from zero to at least one. */
const adjusted = ({ AdjustmentType, MinAdjustmentMagnitude = 1 }: StepScaling, by: number, current: number): number => {
  if (AdjustmentType === 'ExactCapacity') return by;
  if (AdjustmentType === 'ChangeInCapacity') return current + by;
  const change = Math.trunc((current * by) / 100);
  return current + Math.sign(by) * Math.max(MinAdjustmentMagnitude, Math.abs(change));
};
