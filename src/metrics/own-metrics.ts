import { type Instant, seconds } from '../clock.ts';
import type { Arm } from '../judge/bucket.ts';
import type { JudgePolicy, OwnRead, OwnSeries, OwnSources } from '../manifest/manifest.ts';
import { Refusal } from '../operation.ts';
import type { World } from '../world.ts';
import { bucketSeconds, settling } from './fleet-metrics.ts';
import { readTogether } from './metric-data.ts';

/** The user's own metrics (`judge.metrics`), with the placeholders filled in. */

/** One version's names, for the placeholders. */
export interface Named {
  readonly endpoint: string;
  readonly variant: string;
  readonly endpointConfig: string;
  /** Absent for a version that this suite did not deliver. */
  readonly version?: string;
}

export interface NamedArms {
  readonly candidate: Named;
  readonly baseline: Named;
}

/** @throws {Refusal} `metric-missing` where a version has no name for a placeholder */
export const ownReads = ({ metrics = [] }: JudgePolicy, names: NamedArms): readonly OwnRead[] =>
  metrics.map(({ name, counts, absent, candidate, baseline }) => ({
    name,
    counts,
    absent,
    candidate: filled(candidate, names.candidate, name),
    baseline: filled(baseline, names.baseline, name),
  }));

const filled = ({ events, of }: OwnSources, names: Named, metric: string): OwnSources => {
  const fill = (one: OwnSeries): OwnSeries => ({
    ...one,
    dimensions: Object.fromEntries(
      Object.entries(one.dimensions).map(([name, value]) => [
        name,
        value.replace(/\{[^{}]*\}/g, (placeholder) => named(placeholder, names, metric)),
      ]),
    ),
  });
  return { events: events.map(fill), ...(of ? { of: fill(of) } : {}) };
};

const named = (placeholder: string, { endpoint, variant, endpointConfig, version }: Named, metric: string): string => {
  const values = new Map([
    ['{endpoint}', endpoint],
    ['{variant}', variant],
    ['{endpoint-config}', endpointConfig],
    ['{version}', version],
  ]);
  const value = values.get(placeholder);
  if (value === undefined)
    throw new Refusal(
      'metric-missing',
      `judge.metrics: ${metric} has ${placeholder} in its dimensions, and the version that serves ${endpoint} has no registered version: deliver one with this suite first, or use another dimension`,
    );
  return value;
};

/** The counts of one arm in one minute, by metric; a metric whose counts are not known is missing. */
export type OwnCounts = Required<Pick<Arm, 'bad' | 'of' | 'cells'>>;

/**
 * @param requests that SageMaker counted for the arm in this minute
 * @returns `unsettled` while a count of a young minute may still arrive
 */
export type OwnReading = ((at: Instant, requests: number) => OwnCounts | 'unsettled') & { readonly partial?: true };

/**
 * The user's own metrics of some arms in [from, to), with one call. In a complete answer a minute without a data point of a count:
 *
 * - had none of these events, where the arm had no requests at all, or where another count shows that the publisher was heard (`of`,
 *   another cell);
 * - otherwise is what `absent` says: zero, or unknown. Of a distribution and of a metric with `of`, it is unknown.
 *
 * Counts that do not fit together (more events than `of`, a negative count) are unknown.
 */
export const readOwn = async (
  world: World,
  arms: readonly { readonly reads: readonly OwnRead[]; readonly arm: 'candidate' | 'baseline' }[],
  from: Instant,
  to: Instant,
): Promise<readonly OwnReading[]> => {
  const queries = arms.flatMap(({ reads, arm }, place) =>
    reads.flatMap((read, metric) => [
      ...read[arm].events.map((one, event) => ({ Id: idOf(place, metric, event), one })),
      ...(read[arm].of ? [{ Id: idOf(place, metric, 'of'), one: read[arm].of }] : []),
    ]),
  );
  if (queries.length === 0) return arms.map(() => () => ({ bad: {}, of: {}, cells: {} }));
  const read = await readTogether(
    world,
    from,
    to,
    queries.map(({ Id, one: { namespace, metric, statistic, dimensions } }) => ({
      id: Id,
      stat: {
        Metric: {
          Namespace: namespace,
          MetricName: metric,
          Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
        },
        Period: bucketSeconds,
        Stat: statistic,
      },
    })),
  );
  const values = new Map(queries.map(({ Id }, index) => [Id, read[index]]));
  const now = world.clock.now();
  const partial = read.some(({ complete }) => !complete) ? { partial: true as const } : {};
  return arms.map(({ reads, arm }, place) =>
    Object.assign((at: Instant, requests: number): OwnCounts | 'unsettled' => {
      const young = now < at + seconds(bucketSeconds) + settling;
      const counts: {
        bad: Record<string, number>;
        of: Record<string, number>;
        cells: Record<string, readonly number[]>;
      } = { bad: {}, of: {}, cells: {} };
      const pointAt = (id: string): Point =>
        values.get(id)?.points.get(at) ?? (values.get(id)?.complete ? 'absent' : 'partial');
      for (const [metric, read] of reads.entries()) {
        const events = read[arm].events.map((_, event) => pointAt(idOf(place, metric, event)));
        const of = read[arm].of && pointAt(idOf(place, metric, 'of'));
        const found = countsOf(read, events, of, requests);
        if (found === 'late' && young) return 'unsettled';
        if (found === 'late' || found === undefined) continue;
        if (read.counts === 'cells') counts.cells[read.name] = found.events;
        else counts.bad[read.name] = found.events[0] ?? 0;
        if (found.of !== undefined) counts.of[read.name] = found.of;
      }
      return counts;
    }, partial),
  );
};

const idOf = (place: number, metric: number, event: number | 'of'): string =>
  `a${place}m${metric}${event === 'of' ? 'of' : `e${event}`}`;

/** `absent`: CloudWatch answered in full, and has no data point. */
type Point = number | 'absent' | 'partial';

interface Found {
  readonly events: readonly number[];
  readonly of?: number;
}

/** Undefined: unknown. `late`: unknown, and in a young minute the data may still arrive. */
const countsOf = (
  { counts, absent }: OwnRead,
  events: readonly Point[],
  of: Point | undefined,
  requests: number,
): Found | 'late' | undefined => {
  const points = of === undefined ? events : [...events, of];
  if (points.some((point) => point === 'partial')) return undefined;
  const isHeard = points.some((point) => point !== 'absent');
  if (!isHeard && requests === 0) return { events: events.map(() => 0), ...(of === undefined ? {} : { of: 0 }) };
  if (of === 'absent') return 'late';
  if (absent === 'unknown' ? events.some((point) => point === 'absent') : counts === 'cells' && !isHeard) return 'late';
  const numbers = events.map((point) => (typeof point === 'number' ? point : 0));
  const sum = numbers.reduce((total, one) => total + one, 0);
  const whole = typeof of === 'number' ? of : counts === 'cells' ? sum : requests;
  // Each cell is a part of the whole; a count and a `of` of the same minute may arrive one after the other.
  if (numbers.some((one) => one < 0 || one > whole) || (counts === 'cells' && sum > whole * 1.000001)) return 'late';
  return { events: numbers, ...(typeof of === 'number' ? { of } : {}) };
};

/** `Acme/Churn EmptyAnswers`: for plans and messages. */
export const ownSeriesText = ({ namespace, metric, dimensions }: OwnSeries): string => {
  const listed = Object.entries(dimensions).map(([name, value]) => `${name}=${value}`);
  return `${namespace} ${metric}${listed.length > 0 ? ` (${listed.join(', ')})` : ''}`;
};
