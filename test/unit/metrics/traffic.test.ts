import { describe, expect, test } from '@jest/globals';
import type { GetMetricDataInput } from '../../../src/aws/cloudwatch.ts';
import { Throttled } from '../../../src/aws/retry.ts';
import { minutes } from '../../../src/clock.ts';
import { requestsSeen, usualRate } from '../../../src/metrics/traffic.ts';
import type { World } from '../../../src/world.ts';
import { rejection } from '../../support/aws.ts';

const now = Date.parse('2026-01-05T09:00:00Z');
const fleets = { endpoint: 'churn', variant: 'AllTraffic' };

/** CloudWatch, as it answers for a metric that has a point in each of the last twenty complete minutes. */
const world = (hasMetric: (dimensions: readonly string[]) => boolean, StatusCode = 'Complete'): World =>
  ({
    clock: { now: () => now },
    read: {
      cloudwatch: {
        getMetricData: async ({ MetricDataQueries: [query] = [] }: GetMetricDataInput) => {
          const dimensions = (query?.MetricStat?.Metric?.Dimensions ?? []).map(({ Name = '' }) => Name);
          const Timestamps = Array.from(
            { length: hasMetric(dimensions) ? 20 : 0 },
            (_, n) => new Date(now - minutes(23 - n)),
          );
          return { MetricDataResults: [{ StatusCode, Timestamps, Values: Timestamps.map(() => 120) }] };
        },
      },
    },
  }) as unknown as World;

describe('requests', () => {
  test('the usual rate is that of the variant: a fleet that no guardrail brought may have no metric of its own', async () => {
    const plain = world((dimensions) => dimensions.join() === 'EndpointName,VariantName');
    expect(await usualRate(plain, fleets)).toBe(2);
  });

  test('of an async endpoint, which publishes no Invocations, the samples of the latency are counted', async () => {
    const requested: unknown[] = [];
    const far = {
      clock: { now: () => now },
      read: {
        cloudwatch: {
          getMetricData: async ({ MetricDataQueries: [query] = [] }: GetMetricDataInput) => {
            requested.push([query?.MetricStat?.Metric?.MetricName, query?.MetricStat?.Stat]);
            return {};
          },
        },
      },
    } as unknown as World;
    await requestsSeen(far, { ...fleets, endpointConfig: 'x', kind: 'asynchronous' }, now - minutes(30), now);
    expect(requested).toEqual([['ModelLatency', 'SampleCount']]);
  });

  test('one fleet is counted by its configuration', async () => {
    const perFleet = world((dimensions) => dimensions.includes('EndpointConfigName'));
    const arm = { ...fleets, endpointConfig: 'churn-1-4-0-aaaaaaaa' };
    expect(await requestsSeen(perFleet, arm, now - minutes(30), now)).toBe(2400);
  });

  test('what CloudWatch could not read is asked for again and is not zero', async () => {
    const failing = world(() => false, 'InternalError');
    const error = await rejection(usualRate(failing, fleets));
    expect(error).toBeInstanceOf(Throttled);
  });
});
