import { classify, describe, isFromAws, isRefused } from '../aws/errors.ts';
import { reasonOfError } from '../aws/reason.ts';
import { Refusal } from '../operation.ts';
import type { ReasonCode } from '../reason-codes.ts';
import { unknownNotes } from '../registry/reachable.ts';
import type { RegisteredVersion } from '../registry/registered-version.ts';
import {
  approvalOf,
  type Depth,
  readStanding,
  type Standing,
  sealNote,
  type Withdrawal,
} from '../registry/standing.ts';
import { verifyContent } from '../registry/verify-content.ts';
import { withoutUndefined } from '../without-undefined.ts';
import type { World } from '../world.ts';
import type { Turn, TurnResult } from './turn.ts';

/**
 * Approval and content are checked again directly before traffic can move, and in every turn while it moves (DESIGN §7 rule 18).
 * A rollback checks neither: it must work when the version that it replaces was rejected.
 */

/** Stops a release that must not go on, as its next step; undefined when it may go on. */
export type Guard = (turn: Turn) => Promise<TurnResult | undefined>;

/** The check directly before a submission, when no traffic has moved. A refusal by AWS is thrown: without an answer nothing is submitted. */
export const refuseWithdrawn: Guard = async (turn) => {
  const { unapproved, fault } = await standingOf(turn, 'content');
  if (unapproved !== undefined) return turn.conclude('not-approved', `nothing was submitted: ${unapproved}`);
  return fault && turn.conclude(fault.reason, `nothing was submitted: ${fault.because}`);
};

/**
 * The check of a run that goes on with a release in phase `preparing`. Much may have happened since the run before died, and the
 * remaining tasks change more than the traffic. A way back does not depend on the registry. Steps that begin with all traffic, since an
 * earlier run could not publish, are checked as they go on: then there is traffic to take back.
 */
export const refuseWithdrawnMeanwhile: Guard = async (turn) => {
  const { operation, takenBack, stepping, phase } = turn.release;
  const goesBack = operation === 'rollback' || takenBack !== undefined;
  const hasTraffic = (stepping?.moves ?? []).length > 0;
  return phase !== 'preparing' || goesBack || hasTraffic ? undefined : refuseWithdrawn(turn);
};

export type ApprovalLook =
  | { readonly is: 'standing' }
  /** Rejected, and the manifest has the rollout finish. */
  | { readonly is: 'tolerated'; readonly because: string }
  | { readonly is: 'withdrawn'; readonly withdrawal: Withdrawal }
  /** Neither approval nor rejection. `refused`: the reason, when a repeated request changes nothing. */
  | { readonly is: 'unknown'; readonly because: string; readonly refused?: ReasonCode };

export const standing: ApprovalLook = { is: 'standing' };

/**
 * One check of the registry while a release goes on.
 * @param moves traffic moves, or has moved: a rollout never begins without its approval, whatever `on-rejection` is
 */
export const lookAtApproval = async (turn: Turn, moves: boolean, depth: Depth = 'package'): Promise<ApprovalLook> => {
  try {
    const finish = moves && turn.approval.onRejection === 'finish';
    const { unapproved, fault } = await standingOf(turn, depth, finish);
    if (unapproved !== undefined && !finish)
      return { is: 'withdrawn', withdrawal: { reason: 'not-approved', because: unapproved } };
    if (fault !== undefined) return { is: 'withdrawn', withdrawal: fault };
    return unapproved === undefined
      ? standing
      : { is: 'tolerated', because: `${unapproved}; on-rejection: finish lets the rollout go on` };
  } catch (error) {
    if (!mayBeWaitedFor(error)) throw error;
    return {
      is: 'unknown',
      because: `the approval of ${turn.release.version} cannot be read: ${describe(error)}`,
      ...(isRefused(error) ? { refused: reasonOfError(error) } : {}),
    };
  }
};

/** The check's addition to the progress line of the release. */
export const remarksOf = (look: ApprovalLook): readonly string[] =>
  look.is === 'unknown' || look.is === 'tolerated'
    ? [look.because]
    : look.is === 'withdrawn'
      ? [look.withdrawal.because]
      : [];

/** Without credentials no call of this turn can succeed. A run that is ending reads nothing more. */
const mayBeWaitedFor = (error: unknown): boolean =>
  isFromAws(error) && !['aborted', 'expired-credentials', 'no-credentials'].includes(classify(error));

const standingOf = async ({ world, release, approval }: Turn, depth: Depth, evenSo = false): Promise<Standing> => {
  if (release.operation === 'rollback') return {};
  const { packageVersion, contentDigest } = release.candidate;
  if (packageVersion === undefined)
    return {
      fault: { reason: 'not-approved', because: `the release record names no model package for ${release.version}` },
    };
  const approved = { group: approval.group, version: release.version, packageVersion };
  return readStanding(world, { ...approved, ...withoutUndefined({ contentDigest }) }, depth, evenSo);
};

/**
 * The check of a plan. An approver wants to see the plan before the approval, so a dry run goes on without one.
 * @returns notes for the plan
 * @throws {Refusal} `not-approved`, `content-changed`, `config-missing`
 */
export const refuseUnfitVersion = async (world: World, registered: RegisteredVersion): Promise<readonly string[]> => {
  const waits = registered.approval === 'PendingManualApproval' && world.write === undefined;
  if (registered.approval !== 'Approved' && !waits) throw new Refusal('not-approved', approvalOf(registered));
  // Rule 2: the deployed content equals the approved content, to the byte.
  const unchecked: string[] = [];
  const fault = await verifyContent(world, registered, unchecked);
  const unfilled = fault?.unfilled === true && world.write === undefined;
  if (fault !== undefined && !unfilled) throw new Refusal(fault.reason, fault.because);
  const { tag, packageVersion } = registered;
  return [
    ...(waits ? [`${tag} (package version ${packageVersion}) waits for approval; it is not deployed before`] : []),
    ...(fault && unfilled ? [`${fault.because}: it is not deployed before`] : []),
    ...unchecked.map((part) => `not known: ${part}`),
    ...sealNote(registered),
    ...unknownNotes(world, registered),
  ];
};
