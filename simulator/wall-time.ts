import type { Clock } from './clock.ts';
import type { Instant } from './contracts.ts';
import type { Participants } from './participants.ts';

/**
 * The only two uses of wall time in the simulator: noticing a participant that never sleeps, and letting time pass by itself when the
 * simulator stands alone. Neither decides anything in a rehearsal.
 */
const patienceMs = 5 * 60_000;

export interface Watchdog {
  /** Call after every change of who runs. */
  look(): void;
  stop(): void;
}

/** `onStuck` gets the name of a participant that has kept time from moving for five minutes of wall time. */
export const createWatchdog = (participants: () => Participants, onStuck: (reason: string) => void): Watchdog => {
  const timers = new Map<string, NodeJS.Timeout>();
  const stop = (): void => {
    for (const timer of timers.values()) clearTimeout(timer);
    timers.clear();
  };
  return {
    look() {
      const all = participants();
      // A driver on its own may take as long as it likes: nobody waits for it.
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

/** While nobody is registered, virtual time follows the wall clock, `speed` times as fast. */
export const followWallClock = (clock: Clock, participants: Participants, speed: number): { stop(): void } => {
  let seen = performance.now();
  let virtual: Instant = clock.now();
  const timer = setInterval(() => {
    const now = performance.now();
    const elapsed = (now - seen) * speed;
    seen = now;
    // With participants time is theirs; afterwards it goes on from wherever they left it.
    virtual = participants.size === 0 ? Math.max(virtual, clock.now()) + elapsed : clock.now();
    if (participants.size === 0) clock.advanceTo(Math.floor(virtual));
  }, 50);
  return { stop: () => clearInterval(timer) };
};
