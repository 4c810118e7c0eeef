import type { Comparison } from '../findings/comparison.ts';
import type { Regression } from '../findings/regression.ts';
import { withoutUndefined } from '../without-undefined.ts';
import { confusionsOf } from './confusions.ts';
import { harmfulChanges } from './harmful.ts';
import { isPaired } from './rows.ts';
import type { ScoredRows } from './scored-rows.ts';

export interface Shown {
  /** Names of the models, or of their files. */
  readonly candidate: string;
  readonly baseline?: string;
  /** Of rows only the ids. */
  readonly redacted: boolean;
}

/** A comparison with the parts of its rows that reports show. */
export const regressionFindings = (
  comparison: Comparison,
  { rows, texts }: ScoredRows,
  { candidate, baseline, redacted }: Shown,
): Regression => ({
  is: 'regression',
  candidate,
  ...comparison,
  ...withoutUndefined({ baseline, confusion: confusionsOf(rows) }),
  harmful: isPaired(rows) ? harmfulChanges(rows, texts, redacted) : [],
});
