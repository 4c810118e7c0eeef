/** CRC-64/NVME, reflected, in two halves of 32 bits: arithmetic on bigints is a hundred times slower. */
const [low, high] = (() => {
  const low = new Uint32Array(256);
  const high = new Uint32Array(256);
  for (let byte = 0; byte < 256; byte++) {
    let [l, h] = [byte, 0];
    for (let bit = 0; bit < 8; bit++) {
      const odd = l & 1;
      l = (l >>> 1) | ((h & 1) << 31);
      h >>>= 1;
      if (odd) {
        l ^= 0xac4bc9b5;
        h ^= 0x9a6c9329;
      }
    }
    low[byte] = l;
    high[byte] = h;
  }
  return [low, high];
})();

/** S3's checksum of a write without one (NVM Express NVM Command Set specification, "64b CRC Definition"): eight bytes, big-endian. */
export const crc64nvme = (bytes: Uint8Array): Buffer => {
  let [l, h] = [0xffffffff, 0xffffffff];
  for (const byte of bytes) {
    const index = (l ^ byte) & 0xff;
    l = (low[index] ?? 0) ^ ((l >>> 8) | (h << 24));
    h = (high[index] ?? 0) ^ (h >>> 8);
  }
  const result = Buffer.alloc(8);
  result.writeUInt32BE(~h >>> 0, 0);
  result.writeUInt32BE(~l >>> 0, 4);
  return result;
};
