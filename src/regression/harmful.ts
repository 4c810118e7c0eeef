import type { HarmfulChange } from '../findings/regression.ts';
import { positionsOf } from './positions.ts';
import { type Answers, absent, answered, type PairedRows } from './rows.ts';
import type { RowTexts } from './scored-rows.ts';

const most = 10;

type Side = 'candidate' | 'baseline';

/** Of one task: the harm of a row's change, above 0 for the worse, and the row's answer as a reader sees it. */
interface Harms {
  readonly of: (row: number) => number;
  readonly answer: (row: number, side: Side) => string;
}

/**
 * The rows whose predictions changed for the worse, the most harmful first, and equally harmful ones in the order of the rows. A weight
 * multiplies the harm of its row.
 * @param redacted leave out labels and predictions
 */
export const harmfulChanges = (rows: PairedRows, texts: RowTexts, redacted: boolean): readonly HarmfulChange[] => {
  const harms = harmsOf(rows, texts);
  return worst(rows, harms).map((row) => ({
    id: texts.id(row),
    ...(redacted
      ? {}
      : {
          row: {
            label: texts.label(row),
            baseline: harms.answer(row, 'baseline'),
            candidate: harms.answer(row, 'candidate'),
          },
        }),
  }));
};

/** One pass, and a short sorted list: a million rows are not sorted for ten of them. */
const worst = ({ size, weights, candidate, baseline }: PairedRows, harms: Harms): readonly number[] => {
  const found: { readonly row: number; readonly harm: number }[] = [];
  for (let row = 0; row < size; row++) {
    if (candidate.states[row] === absent || baseline.states[row] === absent) continue;
    const harm = harms.of(row) * (weights?.[row] ?? 1);
    // NaN is no harm either.
    if (!(harm > 0) || (found.length === most && harm <= (found.at(-1)?.harm ?? 0))) continue;
    const before = found.findIndex((one) => one.harm < harm);
    found.splice(before < 0 ? found.length : before, 0, { row, harm });
    if (found.length > most) found.pop();
  }
  return found.map(({ row }) => row);
};

const harmsOf = (rows: PairedRows, texts: RowTexts): Harms => {
  const answer = (row: number, side: Side): string => texts.prediction(row, side) ?? 'error';
  switch (rows.task) {
    case 'binary-classification':
    case 'multiclass-classification':
      return { of: classHarm(rows), answer };
    case 'regression':
      return { of: (row) => errorOf(rows, rows.candidate, row) - errorOf(rows, rows.baseline, row), answer };
    case 'ranking':
      return rankHarms(rows);
    case 'text':
      return { of: (row) => textValue(rows.baseline, row) - textValue(rows.candidate, row), answer };
  }
};

/** A right answer became a wrong one, 1 to 2: more where the right class lost more probability. */
const classHarm = (rows: PairedRows): Harms['of'] => {
  const right = ({ predictions }: Answers, row: number): boolean => predictions[row] === rows.labels[row];
  return (row) => {
    if (!right(rows.baseline, row) || right(rows.candidate, row)) return 0;
    const lost = confidence(rows, rows.baseline, row) - confidence(rows, rows.candidate, row);
    return 1 + (lost > 0 ? lost : 0);
  };
};

/** Probability of the right class; NaN without scores. */
const confidence = ({ task, labels, classes, positive }: PairedRows, { scores }: Answers, row: number): number => {
  if (scores === undefined) return Number.NaN;
  const label = labels[row] ?? 0;
  if (task !== 'binary-classification') return scores[row * classes.length + label] ?? Number.NaN;
  const score = scores[row] ?? Number.NaN;
  return label === positive ? score : 1 - score;
};

/** NaN for a model's error: a regression counts it as no answer. */
const errorOf = ({ labels }: PairedRows, { predictions }: Answers, row: number): number =>
  Math.abs((predictions[row] ?? Number.NaN) - (labels[row] ?? Number.NaN));

/** 0–2; 0 for a model's error. */
const textValue = ({ states, text }: Answers, row: number): number =>
  states[row] === answered ? (text?.exact[row] ?? 0) + (text?.tokenF1[row] ?? 0) : 0;

/** A relevant row moved down; the harm is the discounted gain that its query lost. */
const rankHarms = (rows: PairedRows): Harms => {
  const positions = { candidate: positionsOf(rows, rows.candidate), baseline: positionsOf(rows, rows.baseline) };
  const gain = (row: number, side: Side): number =>
    (rows.labels[row] ?? 0) / Math.log2(1 + (positions[side][row] ?? Number.NaN));
  return {
    of: (row) => gain(row, 'baseline') - gain(row, 'candidate'),
    answer: (row, side) => {
      const score = rows[side].scores?.[row] ?? Number.NaN;
      return Number.isNaN(score) ? 'error' : `position ${positions[side][row]}, score ${Number(score.toPrecision(6))}`;
    },
  };
};
