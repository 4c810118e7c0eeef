import {
  checkRunAnswer,
  commentAnswer,
  commitAnswer,
  comparisonAnswer,
  deploymentAnswer,
  environmentAnswer,
  fileAnswer,
  personAnswer,
  pullRequestAnswer,
  runAnswer,
  simpleUser,
  statusAnswer,
  wholeCommitAnswer,
} from './answers.ts';
import type { Call } from './description.ts';
import type { Comment, Person, State } from './state.ts';

/** The work of one call, by GitHub's `operationId`. */

export interface Received {
  readonly call: Call;
  readonly query: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
  /** Owner of the token. */
  readonly as: Person;
  readonly state: State;
  /** The next id; ids rise with time, over all kinds of objects. */
  nextId(): number;
  /** ISO 8601; a second later at every use. */
  now(): string;
}

export interface Answer {
  readonly status: number;
  readonly body?: unknown;
  /** All items of a list; the server cuts the page out. `wrap` makes the page's body where it is no array. */
  readonly list?: readonly unknown[];
  readonly wrap?: (page: readonly unknown[], total: number) => unknown;
}

const ok = (body: unknown): Answer => ({ status: 200, body });
const created = (body: unknown): Answer => ({ status: 201, body });
const listed = (list: readonly unknown[]): Answer => ({ status: 200, list });
const nothing: Answer = { status: 204 };

/** GitHub's words for a thing that it does not find, or hides. */
export const notFound: Answer = {
  status: 404,
  body: { message: 'Not Found', documentation_url: 'https://docs.github.com/rest', status: '404' },
};

const invalid = (resource: string, field: string, message: string): Answer => ({
  status: 422,
  body: {
    message: 'Validation Failed',
    errors: [{ resource, code: 'custom', field, message }],
    documentation_url: 'https://docs.github.com/rest',
  },
});

/** "body is too long (maximum is 65536 characters)": GitHub's answer to a longer comment. */
const longestBody = 65_536;
/** REST, "Create a deployment status": description, at most 140 characters. */
const longestDescription = 140;

const value = (received: Received, name: string): string => received.call.values[name] ?? '';
const text = (members: Readonly<Record<string, unknown>>, name: string): string => String(members[name] ?? '');

/** An issue, or a pull request: GitHub counts both in one sequence, and each pull request is an issue too. */
const threadNamed = (received: Received): number | undefined => {
  const number = Number(value(received, 'issue_number'));
  const { issues, pullRequests } = received.state;
  return [...issues, ...pullRequests.map((one) => one.number)].includes(number) ? number : undefined;
};

const commentsOn = (received: Received, on: number | string): Answer =>
  listed(received.state.comments.filter((comment) => comment.on === on).map(commentAnswer));

const addComment = (received: Received, on: number | string): Answer => {
  const body = text(received.body, 'body');
  if (body.length > longestBody)
    return invalid('IssueComment', 'body', `body is too long (maximum is ${longestBody} characters)`);
  const at = received.now();
  const comment: Comment = { id: received.nextId(), on, user: received.as, body, createdAt: at, updatedAt: at };
  received.state.comments = [...received.state.comments, comment];
  return created(commentAnswer(comment));
};

const commentNamed = (received: Received): Comment | undefined =>
  received.state.comments.find(({ id }) => String(id) === value(received, 'comment_id'));

const changeComment = (received: Received): Answer => {
  const found = commentNamed(received);
  if (found === undefined) return notFound;
  const body = text(received.body, 'body');
  if (body.length > longestBody)
    return invalid('IssueComment', 'body', `body is too long (maximum is ${longestBody} characters)`);
  const changed: Comment = { ...found, body, updatedAt: received.now() };
  received.state.comments = received.state.comments.map((comment) => (comment.id === found.id ? changed : comment));
  return ok(commentAnswer(changed));
};

const removeComment = (received: Received): Answer => {
  const found = commentNamed(received);
  if (found === undefined) return notFound;
  received.state.comments = received.state.comments.filter(({ id }) => id !== found.id);
  return nothing;
};

const createCheck = (received: Received): Answer => {
  const check = {
    id: received.nextId(),
    app: received.as.login,
    sha: text(received.body, 'head_sha'),
    members: received.body,
  };
  received.state.checks = [...received.state.checks, check];
  return created(checkRunAnswer(check));
};

const updateCheck = (received: Received): Answer => {
  const found = received.state.checks.find(({ id }) => String(id) === value(received, 'check_run_id'));
  // Another app's check run is as good as absent.
  if (found === undefined || found.app !== received.as.login) return notFound;
  const changed = { ...found, members: { ...found.members, ...received.body } };
  received.state.checks = received.state.checks.map((check) => (check.id === found.id ? changed : check));
  return ok(checkRunAnswer(changed));
};

