import { constants } from 'node:fs';
import { open, realpath } from 'node:fs/promises';
import { resolve, sep } from 'node:path';
import { InputError } from '../schema.ts';
import type { Workspace } from '../world.ts';
import { tooLarge } from './read-file.ts';

/** The files of a folder: the checkout of a job, or the place where a command was typed. */
export const folder = (root: string): Workspace => ({
  read: async (path, mostBytes) => {
    const refuse = (why: string): never => {
      throw new InputError(`cannot read ${JSON.stringify(path)}: ${why}`);
    };
    const top = await realpath(root);
    const real = await realpath(resolve(top, path)).catch((error: NodeJS.ErrnoException) =>
      refuse(error.code === 'ENOENT' ? `there is no such file in ${top} (ENOENT)` : (error.code ?? error.message)),
    );
    if (!real.startsWith(top === sep ? sep : `${top}${sep}`)) return refuse(`it is not in ${top}`);
    // A pipe without a writer would hold the run at its opening.
    const file = await open(real, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const { size } = await file.stat().then((found) => (found.isFile() ? found : refuse('it is not a file')));
      if (size > mostBytes) throw new InputError(tooLarge(JSON.stringify(path), mostBytes));
      return await file.readFile();
    } finally {
      await file.close();
    }
  },
});
