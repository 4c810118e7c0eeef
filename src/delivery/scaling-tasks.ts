import { describe, isRefused } from '../aws/errors.ts';
import { dimensionOf, dimensionOfFleet, lackingOf, putScaling, scalingOf, subjectOf } from '../endpoint/scaling.ts';
import { repointAlarms, unwiredIn, wire } from '../endpoint/scaling-alarms.ts';
import { keptScaling, planOfScaling } from '../endpoint/scaling-plan.ts';
import type { EndpointSpec, StepScaling } from '../manifest/manifest.ts';
import type { Turn, TurnResult } from '../mechanisms/turn.ts';
import type { ScalingSnapshot } from '../release/record.ts';
import type { World } from '../world.ts';
import { bestEffort } from './best-effort.ts';
import type { Task } from './task.ts';

/**
 * Restores suspended or removed autoscaling, for every outcome of the release (rule 4). A refusal does not keep the endpoint from later
 * releases (rule 23): the result then names the snapshot, which stays in the record of the release. Errors that pass are retried.
 */
export const restoreScaling = async (turn: Turn): Promise<TurnResult | undefined> => {
  const { id, scaling: snapshot } = turn.release;
  if (snapshot === undefined) return undefined;
  if (isObsolete(turn.release, snapshot)) {
    turn.remark(
      `autoscaling of ${snapshot.resourceId} ended with the serverless fleet: ${keptScaling(snapshot).join('; ')}`,
    );
    await turn.save({ scaling: undefined });
    return undefined;
  }
  const refused = await putBack(turn, snapshot).catch((error: unknown) => {
    if (!isRefused(error)) throw error;
    return [describe(error)];
  });
  if (refused.length > 0) {
    turn.remark(
      `AUTOSCALING OF ${snapshot.resourceId} IS NOT AS IT WAS BEFORE THIS RELEASE. Restore it by hand from the snapshot in the release record (release ${id}, member scaling): ${refused.join('; ')}`,
    );
    return undefined;
  }
  await turn.save({ scaling: undefined });
  return { because: `put autoscaling of ${snapshot.resourceId} back`, percent: 93 };
};

/** The fleet that serves now has no capacity of this dimension. */
const isObsolete = ({ outcome, candidate }: Turn['release'], snapshot: ScalingSnapshot): boolean =>
  outcome === 'succeeded' && dimensionOfFleet(candidate) !== subjectOf(snapshot).ScalableDimension;

/** @returns the parts that AWS refused, with its reasons */
const putBack = async (turn: Turn, snapshot: ScalingSnapshot): Promise<readonly string[]> => {
  const { world, endpoint } = turn;
  const refused: string[] = [];
  const onRefusal = (object: string, error: unknown): void => void refused.push(`${object}: ${describe(error)}`);
  const existing = await now(world, endpoint, snapshot);
  const lacking = lackingOf(snapshot, existing);
  const arns = { ...existing?.arns, ...(lacking && (await putScaling(world, lacking, onRefusal))) };
  for (const [policy, former] of Object.entries(snapshot.arns ?? {})) {
    const present = arns[policy];
    if (present !== undefined && present !== former)
      await repointAlarms(world, former, present, (alarm, error) =>
        turn.remark(
          `alarm ${alarm} starts scaling policy ${policy} by an ARN that no longer exists: replace ${former} by ${present} in its actions: ${describe(error)}`,
        ),
      );
  }
  return refused;
};

const now = (world: World, endpoint: string, snapshot: ScalingSnapshot): Promise<ScalingSnapshot | undefined> => {
  const variant = snapshot.resourceId.split('/').at(-1) ?? '';
  return scalingOf(world, endpoint, variant, subjectOf(snapshot).ScalableDimension);
};

/**
 * Sets the variant's scalable target to the manifest's `autoscaling` block, once the new version serves. A dark candidate is never
 * autoscaled (DESIGN §5).
 */
export const applyScaling = (spec: EndpointSpec): Task =>
  bestEffort(
    async (turn) => {
      const { release, world, endpoint } = turn;
      const { autoscaling } = spec;
      const { variant, canonical } = release.submission;
      if (release.outcome !== 'succeeded' || canonical !== undefined || autoscaling === undefined) return undefined;
      const existing = await scalingOf(world, endpoint, variant, dimensionOf(spec));
      const { put, lines, inTheWay } = planOfScaling(spec, autoscaling, variant, existing);
      const differs =
        lines.length > 0 || (await unwiredIn(world, autoscaling.step ?? [], existing?.arns ?? {})).length > 0;
      if (!differs && inTheWay.length === 0) return undefined;
      if (inTheWay.length > 0 || release.witnessed.scaledAt !== undefined) {
        // AWS may show a setting in another form than it was sent: the release does not send it for ever.
        turn.remark(
          `autoscaling of ${put.resourceId} is not as the manifest wants it: ${[...inTheWay, ...lines].join('; ')}`,
        );
        return undefined;
      }
      const arns = { ...existing?.arns, ...(lines.length > 0 ? await putScaling(world, put) : {}) };
      await wireAll(turn, autoscaling.step ?? [], arns);
      await turn.save({ witnessed: { ...release.witnessed, scaledAt: world.clock.now() } });
      return { because: `autoscaling ${put.minCapacity} to ${put.maxCapacity}`, percent: 94 };
    },
    ({ endpoint }) => `autoscaling of ${endpoint} is not as the manifest wants it; the next delivery tries it again`,
  );

/** Adds each step policy to the actions of its alarm. Several policies may share one alarm, so each is read again. */
const wireAll = async (
  turn: Turn,
  steps: readonly StepScaling[],
  arns: Readonly<Record<string, string>>,
): Promise<void> => {
  for (const step of steps) {
    const [unwired] = await unwiredIn(turn.world, [step], arns);
    const policyArn = arns[step.name];
    if (unwired === undefined || policyArn === undefined) continue;
    if (unwired.found === undefined)
      turn.remark(`alarm ${step.alarm}, which starts scaling policy ${step.name}, does not exist`);
    else await wire(turn.world, unwired.found, policyArn);
  }
};
