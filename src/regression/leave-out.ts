import type { Codes } from './rows.ts';

/** The sum of multiplicities of each unit. */
export const sizesOf = (multiplicities: Float64Array, { of, count }: Codes): Float64Array => {
  const sizes = new Float64Array(count);
  for (let row = 0; row < multiplicities.length; row++) {
    const unit = of[row] ?? 0;
    sizes[unit] = (sizes[unit] ?? 0) + (multiplicities[row] ?? 0);
  }
  return sizes;
};

/** A sum less its parts is not exactly 0: below this share of the sum, nothing is left. */
export const nothing = 1e-12;
