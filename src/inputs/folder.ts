import { constants } from 'node:fs';
import { type FileHandle, open, realpath } from 'node:fs/promises';
import { resolve, sep } from 'node:path';
import { InputError } from '../schema.ts';
import type { Workspace } from '../world.ts';
import { tooLarge } from './read-file.ts';

/** The files of a folder: the checkout of a job, or the place where a command was typed. */
export const folder = (root: string): Workspace => ({
  read: (path, mostBytes) => opened(root, path, mostBytes, (file) => file.readFile()),
  open: async (path, mostBytes) => {
    const found = await opened(root, path, mostBytes, async (_file, facts) => facts);
    return {
      size: found.size,
      // An open file would have to be closed by each of its readers.
      read: (from, to) =>
        opened(root, path, mostBytes, async (file, facts) => {
          const bytes = await bytesAt(file, from, Math.min(to, facts.size));
          if (facts.mark !== found.mark || bytes === undefined)
            throw new InputError(`${JSON.stringify(path)} changed while it was read`);
          return bytes;
        }),
    };
  },
});

interface Facts {
  readonly size: number;
  /** Another one when the file was replaced or written. */
  readonly mark: string;
}

/** @throws {InputError} when the path leads out of the root, there is no such file, or it is too large */
const opened = async <Value>(
  root: string,
  path: string,
  mostBytes: number,
  use: (file: FileHandle, facts: Facts) => Promise<Value>,
): Promise<Value> => {
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
    const found = await file.stat({ bigint: true });
    if (!found.isFile()) return refuse('it is not a file');
    const size = Number(found.size);
    if (size > mostBytes) throw new InputError(tooLarge(JSON.stringify(path), mostBytes));
    return await use(file, { size, mark: `${found.dev} ${found.ino} ${size} ${found.mtimeNs}` });
  } finally {
    await file.close();
  }
};

/** @returns undefined when the file ends before */
const bytesAt = async (file: FileHandle, from: number, to: number): Promise<Buffer | undefined> => {
  const bytes = Buffer.allocUnsafe(Math.max(0, to - from));
  for (let done = 0; done < bytes.length; ) {
    const { bytesRead } = await file.read(bytes, done, bytes.length - done, from + done);
    if (bytesRead === 0) return undefined;
    done += bytesRead;
  }
  return bytes;
};
