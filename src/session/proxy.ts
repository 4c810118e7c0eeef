import type { ProxySettings } from '../aws/transport.ts';
import type { Env } from '../env.ts';
import { withoutUndefined } from '../without-undefined.ts';

/** Both spellings are in use; the lower-case one wins, as in curl. */
export const proxyFrom = (env: Env): ProxySettings => {
  const of = (name: string): string | undefined => env[name] || env[name.toUpperCase()] || undefined;
  return withoutUndefined({ https: of('https_proxy'), http: of('http_proxy'), bypass: of('no_proxy') });
};
