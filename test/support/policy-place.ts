import { rehearsedTeam as team } from '../../src/rehearsal/manifest.ts';

/** The names of the rehearsed team's account, for its policies. */
export const place = {
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