const checksOf = (received: Received): Answer => ({
  status: 200,
  list: received.state.checks
    .filter(({ sha }) => sha === value(received, 'ref'))
    .filter(
      ({ members }) => received.query['check_name'] === undefined || members['name'] === received.query['check_name'],
    )
    .map(checkRunAnswer),
  wrap: (page, total) => ({ total_count: total, check_runs: page }),
});

const createDeployment = (received: Received): Answer => {
  const required = received.body['required_contexts'];
  // The job that deploys is a check that has not ended, so GitHub refuses unless no check is required.
  if (!Array.isArray(required) || required.length > 0)
    return { status: 409, body: { message: 'Conflict: Commit status checks failed for the ref.' } };
  const ref = text(received.body, 'ref');
  const deployment = {
    id: received.nextId(),
    sha: ref,
    environment: String(received.body['environment'] ?? 'production'),
    task: String(received.body['task'] ?? 'deploy'),
    members: received.body,
    statuses: [],
  };
  received.state.deployments = [deployment, ...received.state.deployments];
  return created(deploymentAnswer(deployment));
};

const deploymentsOf = (received: Received): Answer =>
  listed(
    received.state.deployments
      .filter((deployment) =>
        (['sha', 'environment', 'task'] as const).every(
          (name) => received.query[name] === undefined || deployment[name] === received.query[name],
        ),
      )
      .map(deploymentAnswer),
  );

const addStatus = (received: Received): Answer => {
  const found = received.state.deployments.find(({ id }) => String(id) === value(received, 'deployment_id'));
  if (found === undefined) return notFound;
  if (text(received.body, 'description').length > longestDescription)
    return invalid('DeploymentStatus', 'description', 'description is too long (maximum is 140 characters)');
  const status = { id: received.nextId(), members: received.body };
  const changed = { ...found, statuses: [...found.statuses, status] };
  received.state.deployments = received.state.deployments.map((one) => (one.id === found.id ? changed : one));
  return created(statusAnswer(status));
};

const statusesOf = (received: Received): Answer => {
  const found = received.state.deployments.find(({ id }) => String(id) === value(received, 'deployment_id'));
  return found === undefined ? notFound : listed([...found.statuses].reverse().map(statusAnswer));
};

/** The commit and all before it. */
const historyOf = ({ state: { commits } }: Received, sha: string): ReadonlySet<string> => {
  const found = new Set([sha]);
  for (const one of found)
    for (const parent of commits.find((commit) => commit.sha === one)?.parents ?? []) found.add(parent);
  return found;
};

/** Oldest first, as GitHub lists them; the commits of the state stand in the order of time. */
const compareCommits = (received: Received): Answer => {
  const { commits } = received.state;
  const [base = '', head = ''] = value(received, 'basehead').split('...');
  if (![base, head].every((sha) => commits.some((one) => one.sha === sha))) return notFound;
  const [before, after] = [historyOf(received, base), historyOf(received, head)];
  const ahead = commits.filter(({ sha }) => after.has(sha) && !before.has(sha));
  const behind = commits.filter(({ sha }) => before.has(sha) && !after.has(sha));
  const status =
    ahead.length === 0 ? (behind.length === 0 ? 'identical' : 'behind') : behind.length === 0 ? 'ahead' : 'diverged';
  return {
    status: 200,
    list: ahead.map(commitAnswer),
    wrap: (page) => comparisonAnswer(status, [ahead.length, behind.length], page),
  };
};

const runNamed = (received: Received) => received.state.runs.find(({ id }) => String(id) === value(received, 'run_id'));

