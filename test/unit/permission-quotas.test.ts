import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { documentsFor, policyFor, publishedNames } from '../../src/permissions.ts';
import { longestNames } from '../support/policy-place.ts';
import { dutyPolicies, publishedPolicies, sharedPolicies } from '../support/policy-requests.ts';

/** IAM user guide, "IAM and AWS STS quotas". A quota that AWS raises on request has its default here. */
const quotas = {
  /** Characters of one managed policy. */
  managedPolicy: 6144,
  /** Managed policies of one role. */
  managedPolicies: 10,
  /** Characters of all inline policies of one role together. */
  inlinePolicies: 10_240,
  /** Characters of a role's trust policy. */
  trustPolicy: 2048,
} as const;

/** IAM does not count white space. */
const charactersOf = (document: object): number => JSON.stringify(document).replaceAll(/\s/g, '').length;
const sum = (documents: readonly object[]): number =>
  documents.reduce((total, document) => total + charactersOf(document), 0);

describe('every policy is short enough for IAM', () => {
  const written = publishedNames.flatMap((policy) => Object.entries(documentsFor(policy, longestNames)));

  test.each(written)('%s, with the longest names', (_name, document) => {
    expect(charactersOf(document)).toBeLessThanOrEqual(quotas.managedPolicy);
  });

  test('only those are divided that would not fit', () => {
    const tooLong = publishedNames.filter(
      (policy) => charactersOf(policyFor(policy, longestNames)) > quotas.managedPolicy,
    );
    const divided = publishedNames.filter((policy) => Object.keys(documentsFor(policy, longestNames)).length > 1);
    expect(divided).toEqual(tooLong);
  });

  // The policies of a resource have no principal's quota: `Principal` is in them and in trust policies.
  const beside = [...dutyPolicies(), ...sharedPolicies()];
  const isIdentity = ({ document }: (typeof beside)[number]): boolean =>
    document.Statement.every(({ Principal }) => Principal === undefined);

  test.each([...publishedPolicies(), ...beside.filter(isIdentity)])('$name.json', ({ document }) => {
    expect(charactersOf(document)).toBeLessThanOrEqual(quotas.managedPolicy);
  });

  test.each(beside.filter(({ name }) => name.endsWith('-trust')))('$name.json', ({ document }) => {
    expect(charactersOf(document)).toBeLessThanOrEqual(quotas.trustPolicy);
  });
});

describe('every role of docs/permissions can have its policies', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/permissions/README.md'), 'utf8');
  const table = /\| who \| policies \| cannot \|\n.*\n((?:\|.*\n)+)/.exec(page)?.[1] ?? '';
  const files = new Map(publishedPolicies().map(({ name, document }) => [name, document]));
  /** The longest of the guards: a role has at most one. */
  const guard = dutyPolicies()
    .filter(({ name }) => name.endsWith('-guard'))
    .map(({ document }) => document)
    .reduce((longest, one) => (charactersOf(one) > charactersOf(longest) ? one : longest));
  const roles = table
    .trim()
    .split('\n')
    .map((row) => row.split('|').map((text) => text.trim()))
    .map(([, who = '', policies = '']) => {
      const named = publishedNames.filter((name) => policies.includes(`\`${name}\``));
      const attached = named.flatMap((name) => Object.keys(documentsFor(name, longestNames)));
      return {
        who: /^[^:(]+/.exec(who)?.[0].trim() ?? '',
        documents: [...attached.map((name) => files.get(name) ?? {}), guard],
      };
    });

  test('all of them are in the table', () => {
    expect(roles.map(({ documents }) => documents.length).every((count) => count > 1)).toBe(true);
    expect(roles.map(({ who }) => who)).toEqual([
      'registrar',
      'approver',
      'gate',
      'deployer',
      'deployer that also tests',
      'tester',
      'those on call',
      'a pull request',
    ]);
  });

  test.each(roles)('$who: as managed policies', ({ documents }) => {
    expect(documents.length).toBeLessThanOrEqual(quotas.managedPolicies);
  });

  test('inline, all but the deployer that also tests', () => {
    const tooLong = roles.filter(({ documents }) => sum(documents) > quotas.inlinePolicies);
    expect(tooLong.map(({ who }) => who)).toEqual(['deployer that also tests']);
  });
});
