import { type AnsweredRows, absent } from './rows.ts';
import { select } from './selection.ts';

/** The rows that each model answered, if with an error. */
export const comparedRows = <Rows extends AnsweredRows>(rows: Rows): Rows => {
  const { size, candidate, baseline } = rows;
  const indexes = new Int32Array(size);
  let count = 0;
  for (let row = 0; row < size; row++)
    if (candidate.states[row] !== absent && baseline?.states[row] !== absent) indexes[count++] = row;
  return count === size ? rows : select(rows, indexes.subarray(0, count));
};
