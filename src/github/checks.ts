import { withoutUndefined } from '../without-undefined.ts';
import { type Client, everyPage } from './client.ts';
import type { Check } from './github.ts';
import { createOnce } from './look-again.ts';
import { isAbsent } from './refusal.ts';

const needing = (does: string) => ({ does, needs: 'checks: write' }) as const;

/** `GitHubWrites.putCheck`. */
export const putCheck = async (client: Client, check: Check): Promise<void> => {
  const { name, commit, externalId, conclusion, title, summary, startedAt, endedAt, url } = check;
  const find = async (): Promise<number | undefined> => {
    const purpose = needing(`read the checks of commit ${commit.slice(0, 12)}`);
    const pages = await everyPage(client, purpose, (octokit, common) =>
      octokit.rest.checks.listForRef({ ...common, ref: commit, check_name: name, filter: 'latest' }),
    );
    const runs = pages.flatMap(({ data }) => data.check_runs);
    return runs.findLast(({ external_id }) => external_id === externalId)?.id;
  };
  const content = {
    name,
    external_id: externalId,
    status: 'completed' as const,
    conclusion,
    started_at: startedAt,
    completed_at: endedAt,
    output: { title, summary },
    ...withoutUndefined({ details_url: url }),
  };
  const create = async (): Promise<number> => {
    const { data } = await client.call({ ...needing(`write the check ${name}`), once: true }, (octokit, common) =>
      octokit.rest.checks.create({ ...common, head_sha: commit, ...content }),
    );
    return data.id;
  };
  const found = await find();
  if (found === undefined) {
    await createOnce(find, create);
    return;
  }
  try {
    await client.call(needing(`change the check ${name}`), (octokit, common) =>
      octokit.rest.checks.update({ ...common, check_run_id: found, ...content }),
    );
  } catch (error) {
    // Only the app that wrote a check may change it; with another token it is another app's.
    if (!isAbsent(error)) throw error;
    await create();
  }
};
