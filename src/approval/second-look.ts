import { GitHubFailure, MissingPermission } from '../github/refusal.ts';
import type { RegisteredVersion } from '../registry/registered-version.ts';
import { type Decided, statusOf } from './decision.ts';
import type { Considered } from './mode.ts';
import { subjectOf } from './registry-answer.ts';

/**
 * The second look at a decision that is written: a decision of others at the same moment may have been overwritten by it. A refusal of
 * GitHub's then takes nothing back.
 */
export const lookAgain = async (
  wrote: Decided['is'] | undefined,
  { approval }: RegisteredVersion,
  ask: () => Promise<Considered>,
): Promise<Considered | undefined> => {
  try {
    return await ask();
  } catch (error) {
    const refused = error instanceof MissingPermission || error instanceof GitHubFailure;
    if (wrote !== undefined && refused && approval !== 'PendingManualApproval') return undefined;
    throw error;
  }
};

export const notLookedAgain =
  'GitHub did not answer after the decision was written, so decisions of the same moment were not looked for';

/** A decision that this run has written, and that the registry does not have any more. */
export const overwrittenBy = (wrote: Decided['is'] | undefined, registered: RegisteredVersion): readonly string[] =>
  wrote === undefined || statusOf[wrote] === registered.approval
    ? []
    : [
        `this run ${wrote === 'reject' ? 'rejected' : 'approved'} ${subjectOf(registered)}, and another write at the same time made it ${registered.approval}`,
      ];
