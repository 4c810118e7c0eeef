import type { Catch, Planted, SelfTest } from '../findings/comparison.ts';
import { percent } from '../judge/amounts.ts';
import type { Task } from '../manifest/regression.ts';
import { cannotFailAlone } from './alone.ts';
import { type Decision, decide, wantedBy } from './decide.ts';
import { type Examined, evidenceAt, evidenceOn, numberOf, type Place } from './examine.ts';
import { hopelessAnswers, partlyHopeless, partOfTheWay, perfectAnswers, sampleForSelfTest } from './planted.ts';
import { powerToFail, smallestDropCaught } from './power.ts';
import { type AnsweredRows, type Answers, failed, isPaired, type PairedRows } from './rows.ts';
import { select } from './selection.ts';
import type { Effort } from './statistics/bootstrap.ts';
import { randomOf, shuffled } from './statistics/random.ts';
import { amountText, powerText, ruleText, valueText } from './units.ts';
import { comparable } from './usable.ts';
import { baselineValue, metricValue } from './value.ts';

/** A hopeless candidate is far off: fewer sets suffice than for a verdict. */
const draws = 250;
const streamOfPlanting = 0x7ffffffd;

/**
 * The same policy, over candidates made from the same rows (rule 15). Each `fail` rule that could be decided must fail a hopeless candidate,
 * must not pass one just beyond its margin, and must say the opposite of the swapped pair.
 * @param failing cells of `fail` rules
 * @param aloneAt task of a candidate that is judged alone
 */
export const selfTestOf = (failing: readonly Examined[], tested: readonly Tested[], aloneAt?: Task): SelfTest => {
  const missed = tested.find(({ misses }) => misses !== undefined);
  return {
    canFail: tested.length > 0 ? missed === undefined : failing.length > 0 ? null : false,
    because: missed?.misses ?? (tested.length === 0 ? nothingToTest(failing, aloneAt) : caughtSentence(tested)),
    planted: tested.flatMap(({ planted }) => planted),
    catches: catchesOf(tested),
    ...(aloneAt === undefined ? { mirrored: tested.every(({ mirrored }) => mirrored) } : {}),
  };
};

const nothingToTest = (failing: readonly Examined[], aloneAt?: Task): string => {
  const first = failing[0];
  if (first) return `${nameOf(first.place)}: ${first.lacking?.because ?? 'nothing to decide'}`;
  return aloneAt === undefined ? 'every rule only warns' : cannotFailAlone(aloneAt);
};

const nameOf = ({ measure, slice }: Pick<Place, 'measure' | 'slice'>): string =>
  slice === undefined ? measure.name : `${measure.name} in ${slice}`;

/** The self-test of one cell. */
export interface Tested {
  readonly planted: readonly Planted[];
  readonly caught?: Catch;
  /** Absent where there is no pair to swap. */
  readonly mirrored?: boolean;
  /** The reason that this cell cannot fail. */
  readonly misses?: string;
}

/**
 * @param place of the cell, with its rows
 * @param family how many cells Holm's correction is over
 */
export const testCell = (cell: Examined, place: Place, seed: number, family: number): Tested => {
  const effort = { seed, draws };
  const rows = sampleForSelfTest(place.rows, place.measure, seed);
  const judged = (answers: Answers): Trial => judge(place, { ...rows, candidate: answers }, effort, family);
  const worst = worstOf(place, rows);
  const hopeless = worst && judged(worst);
  const beyond = worst && judged(justBeyond(place, rows, worst, effort.seed) ?? worst);
  const mirrored = isPaired(rows) ? isMirrored(place, rows, effort) : undefined;
  const worstIs = limitsGood(place) ? 'perfect' : 'hopeless';
  const name = `${nameOf(place)}, rule ${ruleText(place.rule)},`;
  const misses =
    hopeless?.decision !== 'fail'
      ? `${name} does not fail ${planted(worstIs)}${baselineAtWorst(place, rows, hopeless)}`
      : beyond?.decision === 'pass'
        ? `${name} passes a candidate beyond its margin`
        : mirrored === false
          ? `${name} does not say the opposite of the swapped pair`
          : undefined;
  const caught = catchOf(cell, family);
  return {
    planted: [
      plantedOf(cell, worstIs, hopeless, family),
      plantedOf(cell, 'beyond-margin', hopeless?.decision === 'fail' ? beyond : undefined, family),
    ],
    ...(caught && { caught }),
    ...(mirrored === undefined ? {} : { mirrored }),
    ...(misses === undefined ? {} : { misses }),
  };
};

interface Trial {
  readonly difference: number | null;
  readonly decision: Decision['decision'];
}

