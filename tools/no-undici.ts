/**
 * Stands in for undici in the bundles (reason: tools/bundle.ts). Where the environment names a proxy, @actions/github makes an agent for
 * a fetch that nothing uses; so the agent exists, and only the fetch must never be called.
 */
export class ProxyAgent {}

export const fetch = (): never => {
  throw new Error('undici is not part of this bundle');
};
