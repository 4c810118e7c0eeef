import { describe, expect, it } from '@jest/globals';
import { issuerOf, namesInTokens, readRepository, repositoryOfRemote } from '../../../src/init/repository.ts';

const at = (host: string, owner = 'acme', name = 'churn') => ({ host, owner, name });

describe('the repository of a remote', () => {
  it.each([
    ['git@github.com:acme/churn.git', at('github.com')],
    ['git@github.com:acme/churn', at('github.com')],
    ['org-123456@github.com:acme/churn.git', at('github.com')],
    ['github.com:acme/churn.git', at('github.com')],
    ['ssh://git@github.com/acme/churn.git', at('github.com')],
    ['ssh://git@ssh.github.com:443/acme/churn.git', at('github.com')],
    ['ssh://git@ghe.acme.com:2222/acme/churn.git', at('ghe.acme.com')],
    ['git@ghe.acme.com:acme/churn.git', at('ghe.acme.com')],
    ['https://github.com/acme/churn', at('github.com')],
    ['https://github.com/acme/churn.git/', at('github.com')],
    ['https://mina:ghp_0123@GitHub.com/acme/churn.git', at('github.com')],
    ['https://acme.ghe.com/acme/churn.model.git', at('acme.ghe.com', 'acme', 'churn.model')],
  ])('%s', (url, expected) => {
    expect(repositoryOfRemote(url)).toEqual(expected);
  });

  it.each([
    '/srv/git/churn.git',
    '../churn',
    'file:///srv/git/acme/churn.git',
    'C:\\repositories\\churn',
    'https://gitlab.com/group/sub/churn.git',
    'https://github.com/churn',
    'https://github.com/acme/ch*rn',
    'git@github.com:acme/..',
    'git@github-work:acme/churn.git',
    'C:/acme/churn.git',
    '',
  ])('%s is none', (url) => {
    expect(repositoryOfRemote(url)).toBeUndefined();
  });
});

describe('a repository that a person names', () => {
  it.each([
    ['acme/churn', at('github.com')],
    ['ghe.acme.com/acme/churn', at('ghe.acme.com')],
    ['churn', undefined],
    ['https://github.com/acme/churn', undefined],
    ['acme/ch?rn', undefined],
    ['acme/team/churn', undefined],
    ['*/acme/churn', undefined],
  ])('%s', (text, expected) => {
    expect(readRepository(text)).toEqual(expected);
  });
});

describe('identity tokens', () => {
  it.each([
    ['github.com', 'token.actions.githubusercontent.com'],
    ['acme.ghe.com', 'token.actions.acme.ghe.com'],
    ['ghe.acme.com', 'ghe.acme.com/_services/token'],
  ])('of %s', (host, issuer) => {
    expect(issuerOf(at(host))).toBe(issuer);
  });

  it('have the immutable name where the numbers are known', () => {
    expect(namesInTokens(at('github.com'))).toEqual(['acme/churn']);
    const ids = { owner: '123456', repository: '789012' };
    expect(namesInTokens({ ...at('github.com'), ids })).toEqual(['acme/churn', 'acme@123456/churn@789012']);
  });
});
