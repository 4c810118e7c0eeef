interface Answered {
  readonly author?: { readonly login?: string } | null;
  readonly committer?: { readonly login?: string } | null;
}

/** Authors and committers, each once. An address without an account has no login, and GitHub answers null or an empty object. */
export const accountsOf = (commits: readonly Answered[]): readonly string[] => [
  ...new Set(commits.flatMap(({ author, committer }) => [author, committer]).flatMap((person) => person?.login ?? [])),
];
