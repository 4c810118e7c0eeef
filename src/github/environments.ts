import type { Client } from './client.ts';
import { isAbsent } from './refusal.ts';

/** The reviewers who must agree before a job may use a GitHub environment. */
export type Protection =
  | { readonly is: 'reviewed'; readonly reviewers: number }
  | { readonly is: 'unreviewed' }
  /** GitHub creates it, without reviewers, when a job first names it. */
  | { readonly is: 'absent' }
  /** The token may not look, or GitHub did not answer. */
  | { readonly is: 'unknown'; readonly because: string };

/** REST, "Get an environment": `protection_rules` of type `required_reviewers`; needs `actions: read` in a private repository. */
export const protectionOf = async (client: Client, environment: string): Promise<Protection> => {
  try {
    const { data } = await client.call(
      { does: `read the environment ${environment}`, needs: 'actions: read' },
      (octokit, common) => octokit.rest.repos.getEnvironment({ ...common, environment_name: environment }),
    );
    const rules = data.protection_rules ?? [];
    const reviewers = rules.flatMap((rule) => ('reviewers' in rule ? (rule.reviewers ?? []) : [])).length;
    return reviewers > 0 ? { is: 'reviewed', reviewers } : { is: 'unreviewed' };
  } catch (error) {
    if (isAbsent(error)) return { is: 'absent' };
    return { is: 'unknown', because: error instanceof Error ? error.message : String(error) };
  }
};
