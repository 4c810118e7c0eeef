import { classify, describe } from '../aws/errors.ts';
import { minutes } from '../clock.ts';
import { canonical } from '../digest.ts';
import type { ReasonCode } from '../reason-codes.ts';
import type { Stepping } from '../release/record.ts';
import type { Command } from '../rollout/command.ts';
import type { Event } from '../rollout/event.ts';
import type { State, Why } from '../rollout/state.ts';
import { near, step } from '../rollout/step.ts';
import { judgeVariants } from './evidence.ts';
import { inProgress, type Live, observe } from './observe.ts';
import { nextPoll } from './poll.ts';
import { submit } from './submit.ts';
import type { Step, Turn } from './turn.ts';
import { concluded } from './verdict.ts';
import { mismatches } from './verify.ts';
import { setCount, setShare, shareOf } from './weights.ts';

/**
 * One turn of a stepped rollout: look, hear the people and the judge, let the pure machine decide, write down, act once. The
 * machine commands until it is observed, so a lost answer or a killed run only costs another look.
 */
export const walk = async (turn: Turn): Promise<Step> => {
  const { world, endpoint, release } = turn;
  const { stepping, baseline } = release;
  if (stepping === undefined) throw new Error(`release ${release.id} takes no steps`);
  const live = await observe(world, endpoint);
  if (live === undefined || live.endpointConfig !== baseline?.endpointConfig || live.pending !== undefined)
    return concluded(
      turn,
      'changed-by-others',
      `the endpoint is at ${live?.pending?.endpointConfig ?? live?.endpointConfig ?? 'nothing'}, which is not this release`,
    );

  const events = await hear(turn, live, stepping);
  const { state, command } = fold(stepping, events);
  // Capacity first (DESIGN §5): a candidate smaller than what serves gets no more of the traffic.
  const short =
    command?.do === 'shift' && command.share > shareOf(live, stepping.candidateVariant) && lacks(live, stepping);
  const after = await remember(turn, stepping, live, state, short ? undefined : command, events);
  if (state.is === 'returned') return concluded(after, reasonOf(after, state.why), state.because);
  if (short) return grow(after, live);
  if (command === undefined) return progress(after, live, events);
  if (command.do === 'retire') return publishing(await submit(after, {}));
  return shift(after, stepping, command);
};

/** The last part of a stepped rollout, told as such: an update by itself would count from the beginning. */
export const publishing = (step: Step): Step => ({ ...step, percent: 85 + Math.round(step.percent * 0.08) });

/** Whoever told a release to stop may have said what it ends as. */
const reasonOf = ({ release }: Turn, why: Why): ReasonCode =>
  (why === 'aborted-by-hand' && release.commands.find(({ command }) => command === 'abort')?.reason) || why;

/** Nobody supervises these steps any more: the traffic goes back (DESIGN §2, on cancel). */
export const abortSteps = async (turn: Turn, reason: ReasonCode, why: string): Promise<Step> => {
  const { release, world } = turn;
  if (release.commands.some(({ command }) => command === 'abort')) return walk(turn);
  const abort = {
    command: 'abort',
    by: world.run.actor ?? world.run.holder,
    why,
    at: world.clock.now(),
    reason,
  } as const;
  return walk(await turn.save({ commands: [...release.commands, abort] }));
};

/** The first candidate request is a raise away: from here on the judge is heard. */
export const beginSteps = async (turn: Turn): Promise<Step> => {
  await turn.save({ phase: 'stepping' });
  return { because: 'the candidate stands dark; its steps begin', percent: 10 };
};

const countOf = (live: Live, name: string): number =>
  live.variants.find((variant) => variant.name === name)?.desired ?? 0;
const lacks = (live: Live, { baselineVariant, candidateVariant }: Stepping): boolean =>
  countOf(live, candidateVariant) < countOf(live, baselineVariant);

/** While an endpoint changes its capacity no weight can be changed, the way back included: not tried again at once. */
const growthPause = minutes(10);

const grow = async (turn: Turn, live: Live): Promise<Step> => {
  const { release, world } = turn;
  const { stepping } = release;
  if (stepping === undefined) throw new Error(`release ${release.id} takes no steps`);
  const now = world.clock.now();
  const needed = countOf(live, stepping.baselineVariant);
  const step = (because: string): Step => ({
    because,
    percent: percentAt(shareOf(live, stepping.candidateVariant)),
    notBefore: nextPoll(turn),
  });
  const waits = `the candidate waits for as many instances as serve, ${needed}, before it gets more traffic`;
  if (stepping.grownAt !== undefined && now < stepping.grownAt + growthPause) return step(waits);
  const announced = await turn.save({ stepping: { ...stepping, grownAt: now } });
  try {
    await setCount(announced, stepping.candidateVariant, needed);
  } catch (error) {
    // A candidate with traffic is not left without its judge because there are no more instances.
    if (!['quota', 'capacity', 'in-progress'].includes(classify(error))) throw error;
    return step(`${waits}: ${describe(error)}`);
  }
  return step(`raising the candidate to the ${needed} instances that serve`);
};

