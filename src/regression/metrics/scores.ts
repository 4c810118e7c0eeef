import { type AnsweredRows, type Answers, answered } from '../rows.ts';

/** One score a row; NaN where the row has none, or is not answered. Not to be written to: often it is the column itself. */
export const scoresOfAnswered = (rows: AnsweredRows, answers: Answers): Float64Array =>
  answers.scores && answers.states.every((state) => state === answered)
    ? answers.scores
    : scoresOfClass(rows, answers, 0, 1);

/** The scores of one class, of `block` scores a row. */
export const scoresOfClass = (rows: AnsweredRows, answers: Answers, code: number, block: number): Float64Array => {
  const scores = new Float64Array(rows.size);
  for (let i = 0; i < rows.size; i++)
    scores[i] = answers.states[i] === answered ? (answers.scores?.[i * block + code] ?? Number.NaN) : Number.NaN;
  return scores;
};
