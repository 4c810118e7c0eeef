import type { Environment, S3Location } from '../manifest/manifest.ts';
import type { Account } from '../world.ts';

/**
 * Where an environment's release records and pinned artifacts live: what the manifest says, else below `model-delivery/` in the
 * bucket SageMaker's own tools make for the account. Not by model: whoever writes to an endpoint must meet the same record, also
 * when two models' manifests name one endpoint (DESIGN §7 rule 7). Below a location:
 *
 *   <endpoint>/record.json                      the release record, one per endpoint (record.ts)
 *   <endpoint>/releases/<id>/journal.jsonl      what happened in one release (journal.ts)
 *   artifacts/<sha256>.tar.gz                   artifacts as they were registered, never overwritten
 *   evaluations/<sha256>.json                   evaluations as they were registered
 */
export const releasesOf = (environment: Pick<Environment, 'releases'>, account: Account): S3Location =>
  environment.releases ?? { bucket: `sagemaker-${account.region}-${account.id}`, prefix: 'model-delivery/' };

export const recordKey = ({ prefix }: S3Location, endpoint: string): string => `${prefix}${endpoint}/record.json`;

export const journalKey = ({ prefix }: S3Location, endpoint: string, release: string): string =>
  `${prefix}${endpoint}/releases/${release}/journal.jsonl`;
