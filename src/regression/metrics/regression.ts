import type { Shape } from '../measure.ts';
import { ratio } from '../ratio.ts';
import type { AnsweredRows, Answers } from '../rows.ts';
import { loss, type Makers, required } from './maker.ts';
import { mean, termsOf, undefinedTerm } from './mean.ts';
import { largest, quantile } from './quantile.ts';
import { served } from './served.ts';

const labelOf = ({ labels }: AnsweredRows, _: Answers, row: number): number => labels[row] ?? Number.NaN;
const errorOf = (rows: AnsweredRows, answers: Answers, row: number): number =>
  (answers.predictions[row] ?? Number.NaN) - labelOf(rows, answers, row);
const absoluteError = (rows: AnsweredRows, answers: Answers, row: number): number =>
  Math.abs(errorOf(rows, answers, row));
const squaredError = (rows: AnsweredRows, answers: Answers, row: number): number => errorOf(rows, answers, row) ** 2;

/** 0/0, or more, is no relative error. */
const relativeTo = (error: number, size: number): number => (size === 0 ? undefinedTerm : error / size);

const sumsOf = (
  terms: (rows: AnsweredRows, answers: Answers) => readonly Float64Array[],
  of: (sums: readonly number[], weight: number) => number | null,
): Shape => ({ is: 'sums', terms, of });

/**
 * 1 − Σ error² ÷ Σ (label − mean)². Labels are taken from their mean first, for the difference of two large sums would lose the digits; equal
 * labels then are exactly 0.
 */
const explained = (whole: boolean): Shape =>
  sumsOf(
    (rows, answers) => {
      const labels = centred(termsOf(rows, answers, labelOf));
      const errors = termsOf(rows, answers, errorOf);
      const offErrors = whole ? errors : centred(errors);
      return [labels, squared(labels), squared(offErrors), ...(whole ? [] : [offErrors])];
    },
    ([label = 0, labelSquared = 0, errorSquared = 0, error = 0], weight) => {
      const variation = labelSquared - (label * label) / weight;
      if (!(variation > labelSquared * rounding)) return null;
      const unexplained = ratio(errorSquared - (error * error) / weight, variation);
      return unexplained === null ? null : 1 - unexplained;
    },
  );

/** A variation that is this small a part of its terms is an error of rounding: the labels are equal. */
const rounding = 1e-13;

const centred = (values: Float64Array): Float64Array => {
  let smallest = Number.POSITIVE_INFINITY;
  let greatest = Number.NEGATIVE_INFINITY;
  let sum = 0;
  let count = 0;
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    smallest = Math.min(smallest, value);
    greatest = Math.max(greatest, value);
    sum += value;
    count++;
  }
  // The mean of equal numbers may differ from them by its rounding.
  const centre = Math.min(greatest, Math.max(smallest, sum / count));
  return values.map((value) => value - centre);
};

const squared = (values: Float64Array): Float64Array => values.map((value) => value * value);

const pinball = (level: number): Shape =>
  mean((rows, answers, row) => {
    const error = errorOf(rows, answers, row);
    return error > 0 ? (1 - level) * error : -level * error;
  });

/** Zero labels make no sum: undefined. */
const weightedRelativeError: Shape = sumsOf(
  (rows, answers) => [
    termsOf(rows, answers, absoluteError),
    termsOf(rows, answers, (some, given, row) => Math.abs(labelOf(some, given, row))),
  ],
  ([errors = 0, sizes = 0]) => ratio(errors, sizes),
);

const fromPredictions = { ...loss, needs: 'predictions' } as const;
const explaining = { ...fromPredictions, better: 'higher', bounds: [Number.NEGATIVE_INFINITY, 1] } as const;

export const regression: Makers<'regression'> = {
  ...served,
  mae: () => ({ ...fromPredictions, shape: mean(absoluteError) }),
  mse: () => ({ ...fromPredictions, shape: mean(squaredError) }),
  rmse: () => ({ ...fromPredictions, shape: mean(squaredError, Math.sqrt) }),
  mape: () => ({
    ...fromPredictions,
    shape: mean((rows, answers, row) =>
      relativeTo(absoluteError(rows, answers, row), Math.abs(labelOf(rows, answers, row))),
    ),
  }),
  smape: () => ({
    ...fromPredictions,
    bounds: [0, 2],
    shape: mean((rows, answers, row) => {
      const sizes = Math.abs(labelOf(rows, answers, row)) + Math.abs(answers.predictions[row] ?? Number.NaN);
      return relativeTo(2 * absoluteError(rows, answers, row), sizes);
    }),
  }),
  wape: () => ({ ...fromPredictions, shape: weightedRelativeError }),
  r2: () => ({ ...explaining, shape: explained(true) }),
  'explained-variance': () => ({ ...explaining, shape: explained(false) }),
  'median-absolute-error': () => ({ ...fromPredictions, shape: quantile(0.5, 'predictions', absoluteError) }),
  'max-error': () => ({ ...fromPredictions, shape: largest(absoluteError) }),
  pinball: (name) => ({ ...fromPredictions, shape: pinball(required(name, 'quantile')) }),
  'quantile-coverage': (name) => ({
    ...fromPredictions,
    better: { near: required(name, 'quantile') },
    bounds: [0, 1],
    shape: mean((rows, answers, row) => (errorOf(rows, answers, row) >= 0 ? 1 : 0)),
  }),
  bias: () => ({
    ...fromPredictions,
    better: { near: 0 },
    bounds: [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
    shape: mean(errorOf),
  }),
};
