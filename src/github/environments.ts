import { getOctokit } from '@actions/github';

/** The reviewers who must agree before a job may use a GitHub environment. */
export type Protection =
  | { readonly is: 'reviewed'; readonly reviewers: number }
  | { readonly is: 'unreviewed' }
  /** GitHub creates it, without reviewers, when a job first names it. */
  | { readonly is: 'absent' }
  /** The token may not look, or GitHub did not answer. */
  | { readonly is: 'unknown'; readonly because: string };

export interface Repository {
  /** `acme/churn`. */
  readonly name: string;
  readonly token: string;
  /** Of GitHub Enterprise Server; default: github.com. */
  readonly apiUrl?: string;
}

/** REST, "Get an environment": `protection_rules` of type `required_reviewers`; needs `actions: read` in a private repository. */
export const protectionOf = async ({ name, token, apiUrl }: Repository, environment: string): Promise<Protection> => {
  const [owner = '', repo = ''] = name.split('/');
  const octokit = getOctokit(token, apiUrl === undefined ? {} : { baseUrl: apiUrl });
  try {
    const { data } = await octokit.rest.repos.getEnvironment({ owner, repo, environment_name: environment });
    const rules = data.protection_rules ?? [];
    const reviewers = rules.flatMap((rule) => ('reviewers' in rule ? (rule.reviewers ?? []) : [])).length;
    return reviewers > 0 ? { is: 'reviewed', reviewers } : { is: 'unreviewed' };
  } catch (error) {
    const { status, message } = error as { readonly status?: number; readonly message: string };
    return status === 404 ? { is: 'absent' } : { is: 'unknown', because: `${status ?? 'no answer'}: ${message}` };
  }
};
