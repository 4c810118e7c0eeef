/** The repository that the calls read and change. */

export interface Person {
  readonly login: string;
  /** `Bot` for an app, such as `github-actions[bot]`. */
  readonly type: 'User' | 'Bot';
}

export interface Comment {
  readonly id: number;
  /** Number of the pull request or issue, or the commit. */
  readonly on: number | string;
  readonly user: Person;
  readonly body: string;
  readonly createdAt: string;
  readonly updatedAt: string;
}

export interface PullRequest {
  readonly number: number;
  readonly head: string;
  readonly state: 'open' | 'closed';
  readonly author: Person;
  /** Commits that GitHub associates with it: those of its branch, and the one that merged it. */
  readonly commits: readonly string[];
}

export interface CheckRun {
  readonly id: number;
  readonly app: string;
  readonly sha: string;
  /** As the request wrote them. */
  readonly members: Readonly<Record<string, unknown>>;
}

export interface Deployment {
  readonly id: number;
  readonly sha: string;
  readonly environment: string;
  readonly task: string;
  readonly members: Readonly<Record<string, unknown>>;
  /** Oldest first. */
  readonly statuses: readonly { readonly id: number; readonly members: Readonly<Record<string, unknown>> }[];
}

export interface WorkflowRun {
  readonly id: number;
  readonly sha: string;
  readonly actor: Person;
  readonly triggeringActor: Person;
  readonly approvals: readonly {
    readonly user: Person;
    readonly state: 'approved' | 'rejected' | 'pending';
    readonly comment: string;
    readonly environments: readonly string[];
  }[];
}

export interface Commit {
  readonly sha: string;
  /** Absent when GitHub knows no account with the commit's address. */
  readonly author?: Person;
  readonly committer?: Person;
  readonly message?: string;
  /** Digests of the commits before it. */
  readonly parents?: readonly string[];
  /** The files by which it differs from its first parent. */
  readonly files?: readonly ChangedFile[];
}

export interface ChangedFile {
  readonly name: string;
  /** Of a file that was moved: its name before. */
  readonly from?: string;
}

export interface State {
  comments: readonly Comment[];
  pullRequests: readonly PullRequest[];
  /** Numbers of issues that are no pull requests. */
  issues: readonly number[];
  checks: readonly CheckRun[];
  deployments: readonly Deployment[];
  runs: readonly WorkflowRun[];
  commits: readonly Commit[];
  /** By login in lower case: `admin`, `maintain`, `write`, `triage`, `read` or `none`. GitHub does not find other accounts. */
  permissions: Readonly<Record<string, string>>;
  /** Of the organisation that owns the repository, by slug. */
  teams: Readonly<Record<string, readonly Person[]>>;
  /** By name: the reviewers that GitHub requires. */
  environments: Readonly<Record<string, readonly Person[]>>;
}

export const emptyState = (): State => ({
  comments: [],
  pullRequests: [],
  issues: [],
  checks: [],
  deployments: [],
  runs: [],
  commits: [],
  permissions: {},
  teams: {},
  environments: {},
});
