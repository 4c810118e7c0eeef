import type { Clock, Instant } from '../../src/clock.ts';

/** A clock on which several parts of a test wait side by side, as on a wall clock. Time moves only when nothing else can happen. */
export interface WaitingClock extends Clock {
  /** Moves the time until the work is done. */
  run<Value>(work: Promise<Value>): Promise<Value>;
  /** The process is busy for so long: nobody wakes meanwhile. */
  busy(milliseconds: number): void;
}

interface Sleeper {
  readonly until: Instant;
  wake(): void;
}

/** Turns of the microtask queue until whatever can happen has happened. */
const enoughTurns = 40;

export const waitingClock = (start: Instant = Date.parse('2026-01-05T09:00:00Z')): WaitingClock => {
  let now = start;
  const sleepers: Sleeper[] = [];
  const sleepUntil: Clock['sleepUntil'] = (until, signal) =>
    signal?.aborted || until <= now
      ? Promise.resolve()
      : new Promise((wake) => {
          const sleeper = { until, wake };
          sleepers.push(sleeper);
          signal?.addEventListener('abort', () => {
            const at = sleepers.indexOf(sleeper);
            if (at >= 0) sleepers.splice(at, 1);
            wake();
          });
        });
  return {
    now: () => now,
    sleepUntil,
    alarm: (instant, ring) => {
      const takenBack = new AbortController();
      void sleepUntil(instant, takenBack.signal).then(() => {
        if (!takenBack.signal.aborted) ring();
      });
      return () => takenBack.abort();
    },
    busy: (milliseconds) => {
      now += milliseconds;
    },
    run: async (work) => {
      let ended = false;
      let idle = 0;
      const end = (): void => {
        ended = true;
      };
      work.then(end, end);
      for (;;) {
        for (let turn = 0; turn < enoughTurns && !ended; turn++) await Promise.resolve();
        if (ended) return work;
        const earliest = sleepers.toSorted((one, other) => one.until - other.until)[0];
        if (earliest === undefined) {
          if (++idle > 1000) throw new Error('the work waits for nothing that this clock knows');
          continue;
        }
        idle = 0;
        sleepers.splice(sleepers.indexOf(earliest), 1);
        now = Math.max(now, earliest.until);
        earliest.wake();
      }
    },
  };
};
