import { createHash } from 'node:crypto';

/** JSON with sorted keys and no undefined members: equal values give equal text, in whatever order they were built. */
export const canonical = (value: unknown): string =>
  JSON.stringify(value, (_key, member: unknown) =>
    member !== null && typeof member === 'object' && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : member,
  );

/** Whether it is the whole hex digest of a git commit, in either of git's formats (SHA-1, SHA-256), and no beginning of one. */
export const isCommitDigest = (text: string): boolean => /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(text);

/** Hex. */
export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Hex SHA-256 of a value's canonical JSON. */
export const digest = (value: unknown): string => sha256(canonical(value));
