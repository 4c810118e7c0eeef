/**
 * Kills the product's processes wherever they can die, and looks at what becomes of the delivery.
 *
 *   npm run test:crash                              every world of every act in one way, and 1,000 random schedules
 *   npm run test:crash -- --every-way               every world in all of its ways
 *   npm run test:crash -- --minutes 4 --seed 7      as much of both as fits, in an order from the seed
 *   npm run test:crash -- --seed 1234 --schedule    one schedule again; with --schedules 50, that one and the next
 *   npm run test:crash -- --point 'rollback@12:unheard:kill:github-actions'
 *   npm run test:crash -- --act rollback            the points of one act
 *   npm run test:crash -- --every                   every boundary by itself, also those that leave the same world (half an hour)
 *   npm run test:crash -- --write                   writes the figures into docs/reliability.md
 */
import { fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createRandom } from '../../simulator/random.ts';
import { acts } from './acts.ts';
import { type ActFigures, writeFigures } from './figures.ts';
import type { Recording } from './play.ts';
import { everyPointOf, nameOf, pointNamed, pointsInEveryWay, pointsOf, worldsOf } from './points.ts';
import { commandLineScript, prepareCache } from './scene.ts';
import type { Answer, Task } from './worker.ts';

const { values: options } = parseArgs({
  options: {
    act: { type: 'string', multiple: true },
    point: { type: 'string', multiple: true },
    every: { type: 'boolean', default: false },
    'every-way': { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
    schedule: { type: 'boolean', default: false },
    schedules: { type: 'string' },
    minutes: { type: 'string' },
    workers: { type: 'string', default: String(availableParallelism()) },
    verbose: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
});

const say = (text: string): void => void process.stdout.write(`${text}\n`);
const started = performance.now();
const secondsSince = (): number => Math.round((performance.now() - started) / 1000);

if (!existsSync(commandLineScript)) throw new Error(`${commandLineScript} is not there: npm run build`);
prepareCache();

/** Hands tasks to as many processes as there are cores, and gives back the answers in the tasks' order. */
const workers = Array.from({ length: Number(options.workers) }, () =>
  fork(join(import.meta.dirname, 'worker.ts'), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }),
);
const ask = (worker: (typeof workers)[number], task: Task): Promise<Answer> =>
  new Promise((resolve) => {
    const died = (code: number | null): void => resolve({ is: 'broken', because: `a worker ended with ${code}` });
    worker.once('exit', died);
    worker.once('message', (answer: Answer) => {
      worker.off('exit', died);
      resolve(answer);
    });
    worker.send(task);
  });
const playAll = async (tasks: readonly Task[], heard: (task: Task, answer: Answer) => void): Promise<number> => {
  const queue = [...tasks];
  const deadline = options.minutes === undefined ? Number.POSITIVE_INFINITY : Number(options.minutes) * 60;
  let played = 0;
  await Promise.all(
    workers.map(async (worker) => {
      for (let task = queue.shift(); task !== undefined && secondsSince() < deadline; task = queue.shift()) {
        const first = await ask(worker, task);
        // A machine that is busy with other things can hold a process up for half a minute: tried once more.
        heard(task, first.is === 'broken' ? await ask(worker, task) : first);
        played++;
      }
    }),
  );
  return played;
};

const violations: string[] = [];
const violated = (task: Task, found: readonly string[], story: string): void => {
  const [again, title] =
    task.is === 'schedule'
      ? [`npm run test:crash -- --schedule --seed ${task.seed}`, `schedule ${task.seed}`]
      : task.is === 'point'
        ? [`npm run test:crash -- --point '${task.name}'`, task.name]
        : [`npm run test:crash -- --act ${task.act}`, task.act];
  violations.push(title);
  say(`VIOLATION ${title}: ${story}`);
  for (const line of found) say(`    ${line}`);
  say(`    again: ${again}`);
};

/** Fisher–Yates, from the seed. */
const shuffled = <T>(items: readonly T[], seed: number): readonly T[] => {
  const random = createRandom(seed, 'order');
  const all = [...items];
  for (let i = all.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [all[i], all[j]] = [all[j] as T, all[i] as T];
  }
  return all;
};

const points = (options.point ?? []).map(pointNamed);
const only = options.point !== undefined || options.act !== undefined;
const chosen = new Set(options.schedule ? [] : [...points.map(({ act }) => act), ...(options.act ?? [])]);
const recorded = acts.map(({ name }) => name).filter((name) => (only ? chosen.has(name) : !options.schedule));

const recordings = new Map<string, Recording>();
await playAll(
  recorded.map((act) => ({ is: 'record', act })),
  (task, answer) => {
    if (task.is !== 'record') return;
    if (answer.is === 'recorded') recordings.set(task.act, answer.recording);
    else violated(task, [answer.is === 'broken' ? answer.because : ''], 'could not be recorded');
  },
);

const chosenPoints = options.every ? everyPointOf : options['every-way'] ? pointsInEveryWay : pointsOf;
const pointTasks = [...recordings].flatMap(([act, clean]): Task[] => {
  const requested = points.filter((point) => point.act === act);
  const all = requested.length > 0 ? requested : chosenPoints(act, clean.requests);
  return all.map((point) => ({ is: 'point', name: nameOf(point), clean }));
});
const firstSeed = Number(options.seed);
const scheduleTasks = Array.from(
  { length: only ? 0 : Number(options.schedules ?? (options.schedule ? 1 : 1000)) },
  (_, index): Task => ({ is: 'schedule', seed: firstSeed + index }),
);
// A part of all must be a part of each.
const tasks =
  options.minutes === undefined
    ? [...pointTasks, ...scheduleTasks]
    : shuffled([...pointTasks, ...scheduleTasks], firstSeed);

const counts = { points: 0, schedules: 0 };
const byAct = new Map<string, number>();
await playAll(tasks, (task, answer) => {
  if (task.is === 'point') {
    counts.points++;
    byAct.set(task.clean.act, (byAct.get(task.clean.act) ?? 0) + 1);
  } else counts.schedules++;
  if (answer.is === 'broken') violated(task, [answer.because], 'could not be played');
  else if (answer.is === 'played') {
    if (answer.shown.violations.length > 0) violated(task, answer.shown.violations, answer.shown.story);
    else if (options.verbose)
      say(`${task.is === 'point' ? task.name : `schedule ${'seed' in task ? task.seed : ''}`}: ${answer.shown.story}`);
  }
  const done = counts.points + counts.schedules;
  if (done % 100 === 0) say(`${done} of ${tasks.length} after ${secondsSince()} s, ${violations.length} violations`);
});
for (const worker of workers) worker.disconnect();

const figures: readonly ActFigures[] = [...recordings].map(([act, { requests }]) => ({
  act,
  requests: requests.length,
  changes: requests.filter(({ mutation }) => mutation).length,
  boundaries: 2 * requests.length,
  worlds: worldsOf(requests).length,
  points: byAct.get(act) ?? 0,
}));
const boundaries = figures.reduce((sum, one) => sum + one.boundaries, 0);
const last = `crash points ${counts.points} of ${pointTasks.length} (${boundaries} request boundaries), schedules ${counts.schedules} of ${scheduleTasks.length}, violations ${violations.length}, ${secondsSince()} s on ${workers.length} cores`;
if (options.write)
  writeFigures(figures, {
    allPoints: pointTasks.length,
    allSchedules: scheduleTasks.length,
    ...counts,
    seed: firstSeed,
    violations: violations.length,
    seconds: secondsSince(),
    cores: workers.length,
  });
say(last);
process.exit(violations.length === 0 ? 0 : 1);
