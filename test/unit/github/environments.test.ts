import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import nock from 'nock';
import { protectionOf } from '../../../src/github/environments.ts';

const repository = { name: 'acme/churn', token: 'planted' };
const path = '/repos/acme/churn/environments/production';
const github = () => nock('https://api.github.com', { reqheaders: { authorization: 'token planted' } }).get(path);

describe('the protection of a GitHub environment', () => {
  beforeAll(() => nock.disableNetConnect());
  afterEach(() => nock.cleanAll());
  // Test files may share a process.
  afterAll(() => {
    nock.enableNetConnect();
    nock.restore();
  });

  it('is its required reviewers', async () => {
    const reviewers = [
      { type: 'User', reviewer: { login: 'mina' } },
      { type: 'Team', reviewer: { slug: 'ml' } },
    ];
    github().reply(200, {
      name: 'production',
      protection_rules: [
        { id: 1, type: 'wait_timer', wait_timer: 30 },
        { id: 2, type: 'required_reviewers', reviewers },
      ],
    });
    expect(await protectionOf(repository, 'production')).toEqual({ is: 'reviewed', reviewers: 2 });
  });

  it.each([
    ['rules without reviewers', { protection_rules: [{ id: 1, type: 'branch_policy' }] }],
    ['a reviewer rule that names none', { protection_rules: [{ id: 1, type: 'required_reviewers', reviewers: [] }] }],
    ['no rules', {}],
  ])('is none with %s', async (_, body) => {
    github().reply(200, { name: 'production', ...body });
    expect(await protectionOf(repository, 'production')).toEqual({ is: 'unreviewed' });
  });

  it('is none where GitHub would create the environment', async () => {
    github().reply(404, { message: 'Not Found' });
    expect(await protectionOf(repository, 'production')).toEqual({ is: 'absent' });
  });

  it('is unknown where the token may not look', async () => {
    github().reply(403, { message: 'Resource not accessible by integration' });
    const protection = await protectionOf(repository, 'production');
    expect(protection).toMatchObject({ is: 'unknown', because: expect.stringContaining('403') });
    expect(JSON.stringify(protection)).not.toContain('planted');
  });

  it('is asked of the server the repository lies on', async () => {
    nock('https://ghe.acme.example').get(`/api/v3${path}`).reply(200, { name: 'production' });
    const apiUrl = 'https://ghe.acme.example/api/v3';
    expect(await protectionOf({ ...repository, apiUrl }, 'production')).toEqual({ is: 'unreviewed' });
  });
});
