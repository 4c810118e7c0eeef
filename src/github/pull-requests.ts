import { type Client, everyPage } from './client.ts';
import { accountsOf } from './commit-accounts.ts';
import type { Accounts, PullRequest } from './github.ts';
import { orAbsent } from './refusal.ts';

interface Answered {
  readonly number: number;
  readonly state: string;
  readonly head: { readonly sha: string };
  readonly user: { readonly login: string } | null;
}

const fromAnswer = ({ number, state, head, user }: Answered): PullRequest => ({
  number,
  open: state === 'open',
  head: head.sha,
  author: user?.login ?? '',
});

export const pullRequest = async (client: Client, number: number): Promise<PullRequest | undefined> => {
  const answer = await orAbsent(
    client.call({ does: `read pull request ${number}`, needs: 'pull-requests: read' }, (octokit, common) =>
      octokit.rest.pulls.get({ ...common, pull_number: number }),
    ),
    undefined,
  );
  return answer && fromAnswer(answer.data);
};

/** REST, "List pull requests associated with a commit": for a commit of the default branch, the one that merged it. */
export const pullRequestsOf = async (client: Client, commit: string): Promise<readonly PullRequest[]> => {
  const pages = await everyPage(
    client,
    { does: `read the pull requests of commit ${commit}`, needs: 'pull-requests: read' },
    (octokit, common) => octokit.rest.repos.listPullRequestsAssociatedWithCommit({ ...common, commit_sha: commit }),
  );
  return pages.flatMap(({ data }) => data).map(fromAnswer);
};

/**
 * The accounts of its commits. REST, "List commits on a pull request": GitHub gives the first 250 commits.
 */
export const authorsOfPullRequest = async (client: Client, number: number): Promise<Accounts> => {
  const pages = await everyPage(
    client,
    { does: `read the commits of pull request ${number}`, needs: 'pull-requests: read' },
    (octokit, common) => octokit.rest.pulls.listCommits({ ...common, pull_number: number }),
  );
  return accountsOf(pages.flatMap(({ data }) => data));
};
