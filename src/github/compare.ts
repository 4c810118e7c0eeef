import { type Client, everyPage } from './client.ts';
import type { Comparison } from './github.ts';
import { orAbsent } from './refusal.ts';

/** REST, "Compare two commits": the commits are listed in pages, and each page has the relation. */
export const compare = async (client: Client, base: string, head: string): Promise<Comparison | undefined> => {
  const pages = await orAbsent(
    everyPage(client, { does: `compare commit ${head} with ${base}`, needs: 'contents: read' }, (octokit, common) =>
      octokit.rest.repos.compareCommitsWithBasehead({ ...common, basehead: `${base}...${head}` }),
    ),
    [],
  );
  const [first] = pages;
  return (
    first && {
      relation: first.data.status,
      messages: pages.flatMap(({ data }) => data.commits).map(({ commit }) => commit.message),
    }
  );
};
