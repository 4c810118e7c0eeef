import { type Client, type Common, everyPage, type Octokit } from './client.ts';
import type { Comment, Place } from './github.ts';
import { createOnce } from './look-again.ts';
import { MissingPermission, type Needed, orAbsent } from './refusal.ts';

interface Answered {
  readonly id: number;
  readonly user: { readonly login: string; readonly type?: string } | null;
  readonly body?: string;
  readonly created_at: string;
  readonly updated_at: string;
  readonly html_url: string;
}

const fromAnswer = ({ id, user, body = '', created_at, updated_at, html_url }: Answered): Comment => ({
  id,
  author: user?.login ?? '',
  byApp: user?.type === 'Bot',
  body,
  createdAt: created_at,
  updatedAt: updated_at,
  page: html_url,
});

interface Page {
  readonly data: readonly Answered[];
  readonly headers: { readonly link?: string };
}

/** The calls of one thread: comments on commits have others than those on issues and pull requests. */
interface Thread {
  readonly name: string;
  /** To write; comments on commits belong to the repository's content. */
  readonly needs: Needed;
  readonly needsToRead: Needed;
  list(octokit: Octokit, common: Common): Promise<Page>;
  create(octokit: Octokit, common: Common, body: string): Promise<{ readonly data: Answered }>;
  change(octokit: Octokit, common: Common, id: number, body: string): Promise<unknown>;
  remove(octokit: Octokit, common: Common, id: number): Promise<unknown>;
}

const threadOf = (place: Place): Thread =>
  place.is === 'commit' ? ofCommit(place.sha) : ofIssue(place.is, place.number);

const ofCommit = (sha: string): Thread => ({
  name: `commit ${sha.slice(0, 12)}`,
  needs: 'contents: write',
  needsToRead: 'contents: read',
  list: (octokit, common) => octokit.rest.repos.listCommentsForCommit({ ...common, commit_sha: sha }),
  create: (octokit, common, body) => octokit.rest.repos.createCommitComment({ ...common, commit_sha: sha, body }),
  change: (octokit, common, id, body) => octokit.rest.repos.updateCommitComment({ ...common, comment_id: id, body }),
  remove: (octokit, common, id) => octokit.rest.repos.deleteCommitComment({ ...common, comment_id: id }),
});

const ofIssue = (is: 'issue' | 'pull-request', number: number): Thread => ({
  name: `${is.replace('-', ' ')} ${number}`,
  needs: is === 'issue' ? 'issues: write' : 'pull-requests: write',
  needsToRead: is === 'issue' ? 'issues: read' : 'pull-requests: read',
  list: (octokit, common) => octokit.rest.issues.listComments({ ...common, issue_number: number }),
  create: (octokit, common, body) => octokit.rest.issues.createComment({ ...common, issue_number: number, body }),
  change: (octokit, common, id, body) => octokit.rest.issues.updateComment({ ...common, comment_id: id, body }),
  remove: (octokit, common, id) => octokit.rest.issues.deleteComment({ ...common, comment_id: id }),
});

/** Every page: the comment that matters may be the two hundredth. */
export const commentsOf = (client: Client, place: Place): Promise<readonly Comment[]> => {
  const thread = threadOf(place);
  return commentsIn(client, thread, thread.needsToRead);
};

const commentsIn = async (client: Client, { name, list }: Thread, needs: Needed): Promise<readonly Comment[]> => {
  const pages = await everyPage(client, { does: `read the comments of ${name}`, needs }, list);
  return pages
    .flatMap(({ data }) => data)
    .map(fromAnswer)
    .sort((one, other) => one.id - other.id);
};

const create = async (client: Client, { name, needs, create }: Thread, body: string): Promise<Comment> => {
  const purpose = { does: `write a comment on ${name}`, needs, once: true };
  const { data } = await client.call(purpose, (octokit, common) => create(octokit, common, body));
  return fromAnswer(data);
};

/** @returns false when the comment is gone */
const change = (client: Client, { name, needs, change }: Thread, id: number, body: string): Promise<boolean> =>
  unlessGone(
    client.call({ does: `change the comment on ${name}`, needs }, (octokit, common) =>
      change(octokit, common, id, body),
    ),
  );

const remove = (client: Client, { name, needs, remove }: Thread, id: number): Promise<boolean> =>
  unlessGone(
    client.call({ does: `delete a duplicate comment on ${name}`, needs }, (octokit, common) =>
      remove(octokit, common, id),
    ),
  );

const unlessGone = (call: Promise<unknown>): Promise<boolean> =>
  orAbsent(
    call.then(() => true),
    false,
  );

/** Others may delete the comment between two calls; more often than this it is no accident. */
const mostAttempts = 3;

/** `GitHubWrites.upsertComment`. */
export const upsertComment = async (
  client: Client,
  place: Place,
  marker: string,
  compose: (present: string | undefined) => string,
): Promise<void> => {
  const thread = threadOf(place);
  const own = async (): Promise<readonly Comment[]> => {
    const marked = (await commentsIn(client, thread, thread.needs)).filter(({ body }) => body.startsWith(marker));
    if (marked.length === 0) return [];
    const wrote = await authorshipOf(client);
    return marked.filter(wrote);
  };
  for (let attempt = 1; attempt <= mostAttempts; attempt++) {
    const [first, ...later] = await own();
    if (first === undefined) {
      const body = compose(undefined);
      const find = async (): Promise<Comment | undefined> => (await own()).find((comment) => comment.body === body);
      const created = await createOnce(find, () => create(client, thread, body));
      // Another run may have done the same between the look and the write: the oldest comment stays.
      const [oldest] = await own();
      if (oldest === undefined || oldest.id >= created.id) return;
      await remove(client, thread, created.id);
      continue;
    }
    for (const { id } of later) await remove(client, thread, id);
    const body = compose(first.body);
    if (body === first.body || (await change(client, thread, first.id, body))) return;
  }
  throw new Error(`the comment on ${thread.name} was deleted or doubled each time it was written`);
};

/**
 * `GitHub.authorship`. A person can write any marker, and a comment of theirs must not be changed. The token of an app
 * cannot read its own account, so any app's comment with the marker counts as its own.
 */
export const authorshipOf = async (client: Client): Promise<(comment: Comment) => boolean> => {
  const byApp = ({ byApp }: Comment): boolean => byApp;
  // GitHub docs, "About authentication to GitHub": `ghs_` begins the token of an app's installation, such as a job's.
  if (client.repository.token.startsWith('ghs_')) return byApp;
  try {
    const { data } = await client.call(
      { does: 'read the account of the token', needs: 'metadata: read' },
      (octokit, { request }) => octokit.rest.users.getAuthenticated({ request }),
    );
    return ({ author }) => author === data.login;
  } catch (error) {
    if (error instanceof MissingPermission) return byApp;
    throw error;
  }
};
