import { example } from './description.ts';
import type {
  ChangedFile,
  CheckRun,
  Comment,
  Commit,
  Deployment,
  Person,
  PullRequest,
  State,
  WorkflowRun,
} from './state.ts';

/** Objects as GitHub sends them: the members that matter over the smallest object of the description. */

type Json = Readonly<Record<string, unknown>>;

export const simpleUser = ({ login, type }: Person): Json => example('simple-user', { id: idOf(login), login, type });

export const personAnswer = ({ login, type }: Person): Json =>
  example('private-user', { id: idOf(login), login, type, user_view_type: 'private' });

/** The same for the same login. */
const idOf = (login: string): number =>
  [...login].reduce((sum, letter) => sum * 31 + (letter.codePointAt(0) ?? 0), 7) % 1e9;

export const commentAnswer = ({ id, on, user, body, createdAt, updatedAt }: Comment): Json => ({
  ...example(typeof on === 'string' ? 'commit-comment' : 'issue-comment'),
  ...(typeof on === 'string' ? { commit_id: on } : {}),
  id,
  user: simpleUser(user),
  body,
  html_url: `https://github.example/comment/${id}`,
  created_at: createdAt,
  updated_at: updatedAt,
});

export const checkRunAnswer = ({ id, app, sha, members }: CheckRun): Json => {
  const { output, name, status = 'queued', conclusion = null, external_id = null, details_url = null } = members;
  return example('check-run', {
    id,
    head_sha: sha,
    name,
    status,
    conclusion,
    external_id,
    details_url,
    html_url: `https://github.example/check/${id}`,
    output: {
      title: null,
      summary: null,
      text: null,
      annotations_count: 0,
      annotations_url: 'https://github.example/',
      ...(output as Json | undefined),
    },
    app: integration(app),
  });
};

const integration = (slug: string): Json => ({
  id: idOf(slug),
  node_id: '',
  slug: slug.replace('[bot]', ''),
  owner: simpleUser({ login: 'github', type: 'User' }),
  name: slug,
  description: null,
  external_url: 'https://github.example/',
  html_url: 'https://github.example/',
  created_at: '2026-01-05T09:00:00Z',
  updated_at: '2026-01-05T09:00:00Z',
  permissions: {},
  events: [],
});

export const deploymentAnswer = ({ id, sha, environment, task, members }: Deployment): Json =>
  example('deployment', { id, sha, ref: members['ref'], environment, task, payload: members['payload'] ?? {} });

export const statusAnswer = ({ id, members }: State['deployments'][number]['statuses'][number]): Json => {
  const { state, description = '', environment_url, log_url } = members;
  return {
    ...example('deployment-status', { id, state, description }),
    ...(environment_url === undefined ? {} : { environment_url }),
    ...(log_url === undefined ? {} : { log_url }),
  };
};

export const runAnswer = ({ id, sha, actor, triggeringActor }: WorkflowRun): Json =>
  example('workflow-run', {
    id,
    head_sha: sha,
    actor: simpleUser(actor),
    triggering_actor: simpleUser(triggeringActor),
  });

export const pullRequestAnswer = (
  component: 'pull-request' | 'pull-request-simple',
  { number, head, state, author }: PullRequest,
): Json => {
  const smallest = example(component);
  return {
    ...smallest,
    number,
    state,
    user: simpleUser(author),
    head: { ...(smallest['head'] as Json), sha: head },
  };
};

export const commitAnswer = ({ sha, author, committer, message = '' }: Commit): Json => {
  const smallest = example('commit');
  return {
    ...smallest,
    sha,
    commit: { ...(smallest['commit'] as Json), message },
    author: author === undefined ? null : simpleUser(author),
    committer: committer === undefined ? null : simpleUser(committer),
  };
};

/** REST, "Get a commit": with a page of its files. */
export const wholeCommitAnswer = (commit: Commit, files: readonly unknown[]): Json => ({
  ...commitAnswer(commit),
  files,
});

export const fileAnswer = ({ name, from }: ChangedFile): Json => ({
  sha: null,
  filename: name,
  status: from === undefined ? 'modified' : 'renamed',
  additions: 1,
  deletions: 0,
  changes: 1,
  blob_url: 'https://github.com/acme/churn/blob',
  raw_url: 'https://github.com/acme/churn/raw',
  contents_url: 'https://api.github.com/repos/acme/churn/contents',
  ...(from === undefined ? {} : { previous_filename: from }),
});

export const comparisonAnswer = (
  status: 'ahead' | 'behind' | 'diverged' | 'identical',
  [ahead, behind]: readonly [number, number],
  page: readonly unknown[],
): Json => ({
  ...example('commit-comparison', { status, ahead_by: ahead, behind_by: behind, total_commits: ahead }),
  commits: page,
});

export const environmentAnswer = (name: string, reviewers: readonly Person[]): Json =>
  example('environment', {
    name,
    protection_rules:
      reviewers.length === 0
        ? []
        : [
            {
              id: 1,
              node_id: '',
              type: 'required_reviewers',
              prevent_self_review: false,
              reviewers: reviewers.map((reviewer) => ({ type: 'User', reviewer: simpleUser(reviewer) })),
            },
          ],
  });
