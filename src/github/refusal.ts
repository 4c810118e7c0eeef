/** GitHub's refusals, in words that name the remedy. */

/** The token may not do this. The message is one sentence, the same for every call that lacks the same permission. */
export class MissingPermission extends Error {
  override readonly name = 'MissingPermission';
}

/** GitHub answered with another error, or not at all. */
export class GitHubFailure extends Error {
  override readonly name = 'GitHubFailure';
  /** HTTP; absent when there was no answer. */
  readonly status?: number;
  constructor(message: string, status: number | undefined, cause: unknown) {
    super(message, { cause });
    if (status !== undefined) this.status = status;
  }
}

/** A permission of a job's token, as a workflow writes it. */
export type JobPermission =
  | 'actions: read'
  | 'checks: write'
  | 'contents: read'
  | 'contents: write'
  | 'deployments: write'
  | 'issues: read'
  | 'issues: write'
  | 'pull-requests: read'
  | 'pull-requests: write';

/** The permission that a call needs: one of the job's token, or one that only other tokens can have. */
export type Needed = JobPermission | 'metadata: read' | 'members: read';

/** The parts of Octokit's error that are read. */
interface Refused {
  readonly status?: number;
  readonly message?: string;
  readonly cause?: unknown;
  readonly response?: { readonly headers?: Readonly<Record<string, string | number | undefined>> };
}

/** GitHub sends no status with an error that is not its answer; Octokit then writes 500. */
const answered = (error: Refused): boolean => error.response !== undefined;

export const statusOf = (error: unknown): number | undefined => {
  const refused = error as Refused;
  return answered(refused) ? refused.status : undefined;
};

/** No answer, or one that another attempt may change. The request may have been carried out. */
export const isPassing = (error: unknown): boolean => {
  const status = statusOf(error);
  return status === undefined ? (error as Refused).status === 500 : status >= 500;
};

/** The thing is not there, or the token may not see it. */
export const isAbsent = (error: unknown): boolean => error instanceof GitHubFailure && error.status === 404;

/** @returns `absent` where GitHub does not find the thing of the call */
export const orAbsent = async <Thing, Absent>(call: Promise<Thing>, absent: Absent): Promise<Thing | Absent> => {
  try {
    return await call;
  } catch (error) {
    if (isAbsent(error)) return absent;
    throw error;
  }
};

/**
 * GitHub's words for a limit that passes (docs, "Rate limits for the REST API"): too many requests in the hour, or too many at once.
 */
export const isRateLimit = (error: unknown): boolean => {
  const { message = '', response } = error as Refused;
  const status = statusOf(error);
  return (
    status === 429 ||
    (status === 403 &&
      (/\bsecondary rate\b/i.test(message) || String(response?.headers?.['x-ratelimit-remaining']) === '0'))
  );
};

/**
 * @param does the call: `write the comment`
 * @returns the error in the project's words
 */
export const refusalOf = (error: unknown, does: string, needs: Needed): Error => {
  const refused = error as Refused;
  if (refused.status === undefined || (error instanceof Error && error.name === 'AbortError'))
    return error instanceof Error ? error : new Error(String(error));
  const status = statusOf(error);
  if (status === 403) return new MissingPermission(lacking(accepted(refused, needs) ?? needs));
  if (status === 401)
    return new MissingPermission(
      'GitHub does not accept the token: it is wrong, has expired, or is from another server',
    );
  const why = (refused.message ?? '').split('\n')[0] ?? '';
  if (status === 404)
    return new GitHubFailure(
      `GitHub could not ${does}: it is not there, or the token may not see it (\`permissions: ${needs}\`)`,
      status,
      error,
    );
  return new GitHubFailure(
    `GitHub could not ${does}: ${why}${status === undefined ? '' : ` (HTTP ${status})`}`,
    status,
    error,
  );
};

/** Permissions that no workflow can give to the token of a job. */
const notOfJobs = /^(members|metadata|organization|administration|user)/;

const lacking = (permission: string): string =>
  notOfJobs.test(permission)
    ? `the token lacks a permission at GitHub, and the token of a job cannot have it: give the token of a GitHub App with \`${permission}\``
    : `the token lacks a permission at GitHub: add \`permissions: ${permission}\` to the job (a reusable workflow's caller too; on pull requests from forks the token may only read)`;

/**
 * From the header `issues=read; pull_requests=read`, which names alternatives: that of the call's own area if it is among them, at the level
 * that the call or what follows it needs, so that the user has to change the workflow only once.
 */
const accepted = ({ response }: Refused, needs: Needed): string | undefined => {
  const header = response?.headers?.['x-accepted-github-permissions'];
  const alternatives = (typeof header === 'string' ? header.split(';') : []).map((one) =>
    one
      .split(',')
      .map((part) => /^\s*([a-z_]+)=(read|write|admin)\s*$/.exec(part))
      .flatMap((found) =>
        found === null ? [] : [{ area: (found[1] ?? '').replaceAll('_', '-'), level: found[2] ?? '' }],
      ),
  );
  const [area = '', level = ''] = needs.split(': ');
  const own = alternatives.find((all) => all.length === 1 && all[0]?.area === area);
  if (own !== undefined) return `${area}: ${[own[0]?.level, level].includes('write') ? 'write' : 'read'}`;
  const other = alternatives.find((all) => all.length > 0);
  return other?.map((one) => `${one.area}: ${one.level}`).join(', ');
};
