import { networkCauseOf } from '../aws/causes.ts';
import { transport } from '../aws/transport.ts';
import type { Env } from '../env.ts';
import { isLoopback } from '../loopback.ts';
import { keepSecret } from '../secrets.ts';
import { version } from '../version.ts';
import { withoutUndefined } from '../without-undefined.ts';
import type { Webhooks } from '../world.ts';
import { proxyFrom } from './proxy.ts';

/** Longest wait for a connection, and for the answer. */
const slowestMs = 5_000;

/** @param signal of the turn: it ends a request */
export const webhooksOf = (env: Env, signal: AbortSignal): Webhooks => ({
  post: async (variable, content) => {
    const { protocol, hostname, host, port, pathname, searchParams } = addressIn(env, variable);
    const body = JSON.stringify(content);
    const { response } = await transport(proxyFrom(env), slowestMs, undefined, () => undefined)
      .handle(
        {
          method: 'POST',
          protocol,
          hostname,
          ...withoutUndefined({ port: port === '' ? undefined : Number(port) }),
          path: pathname,
          query: Object.fromEntries([...new Set(searchParams.keys())].map((name) => [name, searchParams.getAll(name)])),
          headers: {
            host,
            'content-type': 'application/json',
            'content-length': `${Buffer.byteLength(body)}`,
            'user-agent': `model-delivery/${version}`,
          },
          body,
        },
        { abortSignal: signal },
      )
      .catch((error: unknown) => {
        throw new Error(reasonOf(error, signal));
      });
    // Its content says nothing that the status does not, and may be endless.
    (response.body as { destroy?(): void } | undefined)?.destroy?.();
    const { statusCode: status } = response;
    if (status >= 300 && status < 400) throw new Error(`it redirects (HTTP ${status}), and no redirection is followed`);
    if (status < 200 || status >= 400) throw new Error(`it answered HTTP ${status}`);
  },
});

const addressIn = (env: Env, variable: string): URL => {
  const text = env[variable];
  if (text === undefined || text === '') throw new Error(`the run has no environment variable ${variable}`);
  keepSecret(text);
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined) throw new Error(`${variable} holds no URL`);
  keepSecret(`${url.pathname}${url.search}`);
  const isSafe = url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname));
  if (!isSafe || url.username !== '' || url.password !== '')
    throw new Error(`${variable} holds no https URL without a user`);
  return url;
};

/** Without the host, which may name a tenant, and without the address. */
const reasonOf = (error: unknown, signal: AbortSignal): string => {
  if (signal.aborted) return 'the run is ending';
  const { name, code } = error as { readonly name?: unknown; readonly code?: unknown };
  // The handler calls a broken connection a timeout, too.
  const isBroken = code === 'ECONNRESET' || code === 'EPIPE';
  if (name === 'TimeoutError' && !isBroken) return `it did not answer within ${slowestMs / 1000} s`;
  if (typeof code === 'string' && /^[A-Z_0-9]{1,60}$/.test(code)) return `it could not be reached (${code})`;
  return networkCauseOf(error) === undefined ? 'the request failed' : 'it could not be reached';
};
