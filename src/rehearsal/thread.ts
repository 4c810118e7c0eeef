import { Worker } from 'node:worker_threads';
import type { Manner, Out, Performance, Played } from './performance.ts';
import { compiledCode } from './process.ts';
import { openTemporaryFolder, removeTemporaryFolder } from './temporary-folder.ts';

/** What a thread is begun with. */
export interface ThreadData {
  readonly folder: string;
  /** For its temporary folders: a thread that is interrupted cannot remove them. */
  readonly temp: string;
  readonly manner: Manner;
}

/** A scenario to play: a thread has its own table of them. */
export interface Order {
  readonly name: string;
  readonly flip: Performance['flip'];
}

export type Message = { readonly is: 'said'; readonly text: string } | ({ readonly is: 'played' } & Result);
type Result = Pick<Played, 'verdict' | 'settingsRead'>;

export interface Thread {
  play(performance: Performance): Promise<Played>;
  close(): Promise<void>;
}

/** A thread that plays scenarios, one after the other. A defect in it fails the scenario's promise. */
export const openThread = (out: Out, manner: Manner): Thread => {
  const temp = openTemporaryFolder();
  const data: ThreadData = { folder: out.folder, temp, manner };
  // Sources in a clone, compiled files in a package.
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const worker = new Worker(new URL(`./thread-main.${extension}`, import.meta.url), {
    workerData: data,
    // The thread's own files; `enableCompileCache` is for the thread that calls it.
    env: { ...process.env, NODE_COMPILE_CACHE: compiledCode },
  });
  return {
    play: (performance) =>
      new Promise<Played>((resolve, reject) => {
        const listen = (message: Message): void => {
          if (message.is === 'said') {
            out.say(message.text);
            return;
          }
          worker.off('message', listen);
          worker.off('error', reject);
          const { verdict, settingsRead } = message;
          resolve({ ...performance, verdict, settingsRead });
        };
        worker.on('message', listen);
        worker.once('error', reject);
        const order: Order = { name: performance.scenario.name, flip: performance.flip };
        worker.postMessage(order);
      }),
    close: async () => {
      await worker.terminate();
      removeTemporaryFolder(temp);
    },
  };
};
