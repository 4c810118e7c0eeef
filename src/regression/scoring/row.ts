/** One row as its file has it. Of CSV every value is text; an empty cell is null. */
export type Row = Readonly<Record<string, unknown>>;
export type Written = 'json' | 'csv';
export type Take = (row: Row, line: number, written: Written) => void;

/** Why a row cannot be used; its place is added where it is known. */
export class RowProblem extends Error {
  override readonly name = 'RowProblem';
}

/** Characters; a longer row is a mistake, or an attempt to exhaust the reader. */
export const longestRow = 16 * 1024 * 1024;
