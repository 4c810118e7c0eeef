import type { Delivery, LambdaAlias, S3Location } from '../manifest/manifest.ts';
import type { Account } from '../world.ts';

/** A bucket of its own, created by `model-delivery create-bucket`: every notebook owner can write to SageMaker's own bucket. */
export const defaultReleases = ({ id, region }: Pick<Account, 'id' | 'region'>): S3Location => ({
  bucket: `model-delivery-${id}-${region}`,
  prefix: '',
});

/** The default place of records in older versions, which had no bucket of their own. */
export const formerReleases = ({ id, region }: Account): S3Location => ({
  bucket: `sagemaker-${region}-${id}`,
  prefix: 'model-delivery/',
});

/**
 * The place of an environment's release records and pinned artifacts: the manifest's, else the default bucket. It does not depend
 * on the model: every writer of an endpoint must find the same record, also when two models' manifests name one endpoint (DESIGN §7
 * rule 7). Below a location:
 *
 *   <endpoint>/record.json                      the release record, one per endpoint (record.ts)
 *   <endpoint>/releases/<id>/journal.jsonl      the events of one release (journal.ts)
 *   <endpoint>/regression/<subject>/test.json   a regression test and its verdict (src/scoring/test-record.ts)
 *   lambda/<function>/<alias>/…                 the same for the alias of a function: no endpoint has a name with a slash
 *   artifacts/<sha256>.tar.gz                   registered artifacts, never overwritten
 *   evaluations/<sha256>.json                   registered evaluations
 */
export const releasesOf = (environment: Pick<Delivery, 'releases'>, account: Account): S3Location =>
  environment.releases ?? defaultReleases(account);

/** The place of the records of a function's aliases. */
export const releasesOfFunction = ({ bucket, prefix }: S3Location, lambda: LambdaAlias): S3Location => ({
  bucket,
  prefix: `${prefix}lambda/${lambda.function}/`,
});

export const recordKey = ({ prefix }: S3Location, endpoint: string): string => `${prefix}${endpoint}/record.json`;

export const journalKey = ({ prefix }: S3Location, endpoint: string, release: string): string =>
  `${prefix}${endpoint}/releases/${release}/journal.jsonl`;
