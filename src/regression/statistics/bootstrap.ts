import { drawBinomial } from './binomial-draws.ts';
import type { Evidence } from './evidence.ts';
import { normalBelow, normalQuantile } from './normal.ts';
import { type Random, randomOf } from './random.ts';
import { studentAbove, studentQuantile } from './student.ts';

/** A number that is computed from units (rows, clusters, cells of a table), each counted as often as it is drawn. */
export interface Resampled {
  /** How often each unit is there: 1 for a row or a cluster, the number of its rows for a cell of a table. */
  readonly counts: Float64Array;
  readonly value: (multiplicities: Float64Array) => number | null;
  /** The change of the value for one more of each unit: the derivative at `counts`. */
  readonly influences: Float64Array;
  /** Units that no row is in stand for rare rows that were not seen: the spread needs no allowance for them. */
  readonly hasUnseen?: true;
}

export interface Effort {
  readonly seed: number;
  /** How many sets are drawn. */
  readonly draws: number;
}

/** Above this share of drawn sets in which the number is undefined, nothing is said about it. */
export const mostUndefined = 0.01;

/**
 * The paired bootstrap: units are drawn again and again, both models' answers to them together. Null where the number is undefined in more
 * than 1 % of the drawn sets.
 * @param studentised each drawn set is divided by its own standard error: for few rows of a class, whose spread varies with their number
 */
export const bootstrap = (of: Resampled, effort: Effort, studentised: boolean): Evidence | null | 'constant' => {
  const centre = of.value(of.counts);
  if (centre === null) return null;
  const total = Math.round(sumOf(of.counts));
  const standardError = errorOf(of.counts, of.influences);
  const drawn = new Float64Array(effort.draws);
  const distances = new Float64Array(effort.draws);
  let defined = 0;
  const multiplicities = new Float64Array(of.counts.length);
  const draw = drawerOf(of.counts, total);
  for (let b = 0; b < effort.draws; b++) {
    draw(multiplicities, randomOf(effort.seed, b));
    const value = of.value(multiplicities);
    if (value === null) continue;
    drawn[defined] = value;
    if (studentised)
      distances[defined] =
        (value - centre) / Math.max(errorOf(multiplicities, of.influences), standardError * smallestError);
    defined++;
  }
  if (defined < effort.draws * (1 - mostUndefined)) return null;
  const values = scaleOf(drawn.subarray(0, defined));
  if (!(values.deviation > centreDigits * Math.abs(centre))) return 'constant';
  return studentised && standardError > 0
    ? studentisedEvidence(centre, standardError, values.deviation, scaleOf(distances.subarray(0, defined)))
    : correctedEvidence(centre, values, {
        acceleration: accelerationOf(of),
        units: total,
        freedom: freedomOf(of, total),
      });
};

/** A drawn set without a differing row has no standard error of its own. */
const smallestError = 0.05;
/** A spread that is rounding error. */
const centreDigits = 1e-13;

const sumOf = (values: Float64Array): number => {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
};

/** Standard error by the influences, in a set that has each unit so often. */
const errorOf = (multiplicities: Float64Array, influences: Float64Array): number => {
  let all = 0;
  let sum = 0;
  let squares = 0;
  for (let unit = 0; unit < influences.length; unit++) {
    const count = multiplicities[unit] ?? 0;
    const influence = influences[unit] ?? 0;
    all += count;
    sum += count * influence;
    squares += count * influence * influence;
  }
  return Math.sqrt(Math.max(0, squares - (sum * sum) / all));
};

/** One sixth of the skewness of the influences (Efron 1987). */
const accelerationOf = ({ counts, influences }: Resampled): number => {
  let squares = 0;
  let cubes = 0;
  for (let unit = 0; unit < influences.length; unit++) {
    const influence = influences[unit] ?? 0;
    squares += (counts[unit] ?? 0) * influence ** 2;
    cubes += (counts[unit] ?? 0) * influence ** 3;
  }
  return squares > 0 ? cubes / (6 * squares ** 1.5) : 0;
};

/**
 * Degrees of freedom of the spread, which is an estimate too: twice its square over its variance, which the fourth powers of the influences
 * give. Where a few rows make most of it (a log loss, unequal weights), it is known as badly as that of few rows. Not below ten: the fourth
 * powers say nothing exact any more, and a hopeless candidate must fail as one of hundreds of rules.
 */
const freedomOf = ({ counts, influences, hasUnseen }: Resampled, units: number): number => {
  const most = Math.max(1, units - 1);
  if (hasUnseen) return most;
  let squares = 0;
  let fourths = 0;
  for (let unit = 0; unit < influences.length; unit++) {
    const square = (influences[unit] ?? 0) ** 2;
    squares += (counts[unit] ?? 0) * square;
    fourths += (counts[unit] ?? 0) * square * square;
  }
  const variance = squares > 0 ? fourths / squares ** 2 - 1 / units : 0;
  return variance > 2 / most ? Math.min(most, Math.max(fewest, 2 / variance)) : most;
};

const fewest = 10;

/** As in random.ts: looked up once. */
const { floor } = Math;