/** The rule's decision on planted rows; a failure counts only where it is one among all rules. */
const judge = (place: Place, planted: AnsweredRows, effort: Effort, family: number): Trial => {
  const rows = comparableOf(place, planted);
  const candidate = metricValue(place.measure, rows, rows.candidate);
  const baseline = baselineValue(place.measure, rows);
  const difference = numberOf(place, candidate, baseline);
  if (difference === null) return { difference, decision: 'inconclusive' };
  const evidence = evidenceAt(
    place,
    { candidate, baseline, difference },
    evidenceOn({ ...place, rows }, rarestOf(place, rows), effort),
  );
  if (evidence === null) return { difference, decision: 'inconclusive' };
  const { confidence, criterion } = place.rule;
  const { decision, p } = decide(evidence, wantedBy(criterion, baseline), confidence);
  return {
    difference,
    decision: decision === 'fail' && Math.min(1, p * family) > 1 - confidence ? 'inconclusive' : decision,
  };
};

const comparableOf = ({ measure }: Place, rows: AnsweredRows): AnsweredRows => {
  const indexes = comparable(measure, rows);
  return indexes.length === rows.size ? rows : select(rows, indexes);
};

const rarestOf = ({ measure }: Place, rows: AnsweredRows): number =>
  measure.classes.reduce(
    (least, code) =>
      Math.min(
        least,
        rows.labels.reduce((count, label) => (label === code ? count + 1 : count), 0),
      ),
    rows.size,
  );

/** The number that the rule is about, for these answers. */
const numberFor = (place: Place, rows: AnsweredRows, answers: Answers): number | null => {
  const planted = comparableOf(place, { ...rows, candidate: answers });
  return planted.size === 0
    ? null
    : numberOf(place, metricValue(place.measure, planted, planted.candidate), baselineValue(place.measure, planted));
};

/** A guard against results that are too good to be true: no wrong answer is beyond it. */
const limitsGood = ({ rule: { criterion }, measure: { better } }: Pick<Place, 'rule' | 'measure'>): boolean =>
  criterion.is === (better === 'lower' ? 'floor' : 'ceiling') && typeof better !== 'object';

const planted = (is: Planted['is']): string => `a candidate that is always ${is === 'perfect' ? 'right' : 'wrong'}`;

/** Where nothing is worse than the baseline by more than the margin, the gate cannot fail because of the baseline. */
const baselineAtWorst = (place: Place, rows: AnsweredRows, worst: Trial | undefined): string => {
  const { criterion, metric } = place.rule;
  const baseline = baselineValue(place.measure, rows);
  if (criterion.is === 'floor' || criterion.is === 'ceiling' || worst?.difference == null || baseline === null)
    return '';
  const has = `: the baseline has ${valueText(metric.metric, baseline)} itself, and`;
  if (worst.difference >= 0) return `${has} nothing is worse`;
  return worst.difference >= wantedBy(criterion, baseline).lowest
    ? `${has} nothing is worse by more than the margin`
    : '';
};

/** The hopeless answers that this rule's number is worst for. */
const worstOf = (place: Place, rows: AnsweredRows): Answers | undefined => {
  let worst: { readonly answers: Answers; readonly number: number } | undefined;
  for (const answers of limitsGood(place) ? [perfectAnswers(rows)] : hopelessAnswers(rows)) {
    const number = numberFor(place, rows, answers);
    if (number !== null && number < (worst?.number ?? Number.POSITIVE_INFINITY)) worst = { answers, number };
  }
  return worst?.answers;
};

/** The template's answers, made worse by as little as brings the number below the wanted range. */
const justBeyond = (place: Place, rows: AnsweredRows, hopeless: Answers, seed: number): Answers | undefined => {
  const { steps, worsened } = worsening(rows, hopeless, seed);
  const baseline = baselineValue(place.measure, rows);
  const { lowest } = wantedBy(place.rule.criterion, baseline);
  const isBeyond = (step: number): boolean => {
    const number = numberFor(place, rows, worsened(step));
    return number !== null && number < lowest;
  };
  let short = -1;
  let enough = steps;
  if (!isBeyond(enough)) return undefined;
  while (enough - short > 1) {
    const middle = Math.floor((short + enough) / 2);
    if (isBeyond(middle)) enough = middle;
    else short = middle;
  }
  return worsened(enough);
};

/** Steps from the answers of the model that serves, or of a candidate that is judged alone, to hopeless ones. */
interface Worsening {
  readonly steps: number;
  readonly worsened: (step: number) => Answers;
}

/**
 * One more random row with a hopeless answer at each step. One hopeless number alone may be far beyond the margin: so numbers go a part of the
 * way in every row, 3 % more at each step.
 */
