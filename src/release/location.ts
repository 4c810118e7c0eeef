import type { Environment, S3Location } from '../manifest/manifest.ts';
import type { Account } from '../world.ts';

/**
 * Where an environment's release records and pinned artifacts live: what the manifest says, else below `model-delivery/<model>/`
 * in the bucket SageMaker's own tools make for the account.
 */
export const releasesOf = (environment: Environment, model: string, account: Account): S3Location =>
  environment.releases ?? { bucket: `sagemaker-${account.region}-${account.id}`, prefix: `model-delivery/${model}/` };

/*
 * Below a location:
 *   <endpoint>/record.json                      the release record, one per endpoint (record.ts)
 *   <endpoint>/releases/<id>/journal.jsonl      what happened in one release (journal.ts)
 */
export const recordKey = ({ prefix }: S3Location, endpoint: string): string => `${prefix}${endpoint}/record.json`;

export const journalKey = ({ prefix }: S3Location, endpoint: string, release: string): string =>
  `${prefix}${endpoint}/releases/${release}/journal.jsonl`;
