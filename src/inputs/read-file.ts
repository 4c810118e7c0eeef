import { closeSync, openSync, readSync } from 'node:fs';
import { InputError } from '../schema.ts';

/**
 * A file as UTF-8 text, read up to the allowed size. The bytes read are counted: the file system reports size 0 for a pipe and for
 * `/dev/zero`.
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

export const tooLarge = (name: string, mostBytes: number): string =>
  `${name} is larger than ${mostBytes / 1024 >= 1024 ? `${mostBytes / 1024 / 1024} MB` : `${mostBytes / 1024} KB`}, the largest size that is read`;
