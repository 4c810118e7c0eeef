import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { gitCommits } from '../../../src/hosts/git-commits.ts';
import { createRepository, type GitRepository, shallowClone } from '../../support/git-repository.ts';

const never = new AbortController().signal;
const env = { PATH: process.env['PATH'] };
const at = (root: string) => gitCommits(root, env, never);

let repository: GitRepository;
const more: string[] = [];
beforeEach(() => {
  repository = createRepository();
});
afterEach(() => {
  repository.remove();
  for (const root of more.splice(0)) rmSync(root, { recursive: true, force: true });
});

describe('the history of a checkout', () => {
  test('has the present commit and its branch', async () => {
    const commit = repository.commit('feat: x');
    expect(await at(repository.root).head()).toEqual({ commit, branch: 'main' });
    mkdirSync(join(repository.root, 'models'));
    expect(await at(join(repository.root, 'models')).head()).toEqual({ commit, branch: 'main' });
    repository.git('checkout', '--quiet', '-b', 'release/1.4.0');
    expect(await at(repository.root).head()).toEqual({ commit, branch: 'release/1.4.0' });
    repository.git('checkout', '--quiet', '--detach');
    expect(await at(repository.root).head()).toEqual({ commit });
  });

  test('has the messages since an earlier commit, whole and newest first', async () => {
    const base = repository.commit('feat: before');
    const messages = [
      'fix: ä\n\nBREAKING CHANGE: x',
      '',
      '--output=/tmp/x',
      '::error::x\n\x1b[31m',
      'feat: $(touch pwned)',
    ];
    const commits = messages.map((message) => repository.commit(message));
    const compared = await at(repository.root).compare(base, commits.at(-1) ?? '', []);
    if (compared.is !== 'known') throw new Error(compared.is);
    expect(compared.relation).toBe('ahead');
    expect(compared.messages.map((message) => message.trim())).toEqual(messages.toReversed().map((one) => one.trim()));
  });

  test('knows which of two commits contains the other', async () => {
    const base = repository.commit('one');
    const next = repository.commit('two');
    repository.git('checkout', '--quiet', '-b', 'other', base);
    const beside = repository.commit('three');
    const history = at(repository.root);
    expect(await history.compare(base, next, [])).toMatchObject({ relation: 'ahead' });
    expect(await history.compare(next, base, [])).toEqual({ is: 'known', relation: 'behind', messages: [] });
    expect(await history.compare(next, next, [])).toEqual({ is: 'known', relation: 'identical', messages: [] });
    expect(await history.compare(next, beside, [])).toMatchObject({
      relation: 'diverged',
      messages: [expect.stringMatching(/^three/)],
    });
  });

  test('a commit that it lacks, and a text that is none, are absent', async () => {
    const head = repository.commit('one');
    for (const base of ['0'.repeat(40), 'c0ffee', 'main', '--output=/tmp/x', '', `${head}\n`, head.slice(0, 12)])
      expect(await at(repository.root).compare(base, head, [])).toEqual({ is: 'absent' });
  });
});

