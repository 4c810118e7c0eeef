import type { ColumnType } from './constraints.ts';

/** A value as it stands in a request: of CSV a text, of JSON a value with a type of its own. */
export type Written = 'csv' | 'json';

/** Whether a row has no value here; an empty CSV cell is none. */
export const isAbsent = (value: unknown, written: Written): boolean =>
  value === null || value === undefined || (written === 'csv' && value === '');

const integer = /^[+-]?\d+$/;
const fraction = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** Undefined: a list or a mapping. */
const typeOf = (value: unknown, written: Written): ColumnType | undefined => {
  if (typeof value === 'object') return undefined;
  // JavaScript writes 1e21 with an exponent, and it is a whole number.
  if (written === 'json')
    return typeof value !== 'number' ? 'String' : Number.isInteger(value) ? 'Integral' : 'Fractional';
  const text = String(value);
  if (integer.test(text)) return 'Integral';
  return fraction.test(text) ? 'Fractional' : 'String';
};

/** Whether a value that is there is of a column's type. Every whole number is also a fraction, and every CSV cell is a text. */
export const isOfType = (value: unknown, type: ColumnType, written: Written): boolean => {
  const found = typeOf(value, written);
  switch (type) {
    case 'Unknown':
      return true;
    case 'String':
      return written === 'csv' ? found !== undefined : found === 'String';
    case 'Fractional':
      return found === 'Fractional' || found === 'Integral';
    case 'Integral':
      return found === 'Integral';
  }
};

export const isNegative = (value: unknown, written: Written): boolean =>
  typeof value !== 'object' && typeOf(value, written) !== 'String' && Number(value) < 0;
