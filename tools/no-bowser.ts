/** Stands in for bowser in the bundles (reason: tools/bundle.ts). */
export const parse = (): never => {
  throw new Error('bowser is not part of this bundle');
};
