import type { Clock } from './clock.ts';
import type { Instant } from './contracts.ts';
import type { Participants } from './participants.ts';

/**
 * The only uses of wall time in the simulator: to detect a participant that never sleeps, to let time pass when the simulator runs
 * alone, and to know whether its callers' clocks show the same time. None affects the result of a rehearsal.
 */
const patienceMs = 5 * 60_000;

export interface Watchdog {
  /** Call after every change of the running participants. */
  look(): void;
  stop(): void;
}

/** `onStuck` gets the name of a participant that has blocked time for five minutes of wall time. */
export const createWatchdog = (participants: () => Participants, onStuck: (reason: string) => void): Watchdog => {
  const timers = new Map<string, NodeJS.Timeout>();
  const stop = (): void => {
    for (const timer of timers.values()) clearTimeout(timer);
    timers.clear();
  };
  return {
    look() {
      const all = participants();
      // A driver without participants may take any time: no process waits for it.
      const watched = all.size > 1 ? all.running() : [];
      const turns = new Map(watched.map(({ id, turn, name }) => [`${id}/${turn}`, name]));
      for (const [turn, timer] of timers) {
        if (turns.has(turn)) continue;
        clearTimeout(timer);
        timers.delete(turn);
      }
      for (const [turn, name] of turns) {
        if (timers.has(turn)) continue;
        const reason = `clock participant ${name} has been running for ${patienceMs / 60_000} min without sleeping`;
        timers.set(turn, setTimeout(() => onStuck(reason), patienceMs).unref());
      }
    },
    stop,
  };
};

/** Without registered participants, virtual time follows the wall clock, `speed` times as fast. */
export const followWallClock = (clock: Clock, participants: Participants, speed: number): { stop(): void } => {
  let seen = performance.now();
  let virtual: Instant = clock.now();
  const timer = setInterval(() => {
    const now = performance.now();
    const elapsed = (now - seen) * speed;
    seen = now;
    // Participants control time while they exist; afterwards it continues from the instant where they left it.
    virtual = participants.size === 0 ? Math.max(virtual, clock.now()) + elapsed : clock.now();
    if (participants.size === 0) clock.advanceTo(Math.floor(virtual));
  }, 50);
  return { stop: () => clearInterval(timer) };
};

/**
 * The time, while it is also the wall clock's, to the minute; undefined otherwise. An SDK dates its first request by the wall clock and
 * the later ones by the answers that it has got, so a simulator with a time of its own cannot tell a wrong clock by a signature.
 */
export const sharedTime = (clock: Pick<Clock, 'now'>): Instant | undefined => {
  const now = clock.now();
  return Math.abs(now - Date.now()) < 60_000 ? now : undefined;
};
