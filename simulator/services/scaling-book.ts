import type { Instant } from '../contracts.ts';
import type { Schedule } from './schedule.ts';

export type Dimension = 'sagemaker:variant:DesiredInstanceCount' | 'sagemaker:variant:DesiredProvisionedConcurrency';

/** A variant may be a target in each dimension; policies and actions belong to one. */
export interface Subject {
  readonly resourceId: string;
  readonly dimension: Dimension;
}

export interface Variant {
  readonly endpoint: string;
  readonly variant: string;
}
export interface SuspendedState {
  readonly DynamicScalingInSuspended?: boolean;
  readonly DynamicScalingOutSuspended?: boolean;
  readonly ScheduledScalingSuspended?: boolean;
}
export interface Target extends Variant, Subject {
  readonly min: number;
  readonly max: number;
  readonly suspended: Required<SuspendedState>;
  readonly roleArn: string;
  readonly createdAt: Instant;
}
export interface TargetTracking {
  readonly TargetValue: number;
  readonly PredefinedMetricSpecification?: { readonly PredefinedMetricType: string; readonly ResourceLabel?: string };
  readonly CustomizedMetricSpecification?: Metric & {
    readonly Statistic?: string;
    readonly Metrics?: readonly {
      readonly Expression?: string;
      readonly MetricStat?: { readonly Metric?: Metric; readonly Stat?: string };
    }[];
  };
  readonly ScaleOutCooldown?: number;
  readonly ScaleInCooldown?: number;
  readonly DisableScaleIn?: boolean;
}
interface Metric {
  readonly Namespace?: string;
  readonly MetricName?: string;
  readonly Dimensions?: readonly { readonly Name: string; readonly Value: string }[];
}
export interface StepScaling {
  readonly AdjustmentType?: 'ChangeInCapacity' | 'PercentChangeInCapacity' | 'ExactCapacity';
  readonly StepAdjustments?: readonly {
    readonly MetricIntervalLowerBound?: number;
    readonly MetricIntervalUpperBound?: number;
    readonly ScalingAdjustment: number;
  }[];
  readonly MinAdjustmentMagnitude?: number;
  readonly Cooldown?: number;
}
export interface Policy extends Subject {
  readonly name: string;
  readonly arn: string;
  readonly type: string;
  readonly configuration: {
    readonly TargetTrackingScalingPolicyConfiguration?: TargetTracking;
    readonly StepScalingPolicyConfiguration?: StepScaling;
  };
  /** High, low. Named by AWS, owned by the policy, and deleted with it. */
  readonly alarms: readonly string[];
  readonly createdAt: Instant;
}
export interface Action extends Subject {
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
export interface Activity extends Subject {
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
  /** By resource id and dimension. */
  readonly targets: Map<string, Target>;
  policies: readonly Policy[];
  actions: readonly Action[];
  /** Newest first. */
  activities: readonly Activity[];
}
