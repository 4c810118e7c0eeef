import type { GetMetricDataInput, MetricDataQuery } from '../aws/cloudwatch.ts';
import { allPages } from '../aws/pages.ts';
import type { Instant } from '../clock.ts';
import { canonical } from '../digest.ts';
import type { World } from '../world.ts';

type MetricStat = NonNullable<MetricDataQuery['MetricStat']>;

/** One series of CloudWatch, under its reader's own id. */
export interface Series {
  readonly id: string;
  readonly stat: MetricStat;
}

/** The points of one series. */
export interface SeriesPoints {
  readonly points: ReadonlyMap<Instant, number>;
  /** CloudWatch answered in full: a minute without a point has none. */
  readonly complete: boolean;
}

/** Reads series in [from, to), in the order in which they are given. */
type ReadSeries = (from: Instant, to: Instant, series: readonly Series[]) => Promise<readonly SeriesPoints[]>;

interface Waiting {
  readonly series: readonly Series[];
  readonly resolve: (found: readonly SeriesPoints[]) => void;
  readonly reject: (error: unknown) => void;
}

/** AWS: GetMetricData takes up to 500 queries a request. */
const mostQueries = 500;

const joined = new WeakMap<object, ReadSeries>();

/**
 * Reads series in [from, to), in the order in which they are given. All readers that ask for the same minutes at once share one
 * GetMetricData: both fleets, and the user's own metrics. A series that two of them want is asked for once.
 */
export const readTogether = (
  world: Pick<World, 'read'>,
  from: Instant,
  to: Instant,
  series: readonly Series[],
): Promise<readonly SeriesPoints[]> => {
  const reader = joined.get(world.read) ?? joinedReads(world);
  joined.set(world.read, reader);
  return reader(from, to, series);
};

const joinedReads = (world: Pick<World, 'read'>): ReadSeries => {
  const waiting = new Map<string, Waiting[]>();
  return (from, to, series) =>
    new Promise((resolve, reject) => {
      const window = `${from} ${to}`;
      const others = waiting.get(window);
      if (others !== undefined) {
        others.push({ series, resolve, reject });
        return;
      }
      const all: Waiting[] = [{ series, resolve, reject }];
      waiting.set(window, all);
      // Whoever asks in the same breath has asked by then.
      queueMicrotask(() => {
        waiting.delete(window);
        answer(world, from, to, all).catch((error: unknown) => {
          for (const one of all) one.reject(error);
        });
      });
    });
};

const answer = async (
  world: Pick<World, 'read'>,
  from: Instant,
  to: Instant,
  all: readonly Waiting[],
): Promise<void> => {
  const wanted = new Map<string, Series>();
  const ids = new Set<string>();
  for (const { id, stat } of all.flatMap(({ series }) => series)) {
    const key = canonical(stat);
    if (wanted.has(key)) continue;
    // Two readers may have given two series one id.
    let own = id;
    for (let n = 2; ids.has(own); n++) own = `${id}_${n}`;
    ids.add(own);
    wanted.set(key, { id: own, stat });
  }
  const series = [...wanted.values()];
  const found = new Map<string, SeriesPoints>();
  for (let first = 0; first < series.length; first += mostQueries)
    for (const one of await read(world, from, to, series.slice(first, first + mostQueries))) found.set(...one);
  for (const { series: own, resolve } of all)
    resolve(own.map(({ stat }) => found.get(canonical(stat)) ?? { points: new Map(), complete: false }));
};

/** By the canonical text of their series. */
const read = async (
  world: Pick<World, 'read'>,
  from: Instant,
  to: Instant,
  series: readonly Series[],
): Promise<readonly (readonly [string, SeriesPoints])[]> => {
  const request: GetMetricDataInput = {
    StartTime: new Date(from),
    EndTime: new Date(to),
    ScanBy: 'TimestampAscending',
    MetricDataQueries: series.map(({ id, stat }) => ({ Id: id, MetricStat: stat })),
  };
  const values = new Map(series.map(({ id }) => [id, new Map<Instant, number>()]));
  const complete = new Set<string>();
  const pages = await allPages('cloudwatch:GetMetricData', (NextToken) =>
    world.read.cloudwatch.getMetricData({ ...request, NextToken }),
  );
  for (const page of pages)
    for (const { Id = '', Timestamps = [], Values = [], StatusCode } of page.MetricDataResults ?? []) {
      // A metric is known when its last page is Complete; PartialData is missing data (reference/progressive-delivery.md §3.3).
      if (StatusCode === 'Complete') complete.add(Id);
      else complete.delete(Id);
      for (const [place, at] of Timestamps.entries()) values.get(Id)?.set(at.getTime(), Values[place] ?? 0);
    }
  return series.map(({ id, stat }) => [
    canonical(stat),
    { points: values.get(id) ?? new Map(), complete: complete.has(id) },
  ]);
};
