import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import type { WireAnswer, WireRequest } from './wire.ts';

/** The result of a request: an answer, or `lost` when the connection closes without one. */
export type Answerer = (request: WireRequest, connection: Connection) => Promise<WireAnswer | 'lost'>;

export interface Connection {
  /** Calls back when the client closes the connection before its answer. */
  onAbandoned(listener: () => void): void;
}

export interface HttpServer {
  readonly url: string;
  close(): Promise<void>;
}

export interface ListenOptions {
  readonly port: number;
  /** Dates the answers, so that the same run gives the same bytes. */
  readonly virtualNow: () => number;
  /** Gets every error that is not an AWS error: the run cannot be trusted any more. */
  readonly onDefect: (error: unknown) => void;
}

/** One loopback port. @throws when it is taken. */
export const listen = async (answerer: Answerer, options: ListenOptions): Promise<HttpServer> => {
  const { port, virtualNow, onDefect } = options;
  const server = createServer((incoming, outgoing) => {
    handle(answerer, virtualNow, incoming, outgoing).catch((error: unknown) => {
      onDefect(error);
      // The caller gets an error at once, and one that cannot be mistaken for an answer of AWS.
      if (!outgoing.headersSent) outgoing.writeHead(500, { 'content-type': 'text/plain' });
      outgoing.end(`simulator defect: ${error instanceof Error ? error.stack : String(error)}\n`);
    });
  });
  // A process may be silent for long while it sleeps in virtual time or is held at a breakpoint.
  Object.assign(server, { requestTimeout: 0, headersTimeout: 0, keepAliveTimeout: 0 });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => close(server) };
};

const handle = async (
  answerer: Answerer,
  virtualNow: () => number,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> => {
  const request = await read(incoming);
  // The client hung up while it was still sending: no request to carry out, and no client to answer.
  if (request === undefined) return;
  const answer = await answerer(request, {
    onAbandoned(listener) {
      outgoing.once('close', () => {
        if (!outgoing.writableEnded) listener();
      });
    },
  });
  if (answer === 'lost') {
    incoming.socket.destroy();
    return;
  }
  outgoing.sendDate = false;
  const length =
    request.method === 'HEAD' || answer.status === 304 ? {} : { 'content-length': String(answer.body.length) };
  outgoing.writeHead(answer.status, { date: new Date(virtualNow()).toUTCString(), ...length, ...answer.headers });
  outgoing.end(answer.body);
};

/**
 * Clients gzip a PutMetricData of 10 kB and more (AWS: requestCompression trait). On S3 the same header belongs to the object.
 */
const inflated = (body: Buffer, headers: Readonly<Record<string, string>>): Buffer => {
  const rpc = headers['x-amz-target'] !== undefined || headers['smithy-protocol'] !== undefined;
  if (!rpc || headers['content-encoding'] !== 'gzip') return body;
  try {
    return gunzipSync(body);
  } catch {
    // As bytes that are no document, they are refused in the protocol of the request.
    return body;
  }
};

const read = async (incoming: IncomingMessage): Promise<WireRequest | undefined> => {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
  } catch {
    return undefined;
  }
  const [path = '/', query = ''] = (incoming.url ?? '/').split(/\?(.*)/s);
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return requestOf({ method: incoming.method ?? 'GET', path, query, headers, body: Buffer.concat(chunks) });
};

/** A request from its parts as they were sent. */
export const requestOf = ({
  body: sentBody,
  query,
  ...rest
}: Pick<WireRequest, 'method' | 'path' | 'headers' | 'body'> & { readonly query: string }): WireRequest => {
  const body = inflated(sentBody, rest.headers);
  return { ...rest, query: new URLSearchParams(query), body, ...(body === sentBody ? {} : { sentBody }) };
};

const close = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
