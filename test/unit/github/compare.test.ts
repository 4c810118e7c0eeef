import { afterEach, describe, expect, it } from '@jest/globals';
import type { ChangedFile } from '../../../simulator/github/state.ts';
import type { GitHub } from '../../../src/github/github.ts';
import { type FakeGitHub, type FakeGitHubOptions, startFakeGitHub } from '../../github/fake-github.ts';
import { roomOf } from '../../support/github.ts';

let github: FakeGitHub | undefined;
afterEach(() => github?.close());

const sha = (n: number): string => n.toString(16).padStart(40, '0');
/** 0 ← 1 ← … ← 130, and 200 beside 1. */
const commits = [
  ...Array.from({ length: 131 }, (_, n) => ({
    sha: sha(n),
    message: `feat: ${n}`,
    parents: n > 0 ? [sha(n - 1)] : [],
  })),
  { sha: sha(200), message: 'fix: beside', parents: [sha(0)] },
];
const open = async (options: FakeGitHubOptions = {}): Promise<GitHub> => {
  github = await startFakeGitHub({ ...options, state: { commits } });
  return roomOf(github);
};

describe('two commits at GitHub', () => {
  it('are compared over every page', async () => {
    const room = await open();
    const compared = await room.compare(sha(0), sha(130), []);
    expect(compared?.relation).toBe('ahead');
    expect(compared?.messages).toEqual(Array.from({ length: 130 }, (_, n) => `feat: ${n + 1}`));
    expect(github?.requests.map(({ path }) => path)).toEqual(
      [1, 2].map((page) => expect.stringContaining(`page=${page}`)),
    );
  });

  it.each([
    [sha(1), sha(1), { relation: 'identical', messages: [] }],
    [sha(3), sha(1), { relation: 'behind', messages: [] }],
    [sha(1), sha(200), { relation: 'diverged', messages: ['fix: beside'] }],
    ['f'.repeat(40), sha(1), undefined],
  ])('%s and %s: %j', async (base, head, compared) => {
    expect(await (await open()).compare(base, head, [])).toEqual(compared);
  });

  it('have the messages of some paths by the files of each commit, over every page', async () => {
    const files: readonly (readonly ChangedFile[])[] = [
      [],
      [{ name: 'models/churn/train.py' }],
      [{ name: 'models/churn-2/train.py' }, { name: 'shared' }],
      [],
      Array.from({ length: 130 }, (_, n) => ({ name: n === 129 ? 'models/churn/z' : `docs/${n}` })),
      [{ name: 'models/fraud/train.py', from: 'models/churn/moved.py' }],
      [{ name: 'models/churn' }],
    ];
    github = await startFakeGitHub({
      state: { commits: commits.map((commit, n) => ({ ...commit, files: files[n] ?? [] })) },
    });
    const room = roomOf(github);
    const messages = async (...paths: readonly string[]) =>
      (await room.compare(sha(0), sha(6), paths))?.messages.map((message) => Number(message.replace('feat: ', '')));
    expect(await messages('models/churn')).toEqual([1, 4, 5, 6]);
    expect(await messages('models/churn/')).toEqual([1, 4, 5, 6]);
    expect(await messages('models/fraud', 'shared')).toEqual([2, 5]);
    expect(await messages('other')).toEqual([]);
    expect(await messages()).toHaveLength(6);
  });

  it('are too many to read the files of each', async () => {
    const many = Array.from({ length: 252 }, (_, n) => ({ sha: sha(n), parents: n > 0 ? [sha(n - 1)] : [] }));
    github = await startFakeGitHub({ state: { commits: many } });
    const room = roomOf(github);
    await expect(room.compare(sha(0), sha(251), ['models'])).rejects.toThrow(
      `there are 251 commits since ${sha(0)}: let git read them, with \`fetch-depth: 0\``,
    );
    expect((await room.compare(sha(0), sha(251), []))?.messages).toHaveLength(251);
  });

  it('are left to git where GitHub does not show all files of a commit', async () => {
    const many = (last: string) => Array.from({ length: 3000 }, (_, n) => ({ name: n === 2999 ? last : `docs/${n}` }));
    const among = async (last: string): Promise<GitHub> => {
      github = await startFakeGitHub({
        state: {
          commits: [{ sha: sha(0) }, { sha: sha(1), message: 'feat: 1', parents: [sha(0)], files: many(last) }],
        },
      });
      return roomOf(github);
    };
    expect((await (await among('models/churn')).compare(sha(0), sha(1), ['models']))?.messages).toEqual(['feat: 1']);
    await github?.close();
    await expect((await among('docs/z')).compare(sha(0), sha(1), ['models'])).rejects.toThrow(
      `commit ${sha(1)} may change more: let git read them, with \`fetch-depth: 0\``,
    );
  });

  it('need the permission to read the contents, which the error names', async () => {
    const room = await open({ lacks: ['contents'] });
    await expect(room.compare(sha(0), sha(1), [])).rejects.toThrow('`permissions: contents: read`');
  });
});