describe('the commits of some paths', () => {
  const messages = async (base: string, head: string, ...paths: readonly string[]) => {
    const compared = await at(repository.root).compare(base, head, paths);
    return compared.is === 'known' ? compared.messages.map((message) => message.trim()) : compared;
  };

  test('are those that change a file there, by its own name or a folder above', async () => {
    const base = repository.commit('all', 'models/churn/a', 'models/churn-2/a', 'models/fraud/a', 'shared/x y');
    repository.commit('churn', 'models/churn/deep/er/b');
    repository.commit('churn-2', 'models/churn-2/a');
    repository.commit('empty');
    repository.commit('both\n\nBREAKING CHANGE: x', 'models/fraud/a', 'models/churn/a');
    const head = repository.commit('shared', 'shared/x y');
    const both = 'both\n\nBREAKING CHANGE: x';
    expect(await messages(base, head, 'models/churn')).toEqual([both, 'churn']);
    expect(await messages(base, head, 'models/churn/')).toEqual([both, 'churn']);
    expect(await messages(base, head, 'models/churn/a')).toEqual([both]);
    expect(await messages(base, head, 'models/fraud', 'shared/x y')).toEqual(['shared', both]);
    expect(await messages(base, head, 'models')).toEqual([both, 'churn-2', 'churn']);
    expect(await messages(base, head)).toHaveLength(5);
    expect(await at(join(repository.root, 'models')).compare(base, head, ['models/churn'])).toMatchObject({
      relation: 'ahead',
      messages: [expect.stringContaining('both'), expect.stringContaining('churn')],
    });
  });

  test('a merge has the changes of its branch, and its branch its own commits, also undone ones', async () => {
    const base = repository.commit('all', 'churn/a', 'fraud/a');
    repository.git('checkout', '--quiet', '-b', 'fraud-branch');
    repository.commit('feat: fraud', 'fraud/a');
    repository.git('checkout', '--quiet', 'main');
    repository.commit('fix: churn', 'churn/a');
    // Its branch lacks the commit before, so it differs from one of its parents there.
    repository.git('merge', '--quiet', '--no-ff', '--message=feat: merged fraud', 'fraud-branch');
    repository.git('checkout', '--quiet', '-b', 'churn-branch');
    const undone = repository.commit('feat: undone', 'churn/a');
    repository.git('revert', '--no-edit', undone);
    repository.git('checkout', '--quiet', 'main');
    repository.commit('docs: x', 'README');
    repository.git('merge', '--quiet', '--no-ff', '--message=Merge churn', 'churn-branch');
    repository.git('checkout', '--quiet', '-b', 'churn-2');
    repository.commit('perf: churn', 'churn/b');
    repository.git('checkout', '--quiet', 'main');
    repository.commit('docs: y', 'README');
    repository.git('merge', '--quiet', '--no-ff', '--message=feat: a better churn (#7)', 'churn-2');
    const head = repository.git('rev-parse', 'HEAD');
    expect(await messages(base, head, 'churn')).toEqual([
      'feat: a better churn (#7)',
      'perf: churn',
      expect.stringContaining('Revert "feat: undone"'),
      'feat: undone',
      'fix: churn',
    ]);
    expect(await messages(base, head, 'fraud')).toEqual(['feat: merged fraud', 'feat: fraud']);
  });

  test('are those of a moved file at both places, whatever the configuration follows', async () => {
    const before = repository.commit('all', 'old/a', 'new/b');
    const base = repository.commit('earlier', 'old/a');
    repository.git('mv', 'old/a', 'new/a');
    const head = repository.commit('move');
    repository.commit('keep', 'old/c');
    repository.git('config', 'log.follow', 'true');
    repository.git('config', 'diff.renames', 'copies');
    repository.git('config', 'log.diffMerges', 'separate');
    expect(await messages(base, head, 'new')).toEqual(['move']);
    expect(await messages(before, head, 'new/a')).toEqual(['move']);
    expect(await messages(before, repository.git('rev-parse', 'HEAD'), 'old')).toEqual(['keep', 'move', 'earlier']);
  });

  test.each(['models/chrun', '*', ':(exclude)models', ':/', '--output=x', 'models/churn/a/b'])(
    'a path that the commit has not is named: %s',
    async (path) => {
      const base = repository.commit('one', 'models/churn/a');
      const head = repository.commit('two', 'models/churn/a');
      expect(await messages(base, head, 'models', path)).toEqual({ is: 'no-path', path });
      const clone = shallowClone(repository, 1);
      more.push(clone.root);
      expect(await at(clone.root).compare(base, head, [path])).toEqual({ is: 'no-path', path });
    },
  );

  test('cannot be read in a clone without folders', async () => {
    const base = repository.commit('one', 'models/churn/a');
    const head = repository.commit('two', 'models/churn/a');
    repository.git('config', 'uploadpack.allowFilter', 'true');
    const root = mkdtempSync(join(tmpdir(), 'treeless-'));
    more.push(root);
    repository.git('clone', '--quiet', '--filter=tree:0', '--no-checkout', `file://${repository.root}`, root);
    expect(await at(root).compare(base, head, ['models/churn'])).toEqual({
      is: 'unreadable',
      because: expect.stringContaining('--filter=tree:0'),
    });
  });
});

describe('no history', () => {
  test('in a shallow checkout', async () => {
    const base = repository.commit('one');
    const head = repository.commit('two');
    const clone = shallowClone(repository, 1);
    more.push(clone.root);
    expect(await at(clone.root).head()).toEqual({ commit: head, branch: 'main' });
    expect(await at(clone.root).compare(base, head, [])).toEqual({
      is: 'unreadable',
      because: expect.stringContaining('`fetch-depth: 0`'),
    });
  });

  test('outside of a repository, and without git', async () => {
    const root = mkdtempSync(join(tmpdir(), 'plain-'));
    more.push(root);
    expect(await at(root).head()).toBeUndefined();
    expect(await at(root).compare('0'.repeat(40), '1'.repeat(40), [])).toEqual({
      is: 'unreadable',
      because: expect.stringContaining('no git repository'),
    });
    const none = gitCommits(root, { PATH: root }, never);
    expect(await none.head()).toBeUndefined();
    expect(await none.compare('0'.repeat(40), '1'.repeat(40), [])).toEqual({
      is: 'unreadable',
      because: expect.stringContaining('git is not installed'),
    });
  });

  test('a cancelled run ends with its cancellation', async () => {
    repository.commit('one');
    await expect(gitCommits(repository.root, env, AbortSignal.abort()).head()).rejects.toThrow();
  });
});

test('git gets its own variables, and no others of the run', async () => {
  const place = mkdtempSync(join(tmpdir(), 'path-'));
  more.push(place);
  const seen = join(place, 'seen');
  writeFileSync(join(place, 'git'), `#!/bin/sh\n/usr/bin/env > ${seen}\n`, { mode: 0o755 });
  const variables = {
    PATH: place,
    GIT_CONFIG_COUNT: '0',
    GITHUB_TOKEN: 'ghs_x',
    AWS_SECRET_ACCESS_KEY: 'x',
    INPUT_ROLE: 'x',
  };
  await gitCommits(place, variables, never).head();
  const names = readFileSync(seen, 'utf8')
    .split('\n')
    .map((line) => line.split('=')[0] ?? '');
  expect(names).toEqual(expect.arrayContaining(['PATH', 'GIT_CONFIG_COUNT', 'GIT_TERMINAL_PROMPT']));
  expect(names.filter((name) => /TOKEN|AWS|INPUT/.test(name))).toEqual([]);
});
