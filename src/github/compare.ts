import { type Client, everyPage } from './client.ts';
import type { Comparison } from './github.ts';
import { GitHubFailure, orAbsent } from './refusal.ts';

/** Each commit costs a request, and the token of a job has a thousand an hour (docs, "Rate limits for the REST API"). */
const mostCommits = 250;
/** REST, "Get a commit": GitHub lists no more files of a commit. */
const mostFiles = 3000;

/** REST, "Compare two commits": the commits are listed in pages, and each page has the relation. */
export const compare = async (
  client: Client,
  base: string,
  head: string,
  paths: readonly string[],
): Promise<Comparison | undefined> => {
  const pages = await orAbsent(
    everyPage(client, { does: `compare commit ${head} with ${base}`, needs: 'contents: read' }, (octokit, common) =>
      octokit.rest.repos.compareCommitsWithBasehead({ ...common, basehead: `${base}...${head}` }),
    ),
    [],
  );
  const [first] = pages;
  if (first === undefined) return undefined;
  const commits = pages.flatMap(({ data }) => data.commits);
  if (paths.length > 0 && commits.length > mostCommits)
    return leaveToGit(
      `GitHub shows the files of one commit at a time, and there are ${commits.length} commits since ${base}`,
    );
  const messages: string[] = [];
  for (const { sha, commit } of commits)
    if (paths.length === 0 || (await changes(client, sha, paths))) messages.push(commit.message);
  return { relation: first.data.status, messages };
};

const leaveToGit = (why: string): never => {
  throw new GitHubFailure(
    `${why}: let git read them, with \`fetch-depth: 0\` for actions/checkout`,
    undefined,
    undefined,
  );
};

/** REST, "Get a commit": the files by which it differs from its first parent, so a merge has those of its branch. A moved file has two names. */
const changes = async (client: Client, sha: string, paths: readonly string[]): Promise<boolean> => {
  const pages = await everyPage(
    client,
    { does: `read the files of commit ${sha}`, needs: 'contents: read' },
    (octokit, common) => octokit.rest.repos.getCommit({ ...common, ref: sha }),
  );
  const files = pages.flatMap(({ data }) => data.files ?? []);
  const names = files.flatMap((file) => [
    file.filename,
    ...(file.status === 'renamed' ? [file.previous_filename ?? ''] : []),
  ]);
  if (isBelow(paths, names)) return true;
  if (files.length >= mostFiles)
    return leaveToGit(`GitHub shows ${mostFiles} files of a commit, and commit ${sha} may change more`);
  return false;
};

const isBelow = (paths: readonly string[], files: readonly string[]): boolean =>
  paths
    .map((path) => path.replace(/\/$/, ''))
    .some((path) => files.some((file) => file === path || file.startsWith(`${path}/`)));
