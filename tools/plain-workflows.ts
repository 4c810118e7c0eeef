/**
 * Copies the workflows, the examples that are workflows, and the actions to a folder, for tools and servers older than GitHub's newest
 * syntax (GitHub changelog 2026-05-07 and 2026-07-30): the copy has no `queue`, and `$/` becomes
 *
 *   node tools/plain-workflows.ts FOLDER                       `./`, the same repository, for actionlint, act and zizmor
 *   node tools/plain-workflows.ts FOLDER OWNER/REPO@COMMIT     `OWNER/REPO/…@COMMIT`, for GitHub Enterprise Server
 */
import { cpSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { plain } from '../src/rehearsal/workflow/plain.ts';

const root = resolve(import.meta.dirname, '..');

/** `examples/gitflow/.github/workflows/release.yml` → `examples-gitflow-release.yml`: an example often has the name of the workflow it calls. */
export const copyName = (path: string): string =>
  path
    .replace(/(?:^|\/)\.github\/workflows\//, '/')
    .replace(/^\//, '')
    .replaceAll('/', '-');

export const copyPlain = (folder: string, home?: string): void => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, '.github/workflows'), { recursive: true });
  for (const path of globSync(['.github/workflows/*.yml', 'examples/*.yml', 'examples/*/.github/workflows/*.yml'], {
    cwd: root,
  })) {
    const text = readFileSync(join(root, path), 'utf8');
    if (/^jobs:/m.test(text)) writeFileSync(join(folder, '.github/workflows', copyName(path)), plain(text, home));
  }
  for (const path of globSync('actions/*/{action.yml,dist}', { cwd: root }))
    cpSync(join(root, path), join(folder, path), { recursive: true });
};

if (import.meta.main) {
  const [folder, home] = process.argv.slice(2);
  if (folder === undefined || (home !== undefined && !/^[\w.-]+\/[\w.-]+@[0-9a-f]{40}$/.test(home)))
    throw new Error('usage: node tools/plain-workflows.ts FOLDER [OWNER/REPO@COMMIT]');
  copyPlain(resolve(folder), home);
}
