import { globSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { build } from 'esbuild';

/** Files and packages that are loaded with this file, before any `import()` runs. */
const loadedWith = async (start: string): Promise<readonly string[]> => {
  const { metafile } = await build({
    entryPoints: [start],
    bundle: true,
    write: false,
    metafile: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
  });
  const found = new Set([start]);
  for (const path of found)
    for (const { path: target, kind } of metafile.inputs[path]?.imports ?? [])
      if (kind === 'import-statement') found.add(target);
  return [...found];
};

it.each(['src/main.ts', 'src/commands/compare.ts'])(
  '%s loads no SDK and no operation: a million rows need the memory',
  async (start) => {
    const loaded = await loadedWith(start);
    expect(loaded).toContain('src/plain-text.ts');
    expect(
      loaded.filter((path) => /^@(aws-sdk|smithy|octokit|actions)\/|^src\/operations\/|^simulator\//.test(path)),
    ).toEqual([]);
  },
);

it.each(globSync('actions/*/main.ts'))(
  '%s loads no SDK, no parser and no operation before its first request',
  async (start) => {
    const loaded = await loadedWith(start);
    expect(loaded).toContain('src/aws/early-caller.ts');
    expect(
      loaded.filter((path) =>
        /^(@(aws-sdk|smithy|octokit|actions)\/|zod|yaml|src\/operations\/|src\/report\/|src\/hosts\/operation-run)/.test(
          path,
        ),
      ),
    ).toEqual([]);
  },
);
