import { orUndefined } from '../aws/errors.ts';
import { digest } from '../digest.ts';
import type { LambdaAlias } from '../manifest/manifest.ts';
import { nameOfAlias } from '../mechanisms/codedeploy/alias.ts';
import { requireContent } from '../mechanisms/codedeploy/content.ts';
import { contentOfVersion } from '../mechanisms/codedeploy/settings.ts';
import { aliasDeploymentOf } from '../mechanisms/codedeploy/target.ts';
import { Refusal } from '../operation.ts';
import { packageArn, requireVersion } from '../registry/packages.ts';
import { registryAccount } from '../registry/registry.ts';
import { editFault } from '../registry/verify-content.ts';
import { placedIn, releasesOf } from '../release/location.ts';
import type { Release, ReleaseRecord } from '../release/record.ts';
import { InputError } from '../schema.ts';
import type { World } from '../world.ts';
import { filesDigest } from './golden-set.ts';
import { noMemory, type RegressionTestMemory } from './progress.ts';
import type { Endpoint } from './site.ts';
import { type Given, goldenSets, type Standing } from './standing.ts';
import { type Subject, subjectAround, subjectId } from './subject.ts';
import { readTest, testFolder } from './test-record.ts';

/** The inputs of a test during a delivery to an alias. */
export interface AliasTest extends Given {
  readonly lambda: LambdaAlias;
  /** The delivery, which CodeDeploy carries. */
  readonly release: Release;
  readonly record: ReleaseRecord;
}

/**
 * The same test as of an endpoint, where the alias of a function serves. Published versions never change, so they are asked while the
 * deployment runs: the candidate is the version that it brings, and the baseline the one that it leaves.
 * @throws {InputError} without `regression`
 * @throws {Refusal} for a package that is not the one of the release, or a version that is not the package
 */
export const standingOfAlias = async (
  test: AliasTest,
  memory: RegressionTestMemory | undefined,
  world: World,
): Promise<Standing> => {
  const { lambda, release, record, ...given } = test;
  const { manifest } = given;
  const { regression } = manifest;
  const environment = manifest.byCodeDeploy?.[given.environment];
  if (regression === undefined || environment === undefined)
    throw new InputError(
      `manifest: has no \`regression:\` for the alias ${nameOfAlias(lambda)}; it says which golden rows are asked, and which rules decide (docs/regression.md)`,
    );
  const { from, to } = aliasDeploymentOf(release);
  const { version, packageVersion } = release.candidate;
  if (version === undefined || packageVersion === undefined)
    throw new Refusal('record-unavailable', `release ${release.id} names no package: nothing says what is tested`);
  const registered = await requireVersion(world, manifest.model, { version, packageVersion });
  const edited = editFault(registered);
  if (edited !== undefined) throw new Refusal(edited.reason, edited.because);
  await requireContent(world, lambda, to, registered);
  const [candidate, baseline] = await Promise.all([siteOf(world, lambda, to), siteOf(world, lambda, from)]);
  const { files, golden, parts } = await goldenSets(world, regression);
  if (regression.dataset === undefined || regression.asking.request === undefined)
    throw new InputError(
      'regression: needs `dataset` and `request`; the versions of a function are asked with its rows',
    );
  const around = subjectAround({ endpoint: lambda.alias, registered, regression, dataset: filesDigest(files) });
  const subject: Subject = {
    ...around,
    // The version brings settings that no package has, such as its memory: other ones are another test.
    package: digest([around.package, candidate.content]),
    baseline: baseline.content,
  };
  const releases = placedIn(releasesOf(environment, world.account), environment);
  const id = subjectId(subject);
  const served = release.baseline?.packageVersion;
  return {
    world,
    given,
    memory: memory?.attempt === undefined ? noMemory(given, id) : memory,
    ...{ regression, registered, record, candidate, baseline, subject, id, releases, parts },
    look: undefined,
    served: served === undefined ? undefined : packageArn(registryAccount(world), manifest.model, served),
    reports: {},
    folder: testFolder(releases, subject),
    stored: await readTest(world, releases, subject),
    ...(golden === undefined ? {} : { golden }),
  };
};

/** A published version answers as a variant does: `World.write.runtime` of the hook invokes it. */
const siteOf = async (world: World, { function: name }: LambdaAlias, version: string): Promise<Endpoint> => {
  const found = await orUndefined(world.read.lambda.getFunction({ FunctionName: name, Qualifier: version }));
  if (found === undefined)
    throw new Refusal('config-missing', `version ${version} of ${name} does not exist any more: it cannot be asked`);
  return {
    is: 'endpoint',
    name: `version ${version} of ${name}`,
    endpoint: name,
    variant: version,
    content: contentOfVersion(found),
  };
};
