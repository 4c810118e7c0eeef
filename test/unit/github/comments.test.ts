import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Place } from '../../../src/github/github.ts';
import { type FakeGitHub, startFakeGitHub } from '../../github/fake-github.ts';
import { roomOf } from '../../support/github.ts';

let github: FakeGitHub;
const mina = { login: 'mina', type: 'User' } as const;
const state = () => ({
  pullRequests: [{ number: 7, head: 'c0ffee', state: 'open', author: mina, commits: ['c0ffee'] } as const],
});
beforeEach(async () => {
  github = await startFakeGitHub({ state: state() });
});
afterEach(() => github.close());

const marker = '<!-- model-delivery: churn -->';
const app = 'github-actions[bot]';
const places: readonly Place[] = [
  { is: 'pull-request', number: 7 },
  { is: 'commit', sha: 'c0ffee' },
];
const own = (): readonly string[] =>
  github.state.comments.filter(({ user }) => user.login === app).map(({ body }) => body);
const operations = (): readonly string[] =>
  github.requests.map(({ operation }) => operation.replace(/^\w+\//, '').replace(/-commit|-for|issue-/g, ''));

describe.each(places)('the one comment on a %j', (place) => {
  const on = place.is === 'commit' ? place.sha : place.number;
  const write = (text: string): Promise<void> =>
    roomOf(github).write.upsertComment(place, marker, (present) => `${marker}\n${present ? 'again: ' : ''}${text}`);

  it('is created, and then changed', async () => {
    await write('one');
    await write('two');
    expect(own()).toEqual([`${marker}\nagain: two`]);
  });

  it('is not written again when it has not changed', async () => {
    const same = (): Promise<void> => roomOf(github).write.upsertComment(place, marker, () => `${marker}\nsame`);
    await same();
    await same();
    expect(operations()).toEqual(['list-comments', 'create-comment', 'list-comments', 'list-comments']);
  });

  it('is found behind two hundred and fifty others', async () => {
    for (let n = 0; n < 200; n++) github.comment(on, 'noor', `remark ${n}`);
    github.comment(on, app, `${marker}\nearlier`);
    for (let n = 0; n < 50; n++) github.comment(on, 'noor', `remark ${n}`);
    await write('now');
    expect(own()).toEqual([`${marker}\nagain: now`]);
    expect(github.state.comments).toHaveLength(251);
  });

  it('is one also when another run writes it between the look and the write', async () => {
    github.before(place.is === 'commit' ? 'repos/create-commit-comment' : 'issues/create-comment', () =>
      github.comment(on, app, `${marker}\ntheirs`),
    );
    await write('mine');
    expect(own()).toEqual([`${marker}\nagain: mine`]);
    expect(operations()).toContain('delete-comment');
  });

  it('is one when the answer to its creation got lost', async () => {
    github.trouble({
      operation: place.is === 'commit' ? 'repos/create-commit-comment' : 'issues/create-comment',
      is: 'lost',
      times: 1,
    });
    await write('mine');
    expect(own()).toEqual([`${marker}\nmine`]);
  });

  it('is created again when it is deleted meanwhile', async () => {
    github.comment(on, app, `${marker}\nearlier`);
    github.before(place.is === 'commit' ? 'repos/update-commit-comment' : 'issues/update-comment', () => {
      github.state.comments = [];
    });
    await write('now');
    expect(own()).toEqual([`${marker}\nnow`]);
  });

  it('is given up when it is doubled or deleted at each attempt', async () => {
    const [create, update] =
      place.is === 'commit'
        ? (['repos/create-commit-comment', 'repos/update-commit-comment'] as const)
        : (['issues/create-comment', 'issues/update-comment'] as const);
    for (const text of ['theirs', 'theirs again'])
      github.before(create, () => github.comment(on, app, `${marker}\n${text}`));
    github.before(update, () => {
      github.state.comments = [];
    });
    await expect(write('mine')).rejects.toThrow('was deleted or doubled each time it was written');
    expect(own()).toEqual([`${marker}\ntheirs again`]);
  });

  it('loses the duplicates of earlier runs', async () => {
    for (const text of ['first', 'second', 'third']) github.comment(on, app, `${marker}\n${text}`);
    await write('now');
    expect(own()).toEqual([`${marker}\nagain: now`]);
  });

  it('is not a comment of a person with the same marker, nor one that only quotes it', async () => {
    github.comment(on, 'mallory', `${marker}\nforged`);
    github.comment(on, app, `> ${marker}`);
    await write('mine');
    expect(github.state.comments.map(({ user, body }) => `${user.login}: ${body}`)).toEqual([
      `mallory: ${marker}\nforged`,
      `${app}: > ${marker}`,
      `${app}: ${marker}\nmine`,
    ]);
  });
});

describe('the one comment by the token of a person', () => {
  it('is a comment of that person, and of no other', async () => {
    await github.close();
    github = await startFakeGitHub({ as: mina, state: state() });
    github.comment(7, 'mallory', `${marker}\nforged`);
    github.comment(7, 'mina', `${marker}\nearlier`);
    const room = roomOf(github);
    await room.write.upsertComment({ is: 'pull-request', number: 7 }, marker, () => `${marker}\nnow`);
    expect(github.state.comments.map(({ user, body }) => `${user.login}: ${body}`)).toEqual([
      `mallory: ${marker}\nforged`,
      `mina: ${marker}\nnow`,
    ]);
  });
});

describe('the one comment by a token that cannot read its account', () => {
  it('is a comment of an app, whatever the token begins with', async () => {
    await github.close();
    github = await startFakeGitHub({ token: 'v1.0123456789abcdef0123456789abcdef01234567', state: state() });
    github.comment(7, 'mallory', `${marker}\nforged`);
    github.comment(7, app, `${marker}\nearlier`);
    const room = roomOf(github);
    await room.write.upsertComment({ is: 'pull-request', number: 7 }, marker, () => `${marker}\nnow`);
    expect(github.state.comments.map(({ user, body }) => `${user.login}: ${body}`)).toEqual([
      `mallory: ${marker}\nforged`,
      `${app}: ${marker}\nnow`,
    ]);
    expect(github.requests.find(({ operation }) => operation === 'users/get-authenticated')?.status).toBe(403);
  });
});
