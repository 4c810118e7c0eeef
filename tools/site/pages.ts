/**
 * The pages of the website, made of the repository's own: the same text, with links that work there. A README becomes the index of its
 * folder. A file that a page links to becomes a page that shows it; a folder becomes a list of its files; a large file is offered as it is.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, extname, join, relative } from 'node:path';
import { linksOf, pagesOf, withLinks } from '../markdown.ts';

export interface Staged {
  /** Below the folder of pages: `docs/manifest.md`, `public/delivery.schema.json`. */
  readonly path: string;
  readonly content: string | Buffer;
}

/** Shown with colours up to this size; a browser is slow to draw more. */
const largestShown = 64 * 1024;
const pictures = new Set(['.png', '.svg']);
const languages: Readonly<Record<string, string>> = {
  '.json': 'json',
  '.mjs': 'js',
  '.py': 'python',
  '.ts': 'ts',
  '.yml': 'yaml',
};

/** Pages has no path with a leading dot (`.github`): the upload leaves hidden folders out. */
const visible = (path: string): string => path.replace(/(^|\/)\./g, '$1');

/** Where a file of the repository is on the site, as a path below the folder of pages. */
const placeOf = (path: string): string => {
  if (statSync(path).isDirectory())
    return existsSync(join(path, 'README.md')) ? placeOf(join(path, 'README.md')) : `${visible(path)}/index.md`;
  if (path.endsWith('.md')) return visible(path).replace(/(^|\/)README\.md$/, '$1index.md');
  if (pictures.has(extname(path))) return visible(path);
  return statSync(path).size > largestShown ? `public/${visible(path)}` : `${visible(path)}.md`;
};

const linkBetween = (from: string, to: string): string =>
  to.startsWith('public/') ? to.replace(/^public/, '') : `./${relative(dirname(from), to)}`;

const fileShown = (path: string): string => {
  const text = readFileSync(path, 'utf8');
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const ticks = '`'.repeat(longest + 1);
  // Not in the index of the search: its words are those of the pages that link here.
  return `---\nsearch: false\noutline: false\n---\n\n# ${path}\n\n${ticks}${languages[extname(path)] ?? 'text'}\n${text.trimEnd()}\n${ticks}\n`;
};

const filesIn = (folder: string): readonly string[] =>
  readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(folder, entry.name))
    .sort();

const folderShown = (folder: string): string =>
  `---\nsearch: false\noutline: false\n---\n\n# ${folder}\n\n${filesIn(folder)
    .map((file) => `- [${relative(folder, file)}](${linkBetween(placeOf(folder), placeOf(file))})`)
    .join('\n')}\n`;

const stagedFile = (path: string): Staged => {
  const place = placeOf(path);
  if (statSync(path).isDirectory()) return { path: place, content: folderShown(path) };
  const asItIs = pictures.has(extname(path)) || place.startsWith('public/');
  return { path: place, content: asItIs ? readFileSync(path) : fileShown(path) };
};

/**
 * Everything that the site is made of; to be called in the repository's root.
 *
 * @throws when a link leads to a file that is not there.
 */
export const stagedPages = (): readonly Staged[] => {
  const pages = pagesOf();
  const texts = new Map(pages.map((page) => [page, readFileSync(page, 'utf8')]));
  const linked = [...texts].flatMap(([page, text]) => linksOf(page, text)).map(({ path }) => path);
  const isPage = (path: string): boolean => path.endsWith('.md') || placeOf(path).endsWith('/README.md');
  const shown = [...new Set(linked)].filter(
    (path) => !isPage(path) && !(statSync(path).isDirectory() && existsSync(join(path, 'README.md'))),
  );
  const listed = shown.filter((path) => statSync(path).isDirectory()).flatMap(filesIn);
  const others = [...new Set([...shown, ...listed])].filter((path) => !path.endsWith('.md'));
  return [
    ...[...texts].map(([page, text]) => ({
      path: placeOf(page),
      content: withLinks(
        page,
        text,
        ({ path, anchor }) => linkBetween(placeOf(page), placeOf(path)) + (anchor === undefined ? '' : `#${anchor}`),
      ),
    })),
    ...others.map(stagedFile),
  ];
};
