import type { Agent } from 'node:http';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { isLoopback } from '../loopback.ts';
import { withoutUndefined } from '../without-undefined.ts';
import { asError } from './as-error.ts';
import { foreignAnswer } from './causes.ts';

/** The environment's proxy settings; the host reads them, `src/aws` never does. */
export interface ProxySettings {
  /** For https requests: `HTTPS_PROXY`. */
  readonly https?: string;
  /** For http requests: `HTTP_PROXY`. */
  readonly http?: string;
  /** `NO_PROXY`: host names, `.suffixes`, `*`, comma-separated. */
  readonly bypass?: string;
}

/** A slow socket ends: 5 s to connect, 30 s for the answer to begin, 30 s between two pieces of it. */
const limitsFor = (answerMs: number) => ({
  connectionTimeout: 5_000,
  requestTimeout: answerMs,
  socketTimeout: answerMs,
  throwOnRequestTimeout: true,
});
const usualAnswerMs = 30_000;

type Handle = NodeHttpHandler['handle'];
/** A request as an SDK client makes it, without its methods. */
type TransportRequest = Omit<Parameters<Handle>[0], 'clone'>;
/** The part of a request handler that an SDK client needs. */
export interface Transport {
  readonly metadata: { readonly handlerProtocol: string };
  handle(request: TransportRequest, options?: Parameters<Handle>[1]): ReturnType<Handle>;
  updateHttpClientConfig(...change: Parameters<NodeHttpHandler['updateHttpClientConfig']>): void;
  httpHandlerConfigs(): ReturnType<NodeHttpHandler['httpHandlerConfigs']>;
  destroy(): void;
}

/**
 * Sends every client's requests; each by the proxy of its scheme, unless its host bypasses the proxy. Agents live as long as the
 * transport.
 * @param answerMs longest time until the answer begins, and between two pieces of it; 0: any
 * @param mostConnections at a time, to one host; the SDK has 50. A proxy's agent has no limit.
 * @param foreign recognises an answer that is not from the contacted service
 */
export const transport = (
  proxy: ProxySettings = {},
  answerMs: number = usualAnswerMs,
  mostConnections?: number,
  foreign: typeof foreignAnswer = foreignAnswer,
): Transport => {
  const limits = limitsFor(answerMs);
  const pool = mostConnections === undefined ? {} : { keepAlive: true, maxSockets: mostConnections };
  const direct = new NodeHttpHandler({ ...limits, httpAgent: pool, httpsAgent: pool });
  let proxied: Promise<NodeHttpHandler> | undefined;
  const proxyFor = (protocol: string, host: string): string | undefined => {
    const wanted = protocol === 'http:' ? proxy.http : proxy.https;
    return !wanted || bypasses(host, proxy.bypass) ? undefined : wanted;
  };
  const handle: Transport['handle'] = async (request, options) => {
    const { protocol, hostname: host } = request;
    const by = proxyFor(protocol, host);
    const place = { host, ...withoutUndefined({ proxy: by === undefined ? undefined : withoutLogin(by) }) };
    if (by !== undefined) proxied ??= proxyHandler(proxy, limits);
    const answer = await (by === undefined ? direct : await (proxied ?? direct))
      .handle(request as Parameters<Handle>[0], options)
      .catch((error: unknown) => {
        // Only this place knows the peer of the connection; causes.ts puts it into words.
        const ours = asError(error);
        throw ours instanceof Error ? Object.assign(ours, place) : ours;
      });
    const notTheirs = foreign(request, place.proxy, answer.response);
    if (notTheirs === undefined) return answer;
    (answer.response.body as { destroy?(): void } | undefined)?.destroy?.();
    throw notTheirs;
  };
  return {
    metadata: { handlerProtocol: 'http/1.1' },
    handle,
    updateHttpClientConfig: (key, value) => direct.updateHttpClientConfig(key, value),
    httpHandlerConfigs: () => direct.httpHandlerConfigs(),
    destroy: () => {
      direct.destroy();
      proxied?.then((handler) => handler.destroy()).catch(() => undefined);
    },
  };
};

const proxyHandler = async (proxy: ProxySettings, limits: ReturnType<typeof limitsFor>): Promise<NodeHttpHandler> => {
  // Loaded only where there is a proxy: start-up of a bundle counts.
  const { HttpProxyAgent, HttpsProxyAgent } = await import('hpagent');
  const http: Agent | undefined = proxy.http
    ? new HttpProxyAgent({ keepAlive: true, proxy: proxyUrl(proxy.http) })
    : undefined;
  const https = proxy.https ? new HttpsProxyAgent({ keepAlive: true, proxy: proxyUrl(proxy.https) }) : undefined;
  return new NodeHttpHandler({
    ...limits,
    ...withoutUndefined({ httpAgent: http, httpsAgent: https }),
  });
};

/** Users often write `proxy:3128`; it means http. */
const proxyUrl = (text: string): string => (/^https?:\/\//i.test(text) ? text : `http://${text}`);

/** For messages: a proxy's URL may hold a password (DESIGN §7 rule 16). */
const withoutLogin = (text: string): string =>
  URL.canParse(proxyUrl(text)) ? new URL(proxyUrl(text)).host : 'in HTTPS_PROXY';

/**
 * Loopback never goes through a proxy; a `NO_PROXY` entry matches a host and everything below it, as in curl, git and the AWS CLI.
 * `proxy-from-env` takes `amazonaws.com` for that one host, and reads the process's environment, which only a host of ours may.
 */
export const bypasses = (host: string, list = ''): boolean => {
  if (isLoopback(host)) return true;
  const name = host.toLowerCase();
  return list
    .split(/[\s,]+/)
    .map((entry) =>
      entry
        .toLowerCase()
        .replace(/:\d+$/, '')
        .replace(/^\*?\./, ''),
    )
    .some((entry) => entry === '*' || (entry !== '' && (name === entry || name.endsWith(`.${entry}`))));
};
