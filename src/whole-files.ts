import type { FileParts, Workspace } from './world.ts';

/** A file in memory. */
export const partsOf = (bytes: Buffer): FileParts => ({
  size: bytes.length,
  read: async (from, to) => bytes.subarray(from, to),
});

const mostHeld = 256 * 1024 * 1024;

/** A place whose files are read whole, such as an archive; none of more than 256 MB. */
export const wholeFiles = (read: Workspace['read']): Workspace => ({
  read,
  open: async (path, mostBytes) => partsOf(await read(path, Math.min(mostBytes, mostHeld))),
});
