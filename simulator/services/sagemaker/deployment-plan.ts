import type { Settings } from '../../contracts.ts';
import { invalid } from './refusals.ts';

/** `DeploymentConfig` as UpdateEndpoint takes it (reference/sagemaker.md §3.1). */
export interface DeploymentConfig {
  readonly BlueGreenUpdatePolicy?: BlueGreenUpdatePolicy;
  readonly RollingUpdatePolicy?: RollingUpdatePolicy;
  readonly AutoRollbackConfiguration?: { readonly Alarms?: readonly { readonly AlarmName?: string }[] };
}
interface BlueGreenUpdatePolicy {
  readonly TrafficRoutingConfiguration: {
    readonly Type: 'ALL_AT_ONCE' | 'CANARY' | 'LINEAR';
    readonly WaitIntervalInSeconds: number;
    readonly CanarySize?: CapacitySize;
    readonly LinearStepSize?: CapacitySize;
  };
  readonly TerminationWaitInSeconds?: number;
  readonly MaximumExecutionTimeoutInSeconds?: number;
}
interface RollingUpdatePolicy {
  readonly MaximumBatchSize: CapacitySize;
  readonly WaitIntervalInSeconds: number;
  readonly MaximumExecutionTimeoutInSeconds?: number;
  readonly RollbackMaximumBatchSize?: CapacitySize;
}
interface CapacitySize {
  readonly Type: 'INSTANCE_COUNT' | 'CAPACITY_PERCENT';
  readonly Value: number;
}

/** One step of a blue/green deployment: activate this much of green, then bake. */
export interface Step {
  readonly kind: 'canary' | 'step' | 'full';
  /** How many of a variant's `count` instances take traffic from here on. */
  active(count: number): number;
  readonly bakeSeconds: number;
  /** The parameter the status message names. */
  readonly bakeName: 'WaitIntervalInSeconds' | 'TerminationWaitInSeconds';
}
export type Plan =
  | { readonly kind: 'blue-green'; readonly steps: readonly Step[]; readonly timeoutSeconds: number | undefined }
  | {
      readonly kind: 'rolling';
      batch(count: number): number;
      rollbackBatch(count: number): number;
      readonly bakeSeconds: number;
      readonly timeoutSeconds: number | undefined;
    };

const whole = (count: number): number => count;
/** No policy, an excluded fleet: everything at once and, without a policy, no bake (AWS: UpdateEndpoint, DeploymentConfig). */
export const allAtOnce = (bakeSeconds = 0, timeoutSeconds?: number): Plan => ({
  kind: 'blue-green',
  steps: [{ kind: 'full', active: whole, bakeSeconds, bakeName: 'TerminationWaitInSeconds' }],
  timeoutSeconds,
});

/**
 * A size as instances of each of `counts`, refused outside the published share: canary at most 50 %, linear 10–50 %, rolling
 * batches 5–50 % of the variant's instances (AWS: TrafficRoutingConfig, RollingUpdatePolicy). A percentage is a whole number of instances, at
 * least one: aws/amazon-sagemaker-examples, sagemaker-inference-deployment-guardrails, has 33 % of three as one instance, linear and rolling.
 */
const sizer = (
  name: string,
  size: CapacitySize,
  min: number,
  max: number,
  counts: readonly number[],
  settings: Settings,
) => {
  const share = (count: number): number => (size.Type === 'CAPACITY_PERCENT' ? size.Value : (100 * size.Value) / count);
  for (const count of counts) {
    // A fleet that scaled to zero has nothing to divide.
    if (count === 0) continue;
    if (share(count) < min || share(count) > max)
      throw invalid(`${name} must be between ${min}% and ${max}% of the variant's instance count, which is ${count}.`);
  }
  const ofMany = (count: number): number =>
    size.Type === 'CAPACITY_PERCENT'
      ? Math.max(1, roundings[settings.percentRounding]((count * size.Value) / 100))
      : size.Value;
  return (count: number): number => Math.min(count, ofMany(count));
};

const roundings: Readonly<Record<Settings['percentRounding'], (exact: number) => number>> = {
  nearest: Math.round,
  up: Math.ceil,
  down: Math.floor,
};

const required = <T>(value: T | undefined, name: string, type: string): T => {
  if (value === undefined) throw invalid(`${name} is required when the traffic routing type is ${type}.`);
  return value;
};

