import { parentPort } from 'node:worker_threads';
import { type Cell, play } from './cell.ts';
import { summaryOf } from './judge-summary.ts';

/** Plays whole cells, one at a time, as they are handed out. */
parentPort?.on('message', ({ cell, runs }: { readonly cell: Cell; readonly runs: number }) => {
  parentPort?.postMessage(summaryOf(play(cell, runs)));
});