/** Every call of the cut; the server refuses one that is not here. */
export const routes: Readonly<Record<string, (received: Received) => Answer>> = {
  'users/get-authenticated': ({ as }) => ok(personAnswer(as)),
  'teams/list-members-in-org': (received) => {
    const members = received.state.teams[value(received, 'team_slug')];
    return members === undefined ? notFound : listed(members.map(simpleUser));
  },
  'actions/get-workflow-run': (received) => {
    const run = runNamed(received);
    return run === undefined ? notFound : ok(runAnswer(run));
  },
  'actions/get-reviews-for-run': (received) => {
    const run = runNamed(received);
    return run === undefined
      ? notFound
      : ok(
          run.approvals.map(({ user, state, comment, environments }) => ({
            user: simpleUser(user),
            state,
            comment,
            environments: environments.map((name) => ({ name })),
          })),
        );
  },
  'checks/create': createCheck,
  'checks/update': updateCheck,
  'checks/list-for-ref': checksOf,
  'repos/get-collaborator-permission-level': (received) => {
    const login = value(received, 'username');
    const permission = received.state.permissions[login.toLowerCase()];
    if (permission === undefined) return notFound;
    // `maintain` and `triage` show in `role_name` only: the older member has four levels.
    const level = { maintain: 'write', triage: 'read' }[permission] ?? permission;
    return ok({ permission: level, role_name: permission, user: null });
  },
  'repos/list-comments-for-commit': (received) => commentsOn(received, value(received, 'commit_sha')),
  'repos/create-commit-comment': (received) => addComment(received, value(received, 'commit_sha')),
  'repos/update-commit-comment': changeComment,
  'repos/delete-commit-comment': removeComment,
  'issues/list-comments': (received) => {
    const number = threadNamed(received);
    return number === undefined ? notFound : commentsOn(received, number);
  },
  'issues/create-comment': (received) => {
    const number = threadNamed(received);
    return number === undefined ? notFound : addComment(received, number);
  },
  'issues/update-comment': changeComment,
  'issues/delete-comment': removeComment,
  'repos/list-pull-requests-associated-with-commit': (received) =>
    listed(
      received.state.pullRequests
        .filter(({ commits }) => commits.includes(value(received, 'commit_sha')))
        .map((one) => pullRequestAnswer('pull-request-simple', one)),
    ),
  'pulls/get': (received) => {
    const found = received.state.pullRequests.find(({ number }) => String(number) === value(received, 'pull_number'));
    return found === undefined ? notFound : ok(pullRequestAnswer('pull-request', found));
  },
  'pulls/list-commits': (received) => {
    const found = received.state.pullRequests.find(({ number }) => String(number) === value(received, 'pull_number'));
    if (found === undefined) return notFound;
    const known = found.commits.map((sha) => received.state.commits.find((one) => one.sha === sha) ?? { sha });
    return listed(known.map(commitAnswer));
  },
  'repos/get-commit': (received) => {
    const found = received.state.commits.find(({ sha }) => sha === value(received, 'ref'));
    return found === undefined
      ? notFound
      : { status: 200, list: (found.files ?? []).map(fileAnswer), wrap: (page) => wholeCommitAnswer(found, page) };
  },
  'repos/compare-commits-with-basehead': compareCommits,
  'repos/list-deployments': deploymentsOf,
  'repos/create-deployment': createDeployment,
  'repos/list-deployment-statuses': statusesOf,
  'repos/create-deployment-status': addStatus,
  'repos/get-environment': (received) => {
    const name = value(received, 'environment_name');
    const reviewers = received.state.environments[name];
    return reviewers === undefined ? notFound : ok(environmentAnswer(name, reviewers));
  },
};

/**
 * The permissions of a token that each call accepts, as GitHub's header `x-accepted-github-permissions` names them; `;` stands between
 * alternatives (REST, "Permissions required for GitHub Apps").
 */
export const acceptedPermissions: Readonly<Record<string, string>> = {
  'users/get-authenticated': 'user=read',
  'teams/list-members-in-org': 'members=read',
  'actions/get-workflow-run': 'actions=read',
  'actions/get-reviews-for-run': 'actions=read',
  'checks/create': 'checks=write',
  'checks/update': 'checks=write',
  'checks/list-for-ref': 'checks=read',
  'repos/get-collaborator-permission-level': 'metadata=read',
  'repos/list-comments-for-commit': 'contents=read',
  'repos/create-commit-comment': 'contents=write',
  'repos/update-commit-comment': 'contents=write',
  'repos/delete-commit-comment': 'contents=write',
  'issues/list-comments': 'issues=read; pull_requests=read',
  'issues/create-comment': 'issues=write; pull_requests=write',
  'issues/update-comment': 'issues=write; pull_requests=write',
  'issues/delete-comment': 'issues=write; pull_requests=write',
  'repos/list-pull-requests-associated-with-commit': 'pull_requests=read',
  'pulls/get': 'pull_requests=read',
  'pulls/list-commits': 'pull_requests=read',
  'repos/get-commit': 'contents=read',
  'repos/compare-commits-with-basehead': 'contents=read',
  'repos/list-deployments': 'deployments=read',
  'repos/create-deployment': 'deployments=write',
  'repos/list-deployment-statuses': 'deployments=read',
  'repos/create-deployment-status': 'deployments=write',
  'repos/get-environment': 'actions=read',
};
