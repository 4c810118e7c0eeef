import type { Protection } from './environments.ts';

/**
 * GitHub as operations and publications see it: one repository, in the project's own words. The room knows paths, pages and errors.
 * Every call may throw `MissingPermission`, `GitHubFailure`, or `Throttled` when GitHub requests a longer pause than a turn may wait.
 */
export interface GitHub {
  /** `acme/churn`. */
  readonly repository: string;
  protectionOf(environment: string): Promise<Protection>;
  /** The decisions on the environments of a workflow run, as GitHub lists them. */
  approvalsOf(run: number): Promise<readonly Approval[]>;
  runOf(run: number): Promise<WorkflowRun>;
  /** The accounts that GitHub knows for a commit. */
  authorsOf(commit: string): Promise<Accounts>;
  /**
   * The commits that `head` has and `base` has not.
   * @param paths from the root of the repository: commits that change none of them are left out; empty: all commits
   * @returns undefined when the repository lacks one of the two
   */
  compare(base: string, head: string, paths: readonly string[]): Promise<Comparison | undefined>;
  /** The person's present permission for the repository. */
  permissionOf(login: string): Promise<Permission>;
  /** Logins of a team's members, child teams included. */
  membersOf(team: Team): Promise<readonly string[]>;
  /** All comments, oldest first. */
  commentsOf(place: Place): Promise<readonly Comment[]>;
  /** Recognises the comments that this token wrote. */
  authorship(): Promise<(comment: Comment) => boolean>;
  /** @returns undefined when the repository has no such pull request */
  pullRequest(number: number): Promise<PullRequest | undefined>;
  /** The accounts that GitHub knows for the commits of a pull request. */
  authorsOfPullRequest(number: number): Promise<Accounts>;
  /** The pull requests that a commit belongs to, open and merged ones. */
  pullRequestsOf(commit: string): Promise<readonly PullRequest[]>;
  /** Absent in a dry run. */
  readonly write?: GitHubWrites;
}

export interface GitHubWrites {
  /**
   * Writes the one comment of this token that begins with `marker`: changes the first, deletes later ones, creates it when there is
   * none. Two runs at once leave one comment.
   * @param compose the new text from the present one; it begins with `marker`
   */
  upsertComment(place: Place, marker: string, compose: (present: string | undefined) => string): Promise<void>;
  /** Writes the check run with this commit, name and `externalId`: changes it, or creates it. */
  putCheck(check: Check): Promise<void>;
  /** Adds a status to the deployment that began for the same commit, environment and version; creates it when there is none. */
  putDeployment(deployment: Deployment): Promise<void>;
}

/** The thread of comments. An issue's and a pull request's are the same at GitHub. */
export type Place =
  | { readonly is: 'pull-request' | 'issue'; readonly number: number }
  | { readonly is: 'commit'; readonly sha: string };

export interface Comment {
  readonly id: number;
  /** Empty when the account was deleted. */
  readonly author: string;
  /** Whether an app wrote it, and no person. */
  readonly byApp: boolean;
  readonly body: string;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  /** Later than `createdAt` once the comment was edited. */
  readonly updatedAt: string;
  /** Its address. */
  readonly page: string;
}

export interface PullRequest {
  readonly number: number;
  readonly open: boolean;
  /** The newest commit of its branch. A job on `pull_request` runs on a merge commit instead. */
  readonly head: string;
  readonly author: string;
}

/** Authors and committers. */
export interface Accounts {
  readonly logins: readonly string[];
  /** One of them has an address that no account at GitHub has. */
  readonly hasUnknown: boolean;
}

/** A commit beside an earlier one. */
export interface Comparison {
  /** `ahead`: the head has all commits of the base, and more; `behind`: the base has all commits of the head, and more. */
  readonly relation: 'ahead' | 'behind' | 'diverged' | 'identical';
  /** Messages of the commits that the head has and the base has not. Foreign text. */
  readonly messages: readonly string[];
}

export interface Approval {
  readonly by: string;
  readonly state: 'approved' | 'rejected' | 'pending';
  readonly comment: string;
  readonly environments: readonly string[];
}

export interface WorkflowRun {
  readonly id: number;
  readonly commit: string;
  readonly actor: string;
  /** The account that started this attempt, where it is known: a re-run keeps the actor of the first. */
  readonly triggeringActor?: string;
}

/** From most to least. */
export const permissions = ['admin', 'maintain', 'write', 'triage', 'read', 'none'] as const;
export type Permission = (typeof permissions)[number];

/** `@acme/ml-leads`. */
export interface Team {
  readonly organisation: string;
  readonly slug: string;
}

export interface Check {
  /** As the pull request shows it. */
  readonly name: string;
  readonly commit: string;
  /** Finds the check again. */
  readonly externalId: string;
  readonly conclusion: Conclusion;
  readonly title: string;
  /** Markdown. */
  readonly summary: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly endedAt: string;
  readonly url?: string;
}
export type Conclusion = 'success' | 'failure' | 'action_required' | 'cancelled' | 'timed_out';

export interface Deployment {
  readonly commit: string;
  readonly environment: string;
  readonly task: string;
  /** Kept in the deployment; with the others it finds the deployment again. */
  readonly version: string;
  readonly state: DeploymentState;
  readonly description: string;
  /** The page of the deployed thing. */
  readonly environmentUrl?: string;
  readonly logUrl?: string;
}
export type DeploymentState = 'in_progress' | 'success' | 'failure' | 'error';
