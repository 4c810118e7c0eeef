/** Indexes of the values that are numbers, by rising value; equal values stay in their order. */
export const rising = (values: Float64Array): Uint32Array => {
  const known = indexesOfNumbers(values);
  return known.length < enoughForRadix ? byComparison(known, values) : byRadix(known, values);
};

/** Below, comparing is faster. */
const enoughForRadix = 4096;

const indexesOfNumbers = (values: Float64Array): Uint32Array => {
  const indexes = new Uint32Array(values.length);
  let count = 0;
  for (let i = 0; i < values.length; i++) if (!Number.isNaN(values[i])) indexes[count++] = i;
  return indexes.subarray(0, count);
};

const byComparison = (indexes: Uint32Array, values: Float64Array): Uint32Array =>
  indexes.sort((a, b) => (values[a] ?? 0) - (values[b] ?? 0) || a - b);

const digits = 0x10000;

/** A million numbers in a tenth of the time that comparisons take: AUC and average precision of large sets wait for this. */
const byRadix = (indexes: Uint32Array, values: Float64Array): Uint32Array => {
  const { low, high } = sortableBits(values);
  let from: Uint32Array = indexes;
  let to: Uint32Array = new Uint32Array(indexes.length);
  for (const [bits, shift] of [
    [low, 0],
    [low, 16],
    [high, 0],
    [high, 16],
  ] as const) {
    const starts = new Uint32Array(digits + 1);
    for (const index of from) {
      const next = (((bits[index] ?? 0) >>> shift) & 0xffff) + 1;
      starts[next] = (starts[next] ?? 0) + 1;
    }
    for (let digit = 0; digit < digits; digit++) starts[digit + 1] = (starts[digit + 1] ?? 0) + (starts[digit] ?? 0);
    for (const index of from) {
      const digit = ((bits[index] ?? 0) >>> shift) & 0xffff;
      const place = starts[digit] ?? 0;
      to[place] = index;
      starts[digit] = place + 1;
    }
    [from, to] = [to, from];
  }
  return from;
};

/** The bits of a double rise with its value once the sign bit of positive numbers, and all bits of negative ones, are flipped. */
const sortableBits = (values: Float64Array): { readonly low: Uint32Array; readonly high: Uint32Array } => {
  const low = new Uint32Array(values.length);
  const high = new Uint32Array(values.length);
  const one = new DataView(new ArrayBuffer(8));
  for (let i = 0; i < values.length; i++) {
    // −0 and 0 are one value.
    one.setFloat64(0, (values[i] ?? 0) + 0);
    const flip = one.getInt32(0) < 0 ? 0xffffffff : 0;
    high[i] = one.getUint32(0) ^ (flip | 0x80000000);
    low[i] = one.getUint32(4) ^ flip;
  }
  return { low, high };
};
