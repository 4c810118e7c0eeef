import type { Transport } from '../aws/transport.ts';
import { withoutUndefined } from '../without-undefined.ts';

interface Request {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal?: AbortSignal;
}
export type Fetch = (address: string, request?: Request) => Promise<Response>;

const mostRedirects = 3;
/** "REST API: redirects": 301, 302, 307 and 308 repeat the request elsewhere. A renamed repository answers with them. */
const redirects: ReadonlySet<number> = new Set([301, 302, 307, 308]);

/**
 * Octokit's `fetch` over the transport that AWS's requests take, so that proxies, their exceptions and slow sockets are handled in one
 * place. Its own needs undici, which is half a megabyte in every bundle.
 */
export const fetchOver =
  (transport: Transport): Fetch =>
  async (address, { method = 'GET', headers = {}, body, signal } = {}) => {
    let url = new URL(address);
    for (let hop = 0; ; hop++) {
      const { protocol, hostname, port, pathname, searchParams, host } = url;
      const query: Record<string, string[]> = {};
      for (const [name, value] of searchParams) query[name] = [...(query[name] ?? []), value];
      const { response } = await transport.handle(
        {
          method,
          protocol,
          hostname,
          ...(port === '' ? {} : { port: Number(port) }),
          path: pathname,
          query,
          headers: {
            ...headers,
            host,
            ...(body === undefined ? {} : { 'content-length': `${Buffer.byteLength(body)}` }),
          },
          body,
        },
        withoutUndefined({ abortSignal: signal }),
      );
      const content = await bytesOf(response.body as AsyncIterable<Uint8Array> | undefined);
      const location = response.headers['location'];
      if (redirects.has(response.statusCode) && location !== undefined) {
        const next = new URL(location, url);
        // The token goes to no other server; Octokit would take the redirection for an empty answer.
        if (next.origin !== url.origin || hop === mostRedirects)
          throw new Error(`${url.host} redirects to ${next.host}: correct GITHUB_API_URL or the repository's name`);
        url = next;
        continue;
      }
      const answer = new Response(content.length === 0 ? null : content, {
        status: response.statusCode,
        headers: response.headers,
      });
      return Object.defineProperty(answer, 'url', { value: url.href });
    }
  };

const bytesOf = async (body: AsyncIterable<Uint8Array> | undefined): Promise<Buffer<ArrayBuffer>> => {
  const pieces: Uint8Array[] = [];
  if (body !== undefined) for await (const piece of body) pieces.push(piece);
  return Buffer.concat(pieces);
};
