import { environmentOf } from '../manifest/load.ts';
import { Refusal } from '../operation.ts';
import { inspectArtifact } from '../registry/artifact.ts';
import { readImageDigest } from '../registry/image.ts';
import { explainImage } from '../registry/reachable.ts';
import type { Pins, WantedPackage } from '../registry/registration.ts';
import { parseS3Object } from '../registry/s3-object.ts';
import { readVersion } from '../registry/semantic-version.ts';
import { readTrainingJob } from '../registry/training-job.ts';
import { releasesOf } from '../release/location.ts';
import { withoutUndefined } from '../without-undefined.ts';
import type { World } from '../world.ts';
import type { RegisterModelInputs } from './register-model-inputs.ts';

/**
 * The wanted package, from the inputs and the training job together.
 * @throws {Refusal} when something is missing in both
 */
export const readWanted = async (inputs: RegisterModelInputs, world: World): Promise<WantedPackage> => {
  const { manifest } = inputs;
  const semver = readVersion(manifest.model, inputs.version);
  const name = inputs['training-job'];
  const job = name === undefined ? undefined : await readTrainingJob(world, name);
  const image = inputs.image ?? job?.image;
  const address = inputs.artifact ?? job?.artifact;
  if (!image || !address) {
    const remedy = name ? `training job ${name} does not have it, so give it as an input` : 'give it, or training-job';
    throw new Refusal('invalid-input', `${image ? 'artifact' : 'image'} is missing: ${remedy}`);
  }
  const artifact = parseS3Object(address);
  if (!artifact?.key.endsWith('.tar.gz'))
    throw new Refusal(
      'invalid-input',
      `artifact: ${address} is not an s3:// address of a .tar.gz, which SageMaker needs to serve it; pack the output of training job ${name}`,
    );
  return {
    model: manifest.model,
    semver,
    releases: world.registry?.artifacts ?? releasesOf(environmentOf(manifest, inputs.environment), world.account),
    image,
    artifact,
    environment: inputs['container-environment'] ?? {},
    inferenceSpecification: {
      contentTypes: inputs['content-types'] ?? [],
      responseTypes: inputs['response-types'] ?? [],
      realtimeInstanceTypes: inputs['instance-types'] ?? [],
    },
    approval: inputs['approval-status'],
    metadata: inputs.metadata ?? {},
    pin: inputs.pin,
    ...withoutUndefined({ evaluation: inputs.evaluation, description: inputs.description || undefined }),
    ...(name && job && { trainingJob: { name, facts: job.facts } }),
  };
};

/** DESIGN §7 rule 2: registered content can no longer change under its name. */
export const readPins = async ({ pin, image, artifact }: WantedPackage, world: World): Promise<Pins> => {
  if (!pin) return {};
  const shared = world.registry?.role === undefined;
  const imageDigest = await readImageDigest(world, image).catch((error: unknown) => {
    // A role of the registry's account reads its own repository: no resource policy stands in between.
    if (!shared) throw error;
    return explainImage(world, { image })(error);
  });
  return { imageDigest, ...(await inspectArtifact(world, artifact)) };
};
