import { request } from 'node:http';
import type { Clock, Instant } from '../clock.ts';
import { InputError } from '../schema.ts';
import { withoutUndefined } from '../without-undefined.ts';

/**
 * The simulator's virtual clock, as one registered participant sees it. Time stands still while this process runs, so the last known
 * instant is exact. Only a sleep moves it.
 * @param url the participant, as `MODEL_DELIVERY_CLOCK` carries it
 */
export const openRehearsalClock = async (url: string): Promise<Clock> => {
  let known = await askInstant('GET', url);
  return {
    now: () => known,
    sleepUntil: async (instant, signal) => {
      if (signal?.aborted || instant <= known) return;
      const woken = await askInstant('POST', `${url}/sleep`, { until: instant }, signal).catch((error: unknown) => {
        // Without its simulator this process would never wake, and going on would spin: this is the one rejecting sleep.
        if (!signal?.aborted) throw error;
      });
      // An interrupted sleep does not know the time.
      known = woken ?? (await askInstant('GET', url));
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
    if (isEndpoint && value && !isLoopback(value))
      refuse(`${name} is ${JSON.stringify(value)}, which is not on this machine`);
  }
};

const isLoopback = (url: string): boolean => {
  if (!URL.canParse(url)) return false;
  const { hostname } = new URL(url);
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
};

const askInstant = (method: 'GET' | 'POST', url: string, body?: object, signal?: AbortSignal): Promise<Instant> =>
  new Promise((resolve, reject) => {
    const outgoing = request(url, { method, agent: false, ...withoutUndefined({ signal }) }, (answer) => {
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
