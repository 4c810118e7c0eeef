import type { Prepared } from './measure.ts';
import type { Codes } from './rows.ts';

/** The value without the rows of each unit in turn; NaN where it is undefined. */
export const withoutEach = (prepared: Prepared, multiplicities: Float64Array, units: Codes): Float64Array =>
  prepared.withoutEach?.(multiplicities, units) ?? oneByOne(prepared, multiplicities, units);

const oneByOne = (prepared: Prepared, multiplicities: Float64Array, { of, count }: Codes): Float64Array => {
  const values = new Float64Array(count);
  for (let unit = 0; unit < count; unit++)
    values[unit] = prepared(multiplicities.map((times, row) => (of[row] === unit ? 0 : times))) ?? Number.NaN;
  return values;
};

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
