import type { Clock } from '../clock.ts';

/** Longest delay of a Node timer; a longer one fires at once. */
const longestTimerMilliseconds = 2 ** 31 - 1;

const sleepUntil: Clock['sleepUntil'] = async (instant, signal) => {
  while (Date.now() < instant && !signal?.aborted) {
    await pause(Math.max(0, Math.min(instant - Date.now(), longestTimerMilliseconds)), signal);
  }
};

/** The real time. The only place in the suite that sets a timer or reads the machine's clock. */
export const wallClock: Clock = {
  now: () => Date.now(),
  sleepUntil,
  alarm: (instant, ring) => {
    const takenBack = new AbortController();
    void sleepUntil(instant, takenBack.signal).then(() => {
      if (!takenBack.signal.aborted) ring();
    });
    return () => takenBack.abort();
  },
};

const pause = (milliseconds: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    signal?.addEventListener('abort', end, { once: true });
  });
