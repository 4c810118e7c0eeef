import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';

/** Jest's, as far as it is used here. */
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
 * A reporter of jest's. Tests run the bundles in dist/, and say nothing of use where those were made of other sources: then the run's
 * last lines say what to do. Looked at only when one of them failed, for it takes seconds.
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
  `\nThe bundles of ${stale.join(', ')} were made of other sources than these: run \`npm run bundle -- --if-stale\`, then the tests again.`;
