import { type Dirent, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { classify } from '../../aws/errors.ts';
import { type Found, objectsOf } from '../../registry/artifact.ts';
import { addressOf, parseS3Location, s3Uri } from '../../registry/s3-object.ts';
import { fileSource, type Source } from '../../regression/scoring/source.ts';
import { InputError } from '../../schema.ts';
import type { World } from '../../world.ts';

/** A file or an object with records, read when its bytes are asked for; it may be read twice. */
export type RecordFile = Extract<Source, { readonly bytes: unknown }>;

export const mostFiles = 10_000;
/** Of an object: it is whole in memory. A file is read in pieces. */
const mostBytes = 256 * 1024 * 1024;

/**
 * The files of a place, by name: a file, all files below a folder, an object, or all objects below a prefix. Files without a byte are left
 * out, and those whose name begins with a dot or `_`, which tools put beside data.
 * @param input the input that names the place, for messages
 * @param open opens a session at the first address of S3
 * @throws {InputError} when there is none, or there are too many
 */
export const recordFiles = async (
  place: string,
  input: string,
  open: () => Promise<World>,
): Promise<readonly RecordFile[]> => {
  const files = place.startsWith('s3://') ? await objects(place, input, await open()) : localFiles(place, input);
  if (files.length === 0) throw new InputError(`${input}: there is no file with records at ${JSON.stringify(place)}`);
  if (files.length > mostFiles)
    throw new InputError(
      `${input}: there are ${files.length} files at ${JSON.stringify(place)}, and at most ${mostFiles} are read; name a part of them, e.g. one day`,
    );
  return files;
};

const isData = (name: string): boolean => !/^[._]/.test(name);

const localFiles = (place: string, input: string): readonly RecordFile[] => {
  try {
    if (!statSync(place).isDirectory()) return [fileOf(place)];
    // By the bytes of their names: the order, and with it the output, is the same everywhere.
    return below(place)
      .sort((one, other) => (one < other ? -1 : 1))
      .map(fileOf);
  } catch (error) {
    const code = (error as { readonly code?: unknown }).code;
    if (typeof code !== 'string') throw error;
    throw new InputError(
      `${input}: cannot read ${JSON.stringify(place)}: ${code === 'ENOENT' ? 'there is no such file (ENOENT)' : code}`,
    );
  }
};

const below = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry: Dirent) => {
    const path = join(folder, entry.name);
    if (!isData(entry.name)) return [];
    if (entry.isDirectory()) return below(path);
    return entry.isFile() && statSync(path).size > 0 ? [path] : [];
  });

const fileOf = (path: string): RecordFile => fileSource(path) as RecordFile;

const objects = async (place: string, input: string, world: World): Promise<readonly RecordFile[]> => {
  const prefix = parseS3Location(place);
  if (prefix === undefined)
    throw new InputError(
      `${input}: ${JSON.stringify(place)} is no address of objects; expected s3://<bucket>/<prefix>, e.g. s3://ml-capture/churn/main/2026/01/15/`,
    );
  // `…/2026/01` means that month, and not `…/2026/011`.
  const folder = prefix.key.endsWith('/') ? prefix.key : `${prefix.key}/`;
  const found = await objectsOf(world, prefix);
  return found
    .filter(
      ({ from: { key }, bytes }) =>
        bytes > 0 &&
        (key === prefix.key || (key.startsWith(folder) && key.slice(folder.length).split('/').every(isData))),
    )
    .map((object) => objectFile(object, input, world));
};

const objectFile = ({ from, bytes: size, etag }: Found, input: string, world: World): RecordFile => {
  const name = s3Uri(from);
  if (size > mostBytes)
    throw new InputError(
      `${input}: ${name} is larger than ${mostBytes / 1024 / 1024} MB, the largest object that is read; download it and name the file`,
    );
  return {
    name,
    bytes: {
      async *[Symbol.asyncIterator]() {
        try {
          // The second reading meets the same content as the first.
          const bytes = await world.read.s3.getBytes({ ...addressOf(from), IfMatch: etag }, mostBytes);
          if (bytes !== undefined) yield bytes;
        } catch (error) {
          const kind = classify(error);
          if (kind !== 'precondition-failed' && kind !== 'not-found') throw error;
          throw new InputError(`${input}: ${name} was replaced or removed while it was read; run the command again`);
        }
      },
    },
  };
};
