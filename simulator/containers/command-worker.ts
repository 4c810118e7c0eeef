import { spawn, spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { type MessagePort, workerData } from 'node:worker_threads';

/**
 * The thread that talks to the processes of command-server.ts, in wall time: a process of the user's knows no other. Its answers take as
 * many virtual milliseconds as they took real ones.
 */
export type Asked =
  | { readonly is: 'unpack'; readonly archive: string; readonly folder: string }
  | {
      readonly is: 'start';
      readonly id: number;
      readonly command: string;
      readonly base: string;
      readonly folder: string;
      readonly environment: Readonly<Record<string, string>>;
      /** File for all that it prints. */
      readonly output?: string;
    }
  | {
      readonly is: 'invoke';
      readonly id: number;
      readonly body: Uint8Array;
      readonly contentType: string;
      readonly accept: string;
      readonly customAttributes: string | undefined;
    }
  /** Its process is ended by the other side. */
  | { readonly is: 'forget'; readonly id: number };

export interface Started {
  readonly is: 'started';
  readonly pid: number | undefined;
  readonly port: number;
  readonly healthy: boolean;
  readonly why: string;
  readonly milliseconds: number;
}
export type Answered =
  | Started
  | { readonly is: 'unpacked'; readonly why?: string }
  | {
      readonly is: 'answer';
      readonly given: {
        readonly status: number;
        readonly body: Uint8Array;
        readonly contentType: string;
        readonly customAttributes?: string;
        readonly latencyMs: number;
      };
    }
  | { readonly is: 'forgotten' };

interface Running {
  readonly port: number;
  ended: string | undefined;
}

/** How long a server may take until it answers its first ping; the simulator stands still meanwhile. */
const patienceMs = 60_000;
/** "Model containers must respond to requests within 60 seconds" (AWS: InvokeEndpoint); a little more shows that it was too long. */
const longestMs = 60_500;
/** AWS: "Your algorithm's inference code", 2 seconds for an answer to a ping. */
const pingMs = 2000;

const { port, flag } = workerData as { readonly port: MessagePort; readonly flag: Int32Array };
const servers = new Map<number, Running>();

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });

interface Reply {
  readonly status: number;
  readonly body: Buffer;
  readonly contentType: string;
  readonly customAttributes?: string;
}

/** AWS: InvokeEndpoint, of the request and of the container's answer. */
const attributesHeader = 'x-amzn-sagemaker-custom-attributes';

const send = (
  at: number,
  method: string,
  path: string,
  limitMs: number,
  body?: Uint8Array,
  headers: Readonly<Record<string, string>> = {},
): Promise<Reply> =>
  new Promise((resolve, reject) => {
    const outgoing = request(
      { host: '127.0.0.1', port: at, method, path, headers, signal: AbortSignal.timeout(limitMs) },
      (answer) => {
        const parts: Buffer[] = [];
        answer.on('data', (part: Buffer) => parts.push(part));
        answer.on('error', reject);
        answer.on('end', () => {
          const attributes = answer.headers[attributesHeader];
          resolve({
            status: answer.statusCode ?? 500,
            body: Buffer.concat(parts),
            contentType: answer.headers['content-type'] ?? 'application/octet-stream',
            ...(attributes === undefined ? {} : { customAttributes: String(attributes) }),
          });
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });

const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });

const start = async (asked: Extract<Asked, { is: 'start' }>): Promise<Started> => {
  const began = performance.now();
  const at = await freePort();
  const line = asked.command.replaceAll('{port}', String(at)).replaceAll('{model}', asked.folder);
  const output = asked.output === undefined ? 2 : openSync(asked.output, 'a');
  // A group of its own, so that a shell's children end with it. Output goes beside the simulator's messages, or to its file.
  const child = spawn(line, {
    shell: true,
    detached: true,
    stdio: ['ignore', output, output],
    env: {
      ...process.env,
      ...asked.environment,
      SAGEMAKER_BIND_TO_PORT: String(at),
      SAGEMAKER_BASE_DIR: asked.base,
    },
  });
  if (output !== 2) closeSync(output);
  const server: Running = { port: at, ended: undefined };
  child.once('error', (error) => {
    server.ended = error.message;
  });
  child.once('exit', (code, signal) => {
    server.ended = `it ended with ${code ?? signal}`;
  });
  servers.set(asked.id, server);
  const told = (healthy: boolean, why: string): Started => ({
    is: 'started',
    pid: child.pid,
    port: at,
    healthy,
    why,
    milliseconds: Math.round(performance.now() - began),
  });
  while (performance.now() - began < patienceMs) {
    if (server.ended !== undefined) return told(false, server.ended);
    const ping = await send(at, 'GET', '/ping', pingMs).catch(() => undefined);
    if (ping?.status === 200) return told(true, '');
    await pause(100);
  }
  return told(false, `/ping did not answer 200 within ${patienceMs / 1000} s`);
};

const invoke = async (asked: Extract<Asked, { is: 'invoke' }>): Promise<Answered> => {
  const { id, body, contentType, accept, customAttributes } = asked;
  const began = performance.now();
  const server = servers.get(id);
  const headers = {
    'content-type': contentType,
    accept,
    'content-length': String(body.length),
    ...(customAttributes === undefined ? {} : { [attributesHeader]: customAttributes }),
  };
  const reply = await send(server?.port ?? 0, 'POST', '/invocations', longestMs, body, headers).catch(
    (error: unknown): Reply => ({
      status: 500,
      body: Buffer.from(server?.ended ?? (error instanceof Error ? error.message : String(error))),
      contentType: 'text/plain',
    }),
  );
  return { is: 'answer', given: { ...reply, latencyMs: Math.round(10 * (performance.now() - began)) / 10 } };
};

const answer = async (asked: Asked): Promise<Answered> => {
  switch (asked.is) {
    case 'unpack': {
      const { status, stderr } = spawnSync('tar', ['-xzf', asked.archive, '-C', asked.folder], { encoding: 'utf8' });
      return status === 0 ? { is: 'unpacked' } : { is: 'unpacked', why: stderr };
    }
    case 'start':
      return start(asked);
    case 'invoke':
      return invoke(asked);
    case 'forget':
      servers.delete(asked.id);
      return { is: 'forgotten' };
  }
};

port.on('message', (asked: Asked) => {
  void answer(asked).then((answered) => {
    port.postMessage(answered);
    Atomics.store(flag, 0, 1);
    Atomics.notify(flag, 0);
  });
});
