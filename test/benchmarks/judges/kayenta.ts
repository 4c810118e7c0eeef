import { type Contestant, type MinuteArm, minutesOf, type Ruling, seenAt } from '../stream.ts';
import { survived } from './thresholds.ts';

/**
 * Kayenta's Mann–Whitney classifier, from its description (docs/canary-config.md and the classifier's documented behaviour): a 98 %
 * confidence interval for the location shift between two series, one value a minute; High when its lower end is above 25 % of the
 * estimated shift and the ratio of the means is at least the allowed increase.
 */
export interface MannWhitney {
  readonly lower: number;
  readonly upper: number;
  readonly estimate: number;
}

const z98 = 2.3263478740408408;
const tolerance = 0.25;

export const mannWhitney = (experimentValues: readonly number[], controlValues: readonly number[]): MannWhitney => {
  const experiment = Float64Array.from(experimentValues).sort();
  const control = Float64Array.from(controlValues).sort();
  const lowest = (experiment[0] ?? 0) - (control.at(-1) ?? 0);
  const highest = (experiment.at(-1) ?? 0) - (control[0] ?? 0);
  const root = (target: number, corrected: boolean): number => {
    let [left, right] = [lowest, highest];
    if (standardized(experiment, control, left, corrected) - target <= 0) return left;
    if (standardized(experiment, control, right, corrected) - target >= 0) return right;
    // The statistic falls in steps; the published numbers come from a root search to 1e-4.
    while (right - left > 1e-5 * Math.max(1e-3, Math.min(1, highest - lowest))) {
      const middle = (left + right) / 2;
      if (standardized(experiment, control, middle, corrected) - target > 0) left = middle;
      else right = middle;
    }
    return (left + right) / 2;
  };
  return { lower: root(z98, true), upper: root(-z98, true), estimate: root(0, false) };
};

/**
 * The rank-sum statistic of `experiment − shift` against `control`, with ties, over its standard deviation.
 * Both sorted: one walk over the merged values.
 */
const standardized = (experiment: Float64Array, control: Float64Array, shift: number, corrected: boolean): number => {
  const m = experiment.length;
  const n = control.length;
  let [mine, theirs, ranks, ties] = [0, 0, 0, 0];
  while (mine < m || theirs < n) {
    const x = mine < m ? (experiment[mine] ?? 0) - shift : Number.POSITIVE_INFINITY;
    const y = theirs < n ? (control[theirs] ?? 0) : Number.POSITIVE_INFINITY;
    const value = Math.min(x, y);
    const before = mine + theirs;
    const mineBefore = mine;
    while (mine < m && (experiment[mine] ?? 0) - shift === value) mine += 1;
    while (theirs < n && control[theirs] === value) theirs += 1;
    const size = mine + theirs - before;
    ties += size ** 3 - size;
    ranks += (mine - mineBefore) * (before + (size + 1) / 2);
  }
  const centered = ranks - (m * (m + 1)) / 2 - (m * n) / 2;
  const sigma = Math.sqrt(((m * n) / 12) * (m + n + 1 - ties / ((m + n) * (m + n - 1))));
  return sigma === 0 ? 0 : (centered - (corrected ? Math.sign(centered) * 0.5 : 0)) / sigma;
};

export type Classification = 'Pass' | 'High' | 'Nodata';

/** @param allowedIncrease of the ratio of the means; 1 = any */
export const classify = (
  experiment: readonly number[],
  control: readonly number[],
  allowedIncrease = 1,
): Classification => {
  if (experiment.length === 0 || control.length === 0) return 'Nodata';
  const constant = new Set([...experiment, ...control]).size === 1;
  if (
    constant ||
    (experiment.length === control.length && experiment.every((value, index) => value === control[index]))
  )
    return 'Pass';
  const { lower, estimate } = mannWhitney(experiment, control);
  const ratio = mean(experiment) / mean(control);
  return lower > tolerance * Math.abs(estimate) && (!(mean(control) > 0) || ratio >= allowedIncrease) ? 'High' : 'Pass';
};

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Error rate, 4xx rate and p99 of both arms; a growing window, judged after each of `looks` equal parts; any High fails. */
export const kayenta = (name: string, looks: number): Contestant => ({
  name,
  rule(run, setting): Ruling {
    const minutes = minutesOf(run, setting);
    const series = (of: (arm: MinuteArm) => number | undefined, arm: 'candidate' | 'baseline', end: number): number[] =>
      seenAt(minutes, end).flatMap((minute) => {
        const value = minute[arm] && of(minute[arm]);
        // NaN strategy `remove`.
        return value === undefined || Number.isNaN(value) ? [] : [value];
      });
    const metrics: readonly ((arm: MinuteArm) => number | undefined)[] = [
      ({ err, n }) => err / n,
      ({ err4xx, n }) => err4xx / n,
      ({ p99 }) => p99,
    ];
    for (let look = 1; look <= looks; look += 1) {
      const end = Math.round((minutes.length * look) / looks);
      const high = metrics.some((of) => classify(series(of, 'candidate', end), series(of, 'baseline', end)) === 'High');
      if (high) return { rolledBackAt: minutes[end - 1]?.lastRow ?? 0, healthyAt: [] };
    }
    return survived(run);
  },
});
