import type { EvidenceStamp } from '../../findings/evidence-stamp.ts';
import type { AnyFindings } from '../../findings/findings.ts';
import type { ArmMinute } from '../story.ts';

/** Shows one kind of findings. A report knows this interface and no kind. */
export interface FindingsRenderer<F extends AnyFindings> {
  /** Member of the JSON result that holds them, without `is`: users read it, so it never changes. */
  readonly member: string;
  /** A section of the job summary, its heading included. Markdown. */
  summary(findings: F): string;
  /** A section of the HTML report, its heading included. */
  html(findings: F, page: PageAround): string;
  /** Test cases beside the operation's own. */
  junit(findings: F): readonly TestCase[];
  /**
   * The facts that a person needs first, in sentences, for a host that shows one short text. Foreign text; the host makes it one line.
   * @param most characters
   */
  brief?(findings: F, most: number): string;
  /** The state of a version that a comment shows with it, where people answer to that. */
  stamp?(findings: F): Omit<EvidenceStamp, 'since'>;
}

/** The page that has the section. */
export interface PageAround {
  /** The sentence of the verdict above the section. */
  readonly because: string;
  /** The traffic of the release, both arms, where the report has it. */
  readonly minutes?: readonly ArmMinute[];
}

/** Plain text; the report escapes it. */
export interface TestCase {
  /** Groups cases in a test report: `model-delivery.judge`. */
  readonly classname: string;
  readonly name: string;
  readonly ended:
    | { readonly is: 'passed' }
    | { readonly is: 'skipped'; readonly message: string }
    | { readonly is: 'failed'; readonly type: string; readonly message: string; readonly details: string };
  /** Lines for a reader who opens the case. */
  readonly output?: string;
}
