/**
 * The website of the repository's pages. tools/site/build.ts lays them into `build/pages` and starts this.
 *
 * `SITE_BASE` is the folder of the site on its server (`/model-delivery/`), `GITHUB_REPOSITORY` the repository that it links to.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type DefaultTheme, defineConfig } from 'vitepress';
import { anchorOf } from '../../markdown.ts';
import { chapters } from '../contents.ts';

const root = join(import.meta.dirname, '../../..');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { readonly version: string };
const repository = process.env['GITHUB_REPOSITORY'];

const titleOf = (page: string): string =>
  /^# (.+)$/m.exec(readFileSync(join(root, page), 'utf8'))?.[1]?.replaceAll('`', '') ?? page;
const urlOf = (page: string): string => `/${page.replace(/README\.md$/, '').replace(/\.md$/, '')}`;

const sidebar: DefaultTheme.SidebarItem[] = chapters.map(({ text, pages }) => ({
  text,
  collapsed: false,
  items: pages.map((page) => {
    const [path, title] = typeof page === 'string' ? [page, titleOf(page)] : page;
    return { text: title, link: urlOf(path) };
  }),
}));

// biome-ignore lint/style/noDefaultExport: VitePress reads its configuration from the default export.
export default defineConfig({
  title: 'model-delivery',
  description:
    'From a trained model to one that serves, on Amazon SageMaker: registered, approved, tested, shifted, verified, and taken back',
  lang: 'en',
  base: process.env['SITE_BASE'] ?? '/',
  srcDir: 'build/pages',
  outDir: 'build/site',
  cacheDir: 'build/cache',
  // A page has the text of its file and no other time: the same sources give the same site.
  lastUpdated: false,
  // Vite's own older targets need an esbuild that does not know this project's TypeScript target.
  vite: { build: { target: 'es2022' } },
  markdown: {
    // GitHub's anchors, so that a link works in both places.
    anchor: { slugify: anchorOf },
    config: (md) => {
      const fence = md.renderer.rules.fence;
      md.renderer.rules.fence = (tokens, index, options, env, self) => {
        const { info, content } = tokens[index] ?? { info: '', content: '' };
        if (info.trim() === 'mermaid') return `<Diagram code="${encodeURIComponent(content)}" />`;
        return fence?.(tokens, index, options, env, self) ?? '';
      };
      // `${{ … }}` is GitHub's, not Vue's.
      const code = md.renderer.rules.code_inline;
      md.renderer.rules.code_inline = (tokens, index, options, env, self) => {
        tokens[index]?.attrSet('v-pre', '');
        return code?.(tokens, index, options, env, self) ?? '';
      };
    },
  },
  themeConfig: {
    nav: [
      { text: 'Getting started', link: '/docs/getting-started' },
      { text: 'The manifest', link: '/docs/manifest' },
      { text: 'Command line', link: '/docs/command-line' },
      { text: version, link: '/CHANGELOG' },
    ],
    sidebar,
    outline: [2, 3],
    search: { provider: 'local' },
    ...(repository === undefined
      ? {}
      : {
          socialLinks: [
            { icon: 'github', link: `${process.env['GITHUB_SERVER_URL'] ?? 'https://github.com'}/${repository}` },
          ],
        }),
  },
});
