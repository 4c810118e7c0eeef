import { crc32 as ofNode } from 'node:zlib';
import { expect, test } from '@jest/globals';
import { crc32, crc32c } from '../../simulator/crc32.ts';
import { crc64nvme } from '../../simulator/crc64.ts';
import { fc } from '../support/properties.ts';

test('CRC-32 is the one of node:zlib, where that has one', () => {
  expect(crc32(Buffer.from('123456789'))).toBe(0xcbf43926);
  fc.assert(fc.property(fc.uint8Array({ maxLength: 2000 }), (bytes) => crc32(bytes) === ofNode(bytes)));
});

test('CRC-32C and CRC-64/NVME have the check values of their definitions', () => {
  const check = Buffer.from('123456789');
  expect(crc32c(check).toString(16)).toBe('e3069283');
  expect(crc64nvme(check).toString('hex')).toBe('ae8b14860a799888');
});
