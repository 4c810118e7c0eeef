/**
 * What a rehearsal costs, and whether it is the same rehearsal however its steps run: processor and wall seconds of the list, the story and
 * the scenarios, with the steps in one process where a scenario proves decisions, and with every step as a process of its own.
 *
 *   npm run bench:rehearsal [-- --scenario <name> …]     these scenarios instead of all of them
 *
 * Ends with 1 when a scenario differs between the two in its end, its virtual duration or its requests to AWS, whoever made them.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { ScenarioVerdict } from '../../src/rehearsal/verdict.ts';

const main = resolve(import.meta.dirname, '../../src/main.ts');
const folder = mkdtempSync(join(tmpdir(), 'bench-rehearsal-'));

interface Measured {
  readonly processorSeconds: number;
  readonly wallSeconds: number;
  readonly verdicts: readonly ScenarioVerdict[];
}

/** `times` is the one measure of a command and of all that it started: `0m2.05s 0m0.31s`, user and system, the shell's line first. */
const measure = async (name: string, ...args: readonly string[]): Promise<Measured> => {
  const command = [process.execPath, main, 'rehearse', '--json', '--out', join(folder, name), ...args];
  const began = performance.now();
  const child = spawn('/bin/sh', ['-c', '"$@" && echo && times', 'sh', ...command], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk;
  });
  await new Promise((done) => child.once('close', done));
  const wallSeconds = (performance.now() - began) / 1000;
  const [, json = '', user = '', system = ''] = /^([\s\S]*)\n.*\n(\S+) (\S+)\n$/.exec(text) ?? [];
  if (json === '') throw new Error(`rehearse ${args.join(' ')} did not end as expected:\n${text}`);
  const { scenarios } = JSON.parse(json) as { readonly scenarios: readonly ScenarioVerdict[] };
  const measured = { processorSeconds: secondsOf(user) + secondsOf(system), wallSeconds, verdicts: scenarios };
  console.log(
    `${name.padEnd(24)} ${measured.processorSeconds.toFixed(1).padStart(8)} ${wallSeconds.toFixed(1).padStart(8)}`,
  );
  return measured;
};

const secondsOf = (text: string): number => {
  const [, minutes, seconds] = /^(\d+)m([\d.]+)s$/.exec(text) ?? [];
  return Number(minutes) * 60 + Number(seconds);
};

/** A verdict without the wall time. */
const endOf = ({ wallMs: _, ...end }: ScenarioVerdict): string => JSON.stringify(end);

/**
 * Each request without the number of the process, which also stands in its identity token: a post step that is not started has none. Reads
 * that a step makes side by side arrive in any order, at one instant.
 */
const requestsIn = (...path: readonly string[]): string =>
  readFileSync(join(folder, ...path, 'requests.jsonl'), 'utf8')
    .replace(/"participant":"p\d+",|"WebIdentityToken":"[^"]*"/g, '')
    .split('\n')
    .toSorted()
    .join('\n');

const { values } = parseArgs({ options: { scenario: { type: 'string', multiple: true } } });
const chosen = values.scenario?.flatMap((name) => ['--scenario', name]) ?? ['--all'];
try {
  console.log(`${''.padEnd(24)} ${'cpu s'.padStart(8)} ${'wall s'.padStart(8)}`);
  await measure('list', '--list');
  await measure('story, processes', '--processes');
  await measure('story');
  const before = await measure('scenarios, processes', '--processes', ...chosen);
  const after = await measure('scenarios', ...chosen);
  const differing = after.verdicts.flatMap((verdict, i) => {
    const other = before.verdicts[i];
    return [
      ...(other !== undefined && endOf(other) === endOf(verdict) ? [] : [`${verdict.name} has another end`]),
      ...(requestsIn('scenarios', verdict.name) === requestsIn('scenarios, processes', verdict.name)
        ? []
        : [`${verdict.name} makes other requests`]),
    ];
  });
  console.log(
    differing.length === 0
      ? `${after.verdicts.length} scenarios: the same ends, durations and requests`
      : differing.join('\n'),
  );
  process.exitCode = differing.length === 0 ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true });
}
