import type { ApprovalPolicy } from './approval-policy.ts';
import type { Evidence } from './evidence.ts';
import type { Judgement } from './judgement.ts';
import type { Regression } from './regression.ts';
import type { SmokeTest } from './smoke.ts';

/**
 * The evidence behind an outcome, typed by the kind of operation that gathered it. A new kind is a file beside this one, a member of
 * this union and an entry in `src/report/findings/renderers.ts`: no other code reads its members.
 */
export type Findings = ApprovalPolicy | Evidence | Judgement | Regression | SmokeTest;

/** The part of findings that a host and a report know: the name of their renderer. */
export interface AnyFindings {
  readonly is: string;
}
