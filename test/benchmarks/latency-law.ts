import type { Random } from './random.ts';

/** By how much a request at quantile u is slower than the baseline's. */
export type Slowdown = (u: number) => number;

export const alike: Slowdown = () => 1;

const slowdowns = new Map<number, Slowdown>();
/** The same function for the same factor: what follows from it is worked out once. */
export const slower = (factor: number): Slowdown => {
  const known = slowdowns.get(factor) ?? (() => factor);
  slowdowns.set(factor, known);
  return known;
};
export const slowerTail: Slowdown = (u) => (u > 0.98 ? 1.2 : 1);

/** Lognormal, median 80 ms, σ 0.5; the edges are its p50, p90 and p99. */
const sigma = 0.5;
const median = 80;
export const latencyEdges: readonly number[] = [80, 151.8, 256];
export const quantile = (u: number): number => median * Math.exp(sigma * normalQuantile(u));

/** Requests up to the first edge, between edges, above the last. */
export const cellsOf = (n: number, slowdown: Slowdown, random: Random): readonly number[] => {
  const above = exceedances(slowdown);
  const cells: number[] = [];
  let left = n;
  let mass = 1;
  for (const rest of above) {
    const slower = random.binomial(left, rest / mass);
    cells.push(left - slower);
    left = slower;
    mass = rest;
  }
  cells.push(left);
  return cells;
};

/**
 * The order statistic at rank 99 % is Beta; its normal approximation keeps the sampling noise a p99 of few requests has.
 * Undefined without requests.
 */
export const percentile99 = (n: number, slowdown: Slowdown, random: Random): number | undefined => {
  if (n < 1) return undefined;
  const u = (0.99 * n + 0.5) / (n + 1) + Math.sqrt((0.99 * 0.01) / n) * random.gaussian();
  const at = Math.min(1 - 0.2 / n, Math.max(0.5, u));
  return quantile(at) * slowdown(at);
};

const known = new Map<Slowdown, readonly number[]>();
/** Chance that a request is slower than each edge. */
export const exceedances = (slowdown: Slowdown): readonly number[] => {
  const found = known.get(slowdown) ?? latencyEdges.map((edge) => exceeding(edge, slowdown));
  known.set(slowdown, found);
  return found;
};

/** Chance that a request is slower than `edge`. */
const exceeding = (edge: number, slowdown: Slowdown): number => {
  let fast = 0;
  let slow = 1;
  for (let step = 0; step < 40; step += 1) {
    const u = (fast + slow) / 2;
    if (quantile(u) * slowdown(u) > edge) slow = u;
    else fast = u;
  }
  return 1 - slow;
};

/** Acklam's rational approximation, relative error below 1.2e-9. */
const normalQuantile = (p: number): number => {
  const a = [
    -39.69683028665376, 220.9460984245205, -275.9285104469687, 138.357751867269, -30.66479806614716, 2.506628277459239,
  ];
  const b = [-54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572];
  const c = [
    -0.007784894002430293, -0.3223964580411365, -2.400758277161838, -2.549732539343734, 4.374664141464968,
    2.938163982698783,
  ];
  const d = [0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416];
  const poly = (coefficients: readonly number[], x: number): number => coefficients.reduce((sum, k) => sum * x + k, 0);
  if (p <= 0) return -8;
  if (p >= 1) return 8;
  if (p < 0.02425) {
    const q = Math.sqrt(-2 * Math.log(p));
    return poly(c, q) / (poly(d, q) * q + 1);
  }
  if (p > 1 - 0.02425) return -normalQuantile(1 - p);
  const q = p - 0.5;
  const r = q * q;
  return (poly(a, r) * q) / (poly(b, r) * r + 1);
};
