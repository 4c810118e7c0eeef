import { describe, expect, test } from '@jest/globals';
import { usualNames } from '../../../src/manifest/versions.ts';
import { changeIn } from '../../../src/registry/commit-change.ts';
import { parseSemanticVersion } from '../../../src/registry/semantic-version.ts';
import { branchKind } from '../../../src/versions/branch.ts';
import type { Change } from '../../../src/versions/bump.ts';
import { fits, newestFinal, nextVersion, openCandidates } from '../../../src/versions/next-version.ts';

const commit = '0a1b2c3d4e5f60718293a4b5c6d7e8f901234567';
const versions = (...all: readonly string[]) => all.flatMap((one) => parseSemanticVersion(one) ?? []);
const next = (
  branch: string,
  registered: readonly string[],
  {
    changes = [],
    merged,
    first = '1.0.0',
    paths = [],
  }: { changes?: readonly Change[]; merged?: string; first?: string; paths?: readonly string[] } = {},
) => {
  const [start] = versions(first);
  const [candidate] = merged === undefined ? [] : versions(merged);
  if (!start) throw new Error(`${first} is not a version`);
  return nextVersion({
    kind: branchKind(usualNames, branch),
    commit,
    registered: versions(...registered),
    first: start,
    changes,
    paths,
    ...(candidate ? { merged: candidate } : {}),
  });
};

describe('the table of branches', () => {
  test.each([
    ['main', [], {}, '1.0.0'],
    ['main', [], { first: '0.1.0' }, '0.1.0'],
    ['main', ['1.3.0'], { changes: ['other'] }, '1.3.1'],
    ['main', ['1.3.0'], { changes: [] }, '1.3.1'],
    ['main', ['1.3.0', '1.2.9'], { changes: ['other', 'feature'] }, '1.4.0'],
    ['main', ['1.3.0'], { changes: ['feature', 'breaking'] }, '2.0.0'],
    ['main', ['0.3.1'], { changes: ['breaking'] }, '0.4.0'],
    ['main', ['0.3.1'], { changes: ['feature'] }, '0.4.0'],
    ['main', ['0.3.1'], { changes: ['other'] }, '0.3.2'],
    ['main', ['1.3.0', '1.4.0-rc.2'], { changes: ['breaking'], merged: '1.4.0-rc.2' }, '1.4.0'],
    ['main', ['2.0.0-rc.1'], { merged: '2.0.0-rc.1' }, '2.0.0'],
    ['main', ['1.9.0', '1.10.0'], {}, '1.10.1'],
    ['develop', [], {}, '1.0.0-alpha.1'],
    ['develop', ['1.3.2'], {}, '1.4.0-alpha.1'],
    ['develop', ['1.3.2', '1.4.0-alpha.9', '1.4.0-alpha.10'], {}, '1.4.0-alpha.11'],
    // The release branch has left develop.
    ['develop', ['1.3.2', '1.4.0-alpha.9', '1.4.0-rc.1'], {}, '1.5.0-alpha.1'],
    ['develop', ['1.3.2', '1.3.3-rc.1'], {}, '1.4.0-alpha.1'],
    ['develop', ['1.3.2'], { changes: ['breaking'] }, '1.4.0-alpha.1'],
    ['release/1.4.0', ['1.3.2'], {}, '1.4.0-rc.1'],
    ['release/1.4.0', ['1.3.2', '1.4.0-rc.2', '1.4.0-rc.1', '1.4.1-rc.7'], {}, '1.4.0-rc.3'],
    ['release/v1.4', ['1.3.2'], {}, '1.4.0-rc.1'],
    ['release/2.0.0', ['1.3.2'], {}, '2.0.0-rc.1'],
    ['hotfix/1.3.3', ['1.3.2', '1.4.0'], {}, '1.3.3-rc.1'],
    ['feature/x', ['1.3.2'], { changes: ['feature'] }, '1.4.0-dev.0a1b2c3d4e5f'],
    ['pull/7/merge', [], {}, '1.0.0-dev.0a1b2c3d4e5f'],
  ] as const)('%s after %j with %j: %s', (branch, registered, more, version) => {
    expect(next(branch, registered, more)).toMatchObject({ is: 'version', version });
  });

  test.each([
    ['release/spring', [], 'the name of the release branch has no version'],
    ['hotfix/1.3.3.1', [], 'the name of the hotfix branch has no version'],
    ['hotfix/01.3.3', [], 'the name of the hotfix branch has no version'],
    ['release/1.4.0', ['1.4.0'], '1.4.0, the version of the release branch, is registered as a final one'],
    [
      'hotfix/1.4.0',
      ['1.3.0', '1.4.0', '1.5.0-rc.1'],
      '1.4.0, the version of the hotfix branch, is registered as a final one',
    ],
  ])('%s after %j has none: %s', (branch, registered, because) => {
    expect(next(branch, registered)).toEqual({ is: 'refused', because });
  });

  test('the names are those of the manifest', () => {
    const names = { main: 'trunk', develop: 'next', release: 'rel-', hotfix: 'fix/', first: '1.0.0', paths: [] };
    expect(branchKind(names, 'trunk')).toEqual({ is: 'main' });
    expect(branchKind(names, 'next')).toEqual({ is: 'develop' });
    expect(branchKind(names, 'rel-1.4.0')).toMatchObject({ is: 'release', core: { minor: 4 } });
    expect(branchKind(names, 'fix/1.4.1')).toMatchObject({ is: 'hotfix', core: { patch: 1 } });
    expect(branchKind(names, 'main')).toEqual({ is: 'other' });
    expect(branchKind(names, 'rel-spring')).toStrictEqual({ is: 'release' });
  });
});

