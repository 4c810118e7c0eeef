/** The standard normal distribution, to about 1e-14 of the value, also far in the tails. */

const density = (x: number): number => Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);

/** P(Z ≤ x). */
export const normalBelow = (x: number): number => {
  if (Number.isNaN(x)) return Number.NaN;
  if (x > 0) return 1 - normalBelow(-x);
  return x < -seriesUpTo ? tail(-x) : 0.5 - density(x) * series(-x);
};

/** P(Z ≥ x); not 1 − P(Z ≤ x), which loses the digits of a small p. */
export const normalAbove = (x: number): number => normalBelow(-x);

/** Beyond, the series loses digits to cancellation, and the continued fraction has converged. */
const seriesUpTo = 3;

/** (Φ(x) − ½) / φ(x) = x + x³/3 + x⁵/(3·5) + … */
const series = (x: number): number => {
  let term = x;
  let sum = x;
  for (let odd = 3; term > sum * 1e-17; odd += 2) {
    term *= (x * x) / odd;
    sum += term;
  }
  return sum;
};

/** P(Z ≥ x) by the continued fraction of Mills' ratio: φ(x) / (x + 1/(x + 2/(x + 3/…))). */
const tail = (x: number): number => {
  let below = x;
  for (let depth = 120; depth >= 1; depth--) below = x + depth / below;
  return density(x) / below;
};

/** The x with P(Z ≤ x) = p; ±∞ at 1 and 0. */
export const normalQuantile = (p: number): number => {
  if (p <= 0) return Number.NEGATIVE_INFINITY;
  if (p >= 1) return Number.POSITIVE_INFINITY;
  if (p > 0.5) return -normalQuantile(1 - p);
  let x = -hastings(p);
  // Halley's steps treble the digits: 4e-4, 1e-11, all.
  for (let step = 0; step < 3; step++) {
    const error = (normalBelow(x) - p) / density(x);
    x -= error / (1 + (x * error) / 2);
  }
  return x;
};

/** The upper quantile for small p within 4.5e-4 (Abramowitz and Stegun 26.2.23). */
const hastings = (p: number): number => {
  const t = Math.sqrt(-2 * Math.log(p));
  return (
    t - (2.515517 + 0.802853 * t + 0.010328 * t * t) / (1 + 1.432788 * t + 0.189269 * t * t + 0.001308 * t * t * t)
  );
};
