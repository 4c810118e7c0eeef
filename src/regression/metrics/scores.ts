import { rising } from '../order.ts';
import { type Answers, answered, type PairedRows } from '../rows.ts';

/** One score a row; NaN where the row has none, or is not answered. */
export const scoresOfAnswered = (rows: PairedRows, answers: Answers): Float64Array =>
  scoresOfClass(rows, answers, 0, 1);

/** The scores of one class, of `block` scores a row. */
export const scoresOfClass = (rows: PairedRows, answers: Answers, code: number, block: number): Float64Array => {
  const scores = new Float64Array(rows.size);
  for (let i = 0; i < rows.size; i++)
    scores[i] = answers.states[i] === answered ? (answers.scores?.[i * block + code] ?? Number.NaN) : Number.NaN;
  return scores;
};

/** Rows by rising score. */
export interface ScoreOrder {
  readonly scores: Float64Array;
  readonly order: Uint32Array;
}

/** ROC-AUC, average precision and PR-AUC need the same order, and a million rows take a while. */
const orders = new WeakMap<Answers, ScoreOrder>();

export const orderOfScores = (rows: PairedRows, answers: Answers): ScoreOrder => {
  const known = orders.get(answers);
  if (known) return known;
  const scores = scoresOfAnswered(rows, answers);
  const made = { scores, order: rising(scores) };
  orders.set(answers, made);
  return made;
};
