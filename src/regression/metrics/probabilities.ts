import { nothing } from '../leave-out.ts';
import type { Shape } from '../measure.ts';
import { ratio } from '../ratio.ts';
import { type AnsweredRows, type Answers, answered, type Codes } from '../rows.ts';
import { takesPart } from '../usable.ts';
import { mean, undefinedTerm } from './mean.ts';

/** Smallest probability that a logarithm is taken of: one sure error must not hide all other rows. As scikit-learn has it. */
const smallest = 2 ** -52;

/** Rounded to two digits, the probabilities of some classes add up to a little more or less than 1. */
const tolerance = 0.02;

/**
 * The probabilities of a row's classes: those of a binary one are p and 1 − p. Undefined where they are none: a value above 1, or a sum that
 * is not 1, would make a loss that cannot be compared.
 */
const eachProbability = (
  rows: AnsweredRows,
  { scores }: Answers,
  row: number,
  visit: (probability: number, isLabel: boolean) => void,
): 'missing' | 'undefined' | 'visited' => {
  const { positive } = rows;
  const label = rows.labels[row];
  if (rows.task === 'binary-classification') {
    const probability = scores?.[row] ?? Number.NaN;
    if (Number.isNaN(probability)) return 'missing';
    if (probability < 0 || probability > 1) return 'undefined';
    visit(probability, label === positive);
    visit(1 - probability, label !== positive);
    return 'visited';
  }
  const classes = rows.classes.length;
  let sum = 0;
  for (let code = 0; code < classes; code++) {
    const probability = scores?.[row * classes + code] ?? Number.NaN;
    if (Number.isNaN(probability)) return 'missing';
    if (probability < 0 || probability > 1) return 'undefined';
    sum += probability;
  }
  if (Math.abs(sum - 1) > tolerance) return 'undefined';
  for (let code = 0; code < classes; code++) visit(scores?.[row * classes + code] ?? Number.NaN, label === code);
  return 'visited';
};

const meanOfProbabilities = (term: (probability: number, isLabel: boolean) => number): Shape =>
  mean((rows, answers, row) => {
    let sum = 0;
    const state = eachProbability(rows, answers, row, (probability, isLabel) => {
      sum += term(probability, isLabel);
    });
    return state === 'visited' ? sum : state === 'missing' ? Number.NaN : undefinedTerm;
  });

export const logLoss = meanOfProbabilities((probability, isLabel) =>
  isLabel ? -Math.log(Math.min(1 - smallest, Math.max(smallest, probability))) : 0,
);

/** Summed over classes. */
export const brier = meanOfProbabilities((probability, isLabel) => (probability - (isLabel ? 1 : 0)) ** 2);

/** Of the positive class alone: half of the sum. */
export const binaryBrier = meanOfProbabilities((probability, isLabel) => (probability - (isLabel ? 1 : 0)) ** 2 / 2);

const bins = 15;

/**
 * Expected calibration error: rows in 15 bins of equal width by the probability of the most probable class (lower end open, upper end in the
 * bin); the mean distance between that probability and the share of rows where that class is right. Among classes that are equally probable,
 * the label counts as its part of them.
 */
export const calibrationError: Shape = {
  is: 'whole',
  isBiased: true,
  takesPart: (rows, answers) => takesPart({ needs: 'scores' }, rows, answers),
  over: (rows, answers) => {
    const gaps = new Float64Array(rows.size);
    const binOf = new Uint8Array(rows.size);
    for (let i = 0; i < rows.size; i++) {
      let confidence = -1;
      let tied = 0;
      let right = 0;
      const state =
        answers.states[i] !== answered
          ? 'missing'
          : eachProbability(rows, answers, i, (probability, isLabel) => {
              if (probability < confidence) return;
              if (probability > confidence) tied = right = 0;
              confidence = probability;
              tied += 1;
              if (isLabel) right = 1;
            });
      gaps[i] = state === 'visited' ? right / tied - confidence : state === 'missing' ? Number.NaN : undefinedTerm;
      binOf[i] = state === 'visited' ? Math.max(0, Math.ceil(confidence * bins) - 1) : 0;
    }
    return {
      value: (multiplicities) => errorOf(gaps, binOf, multiplicities),
      withoutEach: (multiplicities, units) => errorsWithout({ gaps, binOf }, multiplicities, units),
    };
  },
};

const errorOf = (gaps: Float64Array, binOf: Uint8Array, multiplicities: Float64Array): number | null => {
  const sums = new Float64Array(bins);
  let all = 0;
  for (let i = 0; i < gaps.length; i++) {
    const gap = gaps[i] ?? Number.NaN;
    const times = multiplicities[i] ?? 0;
    if (times === 0 || Number.isNaN(gap)) continue;
    const bin = binOf[i] ?? 0;
    sums[bin] = (sums[bin] ?? 0) + times * gap;
    all += times;
  }
  return ratio(
    sums.reduce((sum, gap) => sum + Math.abs(gap), 0),
    all,
  );
};

const errorsWithout = (
  { gaps, binOf }: { readonly gaps: Float64Array; readonly binOf: Uint8Array },
  multiplicities: Float64Array,
  { of, count }: Codes,
): Float64Array => {
  // One column more than bins: the sum of multiplicities.
  const width = bins + 1;
  const ofUnits = new Float64Array(count * width);
  const all = new Float64Array(width);
  const add = (unit: number, column: number, amount: number): void => {
    ofUnits[unit * width + column] = (ofUnits[unit * width + column] ?? 0) + amount;
    all[column] = (all[column] ?? 0) + amount;
  };
  for (let i = 0; i < gaps.length; i++) {
    const gap = gaps[i] ?? Number.NaN;
    const times = multiplicities[i] ?? 0;
    if (times === 0 || Number.isNaN(gap)) continue;
    add(of[i] ?? 0, binOf[i] ?? 0, times * gap);
    add(of[i] ?? 0, bins, times);
  }
  return Float64Array.from({ length: count }, (_, unit) => {
    const left = (column: number): number => (all[column] ?? 0) - (ofUnits[unit * width + column] ?? 0);
    let sum = 0;
    for (let bin = 0; bin < bins; bin++) sum += Math.abs(left(bin));
    return left(bins) > nothing * (all[bins] ?? 0) && Number.isFinite(sum) ? sum / left(bins) : Number.NaN;
  });
};
