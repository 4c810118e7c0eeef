import { sha256 } from '../digest.ts';
import type { RegressionPolicy, RegressionSpec } from '../manifest/regression.ts';
import { readRecords } from '../regression/scoring/records.ts';
import type { Row } from '../regression/scoring/row.ts';
import type { Source } from '../regression/scoring/source.ts';
import type { World } from '../world.ts';
import { type GoldenIndex, goldenIndex, type Labels } from './golden-index.ts';
import { blocksOf, type RowsFile, readRowsFile } from './rows-file.ts';

/** The golden set and the older ones, in the order of the manifest; empty where both models' answers are files. @throws as `readRowsFile` */
export const goldenFiles = async (
  world: World,
  { dataset, asking }: Pick<RegressionSpec, 'dataset' | 'asking'>,
): Promise<readonly RowsFile[]> => {
  const files: RowsFile[] = [];
  if (dataset !== undefined) files.push(await readRowsFile(world, dataset, 'regression.dataset'));
  for (const older of asking.also) files.push(await readRowsFile(world, older.dataset, 'regression.also'));
  return files;
};

/** Hex SHA-256 of the bytes of all files; `none` without one. */
export const filesDigest = (files: readonly RowsFile[]): string => {
  const [only, ...older] = files.map((file) => file.sha256);
  return older.length === 0 ? (only ?? 'none') : sha256([only, ...older].join('\n'));
};

/** A row, and the labels of the file that has it. */
export interface GoldenRow {
  readonly id: string;
  readonly row: Row;
  readonly labels: Labels;
  /** Of CSV: the columns whose cells are all numbers, which a JSON body has as numbers. */
  readonly numbers?: ReadonlySet<string>;
}

/** Golden rows as questions need them, read when they are needed: a set may be larger than the memory. */
export interface GoldenRows {
  /** Number of rows. */
  readonly size: number;
  /** The rows from the place `from`, to the one before `to`. */
  readonly slice: (from: number, to: number) => Promise<readonly GoldenRow[]>;
  /** The rows in their order, some at a time. @param first place of the first one; default: 0 */
  readonly batches: (first?: number) => AsyncIterable<readonly GoldenRow[]>;
}

export interface GoldenSet extends GoldenRows {
  readonly file: RowsFile;
}

/** @throws {InputError} when the file has no row, or a row has no id, or two have the same */
export const goldenSet = async (
  file: RowsFile,
  { positive }: Pick<RegressionPolicy, 'positive'>,
): Promise<GoldenSet> => {
  const index = await goldenIndex(file, positive);
  let header: Promise<Buffer> | undefined;
  const slice = async (from: number, to: number): Promise<readonly GoldenRow[]> => {
    const { labels, numbers, size } = index;
    header ??= headerOf(file, index);
    const rows = await rowsAt(file, index, await header, { from: Math.min(from, size), to: Math.min(to, size) });
    return rows.map((row) => ({ id: String(row['id']), row, labels, ...(numbers === undefined ? {} : { numbers }) }));
  };
  return {
    file,
    size: index.size,
    slice,
    batches: async function* (first = 0) {
      for (let from = first; from < index.size; ) {
        const to = endOfBatch(index, from);
        yield await slice(from, to);
        from = to;
      }
    },
  };
};

/** Of CSV. Of JSON Lines only blank lines stand before the first row. */
const headerOf = (file: RowsFile, { rows }: GoldenIndex): Promise<Buffer> =>
  file.read(0, rows.are === 'in-file' ? (rows.places[0] ?? 0) : 0);

const rowsAt = async (
  file: RowsFile,
  { rows }: GoldenIndex,
  header: Buffer,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<readonly Row[]> => {
  if (from >= to) return [];
  if (rows.are === 'in-memory') return rows.all.slice(from, to);
  const { places } = rows;
  const bytes = await file.read(places[from] ?? 0, places[to] ?? file.size);
  const found: Row[] = [];
  await readRecords({ name: file.name, bytes: [header, bytes] }, (row) => found.push(row));
  if (found.length !== to - from) throw new Error(`${file.name} has ${found.length} rows in place of ${to - from}`);
  return found;
};

/** A request of S3 each. */
const batchBytes = 4 * 1024 * 1024;
const batchRows = 50_000;

const endOfBatch = ({ rows, size }: GoldenIndex, from: number): number => {
  const most = Math.min(size, from + batchRows);
  if (rows.are === 'in-memory') return most;
  const { places } = rows;
  let to = from + 1;
  while (to < most && (places[to + 1] ?? 0) - (places[from] ?? 0) <= batchBytes) to++;
  return to;
};

/** Whether a row has a column of this name. */
export const hasColumn = async (golden: GoldenRows, name: string): Promise<boolean> => {
  for await (const rows of golden.batches()) if (rows.some(({ row }) => Object.hasOwn(row, name))) return true;
  return false;
};

export const sourceOf = (file: RowsFile): Source => ({
  name: file.name,
  bytes: { [Symbol.asyncIterator]: () => blocksOf(file) },
});

/** One of several golden sets whose rows are asked together. */
export interface Part {
  /** Absent for the golden set itself. */
  readonly name?: string;
  readonly set: GoldenSet;
  /** Number of its first row among all rows. */
  readonly from: number;
}

/** The sets one after the other, and all their rows. */
export const joined = (
  sets: readonly { readonly name?: string; readonly set: GoldenSet }[],
): { readonly golden?: GoldenSet; readonly parts: readonly Part[] } => {
  const parts: Part[] = [];
  let size = 0;
  for (const one of sets) {
    parts.push({ ...one, from: size });
    size += one.set.size;
  }
  const [first] = sets;
  if (first === undefined) return { parts };
  const golden: GoldenSet = {
    file: first.set.file,
    size,
    slice: async (from, to) =>
      (
        await Promise.all(
          parts.map((part) => part.set.slice(Math.max(0, from - part.from), Math.max(0, to - part.from))),
        )
      ).flat(),
    batches: async function* (first = 0) {
      for (const { set, from } of parts) yield* set.batches(Math.max(0, first - from));
    },
  };
  return { parts, golden };
};
