import { iso } from '../clock.ts';
import type { Look } from '../endpoint/look.ts';
import { environmentOf } from '../manifest/load.ts';
import type { Manifest } from '../manifest/manifest.ts';
import { Refusal } from '../operation.ts';
import type { RegisteredVersion } from '../registry/registered-version.ts';
import { releasesOf } from '../release/location.ts';
import type { World } from '../world.ts';
import { goldenDigest } from './golden-set.ts';
import { servedIn } from './served.ts';
import { packageContent, policyDigest, type Subject } from './subject.ts';
import { readTest } from './test-record.ts';

interface Wanted {
  readonly manifest: Manifest;
  readonly environment: string;
  readonly registered: RegisteredVersion;
  /** The endpoint now; undefined: there is none. */
  readonly look: Look | undefined;
}

/** The subject that a delivery of this version needs a verdict about; undefined where the manifest has no `regression:`. */
export const subjectOf = async (
  world: World,
  { manifest, environment, registered, look }: Wanted,
): Promise<Subject | undefined> => {
  const { regression } = manifest;
  if (regression === undefined) return undefined;
  return {
    endpoint: environmentOf(manifest, environment).endpoint.name,
    package: packageContent(registered),
    dataset: await goldenDigest(world, regression),
    policy: policyDigest(regression),
    baseline: servedIn(look)?.content ?? 'none',
  };
};

/**
 * Refuses a version that has no passing verdict which still counts, for exactly this package content, golden set, policy and baseline.
 * @returns a note for the plan; empty where the manifest has no `regression:`
 * @throws {Refusal} `regression-missing`
 */
export const requireVerdict = async (world: World, wanted: Wanted): Promise<readonly string[]> => {
  const subject = await subjectOf(world, wanted);
  if (subject === undefined) return [];
  const { manifest, environment, registered } = wanted;
  const releases = releasesOf(environmentOf(manifest, environment), world.account);
  const verdict = (await readTest(world, releases, subject))?.record.verdict;
  const run = `run \`regression-test\` for ${environment} and ${registered.version} first`;
  if (verdict === undefined)
    throw new Refusal(
      'regression-missing',
      `${registered.tag} has no verdict of a regression test against ${subject.baseline === 'none' ? 'these rules (nothing serves yet)' : 'the version that serves'}, with this golden set and this \`regression:\`: ${run}`,
    );
  if (verdict.verdict !== 'pass')
    throw new Refusal(
      'regression-missing',
      `the regression test of ${registered.tag} ended with ${verdict.verdict} at ${iso(verdict.decidedAt)}: ${verdict.because}`,
    );
  if (verdict.validUntil <= world.clock.now())
    throw new Refusal(
      'regression-missing',
      `the regression test of ${registered.tag} passed at ${iso(verdict.decidedAt)}, which counted until ${iso(verdict.validUntil)}: ${run}`,
    );
  return [
    `regression test passed at ${iso(verdict.decidedAt)}, counts until ${iso(verdict.validUntil)}: ${verdict.because}`,
  ];
};
