import type { RowCounts } from '../findings/comparison.ts';
import { positionsOf } from './positions.ts';
import { type AnsweredRows, absent, failed, isPaired, type PairedRows } from './rows.ts';

export const countRows = (rows: AnsweredRows): RowCounts => {
  const { candidate, size } = rows;
  const answeredByCandidate = size - countOf(candidate.states, absent);
  const failedCandidate = countOf(candidate.states, failed);
  return isPaired(rows)
    ? { ...countPairs(rows), failedCandidate }
    : { compared: answeredByCandidate, unanswered: size - answeredByCandidate, failedCandidate };
};

const countOf = (states: Uint8Array, wanted: number): number => {
  let count = 0;
  // By index: an iterator makes an object for each of a million rows.
  for (let row = 0; row < states.length; row++) if (states[row] === wanted) count++;
  return count;
};

const countPairs = (rows: PairedRows): Omit<RowCounts, 'failedCandidate'> => {
  const { candidate, baseline, size } = rows;
  const counts = { compared: 0, unanswered: 0, onlyCandidate: 0, onlyBaseline: 0, flipped: 0 };
  const differs = rows.task === 'ranking' ? positionDiffers(rows) : answerDiffers(rows);
  for (let row = 0; row < size; row++) {
    const [ofCandidate, ofBaseline] = [candidate.states[row] !== absent, baseline.states[row] !== absent];
    if (ofCandidate && ofBaseline) {
      counts.compared++;
      if (differs(row)) counts.flipped++;
    } else if (ofCandidate) counts.onlyCandidate++;
    else if (ofBaseline) counts.onlyBaseline++;
    else counts.unanswered++;
  }
  return { ...counts, failedBaseline: countOf(baseline.states, failed) };
};

const answerDiffers =
  ({ candidate, baseline }: PairedRows) =>
  (row: number): boolean =>
    candidate.states[row] !== baseline.states[row] ||
    !Object.is(candidate.predictions[row], baseline.predictions[row]) ||
    candidate.text?.exact[row] !== baseline.text?.exact[row] ||
    candidate.text?.tokenF1[row] !== baseline.text?.tokenF1[row];

/** The scores of two rankings nearly always differ; their orders may not. */
const positionDiffers = (rows: PairedRows): ((row: number) => boolean) => {
  const [candidate, baseline] = [positionsOf(rows, rows.candidate), positionsOf(rows, rows.baseline)];
  return (row) => !Object.is(candidate[row], baseline[row]);
};
