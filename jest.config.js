import { tmpdir } from 'node:os';
import { join } from 'node:path';

// Of the command line's processes half of the time is the compilation of its modules. The folder is Node's own default.
process.env['NODE_COMPILE_CACHE'] ??= join(tmpdir(), 'node-compile-cache');

/** Jest runs the TypeScript sources as ES modules; swc only strips the types, `npm run check` is what type-checks. */
// biome-ignore lint/style/noDefaultExport: Jest reads its configuration from the default export.
export default {
  testEnvironment: '<rootDir>/tools/test-environment.ts',
  testSequencer: '<rootDir>/tools/test-order.ts',
  // The sources are roots too: jest finds the tests of a file (`--findRelatedTests`) by the imports it reads below its roots.
  roots: ['<rootDir>/test', '<rootDir>/src', '<rootDir>/simulator', '<rootDir>/tools'],
  // StrykerJS and the website have packages of their own.
  modulePathIgnorePatterns: ['<rootDir>/tools/(mutation|site)/node_modules'],
  reporters: ['default', '<rootDir>/tools/stale-bundles.ts'],
  testMatch: ['**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { target: 'es2024', parser: { syntax: 'typescript' } }, module: { type: 'nodenext' } },
    ],
  },
  // The one limit of time: a hang reaches it, a machine that is busy with other things does not. It is above the simulator's own, which
  // names the process that hangs.
  testTimeout: 15 * 60_000,
  // A worker whose tests have left nothing behind needs longer than Jest's half a second to end on a busy machine. One that does not end by
  // itself is still reported.
  workerGracefulExitTimeout: 60_000,
  // The modules of a test file stay in memory after it (ES modules in a vm context): a worker begins anew before its heap is full.
  workerIdleMemoryLimit: '2GB',
  // Jest leaves one core idle; on the two of a common runner that doubles the time.
  maxWorkers: '100%',
};
