import type { Clock } from './clock.ts';
import type { Instant } from './contracts.ts';
import type { Participants } from './participants.ts';

/**
 * The only uses of wall time in the simulator: to detect a participant that never sleeps, to let time pass when the simulator runs
 * alone, and to know whether its callers' clocks show the same time. None affects the result of a rehearsal.
 */
const patienceMs = 5 * 60_000;
/** More than a participant that works ever sends between two sleeps: a fleet of a thousand endpoints sends fifty thousand. */
const mostRequests = 1_000_000;

export interface Watchdog {
  /** Call after every change of the running participants. */
  look(): void;
  /** Call at every request. */
  asked(): void;
  stop(): void;
}

/**
 * `onStuck` gets the name of a participant that holds time up: for five minutes of wall time nobody began, slept, ended or asked
 * anything, or requests came without end while time stood still. A slow machine, or hundreds of processes that start one after the
 * other, is neither.
 */
export const createWatchdog = (participants: () => Participants, onStuck: (reason: string) => void): Watchdog => {
  let timer: NodeJS.Timeout | undefined;
  let asked = 0;
  /** The participant that began to run first. A driver without participants may take any time: no process waits for it. */
  const running = () => {
    const all = participants();
    return all.size > 1 ? (all.running().find(({ role }) => role === 'process') ?? all.running()[0]) : undefined;
  };
  const stop = (): void => {
    clearTimeout(timer);
    timer = undefined;
  };
  const wait = (): void => {
    if (timer !== undefined) {
      timer.refresh();
      return;
    }
    timer = setTimeout(() => {
      timer = undefined;
      const name = running()?.name;
      if (name !== undefined)
        onStuck(`clock participant ${name} has been running for ${patienceMs / 60_000} min without sleeping or asking`);
    }, patienceMs).unref();
  };
  return {
    look() {
      asked = 0;
      if (running() === undefined) stop();
      else wait();
    },
    asked() {
      if (timer === undefined) return;
      timer.refresh();
      if (++asked === mostRequests)
        onStuck(
          `clock participant ${running()?.name} has sent ${mostRequests.toLocaleString('en')} requests without sleeping`,
        );
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
