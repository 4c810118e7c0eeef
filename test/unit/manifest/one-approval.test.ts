import { describe, expect, test } from '@jest/globals';
import { loadManifest } from '../../../src/manifest/load.ts';
import type { Manifest } from '../../../src/manifest/manifest.ts';
import { twoEnvironments } from '../../support/two-environments.ts';

const load = (staging: string, production = '', top = ''): Manifest =>
  loadManifest(twoEnvironments({ staging, production, top }), 'delivery.yml');

const two = 'approval: { reviewers: { at-least: 2, of: [alice, bob] } }';
const one = 'approval: { reviewers: { of: [noor] } }';
const policy = 'approval: { policy: [{ metric: m.recall, at-least: 0.1 }] }';
const message = 'approval: the registry has one approval of a version for all environments: staging and production';

describe('environments of one registry have the same rules for an approval', () => {
  test.each([
    ['weaker reviewers of staging', one, '', two, 'environments.staging.approval'],
    ['reviewers of production alone', '', two, '', 'environments.production.approval'],
    ['a policy of staging', policy, '', two, 'environments.staging.approval'],
    [
      'the GitHub environment of staging',
      'approval: { github-environment: staging }',
      '',
      'approval: { github-environment: production }',
      'environments.staging.approval',
    ],
    ['both their own', one, two, '', 'environments.production.approval'],
    ['a fewer number', two.replace('2', '1'), '', two, 'environments.staging.approval'],
    ['other regions left out', `region: eu-west-1\n${one}`, '', two, 'environments.staging.approval'],
    ['the account of one alone is named', `account: "111111111111"\n${one}`, '', two, 'environments.staging.approval'],
  ])('%s: refused', (_case, staging, production, top, path) => {
    expect(() => load(staging, production, top)).toThrow(message);
    expect(() => load(staging, production, top)).toThrow(path);
    expect(() => load(staging, production, top)).toThrow('write `approval` once, for all');
  });

  test('a registry in common makes them one, whatever their accounts', () => {
    const top = `${two}\nregistry: { account: "333333333333", region: eu-west-1 }`;
    expect(() => load(`account: "111111111111"\n${one}`, 'account: "222222222222"', top)).toThrow(message);
  });

  test.each([
    ['once, for all', '', '', two],
    ['equal ones', two, two, ''],
    ['an equal one beside that for all', two, '', two],
    ['accounts of their own', `account: "111111111111"\n${one}`, 'account: "222222222222"', two],
    ['regions of their own', `region: eu-west-1\n${one}`, 'region: eu-central-1', two],
    [
      'roles of accounts of their own',
      `role: arn:aws:iam::111111111111:role/a\n${one}`,
      'role: arn:aws:iam::222222222222:role/a',
      two,
    ],
    [
      'registries of their own',
      `registry: { account: "111111111111" }\n${one}`,
      'registry: { account: "222222222222" }',
      two,
    ],
  ])('%s: accepted', (_case, staging, production, top) => {
    expect(Object.keys(load(staging, production, top).environments)).toEqual(['staging', 'production']);
  });
});
