import type { Subject } from './lifecycle.ts';
import { isPolicyArn } from './policy-arn.ts';
import type { Release, ReleaseRecord, ScalingSnapshot } from './record.ts';

/** The record, or a part of it, is about another endpoint; one sentence names both. */
export class ForeignRecord extends Error {
  override readonly name = 'ForeignRecord';
}

/**
 * Rule 21: a record is a hint. A writer of the bucket may have put another endpoint's record here, or another endpoint's resources
 * into a release of this one. A run that trusted it would move the wrong endpoint.
 *
 * Older versions did not write account and region. Their records are identified by the endpoint's name alone, and get both with the
 * next write. SageMaker ignores upper and lower case in endpoint names, so a name in another case is the same endpoint.
 * @param ofCodeDeploy of a target that only CodeDeploy moves
 * @returns the record with this endpoint's own name, account and region
 * @throws {ForeignRecord}
 */
export const ownRecord = (record: ReleaseRecord, subject: Subject, ofCodeDeploy = false): ReleaseRecord => {
  const { account = subject.account, region = subject.region } = record;
  if (!isSame(record.endpoint, subject.endpoint) || account !== subject.account || region !== subject.region)
    throw new ForeignRecord(
      `is the record of ${placed({ ...record, account, region })}, but this run is about ${placed(subject)}`,
    );
  for (const release of record.live ? [record.live, ...record.ended] : record.ended) {
    refuseForeign(release, subject);
    if ((release.submission.mechanism === 'codedeploy') !== ofCodeDeploy)
      throw new ForeignRecord(
        `has a release (${release.id.slice(0, 100)}) of ${ofCodeDeploy ? 'an endpoint' : 'CodeDeploy'}, but is the record of ${ofCodeDeploy ? 'one that CodeDeploy carries' : placed(subject)}`,
      );
  }
  return { ...record, ...subject };
};

/** A report masks whole account ids, and two equal placeholders would not show the difference. */
const placed = ({ endpoint, account, region }: Subject): string =>
  `endpoint ${endpoint} in ${region}, account ending in ${account.slice(-4)}`;

/** Checks every resource that a later turn changes by its name in the release alone. */
const refuseForeign = ({ id, alarms, submission, stepping, scaling }: Release, subject: Subject): void => {
  const { endpoint } = subject;
  const refuse = (what: string): never => {
    throw new ForeignRecord(
      `has a release (${id.slice(0, 100)}) with ${what}, but is the record of ${placed(subject)}`,
    );
  };
  if (!begins(id, `${endpoint}-`)) refuse('the id of another endpoint');
  const { canonical, variant } = submission;
  if (scaling !== undefined && !isOwn(scaling, endpoint, [variant, ...(canonical ? [canonical] : [])]))
    refuse(`the autoscaling of ${scaling.resourceId.slice(0, 200)}`);
  const abortAlarm = submission.mechanism === 'guardrail' ? submission.abortAlarm : undefined;
  const foreign = [...alarms, ...(abortAlarm ? [abortAlarm] : [])].find((name) => !isOwnAlarm(name, endpoint));
  if (foreign !== undefined) refuse(`the alarm ${foreign.slice(0, 200)}, which is not its own`);
  if (stepping !== undefined && stepping.baselineVariant !== variant)
    refuse(`steps from variant ${stepping.baselineVariant}, which is not the one it publishes`);
};

/** A snapshot is restored unchanged: its target, every policy and every action must belong to the variant of the snapshot. */
const isOwn = (
  { resourceId, policies, scheduledActions, arns = {} }: ScalingSnapshot,
  endpoint: string,
  variants: readonly string[],
): boolean =>
  variants.some((variant) => isSame(resourceId, `endpoint/${endpoint}/variant/${variant}`)) &&
  [...policies, ...scheduledActions].every(({ ResourceId }) => ResourceId === resourceId) &&
  Object.entries(arns).every(([name, policyArn]) => isPolicyArn(policyArn, resourceId, name));

/**
 * `<endpoint config>-<purpose>-<hash>`; the config's name begins with the endpoint's name, and at least this much of it always fits
 * (names.ts).
 */
const isOwnAlarm = (name: string, endpoint: string): boolean =>
  begins(name, endpoint.length > certain ? endpoint.slice(0, certain).replace(/-+$/, '') : `${endpoint}-`) &&
  /-[0-9a-f]{8}$/.test(name);
const certain = 23;

const isSame = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase();
const begins = (text: string, start: string): boolean => text.toLowerCase().startsWith(start.toLowerCase());
