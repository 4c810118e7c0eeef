/**
 * Synthesises the CloudFormation templates in `codebuild/templates` from `codebuild/infrastructure`.
 *
 *   node tools/templates.ts            write
 *   node tools/templates.ts --check    compare, write nothing; exit 1 and name the templates that differ
 */
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { synthesise } from '../codebuild/infrastructure/templates.ts';

/** JSON that people can read and that is short: `aws cloudformation deploy` takes 51,200 bytes, white space included. A value that fits has one line. */
const layOut = (value: unknown, depth: number): string => {
  const short = JSON.stringify(value);
  if (short.length + depth <= 220 || typeof value !== 'object' || value === null) return short;
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  const members = Array.isArray(value)
    ? value.map((one: unknown) => layOut(one, depth + 1))
    : Object.entries(value).map(([key, one]) => `${JSON.stringify(key)}: ${layOut(one, depth + key.length + 4)}`);
  return `${open}\n${members
    .map((member) => member.replaceAll('\n', '\n '))
    .map((member) => ` ${member}`)
    .join(',\n')}\n${close}`;
};

const { values } = parseArgs({ options: { check: { type: 'boolean' } } });
const folder = resolve(import.meta.dirname, '../codebuild/templates');
const outdir = mkdtempSync(join(tmpdir(), 'templates-'));
const wanted = new Map<string, string>();
try {
  for (const [name, template] of synthesise(outdir)) wanted.set(`${name}.json`, `${layOut(template, 1)}\n`);
} finally {
  rmSync(outdir, { recursive: true });
}

mkdirSync(folder, { recursive: true });
const found = new Map(
  globSync('*.json', { cwd: folder }).map((name) => [name, readFileSync(join(folder, name), 'utf8')]),
);
const differing = [...new Set([...wanted.keys(), ...found.keys()])]
  .filter((name) => wanted.get(name) !== found.get(name))
  .sort();
for (const name of differing) {
  const content = wanted.get(name);
  if (values.check)
    console.error(`codebuild/templates/${name} differs from codebuild/infrastructure; run \`npm run templates\``);
  else if (content === undefined) rmSync(join(folder, name));
  else writeFileSync(join(folder, name), content);
}
if (!values.check) for (const name of differing) console.log(`codebuild/templates/${name}`);
process.exitCode = values.check && differing.length > 0 ? 1 : 0;
