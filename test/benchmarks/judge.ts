/**
 * `npm run bench:judge`: the judge beside the judges people use, on the same bytes.
 *
 *   --runs N        runs per cell (2000 for figures worth quoting)
 *   --settings all  also 1000 rps and every combination
 *   --only clean,ten-times  these scenarios
 *   --write DIR     write the first stream of every cell as JSON lines for `model-delivery judge`
 *   --results FILE  one JSON line per cell, as it ends; cells of the same sources and runs are not played again
 *   --docs DIR      write judge-results.md and the pictures of docs/judge.md
 *   --check         exit code 1 unless every promise was measured, and is kept
 *   --workers N     threads
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { type Cell, seedOf, streamOf } from './cell.ts';
import { resultsAsMarkdown } from './judge-markdown.ts';
import { drawPictures } from './judge-pictures.ts';
import { promiseRows } from './judge-promises.ts';
import { judgeSize } from './judge-size.ts';
import { judgeSpeed } from './judge-speed.ts';
import type { CellSummary } from './judge-summary.ts';
import { cellAsText, promisesAsText } from './judge-tables.ts';
import { linesOf } from './lines.ts';
import { scenarios } from './scenarios.ts';
import { sourcesDigest } from './sources-digest.ts';
import type { Setting } from './stream.ts';

const core: readonly Setting[] = [
  { requestsPerSecond: 50, bucketSeconds: 60, plan: 'fixed' },
  { requestsPerSecond: 50, bucketSeconds: 10, plan: 'fixed' },
  { requestsPerSecond: 5, bucketSeconds: 60, plan: 'fixed' },
  { requestsPerSecond: 50, bucketSeconds: 60, plan: 'ramp' },
  { requestsPerSecond: 1, bucketSeconds: 60, plan: 'fixed' },
  { requestsPerSecond: 5, bucketSeconds: 10, plan: 'fixed' },
  { requestsPerSecond: 50, bucketSeconds: 60, plan: 'fixed', history: 'none' },
];
const all: readonly Setting[] = ([1, 5, 50, 1000] as const).flatMap((requestsPerSecond) =>
  ([60, 10] as const).flatMap((bucketSeconds) =>
    (['fixed', 'ramp'] as const).map((plan) => ({ requestsPerSecond, bucketSeconds, plan })),
  ),
);

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '20' },
    settings: { type: 'string', default: 'core' },
    only: { type: 'string' },
    write: { type: 'string' },
    results: { type: 'string' },
    docs: { type: 'string' },
    check: { type: 'boolean', default: false },
    workers: { type: 'string', default: '2' },
  },
});
/** @throws {Error} */
const refuse = (option: string, value: string, allowed: string): never => {
  throw new Error(`--${option} ${value}: ${allowed}`);
};
const whole = (option: 'runs' | 'workers'): number => {
  const value = Number(values[option]);
  return Number.isSafeInteger(value) && value >= 1 ? value : refuse(option, values[option], 'a whole number from 1');
};
const settings = { core, all }[values.settings] ?? refuse('settings', values.settings, 'core or all');
const runs = whole('runs');
const workers = whole('workers');
const wanted = values.only?.split(',');
for (const name of wanted ?? [])
  if (!scenarios.some((scenario) => scenario.name === name))
    refuse('only', name, `scenarios are ${scenarios.map((scenario) => scenario.name).join(', ')}`);
const cells: readonly Cell[] = settings.flatMap((setting) =>
  scenarios
    .filter(({ name, only }) => (wanted?.includes(name) ?? true) && (only?.(setting) ?? true))
    .map(({ name }) => ({ scenario: name, setting })),
);

if (values.write !== undefined) {
  mkdirSync(values.write, { recursive: true });
  for (const cell of cells)
    writeFileSync(join(values.write, `${seedOf(cell, 0).replaceAll(' ', '-')}.jsonl`), linesOf(streamOf(cell, 0)));
  console.log(`${cells.length} streams written to ${values.write}`);
}

const sources = sourcesDigest();
const done: CellSummary[] =
  values.results !== undefined && existsSync(values.results)
    ? readFileSync(values.results, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line): CellSummary & { readonly sources: string } => JSON.parse(line))
        .filter((cell) => cell.sources === sources && cell.runs === runs)
    : [];
const isDone = (cell: Cell): boolean => done.some((other) => seedOf(other, 0) === seedOf(cell, 0));
const queue = cells.filter((cell) => !isDone(cell));

await Promise.all(
  Array.from({ length: Math.min(workers, queue.length) }, () => {
    const worker = new Worker(new URL('./judge-worker.ts', import.meta.url));
    return new Promise<void>((resolve, reject) => {
      const next = (): void => {
        const cell = queue.shift();
        if (cell) worker.postMessage({ cell, runs });
        else worker.terminate().then(() => resolve(), reject);
      };
      worker.on('error', reject);
      worker.on('message', (summary: CellSummary) => {
        done.push(summary);
        if (values.results !== undefined)
          appendFileSync(values.results, `${JSON.stringify({ ...summary, sources })}\n`);
        console.log(cellAsText(summary));
        next();
      });
      next();
    });
  }),
);

const promises = promiseRows(done, { ...judgeSpeed(), bytes: (await judgeSize()).bytes });
if (values.docs !== undefined) {
  drawPictures(done, join(values.docs, 'images'));
  writeFileSync(join(values.docs, 'judge-results.md'), resultsAsMarkdown(done, promises));
}
console.log(promisesAsText(promises));
if (values.check && promises.some(({ met }) => met !== true)) process.exitCode = 1;
