/** A seeded source of chance. */
export interface Random {
  /** In [0, 1), in steps of 2⁻³². */
  readonly next: () => number;
}

/**
 * Counter-based: the k-th number of a stream is a function of seed, stream and k alone, so that a set of numbers can be drawn again without
 * those before it. Two rounds of Wellons' 32-bit mixing function with a key before and between.
 */
export const randomOf = (seed: number, stream: number): Random => {
  const before = mix(mix(seed ^ 0x9e3779b9) ^ imul(stream, 0x85ebca6b));
  const between = mix(before ^ imul(stream, 0xc2b2ae35) ^ seed);
  let counter = 0;
  return {
    next: () => {
      counter = (counter + 1) | 0;
      return (mix(mix(imul(counter, 0x9e3779b9) ^ before) ^ between) >>> 0) / 4294967296;
    },
  };
};

/** In the innermost loops: a global is looked up each time, and where scripts have a context of their own (Jest) that takes most of the time. */
const { imul, floor } = Math;

const mix = (value: number): number => {
  let x = value;
  x = imul(x ^ (x >>> 16), 0x21f0aaad);
  x = imul(x ^ (x >>> 15), 0x735a2d97);
  return x ^ (x >>> 15);
};

/** `0 … size − 1` in random order (Fisher and Yates). */
export const shuffled = (size: number, random: Random): Int32Array => {
  const order = new Int32Array(size);
  for (let i = 0; i < size; i++) {
    const j = floor(random.next() * (i + 1));
    order[i] = order[j] ?? 0;
    order[j] = i;
  }
  return order;
};
