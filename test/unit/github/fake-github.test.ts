import { afterEach, describe, expect, it } from '@jest/globals';
import { callOf, example } from '../../../simulator/github/description.ts';
import { inspector } from '../../github/contract.ts';
import { type FakeGitHub, startFakeGitHub } from '../../github/fake-github.ts';

/** A fake that accepts anything proves nothing: each mistake is refused, by GitHub's own description. */

let github: FakeGitHub;
afterEach(() => github.close().catch(() => undefined));

const send = async (method: string, path: string, body?: object): Promise<{ status: number; headers: Headers }> => {
  github = await startFakeGitHub({ state: { issues: [7] } });
  const { status, headers } = await fetch(`${github.url}${path}`, {
    method,
    headers: { authorization: `token ${github.token}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status, headers };
};

describe('the fake GitHub', () => {
  it.each([
    [
      'a call that GitHub does not have',
      'GET',
      '/repos/acme/churn/comment/7',
      undefined,
      /no call of GitHub's description/,
    ],
    ['a missing member', 'POST', '/repos/acme/churn/issues/7/comments', {}, /body must have required property 'body'/],
    [
      'a member of another type',
      'POST',
      '/repos/acme/churn/issues/7/comments',
      { body: 7 },
      /body\/body must be string/,
    ],
    [
      'an unknown member',
      'POST',
      '/repos/acme/churn/issues/7/comments',
      { body: 'x', text: 'x' },
      /body\/text is not declared/,
    ],
    [
      'an unknown member of a member',
      'POST',
      '/repos/acme/churn/check-runs',
      { name: 'x', head_sha: 'c0ffee', output: { title: 'x', summary: 'x', markdown: 'x' } },
      /body\/output\/markdown is not declared/,
    ],
    [
      'a value that is none of those allowed',
      'POST',
      '/repos/acme/churn/check-runs',
      { name: 'x', head_sha: 'c0ffee', status: 'completed', conclusion: 'rolled-back' },
      /body\/conclusion must be equal to one of the allowed values/,
    ],
    [
      'an unknown parameter',
      'GET',
      '/repos/acme/churn/issues/7/comments?size=100',
      undefined,
      /query must NOT have additional properties/,
    ],
    [
      'a number that is none',
      'GET',
      '/repos/acme/churn/issues/seven/comments',
      undefined,
      /path\/issue_number must be integer/,
    ],
  ])('refuses %s', async (_, method, path, body, problem) => {
    expect((await send(method, path, body)).status).toBeGreaterThanOrEqual(400);
    expect(github.problems.join('\n')).toMatch(problem);
    await expect(github.close()).rejects.toThrow(problem);
  });

  it('checks its own answers', () => {
    const call = callOf('POST', '/repos/acme/churn/issues/7/comments');
    if (call === undefined) throw new Error('the call is not in the cut');
    expect(inspector.answer(call, 201, example('issue-comment'))).toEqual([]);
    expect(inspector.answer(call, 201, example('issue-comment', { id: '7' }))).toEqual([
      'answer 201/id must be integer',
    ]);
    expect(inspector.answer(call, 201, example('issue-comment', { created_at: 'today' })).join()).toMatch(/date-time/);
    expect(inspector.answer(call, 202, {})).toEqual(['issues/create-comment has no answer 202']);
  });

  it('leads from page to page by links, as GitHub does', async () => {
    github = await startFakeGitHub({ state: { issues: [7] } });
    for (let n = 0; n < 35; n++) github.comment(7, 'noor', `remark ${n}`);
    const page = async (address: string) => {
      const answer = await fetch(address, { headers: { authorization: `token ${github.token}` } });
      return { count: ((await answer.json()) as unknown[]).length, link: answer.headers.get('link') ?? '' };
    };
    const first = await page(`${github.url}/repos/acme/churn/issues/7/comments`);
    expect(first.count).toBe(30);
    const next = /<([^>]+)>; rel="next"/.exec(first.link)?.[1] ?? '';
    expect(next).toContain('page=2');
    const second = await page(next);
    expect(second).toMatchObject({ count: 5, link: expect.not.stringContaining('rel="next"') });
  });
});
