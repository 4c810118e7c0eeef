import { orUndefined } from '../aws/errors.ts';
import { allPages } from '../aws/pages.ts';
import type { DescribeModelPackageOutput, ListModelPackagesOutput, ModelPackageSummary } from '../aws/sagemaker.ts';
import { counted } from '../judge/amounts.ts';
import { Refusal } from '../operation.ts';
import { withoutUndefined } from '../without-undefined.ts';
import { type Account, arn, type World } from '../world.ts';
import { approvalOf, readDescription, tagOf, versionIn } from './described-package.ts';
import { type Before, describedBefore } from './package-description.ts';
import { isListed } from './readable.ts';
import type { ListedPackage, RegisteredVersion } from './registered-version.ts';
import { fromRegistry, groupName, inRegistry, isOf, registryAccount } from './registry.ts';
import { nearestVersions, parseSemanticVersion, versionTag } from './semantic-version.ts';
import { nameOfPackage, type PackageReference, readReference, unnamedVersion } from './version-reference.ts';

/** A version as a request names it, under its name in records, and the number that the request gave, if any. */
export interface RequestedVersion {
  readonly version: string;
  readonly packageVersion?: number;
}

/**
 * The version that a request means. A number or an ARN costs one DescribeModelPackage.
 * @returns undefined when the requested package does not exist
 * @throws {Refusal} when `text` names nothing, or another model
 */
export const findRequested = async (
  world: World,
  model: string,
  text: string,
): Promise<RequestedVersion | undefined> => {
  const reference = readReference(model, text);
  if (reference.is === 'version') return { version: reference.version };
  refuseElsewhere(registryAccount(world), reference);
  const { packageVersion } = reference;
  const ModelPackageName = packageArn(registryAccount(world), model, packageVersion);
  const described = await describePackage(world, model, ModelPackageName);
  return described && { version: versionIn(model, packageVersion, described.ModelPackageDescription), packageVersion };
};

/** An ARN names an account and a region; the registry of this run has its own. */
const refuseElsewhere = (registry: Account, { home, ...named }: PackageReference): void => {
  if (home === undefined || isOf(registry, home)) return;
  // SageMaker makes a model only of a package of its own region: no `registry` helps there.
  const remedy =
    home.region === registry.region
      ? 'set `registry` in the manifest to that account, or take the package over: register-model with from and its ARN'
      : `register its content in ${registry.region}`;
  throw new Refusal(
    'unknown-version',
    `version: package ${nameOfPackage(named)} is in the account ending in ${home.id.slice(-4)} in ${home.region}, and this run reads the registry of the account ending in ${registry.id.slice(-4)} in ${registry.region}; ${remedy}`,
  );
};

/**
 * The package that owns a version: the lowest package number whose description begins with the version's tag (DESIGN §9), or the
 * package of that number.
 * @throws {Refusal} `unknown-version`, naming the nearest registered versions, or the packages without one
 */
export const requireVersion = async (
  world: World,
  model: string,
  { version, packageVersion }: RequestedVersion,
): Promise<RegisteredVersion> => {
  const { carriers, all } = await carriersOf(world, model, version);
  const [owner] = carriers;
  if (owner && packageVersion !== undefined && owner.packageVersion !== packageVersion)
    throw new Refusal(
      'unknown-version',
      `package ${packageVersion} of ${model} is described as ${version}, which package ${owner.packageVersion} owns; deploy that one, or register the content of ${packageVersion} under a version of its own: register-model with from: ${packageVersion}`,
    );
  const found = owner && (await describeVersion(world, model, owner));
  if (found) return found;
  const listed = all ?? (await listPackages(world, model));
  throw new Refusal('unknown-version', absence(model, version, packageVersion, listed, registryAccount(world).region));
};

/**
 * `requireVersion`, for the version that a request names in its own words.
 * @param text `1.4.0`, `v1.4.0`, `churn_v1.4.0`, `7`, `churn/7` or an ARN
 */
