import { iso } from '../clock.ts';
import { Refusal } from '../operation.ts';
import { withoutUndefined } from '../without-undefined.ts';
import type { World } from '../world.ts';
import type { Decided } from './decision.ts';
import { describeVersion, packageArn } from './packages.ts';
import type { RegisteredVersion } from './registered-version.ts';
import { registryAccount } from './registry.ts';
import { type ContentFault, editFault, verifyContent } from './verify-content.ts';

/** The approved content, frozen by a plan. */
export interface Approved {
  /** Model package group. */
  readonly group: string;
  readonly version: string;
  readonly packageVersion: number;
  /** Hex; the package's digest at the time of the plan. Older records do not have it. */
  readonly contentDigest?: string;
}

/** Why a version may not get traffic. */
export interface Withdrawal {
  readonly reason: 'not-approved' | ContentFault['reason'];
  readonly because: string;
}

/** One look at the registry. A version without either problem is approved, with its approved content. */
export interface Standing {
  /** Not approved; the sentence names the last person who changed it. */
  readonly unapproved?: string;
  /** Its content differs from the approved content, or is gone. */
  readonly fault?: Withdrawal;
}

/** `package`: the registry alone; `content`: also the artifact and the image. */
export type Depth = 'package' | 'content';

/**
 * Whether a version is still approved, and still has the approved content (DESIGN §7 rule 18): one DescribeModelPackage.
 * @param evenSo also looks at the content of a version that is not approved
 * @throws AWS's errors: a registry that cannot be read neither approves nor rejects
 */
export const readStanding = async (
  world: World,
  { group, version, packageVersion, contentDigest }: Approved,
  depth: Depth,
  evenSo = false,
): Promise<Standing> => {
  const named = { arn: packageArn(registryAccount(world), group, packageVersion), version, packageVersion };
  const registered = await describeVersion(world, group, named).catch((error: unknown) => {
    if (error instanceof Refusal) return error;
    throw error;
  });
  if (registered instanceof Refusal) return { fault: { reason: 'content-changed', because: registered.message } };
  if (registered === undefined)
    return {
      fault: { reason: 'not-approved', because: `package ${packageVersion} of ${group}, ${version}, was deleted` },
    };
  const unapproved = registered.approval === 'Approved' ? {} : { unapproved: approvalOf(registered) };
  if (unapproved.unapproved !== undefined && !evenSo) return unapproved;
  if (contentDigest !== undefined && contentDigest !== registered.contentDigestNow)
    return {
      ...unapproved,
      fault: {
        reason: 'content-changed',
        because: `the package of ${registered.tag} was edited after the plan was made: package version ${packageVersion} has another image, artifact, container environment, or other content or instance types; register the new content as a new version`,
      },
    };
  const fault = depth === 'content' ? await verifyContent(world, registered) : editFault(registered);
  return { ...unapproved, ...withoutUndefined({ fault }) };
};

/** `churn_v1.4.0 (package version 7) is Rejected, last changed by approver/alice at …: recall fell`. */
export const approvalOf = ({ tag, packageVersion, approval, approvalDescription, lastModified }: Decided): string =>
  [
    `${tag} (package version ${packageVersion}) is ${approval}`,
    lastModified ? `, last changed${lastModified.by ? ` by ${lastModified.by}` : ''} at ${iso(lastModified.at)}` : '',
    approvalDescription ? `: ${approvalDescription}` : '',
  ].join('');

/** A note in the plan: the package was registered by other means, or by an older version of this suite. */
export const sealNote = ({ tag, sealed }: RegisteredVersion): readonly string[] =>
  sealed
    ? []
    : [
        `the description of the package of ${tag} does not name its content: an edit with matching metadata between its approval and this plan would go unnoticed; an edit after this plan would not`,
      ];
