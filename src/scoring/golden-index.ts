import type { Label } from '../manifest/regression.ts';
import { column } from '../regression/scoring/column.ts';
import { isArray, readRecords } from '../regression/scoring/records.ts';
import type { Row } from '../regression/scoring/row.ts';
import { textTable } from '../regression/scoring/text-table.ts';
import { InputError } from '../schema.ts';
import { quoted } from '../secrets.ts';
import { numberOf } from './captured/cells.ts';
import type { LabelKind } from './response.ts';
import { lineStarts, rowPlaces } from './row-places.ts';
import { blocksOf, type RowsFile } from './rows-file.ts';

/** How a file of golden rows writes its labels. */
export interface Labels {
  /** The file, as the manifest names it. */
  readonly file: string;
  readonly kind: LabelKind;
  /** The kinds of the labels that there are. */
  readonly kinds: readonly LabelKind[];
  /** The label besides `positive`, of binary classification; absent where no row has another. */
  readonly negative?: Label;
}

/** The facts of all rows of a file, and the place of each. */
export interface GoldenIndex {
  readonly labels: Labels;
  /** Of CSV: the columns whose cells are all numbers, which a JSON body has as numbers. */
  readonly numbers?: ReadonlySet<string>;
  readonly size: number;
  readonly rows:
    | { readonly are: 'in-file' /** Byte at which each begins. */; readonly places: Float64Array }
    /** Of a JSON array, whose rows have no lines. */
    | { readonly are: 'in-memory'; readonly all: readonly Row[] };
}

/** Kept answers are numbered with six digits, and have 25 rows each. */
const mostRows = 20_000_000;

/** Each turn needs the rows of the same files. By name, content and positive label. */
const known = new Map<string, { readonly index: Promise<GoldenIndex>; bytes: number }>();
const mostKept = { files: 8, bytes: 512 * 1024 * 1024 };

/** @throws {InputError} when the file has no row, or a row has no id, or two have the same */
export const goldenIndex = (file: RowsFile, positive: Label | undefined): Promise<GoldenIndex> => {
  const key = JSON.stringify([file.name, file.sha256, positive ?? null]);
  const former = known.get(key);
  if (former !== undefined) {
    known.delete(key);
    known.set(key, former);
    return former.index;
  }
  const made = { index: indexed(file, positive), bytes: 0 };
  known.set(key, made);
  return made.index.then(
    (index) => {
      made.bytes = index.rows.are === 'in-file' ? index.rows.places.byteLength : file.size;
      forget();
      return index;
    },
    (error: unknown) => {
      // A read that failed may succeed when it is tried again.
      if (known.get(key) === made) known.delete(key);
      throw error;
    },
  );
};

const forget = (): void => {
  let bytes = [...known.values()].reduce((sum, one) => sum + one.bytes, 0);
  for (const [key, one] of known) {
    if (known.size <= 1 || (known.size <= mostKept.files && bytes <= mostKept.bytes)) return;
    known.delete(key);
    bytes -= one.bytes;
  }
};

const indexed = async (file: RowsFile, positive: Label | undefined): Promise<GoldenIndex> => {
  const starts = lineStarts();
  const places = rowPlaces();
  const held: Row[] | undefined = (await isArray(file.name, blocksOf(file))) ? [] : undefined;
  const ids = textTable();
  const lines = column('codes', 0);
  const kinds = new Set<LabelKind>();
  const columns = new Map<string, 'numbers' | 'texts'>();
  let negative: Label | undefined;
  await readRecords({ name: file.name, bytes: starts.of(blocksOf(file)) }, (row, line, written) => {
    const { id, label } = row;
    if (typeof id !== 'string' && typeof id !== 'number')
      throw new InputError(`${file.name}:${line}: id: is missing; every golden row has one`);
    const size = ids.size();
    const at = ids.add(String(id));
    if (at < size)
      throw new InputError(
        `${file.name}:${line}: id: ${quoted(String(id))} is there twice, also at line ${lines.at(at)}`,
      );
    if (size === mostRows)
      throw new InputError(`${file.name}:${line}: is a row too many; at most ${mostRows} are read`);
    lines.set(at, line);
    if (held === undefined) places.add(starts.at(line));
    else held.push(row);
    if (written === 'csv') noteNumbers(columns, row);
    kinds.add(written === 'csv' ? 'untyped' : (kindOf[typeof label] ?? 'text'));
    if (negative === undefined && label !== positive && isLabel(label)) negative = label;
  });
  const [kind = 'text', ...others] = kinds;
  const numbers = new Set([...columns].flatMap(([name, has]) => (has === 'numbers' ? [name] : [])));
  return {
    labels: {
      file: file.name,
      kind: others.length > 0 ? 'text' : kind,
      kinds: [...kinds],
      ...(negative === undefined ? {} : { negative }),
    },
    ...(numbers.size > 0 ? { numbers } : {}),
    size: ids.size(),
    rows: held === undefined ? { are: 'in-file', places: places.all() } : { are: 'in-memory', all: held },
  };
};

/** An empty cell is no value, so that a column may have some. */
const noteNumbers = (columns: Map<string, 'numbers' | 'texts'>, row: Row): void => {
  for (const name in row) {
    const value = row[name];
    if (typeof value === 'string' && columns.get(name) !== 'texts')
      columns.set(name, numberOf(value) === undefined ? 'texts' : 'numbers');
  }
};

const kindOf: Readonly<Record<string, LabelKind>> = { number: 'numbers', boolean: 'booleans' };

const isLabel = (value: unknown): value is Label =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
