import { classify, describe } from '../../aws/errors.ts';
import { reasonOfError } from '../../aws/reason.ts';
import { AnswerLost } from '../../aws/retry.ts';
import { type Instant, minutes, seconds } from '../../clock.ts';
import { canonical } from '../../digest.ts';
import { inProgress, type LiveEndpoint, observe } from '../../endpoint/observe.ts';
import { mismatches } from '../../endpoint/verify.ts';
import { setCount, setShare, shareOf } from '../../endpoint/weights.ts';
import { counted, percent } from '../../judge/amounts.ts';
import type { AlarmSpec } from '../../metrics/alarms.ts';
import { type JudgedFleets, judgeVariants } from '../../metrics/judge-fleets.ts';
import type { ReasonCode } from '../../reason-codes.ts';
import type { Folded, Stepping } from '../../release/record.ts';
import type { StepCommand } from '../../rollout/command.ts';
import type { Event, StepVerdict } from '../../rollout/event.ts';
import type { State } from '../../rollout/state.ts';
import { step } from '../../rollout/step.ts';
import { withoutUndefined } from '../../without-undefined.ts';
import { type ApprovalLook, type Guard, lookAtApproval, remarksOf, standing } from '../approval.ts';
import { freeScaling } from '../replacement/free-scaling.ts';
import { submit } from '../submit.ts';
import type { Pace, Turn, TurnResult } from '../turn.ts';
import { endSteps, registry } from './end-steps.ts';
import {
  type AlarmReading,
  heldBy,
  mayBeRaised,
  putStepAlarmsBack,
  readAlarms,
  witnessedAlarms,
} from './step-alarms.ts';

/**
 * One turn of a stepped rollout: read the endpoint, collect the commands and the verdict, let the pure state machine decide, record,
 * act once. The machine repeats a command until it observes the effect, so a lost answer or a killed run only costs another look.
 * @param armed the alarms that the release created for itself; deleted ones are created again
 */
export const walk = async (turn: Turn, armed: readonly AlarmSpec[] = []): Promise<TurnResult> => {
  const { world, endpoint, release } = turn;
  const { stepping, baseline } = release;
  if (stepping === undefined) throw new Error(`release ${release.id} takes no steps`);
  // The traffic is back already, and the release waits for the metrics.
  if (stepping.state.is === 'returned') return endSteps(turn, stepping.state);
  world.lookAgain?.();
  const live = await observe(world, endpoint);
  if (live === undefined)
    return turn.conclude('changed-by-others', `the endpoint ${endpoint} was deleted during the release`);
  if (live.endpointConfig !== baseline?.endpointConfig || live.pending !== undefined)
    return turn.conclude(
      'changed-by-others',
      `the endpoint is at ${live.pending?.endpointConfig ?? live.endpointConfig}, which is not this release`,
    );
  const stale = isStale(live, stepping, world.clock.now());
  const alarms = await readAlarms(turn, stepping);
  const { events, evidence, folded, differs } = await collectEvents(turn, live, stepping, stale, alarms);
  const { state, command } = fold(stepping, events);
  const comesBack = state.is === 'returning' || state.is === 'returned';
  const moved = hasMoved(stepping, live, stale);
  const raising = raises(command, live, stepping);
  // The last swap has a check of its own, directly before its submission. The dark candidate was started some time ago.
  const look =
    comesBack || command?.do === 'retire'
      ? standing
      : await lookAtApproval(turn, moved, raising && !moved ? 'content' : 'package');
  const lost = lostBy(look, moved);
  if (lost !== undefined) return abortSteps(turn, lost.reason, lost.because, registry);
  if (evidence) turn.witness(evidence);
  if (differs !== undefined) turn.remark(differs);
  // Traffic that others gave the candidate goes back first: it needs no instance more.
  const lacking =
    comesBack || lowers(command, live, stepping) || inProgress(live.status)
      ? undefined
      : missingCapacity(live, stepping);
  // Unknown is neither approval nor rejection: the share stays where it is.
  const frozen = look.is === 'unknown' && raising;
  const deleted = comesBack ? [] : armed.filter(({ AlarmName }) => alarms.gone.includes(AlarmName));
  const act = lacking === undefined && !frozen && deleted.length === 0 ? command : undefined;
  const after = await remember(turn, stepping, live, stale, state, act, events, alarms, folded);
  if (state.is === 'returned') return endSteps(after, state);
  if (deleted.length > 0) return putStepAlarmsBack(after, deleted);
  // Rule 6, as for any other update: an alarm that is red or deleted before the first raise would take back every raise.
  const wrong = alarms.red ?? (alarms.gone.length > 0 ? alarms.unknown : undefined);
  if (state.is === 'dark' && wrong !== undefined && act === undefined && !stale && !inProgress(live.status))
    return after.conclude('alarm-not-ready', `nothing was shifted: ${wrong}`);
  if (lacking !== undefined) return grow(after, stepping, live, lacking);
  if (act === undefined) return progress(after, live, events, look, alarms);
  if (act.do === 'retire' && after.release.commands.length > release.commands.length)
    return { because: 'a command came meanwhile; it is obeyed before the candidate is published', percent: 85 };
  if (act.do === 'retire') return publishing((await freeScaling(after)) ?? (await submit(after, {}, guardPublishing)));
  return shift(after, stepping, act);
};

