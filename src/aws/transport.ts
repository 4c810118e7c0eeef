import type { Agent } from 'node:http';
import { NodeHttpHandler } from '@smithy/node-http-handler';

/** What the environment says about proxies; the host reads it, `src/aws` never does. */
export interface ProxySettings {
  /** For https requests: `HTTPS_PROXY`. */
  readonly https?: string;
  /** For http requests: `HTTP_PROXY`. */
  readonly http?: string;
  /** `NO_PROXY`: host names, `.suffixes`, `*`, comma-separated. */
  readonly bypass?: string;
}

/** A slow socket ends: 5 s to connect, 30 s for the answer to begin, 30 s between two pieces of it. */
const limits = { connectionTimeout: 5_000, requestTimeout: 30_000, socketTimeout: 30_000, throwOnRequestTimeout: true };

type Handle = NodeHttpHandler['handle'];
/** What an SDK client needs of a request handler. */
export interface Transport {
  readonly metadata: { readonly handlerProtocol: string };
  handle(...request: Parameters<Handle>): ReturnType<Handle>;
  updateHttpClientConfig(...change: Parameters<NodeHttpHandler['updateHttpClientConfig']>): void;
  httpHandlerConfigs(): ReturnType<NodeHttpHandler['httpHandlerConfigs']>;
  destroy(): void;
}

/** Sends every client's requests; each by the proxy its scheme has, unless its host bypasses it. Agents live as long as it does. */
export const transport = (proxy: ProxySettings = {}): Transport => {
  const direct = new NodeHttpHandler(limits);
  let proxied: Promise<NodeHttpHandler> | undefined;
  const handlerFor = async (protocol: string, host: string): Promise<NodeHttpHandler> => {
    const wanted = protocol === 'http:' ? proxy.http : proxy.https;
    if (!wanted || bypasses(host, proxy.bypass)) return direct;
    proxied ??= proxyHandler(proxy);
    return proxied;
  };
  return {
    metadata: { handlerProtocol: 'http/1.1' },
    handle: async (request, options) => (await handlerFor(request.protocol, request.hostname)).handle(request, options),
    updateHttpClientConfig: (key, value) => direct.updateHttpClientConfig(key, value),
    httpHandlerConfigs: () => direct.httpHandlerConfigs(),
    destroy: () => {
      direct.destroy();
      proxied?.then((handler) => handler.destroy()).catch(() => undefined);
    },
  };
};

const proxyHandler = async (proxy: ProxySettings): Promise<NodeHttpHandler> => {
  // Loaded only where there is a proxy: start-up of a bundle counts.
  const { HttpProxyAgent, HttpsProxyAgent } = await import('hpagent');
  const http: Agent | undefined = proxy.http ? new HttpProxyAgent({ keepAlive: true, proxy: proxy.http }) : undefined;
  const https = proxy.https ? new HttpsProxyAgent({ keepAlive: true, proxy: proxy.https }) : undefined;
  return new NodeHttpHandler({
    ...limits,
    ...(http ? { httpAgent: http } : {}),
    ...(https ? { httpsAgent: https } : {}),
  });
};

export const isLoopback = (host: string): boolean => /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/i.test(host);

/** Loopback never goes through a proxy; a `NO_PROXY` entry matches a host and everything below it, as curl does. */
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
