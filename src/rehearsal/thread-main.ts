import { parentPort, workerData } from 'node:worker_threads';
import { withoutUndefined } from '../without-undefined.ts';
import type { Out } from './performance.ts';
import { playScenario } from './play.ts';
import { scenarios } from './scenarios/all.ts';
import { keepTemporaryFoldersIn } from './temporary-folder.ts';
import type { Message, Order, ThreadData } from './thread.ts';

const { folder, temp, manner } = workerData as ThreadData;
keepTemporaryFoldersIn(temp);
const send = (message: Message): void => parentPort?.postMessage(message);
const out: Out = { folder, say: (text) => send({ is: 'said', text }) };

const play = async ({ name, flip }: Order): Promise<void> => {
  const scenario = scenarios.find((one) => one.name === name);
  if (scenario === undefined) throw new Error(`no scenario ${name}`);
  const { verdict, settingsRead } = await playScenario({ scenario, ...withoutUndefined({ flip }) }, out, manner);
  send({ is: 'played', verdict, settingsRead });
};

parentPort?.on('message', (order: Order) => void play(order));
