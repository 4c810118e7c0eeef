import { describe, expect, it } from '@jest/globals';
import { stringify } from 'yaml';
import { branchWarnings } from '../../../../src/commands/lint/branch-warnings.ts';
import { usualNames, type VersionNames } from '../../../../src/manifest/versions.ts';

const calls = (flow: string, given: object, names: Partial<VersionNames> = {}): readonly string[] =>
  branchWarnings(
    [
      {
        path: 'release.yml',
        text: stringify({
          on: 'push',
          jobs: { ship: { uses: `acme/model-delivery/.github/workflows/${flow}.yml@v1`, with: given } },
        }),
      },
    ],
    (path) =>
      path === (names.main === 'elsewhere' ? 'other.yml' : 'delivery.yml') ? { ...usualNames, ...names } : undefined,
  );

describe('the branches of a workflow and those of the manifest', () => {
  it.each([
    ['by their defaults', 'github-flow', {}, {}],
    ['in both places', 'github-flow', { main: 'trunk' }, { main: 'trunk' }],
    ['with Gitflow', 'gitflow', { main: 'trunk', hotfix: 'fix/' }, { main: 'trunk', hotfix: 'fix/' }],
    ['where GitHub Flow has no branch of that kind', 'github-flow', {}, { develop: 'next', release: 'rc/' }],
    ['in a workflow that registers no branch', 'deliver', { main: 'trunk' }, {}],
    ['that are known only when the workflow runs', 'github-flow', { main: `\${{ vars.MAIN }}` }, {}],
    ['of another manifest', 'github-flow', { main: 'trunk', manifest: 'other.yml' }, {}],
  ])('are the same %s', (_where, flow, given, names) => {
    expect(calls(flow, given, names)).toEqual([]);
  });

  it.each([
    [
      'github-flow',
      { main: 'master' },
      {},
      'release.yml, job ship: `main` is master there, and `versions.main` of delivery.yml is main',
    ],
    ['github-flow', {}, { main: 'master' }, '`main` is main there, and `versions.main` of delivery.yml is master'],
    ['gitflow', { develop: 'next' }, {}, '`develop` is next there, and `versions.develop` of delivery.yml is develop'],
    ['gitflow', {}, { release: 'rel/' }, '`release` is release/ there, and `versions.release` of delivery.yml is rel/'],
    ['gitflow', { hotfix: 'fix/' }, {}, '`hotfix` is fix/ there'],
    ['gitflow', { manifest: 'other.yml' }, { main: 'elsewhere' }, '`versions.main` of other.yml is elsewhere'],
  ])('differ in %s with %j and %j', (flow, given, names, expected) => {
    expect(calls(flow, given, names)).toEqual([expect.stringContaining(expected)]);
  });
});
