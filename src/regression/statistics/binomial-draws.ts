import { logGamma } from './beta.ts';
import type { Random } from './random.ts';

/** A draw of the number of successes in `n` trials. Exact in distribution, and as quick for a million trials as for ten. */
export const drawBinomial = (n: number, p: number, random: Random): number => {
  if (n <= 0 || p <= 0) return 0;
  if (p >= 1) return n;
  if (p > 0.5) return n - drawBinomial(n, 1 - p, random);
  return n * p < 10 ? byInversion(n, p, random) : byRejection(n, p, random);
};

/** Sums the masses from 0 on until they exceed a uniform number. */
const byInversion = (n: number, p: number, random: Random): number => {
  const odds = p / (1 - p);
  let mass = Math.exp(n * Math.log1p(-p));
  let left = random.next() - mass;
  let count = 0;
  while (left >= 0 && count < n && mass > 0) {
    count += 1;
    mass *= ((n - count + 1) / count) * odds;
    left -= mass;
  }
  return count;
};

/** Hörmann's transformed rejection, BTRS (Journal of Statistical Computation and Simulation 46, 1993), for n·p ≥ 10. */
const byRejection = (n: number, p: number, random: Random): number => {
  const deviation = Math.sqrt(n * p * (1 - p));
  const b = 1.15 + 2.53 * deviation;
  const a = -0.0873 + 0.0248 * b + 0.01 * p;
  const c = n * p + 0.5;
  const squeeze = 0.92 - 4.2 / b;
  const alpha = (2.83 + 5.1 / b) * deviation;
  const logOdds = Math.log(p / (1 - p));
  const mode = Math.floor((n + 1) * p);
  const logMode = logGamma(mode + 1) + logGamma(n - mode + 1);
  for (;;) {
    const u = random.next() - 0.5;
    const v = random.next();
    const edge = 0.5 - Math.abs(u);
    const k = Math.floor(((2 * a) / edge + b) * u + c);
    if (edge >= 0.07 && v <= squeeze) return k;
    if (k < 0 || k > n) continue;
    const logDensity = logMode - logGamma(k + 1) - logGamma(n - k + 1) + (k - mode) * logOdds;
    if (Math.log((v * alpha) / (a / (edge * edge) + b)) <= logDensity) return k;
  }
};
