import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { anchorsOf, pagesOf, withLinks } from '../../tools/markdown.ts';
import { faultsOf } from '../../tools/site/built.ts';
import { chapters, pagesWithoutChapter } from '../../tools/site/contents.ts';
import { stagedPages } from '../../tools/site/pages.ts';

describe('the pages of the site', () => {
  const staged = new Map(stagedPages().map(({ path, content }) => [path, content]));

  test('are those of the repository, a README as the index of its folder', () => {
    for (const page of pagesOf()) expect([...staged.keys()]).toContain(page.replace(/README\.md$/, 'index.md'));
  });
  test('have the files that they link to: shown, listed, or as they are where they are large', () => {
    expect(staged.get('examples/canary.yml.md')).toMatch(
      /^---\nsearch: false[^#]*# examples\/canary\.yml\n\n```yaml\n/,
    );
    expect(staged.get('codebuild/buildspecs/index.md')).toContain('- [deploy.yml](./deploy.yml.md)');
    expect(staged.has('public/delivery.schema.json')).toBe(true);
    expect(staged.has('docs/images/rehearsal.png')).toBe(true);
    expect(staged.get('index.md')).toContain('](./docs/manifest.md)');
    expect(staged.get('docs/manifest.md')).toContain('](/delivery.schema.json)');
  });
  test('have no hidden folder, which the upload would leave out', () => {
    expect([...staged.keys()].filter((path) => /(^|\/)\./.test(path))).toEqual([]);
  });
  test('stand in a chapter each, and no chapter has another one', () => {
    expect(pagesWithoutChapter(pagesOf())).toEqual([]);
    const listed = chapters.flatMap(({ pages }) => pages.map((page) => (typeof page === 'string' ? page : page[0])));
    expect([...listed].sort()).toEqual(pagesOf());
    expect(pagesWithoutChapter(['docs/new.md'])).toEqual(['docs/new.md']);
  });
});

test('links in code stay as they are; links elsewhere are changed, and those to other servers are not', () => {
  const text = '[a](b.md#c) [x](https://x.example/)\n\n```md\n[a](b.md)\n```\n[d](e.md)\n';
  expect(withLinks('docs/p.md', text, ({ path, anchor }) => `${path}|${anchor}`)).toBe(
    '[a](docs/b.md|c) [x](https://x.example/)\n\n```md\n[a](b.md)\n```\n[d](docs/e.md|undefined)\n',
  );
});
test('an anchor that repeats has its number', () => {
  expect([...anchorsOf('# The `x`: a\n## Same\n```sh\n# no heading\n```\n## Same\n')]).toEqual([
    'the-x-a',
    'same',
    'same-1',
  ]);
});

describe('a look at the built site', () => {
  let folder = '';
  const put = (path: string, text: string): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  const faults = (): readonly string[] => faultsOf(folder, ['index.md', 'docs/a.md'], '/base/');
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'site-'));
    put('index.html', '<a href="/base/docs/a.html#one">a</a> <a href="https://x.example/no">x</a>');
    put(
      'docs/a.html',
      '<h2 id="one">One</h2> <a href="./../#top">up</a> <i id="top"></i> <img src="/base/assets/a.png">',
    );
    put('assets/a.png', '');
    put('assets/chunks/@localSearchIndexroot.X.js', '"/base/docs/a.html#one"');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test.each<[string, () => void, readonly string[]]>([
    ['a page that is not there', () => rmSync(join(folder, 'docs/a.html')), ['docs/a.html was not built']],
    ['a link to no page', () => put('index.html', '<a href="./b.html">'), ['index.html: ./b.html leads nowhere']],
    [
      'a link to no heading',
      () => put('index.html', '<a href="/base/docs/a.html#two">'),
      ['/base/docs/a.html#two has no such heading'],
    ],
    [
      'a link out of the site',
      () => put('index.html', '<a href="/docs/a.html">'),
      ['/docs/a.html is not below /base/'],
    ],
    [
      'a picture that is not there',
      () => rmSync(join(folder, 'assets/a.png')),
      ['docs/a.html: /base/assets/a.png leads nowhere'],
    ],
    [
      'no search',
      () => rmSync(join(folder, 'assets/chunks'), { recursive: true }),
      ['there is no index of the search'],
    ],
    [
      'a search without a page',
      () => put('assets/chunks/@localSearchIndexroot.X.js', ''),
      ['the search does not know docs/a.html'],
    ],
  ])('finds %s', (_title, damage, found) => {
    put('index.html', `${'<i id="top"></i>'}<a href="/base/docs/a.html#one">`);
    expect(faults()).toEqual([]);
    damage();
    for (const fault of found) expect(faults().join('\n')).toContain(fault);
  });
});
