import {
  checkRunAnswer,
  commentAnswer,
  commitAnswer,
  deploymentAnswer,
  environmentAnswer,
  personAnswer,
  pullRequestAnswer,
  runAnswer,
  simpleUser,
  statusAnswer,
} from './answers.ts';
import type { Call } from './contract.ts';
import type { Comment, Person, State } from './state.ts';

/** What one call does, by GitHub's `operationId`. */

export interface Asked {
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

/** GitHub's words for what it does not find, or hides. */
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

const value = (asked: Asked, name: string): string => asked.call.values[name] ?? '';
const text = (members: Readonly<Record<string, unknown>>, name: string): string => String(members[name] ?? '');

const commentsOn = (asked: Asked, on: number | string): Answer =>
  listed(asked.state.comments.filter((comment) => comment.on === on).map(commentAnswer));

const addComment = (asked: Asked, on: number | string): Answer => {
  const body = text(asked.body, 'body');
  if (body.length > longestBody)
    return invalid('IssueComment', 'body', `body is too long (maximum is ${longestBody} characters)`);
  const at = asked.now();
  const comment: Comment = { id: asked.nextId(), on, user: asked.as, body, createdAt: at, updatedAt: at };
  asked.state.comments = [...asked.state.comments, comment];
  return created(commentAnswer(comment));
};

const commentNamed = (asked: Asked): Comment | undefined =>
  asked.state.comments.find(({ id }) => String(id) === value(asked, 'comment_id'));

const changeComment = (asked: Asked): Answer => {
  const found = commentNamed(asked);
  if (found === undefined) return notFound;
  const body = text(asked.body, 'body');
  if (body.length > longestBody)
    return invalid('IssueComment', 'body', `body is too long (maximum is ${longestBody} characters)`);
  const changed: Comment = { ...found, body, updatedAt: asked.now() };
  asked.state.comments = asked.state.comments.map((comment) => (comment.id === found.id ? changed : comment));
  return ok(commentAnswer(changed));
};

const removeComment = (asked: Asked): Answer => {
  const found = commentNamed(asked);
  if (found === undefined) return notFound;
  asked.state.comments = asked.state.comments.filter(({ id }) => id !== found.id);
  return nothing;
};

const createCheck = (asked: Asked): Answer => {
  const check = { id: asked.nextId(), app: asked.as.login, sha: text(asked.body, 'head_sha'), members: asked.body };
  asked.state.checks = [...asked.state.checks, check];
  return created(checkRunAnswer(check));
};

const updateCheck = (asked: Asked): Answer => {
  const found = asked.state.checks.find(({ id }) => String(id) === value(asked, 'check_run_id'));
  // Another app's check run is as good as absent.
  if (found === undefined || found.app !== asked.as.login) return notFound;
  const changed = { ...found, members: { ...found.members, ...asked.body } };
  asked.state.checks = asked.state.checks.map((check) => (check.id === found.id ? changed : check));
  return ok(checkRunAnswer(changed));
};

const checksOf = (asked: Asked): Answer => ({
  status: 200,
  list: asked.state.checks
    .filter(({ sha }) => sha === value(asked, 'ref'))
    .filter(({ members }) => asked.query['check_name'] === undefined || members['name'] === asked.query['check_name'])
    .map(checkRunAnswer),
  wrap: (page, total) => ({ total_count: total, check_runs: page }),
});

const createDeployment = (asked: Asked): Answer => {
  const required = asked.body['required_contexts'];
  // The job that deploys is a check that has not ended, so GitHub refuses unless no check is required.
  if (!Array.isArray(required) || required.length > 0)
    return { status: 409, body: { message: 'Conflict: Commit status checks failed for the ref.' } };
  const ref = text(asked.body, 'ref');
  const deployment = {
    id: asked.nextId(),
    sha: ref,
    environment: String(asked.body['environment'] ?? 'production'),
    task: String(asked.body['task'] ?? 'deploy'),
    members: asked.body,
    statuses: [],
  };
  asked.state.deployments = [deployment, ...asked.state.deployments];
  return created(deploymentAnswer(deployment));
};

const deploymentsOf = (asked: Asked): Answer =>
  listed(
    asked.state.deployments
      .filter((deployment) =>
        (['sha', 'environment', 'task'] as const).every(
          (name) => asked.query[name] === undefined || deployment[name] === asked.query[name],
        ),
      )
      .map(deploymentAnswer),
  );

const addStatus = (asked: Asked): Answer => {
  const found = asked.state.deployments.find(({ id }) => String(id) === value(asked, 'deployment_id'));
  if (found === undefined) return notFound;
  if (text(asked.body, 'description').length > longestDescription)
    return invalid('DeploymentStatus', 'description', 'description is too long (maximum is 140 characters)');
  const status = { id: asked.nextId(), members: asked.body };
  const changed = { ...found, statuses: [...found.statuses, status] };
  asked.state.deployments = asked.state.deployments.map((one) => (one.id === found.id ? changed : one));
  return created(statusAnswer(status));
};

const statusesOf = (asked: Asked): Answer => {
  const found = asked.state.deployments.find(({ id }) => String(id) === value(asked, 'deployment_id'));
  return found === undefined ? notFound : listed([...found.statuses].reverse().map(statusAnswer));
};

const runNamed = (asked: Asked) => asked.state.runs.find(({ id }) => String(id) === value(asked, 'run_id'));

/** Every call of the cut; the server refuses one that is not here. */
export const routes: Readonly<Record<string, (asked: Asked) => Answer>> = {
  'users/get-authenticated': ({ as }) => ok(personAnswer(as)),
  'teams/list-members-in-org': (asked) => {
    const members = asked.state.teams[value(asked, 'team_slug')];
    return members === undefined ? notFound : listed(members.map(simpleUser));
  },
  'actions/get-workflow-run': (asked) => {
    const run = runNamed(asked);
    return run === undefined ? notFound : ok(runAnswer(run));
  },
  'actions/get-reviews-for-run': (asked) => {
    const run = runNamed(asked);
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
  'repos/get-collaborator-permission-level': (asked) => {
    const login = value(asked, 'username');
    const permission = asked.state.permissions[login] ?? 'none';
    // `maintain` and `triage` show in `role_name` only: the older member has four levels.
    const level = { maintain: 'write', triage: 'read' }[permission] ?? permission;
    return ok({ permission: level, role_name: permission, user: null });
  },
  'repos/list-comments-for-commit': (asked) => commentsOn(asked, value(asked, 'commit_sha')),
  'repos/create-commit-comment': (asked) => addComment(asked, value(asked, 'commit_sha')),
  'repos/update-commit-comment': changeComment,
  'repos/delete-commit-comment': removeComment,
  'issues/list-comments': (asked) => commentsOn(asked, Number(value(asked, 'issue_number'))),
  'issues/create-comment': (asked) => {
    const number = Number(value(asked, 'issue_number'));
    const exists = [...asked.state.issues, ...asked.state.pullRequests.map((one) => one.number)].includes(number);
    return exists ? addComment(asked, number) : notFound;
  },
  'issues/update-comment': changeComment,
  'issues/delete-comment': removeComment,
  'repos/list-pull-requests-associated-with-commit': (asked) =>
    listed(
      asked.state.pullRequests
        .filter(({ commits }) => commits.includes(value(asked, 'commit_sha')))
        .map((one) => pullRequestAnswer('pull-request-simple', one)),
    ),
  'pulls/get': (asked) => {
    const found = asked.state.pullRequests.find(({ number }) => String(number) === value(asked, 'pull_number'));
    return found === undefined ? notFound : ok(pullRequestAnswer('pull-request', found));
  },
  'repos/get-commit': (asked) => {
    const found = asked.state.commits.find(({ sha }) => sha === value(asked, 'ref'));
    return found === undefined ? notFound : ok(commitAnswer(found));
  },
  'repos/list-deployments': deploymentsOf,
  'repos/create-deployment': createDeployment,
  'repos/list-deployment-statuses': statusesOf,
  'repos/create-deployment-status': addStatus,
  'repos/get-environment': (asked) => {
    const name = value(asked, 'environment_name');
    const reviewers = asked.state.environments[name];
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
  'repos/get-commit': 'contents=read',
  'repos/list-deployments': 'deployments=read',
  'repos/create-deployment': 'deployments=write',
  'repos/list-deployment-statuses': 'deployments=read',
  'repos/create-deployment-status': 'deployments=write',
  'repos/get-environment': 'actions=read',
};
