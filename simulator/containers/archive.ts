import { gunzipSync } from 'node:zlib';
import { crc32 } from '../crc32.ts';

/** `model.tar.gz` as a training job leaves it: a gzip-compressed POSIX ustar archive of small regular files. */
export type Archive = ReadonlyMap<string, Buffer>;

const block = 512;
const padded = (size: number): number => Math.ceil(size / block) * block;
const octal = (value: number, width: number): string => `${value.toString(8).padStart(width - 1, '0')}\0`;

const header = (name: string, size: number): Buffer => {
  const bytes = Buffer.alloc(block);
  bytes.write(name, 0, 100, 'utf8');
  bytes.write(octal(0o644, 8), 100);
  bytes.write(octal(0, 8), 108);
  bytes.write(octal(0, 8), 116);
  bytes.write(octal(size, 12), 124);
  bytes.write(octal(0, 12), 136);
  bytes.write('        ', 148);
  bytes.write('0', 156);
  bytes.write('ustar\x0000', 257);
  const checksum = bytes.reduce((sum, byte) => sum + byte, 0);
  bytes.write(`${checksum.toString(8).padStart(6, '0')}\0 `, 148);
  return bytes;
};

const tar = (files: Archive): Buffer => {
  const names = [...files.keys()].sort();
  const parts = names.flatMap((name) => {
    const content = files.get(name) ?? Buffer.alloc(0);
    return [header(name, content.length), content, Buffer.alloc(padded(content.length) - content.length)];
  });
  return Buffer.concat([...parts, Buffer.alloc(2 * block)]);
};

/**
 * The data is stored, not deflated: a deflater's output differs between zlib builds and processors, and an artifact's digest must
 * not. RFC 1952 header with mtime 0 and OS 255 (unknown); RFC 1951 §3.2.4 blocks.
 */
const gzipStored = (content: Buffer): Buffer => {
  const blocks: Buffer[] = [];
  for (let from = 0; from < content.length; from += 0xffff) {
    const slice = content.subarray(from, from + 0xffff);
    const head = Buffer.alloc(5);
    head.writeUInt8(from + slice.length >= content.length ? 1 : 0, 0);
    head.writeUInt16LE(slice.length, 1);
    head.writeUInt16LE(0xffff - slice.length, 3);
    blocks.push(head, slice);
  }
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(crc32(content), 0);
  trailer.writeUInt32LE(content.length, 4);
  return Buffer.concat([Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]), ...blocks, trailer]);
};

/** The same files give the same bytes on every machine: sorted names, zero times and owners, no choice of a compressor. */
export const writeArchive = (files: Archive): Buffer => gzipStored(tar(files));

/** @throws when `archive` is not a gzip-compressed tar */
export const readArchive = (archive: Buffer): Archive => {
  const bytes = gunzipSync(archive);
  const files = new Map<string, Buffer>();
  for (let at = 0; at + block <= bytes.length; ) {
    const name = bytes.toString('utf8', at, at + 100).replace(/\0.*$/s, '');
    if (name === '') break;
    if (bytes.toString('latin1', at + 257, at + 262) !== 'ustar') throw new Error(`no ustar header at byte ${at}`);
    const size = Number.parseInt(bytes.toString('latin1', at + 124, at + 136), 8);
    files.set(name, bytes.subarray(at + block, at + block + size));
    at += block + padded(size);
  }
  return files;
};
