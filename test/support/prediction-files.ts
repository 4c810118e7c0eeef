import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Writes files into a new folder. @returns the path of each, by name */
export const filesOf = <const Name extends string>(contents: Readonly<Record<Name, string>>): Record<Name, string> => {
  const folder = mkdtempSync(join(tmpdir(), 'predictions-'));
  const paths: Partial<Record<Name, string>> = {};
  for (const name of Object.keys(contents) as Name[]) {
    const path = join(folder, name);
    writeFileSync(path, contents[name]);
    paths[name] = path;
  }
  return paths as Record<Name, string>;
};

export const jsonLines = (rows: readonly object[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('');
