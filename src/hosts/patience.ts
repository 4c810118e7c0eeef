import { classify, isUnreachable } from '../aws/errors.ts';
import { Throttled } from '../aws/retry.ts';
import { type Clock, type Instant, minutes } from '../clock.ts';

/** A wrong proxy setting does not heal. Before anything is begun, a run that never reached AWS waits no longer than this. */
export const unreachedPatience = minutes(5);

export interface Patience {
  /** The time of the next try; throws the cause when waiting for it makes no sense. */
  next(error: Throttled): Instant;
  /** AWS answered: it can be reached. */
  reached(): void;
}

/** For work that has not begun: it waits out throttling, but not a machine without a route to AWS. */
export const patience = (clock: Clock): Patience => {
  let unreachedSince: Instant | undefined;
  return {
    next: (error) => {
      if (!isUnreachable(error.cause)) unreachedSince = undefined;
      else unreachedSince ??= clock.now();
      if (unreachedSince !== undefined && clock.now() - unreachedSince >= unreachedPatience) throw error.cause;
      return error.notBefore;
    },
    reached: () => {
      unreachedSince = undefined;
    },
  };
};

export interface WaitOptions {
  readonly clock: Clock;
  readonly deadline: Instant;
  readonly signal: AbortSignal;
  /** Called before each wait, so that the log has the cause at once. */
  readonly onWait?: (because: string, until: Instant) => void;
}

/**
 * The first calls of a run, before there is a turn that could wait. They wait out throttling as the loop does between turns.
 * @throws {Throttled} at the deadline
 */
export const waitOut = async <Answer>(
  { clock, deadline, signal, onWait }: WaitOptions,
  attempt: () => Promise<Answer>,
): Promise<Answer> => {
  const patient = patience(clock);
  let last: Throttled | undefined;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      // The deadline cut the last attempt off. The cause of the earlier failures is more useful.
      if (last !== undefined && clock.now() >= deadline && classify(error) === 'aborted') throw last;
      if (!(error instanceof Throttled) || signal.aborted || clock.now() >= deadline) throw error;
      last = error;
      const until = Math.min(patient.next(error), deadline);
      onWait?.(`could not reach ${error.service}: ${error.message}`, until);
      await clock.sleepUntil(until, signal);
    }
  }
};
