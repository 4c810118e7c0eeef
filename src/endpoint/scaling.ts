import { isRefused, orUndefined } from '../aws/errors.ts';
import { allPages } from '../aws/pages.ts';
import type { EndpointSpec } from '../manifest/manifest.ts';
import { isPolicyArn } from '../release/policy-arn.ts';
import type { Configuration, ScalingSnapshot } from '../release/record.ts';
import { withoutUndefined } from '../without-undefined.ts';
import { type World, writesOf } from '../world.ts';
import { capacityOf } from './kind.ts';

const service = 'application-autoscaling';
export const ServiceNamespace = 'sagemaker';

/** The capacity that is scaled. A variant can be a scalable target in each dimension. */
export type Dimension = 'sagemaker:variant:DesiredInstanceCount' | NonNullable<ScalingSnapshot['dimension']>;
const instances: Dimension = 'sagemaker:variant:DesiredInstanceCount';

/** The capacity of this kind of fleet that autoscaling changes. */
export const dimensionOf = ({ serverless }: Pick<EndpointSpec, 'serverless'>): Dimension =>
  serverless === undefined ? instances : 'sagemaker:variant:DesiredProvisionedConcurrency';

/** The same for a fleet in a record. */
export const dimensionOfFleet = (fleet: Pick<Configuration, 'instanceType'>): Dimension =>
  capacityOf(fleet) === 'instances' ? instances : 'sagemaker:variant:DesiredProvisionedConcurrency';

export const resourceId = (endpoint: string, variant: string): string => `endpoint/${endpoint}/variant/${variant}`;

export const subjectOf = ({ resourceId: ResourceId, dimension }: Pick<ScalingSnapshot, 'resourceId' | 'dimension'>) =>
  ({ ServiceNamespace, ScalableDimension: dimension ?? instances, ResourceId }) as const;

/** The members of a snapshot that name its target. */
export const targetOf = (
  endpoint: string,
  variant: string,
  dimension: Dimension,
): Pick<ScalingSnapshot, 'resourceId' | 'dimension'> => ({
  resourceId: resourceId(endpoint, variant),
  ...(dimension === instances ? {} : { dimension }),
});

/** The variant's scalable target, with its policies and actions, which DeregisterScalableTarget would delete; undefined without one. */
export const scalingOf = async (
  world: World,
  endpoint: string,
  variant: string,
  dimension: Dimension = instances,
): Promise<ScalingSnapshot | undefined> => {
  const about = targetOf(endpoint, variant, dimension);
  const of = subjectOf(about);
  const { autoscaling } = world.read;
  const { ScalableTargets = [] } = await autoscaling.describeScalableTargets({
    ServiceNamespace,
    ScalableDimension: dimension,
    ResourceIds: [of.ResourceId],
  });
  const target = ScalableTargets[0];
  if (target === undefined) return undefined;
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
  const arns = ScalingPolicies.flatMap(({ PolicyName, PolicyARN }) =>
    PolicyName !== undefined && PolicyARN !== undefined && isPolicyArn(PolicyARN, of.ResourceId, PolicyName)
      ? [[PolicyName, PolicyARN] as const]
      : [],
  );
  return {
    ...about,
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
    ...(arns.length > 0 ? { arns: Object.fromEntries(arns) } : {}),
  };
};

/** Takes a refusal of one call, so that the other calls are still made. */
export type OnRefusal = (object: string, error: unknown) => void;

/**
 * Registers the target and puts every policy and action. All calls are upserts, so a repetition changes nothing.
 * @returns the ARNs of the policies that were put, by name
 */
