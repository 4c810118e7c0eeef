import type { CodeDeployEnvironment, Delivery, Environment, S3Location } from '../manifest/manifest.ts';
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
 *   <endpoint>/releases/<id>/journal.jsonl      the events of one release (journal.ts), and once there are many, from there on
 *   <endpoint>/releases/<id>/2/journal.jsonl    the next segment of them (segments.ts)
 *   <endpoint>/regression/<subject>/test.json   a regression test and its verdict (src/scoring/test-record.ts)
 *   lambda/<function>/<alias>/…                 the same for the alias of a function: no endpoint has a name with a slash
 *   ecs/<cluster>/<service>/…                   the same for a service of ECS
 *   artifacts/<sha256>.tar.gz                   registered artifacts, never overwritten
 *   evaluations/<sha256>.json                   registered evaluations
 */
export const releasesOf = (environment: Pick<Delivery, 'releases'>, account: Account): S3Location =>
  environment.releases ?? defaultReleases(account);

/** The location of the record of one environment, below that of all. */
export const placedIn = (location: S3Location, of: Environment | CodeDeployEnvironment): S3Location => {
  const { bucket, prefix } = location;
  if ('lambda' in of) return { bucket, prefix: `${prefix}lambda/${of.lambda.function}/` };
  if ('service' in of) return { bucket, prefix: `${prefix}ecs/${of.service.cluster}/` };
  return location;
};

/** The name that the release record has: of the endpoint, the alias or the service. */
export const recordName = (of: Environment | CodeDeployEnvironment): string =>
  'lambda' in of ? of.lambda.alias : 'service' in of ? of.service.name : of.endpoint.name;

export const recordKey = ({ prefix }: S3Location, endpoint: string): string => `${prefix}${endpoint}/record.json`;

/** @param segment from 1 on */
export const journalKey = ({ prefix }: S3Location, endpoint: string, release: string, segment = 1): string =>
  `${prefix}${endpoint}/releases/${release}/${segmentPath(segment)}`;

/** A segment's place in the folder of its release. The policies of buckets that are in use hold for every object of this name. */
export const segmentPath = (segment: number): string => `${segment === 1 ? '' : `${segment}/`}journal.jsonl`;