export const requireRequested = async (world: World, model: string, text: string): Promise<RegisteredVersion> =>
  requireVersion(world, model, (await findRequested(world, model, text)) ?? missingPackage(model, text));

/** A request for a package that does not exist, as the one that it names. */
export const missingPackage = (model: string, text: string): RequestedVersion => {
  const reference = readReference(model, text);
  if (reference.is === 'version') return { version: reference.version };
  const { packageVersion } = reference;
  return { version: unnamedVersion(packageVersion), packageVersion };
};

const absence = (
  model: string,
  version: string,
  packageVersion: number | undefined,
  listed: readonly ListedPackage[],
  region: string,
): string => {
  const named = listed.filter((one) => !isUnnamed(one));
  const nearest = nearestVersions(
    version,
    named.map((one) => one.version),
  ).map((one) => versionTag(model, one));
  const unnamed = listed.filter(isUnnamed);
  const subject = packageVersion === undefined ? versionTag(model, version) : `package ${packageVersion} of ${model}`;
  return [
    `${subject} is not registered`,
    ...(nearest.length > 0 ? [`nearest: ${nearest.join(', ')}`] : []),
    ...(unnamed.length > 0 ? [withoutVersion(model, version, packageVersion, unnamed)] : []),
    ...(listed.length === 0
      ? [`nothing is registered for ${model} in ${region}: register it there first, or correct \`region\``]
      : []),
    ...(listed.length > 0 && nearest.length === 0 && unnamed.length === 0
      ? [`registered: ${named.map((one) => tagOf(model, one)).join(', ')}`]
      : []),
  ].join('; ');
};

const mostShown = 5;

/** Others registered them, a pipeline for instance: a version can be given to each. */
const withoutVersion = (
  model: string,
  version: string,
  packageVersion: number | undefined,
  unnamed: readonly ListedPackage[],
): string => {
  const newest = unnamed.slice(-mostShown);
  const numbers = newest.map((one) => `${one.packageVersion} (${one.approval})`).join(', ');
  const more = unnamed.length > newest.length ? ', the newest of them' : '';
  const last = newest.at(-1)?.packageVersion;
  return `${model} holds ${counted(unnamed.length, 'package')} without a semantic version${more}: ${numbers}. Name one by its number (version: ${last}), or give it a version: register-model with from: ${last} and version: ${packageVersion === undefined ? version : '1.0.0'}`;
};

const isUnnamed = ({ version, packageVersion }: ListedPackage): boolean => version === unnamedVersion(packageVersion);

/** The packages that carry a version, its owner first. */
export const packagesOf = (listed: readonly ListedPackage[], version: string): readonly ListedPackage[] =>
  listed.filter((one) => one.version === version);

/** AWS: ListModelPackages gives at most a hundred a page. */
const aPage = 100;
/** Packages of one moment may be listed in another order than that of their numbers, also across the end of a page. */
const slack = 10;

export interface Carriers {
  /** The packages that carry the version, its owner first. */
  readonly carriers: readonly ListedPackage[];
  /** All packages of the group, where all of them were read. */
  readonly all?: readonly ListedPackage[];
  /** For the description of the next package, in a group of more than one page. */
  readonly before?: Before;
}

/**
 * The packages that carry a version, read from the newest on. The description of a package names the highest version before it, and nobody
 * can change it. So the rest is left out once a description shows that no older package carries the version.
 */