/** Draws `total` units with replacement, in proportion to their counts. */
export const drawerOf = (
  counts: Float64Array,
  total: number,
): ((multiplicities: Float64Array, random: Random) => void) => {
  if (counts.every((count) => count === 1))
    return (multiplicities, random) => {
      multiplicities.fill(0);
      for (let i = 0; i < total; i++) {
        const unit = floor(random.next() * total);
        multiplicities[unit] = (multiplicities[unit] ?? 0) + 1;
      }
    };
  const all = sumOf(counts);
  return (multiplicities, random) => {
    let left = total;
    let countsLeft = all;
    for (let unit = 0; unit < counts.length; unit++) {
      const count = counts[unit] ?? 0;
      const taken = unit === counts.length - 1 ? left : drawBinomial(left, count / countsLeft, random);
      multiplicities[unit] = taken;
      left -= taken;
      countsLeft -= count;
    }
  };
};

/** Drawn numbers as a distribution: a threshold's normal score, and back. Beyond the outermost half percent by normal tails. */
interface Scale {
  readonly deviation: number;
  /** Φ⁻¹ of the share of draws below the threshold; draws at the threshold count as `ties` says. */
  readonly scoreOf: (threshold: number, ties: 'above' | 'below' | 'half') => number;
  readonly thresholdOf: (score: number) => number;
}

/** Share of draws at each end that is too few to be counted. */
const outermost = 0.005;

const scaleOf = (values: Float64Array): Scale => {
  const sorted = values.toSorted();
  const size = sorted.length;
  const mean = sumOf(sorted) / size;
  let squares = 0;
  for (const value of sorted) squares += (value - mean) ** 2;
  const deviation = Math.sqrt(squares / Math.max(1, size - 1));
  const first = Math.floor(size * outermost);
  const last = size - 1 - first;
  const at = (place: number): number => sorted[place] ?? mean;
  const scoreAt = (place: number): number => normalQuantile((place + 0.5) / size);
  return {
    deviation,
    scoreOf: (threshold, ties) => {
      if (threshold < at(first)) return scoreAt(first) + (threshold - at(first)) / deviation;
      if (threshold > at(last)) return scoreAt(last) + (threshold - at(last)) / deviation;
      const below = countBelow(sorted, threshold, false);
      const upTo = countBelow(sorted, threshold, true);
      const share = ties === 'above' ? below : ties === 'below' ? upTo : (below + upTo) / 2;
      return normalQuantile(Math.min(size - 0.5, Math.max(0.5, share)) / size);
    },
    thresholdOf: (score) => {
      if (score < scoreAt(first)) return at(first) + (score - scoreAt(first)) * deviation;
      if (score > scoreAt(last)) return at(last) + (score - scoreAt(last)) * deviation;
      const place = normalBelow(score) * size - 0.5;
      const before = Math.floor(place);
      return at(before) + (place - before) * (at(Math.min(last, before + 1)) - at(before));
    },
  };
};

/** How many of the sorted values are below the threshold; with `orAt`, also those at it. */
const countBelow = (sorted: Float64Array, threshold: number, orAt: boolean): number => {
  let from = 0;
  let to = sorted.length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    const value = sorted[middle] ?? 0;
    if (value < threshold || (orAt && value === threshold)) from = middle + 1;
    else to = middle;
  }
  return from;
};

/**
 * BCa: bias-corrected and accelerated (Efron 1987). The quantiles are those of Student's distribution, widened by √(n / (n − 1)), because
 * a bootstrap of n units is too narrow by that much (Hesterberg, The American Statistician 69, 2015).
 */
const correctedEvidence = (
  centre: number,
  scale: Scale,
  { acceleration, units, freedom }: { readonly acceleration: number; readonly units: number; readonly freedom: number },
): Evidence => {
  const bias = scale.scoreOf(centre, 'half');
  const widening = Math.sqrt(units / Math.max(1, units - 1));
  const quantile = (confidence: number): number => studentQuantile(confidence, freedom) * widening;
  const bound = (z: number): number => {
    const shifted = bias + z;
    const accelerated = 1 - acceleration * shifted;
    return scale.thresholdOf(accelerated <= 0 ? Math.sign(shifted) * beyond : bias + shifted / accelerated);
  };
  /** The z whose bound the threshold is. */
  const zOf = (threshold: number, ties: 'above' | 'below'): number => {
    const shifted = scale.scoreOf(threshold, ties) - bias;
    const accelerated = 1 + acceleration * shifted;
    return accelerated <= 0 ? Math.sign(shifted) * beyond : shifted / accelerated - bias;
  };
  const above = (z: number): number => studentAbove(z / widening, freedom);
  return {
    statistic: 'bootstrap',
    lower: (confidence) => bound(-quantile(confidence)),
    upper: (confidence) => bound(quantile(confidence)),
    pAtLeast: (threshold) => above(zOf(threshold, 'above')),
    pAtMost: (threshold) => above(-zOf(threshold, 'below')),
    standardErrorAt: () => (scale.deviation * quantile(0.95)) / normalQuantile(0.95),
  };
};

/** A score beyond every p that matters. */
const beyond = 40;

/** The bootstrap-t: the distance from the truth in standard errors is distributed as that of the drawn sets from the set itself. */
const studentisedEvidence = (centre: number, standardError: number, deviation: number, scale: Scale): Evidence => ({
  statistic: 'bootstrap',
  lower: (confidence) => centre - standardError * scale.thresholdOf(normalQuantile(confidence)),
  upper: (confidence) => centre - standardError * scale.thresholdOf(-normalQuantile(confidence)),
  pAtLeast: (threshold) => normalBelow(scale.scoreOf((centre - threshold) / standardError, 'below')),
  pAtMost: (threshold) => normalBelow(-scale.scoreOf((centre - threshold) / standardError, 'above')),
  standardErrorAt: () =>
    Math.max(deviation, standardError * (scale.thresholdOf(normalQuantile(0.95)) / normalQuantile(0.95))),
});
