/** Null where the quotient is no number: 0/0, or with a term that is infinite because it is undefined. */
export const ratio = (above: number, below: number): number | null => finite(above / below);

export const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);

/** Mean of values that all are defined, by weights; null where one is not, or all weights are 0. */
export const meanOf = (values: readonly (number | null)[], weights?: readonly number[]): number | null => {
  let sum = 0;
  let all = 0;
  for (const [index, value] of values.entries()) {
    const weight = weights?.[index] ?? 1;
    // Also 0 × undefined is undefined: the caller leaves out the values that do not count.
    if (value === null) return null;
    sum += weight * value;
    all += weight;
  }
  return ratio(sum, all);
};
