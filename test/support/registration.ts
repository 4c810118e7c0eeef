import { loadManifest } from '../../src/manifest/load.ts';
import { Refusal } from '../../src/operation.ts';
import type { RegisterModelInputs } from '../../src/operations/register-model-inputs.ts';
import { requireRequested } from '../../src/registry/packages.ts';
import type { RegisteredVersion } from '../../src/registry/registered-version.ts';
import type { World } from '../../src/world.ts';
import { type RegistryAwsOptions, registryAws } from './registry-aws.ts';

export const manifest = loadManifest(
  `version: 1
model: churn
environments:
  staging:
    releases: s3://ml-releases/churn/
    endpoint: { name: churn-staging, instance: { type: ml.m5.large, count: 1 } }
    rollout: { strategy: all-at-once, final-bake: 5m, minimum-requests: 0 }
`,
  'delivery.yml',
);

export const repository = '111122223333.dkr.ecr.eu-west-1.amazonaws.com/churn';
export const imageDigest = `sha256:${'1a'.repeat(32)}`;
export const otherDigest = `sha256:${'2b'.repeat(32)}`;
export const artifactUri = 's3://ml-training/job-7/output/model.tar.gz';

/** An account with an image, an artifact and an empty registry. */
export const account = (options?: RegistryAwsOptions) => {
  const aws = registryAws(options);
  aws.images.set('111122223333/churn:1.4.0', imageDigest);
  aws.images.set('111122223333/churn:other', otherDigest);
  aws.put(artifactUri, 'the model');
  return aws;
};

export const inputs = (changes: Partial<RegisterModelInputs> = {}): RegisterModelInputs => ({
  manifest,
  environment: 'staging',
  version: '1.4.0',
  from: undefined,
  containers: undefined,
  image: `${repository}:1.4.0`,
  artifact: artifactUri,
  'training-job': undefined,
  evaluation: undefined,
  'data-constraints': undefined,
  'bias-report': undefined,
  'explainability-report': undefined,
  'model-card': undefined,
  'approval-status': 'PendingManualApproval',
  description: undefined,
  'container-environment': undefined,
  'content-types': undefined,
  'response-types': undefined,
  'instance-types': undefined,
  metadata: undefined,
  pin: true,
  ...changes,
});

/** As operations find it; undefined when it is not registered. */
export const findVersion = async (
  world: World,
  model: string,
  version: string,
): Promise<RegisteredVersion | undefined> => {
  try {
    return await requireRequested(world, model, version);
  } catch (error) {
    if (error instanceof Refusal && error.message.includes(' is not registered')) return undefined;
    throw error;
  }
};
