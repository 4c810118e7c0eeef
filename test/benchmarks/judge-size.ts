import { resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

/** The judge alone, minified and gzipped: its size in bytes, and the files in it. */
export const judgeSize = async (): Promise<{ readonly bytes: number; readonly files: readonly string[] }> => {
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
  return {
    bytes: gzipSync(outputFiles[0]?.contents ?? '').length,
    files: Object.keys(metafile.inputs).filter((path) => path !== '<stdin>'),
  };
};
