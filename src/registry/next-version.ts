import { isCommitDigest } from '../digest.ts';
import type { Comparison } from '../github/github.ts';
import { MissingPermission } from '../github/refusal.ts';
import type { Manifest } from '../manifest/manifest.ts';
import { usualNames } from '../manifest/versions.ts';
import { Refusal } from '../operation.ts';
import { quoted } from '../secrets.ts';
import { type BranchKind, branchKind, readCore } from '../versions/branch.ts';
import { nextVersion as derive, fits, newestFinal, openCandidates } from '../versions/next-version.ts';
import type { Version } from '../versions/version.ts';
import { withoutUndefined } from '../without-undefined.ts';
import type { World } from '../world.ts';
import { changeIn } from './commit-change.ts';
import { metadataKeys } from './metadata.ts';
import { describePackage, listPackages } from './packages.ts';
import { type Place, placeOf } from './place-of-run.ts';
import type { ListedPackage } from './registered-version.ts';
import { parseSemanticVersion } from './semantic-version.ts';

/** The version of a commit, derived from its branch, the registry and the commits since the newest version. */
export interface NextVersion {
  /** `1.4.0`, `1.4.0-rc.2`, `1.5.0-alpha.7` or `1.4.0-dev.0a1b2c3d4e5f`. */
  readonly version: string;
  readonly commit: string;
  readonly branch: string;
  /** A clause: `minor version after 1.3.0: 1 feature among 4 commits since then`. */
  readonly because: string;
  /** The newest final version, if its commits were counted. */
  readonly base?: string;
  /** Number of commits since then. */
  readonly commits?: number;
  /** Number of the package that was registered for this commit. */
  readonly registeredAs?: number;
}

/** A package with its version taken apart. */
interface Registered extends Version {
  readonly listed: ListedPackage;
  /** It has the lowest number under its version (DESIGN §9). */
  readonly owns: boolean;
}

/**
 * A package is described to learn its commit. Of each kind of version the newest are: for an older commit than theirs a new version is
 * derived.
 */
const mostDescribed = 50;

/**
 * The version for the commit of this run: the one that a package of this commit has, or the next.
 * @throws {Refusal} when the branch or the commits are not known, or the branch has no next version
 */
export const nextVersion = async (
  world: World,
  { model, versions: names = usualNames }: Manifest,
): Promise<NextVersion> => {
  const place = await placeOf(world, model);
  const kind = branchKind(names, place.branch);
  const registered = registeredOf(await listPackages(world, model));
  const again = await ofThisCommit(world, model, kind, place, registered);
  if (again !== undefined)
    return {
      ...place,
      version: again.version,
      registeredAs: again.packageVersion,
      because: `package ${again.packageVersion} was registered for this commit`,
    };
  const first = readCore(names.first);
  if (first === undefined) throw new Error('the manifest has a first version that is none');
  const seen = await factsFor(world, model, kind, place, registered, names.paths);
  const derived = derive({ kind, commit: place.commit, registered, first, paths: names.paths, ...seen.facts });
  if (derived.is === 'refused') return refuse(`${derived.because}: give the version itself, or rename the branch`);
  if (parseSemanticVersion(derived.version) === undefined)
    return refuse(`the next version would be ${derived.version}, which is none: give the version itself`);
  return { ...place, ...seen.base, version: derived.version, because: derived.because };
};

const refuse = (because: string): never => {
  throw new Refusal('invalid-input', `version: next: ${because}`);
};

const registeredOf = (listed: readonly ListedPackage[]): readonly Registered[] => {
  const owned = new Set<string>();
  return listed.flatMap((one) => {
    const version = parseSemanticVersion(one.version);
    if (version === undefined) return [];
    const owns = !owned.has(one.version);
    owned.add(one.version);
    const { major, minor, patch, prerelease } = version;
    return [{ major, minor, patch, prerelease, listed: one, owns }];
  });
};

/**
 * The package that was registered for this commit. One that came too late for its version (DESIGN §9) counts until it is rejected: then
 * it is settled, and the commit gets another version.
 */
const ofThisCommit = async (
  world: World,
  model: string,
  kind: BranchKind,
  { commit }: Place,
  registered: readonly Registered[],
): Promise<ListedPackage | undefined> => {
  const candidates = registered
    .filter((one) => fits(kind, commit, one) && (one.owns || one.listed.approval !== 'Rejected'))
    .toSorted((one, other) => other.listed.packageVersion - one.listed.packageVersion)
    .slice(0, mostDescribed);
  for (const { listed } of candidates) if (isCommit(await commitOf(world, model, listed), commit)) return listed;
  return undefined;
};

/** The commit that register-model noted with the package; undefined when it was registered without one, or was deleted meanwhile. */
const commitOf = async (world: World, model: string, { arn }: ListedPackage): Promise<string | undefined> => {
  const described = await describePackage(world, model, arn);
  const metadata = described?.CustomerMetadataProperties;
  return (metadata?.[metadataKeys.versionCommit] ?? metadata?.[metadataKeys.gitSha])?.toLowerCase();
};

