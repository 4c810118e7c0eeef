import type { Instant } from '../../contracts.ts';

/** One of several things that happen at the same virtual time. Exactly one of them runs at a time, so that a story repeats. */
export interface Thread {
  readonly sleepUntil: (until: Instant, signal?: AbortSignal) => Promise<void>;
  /** Runs the tasks in threads of their own, `atOnce` at a time. @returns their values, in the order of the tasks */
  together<Value>(tasks: readonly ((thread: Thread) => Promise<Value>)[], atOnce: number): Promise<readonly Value[]>;
  /** The thread waits for something outside, such as a process, until the returned function is called. */
  leave(): () => void;
}

export interface Time {
  now(): Instant;
  /** Lets time pass until the instant, or until something outside has happened. */
  pass(until: Instant): Promise<void>;
}

/** Runs one thread, and those that it makes, to their end. Time passes only while all of them wait. */
export const runThreads = async <Value>(time: Time, main: (thread: Thread) => Promise<Value>): Promise<Value> => {
  interface Sleeper {
    readonly until: Instant;
    readonly order: number;
    wake(): void;
  }
  const sleepers = new Set<Sleeper>();
  let running = 1;
  let asleep = 0;
  let away = 0;
  let over = false;
  let failed: { readonly error: unknown } | undefined;
  let stirred = (): void => {};

  const idle = (): void => {
    if (running === 0) stirred();
  };

  const threadOf = (): Thread & { close(): void } => {
    /** Parts of the thread that wait at the same time count as one. */
    let waits = 0;
    let closed = false;
    const rest = (): void => {
      if (waits++ === 0 && !closed) {
        running--;
        idle();
      }
    };
    const rise = (): void => {
      if (--waits === 0 && !closed) running++;
    };
    const sleepUntil = (until: Instant, signal?: AbortSignal): Promise<void> =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve();
        const sleeper: Sleeper = {
          until,
          order: asleep++,
          wake: () => {
            if (!sleepers.delete(sleeper)) return;
            signal?.removeEventListener('abort', sleeper.wake);
            rise();
            resolve();
          },
        };
        signal?.addEventListener('abort', sleeper.wake, { once: true });
        sleepers.add(sleeper);
        rest();
      });
    return {
      sleepUntil,
      leave: () => {
        away++;
        rest();
        return () => {
          away--;
          rise();
        };
      },
      together: async (tasks, atOnce) => {
        if (tasks.length === 0) return [];
        const values = new Array<Awaited<ReturnType<(typeof tasks)[number]>>>(tasks.length);
        const queue = tasks.map((task, index) => ({ task, index }));
        const lanes = Math.min(atOnce, tasks.length);
        let left = lanes;
        const lane = async (): Promise<void> => {
          running++;
          const thread = threadOf();
          // One lane begins after the other.
          await thread.sleepUntil(time.now());
          for (let next = queue.shift(); next !== undefined; next = queue.shift())
            values[next.index] = await next.task(thread);
          thread.close();
          // The last one hands over to its parent, which rises before time can pass.
          if (--left === 0) rise();
          running--;
          idle();
        };
        const all = Array.from({ length: lanes }, lane);
        rest();
        await Promise.all(all);
        return values;
      },
      close: () => {
        closed = true;
      },
    };
  };

  const thread = threadOf();
  const ended = main(thread)
    .catch((error: unknown) => {
      failed = { error };
      return undefined;
    })
    .finally(() => {
      over = true;
      stirred();
    });
  const first = (): Sleeper | undefined => {
    let found: Sleeper | undefined;
    for (const one of sleepers)
      if (found === undefined || one.until < found.until || (one.until === found.until && one.order < found.order))
        found = one;
    return found;
  };
  while (!over) {
    if (running > 0) {
      await new Promise<void>((resolve) => {
        stirred = resolve;
      });
      continue;
    }
    const next = first();
    if (next !== undefined && next.until <= time.now()) {
      next.wake();
      continue;
    }
    if (next === undefined && away === 0) throw new Error('every thread waits, and none for anything');
    await time.pass(next?.until ?? Number.POSITIVE_INFINITY);
  }
  const value = await ended;
  if (failed !== undefined) throw failed.error;
  return value as Value;
};
