import { Throttled } from '../aws/retry.ts';
import { type Clock, type Instant, seconds } from '../clock.ts';
import { isPassing } from './refusal.ts';

/**
 * Octokit's plugins decide whether a request is sent again; this decides when, by the project's clock. GitHub requires all requests of a
 * token to pause after one was limited, so there is one pause for all.
 */
export interface Pace {
  /** Sends one attempt, after the pause. @throws {Throttled} when the pause is longer than a turn may wait */
  send<Options extends Attempt, Answer>(
    request: (options: Options) => Answer | Promise<Answer>,
    options: Options,
  ): Promise<Answer>;
  /** GitHub takes no request for so long. @returns whether a turn may wait for that */
  pause(forSeconds: number): boolean;
  /** The earliest time of the next request. */
  readonly until: Instant;
}

interface Attempt {
  readonly method?: string;
  readonly request?: { readonly retryCount?: number; readonly signal?: AbortSignal };
}

/** As for AWS (`aws/retry.ts`): ten seconds of waiting in any thirty are at most ten in a turn. */
const budgetMs = seconds(10);
const windowMs = seconds(30);
const backoffMs = 500;
/** GitHub docs, "Best practices for using the REST API": pause at least one second between requests that write. */
const betweenWritesMs = seconds(1);

export const limited = (until: Instant): Throttled =>
  new Throttled(until, new Error('GitHub limits the requests of this token'), 'GitHub');

export const paced = (clock: Clock): Pace => {
  let until: Instant = Number.NEGATIVE_INFINITY;
  let windowStart: Instant = Number.NEGATIVE_INFINITY;
  let spentMs = 0;
  let nextWrite: Instant = Number.NEGATIVE_INFINITY;

  const fits = (): boolean => {
    const now = clock.now();
    if (now - windowStart >= windowMs) {
      windowStart = now;
      spentMs = 0;
    }
    return until - now + spentMs <= budgetMs;
  };

  return {
    get until() {
      return until;
    },
    pause: (forSeconds) => {
      until = Math.max(until, clock.now() + seconds(forSeconds));
      return fits();
    },
    send: async (request, options) => {
      const signal = options.request?.signal;
      const waitMs = until - clock.now();
      if (waitMs > 0) {
        if (!fits()) throw limited(until);
        spentMs += waitMs;
        await clock.sleepUntil(until, signal);
      }
      if (options.method !== 'GET') {
        await clock.sleepUntil(nextWrite, signal);
        nextWrite = clock.now() + betweenWritesMs;
      }
      signal?.throwIfAborted();
      try {
        return await request(options);
      } catch (error) {
        const tried = (options.request?.retryCount ?? 0) + 1;
        if (isPassing(error)) until = Math.max(until, clock.now() + backoffMs * tried ** 2);
        throw error;
      }
    },
  };
};
