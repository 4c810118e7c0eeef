import type { Prepared, Shape } from '../measure.ts';
import type { AnsweredRows } from '../rows.ts';
import { drawerOf, type Resampled } from '../statistics/bootstrap.ts';
import { type Evidence, studentEvidence } from '../statistics/evidence.ts';
import { randomOf } from '../statistics/random.ts';
import { type Asked, answerTo } from './question.ts';
import type { Units } from './units.ts';

type Whole = Extract<Shape, { readonly is: 'whole' }>;

/** A metric that no sums make: it is computed anew for each drawn set. */
export const resampledWhole = (asked: Asked, shape: Whole, units: Units, studentised: boolean): Resampled | null => {
  const value = valueOfUnits(asked, preparedFor(asked, shape), units);
  const counts = new Float64Array(units.count).fill(1);
  const whole = value(counts);
  return whole === null ? null : { counts, value, influences: influences(value, whole, units.count, studentised) };
};

/**
 * For so many units that drawing takes too long: groups of them are left out one at a time. The pseudo-values that this gives are as good as
 * independent values of the metric, and their mean has Student's distribution (Tukey's jackknife; Shao and Wu, Annals of Statistics 17, 1989,
 * for quantiles).
 */
export const jackknifed = (asked: Asked, shape: Whole, units: Units): Evidence | null | 'constant' => {
  const { candidate, baseline, weights } = preparedFor(asked, shape);
  const whole = answerTo(asked, defined(candidate.value(weights)), () => defined(baseline.value(weights)));
  if (whole === null) return null;
  const ofCandidate = candidate.withoutEach(weights, units);
  const ofBaseline = baseline === candidate ? ofCandidate : baseline.withoutEach(weights, units);
  let squares = 0;
  let sum = 0;
  for (let group = 0; group < units.count; group++) {
    const left = (values: Float64Array): number | null => defined(values[group] ?? Number.NaN);
    const without = answerTo(asked, left(ofCandidate), () => left(ofBaseline));
    if (without === null) return null;
    const change = (units.count - 1) * (whole - without);
    sum += change;
    squares += change * change;
  }
  const freedom = units.count - 1;
  const variance = (squares - (sum * sum) / units.count) / (freedom * units.count);
  return variance > 0 ? studentEvidence(whole, Math.sqrt(variance), freedom, 'bootstrap') : 'constant';
};

/** Both models' rows, and the weights of those that take part. */
interface Both {
  readonly candidate: Prepared;
  readonly baseline: Prepared;
  readonly weights: Float64Array;
}

const preparedFor = (asked: Asked, shape: Whole): Both => {
  const { rows } = asked;
  const candidate = shape.over(rows, rows.candidate);
  const part = takingPart(rows, shape);
  const weights = new Float64Array(rows.size);
  for (let row = 0; row < rows.size; row++) weights[row] = (part[row] ?? 0) * (rows.weights?.[row] ?? 1);
  const baseline = asked.question === 'value' ? candidate : shape.over(rows, asked.rows.baseline);
  return { candidate, baseline, weights };
};

/** Sets that are drawn to see a bias. */
const drawsForBias = 60;

/**
 * A drawn set has the noise of the rows twice, and shows a part of the bias only: the mean of |x|, for an x around 0 with deviation 1, is 0.8,
 * and that of drawn sets √2 · 0.8.
 */
const biasForShown = 1 / (Math.SQRT2 - 1);

/**
 * How far beyond its interval the number may lie because of the bias of each model's value. A calibration error is too large by an amount
 * that shrinks no faster than the interval does, and by most for the better model, so that a worse one seems as good.
 */
export const biasOf = (
  asked: Asked,
  shape: Whole,
  units: Units,
): { readonly below: number; readonly above: number } => {
  const { candidate, baseline, weights } = preparedFor(asked, shape);
  const once = new Float64Array(units.count).fill(1);
  const draw = drawerOf(once, units.count);
  const multiplicities = new Float64Array(units.count);
  const ofRows = new Float64Array(weights.length);
  const sums = { candidate: 0, baseline: 0 };
  for (let b = 0; b < drawsForBias; b++) {
    draw(multiplicities, randomOf(asked.effort.seed, b));
    for (let row = 0; row < ofRows.length; row++)
      ofRows[row] = (multiplicities[units.of[row] ?? 0] ?? 0) * (weights[row] ?? 0);
    sums.candidate += candidate.value(ofRows) ?? Number.NaN;
    sums.baseline += baseline.value(ofRows) ?? Number.NaN;
  }
  const values = { candidate: defined(candidate.value(weights)), baseline: defined(baseline.value(weights)) };
  /** The value, were it free of its bias. */
  const unbiased = (sum: number, value: number | null): number | null =>
    value === null ? null : defined(value - biasForShown * (sum / drawsForBias - value));
  const number = (ofCandidate: number | null, ofBaseline: number | null): number =>
    answerTo(asked, ofCandidate, () => ofBaseline) ?? 0;
  const whole = number(values.candidate, values.baseline);
  // The biases of the two models may be of any size up to these, so they do not cancel.
  const changes = [
    number(unbiased(sums.candidate, values.candidate), values.baseline) - whole,
    asked.question === 'value' ? 0 : number(values.candidate, unbiased(sums.baseline, values.baseline)) - whole,
  ];
  return {
    below: changes.reduce((sum, change) => sum + Math.max(0, -change), 0),
    above: changes.reduce((sum, change) => sum + Math.max(0, change), 0),
  };
};

/** The number for units of which each counts so often. */
const valueOfUnits = (
  asked: Asked,
  { candidate, baseline, weights }: Both,
  { of }: Units,
): ((multiplicities: Float64Array) => number | null) => {
  const ofRows = new Float64Array(weights.length);
  return (multiplicities) => {
    for (let row = 0; row < ofRows.length; row++)
      ofRows[row] = (multiplicities[of[row] ?? 0] ?? 0) * (weights[row] ?? 0);
    return answerTo(asked, defined(candidate.value(ofRows)), () => defined(baseline.value(ofRows)));
  };
};

const defined = (value: number | null): number | null => (value !== null && Number.isFinite(value) ? value : null);

const takingPart = (rows: AnsweredRows, shape: Whole): Uint8Array => {
  const candidate = shape.takesPart(rows, rows.candidate);
  if (rows.baseline === undefined) return candidate;
  const baseline = shape.takesPart(rows, rows.baseline);
  return candidate.map((part, row) => part & (baseline[row] ?? 0));
};

/** Units that are left out together, where only the skewness of the influences is wanted: groups have the same, as their sums do. */
const groupsForSkewness = 200;

const influences = (
  value: (multiplicities: Float64Array) => number | null,
  whole: number,
  units: number,
  each: boolean,
): Float64Array => {
  const found = new Float64Array(units);
  const multiplicities = new Float64Array(units).fill(1);
  const groups = each ? units : Math.min(units, groupsForSkewness);
  for (let group = 0; group < groups; group++) {
    for (let unit = group; unit < units; unit += groups) multiplicities[unit] = 0;
    const without = value(multiplicities);
    for (let unit = group; unit < units; unit += groups) multiplicities[unit] = 1;
    // The change per unit left out; one where the number is then undefined says nothing.
    found[group] = without === null ? 0 : whole - without;
  }
  return found;
};
