import type { Cell } from '../findings/comparison.ts';
import type { RegressionPolicy, Rule } from '../manifest/regression.ts';
import { corrected, type Decision, decide, type Wanted, wantedBy } from './decide.ts';
import { evidenceOf } from './evidence/evidence-of.ts';
import { mcnemarOf } from './evidence/proportion.ts';
import { differenceOf, type Question } from './evidence/question.ts';
import type { Measure } from './measure.ts';
import { mostRows, resolvableMargin, timesTheRows } from './power.ts';
import { type AnsweredRows, isPaired } from './rows.ts';
import { sameAnswers } from './same-answers.ts';
import type { Effort } from './statistics/bootstrap.ts';
import { distanceAbove, distanceBelow, type Evidence, unfavourable } from './statistics/evidence.ts';
import { type Support, supportOf } from './support.ts';
import { baselineValue, metricValue } from './value.ts';

/** A rule at its place: one measure over the whole or a slice. */
export interface Place {
  readonly rule: Rule;
  readonly measure: Measure;
  readonly slice?: string;
  /** Those of the whole or the slice that the measure can compare. */
  readonly rows: AnsweredRows;
  /** Rows of the whole or the slice, with those that lack an answer. */
  readonly before: number;
}

/** A cell before Holm's correction, and the evidence behind it where there is any. */
export interface Examined {
  readonly place: Omit<Place, 'rows' | 'before'>;
  readonly support: Support;
  readonly candidate: number | null;
  /** Absent where the candidate is judged alone. */
  readonly baseline?: number | null;
  readonly difference: number | null;
  readonly wanted: Wanted;
  /** Absent where nothing can be decided, or nothing differs. */
  readonly evidence?: Evidence;
  readonly decision?: Decision;
  readonly nothingDiffers: boolean;
  readonly mcnemarP?: number;
  /** The reason that nothing can be decided. */
  readonly lacking?: { readonly because: string; readonly needed: number | null };
}

/** Evidence about a number of a measure: several rules about it look at the same. */
export type EvidenceOn = (question: Question, estimate: number, addedShare?: number) => Evidence | null;

export const evidenceOn =
  (place: Pick<Place, 'measure' | 'rows'>, support: number, effort: Effort): EvidenceOn =>
  (question, estimate, addedShare = 0) => {
    const { measure, rows } = place;
    const asked = { addedShare, measure, effort, support };
    if (question === 'value') return evidenceOf({ ...asked, question, rows }, estimate);
    return isPaired(rows) ? evidenceOf({ ...asked, question, rows }, estimate) : null;
  };

export const examine = (
  place: Place,
  policy: Pick<RegressionPolicy, 'minimumSupport' | 'missing'>,
  evidenceFor: (support: number) => EvidenceOn,
): Examined => {
  const { rule, measure, rows } = place;
  const support = supportOf(policy, measure, rows, place.before);
  const candidate = rows.size > 0 ? metricValue(measure, rows, rows.candidate) : null;
  const baseline = rows.size > 0 ? baselineValue(measure, rows) : null;
  const difference = numberOf(place, candidate, baseline);
  const wanted = wantedBy(rule.criterion, baseline);
  const { before, rows: _, ...named } = place;
  const found = {
    ...{ place: named, support, candidate, difference, wanted, nothingDiffers: false },
    ...(isPaired(rows) ? { baseline } : {}),
  };
  if (support.lacking) return { ...found, lacking: support.lacking };
  if (difference === null)
    return { ...found, lacking: { because: undefinedFor(candidate, baseline, rule), needed: null } };
  if (allowsEquality(rule) && isPaired(rows) && sameAnswers(rows, measure.needs))
    return { ...found, nothingDiffers: true, decision: { decision: 'pass', p: 1, interval: [0, 0] } };
  const evidence = evidenceAt(place, { candidate, baseline, difference }, evidenceFor(support.rarest));
  if (evidence === null)
    return { ...found, lacking: { because: 'undefined in too many of the drawn sets', needed: null } };
  const mcnemarP =
    measure.shape.is === 'proportion' && questionOf(rule) === 'difference' && isPaired(rows)
      ? mcnemarOf(rows, measure.shape)
      : undefined;
  return {
    ...found,
    evidence,
    decision: decide(evidence, wanted, rule.confidence),
    ...(mcnemarP === undefined ? {} : { mcnemarP }),
  };
};

/** `floor` and `ceiling` are about the candidate alone. */
export const questionOf = ({ criterion }: Pick<Rule, 'criterion'>): Question =>
  criterion.is === 'floor' || criterion.is === 'ceiling' ? 'value' : 'difference';

/** A model that gives the baseline's answers keeps the rule. */
const allowsEquality = ({ criterion: { is } }: Rule): boolean =>
  is === 'non-inferior' || is === 'max-drop' || is === 'equivalent';

/** The number that the rule is about: the oriented difference, or the distance to the limit. */
export const numberOf = (
  { rule: { criterion }, measure }: Pick<Place, 'rule' | 'measure'>,
  candidate: number | null,
  baseline: number | null,
): number | null => {
  if (criterion.is === 'floor') return candidate === null ? null : candidate - criterion.value;
  if (criterion.is === 'ceiling') return candidate === null ? null : criterion.value - candidate;
  return differenceOf(measure.better, candidate, baseline);
};

