import { absent, type PairedRows } from './rows.ts';
import { select } from './selection.ts';

/** The rows that both models answered, if with an error. */
export const comparedRows = (rows: PairedRows): PairedRows => {
  const { size, candidate, baseline } = rows;
  const indexes = new Int32Array(size);
  let count = 0;
  for (let row = 0; row < size; row++)
    if (candidate.states[row] !== absent && baseline.states[row] !== absent) indexes[count++] = row;
  return count === size ? rows : select(rows, indexes.subarray(0, count));
};
