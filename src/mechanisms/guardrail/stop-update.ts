import { minutes } from '../../clock.ts';
import type { AlarmSpec } from '../../metrics/alarms.ts';
import { judgeFleets } from '../../metrics/judge-fleets.ts';
import { candidateFleet } from '../../metrics/traffic.ts';
import type { ReasonCode } from '../../reason-codes.ts';
import type { GuardedUpdate, Submission } from '../../release/record.ts';
import type { StepVerdict } from '../../rollout/event.ts';
import { withoutUndefined } from '../../without-undefined.ts';
import type { ApprovalLook } from '../approval.ts';
import { lookOfJudge } from '../look-of-judge.ts';
import { abortHeldMs, publishAbort, putAlarms } from '../release-alarms.ts';
import type { Turn, TurnResult } from '../turn.ts';
import { starvedBake } from './bakes.ts';

/** An update that can be stopped: one with an abort alarm. */
const stoppable = (submission: Submission): GuardedUpdate | undefined =>
  submission.mechanism === 'guardrail' && submission.abortAlarm !== undefined ? submission : undefined;

/** `Mechanism.stop`. */
export const stopUpdate = async (turn: Turn, why: ReasonCode, because: string): Promise<TurnResult | undefined> =>
  stoppable(turn.release.submission) && stop(turn, why, `stopping the update: ${because}`, { because });

/** An alarm is SageMaker's only way to stop an update (reference/sagemaker.md §3.3). */
const stop = async (
  turn: Turn,
  why: ReasonCode,
  because: string,
  verdict?: Pick<StepVerdict, 'because' | 'figures'>,
): Promise<TurnResult> => {
  const { release, world } = turn;
  const announced =
    release.witnessed.abort === undefined
      ? await turn.save({
          witnessed: {
            ...release.witnessed,
            abort: {
              at: world.clock.now(),
              why,
              published: false,
              ...withoutUndefined({ because: verdict?.because, figures: verdict?.figures }),
            },
          },
        })
      : turn;
  await publishAbort(announced);
  const { abort } = announced.release.witnessed;
  if (abort)
    await announced.save({
      witnessed: { ...announced.release.witnessed, abort: { ...abort, at: world.clock.now(), published: true } },
    });
  return { because, percent: 80, notBefore: turn.nextPoll() };
};

/** A person's command comes first. A stop that has begun is finished. */
export const stopIfRequested = async (turn: Turn): Promise<TurnResult | undefined> => {
  const { release } = turn;
  const { abort } = release.witnessed;
  // A run announced the abort and died before it published, or the published hold is about to expire: publish now.
  if (abort?.published === false || (abort && abort.at + abortHeldMs - minutes(10) <= turn.world.clock.now()))
    return stop(turn, 'aborted-by-hand', 'stopping the update');
  const given = release.commands.find(({ command }) => command === 'abort');
  if (given === undefined || abort !== undefined || stoppable(release.submission) === undefined) return undefined;
  const because = `stopping the update at the command of ${given.by}: ${given.why}`;
  // A command for a reason that the registry has is no person's verdict about the version.
  return given.reason === undefined
    ? stop(turn, 'aborted-by-hand', because)
    : stop(turn, given.reason, because, { because: given.why });
};

/** Rule 18: a version keeps no traffic without its approval, or with content that differs from the approved content. */
export const stopIfWithdrawn = async (turn: Turn, look: ApprovalLook): Promise<TurnResult | undefined> => {
  if (look.is !== 'withdrawn' || turn.release.witnessed.abort !== undefined) return undefined;
  return stopUpdate(turn, 'approval-withdrawn', look.withdrawal.because);
};

/** The same judge as in a stepped rollout. Here an alarm is its only way to take the traffic back. */
export const stopIfConvicted = async (turn: Turn): Promise<TurnResult | undefined> => {
  const { judged } = stoppable(turn.release.submission) ?? {};
  const { abort, bakes = [] } = turn.release.witnessed;
  if (judged === undefined || abort !== undefined) return undefined;
  const { seeing, convicts } = await lookOfJudge(turn, judged, (bench) => judgeFleets(turn, bench, bakes));
  return convicts && stop(seeing, convicts.why ?? 'convicted', `stopping the update: ${convicts.because}`, convicts);
};

/** Rule 5: the release does not wait for a bake that cannot prove anything. */
export const stopIfStarved = async (turn: Turn): Promise<TurnResult | undefined> => {
  const { release, world } = turn;
  const { minimumRequests } = stoppable(release.submission) ?? {};
  if (release.witnessed.abort !== undefined || minimumRequests === undefined) return undefined;
  const starved = await starvedBake(world, candidateFleet(turn), release.witnessed.bakes ?? [], minimumRequests);
  if (starved === undefined) return undefined;
  const saw = starved.projected ? `will see about ${starved.requests}` : `saw ${starved.requests}`;
  return stop(
    turn,
    'insufficient-traffic',
    `stopping the update: the candidate ${saw} of the ${minimumRequests} requests its ${starved.bake.stage} bake needs`,
  );
};

/** Without its alarms a bake is only a timer: deleted alarms of this release are created again (reference/sagemaker.md §3.3). */
export const putBack = async (
  turn: Turn,
  gone: readonly string[],
  armed: readonly AlarmSpec[],
): Promise<TurnResult | undefined> => {
  const own = armed.filter(({ AlarmName }) => gone.includes(AlarmName));
  if (own.length === 0) return undefined;
  await putAlarms(turn, own);
  return {
    because: `created deleted alarms of this release again: ${own.map(({ AlarmName }) => AlarmName).join(', ')}`,
    percent: 20,
    notBefore: turn.nextPoll(),
  };
};
