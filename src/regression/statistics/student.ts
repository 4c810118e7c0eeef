import { betaBelow } from './beta.ts';
import { normalAbove, normalQuantile } from './normal.ts';

/** Student's t, for the few clusters or rows whose spread is itself an estimate. Infinite degrees of freedom: the normal distribution. */

/** P(T ≥ t). */
export const studentAbove = (t: number, freedom: number): number => {
  if (!Number.isFinite(freedom) || !Number.isFinite(t)) return normalAbove(t);
  const both = betaBelow(freedom / (freedom + t * t), freedom / 2, 0.5);
  return t >= 0 ? both / 2 : 1 - both / 2;
};

/** The t with P(T ≤ t) = p. */
export const studentQuantile = (p: number, freedom: number): number => {
  if (!Number.isFinite(freedom) || p <= 0 || p >= 1) return normalQuantile(p);
  if (p < 0.5) return -studentQuantile(1 - p, freedom);
  let below = 0;
  let above = 1;
  while (studentAbove(above, freedom) > 1 - p && above < 1e12) above *= 2;
  for (let step = 0; step < 100; step++) {
    const middle = (below + above) / 2;
    if (studentAbove(middle, freedom) > 1 - p) below = middle;
    else above = middle;
  }
  return (below + above) / 2;
};
