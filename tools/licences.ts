import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';

/**
 * The licence notices of every package in a bundle: the licences require them. Packages with the same text share one notice: the AWS
 * clients alone would repeat theirs thirty times.
 */
export const licencesOf = (metafile: Metafile, root: string): string => {
  const inBundle = Object.values(metafile.outputs).flatMap((output) =>
    Object.entries(output.inputs).flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? [path] : [])),
  );
  const folders = new Set(inBundle.flatMap((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []));
  const byText = new Map<string, string[]>();
  for (const folder of [...folders].sort()) {
    const text = noticeOf(join(root, folder));
    byText.set(text, [...(byText.get(text) ?? []), titleOf(join(root, folder))]);
  }
  return [...byText].map(([text, titles]) => `${titles.join('\n')}\n\n${text}\n`).join(`\n${'-'.repeat(80)}\n\n`);
};

interface PackageJson {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
}
const packageJson = (folder: string): PackageJson => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));

const titleOf = (folder: string): string => {
  const { name, version, license } = packageJson(folder);
  return `${name} ${version} (${license ?? 'see below'})`;
};

const noticeOf = (folder: string): string => {
  const files = globSync(['LICENSE*', 'LICENCE*', 'license*', 'NOTICE*'], { cwd: folder }).sort();
  const texts = files.map((name) => readFileSync(join(folder, name), 'utf8').replaceAll('\r\n', '\n').trim());
  return texts.length === 0 ? `Licence: ${packageJson(folder).license ?? 'unknown'}` : texts.join('\n\n');
};
