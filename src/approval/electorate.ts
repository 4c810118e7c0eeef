import type { GitHub, Permission } from '../github/github.ts';
import type { Reviewer } from '../manifest/approval.ts';

/** The people whose decision counts, looked up at the time of the decision. */
export interface Electorate {
  /** Whether the person is named, so that no team has to be read. */
  includes(login: string): boolean;
  /** @returns undefined when the person may decide, else a clause: `not among the reviewers` */
  refusal(login: string): Promise<string | undefined>;
  /** Names of those who have not decided: `bob, @acme/ml-leads`. @param decided logins in lower case */
  others(decided: ReadonlySet<string>): string;
}

/** `approval.reviewers` of the manifest. */
export const reviewersOf = (github: GitHub, of: readonly Reviewer[]): Electorate => {
  let members: Promise<ReadonlySet<string>> | undefined;
  const teams = of.flatMap((reviewer) => (reviewer.is === 'team' ? [reviewer] : []));
  const people = new Set(of.flatMap((reviewer) => (reviewer.is === 'person' ? [reviewer.login] : [])));
  return {
    includes: (login) => people.has(login.toLowerCase()),
    refusal: async (login) => {
      const name = login.toLowerCase();
      if (people.has(name)) return undefined;
      members ??= Promise.all(teams.map((team) => github.membersOf(team))).then(
        (found) => new Set(found.flat().map((member) => member.toLowerCase())),
      );
      return (await members).has(name) ? undefined : 'not among the reviewers of the manifest';
    },
    others: (decided) =>
      of
        .map(nameOfReviewer)
        .filter((name) => !decided.has(name))
        .join(', '),
  };
};

/** `alice`, `@acme/ml-leads`. */
export const nameOfReviewer = (reviewer: Reviewer): string =>
  reviewer.is === 'team' ? `@${reviewer.organisation}/${reviewer.slug}` : reviewer.login;

const mayWrite: ReadonlySet<Permission> = new Set<Permission>(['admin', 'maintain', 'write']);

/** Without reviewers in the manifest: people who may write to the repository. */
export const writersOf = (github: GitHub): Electorate => ({
  includes: () => false,
  refusal: async (login) => {
    const permission = await github.permissionOf(login);
    return mayWrite.has(permission)
      ? undefined
      : `has the permission \`${permission}\` for ${github.repository}, and needs \`write\``;
  },
  others: () => `people who may write to ${github.repository}`,
});

/**
 * For comments, which stay when their author leaves: a person who may not even read the repository any more decides nothing. A review of a
 * GitHub environment is of the run itself.
 */
export const presentOnes = (github: GitHub, electorate: Electorate): Electorate => ({
  ...electorate,
  refusal: async (login) =>
    (await electorate.refusal(login)) ??
    ((await github.permissionOf(login)) === 'none' ? `has no access to ${github.repository} now` : undefined),
});

/** Without reviewers in the manifest, behind a GitHub environment: GitHub takes reviews of its own reviewers only. */
export const environmentReviewers = (environment: string): Electorate => ({
  includes: () => true,
  refusal: async () => undefined,
  others: () => `the reviewers of the GitHub environment ${environment}`,
});
