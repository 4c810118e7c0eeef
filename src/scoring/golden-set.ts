import { sha256 } from '../digest.ts';
import type { Label, RegressionPolicy, RegressionSpec } from '../manifest/regression.ts';
import { readRecords } from '../regression/scoring/records.ts';
import type { Row } from '../regression/scoring/row.ts';
import type { Source } from '../regression/scoring/source.ts';
import { InputError } from '../schema.ts';
import { quoted } from '../secrets.ts';
import type { World } from '../world.ts';
import { numberOf } from './captured/cells.ts';
import type { LabelKind } from './response.ts';
import { type RowsFile, readRowsFile } from './rows-file.ts';

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

/** A row, and the labels of the file that has it. */
export interface GoldenRow {
  readonly id: string;
  readonly row: Row;
  readonly labels: Labels;
  /** Of CSV: the columns whose cells are all numbers, which a JSON body has as numbers. */
  readonly numbers?: ReadonlySet<string>;
}

/** The golden rows as questions need them. */
export interface GoldenSet {
  readonly file: RowsFile;
  /** In the order of the file. */
  readonly rows: readonly GoldenRow[];
}

/** Each turn needs the rows of the same file. */
const parsed = new WeakMap<RowsFile, { readonly positive: Label | undefined; readonly set: Promise<GoldenSet> }>();

/** @throws {InputError} when the file has no row, or a row has no id */
export const goldenSet = (file: RowsFile, { positive }: Pick<RegressionPolicy, 'positive'>): Promise<GoldenSet> => {
  const known = parsed.get(file);
  if (known !== undefined && known.positive === positive) return known.set;
  const set = parse(file, positive);
  parsed.set(file, { positive, set });
  return set;
};

const parse = async (file: RowsFile, positive: Label | undefined): Promise<GoldenSet> => {
  const rows: Pick<GoldenRow, 'id' | 'row'>[] = [];
  const lines = new Map<string, number>();
  const kinds = new Set<LabelKind>();
  const columns = new Map<string, 'numbers' | 'texts'>();
  let negative: Label | undefined;
  await readRecords(sourceOf(file), (row, line, written) => {
    const { id, label } = row;
    if (typeof id !== 'string' && typeof id !== 'number')
      throw new InputError(`${file.name}:${line}: id: is missing; every golden row has one`);
    const former = lines.get(String(id));
    if (former !== undefined)
      throw new InputError(`${file.name}:${line}: id: ${quoted(String(id))} is there twice, also at line ${former}`);
    lines.set(String(id), line);
    rows.push({ id: String(id), row });
    if (written === 'csv') noteNumbers(columns, row);
    kinds.add(written === 'csv' ? 'untyped' : (kindOf[typeof label] ?? 'text'));
    if (negative === undefined && label !== positive && isLabel(label)) negative = label;
  });
  const [kind = 'text', ...others] = kinds;
  const labels: Labels = {
    file: file.name,
    kind: others.length > 0 ? 'text' : kind,
    kinds: [...kinds],
    ...(negative === undefined ? {} : { negative }),
  };
  const numbers = new Set([...columns].flatMap(([name, has]) => (has === 'numbers' ? [name] : [])));
  return { file, rows: rows.map((row) => ({ ...row, labels, ...(numbers.size > 0 ? { numbers } : {}) })) };
};

/** An empty cell is no value, so that a column may have some. */
const noteNumbers = (columns: Map<string, 'numbers' | 'texts'>, row: Row): void => {
  for (const [name, value] of Object.entries(row))
    if (typeof value === 'string' && columns.get(name) !== 'texts')
      columns.set(name, numberOf(value) === undefined ? 'texts' : 'numbers');
};

const kindOf: Readonly<Record<string, LabelKind>> = { number: 'numbers', boolean: 'booleans' };

const isLabel = (value: unknown): value is Label =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';

export const sourceOf = ({ name, bytes }: RowsFile): Source => ({ name, bytes: [bytes] });

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
  const rows: GoldenRow[] = [];
  for (const one of sets) {
    parts.push({ ...one, from: rows.length });
    rows.push(...one.set.rows);
  }
  const [first] = sets;
  return { parts, ...(first === undefined ? {} : { golden: { ...first.set, rows } }) };
};
