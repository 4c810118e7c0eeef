import type { Ruling } from '../findings/comparison.ts';
import type { Criterion, Margin } from '../manifest/regression.ts';
import type { Evidence } from './statistics/evidence.ts';

/**
 * The range in which a rule wants the number: the oriented difference, or for `floor` and `ceiling` the distance to the limit. The rule is
 * kept above `lowest` and below `highest`.
 */
export interface Wanted {
  readonly lowest: number;
  /** Equivalence alone has one. */
  readonly highest?: number;
  /** A floor is kept at the limit itself. */
  readonly atLowest?: true;
}

export const wantedBy = (criterion: Criterion, baseline: number | null): Wanted => {
  switch (criterion.is) {
    case 'non-inferior':
    case 'max-drop':
      return { lowest: -marginIn(criterion.margin, baseline) };
    case 'superior':
      return { lowest: 0 };
    case 'must-improve-by':
      return { lowest: marginIn(criterion.margin, baseline) };
    case 'equivalent':
      return { lowest: -marginIn(criterion.margin, baseline), highest: marginIn(criterion.margin, baseline) };
    case 'floor':
    case 'ceiling':
      return { lowest: 0, atLowest: true };
  }
};

/** A margin in the metric's unit. */
export const marginIn = ({ value, of }: Margin, baseline: number | null): number =>
  of === 'baseline' ? value * Math.abs(baseline ?? 0) : value;

/** A rule's decision by the bounds, each at the rule's confidence. */
export interface Decision {
  readonly decision: Ruling;
  /** Of the hypothesis that the rule is kept: below 1 − confidence, the rule is broken. */
  readonly p: number;
  readonly interval: readonly [lower: number, upper: number];
}

/** Pass: the whole interval is wanted. Fail: none of it is. */
export const decide = (evidence: Evidence, wanted: Wanted, confidence: number): Decision => {
  const lower = evidence.lower(confidence);
  const upper = evidence.upper(confidence);
  const { lowest, highest = Number.POSITIVE_INFINITY, atLowest = false } = wanted;
  const isKept = (atLowest ? lower >= lowest : lower > lowest) && upper < highest;
  const isBroken = upper < lowest || lower > highest;
  return {
    decision: isKept ? 'pass' : isBroken ? 'fail' : 'inconclusive',
    p: pOfKept(evidence, wanted),
    interval: [lower, upper],
  };
};

/** Equivalence is broken on either side, so there are two chances to break it by accident. */
const pOfKept = (evidence: Evidence, { lowest, highest }: Wanted): number =>
  highest === undefined
    ? evidence.pAtLeast(lowest)
    : Math.min(1, 2 * Math.min(evidence.pAtLeast(lowest), evidence.pAtMost(highest)));

/** After Holm's correction over all rules: a failure of one rule alone needs more evidence among many, for of many one fails by chance. */
export const corrected = (decision: Ruling, adjustedP: number, confidence: number): Ruling =>
  decision === 'fail' && adjustedP > 1 - confidence ? 'inconclusive' : decision;
