import { afterEach, describe, expect, it } from '@jest/globals';
import type { GitHub } from '../../../src/github/github.ts';
import { openGitHub } from '../../../src/github/open-github.ts';
import { type FakeGitHub, type FakeGitHubOptions, startFakeGitHub } from '../../github/fake-github.ts';
import { virtualClock } from '../../support/virtual-clock.ts';

let github: FakeGitHub | undefined;
afterEach(async () => {
  await github?.close();
});

const open = async (options: FakeGitHubOptions): Promise<GitHub> => {
  github = await startFakeGitHub(options);
  const { repository: name, token, url: apiUrl } = github;
  return openGitHub({ name, token, apiUrl }, virtualClock()).within();
};
const user = (login: string) => ({ login, type: 'User' }) as const;

describe('the protection of a GitHub environment', () => {
  it('is its required reviewers', async () => {
    const client = await open({ state: { environments: { production: [user('mina'), user('noor')] } } });
    expect(await client.protectionOf('production')).toEqual({ is: 'reviewed', reviewers: 2 });
  });

  it('is none with no rules', async () => {
    const client = await open({ state: { environments: { production: [] } } });
    expect(await client.protectionOf('production')).toEqual({ is: 'unreviewed' });
  });

  it('is none where GitHub would create the environment', async () => {
    expect(await (await open({})).protectionOf('production')).toEqual({ is: 'absent' });
  });

  it('is unknown where the token may not look, and the permission is named', async () => {
    const client = await open({ lacks: ['actions'], state: { environments: { production: [] } } });
    const protection = await client.protectionOf('production');
    expect(protection).toEqual({ is: 'unknown', because: expect.stringContaining('permissions: actions: read') });
    expect(JSON.stringify(protection)).not.toContain(github?.token);
  });

  it('is read from the server of the repository', async () => {
    const client = await open({ basePath: '/api/v3', state: { environments: { 'prod/eu': [user('mina')] } } });
    expect(await client.protectionOf('prod/eu')).toEqual({ is: 'reviewed', reviewers: 1 });
  });
});
