import type { Environment, S3Location } from '../manifest/manifest.ts';
import type { Account } from '../world.ts';

/** A bucket of its own, which `model-delivery create-bucket` makes: SageMaker's own is written by whoever has a notebook. */
export const defaultReleases = ({ id, region }: Account): S3Location => ({
  bucket: `model-delivery-${id}-${region}`,
  prefix: '',
});

/** Where records lay by default in versions that had no bucket of their own. */
export const formerReleases = ({ id, region }: Account): S3Location => ({
  bucket: `sagemaker-${region}-${id}`,
  prefix: 'model-delivery/',
});

/**
 * Where an environment's release records and pinned artifacts live: what the manifest says, else in the default bucket. Not by model: whoever writes to an endpoint must meet the same record, also
 * when two models' manifests name one endpoint (DESIGN §7 rule 7). Below a location:
 *
 *   <endpoint>/record.json                      the release record, one per endpoint (record.ts)
 *   <endpoint>/releases/<id>/journal.jsonl      what happened in one release (journal.ts)
 *   artifacts/<sha256>.tar.gz                   artifacts as they were registered, never overwritten
 *   evaluations/<sha256>.json                   evaluations as they were registered
 */
export const releasesOf = (environment: Pick<Environment, 'releases'>, account: Account): S3Location =>
  environment.releases ?? defaultReleases(account);

export const recordKey = ({ prefix }: S3Location, endpoint: string): string => `${prefix}${endpoint}/record.json`;

export const journalKey = ({ prefix }: S3Location, endpoint: string, release: string): string =>
  `${prefix}${endpoint}/releases/${release}/journal.jsonl`;
