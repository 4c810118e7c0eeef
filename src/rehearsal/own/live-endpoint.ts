import { adopt } from '../../adopt/adopt.ts';
import { hours, type Instant } from '../../clock.ts';
import { observe } from '../../endpoint/observe.ts';
import { canonicalOf } from '../../endpoint/variants.ts';
import { dimensionsOf } from '../../metrics/dimensions.ts';
import { metricDelay } from '../../metrics/traffic.ts';
import { withoutUndefined } from '../../without-undefined.ts';
import type { World } from '../../world.ts';

/** A live endpoint, as a rehearsal begins with it. */
export interface LiveEndpoint {
  /** As `adopt` writes it. */
  readonly manifest: string;
  /** Of the last day; absent without requests. */
  readonly traffic?: Traffic;
}

export interface Traffic {
  /** Of the busiest hour: alarms and bakes meet it. */
  readonly requestsPerSecond: number;
  /** Share of the requests that ended with a 5xx, 0 to 1. */
  readonly errors: number;
  /** Half of the answers took the model less; absent where SageMaker publishes no latency. */
  readonly medianMs?: number;
}

/** Reads only. @throws {Refusal} as `adopt` */
export const readLiveEndpoint = async (world: World, endpoint: string): Promise<LiveEndpoint> => {
  const { manifest } = await adopt(world, { endpoint, environment: 'production' });
  return { manifest, ...withoutUndefined({ traffic: await trafficOf(world, endpoint) }) };
};

/** By hour: Invocations, 5xx, and the median of ModelLatency in microseconds (AWS: "Monitor SageMaker AI with CloudWatch"). */
const trafficOf = async (world: World, endpoint: string): Promise<Traffic | undefined> => {
  const live = await observe(world, endpoint);
  const variant = live && canonicalOf(live);
  if (variant === undefined) return undefined;
  const until: Instant = world.clock.now() - metricDelay;
  const query = (Id: string, MetricName: string, Stat: string) => ({
    Id,
    MetricStat: {
      Metric: { Namespace: 'AWS/SageMaker', MetricName, Dimensions: [...dimensionsOf({ endpoint, variant })] },
      Period: hours(1) / 1000,
      Stat,
    },
  });
  const { MetricDataResults = [] } = await world.read.cloudwatch.getMetricData({
    StartTime: new Date(until - hours(24)),
    EndTime: new Date(until),
    MetricDataQueries: [
      query('requests', 'Invocations', 'Sum'),
      query('errors', 'Invocation5XXErrors', 'Sum'),
      query('latency', 'ModelLatency', 'p50'),
    ],
  });
  const valuesOf = (id: string): readonly number[] => MetricDataResults.find(({ Id }) => Id === id)?.Values ?? [];
  const [requests, errors, latency] = [valuesOf('requests'), valuesOf('errors'), valuesOf('latency')];
  const total = sum(requests);
  if (total === 0) return undefined;
  const middle = latency.toSorted((one, other) => one - other)[Math.floor(latency.length / 2)];
  return {
    requestsPerSecond: Number((Math.max(...requests) / 3600).toPrecision(2)),
    errors: Math.min(1, sum(errors) / total),
    ...withoutUndefined({ medianMs: middle === undefined ? undefined : Math.max(1, Math.round(middle / 1000)) }),
  };
};

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
