import { expect, test } from '@jest/globals';
import { loadManifest } from '../../../src/manifest/load.ts';
import { manifestText } from '../../../src/rehearsal/manifest.ts';

/** A person who is written twice is one person. */

const load = (reviewers: string) =>
  loadManifest(`${manifestText()}\napproval: { reviewers: ${reviewers} }\n`, 'd.yml').environments['production']
    ?.approval?.reviewers;

test.each([
  ['{ at-least: 2, of: [alice, Alice] }', /approval\.reviewers\.at-least: requires more people than `of` has/],
  ['{ at-least: 3, of: [alice, bob, ALICE, Bob] }', /approval\.reviewers\.at-least: requires more people/],
])('refuses more people than there are names: %s', (reviewers, problem) => {
  expect(() => load(reviewers)).toThrow(problem);
});

test('counts each name once, of people and of teams', () => {
  expect(load('{ at-least: 2, of: [alice, Alice, bob, "@acme/ml-leads", "@ACME/ML-Leads"] }')).toEqual({
    atLeast: 2,
    of: [
      { is: 'person', login: 'alice' },
      { is: 'person', login: 'bob' },
      { is: 'team', organisation: 'acme', slug: 'ml-leads' },
    ],
  });
});

test('a high risk needs two different names', () => {
  const high = manifestText().replace('environments:\n', 'risk: high\nenvironments:\n');
  const load = () => loadManifest(`${high}\napproval: { reviewers: { of: [alice, Alice] } }\n`, 'd.yml');
  expect(load).toThrow(/approval\.reviewers\.of: has one person/);
});
