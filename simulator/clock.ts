import type { Instant, Timer, VirtualClock } from './contracts.ts';

/**
 * The pure core of virtual time: no HTTP, no wall time, no promises. Time is a queue of timers, and moves only by a call of
 * `advanceTo`. `participants.ts` decides on the callers and the moments.
 */
export interface Clock extends VirtualClock {
  /** Runs every timer due at or before `instant`, each at its own instant and in the order scheduled, then stands at `instant`. */
  advanceTo(instant: Instant): void;
}

interface Entry {
  readonly instant: Instant;
  readonly order: number;
  readonly label: string;
  readonly action: () => void;
  cancelled: boolean;
}

export const createClock = (startAt: Instant): Clock => {
  const queue = createQueue();
  let now = startAt;
  let scheduled = 0;

  const at = (instant: Instant, label: string, action: () => void): Timer => {
    if (Number.isNaN(instant)) throw new RangeError(`timer ${label}: the instant is not a number`);
    // The past cannot be scheduled: an instant already gone is due at once, at the next advance.
    const entry: Entry = { instant: Math.max(instant, now), order: scheduled++, label, action, cancelled: false };
    queue.push(entry);
    return {
      cancel: () => {
        entry.cancelled = true;
      },
    };
  };

  const every = (periodMs: number, label: string, action: () => void): Timer => {
    if (!(periodMs > 0)) throw new RangeError(`timer ${label}: the period must be positive`);
    let cancelled = false;
    let pending: Timer;
    const schedule = (): void => {
      pending = at((Math.floor(now / periodMs) + 1) * periodMs, label, () => {
        action();
        if (!cancelled) schedule();
      });
    };
    schedule();
    return {
      cancel: () => {
        cancelled = true;
        pending.cancel();
      },
    };
  };

  const advanceTo = (instant: Instant): void => {
    for (let entry = queue.peek(); entry !== undefined && entry.instant <= instant; entry = queue.peek()) {
      queue.pop();
      if (entry.cancelled) continue;
      now = Math.max(now, entry.instant);
      entry.action();
    }
    now = Math.max(now, instant);
  };

  return { now: () => now, at, every, advanceTo };
};

const before = (a: Entry, b: Entry): boolean => a.instant < b.instant || (a.instant === b.instant && a.order < b.order);

/** A binary heap: an hour of background traffic is many thousand timers. */
const createQueue = () => {
  const heap: Entry[] = [];
  const swap = (i: number, j: number): void => {
    const [a, b] = [heap[i], heap[j]];
    if (a !== undefined && b !== undefined) [heap[i], heap[j]] = [b, a];
  };
  const isBefore = (i: number, j: number): boolean => {
    const [a, b] = [heap[i], heap[j]];
    return a !== undefined && b !== undefined && before(a, b);
  };
  return {
    peek: (): Entry | undefined => heap[0],
    push(entry: Entry): void {
      let i = heap.push(entry) - 1;
      while (i > 0 && isBefore(i, (i - 1) >> 1)) {
        swap(i, (i - 1) >> 1);
        i = (i - 1) >> 1;
      }
    },
    pop(): void {
      const last = heap.pop();
      if (last === undefined || heap.length === 0) return;
      heap[0] = last;
      for (let i = 0; ; ) {
        const left = 2 * i + 1;
        const child = isBefore(left + 1, left) ? left + 1 : left;
        if (!isBefore(child, i)) return;
        swap(i, child);
        i = child;
      }
    },
  };
};
