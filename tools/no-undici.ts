/** Stands in for undici in the bundles (reason: tools/bundle.ts). Bundled code must never call it. */
export class ProxyAgent {
  constructor() {
    throw new Error('undici is not part of this bundle');
  }
}
