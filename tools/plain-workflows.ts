/**
 * Copies the workflows, the examples that are workflows, and the actions to a folder, in words that tools older than GitHub's
 * newest syntax understand: `$/` becomes `./` (the same repository, so it means the same), `queue` is dropped, and the examples
 * call this repository's workflow (reference: GitHub changelog 2026-05-07 and 2026-07-30).
 *
 *   node tools/plain-workflows.ts FOLDER
 */
import { cpSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');

export const plain = (workflow: string): string =>
  workflow
    .replace(/^(\s*(?:- )?uses: )\$\//gm, '$1./')
    .replace(/^\s+queue: \w+\n/gm, '')
    .replace(/OWNER\/model-delivery\/(\.github\/workflows\/\S+)@v1/g, './$1');

export const copyPlain = (folder: string): void => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, '.github/workflows'), { recursive: true });
  for (const path of globSync(['.github/workflows/*.yml', 'examples/*.yml'], { cwd: root })) {
    const text = readFileSync(join(root, path), 'utf8');
    if (/^jobs:/m.test(text)) writeFileSync(join(folder, '.github/workflows', basename(path)), plain(text));
  }
  for (const path of globSync('actions/*/{action.yml,dist}', { cwd: root }))
    cpSync(join(root, path), join(folder, path), { recursive: true });
};

if (import.meta.main) {
  const [folder] = process.argv.slice(2);
  if (folder === undefined) throw new Error('usage: node tools/plain-workflows.ts FOLDER');
  copyPlain(resolve(folder));
}
