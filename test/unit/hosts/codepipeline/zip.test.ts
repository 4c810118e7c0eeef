import { deflateRawSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { readZipEntry, ZipError } from '../../../../src/hosts/codepipeline/zip.ts';
import { zipOf } from '../../../../src/rehearsal/zip.ts';
import { fc } from '../../../support/properties.ts';

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

const entryAt = (archive: Buffer): number => archive.indexOf(Buffer.from('PK\u0001\u0002'));

/** Another number in one field of 16 bits, from `place` of `at` on. */
const patched = (archive: Buffer, at: (archive: Buffer) => number, place: number, value: number): Buffer => {
  archive.writeUInt16LE(value, at(archive) + place);
  return archive;
};

/** Two entries `x`: the second one's name was `y`. */
const twice = (): Buffer => {
  const archive = zipOf({ x: 'first', y: 'second' });
  for (let at = archive.indexOf('y'); at >= 0; at = archive.indexOf('y', at)) archive.write('x', at);
  return archive;
};

describe('a zip archive', () => {
  it('gives its files by path', async () => {
    await fc.assert(
      fc.asyncProperty(fc.dictionary(fc.stringMatching(/^[a-zü/.]{1,20}$/), fc.string()), async (files) => {
        const archive = zipOf(files);
        for (const [path, text] of Object.entries(files))
          expect(await readZipEntry(archive, path)).toBe(Buffer.from(text).toString());
        expect(await readZipEntry(archive, 'NOT THERE')).toBeUndefined();
      }),
    );
  });

  it('may be deflated, streamed, and have a comment', async () => {
    expect(
      await readZipEntry(streamed('modèles/delivery.yml', 'version: 1\n'.repeat(100)), 'modèles/delivery.yml'),
    ).toBe('version: 1\n'.repeat(100));
  });

  it('is unpacked nowhere: a name that leads out of it is a name', async () => {
    const archive = zipOf({ '../delivery.yml': 'outside', '/delivery.yml': 'absolute', 'delivery.yml': 'inside' });
    expect(await readZipEntry(archive, 'delivery.yml')).toBe('inside');
  });

  const limit = 16 * 1024 * 1024;
  it.each<[string, Buffer, RegExp]>([
    ['none', Buffer.from('not a zip archive, but long enough'), /^it is not a zip archive/],
    ['empty', Buffer.alloc(0), /^it is not a zip archive/],
    ['a bomb', streamed('x', '0'.repeat(20_000_000)), /larger than 16 MB/],
    ['one byte too large', streamed('x', '0'.repeat(limit + 1)), /larger than 16 MB/],
    ['a bomb that claims to be small', patched(streamed('x', '0'.repeat(20_000_000)), entryAt, 26, 0), /damaged/],
    ['an entry that claims to be larger', patched(streamed('x', 'text'), entryAt, 24, 100), /damaged/],
    ['packed in another way', patched(streamed('x', 'text'), entryAt, 10, 12), /unsupported compression method: 12/],
    ['encrypted', patched(streamed('x', 'text'), entryAt, 8, 1), /encrypted/],
    ['damaged', patched(streamed('x', 'text'), () => 0, 0, 7), /damaged/],
    ['ambiguous', twice(), /two entries of that name/],
  ])('that is %s is refused', async (_, archive, expected) => {
    const refused = readZipEntry(archive, 'x');
    await expect(refused).rejects.toThrow(ZipError);
    await expect(refused).rejects.toThrow(expected);
  });

  it('of the largest size is read', async () => {
    expect(await readZipEntry(streamed('x', '0'.repeat(limit)), 'x')).toHaveLength(limit);
  });

  it('that is cut off or flipped gives an answer or a ZipError', async () => {
    const archives = [zipOf({ 'delivery.yml': 'version: 1', x: '{}' }), streamed('x', 'text')];
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...archives), fc.nat(), fc.nat(255), async (archive, place, byte) => {
        const at = place % archive.length;
        const broken = Buffer.from(archive);
        broken[at] = byte;
        for (const candidate of [broken, archive.subarray(at), archive.subarray(0, at)]) {
          try {
            await readZipEntry(candidate, 'x');
          } catch (error) {
            expect(error).toBeInstanceOf(ZipError);
          }
        }
      }),
      { numRuns: 1000 },
    );
  });
});
