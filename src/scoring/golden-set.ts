import { createHash } from 'node:crypto';
import { classify } from '../aws/errors.ts';
import { sha256 } from '../digest.ts';
import type { Label, RegressionPolicy, RegressionSpec } from '../manifest/regression.ts';
import { Refusal } from '../operation.ts';
import { parseS3Location, type S3Object, s3Uri } from '../registry/s3-object.ts';
import { readRecords } from '../regression/scoring/records.ts';
import type { Row } from '../regression/scoring/row.ts';
import type { Source } from '../regression/scoring/source.ts';
import { InputError } from '../schema.ts';
import { quoted } from '../secrets.ts';
import type { Workspace, World } from '../world.ts';
import type { LabelKind } from './response.ts';

/** A file of rows, whole in memory. */
export interface RowsFile {
  /** As the manifest names it; it begins the messages about its lines. */
  readonly name: string;
  readonly bytes: Buffer;
}

/** A larger set belongs into a batch job. */
const mostBytes = 256 * 1024 * 1024;

/**
 * A file of the repository, or an object in S3.
 * @param key of the manifest that names it, for messages: `regression.dataset`
 * @throws {InputError} when there is none, or it is too large
 * @throws {Refusal} `access-denied`
 */
export const readRowsFile = async (world: World, name: string, key: string): Promise<RowsFile> => {
  if (!name.startsWith('s3://')) return readLocalRows(world.workspace, name, key);
  const object = parseS3Location(name);
  if (object === undefined)
    throw new InputError(`${key}: ${name} is no address of an object; expected s3://<bucket>/<key>`);
  const bytes = await objectOf(world, object, key);
  if (bytes === undefined)
    throw new InputError(`${key}: ${name} is larger than ${mostBytes / 1024 / 1024} MB, the largest set that is read`);
  return { name, bytes };
};

/** As `readRowsFile`, of a file of the repository. */
export const readLocalRows = async (workspace: Workspace, name: string, key: string): Promise<RowsFile> => {
  try {
    return { name, bytes: await workspace.read(name, mostBytes) };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new InputError(`${key}: ${error.message}`);
  }
};

const objectOf = async (world: World, object: S3Object, key: string): Promise<Buffer | undefined> => {
  try {
    return await world.read.s3.getBytes({ Bucket: object.bucket, Key: object.key }, mostBytes);
  } catch (error) {
    const kind = classify(error);
    if (kind === 'not-found') throw new InputError(`${key}: there is no object ${s3Uri(object)}`);
    if (kind !== 'access-denied') throw error;
    throw new Refusal(
      'access-denied',
      `${key}: ${s3Uri(object)} cannot be read: grant s3:GetObject on it; without s3:ListBucket on ${object.bucket} S3 gives the same answer for an object that is absent; or the bucket belongs to another account: name it under \`bucket-owners\``,
    );
  }
};

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
  const [only, ...older] = files.map(({ bytes }) => createHash('sha256').update(bytes).digest('hex'));
  return older.length === 0 ? (only ?? 'none') : sha256([only, ...older].join('\n'));
};

/** A row, and the file that has it. */
export interface GoldenRow {
  readonly id: string;
  readonly row: Row;
  readonly of: string;
}

/** The golden rows as questions need them. */
export interface GoldenSet {
  readonly file: RowsFile;
  /** In the order of the file. */
  readonly rows: readonly GoldenRow[];
  readonly labels: LabelKind;
  /** The label besides `positive`, of binary classification; absent where no row has another. */
  readonly negative?: Label;
}

/** @throws {InputError} when the file has no row, or a row has no id */
export const goldenSet = async (
  file: RowsFile,
  { positive }: Pick<RegressionPolicy, 'positive'>,
): Promise<GoldenSet> => {
  const rows: GoldenRow[] = [];
  const lines = new Map<string, number>();
  const kinds = new Set<string>();
  let negative: Label | undefined;
  await readRecords(sourceOf(file), (row, line, written) => {
    const { id, label } = row;
    if (typeof id !== 'string' && typeof id !== 'number')
      throw new InputError(`${file.name}:${line}: id: is missing; every golden row has one`);
    const former = lines.get(String(id));
    if (former !== undefined)
      throw new InputError(`${file.name}:${line}: id: ${quoted(String(id))} is there twice, also at line ${former}`);
    lines.set(String(id), line);
    rows.push({ id: String(id), row, of: file.name });
    kinds.add(written === 'csv' ? 'untyped' : typeof label);
    if (negative === undefined && label !== positive && isLabel(label)) negative = label;
  });
  const [kind, ...others] = kinds;
  return {
    file,
    rows,
    labels: others.length > 0 ? 'text' : (kindOf[kind ?? ''] ?? 'text'),
    ...(negative === undefined ? {} : { negative }),
  };
};

const kindOf: Readonly<Record<string, LabelKind>> = { untyped: 'untyped', number: 'numbers', boolean: 'booleans' };

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
