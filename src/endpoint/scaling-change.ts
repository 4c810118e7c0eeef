import type { Autoscaling, EndpointSpec } from '../manifest/manifest.ts';
import { type Change, Refusal } from '../operation.ts';
import type { Configuration, ScalingSnapshot } from '../release/record.ts';
import type { World } from '../world.ts';
import { dimensionOf, dimensionOfFleet, resourceId, scalingOf } from './scaling.ts';
import { unwiredIn } from './scaling-alarms.ts';
import { keptScaling, planOfScaling } from './scaling-plan.ts';

/** Autoscaling in a plan: the differences, and the live settings that stay. */
export interface ScalingChange {
  readonly changes: readonly Change[];
  readonly notes: readonly string[];
}

/**
 * Compares the manifest's autoscaling with the live one.
 * @throws {Refusal} `infeasible-rollout` for a policy in the way, `alarm-not-ready` for a step policy whose alarm does not exist
 */
export const scalingChange = async (
  world: World,
  spec: EndpointSpec,
  variant: string,
  existing: ScalingSnapshot | undefined,
): Promise<ScalingChange> => {
  const target = resourceId(spec.name, variant);
  const note = (kept: readonly string[], why: string): readonly string[] =>
    kept.length === 0 ? [] : [`kept: autoscaling of ${target}${why}: ${kept.join('; ')}`];
  if (spec.autoscaling === undefined)
    return {
      changes: [],
      notes: existing === undefined ? [] : note(keptScaling(existing), ', which the manifest does not have'),
    };
  const plan = planOfScaling(spec, spec.autoscaling, variant, existing);
  if (plan.inTheWay.length > 0)
    throw new Refusal('infeasible-rollout', `autoscaling of ${target}: ${plan.inTheWay.join('; ')}`);
  const unwired = await unwiredIn(world, spec.autoscaling.step ?? [], existing?.arns ?? {});
  const missing = unwired.filter(({ found }) => found === undefined);
  if (missing.length > 0)
    throw new Refusal(
      'alarm-not-ready',
      `autoscaling of ${target}: ${missing.map(({ policy, alarm }) => `alarm ${alarm}, which starts policy ${policy}, does not exist`).join('; ')}: create it first`,
    );
  const details = [...plan.lines, ...unwired.map(({ policy, alarm }) => `alarm ${alarm}: starts policy ${policy} too`)];
  return {
    changes:
      details.length === 0
        ? []
        : [{ verb: existing === undefined ? 'create' : 'update', object: `autoscaling of ${target}`, details }],
    notes: [...note(plan.kept, ''), ...(sleepsDeep(spec.autoscaling, existing) ? [asleep(target)] : [])],
  };
};

/** A serverless fleet that instances replace takes the scaling of its provisioned concurrency with it. */
export const endingScaling = async (
  world: World,
  spec: EndpointSpec,
  variant: string,
  baseline: Configuration | undefined,
): Promise<readonly string[]> => {
  const dimension = baseline && dimensionOfFleet(baseline);
  if (dimension === undefined || dimension === dimensionOf(spec)) return [];
  const ending = await scalingOf(world, spec.name, variant, dimension);
  return ending ? [`ends: autoscaling of ${ending.resourceId}: ${keptScaling(ending).join('; ')}`] : [];
};

/** AWS: "Autoscale an asynchronous endpoint", scaling up from zero for new requests. */
const sleepsDeep = ({ min, step = [] }: Autoscaling, existing: ScalingSnapshot | undefined): boolean =>
  min === 0 && step.length === 0 && !existing?.policies.some(({ PolicyType }) => PolicyType === 'StepScaling');
const asleep = (target: string): string =>
  `${target} may have no instance, and no step policy wakes it: requests wait until the backlog exceeds the target`;
