/**
 * Which members of AWS's service models have an effect in the simulator: from the reads that its tests caused (simulator/observed-reads.ts).
 *
 *   node tools/members.ts                    runs the tests, and writes simulator/constraints/honoured.generated.json
 *   node tools/members.ts --check <reads>    fails when a member is listed and no test caused a read of it
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Honoured, loadHonoured } from '../simulator/members.ts';
import { memberNames } from './members-page.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** The simulator's, and those whose calls none of them makes. */
const tests = ['test/simulator', 'test/acceptance/lambda-invoke', 'test/acceptance/templates'];

/** With every member served, so that a new one reaches its operation; tests of refusals fail then, and prove nothing here. */
const recorded = (): string => {
  const file = join(root, '.cache/recorded-reads.txt');
  rmSync(file, { force: true });
  spawnSync('npm', ['test', '--silent', '--', ...tests], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, SIMULATOR_READS_FILE: file, SIMULATOR_SERVES_ALL: '1' },
  });
  return file;
};

const [, , flag, reads] = process.argv;
const isCheck = flag === '--check';
if (isCheck !== (reads !== undefined)) throw new Error('usage: node tools/members.ts [--check <file with the reads>]');
const file = reads ?? recorded();

/** With the members around each of them: a structure has the effect of its parts. */
const observed = new Map<string, Set<string>>();
for (const line of readFileSync(file, 'utf8').split('\n')) {
  const [service, operation, path] = line.split(' ');
  if (path === undefined) continue;
  const call = `${service} ${operation}`;
  const steps = path.split('.');
  const members = observed.get(call) ?? new Set();
  for (const [index] of steps.entries()) members.add(steps.slice(0, index + 1).join('.'));
  observed.set(call, members);
}

/** One reader has the pipelines of both calls. */
const [made, updated] = ['codepipeline CreatePipeline', 'codepipeline UpdatePipeline'].map((call) =>
  observed.get(call),
);
for (const path of [...(made ?? []), ...(updated ?? [])])
  if (path.startsWith('pipeline.')) for (const call of [made, updated]) call?.add(path);

const seen: Honoured = Object.fromEntries(
  [...observed.keys()].sort().flatMap((call) => {
    const read = observed.get(call) ?? new Set();
    const names = memberNames(call, (path) => read.has(path)).filter((path) => read.has(path));
    return names.length === 0 ? [] : [[call, names.sort()]];
  }),
);

if (isCheck) {
  const unread = Object.entries(loadHonoured()).flatMap(([call, members]) =>
    members.filter((member) => seen[call]?.includes(member) !== true).map((member) => `${call} ${member}`),
  );
  for (const line of unread) console.error(`${line}: listed as honoured, and no test caused a read of it`);
  if (unread.length > 0) console.error('npm run record:members writes the list anew');
  process.exitCode = unread.length === 0 ? 0 : 1;
} else {
  const lines = Object.entries(seen).map(([call, members]) => `  ${JSON.stringify(call)}: ${JSON.stringify(members)}`);
  writeFileSync(join(root, 'simulator/constraints/honoured.generated.json'), `{\n${lines.join(',\n')}\n}\n`);
}
