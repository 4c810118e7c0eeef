import { allPages } from '../aws/pages.ts';
import { Throttled } from '../aws/retry.ts';
import { type Instant, seconds } from '../clock.ts';
import type { World } from '../world.ts';
import { dimensionsOf } from './dimensions.ts';

/** Requests per second in the busiest minute of a variant. */
export interface BusiestMinute {
  readonly minute: Instant;
  /** To one instance; absent where SageMaker publishes no such metric, as for an endpoint without instances. */
  readonly perInstance?: number;
  /** To all instances; not necessarily in the same minute, since a fleet grows. */
  readonly peak: number;
}

/**
 * `InvocationsPerInstance` has one statistic, the sum: each request adds 1 ÷ instances (AWS: "Amazon SageMaker AI metrics in Amazon
 * CloudWatch"). CloudWatch keeps data points of one minute for 15 days.
 * @param isExcluded minutes whose requests were no users'
 * @returns undefined when no request is recorded
 */
export const busiestMinute = async (
  world: World,
  fleet: { readonly endpoint: string; readonly variant: string },
  from: Instant,
  to: Instant,
  isExcluded: (minute: Instant) => boolean,
): Promise<BusiestMinute | undefined> => {
  const metrics = { all: 'Invocations', each: 'InvocationsPerInstance' } as const;
  const pages = await allPages('cloudwatch:GetMetricData', (NextToken) =>
    world.read.cloudwatch.getMetricData({
      StartTime: new Date(from),
      EndTime: new Date(to),
      ScanBy: 'TimestampAscending',
      MetricDataQueries: Object.entries(metrics).map(([Id, MetricName]) => ({
        Id,
        MetricStat: {
          Metric: { Namespace: 'AWS/SageMaker', MetricName, Dimensions: dimensionsOf(fleet) },
          Period: 60,
          Stat: 'Sum',
        },
      })),
      NextToken,
    }),
  );
  const most: { -readonly [Id in keyof typeof metrics]?: { readonly minute: Instant; readonly requests: number } } = {};
  for (const { Id, StatusCode, Timestamps = [], Values = [] } of pages.flatMap(
    (page) => page.MetricDataResults ?? [],
  )) {
    if (StatusCode === 'InternalError')
      throw new Throttled(
        world.clock.now() + seconds(30),
        new Error('cloudwatch:GetMetricData answered InternalError'),
      );
    if (Id !== 'all' && Id !== 'each') continue;
    for (const [index, at] of Timestamps.entries()) {
      const found = { minute: at.getTime(), requests: Values[index] ?? 0 };
      if (found.requests > (most[Id]?.requests ?? 0) && !isExcluded(found.minute)) most[Id] = found;
    }
  }
  const { all, each } = most;
  if (all === undefined) return undefined;
  return {
    minute: (each ?? all).minute,
    peak: all.requests / 60,
    ...(each === undefined ? {} : { perInstance: each.requests / 60 }),
  };
};
