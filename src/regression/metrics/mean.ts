import type { Shape } from '../measure.ts';
import { ratio } from '../ratio.ts';
import { type AnsweredRows, type Answers, answered } from '../rows.ts';

/** NaN: the row has none. */
export type Term = (rows: AnsweredRows, answers: Answers, row: number) => number;

/**
 * The mean of a term over the answered rows. NaN leaves a row out; infinity makes the mean undefined, wherever the row is counted: that is
 * how one label of 0 makes a MAPE undefined.
 * @param of of the mean; a root, say
 */
export const mean = (term: Term, of: (mean: number) => number = (value) => value): Shape => ({
  is: 'sums',
  terms: (rows, answers) => [termsOf(rows, answers, term)],
  of: ([sum = 0], weight) => {
    const value = ratio(sum, weight);
    return value === null ? null : of(value);
  },
});

export const termsOf = (rows: AnsweredRows, answers: Answers, term: Term): Float64Array => {
  const terms = new Float64Array(rows.size);
  for (let i = 0; i < rows.size; i++) terms[i] = answers.states[i] === answered ? term(rows, answers, i) : Number.NaN;
  return terms;
};

/** The term of a row for which the metric is undefined. */
export const undefinedTerm = Number.POSITIVE_INFINITY;
