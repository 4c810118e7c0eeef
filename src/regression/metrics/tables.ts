import type { Average } from '../../manifest/regression.ts';
import { type Margins, marginsOf } from '../confusion.ts';
import { nothing } from '../leave-out.ts';
import type { ConfusionTable, Shape } from '../measure.ts';
import { meanOf, ratio } from '../ratio.ts';

/** A metric made of a confusion table's sums. */
export const ofMargins = (value: (margins: Margins, table: ConfusionTable) => number | null): Shape => ({
  is: 'table',
  of: (table) => value(marginsOf(table), table),
});

/** The value of one class: precision, F-beta. Null where it is 0/0. */
export type OfClass = (counts: ClassCounts) => number | null;

export interface ClassCounts {
  /** Rows with this label, with this answer, with both. */
  readonly support: number;
  readonly predicted: number;
  readonly hits: number;
}

export const precision: OfClass = ({ hits, predicted }) => ratio(hits, predicted);
export const recall: OfClass = ({ hits, support }) => ratio(hits, support);

/** The form that is defined as long as the class has a label or an answer. */
export const fBeta =
  (beta: number): OfClass =>
  ({ hits, support, predicted }) =>
    ratio((1 + beta * beta) * hits, beta * beta * support + predicted);

const countsOf = ({ support, predicted, hits }: Margins, code: number): ClassCounts => ({
  support: support[code] ?? 0,
  predicted: predicted[code] ?? 0,
  hits: hits[code] ?? 0,
});

export const ofClass = (code: number, value: OfClass): Shape => ofMargins((margins) => value(countsOf(margins, code)));

/**
 * Over classes: `macro` without those that neither a label nor an answer names; `weighted` by the rows of each class; `micro` of the counts
 * of all classes. A class with labels that is never answered has no precision, and then neither has the mean.
 */
export const averaged = (average: Average, value: OfClass): Shape =>
  ofMargins((margins) => {
    const classes = [...margins.support.keys()].map((code) => countsOf(margins, code));
    if (average === 'micro') return value(classes.reduce(added));
    const counting = classes.filter(({ support, predicted }) => support > 0 || (average === 'macro' && predicted > 0));
    return meanOf(counting.map(value), average === 'weighted' ? counting.map(({ support }) => support) : undefined);
  });

const added = (a: ClassCounts, b: ClassCounts): ClassCounts => ({
  support: a.support + b.support,
  predicted: a.predicted + b.predicted,
  hits: a.hits + b.hits,
});

/** Over the classes that have labels, as scikit-learn has it. */
export const balancedAccuracy: Shape = ofMargins((margins) =>
  meanOf(
    [...margins.support.keys()]
      .map((code) => countsOf(margins, code))
      .filter(({ support }) => support > 0)
      .map(recall),
  ),
);

/** Of both classes: undefined while one has no rows. */
export const balancedAccuracyOfBoth: Shape = ofMargins((margins, { positive }) => {
  let negatives = 0;
  let found = 0;
  for (let code = 0; code < margins.support.length; code++)
    if (code !== positive) {
      negatives += margins.support[code] ?? 0;
      found += margins.hits[code] ?? 0;
    }
  return meanOf([recall(countsOf(margins, positive ?? -1)), ratio(found, negatives)]);
});

/** Matthews correlation, for any number of classes. An answer that is no class is one more class, without labels. */
export const mcc: Shape = ofMargins((margins) => {
  const { total, right } = margins;
  const labels = total * total - sumOfProducts(margins.support, margins.support);
  const answers = total * total - sumOfProducts(margins.predicted, margins.predicted) - margins.unclassed ** 2;
  const common = right * total - sumOfProducts(margins.support, margins.predicted);
  return labels > 0 && answers > 0 ? ratio(common, Math.sqrt(labels) * Math.sqrt(answers)) : null;
});

/** Cohen's. */
export const kappa: Shape = ofMargins((margins) => {
  const { total, right } = margins;
  const expected = sumOfProducts(margins.support, margins.predicted) / total;
  // The quotient of a weight's square and the weight is not always the weight.
  return total - expected > total * nothing ? ratio(right - expected, total - expected) : null;
});

const sumOfProducts = (a: Float64Array, b: Float64Array): number => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
};