/** A recorded raise that does not show may still arrive, for as long as a read may be stale. */
const hasMoved = ({ moves, candidateVariant }: Stepping, live: LiveEndpoint, stale: boolean): boolean =>
  moves.some(({ share, seen, until }) => share > 0 && (seen === true || until !== undefined)) ||
  (moves.some(({ share }) => share > 0) && (stale || inProgress(live.status))) ||
  shareOf(live, candidateVariant) > 0;

const raises = (command: StepCommand | undefined, live: LiveEndpoint, { candidateVariant }: Stepping): boolean =>
  command?.do === 'shift' && command.share > shareOf(live, candidateVariant) + 0.001;
const lowers = (command: StepCommand | undefined, live: LiveEndpoint, { candidateVariant }: Stepping): boolean =>
  command?.do === 'shift' && command.share < shareOf(live, candidateVariant) - 0.001;

/** Whether a check of the registry ends the rollout. A missing permission ends it only before traffic moves. */
const lostBy = (
  look: ApprovalLook,
  moved: boolean,
): { readonly reason: ReasonCode; readonly because: string } | undefined => {
  if (look.is === 'withdrawn') return moved ? { ...look.withdrawal, reason: 'approval-withdrawn' } : look.withdrawal;
  return look.is === 'unknown' && look.refused !== undefined && !moved
    ? { reason: look.refused, because: look.because }
    : undefined;
};

/** The swap that retires the old variant is a submission like any other, but its candidate has all of the traffic already. */
const guardPublishing: Guard = async (turn) => {
  const look = await lookAtApproval(turn, true, 'content');
  if (look.is === 'withdrawn') return abortSteps(turn, 'approval-withdrawn', look.withdrawal.because, registry);
  return look.is === 'unknown'
    ? { because: `not published yet: ${look.because}`, percent: 12, notBefore: turn.nextPoll() }
    : undefined;
};

/** The progress of the last part of a stepped rollout: an update by itself would count from the beginning. */
export const publishing = (step: TurnResult): TurnResult => ({
  ...step,
  percent: 85 + Math.round(step.percent * 0.08),
});

/** Stops the steps: without a supervisor the traffic goes back (DESIGN §2, on cancel). */
export const abortSteps = async (
  turn: Turn,
  reason: ReasonCode,
  why: string,
  by: string = turn.world.run.actor ?? turn.world.run.holder,
): Promise<TurnResult> => {
  const { release, world } = turn;
  if (release.commands.some(({ command }) => command === 'abort')) return walk(turn);
  const abort = {
    command: 'abort',
    by,
    why,
    at: world.clock.now(),
    reason,
  } as const;
  return walk(await turn.save({ commands: [...release.commands, abort] }));
};

/** Begins the steps: the judge reads the metrics from here on, before the first candidate request. */
export const beginSteps = async (turn: Turn): Promise<TurnResult> => {
  await turn.save({ phase: 'stepping' });
  return { because: 'the candidate stands dark; its steps begin', percent: 10 };
};

/** How long a read may show the endpoint as it was before the last call (reference/sagemaker.md §2.7 rule 5). */
const staleness = minutes(3);

/**
 * The endpoint shows an older modification than the last call, and no update was seen since. A candidate that seems to have no traffic
 * may be about to get some.
 */
const isStale = ({ status, modifiedAt }: LiveEndpoint, { moves }: Stepping, now: Instant): boolean => {
  const last = moves.at(-1);
  if (inProgress(status) || last === undefined || last.until !== undefined || last.seen) return false;
  // Clocks differ: AWS stamps LastModifiedTime, we stamp the move.
  return modifiedAt < last.from - seconds(5) && now < last.from + staleness;
};

/** The capacity that the candidate lacks: before it gets weight, and whenever the baseline variant has grown (DESIGN §5). */
const missingCapacity = (live: LiveEndpoint, { baselineVariant, candidateVariant }: Stepping): number | undefined => {
  const count = (name: string): number => live.variants.find((variant) => variant.name === name)?.desired ?? 0;
  const needed = count(baselineVariant);
  return count(candidateVariant) < needed ? needed : undefined;
};

