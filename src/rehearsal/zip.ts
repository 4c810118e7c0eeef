import { strToU8, zipSync } from 'fflate';

/** A zip archive of small text files, not compressed, as a pipeline's source would give it; the same bytes for the same files. */
export const zipOf = (files: Readonly<Record<string, string>>): Buffer =>
  Buffer.from(
    zipSync(Object.fromEntries(Object.entries(files).map(([path, text]) => [path, strToU8(text)])), {
      level: 0,
      mtime: new Date(1980, 0, 1),
    }),
  );
