import type { Outcome } from '../outcome.ts';
import type { ReasonCode } from '../reason-codes.ts';

/** The decision of a mode about a version that waits for approval. */
export type Decision =
  | {
      readonly is: 'approve' | 'reject';
      /** The people who decided, or the name of a policy; for the registry and the report. Foreign text. */
      readonly by: readonly string[];
      /** A clause, with the people's own words. Foreign text. */
      readonly because: string;
      /** A page about the decision: a run, a comment. */
      readonly link?: string;
    }
  /** Nothing is written to the registry. */
  | {
      readonly is: 'open';
      readonly outcome: Extract<Outcome, 'pending' | 'inconclusive' | 'rejected'>;
      readonly reason: ReasonCode;
      readonly because: string;
      /** A clause: a rejection is in doubt, so that a version that is approved already goes no further either. */
      readonly holds?: string;
    };

export type Open = Extract<Decision, { is: 'open' }>;
export type Decided = Exclude<Decision, Open>;

export const statusOf = { approve: 'Approved', reject: 'Rejected' } as const;
