import { iso } from '../clock.ts';
import { environmentOf } from '../manifest/load.ts';
import type { Manifest, S3Location } from '../manifest/manifest.ts';
import type { RegressionSpec } from '../manifest/regression.ts';
import { testDue } from '../manifest/test-due.ts';
import { type OperationName, Refusal } from '../operation.ts';
import { oneLine } from '../plain-text.ts';
import type { RegisteredVersion } from '../registry/registered-version.ts';
import { expiredBecause } from '../regression/golden/expiry.ts';
import { releasesOf } from '../release/location.ts';
import type { World } from '../world.ts';
import { reportFiles, reportsDigestFile } from './checks/report-files.ts';
import { filesDigest, goldenFiles } from './golden-set.ts';
import { predictionFiles } from './predictions.ts';
import type { Serving } from './served.ts';
import { type Subject, subjectOf } from './subject.ts';
import { readTest, runningAttempt, type TestRecord, testFolder, type Verdict } from './test-record.ts';

/** The release that a delivery has planned. */
interface Release {
  readonly manifest: Manifest;
  /** By its name. */
  readonly environment: string;
  readonly registered: RegisteredVersion;
  readonly operation: Extract<OperationName, 'deploy-endpoint' | 'shift-traffic'>;
  /** The look at the endpoint that the release was planned by; undefined: there is none. */
  readonly look: Serving | undefined;
  /** It brings a candidate up without traffic. */
  readonly isDark: boolean;
  /** The release that was left behind and settles first. Until then its candidate may serve, which is no baseline. */
  readonly after: { readonly id: string } | undefined;
}

/**
 * Refuses a new release without a passing verdict that still counts, for exactly this package content, golden set, policy and
 * baseline. As with an approval, a dry run shows the plan before there is one; a test that the version did not pass refuses both.
 * @returns notes for the plan; empty where the manifest has no `regression:`
 * @throws {Refusal} `regression-missing`
 */
export const requireVerdict = async (world: World, release: Release): Promise<readonly string[]> => {
  const { regression } = release.manifest;
  if (regression === undefined) return [];
  const { after, operation } = release;
  if (after !== undefined) return [`the verdict of the regression test is looked at when ${after.id} has settled`];
  const free = withoutVerdict(regression, release);
  if (free !== undefined) return [free];
  const standing = await standingOf(world, regression, release);
  if (standing.is === 'passed') return [standing.because];
  if (standing.is === 'failed' || standing.is === 'not-passed')
    throw new Refusal('regression-missing', standing.because);
  if (world.write === undefined) return [`${standing.because}: ${operation} would refuse; ${standing.remedy}`];
  throw new Refusal('regression-missing', `${standing.because}: ${standing.remedy}`);
};

/** Why this release may begin without a verdict: it brings the candidate up where the test finds it. */
const withoutVerdict = (
  { asking: { candidate } }: RegressionSpec,
  { manifest, environment, isDark }: Release,
): string | undefined => {
  if (candidate.is === 'dark-variant' && isDark)
    return 'the traffic waits for a passing regression test of the dark candidate';
  return testDue(manifest, environment) === undefined
    ? `the regression test of other environments finds its candidate in ${environment}: no verdict is needed here`
    : undefined;
};

/** Whether the verdict of a version counts as passed, for the version that serves now; `because` is a sentence. */
export const verdictStanding = async (
  world: World,
  at: Pick<Release, 'manifest' | 'environment' | 'registered' | 'look'>,
): Promise<Pick<VerdictStanding, 'is' | 'because'>> => {
  const { regression } = at.manifest;
  if (regression === undefined) return { is: 'open', because: 'the manifest has no `regression:`' };
  if (testDue(at.manifest, at.environment) === undefined)
    return {
      is: 'open',
      because: `the regression test of other environments finds its candidate in ${at.environment}: there is no verdict for it`,
    };
  return standingOf(world, regression, { ...at, operation: 'deploy-endpoint', isDark: false });
};