describe('the form of a version', () => {
  test.each([
    ['main', '1.4.0', true],
    ['main', '1.4.0-rc.1', false],
    ['develop', '1.4.0-alpha.3', true],
    ['develop', '1.4.0', false],
    ['develop', '1.4.0-rc.3', false],
    ['release/1.4.0', '1.4.0-rc.2', true],
    ['release/1.4.0', '1.4.1-rc.2', false],
    ['release/1.4.0', '1.4.0', false],
    ['release/1.4.0', '1.4.0-alpha.2', false],
    ['release/1.4.0', '1.4.0-rc.x', false],
    ['release/1.4.0', '1.4.0-rc.2.1', false],
    ['hotfix/1.4.0', '1.4.0-rc.2', true],
    ['hotfix/1.4.0', '1.5.0-rc.2', false],
    // Its name has no version, so it can have given none.
    ['release/spring', '1.4.0-rc.2', false],
    ['feature/x', '1.4.0-dev.0a1b2c3d4e5f', true],
    ['feature/x', '1.4.0-rc.0a1b2c3d4e5f', false],
    ['feature/x', '1.4.0-dev.ffffffffffff', false],
    ['feature/x', '1.4.0-dev.0a1b2c3d4e5f.1', false],
    ['feature/x', '1.4.0', false],
  ])('of %s: %s %s', (branch, text, expected) => {
    const [version] = versions(text);
    expect(version && fits(branchKind(usualNames, branch), commit, version)).toBe(expected);
  });

  test('of a commit of digits alone has a letter before them', () => {
    const digits = (sha: string) =>
      nextVersion({
        ...{ kind: { is: 'other' }, commit: sha, registered: [], first: { major: 1, minor: 0, patch: 0 } },
        ...{ changes: [], paths: [] },
      });
    expect(digits('0123456789012345678901234567890123456789')).toMatchObject({ version: '1.0.0-dev.g012345678901' });
    expect(digits('a12345678901234567890123456789012345678')).toMatchObject({ version: '1.0.0-dev.a12345678901' });
  });
});

describe('the release candidates that main could contain', () => {
  const open = (...all: readonly string[]) => openCandidates(versions(...all)).map(String);

  test('are those above the newest final version, the highest first', () => {
    expect(open('1.4.0-rc.2', '1.3.0', '1.4.0-rc.10', '2.0.0-rc.1', '1.4.0-rc.9', '1.5.0-rc.3')).toEqual([
      '2.0.0-rc.1',
      '1.5.0-rc.3',
      '1.4.0-rc.10',
      '1.4.0-rc.9',
      '1.4.0-rc.2',
    ]);
  });

  test('are none of a version that is final, or older', () => {
    expect(open('1.3.0', '1.3.0-rc.7', '1.2.9-rc.1')).toEqual([]);
  });

  test('are no other pre-releases', () => {
    expect(open('1.4.0-alpha.1', '1.4.0-rc', '1.4.0-rc.x', '1.4.0-rc.1.2', '1.4.0-dev.0a1b2c3d4e5f')).toEqual([]);
    expect(open('1.4.0-rc.0')).toEqual(['1.4.0-rc.0']);
  });
});

