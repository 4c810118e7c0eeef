import type { AnyFindings, Findings } from '../../findings/findings.ts';
import { approvalPolicyRenderer } from './approval-policy.ts';
import { evidenceRenderer } from './evidence.ts';
import { judgementRenderer } from './judgement.ts';
import { regressionRenderer } from './regression.ts';
import type { FindingsRenderer } from './renderer.ts';
import { smokeRenderer } from './smoke.ts';

/** Every kind of findings and its renderer; a kind without one does not compile. */
export const renderers = {
  'approval-policy': approvalPolicyRenderer,
  evidence: evidenceRenderer,
  judgement: judgementRenderer,
  regression: regressionRenderer,
  'smoke-test': smokeRenderer,
} as const satisfies { readonly [Kind in Findings['is']]: FindingsRenderer<Extract<Findings, { readonly is: Kind }>> };

/** A table of renderers as a report uses it. */
export type Renderers = Readonly<Record<string, FindingsRenderer<AnyFindings>>>;
