import type { Accounts, GitHub, PullRequest } from '../github/github.ts';
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

/** Where to look besides the version's own commits and the run that registered it. None of these needs to be the version's. */
export interface Sources {
  readonly commit?: string;
  readonly pullRequest?: PullRequest;
  /** A comment starts a run too, and its author may well be the one who approves. */
  readonly commentStarts?: true;
}

export const authorsOf = async (
  github: GitHub,
  run: Run,
  { tag, metadata, origin }: Pick<RegisteredVersion, 'tag' | 'metadata' | 'origin'>,
  { commit, pullRequest, commentStarts }: Sources,
): Promise<Authors> => {
  // Others may rewrite the metadata, so all places count: an entry of theirs then takes no author of `origin` away.
  const ownCommits = known(origin.commit, metadata[metadataKeys.gitSha], metadata[metadataKeys.versionCommit]);
  const ownRuns = known(origin.generatedBy, metadata[metadataKeys.runUrl], metadata[metadataKeys.versionRun]);
  const because = new Map<string, string>();
  const remarks: string[] = [];
  const add = (logins: readonly string[], clause: string): void => {
    for (const login of logins) if (!because.has(login.toLowerCase())) because.set(login.toLowerCase(), clause);
  };
  const addAccounts = ({ logins, hasUnknown }: Accounts, where: string): void => {
    add(logins, `author of ${where}`);
    if (hasUnknown)
      remarks.push(
        `${where} has an author or committer whose address no account at GitHub has: an approval of theirs is not noticed`,
      );
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
    addAccounts(await github.authorsOf(sha), `commit ${sha.slice(0, 12)}`);
    for (const pull of await github.pullRequestsOf(sha)) pulls.set(pull.number, pull);
  };
  if (commit !== undefined) await lookAtCommit(commit);
  for (const sha of ownCommits) {
    if (sha === commit) continue;
    await ifKnown(
      () => lookAtCommit(sha),
      `commit ${sha.slice(0, 12)} of ${tag} is not in ${github.repository}: its authors are not known, so an approval of theirs is not noticed`,
    );
  }
  if (ownCommits.size === 0)
    remarks.push(
      `the metadata of ${tag} names no commit: its authors are not known, so an approval of theirs is not noticed${besides(commit, pullRequest)}; the pipeline that registers it has to set \`${metadataKeys.gitSha}\``,
    );
  for (const { number, author } of pulls.values()) {
    add([author], `author of pull request ${number}`);
    addAccounts(await github.authorsOfPullRequest(number), `a commit of pull request ${number}`);
  }

  const lookAtRun = async (id: number): Promise<void> => {
    const { actor, triggeringActor = '' } = await github.runOf(id);
    add([actor, triggeringActor], `started run ${id}`);
  };
  const present = run.workflow?.byComment && commentStarts ? undefined : run.workflow?.id;
  if (present !== undefined) await lookAtRun(present);
  for (const page of ownRuns) {
    const { repository, id } = runOn(page) ?? {};
    if (repository === undefined || id === undefined) continue;
    if (repository.toLowerCase() !== github.repository.toLowerCase())
      remarks.push(
        `run ${id}, which the package of ${tag} names, is of ${repository}, not of ${github.repository}: the person who started it is not known, so an approval of theirs is not noticed`,
      );
    else if (id !== present)
      await ifKnown(
        () => lookAtRun(id),
        `run ${id}, which registered ${tag}, is gone: the person who started it is not known`,
      );
  }
  return { because, remarks };
};

/** The authors who are noticed although the package names none. */
const besides = (commit: string | undefined, pullRequest: PullRequest | undefined): string => {
  const places = [
    ...(commit === undefined ? [] : [`commit ${commit.slice(0, 12)}`]),
    ...(pullRequest === undefined ? [] : [`pull request ${pullRequest.number}`]),
  ];
  return places.length === 0 ? '' : ` unless they are authors of ${places.join(' or ')} too`;
};

const known = (...texts: readonly (string | undefined)[]): ReadonlySet<string> =>
  new Set(texts.flatMap((text) => text || []));

/** `https://github.com/acme/churn/actions/runs/7` → run 7 of acme/churn; a pipeline of AWS has an ARN, and no person. */
const runOn = (page: string): { readonly repository: string; readonly id: number } | undefined => {
  const [, repository, id] = /\/([\w.-]+\/[\w.-]+)\/actions\/runs\/(\d{1,15})(?:\/|$)/.exec(page) ?? [];
  return repository === undefined ? undefined : { repository, id: Number(id) };
};
