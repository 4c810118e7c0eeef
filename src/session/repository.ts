import type { Env } from '../env.ts';
import type { Repository } from '../github/client.ts';
import { isLoopback } from '../loopback.ts';
import { proxyFrom } from './proxy.ts';

/**
 * The repository of the run at GitHub, from the runner's variables or the user's.
 * @returns undefined without a token or a name, and in a rehearsal, unless its GitHub is on this machine
 */
export const repositoryOf = (env: Env, token: string | undefined): Repository | undefined => {
  const name = env['GITHUB_REPOSITORY'] ?? '';
  if (!token || !/^[\w.-]+\/[\w.-]+$/.test(name)) return undefined;
  const apiUrl = env['GITHUB_API_URL'] || 'https://api.github.com';
  if (!URL.canParse(apiUrl)) return undefined;
  if (env['MODEL_DELIVERY_CLOCK'] && !isLoopback(new URL(apiUrl).hostname)) return undefined;
  return { name, token, apiUrl: apiUrl.replace(/\/+$/, ''), proxy: proxyFrom(env) };
};
