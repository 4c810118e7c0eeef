import { inflateRawSync } from 'node:zlib';

/** A zip archive that cannot be read. One sentence, without the archive's name. */
export class ZipError extends Error {
  override readonly name = 'ZipError';
}

const endOfDirectory = 0x06054b50;
const directoryEntry = 0x02014b50;
const localHeader = 0x04034b50;
/** A manifest is a few kilobytes: what unpacks to more is not one, or is a bomb. */
const mostUnpackedBytes = 16 * 1024 * 1024;

/**
 * The file at `path` in a zip archive, as UTF-8 text; undefined when there is none. Stored and deflated entries of archives
 * below 4 GB, which is what CodePipeline's sources and CodeBuild make (PKWARE APPNOTE 6.3.10, §4.3).
 * @throws {ZipError}
 */
export const readZipEntry = (archive: Buffer, path: string): string | undefined => {
  const end = findEnd(archive);
  let at = archive.readUInt32LE(end + 16);
  for (let left = archive.readUInt16LE(end + 10); left > 0; left--) {
    if (at + 46 > archive.length || archive.readUInt32LE(at) !== directoryEntry)
      throw new ZipError('its directory is damaged');
    const nameLength = archive.readUInt16LE(at + 28);
    const name = archive.toString('utf8', at + 46, at + 46 + nameLength);
    if (name === path) return unpack(archive, at).toString('utf8');
    at += 46 + nameLength + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32);
  }
  return undefined;
};

/** The end record is the last thing but a comment of at most 65,535 bytes. */
const findEnd = (archive: Buffer): number => {
  for (let at = archive.length - 22; at >= Math.max(0, archive.length - 22 - 0xffff); at--)
    if (archive.readUInt32LE(at) === endOfDirectory) return at;
  throw new ZipError('it is not a zip archive');
};

const unpack = (archive: Buffer, entry: number): Buffer => {
  const method = archive.readUInt16LE(entry + 10);
  const packed = archive.readUInt32LE(entry + 20);
  const header = archive.readUInt32LE(entry + 42);
  if (header + 30 > archive.length || archive.readUInt32LE(header) !== localHeader)
    throw new ZipError('an entry is damaged');
  // The local header has lengths of its own; the sizes in it may be zero, the directory's are not.
  const from = header + 30 + archive.readUInt16LE(header + 26) + archive.readUInt16LE(header + 28);
  const data = archive.subarray(from, from + packed);
  if (method === 0) return data;
  if (method !== 8) throw new ZipError(`it is packed by method ${method}, which is not supported`);
  try {
    return inflateRawSync(data, { maxOutputLength: mostUnpackedBytes });
  } catch {
    throw new ZipError(`an entry is damaged, or larger than ${mostUnpackedBytes / 1024 / 1024} MB`);
  }
};
