#!/usr/bin/env node
// Starts the built command line. Plain JavaScript without a top-level await, so that an old Node gets as far as printing this.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const main = new URL('../build/src/main.js', import.meta.url);
const { engines } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));

/** `^20.12.1 || >=22`: what `engines` says and no more of the grammar than that. */
const allows = (range, version) => {
  const [major, minor, patch] = version.split('.').map(Number);
  return range.split('||').some((part) => {
    const [, caret, first, second = 0, third = 0] = /^(\^|>=)(\d+)(?:\.(\d+))?(?:\.(\d+))?$/.exec(part.trim());
    const newer = major - first || minor - second || patch - third;
    return newer >= 0 && (caret === '>=' || major === Number(first));
  });
};

/** In a clone: the newest source that was changed after the build. */
const isStale = () => {
  const sources = `${root}src`;
  if (!existsSync(sources)) return false;
  const builtAt = statSync(main).mtimeMs;
  return readdirSync(sources, { recursive: true, withFileTypes: true }).some(
    (entry) => entry.isFile() && statSync(`${entry.parentPath || entry.path}/${entry.name}`).mtimeMs > builtAt,
  );
};

const fail = (message) => {
  console.error(`model-delivery: ${message}`);
  process.exit(1);
};

if (!allows(engines.node, process.versions.node))
  fail(`needs Node ${engines.node}; this is ${process.version} (${process.execPath})`);
if (!existsSync(main))
  fail(
    `is not built. Run \`npm run build\` in ${root}\n` +
      '`npm ci` builds it, but not with --ignore-scripts and not without the development dependencies.',
  );
// On Node 20 the SDK advises to update it, which is this package's business; `engines` says on which Node it works.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
if (isStale())
  console.error(`model-delivery: the build is older than the sources; \`npm run build\` in ${root} renews it`);

import(main).catch((error) => {
  console.error(error);
  process.exit(1);
});
