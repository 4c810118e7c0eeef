import type { ApprovalRules, Reviewer } from '../manifest/approval.ts';
import type { Risk } from '../manifest/risk.ts';

/** The people who have to approve, once the risk is known. */
export interface ReviewersFor {
  readonly atLeast: number;
  /** Absent: the manifest names none. */
  readonly of?: readonly Reviewer[];
}

const ofHighRisk = 2;

/** A high risk requires two different people, whatever number the manifest has, and without `reviewers` too. */
export const reviewersFor = ({ reviewers }: ApprovalRules, risk: Risk): ReviewersFor => {
  const { atLeast = 1, of } = reviewers ?? {};
  return { atLeast: risk === 'high' ? Math.max(ofHighRisk, atLeast) : atLeast, ...(of === undefined ? {} : { of }) };
};
