/**
 * Makes one small change to the sources at a time and checks that a test fails (mutation testing, by StrykerJS).
 *
 *   npm run mutate                     every room
 *   npm run mutate rollout judge       these rooms
 *   npm run mutate rollout -- --force  without the results of earlier runs
 *   npm run mutate judge -- --sample 60  a first impression: the first 60 mutants of its sample
 *
 * Fails under the target, and when tools/mutation/equivalent.json has an entry that no surviving mutant matches.
 */
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { LogLevel, Mutant as StrykerMutant } from '@stryker-mutator/api/core';
import { Stryker } from '@stryker-mutator/core';
import { Instrumenter } from '@stryker-mutator/instrumenter';
import { keyOf, listVariable } from './chosen.ts';
import { type Room, rooms } from './rooms.ts';
import { type Equivalent, isSentence, type Mutant, mutantAt, type Score, sampleOf, scoreOf } from './score.ts';

const root = resolve(import.meta.dirname, '../..');
const target = 0.88;
const seed = 'model-delivery';

interface Found extends Mutant {
  readonly key: string;
}

const main = async (): Promise<number> => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      force: { type: 'boolean', default: false },
      processes: { type: 'string', default: '1' },
      sample: { type: 'string' },
    },
  });
  const unknown = positionals.filter((name) => rooms[name] === undefined);
  if (unknown.length > 0) {
    console.error(`${unknown.join(', ')}: not a room; there are ${Object.keys(rooms).join(', ')}`);
    return 2;
  }
  const equivalents: readonly Equivalent[] = JSON.parse(
    readFileSync(join(root, 'tools/mutation/equivalent.json'), 'utf8'),
  );
  const homeless = equivalents.filter(({ file }) => !Object.values(rooms).some((room) => filesOf(room).includes(file)));
  const lines: (readonly string[])[] = [];
  let good = homeless.length === 0;
  for (const entry of homeless) console.log(`equivalent.json: ${entry.file} is in no room`);
  for (const [name, room] of Object.entries(rooms)) {
    if (positionals.length > 0 && !positionals.includes(name)) continue;
    const files = filesOf(room);
    const began = performance.now();
    const all = await mutantsOf(files);
    const sentences = all.filter(isSentence);
    const worth = all.filter((mutant) => !isSentence(mutant));
    const chosen = sampleOf(worth, Number(values.sample ?? room.sample ?? worth.length), seed);
    const statuses = await run(name, room, chosen, values.force, Number(values.processes));
    const tried = chosen.map((mutant) => ({ ...mutant, status: statuses.get(mutant.key) ?? 'NoCoverage' }));
    const others = all.filter((mutant) => !chosen.includes(mutant));
    const score = scoreOf(
      tried,
      others,
      equivalents.filter(({ file }) => files.includes(file)),
    );
    good = show(name, score) && good;
    lines.push([
      name,
      `${score.mutants} of ${worth.length}`,
      String(score.killed),
      String(score.survived.length),
      String(score.equivalent),
      `${Math.floor(score.share * 1000) / 10} %`,
      String(sentences.length),
      ((performance.now() - began) / 60_000).toFixed(1),
    ]);
  }
  print([['room', 'mutants', 'killed', 'survived', 'equivalent', 'score', 'sentences left out', 'minutes'], ...lines]);
  return good ? 0 : 1;
};

const filesOf = ({ mutate }: Room): readonly string[] => globSync(mutate, { cwd: root }).sort();

/** The mutants of Stryker's own instrumenter. */
const mutantsOf = async (files: readonly string[]): Promise<readonly Found[]> => {
  const texts = new Map(files.map((file) => [file, readFileSync(join(root, file), 'utf8')]));
  const { mutants } = await new Instrumenter(silent).instrument(
    [...texts].map(([file, content]) => ({ name: join(root, file), content, mutate: true })),
    { ignorers: [], excludedMutations: [], plugins: null, noHeader: false },
  );
  return mutants.map((mutant: StrykerMutant): Found => {
    const file = mutant.fileName.slice(root.length + 1);
    const { start, end } = mutant.location;
    return {
      key: keyOf(mutant, root),
      ...mutantAt(file, texts.get(file) ?? '', mutant.mutatorName, mutant.replacement, start, end),
    };
  });
};

const say = (): void => {};
const no = (): boolean => false;
const silent = {
  isTraceEnabled: no,
  isDebugEnabled: no,
  isInfoEnabled: no,
  isWarnEnabled: no,
  isErrorEnabled: no,
  isFatalEnabled: no,
  trace: say,
  debug: say,
  info: say,
  warn: say,
  error: say,
  fatal: say,
};

