import { Agent, request } from 'node:http';
import type { Clock, Instant } from '../clock.ts';
import { isLoopback } from '../loopback.ts';
import { InputError } from '../schema.ts';
import { withoutUndefined } from '../without-undefined.ts';

/** A part of this process that waits. */
interface Sleeper {
  readonly until: Instant;
  readonly signal: AbortSignal | undefined;
  wake(): void;
  fail(error: unknown): void;
}

/**
 * The simulator's virtual clock, as one registered participant sees it. Time stands still while this process runs, so the last known
 * instant is exact. Only a sleep moves it. Parts of the process that sleep at once, as requests do that are sent again side by side,
 * share one sleep: to the simulator the process is one participant.
 * @param url the participant, as `MODEL_DELIVERY_CLOCK` carries it
 */
export const openRehearsalClock = async (url: string): Promise<Clock> => {
  // A process sleeps hundreds of times, and one connection serves for all. An idle one keeps no process alive.
  const askInstant = askerOver(new Agent({ keepAlive: true }));
  let known = await askInstant('GET', url);
  const sleepers = new Set<Sleeper>();
  /** The sleep that the simulator knows about. */
  let shared: { readonly until: Instant; readonly end: AbortController } | undefined;

  /** Sleeps until the earliest instant that a part waits for, again and again, until none waits. */
  const sleep = async (): Promise<void> => {
    while (sleepers.size > 0) {
      const until = Math.min(...[...sleepers].map((sleeper) => sleeper.until));
      const end = new AbortController();
      shared = { until, end };
      const woken = await askInstant('POST', `${url}/sleep`, { until }, end.signal).catch((error: unknown) => {
        // Without its simulator this process would never wake, and going on would spin: this is the one rejecting sleep.
        if (!end.signal.aborted) throw error;
      });
      // An interrupted sleep does not know the time.
      known = woken ?? (await askInstant('GET', url));
      for (const sleeper of [...sleepers])
        if (sleeper.until <= known || sleeper.signal?.aborted) {
          sleepers.delete(sleeper);
          sleeper.wake();
        }
    }
  };
  const begin = (): void => {
    sleep()
      .catch((error: unknown) => {
        for (const sleeper of sleepers) sleeper.fail(error);
        sleepers.clear();
      })
      .finally(() => {
        shared = undefined;
        // A part that was just woken may wait again already.
        if (sleepers.size > 0) begin();
      });
  };
  return {
    now: () => known,
    sleepUntil: (instant, signal) => {
      if (signal?.aborted || instant <= known) return Promise.resolve();
      const interrupt = (): void => shared?.end.abort();
      return new Promise<void>((wake, fail) => {
        sleepers.add({ until: instant, signal, wake, fail });
        signal?.addEventListener('abort', interrupt, { once: true });
        if (shared === undefined) begin();
        else if (instant < shared.until) shared.end.abort();
      }).finally(() => signal?.removeEventListener('abort', interrupt));
    },
  };
};

/**
 * A virtual clock against real endpoints would make a delivery skip its waits. So it is allowed only when every AWS call of this
 * process stays on this machine.
 * @throws {InputError} naming the variable that leaves the machine
 */
export const refuseUnlessLoopback = (env: Readonly<Record<string, string | undefined>>): void => {
  const refuse = (why: string): never => {
    throw new InputError(`MODEL_DELIVERY_CLOCK is for rehearsals and is refused here: ${why}`);
  };
  if (!env['AWS_ENDPOINT_URL']) refuse('AWS_ENDPOINT_URL is not set, so calls would reach AWS');
  if (/^true$/i.test(env['AWS_IGNORE_CONFIGURED_ENDPOINT_URLS'] ?? ''))
    refuse('AWS_IGNORE_CONFIGURED_ENDPOINT_URLS is set, so calls would reach AWS');
  for (const [name, value] of Object.entries(env)) {
    const isEndpoint = name === 'MODEL_DELIVERY_CLOCK' || /^AWS_ENDPOINT_URL(_|$)/.test(name);
    if (isEndpoint && value && !(URL.canParse(value) && isLoopback(new URL(value).hostname)))
      refuse(`${name} is ${JSON.stringify(value)}, which is not on this machine`);
  }
};

const askerOver =
  (agent: Agent) =>
  (method: 'GET' | 'POST', url: string, body?: object, signal?: AbortSignal): Promise<Instant> =>
    new Promise((resolve, reject) => {
      const outgoing = request(url, { method, agent, ...withoutUndefined({ signal }) }, (answer) => {
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (chunk: string) => {
          text += chunk;
        });
        answer.on('error', reject);
        answer.on('end', () => {
          if (answer.statusCode === 200) resolve((JSON.parse(text) as { readonly now: Instant }).now);
          else reject(new Error(`the rehearsal clock answered ${answer.statusCode} to ${method} ${url}: ${text}`));
        });
      });
      outgoing.on('error', reject);
      if (body) outgoing.setHeader('content-type', 'application/json');
      outgoing.end(body ? JSON.stringify(body) : undefined);
    });
