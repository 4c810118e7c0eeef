import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

// Its types describe the CommonJS file alone.
const { default: Sequencer } = createRequire(import.meta.url)(
  '@jest/test-sequencer',
) as typeof import('@jest/test-sequencer');

const root = join(import.meta.dirname, '..');

type Tests = Parameters<InstanceType<typeof Sequencer>['sort']>[0];

/**
 * The order of test files. Jest starts those that took longest first, and where it has not run them yet, as in a fresh clone, the largest ones.
 * A small file that takes minutes would then begin among the last, and the other workers would wait for it: these begin first.
 */
// biome-ignore lint/style/noDefaultExport: Jest loads a sequencer's default export.
export default class LongestFirst extends Sequencer {
  override async sort(tests: Tests): Promise<Tests> {
    const gone = longThoughSmall.filter((file) => !existsSync(join(root, file)));
    if (gone.length > 0) throw new Error(`tools/test-order.ts names ${gone.join(', ')}, which is not there`);
    const sorted = await super.sort(tests);
    const isLong = ({ path }: Tests[number]): boolean => longThoughSmall.some((end) => path.endsWith(end));
    return [...sorted.filter(isLong), ...sorted.filter((test) => !isLong(test))];
  }
}

/** Files of more than a minute, and fewer than 10,000 bytes. */
const longThoughSmall: readonly string[] = [
  'test/acceptance/fleet-scale.test.ts',
  'test/conformance/hosts.test.ts',
  'test/unit/regression/calibration.test.ts',
  'test/crash/releases.test.ts',
];