/** Other tools note a commit by its first digits; git itself shows seven of them at least. */
const isCommit = (noted: string | undefined, commit: string): boolean =>
  noted !== undefined && (noted === commit || (/^[0-9a-f]{7,}$/.test(noted) && commit.startsWith(noted)));

interface Seen {
  readonly facts: { readonly merged?: Version; readonly changes: ReturnType<typeof changeIn>[] };
  readonly base: Pick<NextVersion, 'base' | 'commits'>;
}

/** The history, where the branch needs it. */
const factsFor = async (
  world: World,
  model: string,
  kind: BranchKind,
  place: Place,
  registered: readonly Registered[],
  paths: readonly string[],
): Promise<Seen> => {
  if (kind.is !== 'main' && kind.is !== 'other') return { facts: { changes: [] }, base: {} };
  const owners = registered.filter(({ owns }) => owns);
  const merged = kind.is === 'main' ? await mergedCandidate(world, model, place, owners) : undefined;
  const newest = newestFinal(owners);
  if (merged !== undefined || newest === undefined)
    return { facts: { changes: [], ...withoutUndefined({ merged }) }, base: {} };
  const { messages } = await sinceFinal(world, model, kind, place, owners, newest, paths);
  return {
    facts: { changes: messages.map(changeIn) },
    base: { base: newest.listed.version, commits: messages.length },
  };
};

/** The highest release candidate that this commit contains. */
const mergedCandidate = async (
  world: World,
  model: string,
  { commit }: Place,
  owners: readonly Registered[],
): Promise<Registered | undefined> => {
  for (const candidate of openCandidates(owners)) {
    if (candidate.listed.approval === 'Rejected') continue;
    const of = await commitOf(world, model, candidate.listed);
    const compared = of === undefined ? undefined : await compare(world, of, commit);
    if (compared?.relation === 'ahead' || compared?.relation === 'identical') return candidate;
  }
  return undefined;
};

/** The commits since the newest final version; where that has none noted, since the newest before it that has. */
const sinceFinal = async (
  world: World,
  model: string,
  kind: BranchKind,
  { commit }: Place,
  owners: readonly Registered[],
  newest: Registered,
  paths: readonly string[],
): Promise<Comparison> => {
  const { version } = newest.listed;
  let left = owners;
  for (let base: Registered | undefined = newest; base !== undefined; base = newestFinal(left)) {
    const passed = base;
    left = left.filter((one) => one !== passed);
    const of = await commitOf(world, model, base.listed);
    if (of === undefined) continue;
    const compared = await compare(world, of, commit, paths);
    if (compared === undefined && !isCommitDigest(of))
      return refuse(
        `the package of version ${base.listed.version} names its commit as ${quoted(of)}, which is not a whole digest of 40 or 64 hex digits, so the commits since then cannot be counted: give the version itself once`,
      );
    if (compared === undefined)
      return refuse(
        `commit ${of} of version ${base.listed.version} is not in the history: fetch its branch, or, if the history was rewritten, give the version itself once`,
      );
    // Its content is older than that of the newest version, and its number would be higher.
    if (kind.is === 'main' && compared.relation === 'behind')
      return refuse(
        `this commit is older than ${of}, of which version ${base.listed.version} was registered: run on a newer commit, or give the version itself`,
      );
    return compared;
  }
  return refuse(
    `neither package of version ${version} nor one before it names its commit, so none can be counted: give the version itself once, from a job that knows its commit`,
  );
};

/**
 * @param paths commits that change none of them are left out; empty: all commits
 * @returns undefined when one of the commits is not in the history
 */
const compare = async (
  world: World,
  base: string,
  head: string,
  paths: readonly string[] = [],
): Promise<Comparison | undefined> => {
  const found = await world.commits?.compare(base, head, paths);
  if (found?.is === 'known') return found;
  if (found?.is === 'no-path')
    return refuse(
      `versions.paths names ${quoted(found.path)}, and commit ${head} has no such folder or file: write its path from the root of the repository`,
    );
  const unreadable = found?.is === 'absent' ? undefined : (found?.because ?? 'this run has no checkout');
  if (world.github !== undefined)
    try {
      return await world.github.compare(base, head, paths);
    } catch (error) {
      // The remedy of the checkout is the nearer one.
      if (error instanceof MissingPermission && unreadable !== undefined)
        return refuse(
          `the commits since ${quoted(base)} cannot be read: ${unreadable}; or let GitHub compare them: ${error.message}`,
        );
      if (!(error instanceof MissingPermission)) throw error;
    }
  return unreadable === undefined
    ? undefined
    : refuse(`the commits since ${quoted(base)} cannot be read: ${unreadable}`);
};
