/**
 * Emits the command line into `build/`: compiled sources, and the data that the simulator reads beside them. Runs on every Node that
 * `engines` allows, because `npm ci` runs it.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const compiler = join(root, 'node_modules/typescript/bin/tsc');
const fresh = join(root, 'build/fresh');

/** @returns the compiler's exit code */
export const build = () => {
  rmSync(fresh, { recursive: true, force: true });
  const { status } = spawnSync(process.execPath, [compiler, '-p', 'tsconfig.build.json', '--outDir', fresh], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status !== 0) return status ?? 1;
  cpSync(join(root, 'simulator'), join(fresh, 'simulator'), {
    recursive: true,
    filter: (source) => !source.endsWith('.ts'),
  });
  // Each folder changes in one step: a command that starts meanwhile finds the old build or the new one.
  for (const room of ['src', 'simulator']) {
    rmSync(join(root, 'build', room), { recursive: true, force: true });
    mkdirSync(join(root, 'build'), { recursive: true });
    renameSync(join(fresh, room), join(root, 'build', room));
  }
  rmSync(fresh, { recursive: true, force: true });
  return 0;
};

/** Without development dependencies the compiler is missing, and such an installation has nothing to build. */
export const canBuild = () => existsSync(compiler);

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = build();
