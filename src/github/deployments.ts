import { beginning, cutAt } from '../plain-text.ts';
import { withoutUndefined } from '../without-undefined.ts';
import { type Client, everyPage } from './client.ts';
import type { Deployment, DeploymentState } from './github.ts';
import { createOnce } from './look-again.ts';

const needing = (does: string) => ({ does, needs: 'deployments: write' }) as const;

/** States of a deployment that goes on; after any other one, another run of the same version is another deployment. */
const goesOn: ReadonlySet<string> = new Set(['in_progress', 'queued', 'pending'] satisfies (
  | DeploymentState
  | 'queued'
  | 'pending'
)[]);

/** GitHub refuses a longer description (REST, "Create a deployment status"). */
const longestDescription = 140;

/** `GitHubWrites.putDeployment`. */
export const putDeployment = async (client: Client, deployment: Deployment): Promise<void> => {
  const { commit, environment, task, version, state, description, environmentUrl, logUrl } = deployment;
  const find = async (): Promise<number | undefined> => {
    const pages = await everyPage(client, needing(`read the deployments of ${environment}`), (octokit, common) =>
      octokit.rest.repos.listDeployments({ ...common, sha: commit, environment, task }),
    );
    for (const { id, payload } of pages.flatMap(({ data }) => data)) {
      if ((payload as { readonly version?: unknown } | null)?.version !== version) continue;
      const { data } = await client.call(needing(`read deployment ${id}`), (octokit, common) =>
        octokit.rest.repos.listDeploymentStatuses({ ...common, deployment_id: id, per_page: 1 }),
      );
      // The newest is first; a deployment without one has only begun.
      if (goesOn.has(data[0]?.state ?? 'pending')) return id;
    }
    return undefined;
  };
  const create = async (): Promise<number> => {
    const { data } = await client.call(
      { ...needing(`create a deployment to ${environment}`), once: true },
      (octokit, common) =>
        octokit.rest.repos.createDeployment({
          ...common,
          ref: commit,
          environment,
          task,
          payload: { version },
          description: beginning(`${task} ${version}`, longestDescription),
          // It reports; it gates nothing: the running job itself is a check that has not ended.
          required_contexts: [],
          auto_merge: false,
        }),
    );
    if ('id' in data) return data.id;
    throw new Error(`GitHub created no deployment to ${environment}: ${data.message ?? 'no reason given'}`);
  };
  const id = (await find()) ?? (await createOnce(find, create));
  await client.call(needing(`write the status of the deployment to ${environment}`), (octokit, common) =>
    octokit.rest.repos.createDeploymentStatus({
      ...common,
      deployment_id: id,
      state,
      description: cutAt(description, longestDescription),
      ...withoutUndefined({ environment_url: environmentUrl, log_url: logUrl }),
    }),
  );
};
