import * as z from 'zod/mini';
import { withoutUndefined } from '../without-undefined.ts';
import type { ApprovalRules, Reviewer } from './approval.ts';
import { policySchema } from './approval-policy-schema.ts';
import * as v from './values.ts';

const about = z.describe;

/** GitHub's logins, those of managed users with their `_suffix` included; a team is `@organisation/slug`. */
const login = /^[a-z\d](?:[a-z\d]|-(?=[a-z\d])){0,38}(?:_[a-z\d]+)?$/i;
const team = /^@([a-z\d](?:[a-z\d]|-(?=[a-z\d])){0,38})\/([a-z\d][\w.-]{0,99})$/i;

const expected = 'expected a login such as alice, or a team such as "@acme/ml-leads", in quotes';
const reviewer = z.pipe(
  z
    .string({ error: `a reviewer; ${expected}` })
    .check(z.refine((text) => login.test(text) || team.test(text), { error: `is no reviewer; ${expected}` })),
  z.transform((text): Reviewer => {
    const [, organisation, slug] = team.exec(text.toLowerCase()) ?? [];
    return organisation !== undefined && slug !== undefined
      ? { is: 'team', organisation, slug }
      : { is: 'person', login: text.toLowerCase() };
  }),
);

/** Each name once: `alice` and `Alice` are one person. */
const distinct = (of: readonly Reviewer[]): readonly Reviewer[] => [
  ...new Map(of.map((reviewer) => [JSON.stringify(reviewer), reviewer])).values(),
];

const reviewers = z.pipe(
  v
    .mapping({
      'at-least': z.optional(
        v.whole('a number of people', 1).check(about('Different people who have to approve. Default: 1.')),
      ),
      of: v
        .listOf('a list of people and teams', reviewer, 1, 100)
        .check(about('Logins at GitHub, and teams as `"@organisation/team"`, whose decision counts.')),
    })
    .check(
      z.refine(({ 'at-least': least = 1, of }) => of.some(({ is }) => is === 'team') || least <= distinct(of).length, {
        error: 'requires more people than `of` has',
        path: ['at-least'],
      }),
      about('The people who decide, for the modes `record` and `comment` of `approve-gate`.'),
    ),
  z.transform(({ 'at-least': atLeast = 1, of }) => ({ atLeast, of: distinct(of) })),
);

/** `approval:`, for all environments or for one. */
export const approvalSchema = () =>
  z.pipe(
    v
      .mapping({
        reviewers: z.optional(reviewers),
        'github-environment': z.optional(
          v
            .text('the name of a GitHub environment; expected e.g. production', /^\S(.*\S)?$/, 255)
            .check(
              about(
                'For the mode `record` of `approve-gate`: the GitHub environment whose reviews count, whatever environment the gate stands before. Required where environments share a registry and `reviewers` is missing.',
              ),
            ),
        ),
        policy: z.optional(policySchema),
      })
      .check(
        about(
          'How `approve-gate` decides about a version. A key of an environment replaces the same key for all. The registry has one approval of a version for all environments, so those of one registry have the same rules.',
        ),
      ),
    z.transform((raw): ApprovalRules => withoutUndefined(raw)),
  );
