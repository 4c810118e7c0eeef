const tableOf = (polynomial: number): Uint32Array =>
  Uint32Array.from({ length: 256 }, (_, byte) => {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? polynomial ^ (value >>> 1) : value >>> 1;
    return value;
  });

const crcBy =
  (table: Uint32Array) =>
  (bytes: Uint8Array): number => {
    let value = 0xffffffff;
    for (const byte of bytes) value = (table[(value ^ byte) & 0xff] ?? 0) ^ (value >>> 8);
    return (value ^ 0xffffffff) >>> 0;
  };

/** CRC-32 of ISO 3309, as gzip, zip and S3 use it. `node:zlib` has one since Node 20.15 and 22.2 only. */
export const crc32 = crcBy(tableOf(0xedb88320));

/** CRC-32C, with Castagnoli's polynomial (RFC 3720, appendix B.4). */
export const crc32c = crcBy(tableOf(0x82f63b78));
