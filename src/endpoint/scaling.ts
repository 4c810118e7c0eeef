import { orUndefined } from '../aws/errors.ts';
import { allPages } from '../aws/pages.ts';
import type { EndpointSpec } from '../manifest/manifest.ts';
import type { ScalingSnapshot } from '../release/record.ts';
import { type World, writesOf } from '../world.ts';

type Wanted = NonNullable<EndpointSpec['autoscaling']>;

const service = 'application-autoscaling';
const ServiceNamespace = 'sagemaker';
const ScalableDimension = 'sagemaker:variant:DesiredInstanceCount';

export const resourceId = (endpoint: string, variant: string): string => `endpoint/${endpoint}/variant/${variant}`;

/** The variant's scalable target, with its policies and actions, which DeregisterScalableTarget would delete; undefined without one. */
export const scalingOf = async (
  world: World,
  endpoint: string,
  variant: string,
): Promise<ScalingSnapshot | undefined> => {
  const ResourceId = resourceId(endpoint, variant);
  const { autoscaling } = world.read;
  const { ScalableTargets = [] } = await autoscaling.describeScalableTargets({
    ServiceNamespace,
    ScalableDimension,
    ResourceIds: [ResourceId],
  });
  const target = ScalableTargets[0];
  if (target === undefined) return undefined;
  const of = { ServiceNamespace, ScalableDimension, ResourceId } as const;
  // AWS returns ten policies a page. A policy that is missing in the snapshot would be lost for good (rule 4).
  const [policies, actions] = await Promise.all([
    allPages(`${service}:DescribeScalingPolicies`, (NextToken) =>
      autoscaling.describeScalingPolicies({ ...of, NextToken }),
    ),
    allPages(`${service}:DescribeScheduledActions`, (NextToken) =>
      autoscaling.describeScheduledActions({ ...of, NextToken }),
    ),
  ]);
  const ScalingPolicies = policies.flatMap((page) => page.ScalingPolicies ?? []);
  const ScheduledActions = actions.flatMap((page) => page.ScheduledActions ?? []);
  return {
    resourceId: ResourceId,
    minCapacity: target.MinCapacity ?? 1,
    maxCapacity: target.MaxCapacity ?? 1,
    suspended: {
      scaleIn: target.SuspendedState?.DynamicScalingInSuspended ?? false,
      scaleOut: target.SuspendedState?.DynamicScalingOutSuspended ?? false,
      scheduled: target.SuspendedState?.ScheduledScalingSuspended ?? false,
    },
    policies: ScalingPolicies.map(({ PolicyARN: _arn, CreationTime: _created, Alarms: _alarms, ...policy }) => ({
      ...policy,
    })),
    scheduledActions: ScheduledActions.map(({ ScheduledActionARN: _arn, CreationTime: _created, ...action }) => ({
      ...action,
    })),
  };
};

const policyName = (variant: string): string => `model-delivery-${variant}`;

/** The manifest's `autoscaling` block, in the snapshot's terms. */
export const wantedScaling = (endpoint: string, variant: string, wanted: Wanted): ScalingSnapshot => ({
  resourceId: resourceId(endpoint, variant),
  minCapacity: wanted.min,
  maxCapacity: wanted.max,
  suspended: { scaleIn: false, scaleOut: false, scheduled: false },
  policies: [
    {
      PolicyName: policyName(variant),
      PolicyType: 'TargetTrackingScaling',
      ServiceNamespace,
      ScalableDimension,
      ResourceId: resourceId(endpoint, variant),
      TargetTrackingScalingPolicyConfiguration: {
        TargetValue: wanted.invocationsPerInstance,
        PredefinedMetricSpecification: { PredefinedMetricType: 'SageMakerVariantInvocationsPerInstance' },
      },
    },
  ],
  scheduledActions: [],
});

/** Whether the target already is as wanted. Policies and actions of others stay as they are. */
export const scalingIs = (wanted: ScalingSnapshot, existing: ScalingSnapshot | undefined): boolean =>
  existing !== undefined &&
  existing.minCapacity === wanted.minCapacity &&
  existing.maxCapacity === wanted.maxCapacity &&
  wanted.policies.every((policy) =>
    existing.policies.some(
      (other) => other['PolicyName'] === policy['PolicyName'] && targetOf(other) === targetOf(policy),
    ),
  );

const targetOf = (policy: Readonly<Record<string, unknown>>): unknown =>
  (policy['TargetTrackingScalingPolicyConfiguration'] as { TargetValue?: number } | undefined)?.TargetValue;

/** Registers the target and puts every policy and action. All calls are upserts, so a repetition changes nothing. */
export const putScaling = async (world: World, wanted: ScalingSnapshot): Promise<void> => {
  const { autoscaling } = writesOf(world);
  await autoscaling.registerScalableTarget({
    ServiceNamespace,
    ScalableDimension,
    ResourceId: wanted.resourceId,
    MinCapacity: wanted.minCapacity,
    MaxCapacity: wanted.maxCapacity,
    SuspendedState: {
      DynamicScalingInSuspended: wanted.suspended.scaleIn,
      DynamicScalingOutSuspended: wanted.suspended.scaleOut,
      ScheduledScalingSuspended: wanted.suspended.scheduled,
    },
  });
  for (const policy of wanted.policies)
    await autoscaling.putScalingPolicy(policy as unknown as Parameters<typeof autoscaling.putScalingPolicy>[0]);
  for (const action of wanted.scheduledActions)
    await autoscaling.putScheduledAction(
      withDates(action) as unknown as Parameters<typeof autoscaling.putScheduledAction>[0],
    );
};

/** The release record is JSON: the SDK's dates come back from it as text. */
const withDates = (action: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    Object.entries(action).map(([key, value]) =>
      (key === 'StartTime' || key === 'EndTime') && typeof value === 'string' ? [key, new Date(value)] : [key, value],
    ),
  );

/** Removes the target with its policies and actions, so a snapshot must be in the release record first (rule 4). */
export const removeScaling = async (world: World, snapshot: ScalingSnapshot): Promise<void> => {
  await orUndefined(
    writesOf(world).autoscaling.deregisterScalableTarget({
      ServiceNamespace,
      ScalableDimension,
      ResourceId: snapshot.resourceId,
    }),
  );
};
