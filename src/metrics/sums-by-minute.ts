import { allPages } from '../aws/pages.ts';
import { Throttled } from '../aws/retry.ts';
import { type Instant, seconds } from '../clock.ts';
import type { World } from '../world.ts';

/** A metric in the statistic that counts requests. */
export interface CountedMetric {
  /** Default: that of SageMaker's endpoints. */
  readonly namespace?: 'AWS/Lambda' | 'AWS/ApplicationELB';
  readonly name: string;
  readonly statistic: string;
  readonly dimensions: readonly { readonly Name: string; readonly Value: string }[];
}

export interface MinuteCount {
  readonly minute: Instant;
  readonly requests: number;
}

/**
 * Requests by minute in [from, to), of each metric by its id, in the order of time. Minutes without a data point are not among them.
 * @throws {Throttled} when CloudWatch could not answer: unknown is not zero
 */
export const sumsByMinute = async <Id extends string>(
  world: World,
  metrics: Readonly<Record<Id, CountedMetric>>,
  from: Instant,
  to: Instant,
): Promise<Readonly<Record<Id, readonly MinuteCount[]>>> => {
  const ids = Object.keys(metrics) as Id[];
  const pages = await allPages('cloudwatch:GetMetricData', (NextToken) =>
    world.read.cloudwatch.getMetricData({
      StartTime: new Date(from),
      EndTime: new Date(to),
      ScanBy: 'TimestampAscending',
      MetricDataQueries: ids.map((id) => {
        const { namespace = 'AWS/SageMaker', name, statistic, dimensions } = metrics[id];
        return {
          Id: id,
          MetricStat: {
            Metric: { Namespace: namespace, MetricName: name, Dimensions: [...dimensions] },
            Period: 60,
            Stat: statistic,
          },
        };
      }),
      NextToken,
    }),
  );
  const found = new Map<string, MinuteCount[]>(ids.map((id) => [id, []]));
  for (const { Id = '', StatusCode, Timestamps = [], Values = [] } of pages.flatMap(
    (page) => page.MetricDataResults ?? [],
  )) {
    if (StatusCode === 'InternalError')
      throw new Throttled(
        world.clock.now() + seconds(30),
        new Error('cloudwatch:GetMetricData answered InternalError'),
      );
    for (const [at, time] of Timestamps.entries())
      found.get(Id)?.push({ minute: time.getTime(), requests: Values[at] ?? 0 });
  }
  return Object.fromEntries(found) as Record<Id, MinuteCount[]>;
};
