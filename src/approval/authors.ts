import type { GitHub, PullRequest } from '../github/github.ts';
import { GitHubFailure } from '../github/refusal.ts';
import type { Remarks } from '../operation.ts';
import { metadataKeys } from '../registry/metadata.ts';
import type { RegisteredVersion } from '../registry/registered-version.ts';
import type { Run } from '../world.ts';

/** The people who made a version, or started its runs: their approval does not count. */
export interface Authors {
  /** By login in lower case: a clause such as `author of commit c0ffee`. */
  readonly because: ReadonlyMap<string, string>;
  /** Facts that GitHub does not know. */
  readonly remarks: Remarks;
}

/** Where to look besides the version's own commit and the run that registered it. */
export interface Sources {
  readonly commit?: string;
  readonly pullRequest?: PullRequest;
}

export const authorsOf = async (
  github: GitHub,
  run: Run,
  { tag, metadata }: Pick<RegisteredVersion, 'tag' | 'metadata'>,
  { commit, pullRequest }: Sources,
): Promise<Authors> => {
  // As `register-model` noted them; others may rewrite them, so they can only add authors.
  const { [metadataKeys.gitSha]: registeredCommit, [metadataKeys.runUrl]: registeringRun } = metadata;
  const because = new Map<string, string>();
  const remarks: string[] = [];
  const add = (logins: readonly string[], clause: string): void => {
    for (const login of logins) if (!because.has(login.toLowerCase())) because.set(login.toLowerCase(), clause);
  };
  /** The version's metadata may name things that this repository does not have, or has no longer. */
  const ifKnown = async (look: () => Promise<void>, remark: string): Promise<void> => {
    try {
      await look();
    } catch (error) {
      if (!(error instanceof GitHubFailure) || ![404, 422].includes(error.status ?? 0)) throw error;
      remarks.push(remark);
    }
  };

  const pulls = new Map<number, PullRequest>(pullRequest && [[pullRequest.number, pullRequest]]);
  const lookAtCommit = async (sha: string): Promise<void> => {
    add(await github.authorsOf(sha), `author of commit ${sha.slice(0, 12)}`);
    for (const pull of await github.pullRequestsOf(sha)) pulls.set(pull.number, pull);
  };
  if (commit !== undefined) await lookAtCommit(commit);
  if (registeredCommit !== undefined && registeredCommit !== commit)
    await ifKnown(
      () => lookAtCommit(registeredCommit),
      `commit ${registeredCommit.slice(0, 12)} of ${tag} is not in ${github.repository}: its authors are not known, so an approval of theirs is not noticed`,
    );
  if (commit === undefined && registeredCommit === undefined && pullRequest === undefined)
    remarks.push(
      `no commit is registered for ${tag}: its authors are not known, so an approval of theirs is not noticed`,
    );
  for (const { number, author } of pulls.values()) {
    add([author], `author of pull request ${number}`);
    add(await github.authorsOfPullRequest(number), `author of a commit of pull request ${number}`);
  }

  const lookAtRun = async (id: number): Promise<void> => {
    const { actor, triggeringActor = '' } = await github.runOf(id);
    add([actor, triggeringActor], `started run ${id}`);
  };
  const own = run.workflow;
  // A comment starts a run too, and its author may well be the one who approves.
  if (own !== undefined && !own.byComment) await lookAtRun(own.id);
  const registering = runIn(github.repository, registeringRun);
  if (registering !== undefined && (registering !== own?.id || own.byComment))
    await ifKnown(
      () => lookAtRun(registering),
      `run ${registering}, which registered ${tag}, is gone: the person who started it is not known`,
    );
  return { because, remarks };
};

/** `https://github.com/acme/churn/actions/runs/7` → 7, for a run of this repository. */
const runIn = (repository: string, page: string | undefined): number | undefined => {
  const [, name, id] = /\/([\w.-]+\/[\w.-]+)\/actions\/runs\/(\d{1,15})(?:\/|$)/.exec(page ?? '') ?? [];
  return name?.toLowerCase() === repository.toLowerCase() ? Number(id) : undefined;
};
