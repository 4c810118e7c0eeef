import { type Instant, minutes, seconds } from '../clock.ts';
import type { Latency, LatencyPlan } from '../judge/latency.ts';
import type { World } from '../world.ts';
import { dimensionsOf } from './dimensions.ts';
import { readTogether } from './metric-data.ts';

export const bucketSeconds = 60;

/** Instances that answer requests: a variant, or one fleet of it. */
export interface Fleet {
  readonly endpoint: string;
  readonly variant: string;
  /** One of the two fleets of a guardrail deployment. */
  readonly endpointConfig?: string;
}

/** The counts of one fleet in one minute. `errors` are the model's own (rule 20); 4xx are counted separately. */
export type Minute = { readonly requests: number; readonly errors: number; readonly clientErrors: number } & Latency;

/** The minutes of one answer. `partial`: CloudWatch did not answer in full, so any minute may lack counts that it has. */
export type Minutes = ((at: Instant) => MinuteReading) & { readonly partial?: true };

/** Undefined = not known. `unsettled` = not known yet: the series of this young minute do not fit together. */
export type MinuteReading = Minute | 'unsettled' | undefined;

/**
 * The longest time for the parts of one minute to arrive. SageMaker sends a 1 or a 0 for every answer (AWS: "Amazon SageMaker AI
 * metrics in Amazon CloudWatch"), so a minute with requests and without one of the error series is not complete. AWS does not document
 * this for every kind of endpoint. After this time a missing series therefore counts as zero.
 */
export const settling = minutes(5);

/** The metrics of something that answers requests. */
export interface Series {
  readonly namespace: 'AWS/SageMaker' | 'AWS/Lambda' | 'AWS/ApplicationELB';
  readonly dimensions: readonly { readonly Name: string; readonly Value: string }[];
  /** Metrics whose sums count, by id. */
  readonly sums: { readonly requests: string; readonly [id: string]: string };
  /** It counts 4xx answers. */
  readonly clientErrors: boolean;
  readonly latency: { readonly metric: string; readonly perMillisecond: number };
  /** A minute's counts, made of its data points; undefined when the series do not fit together. `everZero`: a series had a point of 0. */
  readonly counts: (
    point: (id: string) => number | undefined,
    young: boolean,
    everZero: (id: string) => boolean,
  ) => Pick<Minute, 'requests' | 'errors' | 'clientErrors'> | undefined;
}

/** Of one fleet of an endpoint. ModelLatency is in microseconds. */
export const seriesOfFleet = (fleet: Fleet): Series => ({
  namespace: 'AWS/SageMaker',
  dimensions: dimensionsOf(fleet),
  sums: { requests: 'Invocations', answers: 'InvocationModelErrors', callers: 'Invocation4XXErrors' },
  clientErrors: true,
  latency: { metric: 'ModelLatency', perMillisecond: 1000 },
  counts: (point, young) => countsOf(point('requests'), point('answers'), point('callers'), young),
});

/** `readSeries` of one fleet of an endpoint. */
export const readFleet = (
  world: World,
  fleet: Fleet,
  latency: LatencyPlan | undefined,
  from: Instant,
  to: Instant,
): Promise<Minutes> => readSeries(world, seriesOfFleet(fleet), latency, from, to);

/**
 * The metrics of one arm in [from, to). In a complete answer, a minute without a data point had no requests; in an incomplete
 * answer, that minute is not known.
 */
