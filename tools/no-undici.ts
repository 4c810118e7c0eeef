/** Stands in for undici in the bundles (tools/bundle.ts says why). Nothing bundled may reach it. */
export class ProxyAgent {
  constructor() {
    throw new Error('undici is not part of this bundle');
  }
}
