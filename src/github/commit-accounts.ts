import type { Accounts } from './github.ts';

interface Person {
  readonly login?: string;
}
interface Answered {
  readonly author?: Person | null;
  readonly committer?: Person | null;
}

/** Authors and committers, each once. An address without an account has no login, and GitHub answers null or an empty object. */
export const accountsOf = (commits: readonly Answered[]): Accounts => {
  const logins = commits.flatMap(({ author, committer }) => [author, committer]).map((person) => person?.login);
  return {
    logins: [...new Set(logins.flatMap((login) => login ?? []))],
    hasUnknown: logins.includes(undefined),
  };
};