/** "The timeout value should be larger than the total waiting time" (AWS: BlueGreenUpdatePolicy). */
const refuseShortTimeout = (timeoutSeconds: number | undefined, waitSeconds: number): void => {
  if (timeoutSeconds !== undefined && timeoutSeconds <= waitSeconds)
    throw invalid(
      `MaximumExecutionTimeoutInSeconds (${timeoutSeconds}) must be larger than the total waiting time (${waitSeconds}).`,
    );
};

const blueGreen = (policy: BlueGreenUpdatePolicy, counts: readonly number[], settings: Settings): Plan => {
  const { Type, WaitIntervalInSeconds: wait, CanarySize, LinearStepSize } = policy.TrafficRoutingConfiguration;
  const termination = policy.TerminationWaitInSeconds ?? 0;
  const timeoutSeconds = policy.MaximumExecutionTimeoutInSeconds;
  const steps: Step[] = [];
  if (Type === 'CANARY') {
    const active = sizer('CanarySize', required(CanarySize, 'CanarySize', Type), 0, 50, counts, settings);
    steps.push({ kind: 'canary', active, bakeSeconds: wait, bakeName: 'WaitIntervalInSeconds' });
  }
  if (Type === 'LINEAR') {
    const active = sizer('LinearStepSize', required(LinearStepSize, 'LinearStepSize', Type), 10, 50, counts, settings);
    const smallest = Math.max(1, ...counts.map((count) => (count === 0 ? 1 : Math.ceil(count / active(count)))));
    for (let step = 1; step < smallest; step++)
      steps.push({
        kind: 'step',
        active: (count) => Math.min(step * active(count), count),
        bakeSeconds: wait,
        bakeName: 'WaitIntervalInSeconds',
      });
  }
  const last = Type !== 'ALL_AT_ONCE' && settings.lastStepWaits ? wait : 0;
  steps.push({ kind: 'full', active: whole, bakeSeconds: last + termination, bakeName: 'TerminationWaitInSeconds' });
  refuseShortTimeout(
    timeoutSeconds,
    steps.reduce((sum, step) => sum + step.bakeSeconds, 0),
  );
  return { kind: 'blue-green', steps, timeoutSeconds };
};

const rolling = (policy: RollingUpdatePolicy, counts: readonly number[], settings: Settings): Plan => {
  // AWS: "Deployment guardrails: exclusions".
  if (counts.length > 1) throw invalid('Rolling deployments are not supported for endpoints with multiple variants.');
  const batch = sizer('MaximumBatchSize', policy.MaximumBatchSize, 5, 50, counts, settings);
  const rollback = policy.RollbackMaximumBatchSize;
  const timeoutSeconds = policy.MaximumExecutionTimeoutInSeconds;
  const count = counts[0] ?? 1;
  const batches = count === 0 ? 0 : Math.ceil(count / batch(count));
  refuseShortTimeout(timeoutSeconds, batches * policy.WaitIntervalInSeconds);
  return {
    kind: 'rolling',
    batch,
    // Absent or 100 %: the whole old fleet at once (AWS: RollingUpdatePolicy).
    rollbackBatch: rollback ? sizer('RollbackMaximumBatchSize', rollback, 5, 100, counts, settings) : whole,
    bakeSeconds: policy.WaitIntervalInSeconds,
    timeoutSeconds,
  };
};

export const alarmNames = (config: DeploymentConfig | undefined): readonly string[] =>
  (config?.AutoRollbackConfiguration?.Alarms ?? []).flatMap(({ AlarmName }) =>
    AlarmName === undefined ? [] : [AlarmName],
  );

/**
 * @param counts instances of each variant of the new fleet
 * @throws ValidationException; the codes are AWS's, the words of these cross-field rules are ours (§13.3)
 */
export const planDeployment = (
  config: DeploymentConfig | undefined,
  counts: readonly number[],
  settings: Settings,
): Plan => {
  if (config?.BlueGreenUpdatePolicy && config.RollingUpdatePolicy)
    throw invalid('Only one of BlueGreenUpdatePolicy and RollingUpdatePolicy can be given.');
  const isGuarded = config?.BlueGreenUpdatePolicy !== undefined || config?.RollingUpdatePolicy !== undefined;
  if (isGuarded && counts.every((count) => count === 0) && settings.guardedAtZero === 'refused')
    throw invalid('A deployment policy needs a new fleet of at least 1 instance.');
  if (config?.RollingUpdatePolicy) return rolling(config.RollingUpdatePolicy, counts, settings);
  if (config?.BlueGreenUpdatePolicy) return blueGreen(config.BlueGreenUpdatePolicy, counts, settings);
  return allAtOnce();
};
