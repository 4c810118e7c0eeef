import type { RowCounts } from '../findings/comparison.ts';
import { type AnsweredRows, absent, failed, isPaired, type PairedRows } from './rows.ts';

/** @param changed 1 for rows whose predictions differ, where there is a baseline */
export const countRows = (rows: AnsweredRows, changed: Float64Array | undefined): RowCounts => {
  const { candidate, size } = rows;
  const answeredByCandidate = size - countOf(candidate.states, absent);
  const failedCandidate = countOf(candidate.states, failed);
  return isPaired(rows)
    ? { ...countPairs(rows), failedCandidate, flipped: countOf(changed ?? new Float64Array(0), 1) }
    : { compared: answeredByCandidate, unanswered: size - answeredByCandidate, failedCandidate };
};

const countOf = (column: Uint8Array | Float64Array, wanted: number): number => {
  let count = 0;
  // By index: an iterator makes an object for each of a million rows.
  for (let row = 0; row < column.length; row++) if (column[row] === wanted) count++;
  return count;
};

const countPairs = ({ candidate, baseline, size }: PairedRows): Omit<RowCounts, 'failedCandidate'> => {
  const counts = { compared: 0, unanswered: 0, onlyCandidate: 0, onlyBaseline: 0 };
  for (let row = 0; row < size; row++) {
    const [ofCandidate, ofBaseline] = [candidate.states[row] !== absent, baseline.states[row] !== absent];
    if (ofCandidate && ofBaseline) counts.compared++;
    else if (ofCandidate) counts.onlyCandidate++;
    else if (ofBaseline) counts.onlyBaseline++;
    else counts.unanswered++;
  }
  return { ...counts, failedBaseline: countOf(baseline.states, failed) };
};
