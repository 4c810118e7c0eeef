import { countOf, type Histogram, merged, type Quantile, quantileIn } from './histogram.ts';

/** All requests of a step, by their ends. */
export interface Outcome {
  /** From the first request to the last answer. */
  readonly seconds: number;
  readonly good: number;
  /** Milliseconds until the good answers; of an open loop from the time at which the request was due. */
  readonly latencies: Histogram;
  /** The model answered with an error, or not within SageMaker's time. */
  readonly modelErrors: number;
  /** SageMaker refused the request, because there was no capacity: throttling, ServiceUnavailable. */
  readonly refused: number;
  /** No answer came, for a reason that is not known: a broken connection, an internal failure. */
  readonly lost: number;
  /** Due, and not sent, because too many others had no answer yet. */
  readonly unsent: number;
  /** Milliseconds by which requests were sent late. */
  readonly lag: Histogram;
  /** The reason why it ended before its time: the sender fell behind its schedule, or too many requests had no answer. */
  readonly stopped?: 'lag' | 'unanswered';
}

/** Several steps as one. */
export const outcomeOf = (steps: readonly { readonly outcome: Outcome }[]): Outcome => {
  const outcomes = steps.map(({ outcome }) => outcome);
  const sum = (of: (outcome: Outcome) => number): number => outcomes.reduce((total, outcome) => total + of(outcome), 0);
  const stopped = outcomes.find((outcome) => outcome.stopped !== undefined)?.stopped;
  return {
    seconds: sum(({ seconds }) => seconds),
    good: sum(({ good }) => good),
    latencies: merged(outcomes.map(({ latencies }) => latencies)),
    modelErrors: sum(({ modelErrors }) => modelErrors),
    refused: sum(({ refused }) => refused),
    lost: sum(({ lost }) => lost),
    unsent: sum(({ unsent }) => unsent),
    lag: merged(outcomes.map(({ lag }) => lag)),
    ...(stopped === undefined ? {} : { stopped }),
  };
};

/** Without a good answer. */
export const failedIn = ({ modelErrors, refused, lost, unsent }: Outcome): number =>
  modelErrors + refused + lost + unsent;

export const requestsIn = (outcome: Outcome): number => outcome.good + failedIn(outcome);

export const latencyIn = (outcome: Outcome, level: number, confidence: number): Quantile | undefined =>
  quantileIn(outcome.latencies, failedIn(outcome), level, confidence);

/** Later than this, a request is not sent at its time: answers of good models take less. */
const lateMs = 20;
const toleratedLate = 0.01;

/** Whether the sender kept its schedule: at most one request of a hundred was sent late. Otherwise the latencies are those of the sender. */
export const keptSchedule = ({ lag, stopped }: Outcome): boolean => {
  const late = countOf(lag.filter(([milliseconds]) => milliseconds > lateMs));
  return stopped !== 'lag' && late <= toleratedLate * countOf(lag);
};
