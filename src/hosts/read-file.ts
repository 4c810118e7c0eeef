import { closeSync, openSync, readSync } from 'node:fs';
import { InputError } from '../schema.ts';

/**
 * A file as UTF-8 text, read no further than is allowed: its size is what it gives, not what the file system says of it (a pipe and
 * `/dev/zero` say 0).
 * @param file a path, or 0 for standard input
 * @throws {InputError} when it is larger
 * @throws {Error} as the file system words it, when it cannot be read
 */
export const readTextFile = (file: string | 0, mostBytes: number): string => {
  const descriptor = file === 0 ? 0 : openSync(file, 'r');
  try {
    const pieces: Buffer[] = [];
    for (let left = mostBytes + 1; left > 0; ) {
      const piece = Buffer.alloc(Math.min(left, pieceBytes));
      const size = readSync(descriptor, piece);
      if (size === 0) return Buffer.concat(pieces).toString('utf8');
      pieces.push(piece.subarray(0, size));
      left -= size;
    }
  } finally {
    if (descriptor !== 0) closeSync(descriptor);
  }
  throw new InputError(tooLarge(file === 0 ? 'standard input' : JSON.stringify(file), mostBytes));
};

const pieceBytes = 64 * 1024;

export const tooLarge = (what: string, mostBytes: number): string =>
  `${what} is larger than ${mostBytes / 1024 >= 1024 ? `${mostBytes / 1024 / 1024} MB` : `${mostBytes / 1024} KB`}, which is the most that is read`;
