/** The repository's pages, and what stands in them: links, anchors, text outside of code. Paths are relative to the repository's root. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

/** Every page for a reader, sorted. */
export const pagesOf = (root = '.'): readonly string[] =>
  globSync(['*.md', '{docs,actions,codebuild,examples,simulator}/**/*.md'], {
    cwd: root,
    exclude: (path) => path.includes('node_modules'),
  }).sort();

const fence = /^ *```.*?^ *```$/gms;

/** The text without its blocks of code. */
export const prose = (text: string): string => text.replace(fence, '');

/** Changes the text between the blocks of code. */
export const mapProse = (text: string, change: (part: string) => string): string => {
  const blocks = text.match(fence) ?? [];
  return text
    .split(fence)
    .map((part, index) => change(part) + (blocks[index] ?? ''))
    .join('');
};

/** GitHub's anchor of a heading. */
export const anchorOf = (heading: string): string =>
  heading
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M} _-]/gu, '')
    .replaceAll(' ', '-');

/** The anchors of a page's text: a heading that repeats has its number behind it. */
export const anchorsOf = (text: string): ReadonlySet<string> => {
  const seen = new Map<string, number>();
  return new Set(
    [...prose(text).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => {
      const anchor = anchorOf(heading);
      const before = seen.get(anchor) ?? 0;
      seen.set(anchor, before + 1);
      return before === 0 ? anchor : `${anchor}-${before}`;
    }),
  );
};

const link = /\]\(([^)\s]+)\)/g;

export interface Link {
  /** As it is written. */
  readonly target: string;
  /** The file or folder it leads to, from the repository's root. */
  readonly path: string;
  readonly anchor: string | undefined;
}

/** Where a link of the page leads; `undefined` for an address outside of the repository. */
const linkTo = (page: string, target: string): Link | undefined => {
  if (/^(https?:|mailto:)/.test(target)) return undefined;
  const [path = '', anchor] = target.split('#');
  return { target, path: path === '' ? page : normalize(join(dirname(page), path)).replace(/\/$/, ''), anchor };
};

/** The links of a page to this repository, pictures included. */
export const linksOf = (page: string, text: string): readonly Link[] =>
  [...prose(text).matchAll(link)].flatMap(([, target = '']) => linkTo(page, target) ?? []);

/** The text with other targets of its links to this repository. */
export const withLinks = (page: string, text: string, changed: (link: Link) => string): string =>
  mapProse(text, (part) =>
    part.replace(link, (whole, target: string) => {
      const to = linkTo(page, target);
      return to === undefined ? whole : `](${changed(to)})`;
    }),
  );

/** The links of a page that lead nowhere, each with the reason. */
export const lostLinks = (page: string): readonly string[] =>
  linksOf(page, readFileSync(page, 'utf8')).flatMap(({ target, path, anchor }) => {
    if (!existsSync(path)) return [`${target}: no such file`];
    return anchor !== undefined && path.endsWith('.md') && !anchorsOf(readFileSync(path, 'utf8')).has(anchor)
      ? [`${target}: no such heading`]
      : [];
  });
