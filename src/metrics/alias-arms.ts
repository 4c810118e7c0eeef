import { type Instant, seconds } from '../clock.ts';
import type { LatencyPlan } from '../judge/latency.ts';
import type { World } from '../world.ts';
import type { Arms, Reading } from './arms.ts';
import { bucketSeconds, type MinuteReading, readSeries, type Series, settling } from './fleet-metrics.ts';
import type { CountedMetric } from './sums-by-minute.ts';

/** The alias of a function. */
export interface MeasuredAlias {
  readonly function: string;
  readonly alias: string;
}

/** Two published versions of a function, by way of its alias. */
export interface JudgedVersions extends MeasuredAlias {
  readonly from: string;
  readonly to: string;
}

/**
 * The invocations by way of an alias: of both versions, or of one (Lambda developer guide, "Viewing metrics for Lambda functions": `Resource`
 * has the metrics of an alias, and `ExecutedVersion` compares two versions of a weighted alias). A throttled request is neither an
 * invocation nor an error, and has no version, so it is no evidence. Duration is in milliseconds, without the time of a cold start.
 * @param version absent: all that the alias leads to
 */
export const seriesOfAlias = ({ function: name, alias }: MeasuredAlias, version?: string): Series => ({
  namespace: 'AWS/Lambda',
  dimensions: [
    { Name: 'FunctionName', Value: name },
    { Name: 'Resource', Value: `${name}:${alias}` },
    ...(version === undefined ? [] : [{ Name: 'ExecutedVersion', Value: version }]),
  ],
  sums: { requests: 'Invocations', errors: 'Errors' },
  clientErrors: false,
  latency: { metric: 'Duration', perMillisecond: 1 },
  counts: (point, young, everZero) => {
    const requests = point('requests');
    const errors = point('errors');
    if (requests === undefined) return errors === undefined ? none : undefined;
    // Whether a minute without errors has a data point is not documented. Where one has, a young minute without it is not complete.
    if (errors === undefined && young && everZero('errors')) return undefined;
    return (errors ?? 0) > requests ? undefined : { requests, errors: errors ?? 0, clientErrors: 0 };
  },
});

/** The requests of `seriesOfAlias` alone. */
export const requestsOfAlias = (measured: MeasuredAlias, version?: string): CountedMetric => {
  const { dimensions, sums } = seriesOfAlias(measured, version);
  return { namespace: 'AWS/Lambda', name: sums.requests, statistic: 'Sum', dimensions };
};

const none = { requests: 0, errors: 0, clientErrors: 0 } as const;

/**
 * Two versions of one alias. The alias's own count of requests checks theirs: in a young minute the three have to fit together, and a
 * minute in which the alias has requests and no version has any tells the versions not apart.
 */
export const armsOfVersions = (
  world: World,
  measured: MeasuredAlias,
  { from: old, to: candidate }: { readonly from: string; readonly to: string },
  latency: LatencyPlan | undefined,
): Arms => {
  const checked = checkedReads(world, measured);
  const arm = (version: string, other: string): Reading =>
    checked(seriesOfAlias(measured, version), seriesOfAlias(measured, other), latency);
  return { candidate: arm(candidate, old), baseline: arm(old, candidate) };
};

/** Each arm is read once, although it is also the other one's check. */
const checkedReads = (world: World, measured: MeasuredAlias) => {
  const reads = new Map<string, Promise<(at: Instant) => MinuteReading>>();
  const read = (series: Series, latency: LatencyPlan | undefined, from: Instant, to: Instant) => {
    const key = [...series.dimensions.map(({ Value }) => Value), from, to].join('/');
    const found = reads.get(key) ?? readSeries(world, series, latency, from, to);
    reads.set(key, found);
    return found;
  };
  return (own: Series, other: Series, latency: LatencyPlan | undefined): Reading =>
    async (from, to) => {
      const [one, two, whole] = await Promise.all([
        read(own, latency, from, to),
        read(other, latency, from, to),
        read(seriesOfAlias(measured), undefined, from, to),
      ]);
      const now = world.clock.now();
      return (at) => {
        const [mine, theirs, all] = [one(at), two(at), whole(at)];
        if (mine === undefined || mine === 'unsettled' || typeof theirs !== 'object' || typeof all !== 'object')
          return mine;
        const both = mine.requests + theirs.requests;
        const young = now < at + seconds(bucketSeconds) + settling;
        if (young && both !== all.requests) return 'unsettled';
        return both === 0 && all.requests > 0 ? undefined : mine;
      };
    };
};