export type VerdictStanding =
  | { readonly is: 'passed'; readonly because: string; readonly kept: KeptVerdict }
  /** The version breaks a rule. */
  | { readonly is: 'failed'; readonly because: string; readonly kept: KeptVerdict }
  /** It was inconclusive, or the golden set has expired. */
  | { readonly is: 'not-passed'; readonly because: string; readonly kept: KeptVerdict }
  /** A test may still come. */
  | { readonly is: 'open'; readonly because: string; readonly remedy: string };

/** A verdict, and the folder of its test. */
export interface KeptVerdict {
  readonly folder: S3Location;
  readonly verdict: Verdict;
}

/** The verdict about a release as it is planned, and whether it counts. */
export const standingOf = async (
  world: World,
  regression: RegressionSpec,
  release: Omit<Release, 'after'>,
): Promise<VerdictStanding> => {
  const { manifest, environment, registered, look } = release;
  const { tag } = registered;
  const target = environmentOf(manifest, environment);
  const endpoint = target.endpoint.name;
  const dataset = filesDigest([
    ...(await goldenFiles(world, regression)),
    ...(await predictionFiles(world, { model: manifest.model, regression, registered, look })),
    ...reportsDigestFile(await reportFiles(world, { regression, registered, look })),
  ]);
  const subject = subjectOf({ endpoint, registered, regression, dataset, look });
  const record = (await readTest(world, releasesOf(target, world.account), subject))?.record;
  const verdict = record?.verdict;
  const remedy = wayOut(regression, release, subject) ?? `run regression-test for ${environment} and ${tag} first`;
  if (verdict === undefined) return { is: 'open', because: missing(record, tag, subject), remedy };
  const at = iso(verdict.decidedAt);
  const kept = { folder: testFolder(releasesOf(target, world.account), subject), verdict };
  if (verdict.verdict !== 'pass')
    return {
      is: verdict.verdict === 'fail' ? 'failed' : 'not-passed',
      kept,
      because: `the regression test of ${tag} ended with ${verdict.verdict} at ${at}: ${verdict.because}`,
    };
  const expired = expiredBecause(regression, world.clock.now());
  if (expired !== undefined)
    return { is: 'not-passed', kept, because: `the regression test of ${tag} passed at ${at}, but ${expired}` };
  // Rule 21: a record is a hint, and the policy limits how long it may count.
  const until = Math.min(verdict.validUntil, verdict.decidedAt + regression.asking.validForSeconds * 1000);
  if (until <= world.clock.now())
    return {
      is: 'open',
      because: `the regression test of ${tag} passed at ${at}, which counted until ${iso(until)}`,
      remedy,
    };
  return {
    is: 'passed',
    kept,
    because: `regression test passed at ${at}, counts until ${iso(until)}: ${verdict.because}; its findings: ${placeOf(kept)}`,
  };
};

/** The run that tested, where it has an address, and the objects that it kept. */
const placeOf = ({ folder: { bucket, prefix }, verdict: { attempt, run } }: KeptVerdict): string =>
  `${run.url === undefined ? '' : `${oneLine(run.url)}, `}s3://${bucket}/${prefix}${attempt}/findings.json`;

const missing = (record: TestRecord | undefined, tag: string, { baseline }: Subject): string => {
  const attempt = record && runningAttempt(record);
  if (record !== undefined && attempt !== undefined)
    return `the regression test of ${tag}, attempt ${attempt} of ${iso(record.begunAt)}, has not ended`;
  return `regression-test has not run for ${tag} with this golden set and this \`regression:\`, ${baseline === 'none' ? 'alone since nothing serves yet' : 'against the version that serves'}`;
};

/** The change of the manifest without which no test could run. */
const wayOut = (
  { asking: { candidate } }: RegressionSpec,
  { operation, environment, isDark }: Pick<Release, 'operation' | 'environment' | 'isDark'>,
  { baseline }: Subject,
): string | undefined => {
  if (candidate.is !== 'dark-variant' || operation !== 'deploy-endpoint' || isDark) return undefined;
  return baseline === 'none'
    ? 'the first version has no dark candidate; use candidate: temporary for it'
    : `only strategy: steps has a dark candidate; use it in ${environment}, or candidate: temporary`;
};
