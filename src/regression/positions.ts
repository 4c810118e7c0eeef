import type { AnsweredRows, Answers } from './rows.ts';

/**
 * Position of each row in its query by falling score, from 1; equal scores share the mean of their positions. NaN for rows without a
 * score.
 */
export const positionsOf = ({ size, groups }: AnsweredRows, { scores }: Answers): Float64Array => {
  const positions = new Float64Array(size).fill(Number.NaN);
  if (scores === undefined) return positions;
  const score = (row: number): number => scores[row] ?? Number.NaN;
  const group = (row: number): number => groups?.of[row] ?? 0;
  const order = Int32Array.from({ length: size }, (_, row) => row)
    .filter((row) => !Number.isNaN(score(row)))
    .sort((one, other) => group(one) - group(other) || score(other) - score(one));
  let first = 0;
  for (let at = 0; at < order.length; ) {
    const row = order[at] ?? 0;
    if (at > 0 && group(order[at - 1] ?? 0) !== group(row)) first = at;
    let end = at + 1;
    while (end < order.length && score(order[end] ?? 0) === score(row) && group(order[end] ?? 0) === group(row)) end++;
    for (const same of order.subarray(at, end)) positions[same] = (at - first + (end - 1 - first)) / 2 + 1;
    at = end;
  }
  return positions;
};
