import type { Place } from '../../src/policy-resources.ts';
import { rehearsedTeam as team } from '../../src/rehearsal/manifest.ts';

/** The lengths that docs/permissions promises to have room for; those of IAM, S3, SageMaker and ECR are AWS's own limits. */
export const longestNames: Place = {
  partition: 'aws-us-gov',
  region: 'ap-northeast-1',
  account: '111122223333',
  model: 'm'.repeat(63),
  // The names derived from a longer one are cut (src/endpoint/names.ts).
  endpoint: 'e'.repeat(48),
  executionRole: 'r'.repeat(64),
  releases: { bucket: 'b'.repeat(63), prefix: `${'p'.repeat(63)}/` },
  artifacts: 'a'.repeat(63),
  repository: 'i'.repeat(256),
  kmsAlias: `alias/${'k'.repeat(122)}`,
};

/** The names of the rehearsed team's account, for its policies. */
export const place: Place = {
  partition: 'aws',
  region: team.region,
  account: team.account,
  model: team.model,
  endpoint: team.endpoint,
  executionRole: 'iris-serving',
  releases: { bucket: `model-delivery-${team.account}-${team.region}`, prefix: '' },
  artifacts: team.bucket,
  repository: 'iris-serving',
  kmsAlias: 'alias/ml',
};
