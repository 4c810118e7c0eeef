import { Refusal } from '../operation.ts';
import { candidatesFor } from '../versions/next-version.ts';
import type { World } from '../world.ts';
import { listPackages, packagesOf } from './packages.ts';
import { parseSemanticVersion } from './semantic-version.ts';
import type { PackageReference } from './version-reference.ts';

/** As `from`: the newest release candidate of the version that is registered. */
export const candidateWord = 'candidate';

/**
 * The newest release candidate of a final version: `1.4.0-rc.2` for `1.4.0`. One that is rejected is not passed over for an older one.
 * @throws {Refusal} when there is none, or it is rejected
 */
export const newestCandidate = async (world: World, model: string, version: string): Promise<PackageReference> => {
  const refuse = (because: string): never => {
    throw new Refusal('invalid-input', `from: ${candidateWord}: ${because}`);
  };
  const final = parseSemanticVersion(version);
  if (final === undefined || final.prerelease.length > 0)
    return refuse(`${version} is no final version, and only those have release candidates`);
  const listed = await listPackages(world, model);
  const candidates = candidatesFor(
    final,
    listed.flatMap(({ version: text }) => parseSemanticVersion(text) ?? []),
  );
  const [newest, before] = [...new Set(candidates.map((one) => one.version))];
  const [owner] = newest === undefined ? [] : packagesOf(listed, newest);
  if (newest === undefined || owner === undefined)
    return refuse(
      `${model} has no release candidate ${version}-rc.N; register one, e.g. on the branch release/${version}`,
    );
  if (owner.approval === 'Rejected')
    return refuse(
      `the newest one, ${newest}, is rejected; register another${before === undefined ? '' : `, or name the one to take: ${before}`}`,
    );
  return { group: model, packageVersion: owner.packageVersion };
};
