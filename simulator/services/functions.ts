import type { Functions, Kernel } from '../contracts.ts';

/** The functions of an account's Lambda, as far as other services invoke them: by an event, without waiting for the end. */
export interface InvokedFunctions extends Pick<Functions, 'define'> {
  /** @returns false when there is no such function */
  invoke(name: string, event: object): boolean;
}

/**
 * "If the function returns an error, by default Lambda attempts to run it two more times, with a one-minute wait between the first two attempts,
 * and two minutes between the second and third attempts." A timeout is such an error (Lambda developer guide, "How Lambda handles errors
 * and retries with asynchronous invocation").
 */
const pausesMs = [60_000, 120_000] as const;

export const createFunctions = (kernel: Kernel): InvokedFunctions => {
  const functions = new Map<string, (event: object) => Promise<void>>();
  const attempt = (name: string, event: object, failures: number): void => {
    const again = (): void => {
      const pauseMs = pausesMs[failures];
      if (pauseMs === undefined) return;
      kernel.clock.at(kernel.clock.now() + pauseMs, `retry of function ${name}`, () =>
        attempt(name, event, failures + 1),
      );
    };
    functions.get(name)?.(event).catch(again);
  };
  return {
    define: (name, run) => void functions.set(name, run),
    invoke(name, event) {
      if (!functions.has(name)) return false;
      attempt(name, event, 0);
      return true;
    },
  };
};
