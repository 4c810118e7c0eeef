/** A seeded source of chance: the same seed gives the same stream on every machine. */
export interface Random {
  /** In [0, 1). */
  next(): number;
  gaussian(): number;
  poisson(mean: number): number;
  binomial(trials: number, probability: number): number;
}

/** sfc32 (Doty-Humphrey's small fast counter), seeded from text by FNV-1a. */
export const randomFrom = (seed: string): Random => {
  let a = 0x9e3779b9;
  let b = 0x243f6a88;
  let c = hash(seed);
  let counter = 1;
  const next = (): number => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return (sum >>> 0) / 4294967296;
  };
  for (let round = 0; round < 15; round += 1) next();
  const gaussian = (): number => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
  /** Above this mean the normal approximation, rounded, is within a thousandth. */
  const large = 400;
  const poisson = (mean: number): number => {
    if (mean > large) return Math.max(0, Math.round(mean + Math.sqrt(mean) * gaussian()));
    let mass = Math.exp(-mean);
    let left = next() - mass;
    let count = 0;
    while (left > 0 && mass > 1e-300) {
      count += 1;
      mass *= mean / count;
      left -= mass;
    }
    return count;
  };
  const binomial = (trials: number, probability: number): number => {
    if (trials === 0 || probability <= 0) return 0;
    if (probability >= 1) return trials;
    if (probability > 0.5) return trials - binomial(trials, 1 - probability);
    const mean = trials * probability;
    if (mean > large)
      return Math.min(trials, Math.max(0, Math.round(mean + Math.sqrt(mean * (1 - probability)) * gaussian())));
    const odds = probability / (1 - probability);
    let mass = (1 - probability) ** trials;
    let left = next() - mass;
    let count = 0;
    while (left > 0 && count < trials && mass > 1e-300) {
      count += 1;
      mass *= ((trials - count + 1) / count) * odds;
      left -= mass;
    }
    return count;
  };
  return { next, gaussian, poisson, binomial };
};

const hash = (text: string): number => {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  return value;
};