const percentAt = (share: number): number => 15 + Math.round(70 * share);

const hear = async (turn: Turn, live: Live, stepping: Stepping): Promise<readonly Event[]> => {
  const { release, world } = turn;
  const at = world.clock.now();
  const share = shareOf(live, stepping.candidateVariant);
  const said = release.commands
    .slice(stepping.obeyed)
    .map(({ command, by, why }): Event => ({ is: 'said', at, command, by, why }));
  const seen: Event = { is: 'observed', at, share, moving: inProgress(live.status) };
  if (stepping.state.is === 'dark') return [...said, seen, ...darkChecks(turn, live, stepping)];
  const verdict = await judgeVariants(turn, stepping);
  return [...said, seen, ...(verdict ? [{ is: 'judged', at, verdict } as const] : [])];
};

/** What can be known of a candidate without traffic: it is up, at full size, and runs the image that was registered. */
const darkChecks = ({ release, world }: Turn, live: Live, { candidateVariant }: Stepping): readonly Event[] => {
  if (inProgress(live.status)) return [];
  const wrong = mismatches(live, { ...release.candidate, endpointConfig: live.endpointConfig }, candidateVariant);
  const passed = wrong.length === 0;
  return [
    {
      is: 'checked',
      at: world.clock.now(),
      passed,
      because: passed ? 'the dark candidate is up and runs what was registered' : wrong.join('; '),
    },
  ];
};

const fold = (
  { plan, state }: Stepping,
  events: readonly Event[],
): { readonly state: State; readonly command?: Command } =>
  events.reduce<{ readonly state: State; readonly command?: Command }>(
    (before, event) => {
      const [after, [command]] = step(plan, before.state, event);
      const latest = command ?? (after.is === before.state.is ? before.command : undefined);
      return { state: after, ...(latest ? { command: latest } : {}) };
    },
    { state },
  );

/** Written before anything moves: the state, the commands obeyed, when the weights moved, and what the judge concluded. */
const remember = async (
  turn: Turn,
  stepping: Stepping,
  live: Live,
  state: State,
  command: Command | undefined,
  events: readonly Event[],
): Promise<Turn> => {
  const at = turn.world.clock.now();
  const judged = events.find((event) => event.is === 'judged');
  // The endpoint may be busy with something else: a move is over when its share is seen, or another one follows.
  const share = shareOf(live, stepping.candidateVariant);
  const settled = stepping.moves.map((move, index) =>
    index < stepping.moves.length - 1 || near(share, move.share) || !inProgress(live.status)
      ? { ...move, until: move.until ?? at }
      : move,
  );
  const moves = command?.do === 'shift' ? [...settled, { from: at, share: command.share }] : settled;
  const verdict = judged && { at, decision: judged.verdict.decision, because: judged.verdict.because };
  const { blindSince: _since, ...seeing } = stepping;
  const blind = judged?.verdict.blind ? { blindSince: stepping.blindSince ?? at } : {};
  const after: Stepping = {
    ...(judged ? { ...seeing, ...blind } : stepping),
    state,
    moves,
    obeyed: turn.release.commands.length,
    ...(verdict ? { verdict } : {}),
  };
  const renew = turn.release.lease.until - at < minutes(3);
  const { verdict: _before, ...was } = stepping;
  const { verdict: _after, ...is } = after;
  const decided = stepping.verdict?.decision !== after.verdict?.decision;
  return canonical(was) === canonical(is) && !decided && !renew ? turn : turn.save({ stepping: after });
};

const shift = async (
  turn: Turn,
  { baselineVariant, candidateVariant, plan }: Stepping,
  command: Extract<Command, { do: 'shift' }>,
): Promise<Step> => {
  const percent = percentAt(command.share);
  try {
    await setShare(turn, baselineVariant, candidateVariant, command.share);
  } catch (error) {
    // The autoscaler or AWS moves the endpoint: the machine commands again at the next look.
    if (classify(error) !== 'in-progress') throw error;
    // Nothing moved, so what is observed meanwhile is evidence.
    const { stepping } = turn.release;
    if (stepping) await turn.save({ stepping: { ...stepping, moves: stepping.moves.slice(0, -1) } });
    return { because: 'the endpoint is being changed by somebody else; waiting', percent, notBefore: nextPoll(turn) };
  }
  const to =
    plan.steps.includes(command.share) || command.share === 0
      ? `${Math.round(command.share * 1000) / 10} %`
      : String(command.share);
  return { because: `candidate to ${to}: ${command.because}`, percent, notBefore: nextPoll(turn) };
};

const progress = (turn: Turn, live: Live, events: readonly Event[]): Step => {
  const { stepping } = turn.release;
  const share = stepping ? shareOf(live, stepping.candidateVariant) : 0;
  const judged = events.find((event) => event.is === 'judged');
  const said = judged ? `: ${judged.verdict.because}` : '';
  return {
    because: `${stepping?.state.is} at ${Math.round(share * 1000) / 10} %${inProgress(live.status) ? ` (${live.status})` : ''}${said}`,
    percent: percentAt(share),
    notBefore: nextPoll(turn),
  };
};
