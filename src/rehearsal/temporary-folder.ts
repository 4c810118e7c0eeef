import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const open = new Set<string>();
let parent = tmpdir();

/** For a thread: the folder, and all in it, belongs to the thread that began it. */
export const keepTemporaryFoldersIn = (folder: string): void => {
  parent = folder;
};

/** A new folder for the files of one rehearsal. */
export const openTemporaryFolder = (): string => {
  const folder = mkdtempSync(join(parent, 'rehearsal-'));
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
