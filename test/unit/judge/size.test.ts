import { resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from '@jest/globals';
import { build } from 'esbuild';

test('the judge alone is below 15 kB, minified and gzipped, and needs nothing', async () => {
  const { outputFiles, metafile } = await build({
    stdin: {
      contents: `
        export * from './judge.ts'; export * from './policy.ts'; export * from './latency.ts';
        export * from './burst-guard.ts'; export * from './time-to-proof.ts';`,
      resolveDir: resolve('src/judge'),
      loader: 'ts',
    },
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'neutral',
  });
  const inputs = Object.keys(metafile.inputs).filter((path) => path !== '<stdin>');
  expect(inputs.length).toBeGreaterThan(10);
  expect(inputs.filter((path) => !path.startsWith('src/judge/'))).toEqual([]);
  expect(gzipSync(outputFiles[0]?.contents ?? '').length).toBeLessThan(15_000);
});
