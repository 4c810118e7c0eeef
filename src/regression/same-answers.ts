import type { Need } from './measure.ts';
import type { Answers, PairedRows } from './rows.ts';

/** Whether both models gave every row the same answer, in the columns that a measure needs: then it differs by nothing. */
export const sameAnswers = ({ candidate, baseline }: PairedRows, needs: Need): boolean =>
  columnsOf(candidate, needs).every((column, index) => areEqual(column, columnsOf(baseline, needs)[index]));

type Column = Float64Array | Uint8Array | undefined;

const columnsOf = (
  { states, predictions, scores, latencyMs, bytes, text }: Answers,
  needs: Need,
): readonly Column[] => {
  switch (needs) {
    case 'predictions':
      return [states, predictions, text?.exact, text?.tokenF1];
    case 'scores':
      return [states, predictions, scores];
    case 'errors':
      return [states];
    case 'latency':
      return [states, latencyMs];
    case 'bytes':
      return [states, bytes];
  }
};

const areEqual = (a: Column, b: Column): boolean => {
  if (a === undefined || b === undefined) return a === b;
  for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) return false;
  return a.length === b.length;
};
