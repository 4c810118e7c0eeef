/**
 * A number for people, shortened, but never so far that it would seem to stand on the other side of the number beside it: 0.59999 is not
 * "0.6" where 0.6 is the limit.
 */
export const figure = (value: number, beside?: number): string => {
  for (let digits = 4; digits < 17; digits += 1) {
    const rounded = Number(value.toPrecision(digits));
    if (beside === undefined || Math.sign(rounded - beside) === Math.sign(value - beside)) return String(rounded);
  }
  return String(value);
};
