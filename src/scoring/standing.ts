import { type Look, lookAt } from '../endpoint/look.ts';
import { environmentOf } from '../manifest/load.ts';
import type { Environment, Manifest, S3Location } from '../manifest/manifest.ts';
import type { RegressionSpec } from '../manifest/regression.ts';
import { Refusal } from '../operation.ts';
import { requireRequested } from '../registry/packages.ts';
import type { RegisteredVersion } from '../registry/registered-version.ts';
import { editFault } from '../registry/verify-content.ts';
import { canFailAlone, cannotFailAlone } from '../regression/alone.ts';
import { newRecord } from '../release/lifecycle.ts';
import { releasesOf } from '../release/location.ts';
import type { ReleaseRecord } from '../release/record.ts';
import { storeFor } from '../release/store.ts';
import { InputError } from '../schema.ts';
import { withoutUndefined } from '../without-undefined.ts';
import type { World } from '../world.ts';
import { type ReportFiles, reportFiles, reportsDigestFile } from './checks/report-files.ts';
import { baselineSite, candidateSite } from './find-sites.ts';
import { filesDigest, type GoldenSet, goldenFiles, goldenSet, joined, type Part } from './golden-set.ts';
import { noMemory, type RegressionTestMemory } from './progress.ts';
import { servedPackage } from './served.ts';
import type { Site } from './site.ts';
import { type Subject, subjectId, subjectOf } from './subject.ts';
import { readTest, type StoredTest, testFolder } from './test-record.ts';

/** The inputs of a test. */
export interface Given {
  readonly manifest: Manifest;
  readonly environment: string;
  readonly version: string;
  readonly again: boolean;
}

/** Everything that one turn knows. */
export interface Standing {
  readonly world: World;
  readonly given: Given;
  readonly memory: RegressionTestMemory;
  /** Absent where the alias of a function serves. */
  readonly environment?: Environment;
  readonly regression: RegressionSpec;
  readonly registered: RegisteredVersion;
  readonly record: ReleaseRecord;
  readonly look: Look | undefined;
  /** ARN of the package that serves; undefined where nothing serves, or a model without a package. */
  readonly served: string | undefined;
  /** All rows that are asked. */
  readonly golden?: GoldenSet;
  /** The golden set, then the older ones. */
  readonly parts: readonly Part[];
  /** Undefined for a temporary endpoint. */
  readonly candidate: Site | undefined;
  /** Undefined when nothing serves. */
  readonly baseline: Site | undefined;
  /** Of both models, for the checks that read them. */
  readonly reports: ReportFiles;
  readonly subject: Subject;
  readonly id: string;
  readonly releases: S3Location;
  readonly folder: S3Location;
  /** The record of the test; undefined where it was never begun. */
  readonly stored: StoredTest | undefined;
}

export const standing = async (
  given: Given,
  memory: RegressionTestMemory | undefined,
  world: World,
): Promise<Standing> => {
  const { manifest } = given;
  const environment = environmentOf(manifest, given.environment);
  const { regression } = manifest;
  if (regression === undefined)
    throw new InputError(
      'manifest: has no `regression:`; it says which golden rows are asked, and which rules decide (docs/regression.md)',
    );
  const registered = await requireRequested(world, manifest.model, given.version);
  const edited = editFault(registered);
  if (edited !== undefined) throw new Refusal(edited.reason, edited.because);
  const record =
    (await storeFor(given, world).read())?.record ??
    newRecord({ endpoint: environment.endpoint.name, account: world.account.id, region: world.account.region });
  if (record.live !== undefined)
    throw new Refusal(
      'held-by-another-release',
      `release ${record.live.id} is under way on endpoint ${environment.endpoint.name}: the version that serves may change, so test before it begins or after it has ended`,
    );
  const look = await lookAt(world, environment.endpoint.name);
  const request = { manifest, environment: given.environment, regression, registered, look, record };
  const baseline = await baselineSite(world, request);
  if (baseline === undefined && !canFailAlone(regression))
    throw new Refusal('regression-inconclusive', `this gate cannot fail: ${cannotFailAlone(regression.task)}`);
  const candidate = await candidateSite(world, request);
  const { files, golden, parts } = await goldenSets(world, regression);
  // Without a site of its own the candidate is asked at a temporary endpoint.
  const isAsked = candidate?.is !== 'file' || (baseline !== undefined && baseline.is !== 'file');
  if (isAsked && regression.dataset === undefined)
    throw new InputError('regression.dataset: is missing; models are asked with its rows');
  const { request: form, response, also } = regression.asking;
  if (also.length > 0 && (candidate?.is === 'file' || baseline?.is === 'file'))
    throw new InputError(
      'regression.also: needs models that answer; a file of predictions has the rows of one golden set',
    );
  if (isAsked && (form === undefined || response === undefined))
    throw new InputError('regression.request: is missing; it says how a golden row becomes a request');
  const reports = await reportFiles(world, { regression, registered, look });
  const subject = subjectOf({
    endpoint: environment.endpoint.name,
    ...{ registered, regression, look },
    dataset: filesDigest([
      ...files,
      ...[candidate, baseline].flatMap((site) => (site?.is === 'file' ? [site.file] : [])),
      ...reportsDigestFile(reports),
    ]),
  });
  const releases = releasesOf(environment, world.account);
  const id = subjectId(subject);
  return {
    world,
    given,
    // Nothing was begun for another subject.
    memory: memory?.attempt === undefined ? noMemory(given, id) : memory,
    environment,
    regression,
    registered,
    record,
    look,
    served: servedPackage(look),
    candidate,
    baseline,
    reports,
    subject,
    id,
    releases,
    folder: testFolder(releases, subject),
    stored: await readTest(world, releases, subject),
    parts,
    ...withoutUndefined({ golden }),
  };
};

/** The golden set and the older ones, with their files. */
export const goldenSets = async (world: World, regression: RegressionSpec) => {
  const files = await goldenFiles(world, regression);
  const sets = joined(
    await Promise.all(
      files.map(async (file, at) => ({
        set: await goldenSet(file, regression),
        ...withoutUndefined({ name: regression.asking.also[at - 1]?.name }),
      })),
    ),
  );
  return { files, ...sets };
};

/** The environment of a test that needs a SageMaker endpoint of its own. */
export const endpointEnvironment = ({ environment }: Pick<Standing, 'environment'>): Environment => {
  if (environment === undefined) throw new Error('the test of a function has no endpoint');
  return environment;
};

/** Whether a model answers requests. */
export const isAsked = ({ candidate, baseline }: Pick<Standing, 'candidate' | 'baseline'>): boolean =>
  candidate === undefined || candidate.is === 'endpoint' || baseline?.is === 'endpoint';
