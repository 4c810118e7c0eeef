import { createRequire } from 'node:module';
import { buildSync } from 'esbuild';

/**
 * GitHub's own workflow parser and expression evaluator. Their ES modules import JSON without the attribute that Node requires,
 * so they are bundled in memory first (reference/github-actions.md §4.1).
 */
const { outputFiles } = buildSync({
  stdin: {
    contents: `export * as parser from '@actions/workflow-parser'; export * as expressions from '@actions/expressions';`,
    resolveDir: import.meta.dirname,
  },
  bundle: true,
  write: false,
  platform: 'node',
  format: 'cjs',
  logLevel: 'error',
});

interface Packages {
  readonly parser: typeof import('@actions/workflow-parser');
  readonly expressions: typeof import('@actions/expressions');
}
const loaded: { exports: Partial<Packages> } = { exports: {} };
new Function('module', 'exports', 'require', outputFiles[0]?.text ?? '')(
  loaded,
  loaded.exports,
  createRequire(import.meta.url),
);

export const { parser, expressions } = loaded.exports as Packages;
