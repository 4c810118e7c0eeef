import { wallClock } from './wall-clock.ts';

export interface Cancellation {
  /** Aborts at the first signal: the running turn ends, then the operation settles its release. */
  readonly signal: AbortSignal;
  /** Resolves when there is no time left: report the current state and exit. Never resolves in a run that is not cancelled. */
  readonly outOfTime: Promise<void>;
}

/**
 * GitHub sends SIGINT, waits 7.5 s, SIGTERM, waits 2.5 s, then kills (runner ProcessInvoker); some runners begin with SIGHUP.
 * Containers are stopped with SIGTERM alone. The run must have reported before the next step of that ladder.
 */
const graceMilliseconds = { SIGINT: 4000, SIGHUP: 4000, SIGTERM: 1500 } as const;

export const listenForSignals = (): Cancellation => {
  const controller = new AbortController();
  const outOfTime = new Promise<void>((resolve) => {
    for (const name of ['SIGINT', 'SIGHUP', 'SIGTERM'] as const) {
      process.on(name, () => {
        const grace = controller.signal.aborted && name === 'SIGTERM' ? 0 : graceMilliseconds[name];
        controller.abort();
        void wallClock.sleepUntil(wallClock.now() + grace).then(resolve);
      });
    }
  });
  return { signal: controller.signal, outOfTime };
};
