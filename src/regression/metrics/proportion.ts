import type { Shape } from '../measure.ts';
import { type AnsweredRows, type Answers, absent } from '../rows.ts';

/** The share of rows that `hit`; undefined leaves a row out. A row without an answer is left out, too. */
export const proportion = (
  hit: (rows: AnsweredRows, answers: Answers, row: number) => boolean | undefined,
): Extract<Shape, { readonly is: 'proportion' }> => ({
  is: 'proportion',
  hits: (rows, answers) => {
    const hits = new Float64Array(rows.size);
    for (let i = 0; i < rows.size; i++) {
      const is = answers.states[i] === absent ? undefined : hit(rows, answers, i);
      hits[i] = is === undefined ? Number.NaN : is ? 1 : 0;
    }
    return hits;
  },
});

/** Rows whose answer is the label; an error is none. */
export const rightAnswers = proportion((rows, answers, row) => answers.predictions[row] === rows.labels[row]);

/** Among the rows of one class, those that are found. */
export const found = (code: number): Shape =>
  proportion((rows, answers, row) => (rows.labels[row] === code ? answers.predictions[row] === code : undefined));
