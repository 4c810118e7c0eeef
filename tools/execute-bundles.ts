/**
 * Starts every committed bundle like a runner, from an empty folder and without inputs. A bundle that loads answers with its outputs
 * and a failed step. A bundle that lacks a module or has a defect in its packaging does not (ncc and esbuild both exit 0 then).
 */
import { spawnSync } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');

/** The bundle's fault; undefined when it answers like an action without inputs. */
const fault = (bundle: string): string | undefined => {
  const folder = mkdtempSync(join(tmpdir(), 'execute-'));
  try {
    const files = Object.fromEntries(
      ['GITHUB_OUTPUT', 'GITHUB_STATE', 'GITHUB_STEP_SUMMARY', 'GITHUB_ENV'].map((name) => [name, join(folder, name)]),
    );
    for (const path of Object.values(files)) writeFileSync(path, '');
    // No PATH, no HOME, no credentials: a bundle needs only itself.
    const env = { ...files, GITHUB_ACTIONS: 'true', RUNNER_TEMP: folder };
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, bundle)], {
      cwd: folder,
      env,
      encoding: 'utf8',
      timeout: 30_000,
    });
    const outputs = readFileSync(join(folder, 'GITHUB_OUTPUT'), 'utf8');
    if (status === 1 && outputs.includes('reason-code') && outputs.includes('invalid-input')) return undefined;
    return `${bundle}: expected exit code 1 and reason-code invalid-input, got exit code ${status}\n${stdout}${stderr}${outputs}`;
  } finally {
    rmSync(folder, { recursive: true });
  }
};

/** The other bundles: without a region the worker's process reports it, and a function exists. */
const workerFault = (bundle: string): string | undefined => {
  const isLambda = !bundle.includes('job-worker');
  const script = `process.exit(typeof require(${JSON.stringify(join(root, bundle))}).handler === 'function' ? 0 : 1)`;
  const { status, stdout, stderr } = spawnSync(process.execPath, isLambda ? ['--eval', script] : [join(root, bundle)], {
    cwd: tmpdir(),
    env: {},
    encoding: 'utf8',
    timeout: 30_000,
  });
  if (isLambda ? status === 0 : status === 2 && stderr.includes('no region')) return undefined;
  return `${bundle}: got exit code ${status}\n${stdout}${stderr}`;
};

const bundles = globSync(['actions/*/dist/index.cjs', 'codebuild/*/dist/index.cjs'], { cwd: root }).sort();
const faults = bundles.flatMap(
  (bundle) => (bundle.startsWith('codebuild') ? workerFault(bundle) : fault(bundle)) ?? [],
);
for (const text of faults) console.error(text);
console.log(`${bundles.length - faults.length} of ${bundles.length} bundles executed`);
process.exitCode = faults.length === 0 && bundles.length > 0 ? 0 : 1;
