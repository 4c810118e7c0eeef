/** A room whose tests are mutated. Its score means something only beside the list of its tests, so the list is here. */
export interface Room {
  /** Folder or files, below the root. */
  readonly mutate: string;
  /** Jest's `testMatch`, below the root. Every mutant loads all of these files, so together they must take only seconds. */
  readonly tests: readonly string[];
  /** The number of mutants to test, where all would take more than half an hour. */
  readonly sample?: number;
}

export const rooms: Readonly<Record<string, Room>> = {
  rollout: {
    mutate: 'src/rollout/**/*.ts',
    tests: ['test/unit/rollout/*.test.ts', 'test/properties/stepped-rollout.test.ts'],
  },
  judge: {
    mutate: 'src/judge/**/*.ts',
    tests: ['test/unit/judge/*.test.ts', 'test/journals/replay.test.ts'],
    sample: 300,
  },
  release: {
    mutate: 'src/release/**/*.ts',
    tests: ['test/unit/release/*.test.ts', 'test/properties/release-lifecycle.test.ts'],
    sample: 300,
  },
  metrics: { mutate: 'src/metrics/**/*.ts', tests: ['test/unit/metrics/*.test.ts'], sample: 300 },
  mechanisms: {
    mutate: 'src/mechanisms/**/*.ts',
    tests: ['test/unit/mechanisms/*.test.ts', 'test/unit/delivery/order-to-stop.test.ts'],
    sample: 300,
  },
  // The reading of rows. The tests of the statistics draw thousands of sets, and take minutes.
  regression: {
    mutate: 'src/regression/scoring/**/*.ts',
    tests: ['test/unit/regression/scoring/*.test.ts', 'test/unit/regression/golden.test.ts'],
    sample: 60,
  },
  delivery: { mutate: 'src/delivery/**/*.ts', tests: ['test/unit/delivery/*.test.ts'], sample: 300 },
  versions: {
    mutate: 'src/versions/**/*.ts',
    tests: ['test/unit/versions/*.test.ts', 'test/properties/next-version.test.ts'],
  },
};
