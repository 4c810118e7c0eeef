import { buffer } from 'node:stream/consumers';
import { type Entry, fromBufferPromise, type ZipFile } from 'yauzl';

/** A zip archive that cannot be read. One sentence, without the archive's name. */
export class ZipError extends Error {
  override readonly name = 'ZipError';
}

/** A manifest has a few kilobytes. A much larger entry is not a manifest, or is a zip bomb. */
const mostUnpackedBytes = 16 * 1024 * 1024;

/** As `readZipBytes`, as UTF-8 text. @throws {ZipError} */
export const readZipEntry = async (archive: Buffer, path: string): Promise<string | undefined> =>
  (await readZipBytes(archive, path, mostUnpackedBytes))?.toString('utf8');

/**
 * The file at `path` in a zip archive; undefined when there is none. Nothing is written to a disk: an entry's name is only compared and
 * never followed.
 * @throws {ZipError}
 */
export const readZipBytes = async (archive: Buffer, path: string, mostBytes: number): Promise<Buffer | undefined> => {
  // Names are compared as bytes: writers without the UTF-8 flag still write UTF-8, not the code page of 1981.
  const zip = await fromBufferPromise(archive, { decodeStrings: false }).catch(refuse('it is not a zip archive'));
  const entry = await findEntry(zip, Buffer.from(path)).catch(refuse('its directory is damaged'));
  if (entry === undefined) return undefined;
  // The library refuses an entry that unpacks to another number of bytes than the directory has.
  if (entry.uncompressedSize > mostBytes) throw new ZipError(`the entry is larger than ${mostBytes / 1024 / 1024} MB`);
  return zip.openReadStreamPromise(entry).then(buffer).catch(refuse('the entry is damaged'));
};

const findEntry = async (zip: ZipFile, name: Buffer): Promise<Entry | undefined> => {
  let found: Entry | undefined;
  for await (const entry of zip.eachEntry()) {
    if (!name.equals(entry.fileNameRaw)) continue;
    // Another reader might take either of the two.
    if (found !== undefined) throw new ZipError('it has two entries of that name');
    found = entry;
  }
  return found;
};

const refuse =
  (sentence: string) =>
  (error: unknown): never => {
    if (error instanceof ZipError) throw error;
    throw new ZipError(`${sentence} (${error instanceof Error ? error.message : String(error)})`);
  };
