import { deliveryOf } from '../manifest/load.ts';
import { Refusal } from '../operation.ts';
import type { Container } from '../registry/container.ts';
import { candidateWord, newestCandidate } from '../registry/newest-candidate.ts';
import { type NextVersion, nextVersion } from '../registry/next-version.ts';
import { listPackages } from '../registry/packages.ts';
import { type Pins, readPins, unpinned } from '../registry/pins.ts';
import type { WantedPackage } from '../registry/registration.ts';
import { isOf, registryAccount } from '../registry/registry.ts';
import { parseS3Location } from '../registry/s3-object.ts';
import { parseSemanticVersion, readVersion, type SemanticVersion } from '../registry/semantic-version.ts';
import { readSource, readSourcePackage } from '../registry/take-over.ts';
import { readTrainingJob } from '../registry/training-job.ts';
import type { PackageReference } from '../registry/version-reference.ts';
import { releasesOf } from '../release/location.ts';
import { isSameName } from '../same-name.ts';
import { coreText } from '../versions/version.ts';
import { withoutUndefined } from '../without-undefined.ts';
import type { World } from '../world.ts';
import type { RegisterModelInputs } from './register-model-inputs.ts';

/**
 * The wanted package, from the inputs, the training job and the package of others.
 * @throws {Refusal} when something is missing, or two inputs say the same
 */
export const readWanted = async (inputs: RegisterModelInputs, world: World): Promise<WantedPackage> => {
  const { manifest } = inputs;
  const next = inputs.version === 'next' ? await nextVersion(world, manifest) : undefined;
  const common = {
    model: manifest.model,
    semver: next?.version ?? readVersion(manifest.model, inputs.version),
    releases: world.registry?.artifacts ?? releasesOf(deliveryOf(manifest, inputs.environment), world.account),
    approval: inputs['approval-status'],
    metadata: inputs.metadata ?? {},
    pin: inputs.pin,
    ...withoutUndefined({
      evaluation: inputs.evaluation,
      'data-constraints': inputs['data-constraints'],
      'bias-report': inputs['bias-report'],
      'explainability-report': inputs['explainability-report'],
      card: inputs['model-card'],
      description: inputs.description || undefined,
      next,
    }),
  };
  if (inputs.from !== undefined) {
    refuseBeside(inputs, 'from', [...ofContainers, 'containers', 'content-types', 'response-types', 'instance-types']);
    const reference =
      inputs.from === candidateWord
        ? await newestCandidate(world, manifest.model, common.semver)
        : await readSource(world, manifest.model, inputs.from);
    if (next !== undefined) await refuseOtherCore(world, manifest.model, reference, next);
    const source = await readSourcePackage(world, reference);
    const { containers, inferenceSpecification, ...takenOver } = source;
    return {
      ...withoutUndefined({ description: source.description }),
      ...common,
      containers,
      inferenceSpecification,
      takenOver,
    };
  }
  const inferenceSpecification = {
    contentTypes: inputs['content-types'] ?? [],
    responseTypes: inputs['response-types'] ?? [],
    realtimeInstanceTypes: inputs['instance-types'] ?? [],
  };
  if (inputs.containers !== undefined) {
    refuseBeside(inputs, 'containers', ofContainers);
    return { ...common, containers: inputs.containers, inferenceSpecification };
  }
  return { ...common, ...(await oneContainer(inputs, world)), inferenceSpecification };
};

/**
 * A squash merge leaves the commit of a candidate out of main: its version would then be derived from the commits, and may be lower than
 * that of its own candidate.
 */
const refuseOtherCore = async (
  world: World,
  model: string,
  source: PackageReference,
  { version, branch }: NextVersion,
): Promise<void> => {
  const candidate = await candidateOf(world, model, source);
  const derived = parseSemanticVersion(version);
  if (candidate === undefined || derived === undefined || derived.prerelease.length > 0) return;
  if (derived.compareMain(candidate) === 0) return;
  const core = coreText(candidate);
  throw new Refusal(
    'invalid-input',
    `version: next is ${version} on ${branch}, but from names ${candidate.version}, a candidate of ${core}: merge a release candidate by a merge commit, so that ${branch} contains its commit; or give the version itself, e.g. ${core}`,
  );
};

/** The version of the source, when it is a pre-release of this model. */
const candidateOf = async (
  world: World,
  model: string,
  { group, packageVersion, home }: PackageReference,
): Promise<SemanticVersion | undefined> => {
  if (!isSameName(group, model) || (home !== undefined && !isOf(registryAccount(world), home))) return undefined;
  const listed = (await listPackages(world, model)).find((one) => one.packageVersion === packageVersion);
  const version = listed && parseSemanticVersion(listed.version);
  return version !== undefined && version.prerelease.length > 0 ? version : undefined;
};

const ofContainers = ['image', 'artifact', 'training-job', 'container-environment'] as const;

/** The content of the version would have two origins. */
const refuseBeside = (inputs: RegisterModelInputs, origin: string, names: readonly (keyof RegisterModelInputs)[]) => {
  const beside = names.filter((name) => inputs[name] !== undefined);
  if (beside.length === 0) return;
  throw new Refusal('invalid-input', `${origin} has the content of the version: leave out ${beside.join(', ')}`);
};

const oneContainer = async (
  inputs: RegisterModelInputs,
  world: World,
): Promise<Pick<WantedPackage, 'containers' | 'trainingJob'>> => {
  const name = inputs['training-job'];
  const job = name === undefined ? undefined : await readTrainingJob(world, name);
  const image = inputs.image ?? job?.image;
  const address = inputs.artifact ?? job?.artifact;
  if (!image)
    throw new Refusal(
      'invalid-input',
      `image is missing: ${name ? `training job ${name} does not have it, so give it as an input` : 'give it, or training-job'}`,
    );
  if (name && !address)
    throw new Refusal(
      'invalid-input',
      `artifact is missing: training job ${name} does not have it, so give it as an input`,
    );
  const environment = inputs['container-environment'] ?? {};
  return {
    containers: [
      {
        Image: image,
        ...(address ? dataAt(address, name) : {}),
        ...(Object.keys(environment).length > 0 && { Environment: { ...environment } }),
      },
    ],
    ...(name && job && { trainingJob: { name, facts: job.facts } }),
  };
};

/** A training job without compression leaves its files under a prefix (AWS: OutputDataConfig, CompressionType). */
const dataAt = (address: string, job: string | undefined): Pick<Container, 'ModelDataUrl' | 'ModelDataSource'> => {
  if (parseS3Location(address) && address.startsWith('s3:')) {
    if (address.endsWith('.tar.gz')) return { ModelDataUrl: address };
    if (address.endsWith('/'))
      return {
        ModelDataSource: { S3DataSource: { S3Uri: address, S3DataType: 'S3Prefix', CompressionType: 'None' } },
      };
  }
  throw new Refusal(
    'invalid-input',
    `artifact: ${address} is not an s3:// address of a .tar.gz or of a prefix, which SageMaker needs to serve it; pack the output of training job ${job}`,
  );
};

/** DESIGN §7 rule 2: registered content can no longer change under its name. */
export const pinsOf = async ({ pin, releases, containers, takenOver }: WantedPackage, world: World): Promise<Pins> =>
  pin ? readPins(world, releases, containers, takenOver) : unpinned;
