import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { crc32 } from './crc32.ts';

/** The form of an artifact of CodePipeline (PKWARE's APPNOTE 6.3, sections 4.3.7, 4.3.12 and 4.3.16). No zip64, no encryption. */
const [localHeader, centralHeader, endOfCentral] = [0x04034b50, 0x02014b50, 0x06054b50];

/** @throws {RangeError} for bytes that are no zip */
export const readZip = (zip: Buffer): ReadonlyMap<string, Buffer> => {
  const end = zip.lastIndexOf(Buffer.from([0x50, 0x4b, 0x05, 0x06]));
  if (end < 0) throw new RangeError('no zip');
  const files = new Map<string, Buffer>();
  let at = zip.readUInt32LE(end + 16);
  for (let left = zip.readUInt16LE(end + 10); left > 0; left--) {
    if (zip.readUInt32LE(at) !== centralHeader) throw new RangeError('no zip');
    const [method, packed] = [zip.readUInt16LE(at + 10), zip.readUInt32LE(at + 20)];
    const [nameLength, extra, comment] = [28, 30, 32].map((offset) => zip.readUInt16LE(at + offset));
    const name = zip.toString('utf8', at + 46, at + 46 + (nameLength ?? 0));
    const local = zip.readUInt32LE(at + 42);
    const from = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
    const body = zip.subarray(from, from + packed);
    if (method !== 0 && method !== 8) throw new RangeError(`the compression ${method} of ${name}`);
    if (!name.endsWith('/')) files.set(name, method === 0 ? Buffer.from(body) : inflateRawSync(body));
    at += 46 + (nameLength ?? 0) + (extra ?? 0) + (comment ?? 0);
  }
  return files;
};

export const writeZip = (files: ReadonlyMap<string, Buffer>): Buffer => {
  const parts: Buffer[] = [];
  const central: Buffer[] = [];
  let at = 0;
  for (const [name, body] of files) {
    const [named, packed] = [Buffer.from(name), deflateRawSync(body)];
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(8, 4);
    // Midnight of 1 January 1980: the same content is the same zip.
    common.writeUInt16LE(0x21, 8);
    common.writeUInt32LE(crc32(body), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(body.length, 18);
    common.writeUInt16LE(named.length, 22);
    const header = Buffer.alloc(46);
    header.writeUInt32LE(centralHeader, 0);
    header.writeUInt16LE(20, 4);
    common.copy(header, 6);
    header.writeUInt32LE(at, 42);
    central.push(header, named);
    const signature = Buffer.alloc(4);
    signature.writeUInt32LE(localHeader, 0);
    parts.push(signature, common, named, packed);
    at += 30 + named.length + packed.length;
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(endOfCentral, 0);
  end.writeUInt16LE(files.size, 8);
  end.writeUInt16LE(files.size, 10);
  end.writeUInt32LE(Buffer.concat(central).length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, ...central, end]);
};
