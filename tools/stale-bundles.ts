import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';

/** The parts of Jest's reporter in use here. */
interface Results {
  readonly testResults: readonly {
    readonly testFilePath: string;
    readonly numFailingTests: number;
    readonly testExecError?: unknown;
  }[];
}

/** Tests of whole processes. */
const runsBundles = /\/test\/(acceptance|crash)\//;

const bundle = resolve(import.meta.dirname, 'bundle.ts');

/**
 * A reporter for Jest. Tests run the bundles in dist/, and their failures mislead when the bundles are stale: then the run's last lines
 * name the remedy. It checks this only after a failure, because the check takes seconds.
 */
// biome-ignore lint/style/noDefaultExport: Jest loads a reporter's default export.
export default class StaleBundles {
  onRunComplete(_contexts: unknown, { testResults }: Results): void {
    const failed = testResults.filter(({ numFailingTests, testExecError }) => numFailingTests > 0 || testExecError);
    if (!failed.some(({ testFilePath }) => runsBundles.test(testFilePath))) return;
    const stale = execFileSync(process.execPath, [bundle, '--list-stale'], { encoding: 'utf8' }).trim().split('\n');
    if (stale[0]) console.error(adviceFor(stale));
  }
}

const adviceFor = (stale: readonly string[]): string =>
  `\nThe bundles of ${stale.join(', ')} come from other sources: run \`npm run bundle -- --if-stale\`, then the tests again.`;
