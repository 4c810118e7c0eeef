import { createHash } from 'node:crypto';
import { classify } from '../aws/errors.ts';
import type { Label, RegressionPolicy } from '../manifest/regression.ts';
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
      `${key}: ${s3Uri(object)} cannot be read: grant s3:GetObject on it; without s3:ListBucket on ${object.bucket} S3 gives the same answer for an object that is absent`,
    );
  }
};

/** Hex SHA-256 of the golden set's bytes; `none` without one. @throws as `readRowsFile` */
export const goldenDigest = async (world: World, { dataset }: Pick<RegressionPolicy, 'dataset'>): Promise<string> =>
  dataset === undefined ? 'none' : bytesDigest(await readRowsFile(world, dataset, 'regression.dataset'));

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
