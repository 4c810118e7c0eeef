import { AwsError } from '../../contracts.ts';
import { trimmedStatistic } from './trimmed.ts';

/** What a period holds. Mutable while it is being filled; nobody outside the store changes one. */
export interface Summary {
  count: number;
  sum: number;
  min: number;
  max: number;
  /** How often each distinct value was observed: percentiles are exact. */
  readonly values: Map<number, number>;
  /** Holds a StatisticSet of several values, of which single values are unknown: no percentile can be told. */
  opaque: boolean;
  /** The metric has percentiles but no trimmed statistics. */
  untrimmed: boolean;
}

export const emptySummary = (): Summary => ({
  count: 0,
  sum: 0,
  min: Number.POSITIVE_INFINITY,
  max: Number.NEGATIVE_INFINITY,
  values: new Map(),
  opaque: false,
  untrimmed: false,
});

export const addObservation = (summary: Summary, value: number, times: number): void => {
  // Values and Counts may name a value that did not occur.
  if (times === 0) return;
  summary.count += times;
  summary.sum += value * times;
  if (value < summary.min) summary.min = value;
  if (value > summary.max) summary.max = value;
  summary.values.set(value, (summary.values.get(value) ?? 0) + times);
};

/** Adds `other` to `summary` and returns `summary`. */
export const mergeInto = (summary: Summary, other: Summary): Summary => {
  summary.count += other.count;
  summary.sum += other.sum;
  summary.min = Math.min(summary.min, other.min);
  summary.max = Math.max(summary.max, other.max);
  summary.opaque ||= other.opaque;
  summary.untrimmed ||= other.untrimmed;
  for (const [value, times] of other.values) summary.values.set(value, (summary.values.get(value) ?? 0) + times);
  return summary;
};

/**
 * A StatisticSet. One observation, or several that are all equal, are as good as the values themselves; of others percentiles
 * are not available (AWS: PutMetricData docs).
 */
export const summaryOfSet = (set: {
  readonly SampleCount: number;
  readonly Sum: number;
  readonly Minimum: number;
  readonly Maximum: number;
}): Summary => {
  const summary: Summary = {
    ...emptySummary(),
    count: set.SampleCount,
    sum: set.Sum,
    min: set.Minimum,
    max: set.Maximum,
  };
  if (set.Minimum === set.Maximum) summary.values.set(set.Minimum, set.SampleCount);
  else summary.opaque = true;
  return summary;
};

export type Statistic = (summary: Summary) => number | undefined;

const simple: Readonly<Record<string, Statistic>> = {
  SampleCount: (summary) => summary.count,
  Average: (summary) => summary.sum / summary.count,
  Sum: (summary) => summary.sum,
  Minimum: (summary) => summary.min,
  Maximum: (summary) => summary.max,
};

/** 0.99 for `p99`, 0.999 for `p99.9`; undefined when `name` is not a percentile. */
export const percentileOf = (name: string): number | undefined => {
  const match = /^p(\d{1,2}(?:\.\d{1,10})?|100)$/.exec(name);
  return match ? Number(match[1]) / 100 : undefined;
};

/** Nearest rank: the smallest value that at least the fraction `p` of the observations does not exceed. */
const percentile =
  (p: number): Statistic =>
  (summary) => {
    if (summary.opaque || summary.count === 0) return undefined;
    // 0.99 × 100 is 99.00000000000001 or 98.99999999999999 in floating point; the rank is 99.
    const rank = Math.max(1, Math.ceil(summary.count * p - 1e-9));
    let seen = 0;
    for (const [value, times] of [...summary.values].sort(([a], [b]) => a - b)) {
      seen += times;
      if (seen >= rank) return value;
    }
    return summary.max;
  };

/**
 * @param name `Average`, …, `p99`, or a trimmed statistic: `TC(0:250000)`
 * @throws {AwsError} ValidationError for what is no statistic
 */
export const statistic = (name: string): Statistic => {
  const found = simple[name];
  if (found) return found;
  const p = percentileOf(name);
  if (p !== undefined) return percentile(p);
  const trimmed = trimmedStatistic(name);
  if (trimmed) return trimmed;
  throw new AwsError('ValidationError', `The value ${name} for parameter Stat is not supported`);
};