interface Numbers {
  readonly candidate: number | null;
  readonly baseline: number | null;
  readonly difference: number;
}

/** The shares of the baseline whose sum with the difference decides; for an equivalence, one on each side. */
const relativeMargins = ({ criterion }: Rule): readonly number[] => {
  if (!('margin' in criterion) || criterion.margin.of !== 'baseline') return [];
  const { value } = criterion.margin;
  if (criterion.is === 'equivalent') return [value, -value];
  return [criterion.is === 'must-improve-by' ? -value : value];
};

/** Evidence about that number. */
export const evidenceAt = (
  { rule, measure }: Pick<Place, 'rule' | 'measure'>,
  { candidate, baseline, difference }: Numbers,
  evidenceOf: EvidenceOn,
): Evidence | null => {
  const { criterion } = rule;
  // Proportions and areas have statistics of their own, and a margin that moves little beside the difference.
  const own = (measure.shape.is === 'proportion' || measure.shape.is === 'auc') && typeof measure.better !== 'object';
  const relative = relativeMargins(rule);
  if (relative.length > 0 && !own) {
    const size = Math.abs(baseline ?? 0);
    const sides = relative.map((share) => {
      const evidence = evidenceOf('difference', difference + share * size, share);
      return evidence && distanceAbove(evidence, share * size);
    });
    return sides.reduce((one, other) => one && other && unfavourable(one, other));
  }
  const evidence = evidenceOf(questionOf(rule), questionOf(rule) === 'value' ? (candidate ?? 0) : difference);
  if (evidence === null) return null;
  if (criterion.is === 'floor') return distanceAbove(evidence, criterion.value);
  return criterion.is === 'ceiling' ? distanceBelow(evidence, criterion.value) : evidence;
};

const undefinedFor = (candidate: number | null, baseline: number | null, rule: Rule): string => {
  if (questionOf(rule) === 'value') return 'undefined for the candidate';
  if (candidate === null && baseline === null) return 'undefined for both models';
  return candidate === null ? 'undefined for the candidate' : 'undefined for the baseline';
};

/** The cell as reports have it. */
export const cellOf = (examined: Examined, adjustedP: number | null): Cell => {
  const { place, support, candidate, baseline, difference, decision, evidence, nothingDiffers, mcnemarP } = examined;
  const { rule, measure, slice } = place;
  const ruling =
    decision && adjustedP !== null
      ? corrected(decision.decision, adjustedP, rule.confidence)
      : (decision?.decision ?? 'inconclusive');
  const because = becauseOf(examined, ruling, adjustedP);
  const [smallest, largest] = measure.bounds;
  return {
    metric: measure.name,
    ...(slice === undefined ? {} : { slice }),
    rule,
    better: measure.better,
    rows: support.rows,
    ...(support.clusters === undefined ? {} : { clusters: support.clusters }),
    ...(support.queries === undefined ? {} : { queries: support.queries }),
    candidate,
    ...(baseline === undefined ? {} : { baseline }),
    difference,
    interval: decision?.interval ?? null,
    statistic: evidence?.statistic ?? 'none',
    decision: ruling,
    ...(because === undefined ? {} : { because }),
    p: decision?.p ?? null,
    adjustedP,
    ...(mcnemarP === undefined ? {} : { mcnemarP }),
    rowsNeeded: nothingDiffers ? unitsOfEvidence(support) : rowsNeeded(examined),
    resolvableMargin:
      evidence && questionOf(rule) === 'difference'
        ? resolvableMargin(evidence, rule.confidence, largest - smallest)
        : null,
  };
};

const becauseOf = (examined: Examined, ruling: Cell['decision'], adjustedP: number | null): string | undefined => {
  const { decision, nothingDiffers, lacking } = examined;
  if (lacking) return lacking.because;
  if (nothingDiffers) return 'nothing differs';
  if (ruling !== 'inconclusive') return undefined;
  if (decision?.decision === 'fail')
    return `a failure if it were the only rule; among all rules one fails by chance (p ${shortP(decision.p)}, corrected ${shortP(adjustedP ?? 1)})`;
  return 'the interval allows both';
};

const shortP = (p: number): string => String(Number(p.toPrecision(2)));

const unitsOfEvidence = ({ clusters, queries, rows }: Support): number => clusters ?? queries ?? rows;

/** Rows (clusters, queries) for a decision. */
const rowsNeeded = ({ evidence, lacking, wanted, place, difference, support }: Examined): number | null => {
  if (lacking) return lacking.needed;
  if (!evidence || difference === null) return null;
  const truth = questionOf(place.rule) === 'value' ? difference : 0;
  const times = timesTheRows(evidence, wanted, place.rule.confidence, truth);
  if (times === null) return null;
  const needed = Math.ceil(unitsOfEvidence(support) * times);
  return needed > mostRows ? null : needed;
};