test('the newest final version is above no pre-release', () => {
  expect(String(newestFinal(versions('1.3.0', '2.0.0-rc.1', '1.10.0', '1.9.0')))).toBe('1.10.0');
  expect(newestFinal(versions('2.0.0-rc.1'))).toBeUndefined();
  const [one, same] = versions('1.3.0', '1.3.0');
  if (one && same) expect(newestFinal([one, same])).toBe(one);
});

test.each([
  [
    'main',
    ['1.3.0'],
    ['other', 'feature', 'feature'],
    'minor version after 1.3.0: 2 features among 3 commits since then',
  ],
  [
    'main',
    ['0.3.0'],
    ['breaking'],
    'minor version after 0.3.0: 1 breaking change among 1 commit since then, before 1.0.0',
  ],
  ['main', ['1.3.0'], [], 'patch version after 1.3.0: no feature and no breaking change among 0 commits since then'],
  ['main', ['1.3.0'], ['breaking', 'other'], 'major version after 1.3.0: 1 breaking change among 2 commits since then'],
  ['develop', ['1.3.0'], [], 'alpha 1 of 1.4.0: the minor version after 1.3.0'],
  ['release/1.4.0', ['1.4.0-rc.1'], [], 'rc 2 of 1.4.0, the version of the release branch'],
] as const)('the reason: %s after %j', (branch, registered, changes, because) => {
  expect(next(branch, registered, { changes })).toMatchObject({ because });
});

test.each([
  [['models/churn'], 'minor version after 1.3.0: 1 feature among 1 commit since then in models/churn'],
  [
    ['models/churn', 'shared'],
    'minor version after 1.3.0: 1 feature among 1 commit since then in models/churn or shared',
  ],
] as const)('the reason names the paths whose commits count: %j', (paths, because) => {
  expect(next('main', ['1.3.0'], { changes: ['feature'], paths })).toMatchObject({ because });
});

test('the reason names the candidate that the commit contains', () => {
  expect(next('main', ['1.3.0', '1.4.0-rc.2'], { merged: '1.4.0-rc.2' })).toEqual({
    ...{ is: 'version', version: '1.4.0' },
    because: 'the commit contains 1.4.0-rc.2, the newest release candidate',
  });
});

describe('a commit message', () => {
  test.each([
    ['feat: more columns', 'feature'],
    ['feat(model): more columns', 'feature'],
    ['Feat: more columns', 'feature'],
    ['fix: the scaler', 'other'],
    ['perf(serving): faster', 'other'],
    ['chore: tidy', 'other'],
    ['feat!: other columns', 'breaking'],
    ['fix(api)!: other columns', 'breaking'],
    ['feat(parser (csv))!: other columns', 'breaking'],
    ['feat(parser (csv (new))): other columns', 'feature'],
    ['feat(a:b)!: other columns', 'breaking'],
    ['fix(api): names (old)!: x', 'other'],
    ['fix(api) names (old)!: x', 'other'],
    ['refactor: names\n\nBREAKING CHANGE: the answer is a list', 'breaking'],
    ['fix: x\n\nBREAKING-CHANGE: the answer is a list', 'breaking'],
    ['fix: x\r\n\r\nReviewed-by: noor\r\nBREAKING CHANGE: y', 'breaking'],
    ['Merge pull request #7 from acme/feature\n\nfeat: more columns', 'other'],
    ['Update train.py', 'other'],
    ['feature: not the word', 'other'],
    ['feat more columns', 'other'],
    ['feat:no space', 'other'],
    ['a sentence about a BREAKING CHANGE: none', 'other'],
    ['docs: x\n\nbreaking change: in small letters', 'other'],
    ['', 'other'],
    ['\n\n', 'other'],
    ['\u0000::error::x', 'other'],
  ] as const)('%j is %s', (message, change) => {
    expect(changeIn(message)).toBe(change);
  });

  test('that is hostile costs no more than its length', () => {
    const lines = [
      'a'.repeat(60_000),
      '#'.repeat(60_000),
      '(#1'.repeat(20_000),
      `x${' '.repeat(60_000)}`,
      'http://'.repeat(9_000),
    ];
    for (const line of lines) {
      expect(changeIn(`${line}\nBREAKING CHANGE: x`)).toBe('breaking');
      expect(changeIn(`feat: ${line}`)).toBe('feature');
    }
    expect(changeIn(`feat: x\n${'BREAKING CHANGE: y\n'.repeat(5_000)}`)).toBe('breaking');
  });
});