interface Report {
  readonly files: Readonly<Record<string, { mutants: readonly (StrykerMutant & { readonly status: string })[] }>>;
}

/**
 * Tests one file of the room after the other, so that an interrupted run loses at most one.
 * @returns the status of each tested mutant, by its key
 */
const run = async (
  name: string,
  room: Room,
  chosen: readonly Found[],
  force: boolean,
  concurrency: number,
): Promise<ReadonlyMap<string, string>> => {
  const folder = join(root, '.cache/mutation', name);
  mkdirSync(folder, { recursive: true });
  const list = join(folder, 'chosen.json');
  writeFileSync(list, JSON.stringify(chosen.map(({ key }) => key)));
  process.env[listVariable] = list;
  const statuses = new Map<string, string>();
  for (const file of new Set(chosen.map((mutant) => mutant.file)))
    for (const [key, status] of await tryFile(file, room, folder, force, concurrency)) statuses.set(key, status);
  return statuses;
};

const tryFile = async (
  file: string,
  room: Room,
  folder: string,
  force: boolean,
  concurrency: number,
): Promise<readonly (readonly [key: string, status: string])[]> => {
  const kept = join(folder, file.replaceAll('/', '+'));
  const [reportFile, incrementalFile] = [`${kept}.report.json`, `${kept}.incremental.json`];
  forgetSurvivors(incrementalFile);
  console.log(file);
  await new Stryker({
    testRunner: 'jest',
    plugins: [fileURLToPath(import.meta.resolve('@stryker-mutator/jest-runner')), './tools/mutation/chosen.ts'],
    checkers: ['chosen'],
    mutate: [file],
    coverageAnalysis: 'perTest',
    concurrency,
    testRunnerNodeArgs: ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'],
    jest: {
      projectType: 'custom',
      configFile: 'jest.config.js',
      config: {
        testMatch: room.tests.map((pattern) => `<rootDir>/${pattern}`),
        // Stryker wraps the environment, and loads it by the name of a package.
        testEnvironment: 'node',
      },
      enableFindRelatedTests: false,
    },
    // Stryker's sandbox rewrites tsconfig.json with an interface that TypeScript 7 does not have; it skips this without such a file.
    tsconfigFile: 'none.json',
    tempDirName: '.cache/mutation/sandbox',
    ignorePatterns: ['build', '.cache', 'docs', 'actions', 'codebuild'].map((folder) => `/${folder}`),
    timeoutMS: 30_000,
    incremental: true,
    incrementalFile,
    force,
    reporters: ['progress-append-only', 'json'],
    jsonReporter: { fileName: reportFile },
    thresholds: { high: 100, low: 0, break: null },
    logLevel: 'warn' as LogLevel,
  }).runMutationTest();
  const { files }: Report = JSON.parse(readFileSync(reportFile, 'utf8'));
  return (files[file]?.mutants ?? []).map((mutant) => [keyOf(fromZero(file, mutant), root), mutant.status]);
};

/** The report counts lines and columns from one; Stryker itself counts from zero. */
const fromZero = (file: string, mutant: StrykerMutant): StrykerMutant => ({
  ...mutant,
  fileName: join(root, file),
  location: {
    start: { line: mutant.location.start.line - 1, column: mutant.location.start.column - 1 },
    end: { line: mutant.location.end.line - 1, column: mutant.location.end.column - 1 },
  },
});

/**
 * Stryker keeps an earlier survivor until a test is added, so it would not notice a stricter test. On a busy machine a mutant may run
 * out of time without a loop.
 */
const forgetSurvivors = (path: string): void => {
  if (!existsSync(path)) return;
  const report: Report = JSON.parse(readFileSync(path, 'utf8'));
  for (const file of Object.values(report.files))
    file.mutants = file.mutants.filter(({ status }) => ['Killed', 'RuntimeError'].includes(status));
  writeFileSync(path, JSON.stringify(report));
};

/** @returns whether the room reaches its target */
const show = (name: string, { share, survived, stale }: Score): boolean => {
  for (const { file, line, mutator, original, replacement } of survived)
    console.log(`${file}:${line} ${mutator} survived: ${original} → ${replacement}`);
  for (const { file, source, original, replacement } of stale)
    console.log(`equivalent.json: no mutant survives as ${file}: ${original} → ${replacement} in ${source}`);
  if (share < target) console.log(`${name}: under the target of ${target * 100} %`);
  return share >= target && stale.length === 0;
};

const print = (table: readonly (readonly string[])[]): void => {
  const widths = (table[0] ?? []).map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  for (const row of table)
    console.log(
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    );
};

process.exitCode = await main();
