import { positionsOf } from '../positions.ts';
import { absent, type PairedRows } from '../rows.ts';

/** 1 for a row whose predictions differ (of a ranking, whose positions do), 0 for others; NaN where a model did not answer. */
export const changedRows = (rows: PairedRows): Float64Array => {
  const { candidate, baseline, size } = rows;
  const differs = rows.task === 'ranking' ? positionDiffers(rows) : answerDiffers(rows);
  const changed = new Float64Array(size).fill(Number.NaN);
  for (let row = 0; row < size; row++)
    if (candidate.states[row] !== absent && baseline.states[row] !== absent) changed[row] = differs(row) ? 1 : 0;
  return changed;
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
