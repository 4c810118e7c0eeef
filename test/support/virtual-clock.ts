import type { Clock, Instant } from '../../src/clock.ts';

export interface TestClock extends Clock {
  /** Runs when a sleep would pass `instant`, at that instant: to cancel, to change AWS. */
  at(instant: Instant, action: () => void): void;
}

/** A clock that jumps to the end of every sleep, without any wait. */
export const virtualClock = (start: Instant = Date.parse('2026-01-05T09:00:00Z')): TestClock => {
  let now = start;
  const planned: { readonly instant: Instant; readonly action: () => void }[] = [];
  const at: TestClock['at'] = (instant, action) => {
    planned.push({ instant, action });
    planned.sort((a, b) => a.instant - b.instant);
  };
  return {
    now: () => now,
    at,
    alarm: (instant, ring) => {
      let takenBack = false;
      at(instant, () => {
        if (!takenBack) ring();
      });
      return () => {
        takenBack = true;
      };
    },
    sleepUntil: async (instant, signal) => {
      while (now < instant && !signal?.aborted) {
        const next = planned[0];
        if (next === undefined || next.instant > instant) {
          now = instant;
          break;
        }
        planned.shift();
        now = Math.max(now, next.instant);
        next.action();
      }
    },
  };
};
