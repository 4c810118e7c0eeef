import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const open = new Set<string>();

/** A new folder for the files of one rehearsal. */
export const openTemporaryFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'rehearsal-'));
  open.add(folder);
  return folder;
};

export const removeTemporaryFolder = (folder: string): void => {
  rmSync(folder, { recursive: true, force: true });
  open.delete(folder);
};

/** For a process that is interrupted before its rehearsals end. */
export const removeTemporaryFolders = (): void => {
  for (const folder of open) removeTemporaryFolder(folder);
};
