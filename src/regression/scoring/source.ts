import { closeSync, openSync, readSync } from 'node:fs';
import { InputError } from '../../schema.ts';
import type { Written } from './row.ts';

/**
 * Where rows come from: bytes of JSON Lines, of one JSON array or of CSV with a header (a file, an object of S3), or rows that are in memory.
 * A file, a stream and gathered answers are read, joined and refused alike.
 */
export type Source = {
  /** As errors name it, before a colon and the number of the line, or the id of a row in memory. One that ends with `.csv` is CSV. */
  readonly name: string;
} & (
  | { readonly bytes: Iterable<Uint8Array> | AsyncIterable<Uint8Array> }
  | {
      readonly rows: Iterable<object> | AsyncIterable<object>;
      /** `csv` where values come from cells: numbers may be text. Default: `json`. */
      readonly written?: Written;
    }
);

/** The rows of a comparison. */
export interface Sources {
  /**
   * `{id, label, weight?, …columns}`. With it, answers need no label, weight or column; where they repeat one, it must be the same. A golden
   * row that no model answered is a missing one, and an answer for an id that is not golden is refused. A cell of CSV has no
   * kind: where golden rows or answers are CSV, the prediction `1` is the label `"1"`.
   */
  readonly golden?: Source;
  /** Columns of golden rows that the model gets, by which duplicates are found. Default: all but id, label and weight. */
  readonly inputs?: readonly string[];
  /** `{id, prediction, score?, latency-ms?, bytes?}`, or `{id, error}`; a row that is absent has no answer. */
  readonly candidate: Source;
  /** Absent where the candidate is judged alone. */
  readonly baseline?: Source;
}

/** Small: the text of larger pieces is long-lived in V8, and would double the memory of a million rows. */
export const pieceBytes = 64 * 1024;

/** A file of this machine; it is opened when it is read. */
export const fileSource = (path: string): Source => ({ name: path, bytes: { [Symbol.iterator]: () => pieces(path) } });

/** @throws {InputError} */
function* pieces(path: string): Generator<Uint8Array, void> {
  const descriptor = orUnreadable(path, () => openSync(path, 'r'));
  try {
    const piece = Buffer.alloc(pieceBytes);
    for (;;) {
      const size = orUnreadable(path, () => readSync(descriptor, piece));
      if (size === 0) return;
      yield piece.subarray(0, size);
    }
  } finally {
    closeSync(descriptor);
  }
}

const orUnreadable = <Value>(path: string, read: () => Value): Value => {
  try {
    return read();
  } catch (error) {
    const code = codeOf(error);
    if (code === undefined) throw error;
    throw new InputError(
      `cannot read ${JSON.stringify(path)}: ${code === 'ENOENT' ? 'there is no such file (ENOENT)' : code === 'EISDIR' ? 'it is a folder (EISDIR)' : code}`,
    );
  }
};

/** Of an error of the file system. */
const codeOf = (error: unknown): string | undefined =>
  typeof error === 'object' && error !== null && 'syscall' in error && 'code' in error ? String(error.code) : undefined;
