/** A look at the built site, as a browser would find it: pages, links with their anchors, pictures, and the index of the search. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';

const idsOf = (html: string): ReadonlySet<string> =>
  new Set([...html.matchAll(/ id="([^"]*)"/g)].map(([, id = '']) => id));

/**
 * What is wrong with the site in `folder`, which a server offers at `base` (`/`, `/model-delivery/`); `pages` are the Markdown files it was
 * made of. An empty list is a good site.
 */
export const faultsOf = (folder: string, pages: readonly string[], base: string): readonly string[] => {
  const files = pages.map((page) => page.replace(/\.md$/, '.html'));
  const missing = files.filter((file) => !existsSync(join(folder, file))).map((file) => `${file} was not built`);
  const html = new Map(
    files
      .filter((file) => existsSync(join(folder, file)))
      .map((file) => [file, readFileSync(join(folder, file), 'utf8')]),
  );
  const ids = new Map([...html].map(([file, text]) => [file, idsOf(text)]));

  const lost = [...html].flatMap(([file, text]) =>
    [...text.matchAll(/ (?:href|src)="([^"]*)"/g)].flatMap(([, raw = '']) => {
      const target = raw.replaceAll('&amp;', '&');
      if (/^(https?:|mailto:|data:)/.test(target)) return [];
      const [path = '', anchor = ''] = target.split('#');
      if (path.startsWith('/') && !path.startsWith(base)) return [`${file}: ${target} is not below ${base}`];
      const below = path.startsWith('/') ? path.slice(base.length) : posix.join(posix.dirname(file), path);
      const to = path === '' ? file : posix.normalize(/(^|\/)$/.test(below) ? `${below}index.html` : below);
      if (!existsSync(join(folder, to))) return [`${file}: ${target} leads nowhere`];
      return anchor === '' || !to.endsWith('.html') || ids.get(to)?.has(decodeURIComponent(anchor)) === true
        ? []
        : [`${file}: ${target} has no such heading`];
    }),
  );

  const [index] = globSync(join(folder, 'assets/chunks/@localSearchIndex*.js'));
  const found = index === undefined ? '' : readFileSync(index, 'utf8');
  const unfound = files.filter((file) => /^docs\/[a-z-]+\.html$/.test(file) && !found.includes(`${base}${file}`));
  return [
    ...missing,
    ...new Set(lost),
    ...(index === undefined
      ? ['there is no index of the search']
      : unfound.map((file) => `the search does not know ${file}`)),
  ];
};
