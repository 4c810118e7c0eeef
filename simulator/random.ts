import { createHash } from 'node:crypto';

/** Deterministic text from a seed: identifiers, tokens and request ids that look like AWS's and repeat from run to run. */
export const digestOf = (...parts: readonly (string | number)[]): Buffer =>
  createHash('sha256').update(parts.join('\u0000')).digest();

/** A stream of numbers in [0, 1) of its own per seed and name (mulberry32 over a hashed seed). */
export const createRandom = (seed: number, name: string): (() => number) => {
  let state = digestOf('random', seed, name).readUInt32LE(0);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
};

export const uuidOf = (...parts: readonly (string | number)[]): string => {
  const hex = digestOf(...parts).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
};

/** Upper-case letters and digits as in access key ids (base 32). */
export const base32Of = (length: number, ...parts: readonly (string | number)[]): string =>
  [...digestOf(...parts)]
    .slice(0, length)
    .map((byte) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'[byte % 32])
    .join('');
