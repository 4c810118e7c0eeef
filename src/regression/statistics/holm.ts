/**
 * Holm's correction: the p of each test, adjusted so that among true null hypotheses the chance of one or more below α is at most α, however
 * the tests depend on each other. The order of the input is kept.
 */
export const holm = (ps: readonly number[]): readonly number[] => {
  const order = ps.map((_, index) => index).sort((a, b) => (ps[a] ?? 1) - (ps[b] ?? 1));
  const adjusted = ps.map(() => 1);
  let largest = 0;
  for (const [rank, index] of order.entries()) {
    largest = Math.max(largest, Math.min(1, (ps.length - rank) * (ps[index] ?? 1)));
    adjusted[index] = largest;
  }
  return adjusted;
};
