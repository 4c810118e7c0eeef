import type { Judgement } from './judgement.ts';

/**
 * The evidence behind an outcome, typed by the kind of operation that gathered it. A new kind is a file beside this one, a member of
 * this union and an entry in `src/report/findings/renderers.ts`: nothing else reads inside.
 */
export type Findings = Judgement;

/** All that a host and a report know of findings: which renderer reads them. */
export interface AnyFindings {
  readonly is: string;
}
