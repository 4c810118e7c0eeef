import type { Env } from '../env.ts';
import { InputError } from '../schema.ts';

/**
 * Refuses variables that would make every call fail. Each would fail later and less clearly: as a role that cannot be assumed, or as a
 * defect of this program. The message never has the value: it may contain a password.
 * @throws {InputError} naming every such variable
 */
export const refuseUnusableVariables = (env: Env): void => {
  const problems = [
    ...['AWS_ENDPOINT_URL'].filter((name) => env[name] && !isWebAddress(env[name])).map(noAddress),
    ...proxies.filter((name) => env[name] && !isProxy(env[name])).map(noProxy),
    ...credentials.filter((name) => unsendable.test(env[name] ?? '')).map(noCredential),
  ];
  if (problems.length > 0) throw new InputError(problems.join('\n'));
};

const proxies = ['https_proxy', 'HTTPS_PROXY', 'http_proxy', 'HTTP_PROXY'];
const credentials = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'];

const isWebAddress = (text: string): boolean =>
  URL.canParse(text) && /^https?:$/.test(new URL(text).protocol) && new URL(text).hostname !== '';
/** `proxy:3128` means http. */
const isProxy = (text: string): boolean =>
  isWebAddress(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`);

/** Most often a copied line end: a header cannot contain it, and it makes the signature wrong. */
const unsendable = /[^\x20-\x7e]/;

const noAddress = (name: string): string => `${name} is not an address; expected https://host or http://host:port`;
const noProxy = (name: string): string =>
  `${name} is not the address of an HTTP proxy; expected http://host:port; a user and a password go before the host, special characters in them as in %40`;
const noCredential = (name: string): string =>
  `${name} holds a line end or another character that AWS credentials never have; check whether it was copied with extra characters`;
