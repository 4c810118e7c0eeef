import { readFileSync } from 'node:fs';
import type { Env } from '../env.ts';
import type { GitHub } from '../github/github.ts';
import type { Occasion } from '../report/publications/publications.ts';
import type { Run } from '../world.ts';

/** The pull request that a run is about, as the event of the workflow or the webhook of a build has it. */
export interface OnPullRequest {
  readonly number: number;
  /** The newest commit of its branch, where the event has it. */
  readonly head?: string;
  /** The token of such a job may only read (GitHub docs, "Events that trigger workflows": `pull_request` from forks). */
  readonly readOnly: boolean;
}

interface Payload {
  readonly repository?: { readonly full_name?: string };
  readonly pull_request?: {
    readonly number?: number;
    readonly head?: { readonly sha?: string; readonly repo?: { readonly full_name?: string } | null };
  };
  readonly issue?: { readonly number?: number; readonly pull_request?: object };
  readonly workflow_run?: {
    readonly pull_requests?: readonly { readonly number?: number; readonly head?: { readonly sha?: string } }[];
  };
}

export const pullRequestIn = (env: Env): OnPullRequest | undefined => {
  const { pull_request: pull, issue, workflow_run: after, repository } = payloadOf(env['GITHUB_EVENT_PATH']);
  if (pull?.number !== undefined)
    return on(
      pull.number,
      pull.head?.sha,
      env['GITHUB_EVENT_NAME'] === 'pull_request' && pull.head?.repo?.full_name !== repository?.full_name,
    );
  if (issue?.pull_request !== undefined && issue.number !== undefined) return on(issue.number);
  const [first] = after?.pull_requests ?? [];
  if (first?.number !== undefined) return on(first.number, first.head?.sha);
  // CodeBuild: `pr/12` for a build that a pull request started.
  const webhook = /^pr\/(\d+)$/.exec(env['CODEBUILD_WEBHOOK_TRIGGER'] ?? '')?.[1];
  return webhook === undefined ? undefined : on(Number(webhook), env['CODEBUILD_RESOLVED_SOURCE_VERSION']);
};

/** The pull request, or the issue that an event of issues is about. */
export const threadIn = (env: Env): Run['thread'] => {
  const pull = pullRequestIn(env);
  if (pull !== undefined) return { is: 'pull-request', number: pull.number };
  const { issue } = payloadOf(env['GITHUB_EVENT_PATH']);
  return issue?.number === undefined ? undefined : { is: 'issue', number: issue.number };
};

const on = (number: number, head?: string, readOnly = false): OnPullRequest => ({
  number,
  readOnly,
  ...(head === undefined ? {} : { head }),
});

/** A run without an event, or with a file that is none, is about no pull request. */
const payloadOf = (path: string | undefined): Payload => {
  if (!path) return {};
  try {
    const payload: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return typeof payload === 'object' && payload !== null ? payload : {};
  } catch {
    return {};
  }
};

/** @returns undefined when there is neither a pull request nor a commit */
export const occasionOf = async (
  pull: OnPullRequest | undefined,
  commit: string | undefined,
  github: GitHub,
): Promise<Occasion | undefined> => {
  if (pull !== undefined) {
    const head = pull.head ?? (await github.pullRequest(pull.number))?.head ?? commit;
    if (head === undefined) return undefined;
    return { commit: head, place: async () => ({ is: 'pull-request', number: pull.number }) };
  }
  if (commit === undefined) return undefined;
  return {
    commit,
    place: async () => {
      const found = await github.pullRequestsOf(commit);
      // A commit of the default branch belongs to the pull request that was merged with it.
      const best = found.find(({ open }) => open) ?? found[0];
      return best === undefined ? { is: 'commit', sha: commit } : { is: 'pull-request', number: best.number };
    },
  };
};
