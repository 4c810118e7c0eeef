import type { S3Location } from '../../src/manifest/manifest.ts';
import type { RegressionSpec } from '../../src/manifest/regression.ts';
import type { Subject } from '../../src/scoring/subject.ts';
import { type TestRecord, testFolder, type Verdict } from '../../src/scoring/test-record.ts';

/** The record of a test whose one attempt ended with this verdict, as `regression-test` writes it; a pass by default. */
export const testedAt = (
  now: number,
  subject: Subject,
  { asking }: Pick<RegressionSpec, 'asking'>,
  changes: Partial<Verdict> = {},
): TestRecord => ({
  schemaVersion: 1,
  subject,
  attempt: 1,
  begunAt: now - 60_000,
  verdict: {
    attempt: 1,
    verdict: 'pass',
    because: 'all 3 cells are kept',
    decidedAt: now,
    validUntil: now + asking.validForSeconds * 1000,
    version: '1.1.0',
    rows: 50,
    run: { actor: 'mina' },
    ...changes,
  },
});

export const testKey = (releases: S3Location, subject: Subject): string =>
  `${testFolder(releases, subject).prefix}test.json`;