const worsening = (rows: AnsweredRows, hopeless: Answers, seed: number): Worsening => {
  const steps = 1000;
  if (rows.task === 'regression' && !hopeless.states.includes(failed))
    return { steps, worsened: (step) => partOfTheWay(rows, hopeless, 1.03 ** (step - steps)) };
  const order = shuffled(rows.size, randomOf(seed, streamOfPlanting));
  return { steps: rows.size, worsened: (count) => partlyHopeless(rows, hopeless, order, count) };
};

/** Drawn sets of the swapped pair are others, so its interval is the mirror image only up to their chance: a part of its width. */
const tolerated = 0.25;

const isMirrored = (place: Place, rows: PairedRows, effort: Effort): boolean => {
  const { measure, rule } = place;
  const swapped = { ...rows, candidate: rows.baseline, baseline: rows.candidate };
  const sides = [rows, swapped].map((pair) => {
    const candidate = metricValue(measure, pair, pair.candidate);
    const difference = numberOf(
      { measure, rule: { ...rule, criterion: { is: 'superior' } } },
      candidate,
      metricValue(measure, pair, pair.baseline),
    );
    const evidence =
      difference === null
        ? null
        : evidenceOn({ measure, rows: pair }, rarestOf(place, pair), effort)('difference', difference);
    return { difference, interval: evidence && [evidence.lower(rule.confidence), evidence.upper(rule.confidence)] };
  });
  const [pair, mirror] = sides;
  if (pair?.difference == null || mirror?.difference == null) return pair?.difference === mirror?.difference;
  if (!areClose(pair.difference, -mirror.difference, 1e-9 * Math.abs(pair.difference))) return false;
  const [lower = 0, upper = 0] = pair.interval ?? [];
  const [mirroredLower = 0, mirroredUpper = 0] = mirror.interval ?? [];
  const width = tolerated * (upper - lower);
  return areClose(lower, -mirroredUpper, width) && areClose(upper, -mirroredLower, width);
};

const areClose = (a: number, b: number, tolerance: number): boolean => a === b || Math.abs(a - b) <= tolerance;

const plantedOf = (cell: Examined, is: Planted['is'], trial: Trial | undefined, family: number): Planted => {
  const { place, evidence, wanted } = cell;
  const { measure, slice, rule } = place;
  const difference = trial?.difference ?? null;
  return {
    metric: measure.name,
    ...(slice === undefined ? {} : { slice }),
    rule,
    is,
    difference,
    decision: trial?.decision ?? 'inconclusive',
    power:
      evidence && difference !== null
        ? powerToFail(evidence, wanted, (1 - rule.confidence) / family, difference)
        : null,
  };
};

/** For rules with a margin below 0. The least favourable case: all other rules are kept, so that Holm asks this one for most. */
const catchOf = ({ place, evidence, wanted }: Examined, family: number): Catch | undefined => {
  if (!evidence || wanted.lowest >= 0) return undefined;
  const { measure, slice, rule } = place;
  const alpha = (1 - rule.confidence) / family;
  const drop = -2 * wanted.lowest;
  const [smallest, largest] = measure.bounds;
  return {
    metric: measure.name,
    ...(slice === undefined ? {} : { slice }),
    rule,
    drop,
    power: powerToFail(evidence, wanted, alpha, -drop),
    smallestDrop: smallestDropCaught(evidence, wanted, alpha, largest - smallest),
  };
};

const catchesOf = (tested: readonly Tested[]): readonly Catch[] => tested.flatMap(({ caught }) => caught ?? []);

/** Of the rule that would catch its drop least often. */
const caughtSentence = (tested: readonly Tested[]): string => {
  const catches = catchesOf(tested);
  const tried = new Set(tested.flatMap((one) => one.planted.map(({ is }) => is)));
  const worst = (['hopeless', 'perfect'] as const).filter((is) => tried.has(is)).map(planted);
  const fails = worst.map((one) => `${one} fails`).join(', ');
  const least = catches.reduce<Catch | undefined>(
    (weakest, one) => (weakest === undefined || one.power < weakest.power ? one : weakest),
    undefined,
  );
  if (least === undefined) return fails;
  const { slice, rule, drop, power, smallestDrop } = least;
  const { metric } = rule.metric;
  const name = slice === undefined ? least.metric : `${least.metric} in ${slice}`;
  const lead = catches.length === 1 ? name : `the weakest rule, ${name}, ${ruleText(rule)},`;
  const smallest = smallestDrop === null ? '' : `, and one of ${amountText(metric, smallestDrop)} with ${percent(0.8)}`;
  return `${fails}; ${lead} would catch a drop of ${amountText(metric, drop)} with ${powerText(power)}${smallest}`;
};
