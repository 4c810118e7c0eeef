import { deflateRawSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readZipEntry, ZipError } from '../../../../src/hosts/codepipeline/zip.ts';
import { zipOf } from '../../../../src/rehearsal/zip.ts';

/** One deflated entry with a data descriptor, as streaming writers (CodeBuild, git archive) make it; by hand, from the format. */
const streamed = (path: string, text: string): Buffer => {
  const [name, content] = [Buffer.from(path), Buffer.from(text)];
  const packed = deflateRawSync(content);
  const local = Buffer.alloc(30);
  local.writeUInt32LE(0x04034b50, 0);
  local.writeUInt16LE(8, 6);
  local.writeUInt16LE(8, 8);
  local.writeUInt16LE(name.length, 26);
  const extra = Buffer.from('extra');
  local.writeUInt16LE(extra.length, 28);
  const descriptor = Buffer.alloc(16);
  const entry = Buffer.alloc(46);
  entry.writeUInt32LE(0x02014b50, 0);
  entry.writeUInt16LE(8, 10);
  entry.writeUInt32LE(packed.length, 20);
  entry.writeUInt32LE(content.length, 24);
  entry.writeUInt16LE(name.length, 28);
  const body = Buffer.concat([local, name, extra, packed, descriptor]);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(entry.length + name.length, 12);
  end.writeUInt32LE(body.length, 16);
  const comment = Buffer.from('a comment');
  end.writeUInt16LE(comment.length, 20);
  return Buffer.concat([body, entry, name, end, comment]);
};

describe('a zip archive', () => {
  it('gives its files by path', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.stringMatching(/^[a-z/.]{1,20}$/), fc.string()), (files) => {
        const archive = zipOf(files);
        for (const [path, text] of Object.entries(files))
          expect(readZipEntry(archive, path)).toBe(Buffer.from(text).toString());
        expect(readZipEntry(archive, 'NOT THERE')).toBeUndefined();
      }),
    );
  });

  it('may be deflated, streamed, and have a comment', () => {
    expect(readZipEntry(streamed('delivery.yml', 'version: 1\n'.repeat(100)), 'delivery.yml')).toBe(
      'version: 1\n'.repeat(100),
    );
  });

  it('that is none, is damaged, or unpacks to too much is refused', () => {
    expect(() => readZipEntry(Buffer.from('not a zip archive, but long enough'), 'x')).toThrow(ZipError);
    expect(() => readZipEntry(Buffer.alloc(0), 'x')).toThrow(/not a zip archive/);
    expect(() => readZipEntry(streamed('bomb', '0'.repeat(20_000_000)), 'bomb')).toThrow(/larger than 16 MB/);
    const damaged = streamed('a', 'text');
    damaged.writeUInt32LE(7, 0);
    expect(() => readZipEntry(damaged, 'a')).toThrow(/damaged/);
    // Whatever is cut off or flipped: an answer or a ZipError, nothing else.
    const archive = zipOf({ 'delivery.yml': 'version: 1', 'evaluation.json': '{}' });
    fc.assert(
      fc.property(fc.nat(archive.length - 1), fc.nat(255), (at, byte) => {
        const broken = Buffer.from(archive);
        broken[at] = byte;
        for (const candidate of [broken, archive.subarray(at)]) {
          try {
            readZipEntry(candidate, 'evaluation.json');
          } catch (error) {
            expect(error).toBeInstanceOf(ZipError);
          }
        }
      }),
    );
  });
});
