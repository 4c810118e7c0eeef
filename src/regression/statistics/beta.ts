/** The incomplete beta function, of which the tails of the binomial and of Student's distribution are made. */

/** I_x(a, b): the share of the beta distribution below x. */
export const betaBelow = (x: number, a: number, b: number): number => {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  // The continued fraction converges quickly below the mean; above it, the other tail does.
  return x < (a + 1) / (a + b + 2) ? fraction(x, a, b) : 1 - fraction(1 - x, b, a);
};

/** By Lentz's method (Numerical Recipes §6.4). */
const fraction = (x: number, a: number, b: number): number => {
  const front = Math.exp(a * Math.log(x) + b * Math.log1p(-x) + logGamma(a + b) - logGamma(a) - logGamma(b)) / a;
  let c = 1;
  let d = 1 / away(1 - ((a + b) * x) / (a + 1));
  let product = d;
  for (let m = 1; m < 10_000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / away(1 + even * d);
    c = away(1 + even / c);
    product *= c * d;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / away(1 + odd * d);
    c = away(1 + odd / c);
    product *= c * d;
    if (Math.abs(c * d - 1) < 1e-16) break;
  }
  return front * product;
};

/** Lentz's method must not divide by 0. */
const away = (value: number): number => (Math.abs(value) < 1e-300 ? 1e-300 : value);

/** ln Γ(x), x > 0, by Stirling's series after a shift to where six terms suffice. */
export const logGamma = (x: number): number => {
  let shift = 0;
  let y = x;
  for (; y < 12; y++) shift += Math.log(y);
  const r = 1 / (y * y);
  const terms = (1 / 12 - r * (1 / 360 - r * (1 / 1260 - r * (1 / 1680 - r * (1 / 1188 - (r * 691) / 360_360))))) / y;
  return (y - 0.5) * Math.log(y) - y + 0.5 * Math.log(2 * Math.PI) + terms - shift;
};
