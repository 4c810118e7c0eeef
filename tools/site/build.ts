/**
 * Builds the website: `npm run site`, into tools/site/build/site. Fails for a dead link, a page that no chapter has, and a site without
 * its search.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build } from 'vitepress';
import { pagesOf } from '../markdown.ts';
import { faultsOf } from './built.ts';
import { pagesWithoutChapter } from './contents.ts';
import { wrongDiagrams } from './diagrams.ts';
import { stagedPages } from './pages.ts';

const root = join(import.meta.dirname, '../..');
process.chdir(root);

const folder = join(import.meta.dirname, 'build');
rmSync(folder, { recursive: true, force: true });
const staged = stagedPages();
for (const { path, content } of staged) {
  const file = join(folder, 'pages', path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
}
await build(import.meta.dirname);
const pages = staged.map(({ path }) => path).filter((path) => path.endsWith('.md'));
const diagrams = await Promise.all(staged.map(({ path, content }) => wrongDiagrams(path, content.toString())));
const faults = [
  ...pagesWithoutChapter(pagesOf()).map((page) => `${page} is in no chapter of tools/site/contents.ts`),
  ...diagrams.flat(),
  ...faultsOf(join(folder, 'site'), pages, process.env['SITE_BASE'] ?? '/'),
];
for (const fault of faults) console.error(fault);
console.log(`${pages.length} pages in tools/site/build/site, ${faults.length} faults`);
process.exitCode = faults.length === 0 ? 0 : 1;
