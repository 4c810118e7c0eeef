import { createHash } from 'node:crypto';
import type { Label, RegressionPolicy } from '../manifest/regression.ts';
import { parseS3Location } from '../registry/s3-object.ts';
import { readRecords } from '../regression/scoring/records.ts';
import type { Row } from '../regression/scoring/row.ts';
import type { Source } from '../regression/scoring/source.ts';
import { InputError } from '../schema.ts';
import type { World } from '../world.ts';
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
 * @throws {InputError} when there is none, or it is too large
 */
export const readRowsFile = async (world: World, name: string): Promise<RowsFile> => {
  const object = name.startsWith('s3://') ? parseS3Location(name) : undefined;
  if (object === undefined) return { name, bytes: await world.workspace.read(name, mostBytes) };
  const bytes = await world.read.s3.getBytes({ Bucket: object.bucket, Key: object.key }, mostBytes);
  if (bytes === undefined)
    throw new InputError(`${name} is larger than ${mostBytes / 1024 / 1024} MB, the largest set that is read`);
  return { name, bytes };
};

/** Hex SHA-256 of the golden set's bytes; `none` without one. @throws {InputError} */
export const goldenDigest = async (world: World, { dataset }: Pick<RegressionPolicy, 'dataset'>): Promise<string> =>
  dataset === undefined ? 'none' : bytesDigest(await readRowsFile(world, dataset));

export const bytesDigest = ({ bytes }: RowsFile): string => createHash('sha256').update(bytes).digest('hex');

/** The golden rows as questions need them. */
export interface GoldenSet {
  readonly file: RowsFile;
  /** In the order of the file. */
  readonly rows: readonly { readonly id: string; readonly row: Row }[];
  readonly labels: LabelKind;
  /** The label besides `positive`, of binary classification; absent where no row has another. */
  readonly negative?: Label;
}

/** @throws {InputError} when the file has no row, or a row has no id */
export const goldenSet = async (
  file: RowsFile,
  { positive }: Pick<RegressionPolicy, 'positive'>,
): Promise<GoldenSet> => {
  const rows: { readonly id: string; readonly row: Row }[] = [];
  const kinds = new Set<string>();
  let negative: Label | undefined;
  await readRecords(sourceOf(file), (row, line, written) => {
    const { id, label } = row;
    if (typeof id !== 'string' && typeof id !== 'number')
      throw new InputError(`${file.name}:${line}: id: is missing; every golden row has one`);
    rows.push({ id: String(id), row });
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
