import { crc32 as ofNode } from 'node:zlib';
import { expect, test } from '@jest/globals';
import { crc32 } from '../../simulator/crc32.ts';
import { fc } from '../support/properties.ts';

test('CRC-32 is the one of node:zlib, where that has one', () => {
  expect(crc32(Buffer.from('123456789'))).toBe(0xcbf43926);
  fc.assert(fc.property(fc.uint8Array({ maxLength: 2000 }), (bytes) => crc32(bytes) === ofNode(bytes)));
});
