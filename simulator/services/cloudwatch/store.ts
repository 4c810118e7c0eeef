import type { Instant } from '../../contracts.ts';
import { addObservation, emptySummary, mergeInto, type Summary } from './summary.ts';

export interface Dimension {
  readonly Name: string;
  readonly Value: string;
}

/** Which observations a query reads. Dimensions match as a whole set, in any order; without `unit` every unit is read. */
export interface Selector {
  readonly namespace: string;
  readonly metric: string;
  readonly dimensions: readonly Dimension[];
  readonly unit?: string;
}

/** One period that has observations; `timestamp` is the start of the period. */
export interface Point {
  readonly timestamp: Instant;
  readonly summary: Summary;
}

/** One observation (`value`), or a set of them that its publisher summarised (`set`). */
export type Observation = {
  readonly at: Instant;
  /**
   * After this instant a query sees it. Not at it: with a delay of one minute, an alarm evaluated on the full minute would
   * otherwise see exactly one request of the minute before, the one at its first millisecond, and take it for the minute's average.
   */
  readonly visibleAt: Instant;
  /** 60 000, or 1 000 for a high-resolution metric: observations are kept per bucket of this length. */
  readonly resolutionMs: number;
  /** The metric has no trimmed statistics. */
  readonly untrimmed?: boolean;
} & ({ readonly value: number; readonly times: number } | { readonly set: Summary });

interface Series {
  readonly selector: Required<Selector>;
  /** Not yet readable, in no particular order. */
  pending: Observation[];
  /** Pending is processed at this length, so that recording stays cheap without reads. */
  foldAt: number;
  /** By start of the bucket. */
  readonly buckets: Map<Instant, Summary>;
}

export interface Store {
  add(selector: Required<Selector>, observations: readonly Observation[]): void;
  /** The periods of `[from, to)` that have readable observations, oldest first. Periods are counted from `from`. */
  read(selector: Selector, from: Instant, to: Instant, periodMs: number): readonly Point[];
  /** The units with readable observations in `[from, to)`, by name. */
  units(selector: Selector, from: Instant, to: Instant): readonly string[];
  /** Metrics with at least one readable observation, in order of appearance. */
  list(): readonly Selector[];
}

const floor = (at: Instant, step: number): Instant => Math.floor(at / step) * step;

const dimensionKey = (dimensions: readonly Dimension[]): string => {
  const pairs = dimensions.map(({ Name, Value }) => `${Name}\u0001${Value}`);
  return pairs.length < 2 ? pairs.join() : pairs.sort().join('\u0002');
};
const familyKey = ({ namespace, metric, dimensions }: Selector): string =>
  `${namespace}\u0000${metric}\u0000${dimensionKey(dimensions)}`;

/**
 * Observations by metric and dimension set. Reading happens at the clock's present: an observation counts once its `visibleAt` has
 * passed, each by itself, so that a minute fills up while it is being read (CloudWatch's newest minutes are incomplete). Buckets keep every
 * distinct value with its count, so percentiles are exact.
 */
export const createStore = (now: () => Instant): Store => {
  /** By namespace, metric and dimensions; one series per unit (CloudWatch keeps units apart). */
  const families = new Map<string, Map<string, Series>>();

  const fold = (series: Series): void => {
    const present = now();
    const waiting: Observation[] = [];
    for (const observation of series.pending) {
      if (observation.visibleAt >= present) {
        waiting.push(observation);
        continue;
      }
      const start = floor(observation.at, observation.resolutionMs);
      let bucket = series.buckets.get(start);
      if (!bucket) {
        bucket = emptySummary();
        series.buckets.set(start, bucket);
      }
      if ('set' in observation) mergeInto(bucket, observation.set);
      else addObservation(bucket, observation.value, observation.times);
      bucket.untrimmed ||= observation.untrimmed ?? false;
    }
    series.pending = waiting;
    series.foldAt = Math.max(4096, waiting.length * 2);
  };

  /** By list of dimensions and metric: the key of a family is a long text, and its parts are seldom new. */
  const known = new WeakMap<readonly Dimension[], Map<string, Series>>();

  const seriesFor = (selector: Required<Selector>): Series => {
    const { namespace, metric, dimensions, unit } = selector;
    const ofList = known.get(dimensions) ?? new Map<string, Series>();
    const found = ofList.get(metric);
    if (found?.selector.namespace === namespace && found.selector.unit === unit) return found;
    const series = seriesOf(selector);
    ofList.set(metric, series);
    known.set(dimensions, ofList);
    return series;
  };

  const seriesOf = (selector: Required<Selector>): Series => {
    const key = familyKey(selector);
    let family = families.get(key);
    if (!family) {
      family = new Map();
      families.set(key, family);
    }
    let series = family.get(selector.unit);
    if (!series) {
      series = { selector, pending: [], foldAt: 4096, buckets: new Map() };
      family.set(selector.unit, series);
    }
    return series;
  };

  const matching = (selector: Selector): readonly Series[] => {
    const family = families.get(familyKey(selector));
    if (!family) return [];
    if (selector.unit === undefined) return [...family.values()];
    const series = family.get(selector.unit);
    return series ? [series] : [];
  };

  return {
    add: (selector, observations) => {
      const series = seriesFor(selector);
      for (const observation of observations) series.pending.push(observation);
      if (series.pending.length >= series.foldAt) fold(series);
    },
    read: (selector, from, to, periodMs) => {
      const periods = new Map<Instant, Summary>();
      for (const series of matching(selector)) {
        fold(series);
        for (const [start, bucket] of series.buckets) {
          if (start < from || start >= to) continue;
          const timestamp = from + floor(start - from, periodMs);
          const summary = periods.get(timestamp) ?? emptySummary();
          periods.set(timestamp, mergeInto(summary, bucket));
        }
      }
      return [...periods].sort(([a], [b]) => a - b).map(([timestamp, summary]) => ({ timestamp, summary }));
    },
    units: (selector, from, to) => {
      const found = matching(selector);
      // Most metrics have one unit: then there is nothing to look at.
      if (found.length === 1) return found.map((series) => series.selector.unit);
      return found
        .filter((series) => {
          fold(series);
          return [...series.buckets.keys()].some((start) => start >= from && start < to);
        })
        .map((series) => series.selector.unit)
        .sort();
    },
    list: () =>
      [...families.values()].flatMap((family) => {
        const readable = [...family.values()].filter((series) => {
          fold(series);
          return series.buckets.size > 0;
        });
        return readable.slice(0, 1).map((series) => series.selector);
      }),
  };
};
