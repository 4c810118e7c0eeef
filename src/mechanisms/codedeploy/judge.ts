import type { DeploymentInfo } from '../../aws/codedeploy.ts';
import { type Instant, minutes, seconds } from '../../clock.ts';
import type { LatencyPlan } from '../../judge/latency.ts';
import { armsOfVersions, requestsOfAlias } from '../../metrics/alias-arms.ts';
import type { Arms } from '../../metrics/arms.ts';
import { judgeVersions } from '../../metrics/judge-fleets.ts';
import { armsOfTasks, requestsOfTasks } from '../../metrics/service-arms.ts';
import type { CountedMetric } from '../../metrics/sums-by-minute.ts';
import { requestsIn } from '../../metrics/traffic.ts';
import type { CodeDeployment, Stepping } from '../../release/record.ts';
import type { World } from '../../world.ts';
import { type LookOfJudge, lookOfJudge } from '../look-of-judge.ts';
import type { Turn } from '../turn.ts';
import { shiftsOf } from './routing.ts';
import { submissionOf, type TargetLook } from './target.ts';

/** CodeDeploy shifts by its own timer, which may run a little early or late against its time stamps. */
export const toleranceMs = seconds(30);
/** The judge has read a minute twice by then, each time settled (`metrics/judge-fleets.ts`). */
const lastLookAfterMs = minutes(4);

/** The moves of the weights, by CodeDeploy's timer since it began to shift. A minute near a move is no evidence. */
export const movesOf = (config: string, shiftingAt: Instant): Stepping['moves'] =>
  shiftsOf(config).map(({ share, afterSeconds }) => {
    const at = shiftingAt + seconds(afterSeconds);
    return { from: afterSeconds === 0 ? at : at - toleranceMs, until: at + toleranceMs, share };
  });

/** Asks the judge while both versions have requests; when it convicts, the caller stops the deployment. */
export const lookAtVersions = async (
  turn: Turn,
  deployment: DeploymentInfo,
  look: TargetLook,
): Promise<LookOfJudge> => {
  const submission = submissionOf(turn.release);
  const { judged } = submission;
  if (judged === undefined) return { seeing: turn };
  const begun = await witnessShift(turn, deployment);
  const { shiftingAt } = begun.release.witnessed;
  const measured = measuredIn(submission, look);
  if (shiftingAt === undefined || measured === undefined) return { seeing: begun };
  return lookOfJudge(begun, judged, (bench) =>
    judgeVersions(
      begun.world,
      measured.arms(begun.world, bench.latency),
      bench,
      movesOf(submission.config, shiftingAt),
    ),
  );
};

/** The last minutes of a shift can be read only after it, when no stop takes the version back any more. The end waits for them. */
export const readableAt = ({ completeTime = 0 }: DeploymentInfo): Instant => completeTime * 1000 + lastLookAfterMs;

/** Requests to the version during its shift. */
export const requestsInShift = async (
  { world, release }: Turn,
  look: TargetLook,
  shiftingAt: Instant,
  { completeTime }: DeploymentInfo,
): Promise<number> => {
  const measured = measuredIn(submissionOf(release), look);
  if (measured === undefined) return 0;
  const until = completeTime === undefined ? world.clock.now() : completeTime * 1000;
  return requestsIn(world, measured.requests, shiftingAt, until);
};

/** Where the requests to both versions are counted; undefined while no tasks of the new revision are up. */
const measuredIn = (
  submission: CodeDeployment,
  { targetGroups = {} }: TargetLook,
):
  | { readonly arms: (world: World, latency: LatencyPlan | undefined) => Arms; readonly requests: CountedMetric }
  | undefined => {
  if (submission.kind === 'deployment') {
    const { function: name, variant: alias, from, to } = submission;
    const measured = { function: name, alias };
    return {
      arms: (world, latency) => armsOfVersions(world, measured, { from, to }, latency),
      requests: requestsOfAlias(measured, to),
    };
  }
  const { measured: baseline, to } = submission;
  const targetGroup = to === undefined ? undefined : targetGroups[to];
  if (baseline === undefined || targetGroup === undefined) return undefined;
  const candidate = { loadBalancer: baseline.loadBalancer, targetGroup };
  return {
    arms: (world, latency) => armsOfTasks(world, { candidate, baseline }, latency),
    requests: requestsOfTasks(candidate),
  };
};

/** Hooks may run for an hour before the traffic moves, so the start of the deployment is not that of the shift. */
const witnessShift = async (turn: Turn, { deploymentId = '' }: DeploymentInfo): Promise<Turn> => {
  const { witnessed, submission } = turn.release;
  // That of a service is the call that let its traffic go on, until CodeDeploy shows the shift itself.
  if (witnessed.shiftingAt !== undefined && submission.kind === 'deployment') return turn;
  const shiftingAt = await shiftOf(turn.world, deploymentId);
  return shiftingAt === undefined || shiftingAt === witnessed.shiftingAt
    ? turn
    : turn.save({ witnessed: { ...witnessed, shiftingAt } });
};

const shiftOf = async (world: World, deploymentId: string): Promise<Instant | undefined> => {
  try {
    const { targetIds = [] } = await world.read.codedeploy.listDeploymentTargets({ deploymentId });
    const [targetId] = targetIds;
    if (targetId === undefined) return undefined;
    const { deploymentTarget } = await world.read.codedeploy.getDeploymentTarget({ deploymentId, targetId });
    const events = (deploymentTarget?.lambdaTarget ?? deploymentTarget?.ecsTarget)?.lifecycleEvents ?? [];
    const began = events.find(({ lifecycleEventName: name }) => name === 'AllowTraffic')?.startTime;
    return began === undefined ? undefined : began * 1000;
  } catch (error) {
    // A deployment has its target once it has begun (API: GetDeploymentTarget).
    if (error instanceof Error && error.name === 'DeploymentNotStartedException') return undefined;
    throw error;
  }
};
