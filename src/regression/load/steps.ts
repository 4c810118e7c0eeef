import { type Outcome, outcomeOf } from './outcome.ts';

/** One step of a load test: it is measured within one turn. */
export type LoadStep = ClosedStep | OpenStep;

/** So many callers, each of which sends its next request when it has its answer. They never wait for each other's requests. */
export interface ClosedStep {
  readonly is: 'closed';
  readonly concurrency: number;
  readonly seconds: number;
  /** It ends after so many. */
  readonly mostRequests: number;
}

/** Requests at fixed times, however long the answers take. */
export interface OpenStep {
  readonly is: 'open';
  /** Per second. */
  readonly rate: number;
  readonly seconds: number;
  /** A part of the measurement at the target rate; a step above it; or one below it, since the target rate broke the candidate. */
  readonly at: 'target' | 'above' | 'below';
}

/** The whole course. Rates are those of all requests, per second. */
export interface Course {
  readonly target: number;
  readonly upTo?: number;
  readonly durationSeconds: number;
}

export interface DoneStep {
  readonly step: LoadStep;
  readonly outcome: Outcome;
}

const closedSeconds = 5;
const closedRequests = 300;
const concurrencies = [1, 2, 4, 8, 16] as const;
/** More callers that get no more answers than this show the capacity. */
const worthwhileGrowth = 1.1;
/** A step is shorter than a turn may be. */
const openSeconds = 30;
const growth = 1.25;
/** From the target rate down to a thirtieth of it. */
const mostHalvings = 5;

/** @returns undefined after the last one */
export const nextStep = (course: Course, done: readonly DoneStep[], breaks: Breaks): LoadStep | undefined => {
  const closed = done.filter(({ step }) => step.is === 'closed');
  if (!isSaturated(closed)) {
    const concurrency = concurrencies[closed.length];
    if (concurrency !== undefined)
      return { is: 'closed', concurrency, seconds: closedSeconds, mostRequests: closedRequests };
  }
  const parts = Math.ceil(course.durationSeconds / openSeconds);
  const measured = openSteps(done, 'target');
  if (measured.length < parts && !measured.some(({ outcome }) => outcome.stopped !== undefined))
    return { is: 'open', rate: course.target, seconds: course.durationSeconds / parts, at: 'target' };
  const isBroken = breaks(outcomeOf(measured));
  return isBroken ? stepDown(course, done, breaks) : stepUp(course, done, breaks);
};

/** Whether the candidate breaks at a rate. */
export type Breaks = (outcome: Outcome) => boolean;

export const openSteps = (
  done: readonly DoneStep[],
  at: OpenStep['at'],
): readonly (DoneStep & { readonly step: OpenStep })[] =>
  done.flatMap(({ step, outcome }) => (step.is === 'open' && step.at === at ? [{ step, outcome }] : []));

const isSaturated = (closed: readonly DoneStep[]): boolean => {
  const [before, last] = closed.slice(-2).map(({ outcome }) => throughput(outcome));
  return before !== undefined && last !== undefined && last < before * worthwhileGrowth;
};

/** Good answers per second. */
export const throughput = ({ good, seconds }: Pick<Outcome, 'good' | 'seconds'>): number =>
  seconds > 0 ? good / seconds : 0;

const stepDown = ({ target }: Course, done: readonly DoneStep[], breaks: Breaks): OpenStep | undefined => {
  const below = openSteps(done, 'below');
  const last = below.at(-1);
  if (below.length >= mostHalvings || (last !== undefined && !breaks(last.outcome))) return undefined;
  return { is: 'open', rate: (last?.step.rate ?? target) / 2, seconds: openSeconds, at: 'below' };
};

const stepUp = ({ target, upTo }: Course, done: readonly DoneStep[], breaks: Breaks): OpenStep | undefined => {
  const last = openSteps(done, 'above').at(-1);
  const rate = last?.step.rate ?? target;
  if (upTo === undefined || rate >= upTo || last?.outcome.stopped !== undefined) return undefined;
  if (last !== undefined && breaks(last.outcome)) return undefined;
  return { is: 'open', rate: Math.min(upTo, rate * growth), seconds: openSeconds, at: 'above' };
};

/** How many steps a course has at most, and how many requests they send: for the plan. The callers of the closed loop are not counted. */
export const foreseen = ({ target, upTo, durationSeconds }: Course) => {
  const rates: number[] = [];
  for (let rate = target; upTo !== undefined && rate < upTo; ) {
    rate = Math.min(upTo, rate * growth);
    rates.push(rate);
  }
  return {
    requests: Math.ceil(
      concurrencies.length * closedRequests +
        target * durationSeconds +
        rates.reduce((sum, rate) => sum + rate * openSeconds, 0),
    ),
    seconds: Math.ceil(concurrencies.length * closedSeconds + durationSeconds + rates.length * openSeconds),
  };
};
