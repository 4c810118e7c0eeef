import type { DeploymentInfo } from '../../aws/codedeploy.ts';
import { type Instant, minutes, seconds } from '../../clock.ts';
import { requestsOfAlias } from '../../metrics/alias-arms.ts';
import { judgeVersions } from '../../metrics/judge-fleets.ts';
import { requestsIn } from '../../metrics/traffic.ts';
import type { AliasDeployment, Stepping } from '../../release/record.ts';
import type { World } from '../../world.ts';
import { type LookOfJudge, lookOfJudge } from '../look-of-judge.ts';
import type { Turn } from '../turn.ts';
import { shiftsOf } from './routing.ts';
import { aliasDeploymentOf, submissionOf } from './target.ts';

/** CodeDeploy shifts by its own timer, which may run a little early or late against its time stamps. */
export const toleranceMs = seconds(30);
/** The judge has read a minute twice by then, each time settled (`metrics/judge-fleets.ts`). */
const lastLookAfterMs = minutes(4);

/** The moves of an alias's weights, by CodeDeploy's timer since it began to shift. A minute near a move is no evidence. */
export const movesOf = (config: string, shiftingAt: Instant): Stepping['moves'] =>
  shiftsOf(config).map(({ share, afterSeconds }) => {
    const at = shiftingAt + seconds(afterSeconds);
    return { from: afterSeconds === 0 ? at : at - toleranceMs, until: at + toleranceMs, share };
  });

/** Asks the judge while both versions have requests; when it convicts, the caller stops the deployment. */
export const lookAtVersions = async (turn: Turn, deployment: DeploymentInfo): Promise<LookOfJudge> => {
  const submission = submissionOf(turn.release);
  const { judged } = submission;
  if (judged === undefined || submission.kind !== 'deployment') return { seeing: turn };
  const begun = await witnessShift(turn, deployment);
  const { shiftingAt } = begun.release.witnessed;
  if (shiftingAt === undefined) return { seeing: begun };
  return lookOfJudge(begun, judged, (bench) =>
    judgeVersions(begun.world, measured(submission), bench, movesOf(submission.config, shiftingAt)),
  );
};

/** The last minutes of a shift can be read only after it, when no stop takes the version back any more. The end waits for them. */
export const readableAt = ({ completeTime = 0 }: DeploymentInfo): Instant => completeTime * 1000 + lastLookAfterMs;

/** Requests to the version during its shift. */
export const requestsInShift = (
  { world, release }: Turn,
  shiftingAt: Instant,
  { completeTime }: DeploymentInfo,
): Promise<number> => {
  const submission = aliasDeploymentOf(release);
  const until = completeTime === undefined ? world.clock.now() : completeTime * 1000;
  return requestsIn(world, requestsOfAlias(measured(submission), submission.to), shiftingAt, until);
};

const measured = ({ function: name, variant: alias, from, to }: AliasDeployment) => ({
  function: name,
  ...{ alias, from, to },
});

/** Hooks may run for an hour before the traffic moves, so the start of the deployment is not that of the shift. */
const witnessShift = async (turn: Turn, { deploymentId = '' }: DeploymentInfo): Promise<Turn> => {
  const { witnessed } = turn.release;
  if (witnessed.shiftingAt !== undefined) return turn;
  const shiftingAt = await shiftOf(turn.world, deploymentId);
  return shiftingAt === undefined ? turn : turn.save({ witnessed: { ...witnessed, shiftingAt } });
};

const shiftOf = async (world: World, deploymentId: string): Promise<Instant | undefined> => {
  try {
    const { targetIds = [] } = await world.read.codedeploy.listDeploymentTargets({ deploymentId });
    const [targetId] = targetIds;
    if (targetId === undefined) return undefined;
    const { deploymentTarget } = await world.read.codedeploy.getDeploymentTarget({ deploymentId, targetId });
    const events = deploymentTarget?.lambdaTarget?.lifecycleEvents ?? [];
    const began = events.find(({ lifecycleEventName: name }) => name === 'AllowTraffic')?.startTime;
    return began === undefined ? undefined : began * 1000;
  } catch (error) {
    // A deployment has its target once it has begun (API: GetDeploymentTarget).
    if (error instanceof Error && error.name === 'DeploymentNotStartedException') return undefined;
    throw error;
  }
};