/** While an endpoint changes its capacity no weight can be changed, not even for the way back. So growth is not retried at once. */
const growthPause = minutes(10);

/** When AWS has no more instances, a candidate with traffic keeps its judge and its share, but gets no more traffic. */
const grow = async (turn: Turn, stepping: Stepping, live: LiveEndpoint, needed: number): Promise<TurnResult> => {
  const { world } = turn;
  const now = world.clock.now();
  const step = (because: string): TurnResult => ({
    because,
    percent: percentAt(shareOf(live, stepping.candidateVariant)),
    notBefore: turn.nextPoll(),
  });
  const waits = `the candidate waits for as many instances as serve, ${needed}, before it gets more traffic`;
  const { stepping: remembered = stepping } = turn.release;
  if (remembered.grownAt !== undefined && now < remembered.grownAt + growthPause) return step(waits);
  const announced = await turn.save({ stepping: { ...remembered, grownAt: now } });
  try {
    await setCount(announced, stepping.candidateVariant, needed);
  } catch (error) {
    if (mayPass(error)) throw error;
    if (['quota', 'capacity', 'in-progress'].includes(classify(error))) return step(`${waits}: ${describe(error)}`);
    // The candidate cannot grow enough to take all of the traffic, so it must not keep its share.
    const why = `the candidate cannot grow to ${counted(needed, 'instance')}: ${describe(error)}`;
    return abortSteps(announced, reasonOfError(error), why);
  }
  return step(`raising the candidate to as many instances as serve, ${needed}`);
};

/** The errors that the host handles, by waiting or by a report: the rollout itself does not retry them. */
const mayPass = (error: unknown): boolean =>
  error instanceof AnswerLost ||
  ['throttled', 'transient', 'aborted', 'expired-credentials', 'no-credentials'].includes(classify(error));

const percentAt = (share: number): number => 15 + Math.round(70 * share);

const collectEvents = async (
  turn: Turn,
  live: LiveEndpoint,
  stepping: Stepping,
  stale: boolean,
  alarms: AlarmReading,
): Promise<Collected> => {
  const { release, world } = turn;
  const at = world.clock.now();
  const share = shareOf(live, stepping.candidateVariant);
  const given = release.commands
    .slice(stepping.obeyed)
    .map(({ command, by, why }): Event => ({ is: 'commanded', at, command, by, why }));
  const seen: Event = { is: 'observed', at, share, moving: inProgress(live.status), ...(stale ? { stale } : {}) };
  // The checks come before the commands: no command promotes an unchecked candidate.
  if (stepping.state.is === 'dark') {
    const checks = mayBeRaised(alarms) ? darkChecks(turn, live, stepping, share) : [];
    return { events: [seen, ...checks, ...given] };
  }
  const red: readonly Event[] = alarms.red === undefined ? [] : [{ is: 'alarmed', at, because: alarms.red }];
  const judged = await judgeVariants(turn, stepping);
  if (judged === undefined) return { events: [...given, seen, ...red] };
  const verdict = heldBy(alarms, judged.verdict);
  const { verdict: _, ...more } = judged;
  return { events: [...given, seen, { is: 'judged', at, verdict }, ...red], ...more };
};

interface Collected extends Partial<Omit<JudgedFleets, 'verdict'>> {
  readonly events: readonly Event[];
}

/** The checks of a candidate without traffic: it is up, at full size, and runs the registered image. */
const darkChecks = (
  { release, world }: Turn,
  live: LiveEndpoint,
  stepping: Stepping,
  share: number,
): readonly Event[] => {
  if (inProgress(live.status) || share > 0 || missingCapacity(live, stepping) !== undefined) return [];
  const expected = { ...release.candidate, endpointConfig: live.endpointConfig };
  const wrong = mismatches(live, expected, stepping.candidateVariant);
  const passed = wrong.length === 0;
  return [
    {
      is: 'checked',
      at: world.clock.now(),
      passed,
      because: passed ? 'the dark candidate is up and runs the registered image' : wrong.join('; '),
    },
  ];
};

const fold = (
  { plan, state }: Stepping,
  events: readonly Event[],
): { readonly state: State; readonly command?: StepCommand } =>
  events.reduce<{ readonly state: State; readonly command?: StepCommand }>(
    (before, event) => {
      const [after, [command]] = step(plan, before.state, event);
      const latest = command ?? (after.is === before.state.is ? before.command : undefined);
      return { state: after, ...withoutUndefined({ command: latest }) };
    },
    { state },
  );

