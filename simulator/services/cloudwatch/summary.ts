/** The content of a period. It is mutable while it is being filled; only the store changes it. */
export interface Summary {
  count: number;
  sum: number;
  min: number;
  max: number;
  /** How often each distinct value was observed: percentiles are exact. */
  readonly values: Map<number, number>;
  /** Holds a StatisticSet of several values. The single values are unknown, so it has no percentiles. */
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
 * A StatisticSet. One observation, or several equal ones, serve as well as the values themselves; other sets have no percentiles
 * (AWS: PutMetricData docs).
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
