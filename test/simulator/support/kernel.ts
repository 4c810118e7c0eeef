import type { FarSideEvent, Instant, Kernel, Settings } from '../../../simulator/contracts.ts';
import { defaultSettings } from '../../../simulator/settings.ts';

/** A kernel without HTTP: time moves when the test says so, and everything due runs in order. */
export interface TestKernel extends Kernel {
  readonly events: readonly FarSideEvent[];
  /** Runs everything due up to and including `instant`, in order, and stays there. */
  advanceTo(instant: Instant): void;
  advance(milliseconds: number): void;
}

interface Scheduled {
  readonly due: Instant;
  readonly order: number;
  readonly action: () => void;
}

export const startOfTest = Date.UTC(2026, 0, 5, 9, 0, 0);

export const testKernel = (settings: Partial<Settings> = {}, start: Instant = startOfTest): TestKernel => {
  let present = start;
  let order = 0;
  let queue: Scheduled[] = [];
  const events: FarSideEvent[] = [];

  const schedule = (due: Instant, action: () => void): Scheduled => {
    const entry = { due: Math.max(due, present), order: order++, action };
    queue.push(entry);
    return entry;
  };
  const cancel = (entry: Scheduled): void => {
    queue = queue.filter((other) => other !== entry);
  };
  const advanceTo = (instant: Instant): void => {
    for (;;) {
      const next = queue
        .filter((entry) => entry.due <= instant)
        .sort((a, b) => a.due - b.due || a.order - b.order)
        .at(0);
      if (!next) break;
      cancel(next);
      present = next.due;
      next.action();
    }
    present = instant;
  };

  return {
    clock: {
      now: () => present,
      at: (instant, _label, action) => {
        const entry = schedule(instant, action);
        return { cancel: () => cancel(entry) };
      },
      every: (periodMs, _label, action) => {
        let entry: Scheduled;
        const arm = (): void => {
          const due = (Math.floor(present / periodMs) + 1) * periodMs;
          entry = schedule(due, () => {
            arm();
            action();
          });
        };
        arm();
        return { cancel: () => cancel(entry) };
      },
    },
    settings: { ...defaultSettings, ...settings },
    region: 'eu-west-1',
    accountId: '111122223333',
    random: (name) => {
      // mulberry32 seeded by the name: a stream of its own per name.
      let state = [...name].reduce((hash, char) => (Math.imul(hash, 31) + char.charCodeAt(0)) | 0, 7);
      return () => {
        state = (state + 0x6d2b79f5) | 0;
        let t = Math.imul(state ^ (state >>> 15), 1 | state);
        t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
        return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
      };
    },
    arn: (service, resource) => `arn:aws:${service}:eu-west-1:111122223333:${resource}`,
    note: (event) => {
      events.push({ at: present, ...event });
    },
    events,
    advanceTo,
    advance: (milliseconds) => advanceTo(present + milliseconds),
  };
};