/** Records, before anything moves, the state, the obeyed commands, the times of the weight changes, and the judge's verdict. */
const remember = async (
  turn: Turn,
  stepping: Stepping,
  live: LiveEndpoint,
  stale: boolean,
  state: State,
  command: StepCommand | undefined,
  events: readonly Event[],
  alarms: AlarmReading,
  folded: Folded | undefined,
): Promise<Turn> => {
  const at = turn.world.clock.now();
  const judged = events.find((event) => event.is === 'judged');
  const settled = stepping.moves.map((move): Stepping['moves'][number] => {
    if (move.until !== undefined) return move;
    if (inProgress(live.status)) return { ...move, seen: true };
    return stale ? move : { ...move, until: at };
  });
  const moves = command?.do === 'shift' ? [...settled, { from: at, share: command.share }] : settled;
  const figures = judged?.verdict.figures ?? stepping.verdict?.figures;
  const verdict = judged && {
    at,
    decision: judged.verdict.decision,
    because: judged.verdict.because,
    ...withoutUndefined({ figures }),
  };
  const { blindSince: _since, countsRead: _read, ...seeing } = stepping;
  const blind = judged?.verdict.blind ? { blindSince: stepping.blindSince ?? at } : {};
  const read = withoutUndefined({ countsRead: judged?.verdict.countsRead });
  const after: Stepping = {
    ...(judged ? { ...seeing, ...blind, ...read } : stepping),
    state,
    moves,
    obeyed: turn.release.commands.length,
    ...withoutUndefined({ verdict, folded: folded ?? stepping.folded }),
  };
  const renew = turn.release.lease.until - at < minutes(3);
  // Neither the words of a verdict nor the minutes behind it are worth a write of their own.
  const { verdict: _before, folded: _from, ...was } = stepping;
  const { verdict: _after, folded: _to, ...is } = after;
  const decided = stepping.verdict?.decision !== after.verdict?.decision;
  const red = witnessedAlarms(turn.release, alarms);
  if (red !== undefined) return turn.save({ stepping: after, witnessed: { ...turn.release.witnessed, alarms: red } });
  return canonical(was) === canonical(is) && !decided && !renew ? turn : turn.save({ stepping: after });
};

const shift = async (
  turn: Turn,
  { baselineVariant, candidateVariant, plan }: Stepping,
  command: Extract<StepCommand, { do: 'shift' }>,
): Promise<TurnResult> => {
  const done = percentAt(command.share);
  try {
    await setShare(turn, baselineVariant, candidateVariant, command.share);
  } catch (error) {
    if (mayPass(error)) throw error;
    const busy = classify(error) === 'in-progress';
    // After a permanent refusal of a raise the traffic goes back. The way back is retried until AWS accepts it.
    if (!busy && command.share > 0) {
      const why = `SageMaker refuses to raise the candidate: ${describe(error)}`;
      return abortSteps(turn, reasonOfError(error), why);
    }
    // No weight changed, so the observations meanwhile are evidence. The machine repeats its command at the next look.
    const { stepping } = turn.release;
    if (stepping) await turn.save({ stepping: { ...stepping, moves: stepping.moves.slice(0, -1) } });
    const because = busy
      ? 'another change of the endpoint is running; waiting'
      : `SageMaker refuses the way back, which is retried: ${describe(error)}`;
    return { because, percent: done, notBefore: turn.nextPoll() };
  }
  const to = plan.steps.includes(command.share) || command.share === 0 ? percent(command.share) : String(command.share);
  return { because: `candidate to ${to}: ${command.because}`, percent: done, notBefore: turn.nextPoll() };
};

/**
 * The next look at a share that stays: CloudWatch has one point a minute. An accusation is settled by a second read (`settled-counts.ts`).
 */
const paceOf = ({ release }: Turn, live: LiveEndpoint, verdict: StepVerdict | undefined): Pace => {
  const is = release.stepping?.state.is;
  if (inProgress(live.status) || verdict?.countsRead !== undefined) return 'soon';
  return is === 'baking' || is === 'paused' ? 'minute' : 'soon';
};

const progress = (
  turn: Turn,
  live: LiveEndpoint,
  events: readonly Event[],
  look: ApprovalLook,
  alarms: AlarmReading,
): TurnResult => {
  const { stepping } = turn.release;
  const share = stepping ? shareOf(live, stepping.candidateVariant) : 0;
  const verdict = events.find((event) => event.is === 'judged')?.verdict;
  const why = verdict?.because ?? alarms.unknown;
  const reason = why === undefined ? '' : `: ${why}`;
  return {
    because: `${stepping?.state.is} at ${percent(share)}${inProgress(live.status) ? ` (${live.status})` : ''}${[reason, ...remarksOf(look)].join('; ')}`,
    percent: percentAt(share),
    notBefore: turn.nextLook(paceOf(turn, live, verdict)),
  };
};
