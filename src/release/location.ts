import type { Environment, S3Location } from '../manifest/manifest.ts';
import type { Account } from '../world.ts';

/**
 * Where an environment's release records and pinned artifacts live: what the manifest says, else below `model-delivery/<model>/`
 * in the bucket SageMaker's own tools make for the account.
 */
export const releasesOf = (environment: Environment, model: string, account: Account): S3Location =>
  environment.releases ?? { bucket: `sagemaker-${account.region}-${account.id}`, prefix: `model-delivery/${model}/` };
