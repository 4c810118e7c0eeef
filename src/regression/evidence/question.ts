import type { Better } from '../../findings/comparison.ts';
import type { Measure } from '../measure.ts';
import type { AnsweredRows, PairedRows } from '../rows.ts';
import type { Effort } from '../statistics/bootstrap.ts';

/** The number that a rule is about: how much better the candidate is, or its value alone. */
export type Question = Asked['question'];

/** One number of one measure over rows that the measure can compare. */
export type Asked = {
  /** This share of the baseline's value is added to the difference: a margin that is relative to it is as uncertain as it is. */
  readonly addedShare?: number;
  readonly measure: Measure;
  readonly effort: Effort;
  /** Rows of the rarest class that the measure needs; rows, where it needs none. */
  readonly support: number;
  /** The rows are `comparable` ones of the whole or a slice. */
} & (
  | { readonly question: 'difference'; readonly rows: PairedRows }
  | { readonly question: 'value'; readonly rows: AnsweredRows }
);

/** Positive is better for the candidate. */
export const differenceOf = (better: Better, candidate: number | null, baseline: number | null): number | null => {
  if (candidate === null || baseline === null) return null;
  if (better === 'higher') return candidate - baseline;
  if (better === 'lower') return baseline - candidate;
  return Math.abs(baseline - better.near) - Math.abs(candidate - better.near);
};

/** The number that is asked for, of both models' values. */
export const answerTo = (
  { question, measure, addedShare = 0 }: Pick<Asked, 'question' | 'measure' | 'addedShare'>,
  candidate: number | null,
  baseline: () => number | null,
): number | null => {
  if (question === 'value') return candidate;
  const value = baseline();
  const difference = differenceOf(measure.better, candidate, value);
  return difference === null || value === null ? null : difference + addedShare * Math.abs(value);
};
