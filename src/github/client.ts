import type { getOctokit } from '@actions/github';
import type { ProxySettings } from '../aws/transport.ts';
import type { Needed } from './refusal.ts';

export type Octokit = ReturnType<typeof getOctokit>;

export interface Repository {
  /** `acme/churn`. */
  readonly name: string;
  readonly token: string;
  /** Of GitHub Enterprise Server; default: github.com. */
  readonly apiUrl?: string;
  readonly proxy?: ProxySettings;
}

/** The parameters that every call has. */
export interface Common {
  readonly owner: string;
  readonly repo: string;
  readonly request: { readonly signal?: AbortSignal; readonly retries?: number };
}

/** A call, for its error: `write the comment`, and the permission that it needs. */
export interface Purpose {
  readonly does: string;
  readonly needs: Needed;
  /** GitHub would do it twice, so it is sent once; the caller looks whether it was done. */
  readonly once?: boolean;
}

/** Makes calls of one repository. */
export interface Client {
  readonly repository: Repository;
  /** @throws {MissingPermission | GitHubFailure | Throttled} */
  call<Answer>(purpose: Purpose, send: (octokit: Octokit, common: Common) => Promise<Answer>): Promise<Answer>;
}

/** GitHub's limit for a page of any list. */
const perPage = 100;

/**
 * Every page of a list. Octokit's own paging forgets the signal of the first request.
 * @returns the answers, one a page
 */
export const everyPage = async <Answer extends { readonly headers: { readonly link?: string } }>(
  client: Client,
  purpose: Purpose,
  send: (octokit: Octokit, common: Common & { readonly page: number; readonly per_page: number }) => Promise<Answer>,
): Promise<readonly Answer[]> => {
  const answers: Answer[] = [];
  for (let page = 1; ; page++) {
    const answer = await client.call(purpose, (octokit, common) =>
      send(octokit, { ...common, page, per_page: perPage }),
    );
    answers.push(answer);
    if (!/;\s*rel="next"/.test(answer.headers.link ?? '')) return answers;
  }
};
