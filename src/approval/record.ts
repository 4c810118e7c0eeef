import type { Approval, GitHub } from '../github/github.ts';
import { sharingRegistry } from '../manifest/same-registry.ts';
import { Refusal } from '../operation.ts';
import { isSameName } from '../same-name.ts';
import { quoted } from '../secrets.ts';
import { withoutUndefined } from '../without-undefined.ts';
import { authorsOf } from './authors.ts';
import { countVotes, type Vote } from './count-votes.ts';
import { environmentReviewers, reviewersOf } from './electorate.ts';
import type { Asked, Considered, Mode } from './mode.ts';
import { reviewersFor } from './reviewers-for.ts';
import { gitHubFor } from './room-at-github.ts';

const decide = async (at: Asked): Promise<Considered> => {
  const { rules, risk, registered, world } = at;
  const environment = environmentFor(at);
  const github = gitHubFor(world, 'record');
  const { workflow, url } = world.run;
  if (workflow === undefined)
    throw new Refusal(
      'invalid-input',
      'mode: record reads the reviews of a workflow run, and this run is none: GITHUB_RUN_ID is not set. Run it in a job of the workflow, or use mode: comment',
    );
  const all = await github.approvalsOf(workflow.id);
  // GitHub ignores the case of an environment's name (docs, "Managing environments for deployment").
  const own = all.filter(({ environments }) => environments.some((one) => isSameName(one, environment)));
  const votes = votesOf(own);
  const { atLeast, of } = reviewersFor(rules, risk.level);
  const hint = votes.length === 0 ? await hintOf(github, environment, all) : undefined;
  return countVotes({
    votes,
    discounted: [],
    atLeast,
    electorate: of === undefined ? environmentReviewers(environment) : reviewersOf(github, of),
    anyoneRejects: true,
    where: `for the GitHub environment ${environment}`,
    ...withoutUndefined({ page: url, hint }),
    authors: async () => {
      const { commit } = await github.runOf(workflow.id);
      return authorsOf(github, world.run, registered, { commit });
    },
  });
};

/**
 * The GitHub environment whose reviews count. The registry has one approval for all its environments. Without names in the manifest the
 * reviewers at GitHub are the only rule, and those of staging would approve for production.
 * @throws {Refusal} `invalid-input`
 */
const environmentFor = ({ manifest, name, environment, rules, inputs }: Asked): string => {
  const { 'github-environment': given } = inputs;
  const { 'github-environment': declared, reviewers } = rules;
  if (declared !== undefined) {
    if (given === undefined || isSameName(given, declared)) return declared;
    throw new Refusal(
      'invalid-input',
      `github-environment: the reviews of ${quoted(given)} do not count; the manifest names ${quoted(declared)} (approval.github-environment): leave the input out`,
    );
  }
  const sharing = sharingRegistry(manifest, environment).map(([other]) => other);
  if (reviewers !== undefined || sharing.length < 2) return given ?? name;
  throw new Refusal(
    'invalid-input',
    `mode: record: ${sharing.join(' and ')} have one registry, and so one approval; the reviewers of one GitHub environment would approve for all: name in the manifest the one whose reviews count, approval.github-environment, or the people, approval.reviewers`,
  );
};

/**
 * One vote a person. The reviews of earlier attempts of a run are in GitHub's answer too, without a time, so a rejection counts whatever
 * the same person did besides.
 */
const votesOf = (reviews: readonly Approval[]): readonly Vote[] => {
  const byPerson = new Map<string, Vote>();
  for (const { by, state, comment } of reviews) {
    if (state === 'pending') continue;
    const person = by.toLowerCase();
    const words = comment.trim();
    if (state === 'rejected') byPerson.set(person, { by, is: 'reject', words });
    else if (byPerson.get(person)?.is !== 'reject') byPerson.set(person, { by, is: 'approve', words });
  }
  return [...byPerson.values()];
};

/** Why there may be no review. */
const hintOf = async (github: GitHub, environment: string, all: readonly Approval[]): Promise<string> => {
  const others = [...new Set(all.flatMap(({ environments }) => environments))].sort();
  const reviewed = others.length === 0 ? '' : ` (it has reviews for ${others.join(', ')})`;
  const protection = await github.protectionOf(environment);
  switch (protection.is) {
    case 'absent':
      return `the repository has no GitHub environment ${environment}: name it with the input github-environment${reviewed}`;
    case 'unreviewed':
      return `the GitHub environment ${environment} has no required reviewers: add them, or use mode: comment where the plan has none${reviewed}`;
    case 'reviewed':
    case 'unknown':
      return `this run has no review for ${environment}${reviewed}: this job, or one before it, has to name that environment; an administrator who bypasses its protection leaves no review`;
  }
};

export const record: Mode = {
  does: 'writes the reviews of a GitHub environment in this workflow run to the registry, once enough people other than the authors have approved',
  takes: ['github-environment'],
  rejectsApproved: true,
  decide,
};
