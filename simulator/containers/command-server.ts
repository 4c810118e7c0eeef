import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve, sep } from 'node:path';
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import type { Container, Serve, ServedModel } from '../contracts.ts';
import type { Answered, Asked, Started } from './command-worker.ts';

/** Servers of the user's own, one process for each container, until they are stopped. */
export interface CommandServers {
  readonly serve: Serve;
  /** Ends all processes. */
  close(): void;
}

/**
 * Runs a command in the place of `<image> serve`: it speaks `GET /ping` and `POST /invocations` (AWS: "Use your own inference code with
 * hosting services"). It finds its port in SAGEMAKER_BIND_TO_PORT and as `{port}`, and its unpacked model data in SAGEMAKER_BASE_DIR/model
 * and as `{model}`, for /opt/ml/model and port 8080 are one on this machine.
 *
 * The simulator waits for it as for any computation: its time stands still meanwhile. So a thread does the talking, and this one sleeps.
 * @param say gets a line at each start
 * @param output file that gets all that the command prints; without one it is printed on standard error
 */
export const createCommandServers = (command: string, say: (line: string) => void, output?: string): CommandServers => {
  let line: ReturnType<typeof openLine> | undefined;
  const folders = new Set<string>();
  const running = new Set<number>();
  let started = 0;

  const ask = (question: Asked): Answered => {
    line ??= openLine();
    return line.ask(question);
  };

  const serve: Serve = (model) => {
    const id = started++;
    const base = mkdtempSync(join(tmpdir(), 'simulator-model-'));
    folders.add(base);
    const folder = join(base, 'model');
    const release = (): void => {
      rmSync(base, { recursive: true, force: true });
      folders.delete(base);
    };
    mkdirSync(folder);
    try {
      unpack(model, base, folder, ask);
    } catch (error) {
      release();
      throw error;
    }
    const begun = ask({
      is: 'start',
      ...{ id, command, base, folder, environment: model.environment },
      ...(output === undefined ? {} : { output }),
    }) as Started;
    if (begun.pid !== undefined) running.add(begun.pid);
    say(
      begun.healthy
        ? `the command serves ${model.identity} on port ${begun.port} after ${begun.milliseconds} ms`
        : `the command does not serve ${model.identity}: ${begun.why}`,
    );
    const container: Container = {
      ping: () => begun.healthy,
      invoke: (body, contentType, accept = '*/*', customAttributes) => {
        const answer = ask({ is: 'invoke', id, body, contentType, accept, customAttributes });
        if (answer.is !== 'answer') throw new Error('the thread answered something else');
        return { ...answer.given, body: Buffer.from(answer.given.body) };
      },
      stop: () => {
        ask({ is: 'forget', id });
        if (begun.pid !== undefined && running.delete(begun.pid)) endGroups([begun.pid]);
        release();
      },
    };
    return container;
  };

  const close = (): void => {
    endGroups([...running]);
    running.clear();
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
    folders.clear();
    line?.close();
    line = undefined;
    process.removeListener('exit', close);
  };
  // Also when the simulator ends by a defect.
  process.on('exit', close);
  return { serve, close };
};

/** SageMaker kills a container 30 seconds after it told it to end; the simulator stands still meanwhile, so it waits for less. */
const graceMs = 2000;
const pauseMs = 20;

const endGroups = (pids: readonly number[]): void => {
  let left = pids.filter((pid) => reaches(pid, 'SIGTERM'));
  for (let waitedMs = 0; left.length > 0 && waitedMs < graceMs; waitedMs += pauseMs) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pauseMs);
    left = left.filter((pid) => reaches(pid, 0));
  }
  for (const pid of left) reaches(pid, 'SIGKILL');
};

/** Whether a process of the group is still there. */
const reaches = (pid: number, signal: NodeJS.Signals | 0): boolean => {
  try {
    return process.kill(-pid, signal);
  } catch {
    return false;
  }
};

const unpack = ({ data }: ServedModel, base: string, folder: string, ask: (question: Asked) => Answered): void => {
  if (data instanceof Map) {
    for (const [name, content] of data as ReadonlyMap<string, Buffer>) {
      const path = resolve(folder, name);
      // The key of an object may be `../x`.
      if (!path.startsWith(folder + sep)) throw new Error(`${name} lies outside of the model folder`);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, content);
    }
    return;
  }
  const archive = join(base, 'model.tar.gz');
  writeFileSync(archive, data as Buffer);
  const unpacked = ask({ is: 'unpack', archive, folder });
  if (unpacked.is !== 'unpacked' || unpacked.why !== undefined) throw new Error('the model data is no archive');
};

/** A thread that is asked and waited for. */
const openLine = () => {
  const { port1: here, port2: there } = new MessageChannel();
  const flag = new Int32Array(new SharedArrayBuffer(4));
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const worker = new Worker(new URL(`./command-worker.${extension}`, import.meta.url), {
    workerData: { port: there, flag },
    transferList: [there],
  });
  worker.unref();
  const port: MessagePort = here;
  return {
    ask: (question: Asked): Answered => {
      Atomics.store(flag, 0, 0);
      port.postMessage(question);
      // The thread gives up before that by itself.
      if (Atomics.wait(flag, 0, 0, 90_000) === 'timed-out')
        throw new Error('the thread that talks to the command does not answer');
      const received = receiveMessageOnPort(port);
      if (received === undefined) throw new Error('the thread of the command did not answer');
      return received.message as Answered;
    },
    close: (): void => {
      port.close();
      void worker.terminate();
    },
  };
};
