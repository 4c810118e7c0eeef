/** Generated from package.json by tools/generate.ts. */
export const version = '0.1.0';