export const putScaling = async (
  world: World,
  wanted: ScalingSnapshot,
  onRefusal?: OnRefusal,
): Promise<Readonly<Record<string, string>>> => {
  const { autoscaling } = writesOf(world);
  /** False when AWS refused the call. */
  const put = async (object: string, call: () => Promise<unknown>): Promise<boolean> => {
    try {
      await call();
      return true;
    } catch (error) {
      if (onRefusal === undefined || !isRefused(error)) throw error;
      onRefusal(object, error);
      return false;
    }
  };
  const registered = await put(wanted.resourceId, () =>
    autoscaling.registerScalableTarget({
      ...subjectOf(wanted),
      MinCapacity: wanted.minCapacity,
      MaxCapacity: wanted.maxCapacity,
      SuspendedState: {
        DynamicScalingInSuspended: wanted.suspended.scaleIn,
        DynamicScalingOutSuspended: wanted.suspended.scaleOut,
        ScheduledScalingSuspended: wanted.suspended.scheduled,
      },
    }),
  );
  if (!registered) return {};
  const arns: Record<string, string> = {};
  for (const policy of wanted.policies)
    await put(`policy ${policy['PolicyName']}`, async () => {
      const input = policy as unknown as Parameters<typeof autoscaling.putScalingPolicy>[0];
      const answer = await autoscaling.putScalingPolicy(input);
      if (input.PolicyName !== undefined && answer?.PolicyARN !== undefined) arns[input.PolicyName] = answer.PolicyARN;
    });
  for (const action of wanted.scheduledActions)
    await put(`scheduled action ${action['ScheduledActionName']}`, () =>
      autoscaling.putScheduledAction(
        withDates(action) as unknown as Parameters<typeof autoscaling.putScheduledAction>[0],
      ),
    );
  return arns;
};

/**
 * The snapshot to keep before a target is removed: the target of now, with the policies that it lacks. Others may have changed it since an
 * earlier snapshot of this release. The release itself suspended scale-in at most.
 */
export const laterSnapshot = (snapshot: ScalingSnapshot | undefined, existing: ScalingSnapshot): ScalingSnapshot =>
  snapshot === undefined
    ? existing
    : {
        ...existing,
        suspended: { ...existing.suspended, scaleIn: snapshot.suspended.scaleIn },
        policies: [...existing.policies, ...missingIn(existing.policies, snapshot.policies, 'PolicyName')],
        scheduledActions: [
          ...existing.scheduledActions,
          ...missingIn(existing.scheduledActions, snapshot.scheduledActions, 'ScheduledActionName'),
        ],
        ...withoutUndefined({
          arns: snapshot.arns || existing.arns ? { ...snapshot.arns, ...existing.arns } : undefined,
        }),
      };

/**
 * The part of a snapshot that the target lacks. Where the target exists, others may have changed it since the snapshot was taken, and a
 * scheduled action too: its present limits, its policies and its other suspensions stay. Undefined when nothing is missing.
 */
export const lackingOf = (
  snapshot: ScalingSnapshot,
  existing: ScalingSnapshot | undefined,
): ScalingSnapshot | undefined => {
  if (existing === undefined) return snapshot;
  const policies = missingIn(existing.policies, snapshot.policies, 'PolicyName');
  const scheduledActions = missingIn(existing.scheduledActions, snapshot.scheduledActions, 'ScheduledActionName');
  const { minCapacity, maxCapacity } = existing;
  const suspended = { ...existing.suspended, scaleIn: snapshot.suspended.scaleIn };
  if (policies.length + scheduledActions.length === 0 && suspended.scaleIn === existing.suspended.scaleIn)
    return undefined;
  return { ...snapshot, minCapacity, maxCapacity, suspended, policies, scheduledActions };
};

type Items = ScalingSnapshot['policies'];
const missingIn = (present: Items, items: Items, name: string): Items =>
  items.filter((item) => !present.some((other) => other[name] === item[name]));

/** The release record is JSON: the SDK's dates come back from it as text. */
const withDates = (action: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    Object.entries(action).map(([key, value]) =>
      (key === 'StartTime' || key === 'EndTime') && typeof value === 'string' ? [key, new Date(value)] : [key, value],
    ),
  );

/** Removes the target with its policies and actions, so a snapshot must be in the release record first (rule 4). */
export const removeScaling = async (world: World, snapshot: ScalingSnapshot): Promise<void> => {
  await orUndefined(writesOf(world).autoscaling.deregisterScalableTarget(subjectOf(snapshot)));
};