export const carriersOf = async (world: World, model: string, version: string): Promise<Carriers> => {
  const wanted = parseSemanticVersion(version);
  const listed: (ListedPackage & { readonly before?: Before })[] = [];
  let NextToken: string | undefined;
  let pages = 0;
  let proof: Before | undefined;
  do {
    const page: ListModelPackagesOutput | undefined = await fromRegistry(
      world,
      model,
      orUndefined(
        inRegistry(world).read.sagemaker.listModelPackages({
          ModelPackageGroupName: groupName(world, model),
          ModelPackageType: 'Versioned',
          MaxResults: aPage,
          SortBy: 'CreationTime',
          SortOrder: 'Descending',
          NextToken,
        }),
      ),
    );
    const summaries = page?.ModelPackageSummaryList ?? [];
    for (const summary of summaries)
      for (const one of fromSummary(model, summary))
        listed.push({
          ...one,
          ...withoutUndefined({ before: describedBefore(summary.ModelPackageDescription ?? '') }),
        });
    NextToken = page?.NextToken || undefined;
    pages += 1;
    if (pages > mostPages) throw new Error(`ListModelPackages has more than ${mostPages} pages`);
    const lowest = Math.min(...listed.map(({ packageVersion }) => packageVersion));
    proof = listed.find(
      ({ before, packageVersion }) =>
        before !== undefined &&
        before.through < packageVersion &&
        before.through >= lowest + slack &&
        wanted !== undefined &&
        wanted.compare(before.highest) > 0,
    )?.before;
  } while (NextToken !== undefined && proof === undefined);
  listed.sort((a, b) => a.packageVersion - b.packageVersion);
  const newest = listed.at(-1)?.packageVersion;
  const highest = [...listed.map((one) => one.version), ...(NextToken && proof ? [proof.highest] : [])]
    .flatMap((text) => parseSemanticVersion(text) ?? [])
    .sort((a, b) => b.compare(a))[0]?.version;
  return {
    carriers: packagesOf(listed, version),
    ...(NextToken === undefined ? { all: listed } : {}),
    ...((pages > 1 || NextToken !== undefined) && newest !== undefined && highest !== undefined
      ? { before: { highest, through: newest } }
      : {}),
  };
};
const mostPages = 1000;

/** Every package of the group, by package number; none when the group does not exist. */
export const listPackages = async (world: World, model: string): Promise<readonly ListedPackage[]> => {
  const pages = await fromRegistry(
    world,
    model,
    allPages('sagemaker:ListModelPackages', (NextToken) =>
      orUndefined(
        inRegistry(world).read.sagemaker.listModelPackages({
          ModelPackageGroupName: groupName(world, model),
          // The documented default is Unversioned (AWS: ListModelPackages).
          ModelPackageType: 'Versioned',
          MaxResults: 100,
          NextToken,
        }),
      ),
    ),
  );
  const listed = pages.flatMap((page) =>
    (page?.ModelPackageSummaryList ?? []).flatMap((summary) => fromSummary(model, summary)),
  );
  return listed.sort((a, b) => a.packageVersion - b.packageVersion);
};

const fromSummary = (model: string, summary: ModelPackageSummary): readonly ListedPackage[] => {
  if (!isListed(summary)) return [];
  const { ModelPackageVersion: packageVersion, ModelPackageArn: arn } = summary;
  if (!packageVersion || !arn || summary.ModelPackageStatus === 'Deleting') return [];
  const version = versionIn(model, packageVersion, summary.ModelPackageDescription);
  return [{ packageVersion, version, arn, approval: approvalOf(summary.ModelApprovalStatus) }];
};

/** Versioned packages are named by group and number. */
export const packageArn = (account: Account, group: string, packageVersion: number): string =>
  arn(account, 'sagemaker', `model-package/${group}/${packageVersion}`);

/** One DescribeModelPackage, by the registry's credentials. @returns undefined when there is no such package */
export const describePackage = (
  world: World,
  model: string,
  name: string,
): Promise<DescribeModelPackageOutput | undefined> =>
  fromRegistry(
    world,
    model,
    orUndefined(inRegistry(world).read.sagemaker.describeModelPackage({ ModelPackageName: name })),
  );

/** Everything about one package of the listing; undefined when it was deleted meanwhile. */
export const describeVersion = async (
  world: World,
  model: string,
  listed: Pick<ListedPackage, 'arn' | 'version' | 'packageVersion'>,
): Promise<RegisteredVersion | undefined> => {
  const described = await describePackage(world, model, listed.arn);
  return described && readDescription(model, listed, described);
};
