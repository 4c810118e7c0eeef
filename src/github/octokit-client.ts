import { getOctokit } from '@actions/github';
import { retry } from '@octokit/plugin-retry';
import { throttling } from '@octokit/plugin-throttling';
import Bottleneck from 'bottleneck/light.js';
import { Throttled } from '../aws/retry.ts';
import { transport } from '../aws/transport.ts';
import { type Clock, seconds } from '../clock.ts';
import { version } from '../version.ts';
import { withoutUndefined } from '../without-undefined.ts';
import type { Client, Repository } from './client.ts';
import { fetchOver } from './fetch.ts';
import { limited, paced } from './pace.ts';
import { isRateLimit, refusalOf } from './refusal.ts';

const answerMs = seconds(10);
const mostRetries = 3;

/** One client for one token. Each page of a list, and each retry, is a request of its own to the pace. */
export const openClient = (repository: Repository, clock: Clock): ((signal?: AbortSignal) => Client) => {
  const [owner = '', repo = ''] = repository.name.split('/');
  const pace = paced(clock);
  // GitHub's limits are the token's: the plugin passes them on, and the pace keeps them for all requests.
  const again = (retryAfterSeconds: number, _request: unknown, _octokit: unknown, retryCount: number): boolean =>
    pace.pause(retryAfterSeconds) && retryCount < mostRetries;
  const octokit = getOctokit(
    repository.token,
    {
      baseUrl: repository.apiUrl ?? 'https://api.github.com',
      userAgent: `model-delivery/${version}`,
      request: { fetch: fetchOver(transport(repository.proxy, answerMs, undefined, () => undefined)) },
      // Errors are thrown; the room prints nothing.
      log: { debug: silent, info: silent, warn: silent, error: silent },
      // Their own waits are none: `pace` waits.
      retry: {
        retries: mostRetries,
        retryAfterBaseValue: 0,
        doNotRetry: [400, 401, 403, 404, 409, 410, 422, 429, 451],
      },
      throttle: {
        retryAfterBaseValue: 0,
        onRateLimit: again,
        onSecondaryRateLimit: again,
        // One write at a time, as in the plugin's own; the pause between two is the pace's.
        write: new Bottleneck.Group({ maxConcurrent: 1 }),
        notifications: new Bottleneck.Group({ maxConcurrent: 1 }),
      },
    },
    // First, so that it is the innermost: every attempt of the plugins passes it.
    (client) => {
      client.hook.wrap('request', (request, options) => pace.send(request, options));
    },
    retry,
    throttling,
  );
  return (signal) => ({
    repository,
    call: async ({ does, needs, once }, send) => {
      try {
        const request = withoutUndefined({ signal, retries: once ? 0 : undefined });
        return await send(octokit, { owner, repo, request });
      } catch (error) {
        if (error instanceof Throttled) throw error;
        if (isRateLimit(error)) throw limited(pace.until);
        throw refusalOf(error, does, needs);
      }
    },
  });
};

const silent = (): void => {};
