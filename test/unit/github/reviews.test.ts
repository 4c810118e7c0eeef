import { afterEach, describe, expect, it } from '@jest/globals';
import type { State } from '../../../simulator/github/state.ts';
import type { GitHub } from '../../../src/github/github.ts';
import { type FakeGitHub, startFakeGitHub } from '../../github/fake-github.ts';
import { roomOf } from '../../support/github.ts';

let github: FakeGitHub | undefined;
afterEach(() => github?.close());
const open = async (state: Partial<State>): Promise<GitHub> => {
  github = await startFakeGitHub({ state });
  return roomOf(github);
};
const user = (login: string) => ({ login, type: 'User' }) as const;

describe('the facts behind an approval', () => {
  it('are the decisions on a run, with their environments', async () => {
    const approval = { user: user('noor'), state: 'approved', comment: 'fine', environments: ['production'] } as const;
    const run = { id: 7, sha: 'c0ffee', actor: user('mina'), triggeringActor: user('omar'), approvals: [approval] };
    const room = await open({ runs: [run] });
    expect(await room.approvalsOf(7)).toEqual([
      { by: 'noor', state: 'approved', comment: 'fine', environments: ['production'] },
    ]);
    expect(await room.runOf(7)).toEqual({ id: 7, commit: 'c0ffee', actor: 'mina', triggeringActor: 'omar' });
    await expect(room.runOf(8)).rejects.toThrow('GitHub could not read run 8');
  });

  it('are the accounts of a commit, each once', async () => {
    const room = await open({
      commits: [
        { sha: 'c0ffee', author: user('mina'), committer: user('mina') },
        { sha: 'decade', author: user('mina'), committer: user('noor') },
        { sha: 'abacus', committer: user('web-flow') },
        { sha: 'facade' },
      ],
    });
    expect(await room.authorsOf('c0ffee')).toEqual({ logins: ['mina'], hasUnknown: false });
    expect(await room.authorsOf('decade')).toEqual({ logins: ['mina', 'noor'], hasUnknown: false });
    expect(await room.authorsOf('abacus')).toEqual({ logins: ['web-flow'], hasUnknown: true });
    expect(await room.authorsOf('facade')).toEqual({ logins: [], hasUnknown: true });
  });

  it.each(['admin', 'maintain', 'write', 'triage', 'read', 'none'] as const)(
    'are the permission %s of a person',
    async (permission) => {
      const room = await open({ permissions: { noor: permission } });
      expect(await room.permissionOf('noor')).toBe(permission);
    },
  );

  it('are no permission of an account that GitHub does not find', async () => {
    const room = await open({ permissions: { noor: 'write' } });
    expect(await room.permissionOf('stranger')).toBe('none');
    expect(github?.requests.map(({ status }) => status)).toEqual([404]);
  });

  it('are all members of a team, on every page', async () => {
    const members = Array.from({ length: 130 }, (_, n) => user(`member-${n}`));
    const room = await open({ teams: { 'ml-leads': members } });
    expect(await room.membersOf({ organisation: 'acme', slug: 'ml-leads' })).toHaveLength(130);
  });

  it('are hidden where the team is of another organisation, or the thread is absent', async () => {
    const room = await open({ teams: { 'ml-leads': [user('noor')] }, issues: [9] });
    expect(await room.membersOf({ organisation: 'ACME', slug: 'ml-leads' })).toEqual(['noor']);
    await expect(room.membersOf({ organisation: 'acme-labs', slug: 'ml-leads' })).rejects.toThrow('it is not there');
    expect(await room.commentsOf({ is: 'issue', number: 9 })).toEqual([]);
    await expect(room.commentsOf({ is: 'issue', number: 10 })).rejects.toThrow('it is not there');
  });

  it('are the pull requests of a commit, and the newest commit of one', async () => {
    const pull = { number: 7, head: 'decade', state: 'closed', author: user('mina'), commits: ['c0ffee'] } as const;
    const room = await open({ pullRequests: [pull] });
    expect(await room.pullRequestsOf('c0ffee')).toEqual([{ number: 7, open: false, head: 'decade', author: 'mina' }]);
    expect(await room.pullRequestsOf('facade')).toEqual([]);
    expect(await room.pullRequest(8)).toBeUndefined();
  });
});
