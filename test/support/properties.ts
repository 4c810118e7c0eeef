import fc from 'fast-check';

/**
 * The one door to fast-check. `npm test` tries the same inputs every time, so it fails for a change and never by chance; `FUZZ_RUNS` (as
 * `npm run test:fuzz` sets it) tries others each time, and `FUZZ_SEED` those of a failure, which prints its seed and path.
 */
const seedOfTests = 20_260_105;
const { FUZZ_RUNS: runs, FUZZ_SEED: given } = process.env;
const seed = given === undefined ? (runs === undefined ? seedOfTests : undefined) : Number(given);
if (seed !== undefined) fc.configureGlobal({ ...fc.readConfigureGlobal(), seed });

export { fc };
