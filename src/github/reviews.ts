import { type Client, everyPage } from './client.ts';
import { accountsOf } from './commit-accounts.ts';
import { type Accounts, type Approval, type Permission, permissions, type Team, type WorkflowRun } from './github.ts';
import { orAbsent } from './refusal.ts';

/** The people who decided, and those who may: the facts behind an approval. */

/** REST, "Get the review history for a workflow run". */
export const approvalsOf = async (client: Client, run: number): Promise<readonly Approval[]> => {
  const { data } = await client.call(
    { does: `read the approvals of run ${run}`, needs: 'actions: read' },
    (octokit, common) => octokit.rest.actions.getReviewsForRun({ ...common, run_id: run }),
  );
  return data.map(({ user, state, comment, environments }) => ({
    by: user.login,
    state,
    comment,
    environments: environments.flatMap(({ name }) => name ?? []),
  }));
};

export const runOf = async (client: Client, run: number): Promise<WorkflowRun> => {
  const { data } = await client.call({ does: `read run ${run}`, needs: 'actions: read' }, (octokit, common) =>
    octokit.rest.actions.getWorkflowRun({ ...common, run_id: run }),
  );
  const triggeringActor = data.triggering_actor?.login;
  return {
    id: data.id,
    commit: data.head_sha,
    actor: data.actor?.login ?? '',
    ...(triggeringActor === undefined ? {} : { triggeringActor }),
  };
};

export const authorsOf = async (client: Client, commit: string): Promise<Accounts> => {
  const { data } = await client.call({ does: `read commit ${commit}`, needs: 'contents: read' }, (octokit, common) =>
    octokit.rest.repos.getCommit({ ...common, ref: commit, per_page: 1 }),
  );
  return accountsOf([data]);
};

/** `role_name` has five levels and the names of an organisation's own roles; `permission` has the level of each. */
export const permissionOf = async (client: Client, login: string): Promise<Permission> => {
  const answer = await orAbsent(
    client.call({ does: `read the permission of ${login}`, needs: 'metadata: read' }, (octokit, common) =>
      octokit.rest.repos.getCollaboratorPermissionLevel({ ...common, username: login }),
    ),
    undefined,
  );
  // An account that GitHub does not know has no permission.
  if (answer === undefined) return 'none';
  const { role_name, permission } = answer.data;
  return permissions.find((one) => one === role_name) ?? permissions.find((one) => one === permission) ?? 'none';
};

export const membersOf = async (client: Client, { organisation, slug }: Team): Promise<readonly string[]> => {
  const pages = await everyPage(
    client,
    { does: `read the members of @${organisation}/${slug}`, needs: 'members: read' },
    (octokit, { request, page, per_page }) =>
      octokit.rest.teams.listMembersInOrg({ org: organisation, team_slug: slug, page, per_page, request }),
  );
  return pages.flatMap(({ data }) => data).map(({ login }) => login);
};