export const readSeries = async (
  world: World,
  series: Series,
  latency: LatencyPlan | undefined,
  from: Instant,
  to: Instant,
): Promise<Minutes> => {
  const queries = queriesOf(series, latency);
  const { perMillisecond } = series.latency;
  const read = await readTogether(
    world,
    from,
    to,
    queries.map(({ Id, MetricName, Stat }) => ({
      id: Id,
      stat: {
        Metric: { Namespace: series.namespace, MetricName, Dimensions: [...series.dimensions] },
        Period: bucketSeconds,
        Stat,
      },
    })),
  );
  const values = new Map(queries.map(({ Id }, index) => [Id, read[index]?.points]));
  const complete = new Set(queries.flatMap(({ Id }, index) => (read[index]?.complete ? [Id] : [])));
  const point = (id: string, at: Instant): number | undefined => values.get(id)?.get(at);
  const value = (id: string, at: Instant): number => point(id, at) ?? 0;
  const everZero = (id: string): boolean => [...(values.get(id)?.values() ?? [])].includes(0);
  const now = world.clock.now();
  const minute = (at: Instant): MinuteReading => {
    // In a full answer from CloudWatch a missing data point means zero; in a partial answer it may be any value.
    if (queries.some(({ Id }) => !complete.has(Id) && point(Id, at) === undefined)) return undefined;
    const young = now < at + seconds(bucketSeconds) + settling;
    const counted = series.counts((id) => point(id, at), young, everZero);
    if (counted === undefined) return young ? 'unsettled' : undefined;
    const cells = latency?.rung === 'cells' ? latency.edges.map((_, index) => value(`cell${index}`, at)) : undefined;
    const samples = value('samples', at);
    return {
      ...counted,
      ...(cells ? { cells: [...cells, Math.max(0, samples - cells.reduce((sum, cell) => sum + cell, 0))] } : {}),
      ...(latency?.rung === 'percentile' ? { percentile: value('percentile', at) / perMillisecond } : {}),
      ...(latency?.rung === 'mean' ? { sum: value('sum', at) / perMillisecond } : {}),
      ...(latency?.rung === 'maximum' ? { maximum: value('maximum', at) / perMillisecond } : {}),
    };
  };
  return complete.size < queries.length ? Object.assign(minute, { partial: true as const }) : minute;
};

/**
 * Rule 20: `InvocationModelErrors` are all answers other than 2xx. The callers' mistakes (4xx) are among them; the others are the
 * model's.
 * @param answers number of answers other than 2xx
 * @returns undefined when the series do not fit together: more mistakes than failures, or failures without requests
 */
const countsOf = (
  requests: number | undefined,
  answers: number | undefined,
  callers: number | undefined,
  young: boolean,
): Pick<Minute, 'requests' | 'errors' | 'clientErrors'> | undefined => {
  const series = [requests, answers, callers];
  const missing = series.filter((one) => one === undefined).length;
  if (young && missing > 0 && missing < series.length) return undefined;
  const [all = 0, failed = 0, mistaken = 0] = series;
  if (mistaken > failed || failed > all) return undefined;
  return { requests: all, errors: failed - mistaken, clientErrors: mistaken };
};

/** Milliseconds in the metric's unit: 9 ms are 0.009 s, and no binary fraction beside it. */
export const inMetric = (milliseconds: number, perMillisecond: number): string =>
  String(Number((milliseconds * perMillisecond).toPrecision(12)));

/** The plan's edges are in milliseconds; `TC(a:b)` counts samples in (a, b] (CloudWatch: statistics). */
const queriesOf = ({ sums, latency: { metric, perMillisecond } }: Series, latency: LatencyPlan | undefined) => {
  const timed = (Id: string, Stat: string) => ({ Id, MetricName: metric, Stat });
  return [
    ...Object.entries(sums).map(([Id, MetricName]) => ({ Id, MetricName, Stat: 'Sum' })),
    ...(latency === undefined ? [] : [timed('samples', 'SampleCount')]),
    ...(latency?.rung === 'cells'
      ? latency.edges.map((edge, index) => {
          const below = index === 0 ? '' : inMetric(latency.edges[index - 1] ?? 0, perMillisecond);
          return timed(`cell${index}`, `TC(${below}:${inMetric(edge, perMillisecond)})`);
        })
      : []),
    ...(latency?.rung === 'percentile' ? [timed('percentile', 'p99')] : []),
    ...(latency?.rung === 'mean' ? [timed('sum', 'Sum')] : []),
    ...(latency?.rung === 'maximum' ? [timed('maximum', 'Maximum')] : []),
  ];
};
