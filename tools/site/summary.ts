/**
 * A job summary as a page that looks as on GitHub, for tools/picture.sh:
 *
 *   node tools/site/summary.ts rehearsal/3.3-deploy-endpoint-1.4.0.md > page.html
 */
import { readFileSync } from 'node:fs';
import { createMarkdownRenderer } from 'vitepress';

const [path] = process.argv.slice(2);
if (path === undefined) throw new Error('usage: node tools/site/summary.ts SUMMARY.md');
const markdown = await createMarkdownRenderer(import.meta.dirname);
const body = markdown.render(readFileSync(path, 'utf8'));
console.log(`<!doctype html><html lang="en"><head><meta charset="utf-8"><style>
body { margin: 24px 32px; color: #1f2328; background: #fff; font: 14px/1.5 system-ui, sans-serif; }
h2, h3 { margin: 20px 0 12px; line-height: 1.25; }
h2 { padding-bottom: 6px; border-bottom: 1px solid #d1d9e0; font-size: 21px; }
h3 { font-size: 17px; }
table { border-collapse: collapse; margin: 0 0 16px; }
th, td { padding: 6px 13px; border: 1px solid #d1d9e0; text-align: left; }
tr:nth-child(even) td { background: #f6f8fa; }
code { padding: 2px 5px; border-radius: 6px; background: #eff1f3; font: 12px ui-monospace, monospace; }
.header-anchor { display: none; }
</style></head><body>${body}</body></html>`);
