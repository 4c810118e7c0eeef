import type { Instant } from '../clock.ts';
import { percent } from '../judge/amounts.ts';
import type { StepCommand } from './command.ts';
import type { Event, StepVerdict } from './event.ts';
import type { State, Why } from './state.ts';

/** The parameters of a stepped rollout. */
export interface SteppedPlan {
  /** Shares of the candidate, rising, the last one 1. */
  readonly steps: readonly number[];
  readonly bakeSeconds: number;
  /** Longest stay on one step without proof of health. */
  readonly maxStepSeconds: number;
  /** Candidate requests of every bake (DESIGN §7 rule 5); short of the last step the judge counts them too. */
  readonly minimumRequests: number;
}

export type Stepped = readonly [State, readonly StepCommand[]];

/**
 * One event of a stepped rollout: total and pure. A command counts only once its effect was observed, so it is repeated until then.
 * The judge rules in every state in which the candidate has traffic; the traffic can go back from each of them.
 */
export const step = (plan: SteppedPlan, state: State, event: Event): Stepped => {
  if (state.is === 'promoted' || state.is === 'returned') return [state, []];
  switch (event.is) {
    case 'commanded':
      return commanded(plan, state, event);
    case 'judged':
      return judged(plan, state, event.at, event.verdict);
    case 'alarmed':
      // Without traffic nothing goes back: an alarm in `ALARM` refuses the first raise.
      return state.is === 'dark' || state.is === 'returning' ? [state, []] : goBack('alarm', event.because);
    case 'checked':
      return checked(plan, state, event.passed, event.because);
    case 'observed':
      return observed(plan, state, event);
    case 'retired':
      return state.is === 'retiring' ? [{ is: 'promoted' }, []] : [state, []];
  }
};

type Live = Exclude<State, { is: 'promoted' | 'returned' }>;
type Observed = Extract<Event, { is: 'observed' }>;
type Commanded = Extract<Event, { is: 'commanded' }>;

const goBack = (why: Why, because: string): Stepped => [
  { is: 'returning', why, because },
  [{ do: 'shift', share: 0, because }],
];

const raise = (plan: SteppedPlan, index: number, from: number, because: string): Stepped => [
  { is: 'raising', index, from },
  [{ do: 'shift', share: shareOf(plan, index), because }],
];

const shareOf = (plan: SteppedPlan, index: number): number => plan.steps[index] ?? 1;
const last = (plan: SteppedPlan): number => plan.steps.length - 1;

const commanded = (plan: SteppedPlan, state: Live, { command, by, why, at }: Commanded): Stepped => {
  if (state.is === 'returning') return [state, []];
  const because = `${command} by ${by}: ${why}`;
  if (state.is === 'retiring') return command === 'abort' ? goBack('aborted-by-hand', because) : [state, []];
  switch (command) {
    case 'abort':
      return goBack('aborted-by-hand', because);
    case 'pause':
      if (state.is === 'paused') return [state, []];
      return [state.is === 'baking' ? { ...state, is: 'paused' } : { ...patient(state), held: true }, []];
    case 'resume':
      if (state.is === 'baking') return [state, []];
      return [state.is === 'paused' ? { is: 'baking', index: state.index, since: at } : released(state), []];
    case 'promote-now':
      // A candidate that is not up cannot be promoted.
      if (state.is === 'dark') return [{ is: 'dark', hurry: true }, []];
      return raise(plan, last(plan), currentShare(plan, state), because);
  }
};

const released = ({ held: _, ...state }: Extract<Live, { is: 'dark' | 'raising' }>): Live => state;

const patient = (state: Extract<Live, { is: 'dark' | 'raising' }>): Extract<Live, { is: 'dark' | 'raising' }> =>
  state.is === 'dark' ? { is: 'dark' } : state;

const currentShare = (plan: SteppedPlan, state: Live): number => {
  if (state.is === 'baking' || state.is === 'paused') return shareOf(plan, state.index);
  return state.is === 'raising' ? state.from : 0;
};

const judged = (plan: SteppedPlan, state: Live, at: Instant, verdict: StepVerdict): Stepped => {
  if (state.is === 'dark' || state.is === 'returning') return [state, []];
  if (verdict.decision === 'rollback') return goBack(verdict.why ?? 'convicted', verdict.because);
  if (state.is !== 'baking') return [state, []];
  const baked = at >= state.since + plan.bakeSeconds * 1000;
  const fresh = verdict.newest > state.since;
  const tooLong = at >= state.since + plan.maxStepSeconds * 1000;
  if (state.index === last(plan)) {
    // At full share no baseline is left to compare with: the safety net and the time before stay, for as long as the bake, and on
    // enough requests.
    const enough = verdict.stepRequests >= plan.minimumRequests;
    if (baked && fresh && enough && verdict.decision !== 'hold') return retire(state.index);
    if (tooLong && fresh && !enough) return goBack('insufficient-traffic', starved(plan, verdict));
  } else if (baked && fresh && verdict.decision === 'promote')
    return raise(plan, state.index + 1, shareOf(plan, state.index), verdict.because);
  return tooLong
    ? goBack('unproven-health', `health was not proven within the longest stay on a step: ${verdict.because}`)
    : [state, []];
};

const starved = ({ minimumRequests }: SteppedPlan, { stepRequests }: StepVerdict): string =>
  `the candidate got ${stepRequests} of the ${minimumRequests} requests its last bake needs within the longest stay on a step`;

const retire = (index: number): Stepped => [
  { is: 'retiring', index },
  [{ do: 'retire', because: 'the candidate has all traffic and its bake is over' }],
];

const checked = (plan: SteppedPlan, state: Live, passed: boolean, because: string): Stepped => {
  if (state.is !== 'dark') return [state, []];
  if (!passed) return goBack('dark-checks-failed', because);
  return state.held ? [state, []] : raise(plan, state.hurry ? last(plan) : 0, 0, because);
};

/** 32-bit floats: shares within 0.1 point are the same (rule 1). */
const near = (a: number, b: number): boolean => Math.abs(a - b) <= 0.001;

const observed = (plan: SteppedPlan, state: Live, { at, share, moving, stale }: Observed): Stepped => {
  if (moving) return [state, []];
  switch (state.is) {
    case 'dark':
      if (near(share, 0)) return [state, []];
      return [state, [{ do: 'shift', share: 0, because: drifted(share, 0) }]];
    case 'baking':
    case 'paused': {
      const wanted = shareOf(plan, state.index);
      if (near(share, wanted)) return [state, []];
      // Others moved the weights: the step begins again, and its bake too.
      const [righting, commands] = raise(plan, state.index, share, drifted(share, wanted));
      return [state.is === 'paused' && righting.is === 'raising' ? { ...righting, held: true } : righting, commands];
    }
    case 'raising': {
      const wanted = shareOf(plan, state.index);
      if (near(share, wanted))
        return stale ? [state, []] : [{ is: state.held ? 'paused' : 'baking', index: state.index, since: at }, []];
      return [state, [{ do: 'shift', share: wanted, because: drifted(share, wanted) }]];
    }
    case 'returning':
      if (near(share, 0)) return stale ? [state, []] : [{ ...state, is: 'returned' }, []];
      return [state, [{ do: 'shift', share: 0, because: state.because }]];
    case 'retiring':
      return [
        state,
        [{ do: 'retire', because: 'the candidate has all traffic and is not yet under the canonical name' }],
      ];
  }
};

const drifted = (share: number, wanted: number): string =>
  `the candidate has ${percent(share)} of the traffic, not ${percent(wanted)}`;
