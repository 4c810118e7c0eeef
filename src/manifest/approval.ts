import type { PolicyRule } from './approval-policy.ts';

/** `approval:` of the manifest: who and what decides about a version, as the environment has it. */
export interface ApprovalRules {
  readonly reviewers?: Reviewers;
  /** For the mode `record`: the GitHub environment whose reviews count. GitHub ignores case. */
  readonly 'github-environment'?: string;
  /** For the mode `policy`. */
  readonly policy?: readonly PolicyRule[];
}

/** The people whose decision counts. */
export interface Reviewers {
  /** That many different people have to approve; one rejects. */
  readonly atLeast: number;
  readonly of: readonly Reviewer[];
}

/** Names at GitHub, in lower case: GitHub ignores case. */
export type Reviewer =
  | { readonly is: 'person'; readonly login: string }
  | { readonly is: 'team'; readonly organisation: string; readonly slug: string };
