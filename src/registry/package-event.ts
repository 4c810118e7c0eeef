import * as z from 'zod/mini';
import type { Instant } from '../clock.ts';
import { parseJsonFile } from '../json-file.ts';
import { isSameName } from '../same-name.ts';
import { InputError } from '../schema.ts';
import { quoted } from '../secrets.ts';
import { withoutUndefined } from '../without-undefined.ts';
import type { Account } from '../world.ts';
import type { Approval } from './registered-version.ts';
import { isOf } from './registry.ts';
import { readPackage } from './version-reference.ts';

/**
 * EventBridge's report about one model package (reference/sagemaker.md §1.6, AWS: "Events that Amazon SageMaker AI sends to Amazon
 * EventBridge"). It is a hint (DESIGN §7 rule 21): EventBridge delivers at least once and in no order, and any writer of the file can
 * claim anything.
 */
export interface PackageEvent {
  readonly group: string;
  readonly packageVersion: number;
  /** The owner of the registry. */
  readonly home: Account;
  /** The package's decision in the event. */
  readonly approval?: Approval;
  /** The package's last change in the event; without one the time of the event itself. */
  readonly at: Instant;
  /** The members that the event names as changed. AWS does not promise that it names them. */
  readonly changed?: readonly string[];
}

export const packageStateChange = 'SageMaker Model Package State Change';
const source = 'aws.sagemaker';

/** AWS documents dates as text, and sends some as milliseconds (reference/sagemaker.md §12). */
const instant = z.union([z.number(), z.string()]);

const shape = z.looseObject({
  'detail-type': z.literal(packageStateChange),
  source: z.literal(source),
  account: z.string().check(z.regex(/^\d{12}$/)),
  region: z.string().check(z.regex(/^[a-z0-9-]{1,30}$/)),
  time: z.string(),
  detail: z.looseObject({
    ModelPackageArn: z.string(),
    // A member without a value may be null: EventBridge hands on the JSON of the service.
    ModelPackageGroupName: z.nullish(z.string()),
    ModelPackageVersion: z.nullish(z.number()),
    ModelApprovalStatus: z.nullish(z.enum(['Approved', 'Rejected', 'PendingManualApproval'])),
    LastModifiedTime: z.nullish(instant),
    UpdatedModelPackageFields: z.nullish(z.array(z.string())),
  }),
});

/** @throws {InputError} naming the member of the event that cannot be used */
export const readPackageEvent = (text: string, file: string): PackageEvent => {
  const refuse = (why: string): never => {
    throw new InputError(`event: ${file}: ${why}; expected one event of EventBridge, "${packageStateChange}"`);
  };
  const json = parseJsonFile(text, `event: ${file}`);
  const { success, data, error } = z.safeParse(shape, json);
  if (!success) return refuse(problemOf(json, error.issues[0]?.path ?? []));
  const { account, region, detail, time } = data;
  const { ModelPackageArn, ModelPackageGroupName: group, ModelPackageVersion: number } = detail;
  const named = readPackage('', ModelPackageArn);
  if (named?.home === undefined)
    return refuse(`detail.ModelPackageArn is ${quoted(ModelPackageArn)}, which is no ARN of a model package`);
  const { packageVersion, home } = named;
  if (packageVersion === undefined)
    return refuse(`package ${named.group} belongs to no model package group, so SageMaker keeps no approval of it`);
  if (!isOf({ id: account, region }, home))
    return refuse('account and region of the event are not those of its detail.ModelPackageArn');
  if (typeof group === 'string' && !isSameName(group, named.group))
    return refuse(`detail.ModelPackageGroupName is ${quoted(group)}, and detail.ModelPackageArn names ${named.group}`);
  if (typeof number === 'number' && number !== packageVersion)
    return refuse(
      `detail.ModelPackageVersion is ${number}, and detail.ModelPackageArn names package ${packageVersion}`,
    );
  const changedAt = detail.LastModifiedTime ?? undefined;
  const at = instantOf(changedAt ?? time);
  if (at === undefined)
    return refuse(`${changedAt === undefined ? 'time' : 'detail.LastModifiedTime'} is no point in time`);
  return {
    group: named.group,
    packageVersion,
    home,
    at,
    ...withoutUndefined({
      approval: detail.ModelApprovalStatus ?? undefined,
      changed: detail.UpdatedModelPackageFields ?? undefined,
    }),
  };
};

const instantOf = (written: string | number): Instant | undefined => {
  const found = typeof written === 'number' ? written : Date.parse(written);
  return Number.isFinite(found) && found > 0 ? found : undefined;
};

const problemOf = (json: unknown, path: readonly PropertyKey[]): string => {
  const value = path.reduce<unknown>(
    (within, key) =>
      typeof within === 'object' && within !== null ? (within as Record<PropertyKey, unknown>)[key] : undefined,
    json,
  );
  if (path.length === 0) return 'it is no JSON object';
  return value === undefined ? `it has no ${path.join('.')}` : `${path.join('.')} is ${quoted(value)}`;
};

/**
 * Whether the event may be about the approval. An edit of other members is not; where the event does not name the members, any may have
 * changed.
 */
export const mayDecide = ({ changed = [] }: PackageEvent): boolean =>
  changed.length === 0 || changed.includes('ModelApprovalStatus');
