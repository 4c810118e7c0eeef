/** ln(e^a + e^b) without overflow; −Infinity is an amount of nothing. */
export const logAdd = (a: number, b: number): number => {
  const larger = Math.max(a, b);
  return larger === Number.NEGATIVE_INFINITY ? larger : larger + Math.log1p(Math.exp(Math.min(a, b) - larger));
};

/** ln Σ e^value. */
export const logSum = (values: readonly number[]): number => {
  let largest = Number.NEGATIVE_INFINITY;
  for (const value of values) largest = Math.max(largest, value);
  if (largest === Number.NEGATIVE_INFINITY) return largest;
  let sum = 0;
  for (const value of values) sum += Math.exp(value - largest);
  return largest + Math.log(sum);
};
