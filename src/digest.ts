import { createHash } from 'node:crypto';

/** JSON with sorted keys and no undefined members: equal values give equal text, in whatever order they were built. */
export const canonical = (value: unknown): string =>
  JSON.stringify(value, (_key, member: unknown) =>
    member !== null && typeof member === 'object' && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : member,
  );

/** Hex. */
export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Hex SHA-256 of a value's canonical JSON. */
export const digest = (value: unknown): string => sha256(canonical(value));
