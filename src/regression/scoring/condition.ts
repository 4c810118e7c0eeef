import type { Condition, Label } from '../../manifest/regression.ts';
import { keyOf } from '../../secrets.ts';
import { type Row, RowProblem, type Written } from './row.ts';

/** `unknown`: the row lacks the column. A row belongs to a slice only where its condition holds. */
export const unknown = 0;
export const fails = 1;
export const holds = 2;
export type Truth = typeof unknown | typeof fails | typeof holds;

/** @throws {RowProblem} when the row's value and the slice's value are of two kinds */
export const truthOf = (condition: Condition, row: Row, written: Written): Truth => {
  switch (condition.is) {
    case 'compare': {
      const value = memberOf(row, condition.column, written);
      if (value === undefined) return unknown;
      return compared(value, condition.by, condition.to, condition.column, written) ? holds : fails;
    }
    case 'in': {
      const value = memberOf(row, condition.column, written);
      if (value === undefined) return unknown;
      return condition.values.some((one) => compared(value, '=', one, condition.column, written)) ? holds : fails;
    }
    case 'not': {
      const inner = truthOf(condition.of, row, written);
      return inner === unknown ? unknown : inner === holds ? fails : holds;
    }
    case 'and':
      return joined(condition.of, row, written, fails, holds);
    case 'or':
      return joined(condition.of, row, written, holds, fails);
  }
};

/** The first decisive part decides; later ones are not looked at. */
const joined = (parts: readonly Condition[], row: Row, written: Written, decisive: Truth, otherwise: Truth): Truth => {
  let result = otherwise;
  for (const part of parts) {
    const truth = truthOf(part, row, written);
    if (truth === decisive) return truth;
    if (truth === unknown) result = unknown;
  }
  return result;
};

export const columnsOfCondition = (condition: Condition): readonly string[] => {
  switch (condition.is) {
    case 'compare':
    case 'in':
      return [condition.column];
    case 'not':
      return columnsOfCondition(condition.of);
    case 'and':
    case 'or':
      return condition.of.flatMap(columnsOfCondition);
  }
};

type Sign = Extract<Condition, { readonly is: 'compare' }>['by'];

const compared = (value: Label, by: Sign, to: Label, column: string, written: Written): boolean => {
  // In CSV a column of words may have a cell that looks like a number.
  if (typeof value !== typeof to && written === 'csv' && typeof to === 'string') return ordered(String(value), by, to);
  if (typeof value !== typeof to)
    throw new RowProblem(`${keyOf(column)}: is ${kindOf(value)}, and a slice compares it with ${kindOf(to)}`);
  return ordered(value, by, to);
};

const ordered = (value: Label, by: Sign, to: Label): boolean => {
  switch (by) {
    case '=':
      return value === to;
    case '!=':
      return value !== to;
    case '<':
      return value < to;
    case '<=':
      return value <= to;
    case '>':
      return value > to;
    case '>=':
      return value >= to;
  }
};

const kindOf = (value: Label): string =>
  typeof value === 'string' ? 'text' : typeof value === 'number' ? 'a number' : 'a boolean';

/** The row's value of a column of slices; undefined where it has none. @throws {RowProblem} */
export const memberOf = (row: Row, column: string, written: Written): Label | undefined => {
  const value = Object.hasOwn(row, column) ? row[column] : undefined;
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string') return written === 'csv' ? ofCell(value) : value;
  if (typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))) return value;
  throw new RowProblem(`${keyOf(column)}: is no text, number or boolean`);
};

/** CSV has no kinds: a cell that is a number as it would be printed is that number. */
const ofCell = (text: string): Label => {
  if (text === 'true' || text === 'false') return text === 'true';
  const number = Number(text);
  return Number.isFinite(number) && String(number) === text ? number : text;
};
