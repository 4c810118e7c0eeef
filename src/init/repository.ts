import { githubIssuer } from '../policy-trust.ts';

/** A repository at GitHub, or at a GitHub Enterprise server. */
export interface Repository {
  /** `github.com`, or the server's host. */
  readonly host: string;
  readonly owner: string;
  readonly name: string;
  /** Both forms of its name in identity tokens need its numbers: of the owner, and its own. */
  readonly ids?: { readonly owner: string; readonly repository: string };
}

const part = /^(?!\.+$)[\w.-]+$/;
/** With a dot: a word alone is an alias of ssh, a drive of Windows, or a group before owner and name. */
const hostName = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$/;

/** `acme/churn`, or with its host `ghe.acme.com/acme/churn`; undefined for anything else. */
export const readRepository = (text: string): Repository | undefined => {
  const parts = text.split('/');
  const [host = '', owner = '', name = ''] = parts.length === 2 ? ['github.com', ...parts] : parts;
  const known = parts.length <= 3 && hostName.test(host.toLowerCase()) && part.test(owner) && part.test(name);
  return known ? { host: host.toLowerCase(), owner, name } : undefined;
};

/**
 * The repository of a git remote: `git@github.com:acme/churn.git`, `ssh://git@ghe.acme.com:22/acme/churn`, `https://ghe.acme.com/acme/churn.git`.
 * A user's name and a token in the address are no part of it.
 * @returns undefined for a folder, and for an address of another form
 */
export const repositoryOfRemote = (url: string): Repository | undefined => {
  const found =
    /^(?:https?|ssh|git):\/\/(?:[^@/]*@)?([^/:@]+)(?::\d+)?\/(.+)$/i.exec(url) ??
    /^(?:[^@/:]+@)?([^/:@]+):(?!\/\/)(.+)$/.exec(url);
  if (!found) return undefined;
  const [, host = '', path = ''] = found;
  // GitHub's ssh over the port of HTTPS has a host of its own (GitHub docs, "Using SSH over the HTTPS port").
  const known = host.toLowerCase().replace(/^ssh\.github\.com$/, 'github.com');
  const inner = path.replace(/^\/+|\/+$/g, '').replace(/\.git$/, '');
  return inner.split('/').length === 2 ? readRepository(`${known}/${inner}`) : undefined;
};

/** GitHub Enterprise Server; a subdomain of ghe.com is GitHub's own. */
export const isServer = ({ host }: Repository): boolean => host !== 'github.com' && !host.endsWith('.ghe.com');

/**
 * The issuer of identity tokens, without `https://` (GitHub docs, "OpenID Connect reference": github.com, a subdomain of ghe.com, and GitHub
 * Enterprise Server).
 */
export const issuerOf = (repository: Repository): string => {
  const { host } = repository;
  if (isServer(repository)) return `${host}/_services/token`;
  return host === 'github.com' ? githubIssuer : `token.actions.${host}`;
};

/** Its names in identity tokens: the immutable one where its numbers are known (GitHub changelog, 2026-07-15). */
export const namesInTokens = ({ owner, name, ids }: Repository): readonly string[] => [
  `${owner}/${name}`,
  ...(ids === undefined ? [] : [`${owner}@${ids.owner}/${name}@${ids.repository}`]),
];
