import type { Hosting, Instant, Kernel } from '../contracts.ts';
import type { AlarmedMetrics } from './cloudwatch/cloudwatch.ts';
import type { Schedule } from './schedule.ts';

/** AWS: "Define cooldown periods", the default of SageMaker endpoint variants, in seconds. */
const defaultCooldown = 300;

export interface Variant {
  readonly endpoint: string;
  readonly variant: string;
}
export interface SuspendedState {
  readonly DynamicScalingInSuspended?: boolean;
  readonly DynamicScalingOutSuspended?: boolean;
  readonly ScheduledScalingSuspended?: boolean;
}
export interface Target extends Variant {
  readonly resourceId: string;
  readonly min: number;
  readonly max: number;
  readonly suspended: Required<SuspendedState>;
  readonly roleArn: string;
  readonly createdAt: Instant;
}
export interface TargetTracking {
  readonly TargetValue: number;
  readonly PredefinedMetricSpecification?: { readonly PredefinedMetricType: string };
  readonly CustomizedMetricSpecification?: unknown;
  readonly ScaleOutCooldown?: number;
  readonly ScaleInCooldown?: number;
  readonly DisableScaleIn?: boolean;
}
export interface Policy {
  readonly resourceId: string;
  readonly name: string;
  readonly arn: string;
  readonly type: string;
  readonly configuration: {
    readonly TargetTrackingScalingPolicyConfiguration?: TargetTracking;
    readonly StepScalingPolicyConfiguration?: object;
  };
  /** High, low. Named by AWS, owned by the policy, and deleted with it. */
  readonly alarms: readonly string[];
  readonly createdAt: Instant;
}
export interface Action {
  readonly resourceId: string;
  readonly name: string;
  readonly arn: string;
  readonly text: string;
  readonly timezone?: string;
  readonly schedule: Schedule;
  readonly change: { readonly MinCapacity?: number; readonly MaxCapacity?: number };
  readonly start?: Instant;
  readonly end?: Instant;
  readonly createdAt: Instant;
}
export interface Activity {
  readonly resourceId: string;
  readonly id: string;
  readonly description: string;
  readonly cause: string;
  readonly at: Instant;
  /** When the instances were running; absent while InProgress. */
  readonly end?: Instant;
  readonly desired: number;
  readonly status: 'InProgress' | 'Successful' | 'Overridden' | 'Failed';
  readonly message: string;
}
/** Everything registered. The operations fill it, the engine acts on it. */
export interface Book {
  /** By resource id. */
  readonly targets: Map<string, Target>;
  policies: readonly Policy[];
  actions: readonly Action[];
  /** Newest first. */
  activities: readonly Activity[];
}

/** The meaning of SageMakerVariantInvocationsPerInstance (§6). */
export const invocationsPerInstance = ({ endpoint, variant }: Variant) => ({
  namespace: 'AWS/SageMaker',
  metric: 'InvocationsPerInstance',
  dimensions: [
    { Name: 'EndpointName', Value: endpoint },
    { Name: 'VariantName', Value: variant },
  ],
});

/**
 * Acts once a minute: scheduled actions first, then target tracking. A policy acts while one of its alarms is in ALARM, to the count
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

  const scale = (target: Target, desired: number, cause: string): void => {
    const done = hosting().scale(target.endpoint, target.variant, desired);
    book.activities = [
      {
        resourceId: target.resourceId,
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
    const target = book.targets.get(activity.resourceId);
    const variant = target && hosting().variant(target.endpoint, target.variant);
    if (activity.status !== 'InProgress' || (variant && variant.current !== variant.desired)) return activity;
    if (variant?.current !== activity.desired) return { ...activity, status: 'Overridden', end: clock.now() };
    const message = `Successfully set desired instance count to ${activity.desired}. Change successfully fulfilled by sagemaker.`;
    return { ...activity, status: 'Successful', message, end: clock.now() };
  };
  /** Cooldowns count from the end of the last activity (AWS: "Define cooldown periods"): 0 while one is in progress. */
  const secondsSinceLast = ({ resourceId }: Policy): number => {
    const last = book.activities.find((activity) => activity.resourceId === resourceId && activity.status !== 'Failed');
    return last ? (clock.now() - (last.end ?? clock.now())) / 1000 : Number.POSITIVE_INFINITY;
  };

  const track = (policy: Policy): void => {
    const tracking = policy.configuration.TargetTrackingScalingPolicyConfiguration;
    const target = book.targets.get(policy.resourceId);
    const variant = target && hosting().variant(target.endpoint, target.variant);
    const [high = '', low = ''] = policy.alarms;
    if (!tracking || !variant) return;
    const out = metrics.alarmState(high) === 'ALARM';
    const inward = metrics.alarmState(low) === 'ALARM' && tracking.DisableScaleIn !== true;
    const perInstance = metrics.latest(invocationsPerInstance(target), 'Sum', 60_000, 5);
    if (perInstance === undefined || (!out && !inward)) return;
    const wanted = Math.ceil((variant.current * perInstance) / tracking.TargetValue - 1e-9);
    const desired = Math.min(target.max, Math.max(target.min, wanted));
    const cause = (alarm: string): string => `monitor alarm ${alarm} in state ALARM triggered policy ${policy.name}`;
    if (out && desired > variant.current && !target.suspended.DynamicScalingOutSuspended) {
      if (secondsSinceLast(policy) >= (tracking.ScaleOutCooldown ?? defaultCooldown))
        scale(target, desired, cause(high));
    } else if (inward && !out && desired < variant.current && !target.suspended.DynamicScalingInSuspended) {
      if (secondsSinceLast(policy) >= (tracking.ScaleInCooldown ?? defaultCooldown)) scale(target, desired, cause(low));
    }
  };

  const carryOut = (action: Action, minute: Instant): void => {
    const target = book.targets.get(action.resourceId);
    const active = minute >= (action.start ?? 0) && minute <= (action.end ?? Number.POSITIVE_INFINITY);
    if (!target || target.suspended.ScheduledScalingSuspended || !active || !action.schedule.isDue(minute)) return;
    const min = action.change.MinCapacity ?? Math.min(target.min, action.change.MaxCapacity ?? target.min);
    const max = action.change.MaxCapacity ?? Math.max(target.max, min);
    const changed = { ...target, min, max };
    book.targets.set(target.resourceId, changed);
    const current = hosting().variant(target.endpoint, target.variant)?.current;
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
