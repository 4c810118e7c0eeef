import { betaBelow } from './beta.ts';

/** P(X ≥ k) of n trials, each a success with probability p: exact. */
export const binomialAtLeast = (k: number, n: number, p: number): number => {
  if (k <= 0) return 1;
  return k > n ? 0 : betaBelow(p, k, n - k + 1);
};

/**
 * McNemar's exact test, two-sided: the chance of so uneven a split of the rows on which one model alone is right, were both equally good.
 * @param gained rows that only the candidate has right
 * @param lost rows that only the baseline has right
 */
export const mcnemar = (gained: number, lost: number): number =>
  Math.min(1, 2 * binomialAtLeast(Math.max(gained, lost), gained + lost, 0.5));
