import type { BaselineHistory } from './burst-guard.ts';

/**
 * How much more than independent requests the errors of one fleet vary from one block of time to the next: 1 for errors that come
 * singly, 20 for sessions of twenty failing requests. Pure.
 *
 * Neighbouring blocks are compared two by two: given the bad requests of both together, the first one's are binomial, whatever the
 * rate is; the mean square of the standardised difference is the dispersion.
 * @param history minutes of one fleet in order, oldest first, from before the first candidate request
 * @returns at least 1; undefined when no bad request was seen
 */
export const dispersionOf = (history: readonly BaselineHistory[]): number | undefined => {
  const squares: number[] = [];
  for (let index = 0; index + 1 < history.length; index += 2) {
    const [first, second] = history.slice(index, index + 2);
    if (!first || !second || first.requests === 0 || second.requests === 0) continue;
    const total = first.bad + second.bad;
    const share = first.requests / (first.requests + second.requests);
    if (total > 0) squares.push((first.bad - total * share) ** 2 / (total * share * (1 - share)));
  }
  if (squares.length === 0) return undefined;
  return Math.max(1, squares.reduce((sum, square) => sum + square, 0) / squares.length);
};
