import type { Instant, Kernel, Metrics } from '../../contracts.ts';

/**
 * A deployment is written as a generator that yields its waits, so that it reads top to bottom in the order AWS documents. An event
 * that ends a wait early is thrown into it.
 */
export type Timeline = Generator<Wait, void, void>;

export interface Wait {
  readonly label: string;
  readonly milliseconds: number;
  /** Bakes only: alarms looked at when the bake begins and every settings.alarmPollMs until it ends. */
  readonly alarms?: readonly string[];
  /** MaximumExecutionTimeoutInSeconds runs out at this instant. */
  readonly deadline?: Instant;
}

/** Why a fleet does not come up or is given up; becomes the FailureReason. Undefined: AWS gives none. */
export class Setback extends Error {
  readonly reason: string | undefined;
  readonly what: string;
  constructor(what: string, reason: string | undefined) {
    super(reason ?? what);
    this.what = what;
    this.reason = reason;
  }
}

/** Wording of both reasons: found in no source [unconfirmed] (reference/sagemaker.md §13.1). */
const alarmTripped = (alarm: string): Setback =>
  new Setback('alarm-tripped', `The deployment was rolled back because alarm "${alarm}" is in ALARM state.`);
const timedOut = (): Setback =>
  new Setback(
    'deployment-timed-out',
    'The deployment was rolled back because it exceeded its maximum execution timeout.',
  );

export const createTimelines = (kernel: Kernel, metrics: Metrics) => {
  const trips = (alarm: string): boolean => {
    const state = metrics.alarmState(alarm);
    if (state === undefined) return kernel.settings.deletedAlarmTrips;
    return state === 'ALARM' || (state === 'INSUFFICIENT_DATA' && kernel.settings.insufficientDataTrips);
  };

  const run = (timeline: Timeline): void => {
    const resume = (step: () => IteratorResult<Wait, void>): void => {
      const { value: wait, done } = step();
      if (done || !wait) return;
      const { label, milliseconds, alarms = [], deadline = Number.POSITIVE_INFINITY } = wait;
      // A bake of length zero is no bake: the alarms are not checked.
      if (milliseconds === 0) {
        resume(() => timeline.next());
        return;
      }
      const end = kernel.clock.now() + milliseconds;
      const look = (): void => {
        const now = kernel.clock.now();
        const red = alarms.find(trips);
        if (red !== undefined) resume(() => timeline.throw(alarmTripped(red)));
        else if (now >= end) resume(() => timeline.next());
        else if (now >= deadline) resume(() => timeline.throw(timedOut()));
        else {
          const nextLook = alarms.length > 0 ? now + kernel.settings.alarmPollMs : end;
          kernel.clock.at(Math.min(nextLook, end, deadline), label, look);
        }
      };
      look();
    };
    resume(() => timeline.next());
  };

  return { run };
};
export type Timelines = ReturnType<typeof createTimelines>;
