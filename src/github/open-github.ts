import type { Clock } from '../clock.ts';
import { putCheck } from './checks.ts';
import type { Client, Repository } from './client.ts';
import { authorshipOf, commentsOf, upsertComment } from './comments.ts';
import { compare } from './compare.ts';
import { putDeployment } from './deployments.ts';
import { protectionOf } from './environments.ts';
import type { GitHub, GitHubWrites } from './github.ts';
import { authorsOfPullRequest, pullRequest, pullRequestsOf } from './pull-requests.ts';
import { approvalsOf, authorsOf, membersOf, permissionOf, runOf } from './reviews.ts';

export interface GitHubAccess {
  /** A GitHub whose calls end when `signal` aborts. */
  within(signal?: AbortSignal): GitHub & { readonly write: GitHubWrites };
}

/** The client is loaded at its first call: most runs make none, and a start without it is quicker. */
export const openGitHub = (repository: Repository, clock: Clock): GitHubAccess => {
  let clients: Promise<(signal?: AbortSignal) => Client> | undefined;
  return {
    within: (signal) => {
      /** The room's function, on this client. */
      const on =
        <Given extends readonly unknown[], Answer>(ask: (client: Client, ...given: Given) => Promise<Answer>) =>
        async (...given: Given): Promise<Answer> => {
          clients ??= import('./octokit-client.ts').then(({ openClient }) => openClient(repository, clock));
          return ask((await clients)(signal), ...given);
        };
      return {
        repository: repository.name,
        protectionOf: on(protectionOf),
        approvalsOf: on(approvalsOf),
        runOf: on(runOf),
        authorsOf: on(authorsOf),
        compare: on(compare),
        permissionOf: on(permissionOf),
        membersOf: on(membersOf),
        commentsOf: on(commentsOf),
        authorship: on(authorshipOf),
        pullRequest: on(pullRequest),
        authorsOfPullRequest: on(authorsOfPullRequest),
        pullRequestsOf: on(pullRequestsOf),
        write: { upsertComment: on(upsertComment), putCheck: on(putCheck), putDeployment: on(putDeployment) },
      };
    },
  };
};
