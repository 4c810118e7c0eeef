import { describe, expect, test } from '@jest/globals';
import type { GetMetricDataInput } from '../../../src/aws/cloudwatch.ts';
import { Throttled } from '../../../src/aws/retry.ts';
import { hours, minutes } from '../../../src/clock.ts';
import { busiestMinute } from '../../../src/metrics/busiest-minute.ts';
import type { World } from '../../../src/world.ts';

const now = Date.parse('2026-01-05T09:00:00Z');
const fleet = { endpoint: 'churn', variant: 'AllTraffic' };
const at = (minute: number): number => now - minutes(minute);
type Points = Readonly<Record<number, number>>;

/** CloudWatch with these sums, by minutes ago, in two pages. */
const worldOf = (
  points: { readonly Invocations?: Points; readonly InvocationsPerInstance?: Points },
  StatusCode = 'Complete',
) => {
  const asked: GetMetricDataInput[] = [];
  const getMetricData = async (input: GetMetricDataInput) => {
    asked.push(input);
    const isFirst = input.NextToken === undefined;
    return {
      ...(isFirst ? { NextToken: 'more' } : {}),
      MetricDataResults: (input.MetricDataQueries ?? []).map(({ Id, MetricStat }) => {
        const all = Object.entries(points[MetricStat?.Metric?.MetricName as keyof typeof points] ?? {});
        const page = isFirst ? all.slice(0, 1) : all.slice(1);
        return {
          ...{ Id, StatusCode },
          Timestamps: page.map(([minute]) => new Date(at(Number(minute)))),
          Values: page.map(([, value]) => value),
        };
      }),
    };
  };
  return { asked, world: { clock: { now: () => now }, read: { cloudwatch: { getMetricData } } } as unknown as World };
};
const busiest = (world: World, isExcluded = (_minute: number): boolean => false) =>
  busiestMinute(world, fleet, now - hours(168), now, isExcluded);

describe('the busiest minute', () => {
  test('is that of one instance; the peak of all may be another, since a fleet grows', async () => {
    const { world, asked } = worldOf({
      Invocations: { 9: 1200, 5: 2400, 3: 600 },
      InvocationsPerInstance: { 9: 600, 5: 300, 3: 150 },
    });
    expect(await busiest(world)).toEqual({ minute: at(9), perInstance: 10, peak: 40 });
    expect(asked).toHaveLength(2);
    for (const { MetricStat } of asked[0]?.MetricDataQueries ?? [])
      expect(MetricStat).toMatchObject({
        Period: 60,
        Stat: 'Sum',
        Metric: {
          Dimensions: [
            { Name: 'EndpointName', Value: 'churn' },
            { Name: 'VariantName', Value: 'AllTraffic' },
          ],
        },
      });
  });

  test('leaves out minutes that had no traffic of users', async () => {
    const { world } = worldOf({ Invocations: { 9: 1200, 5: 600 }, InvocationsPerInstance: { 9: 1200, 5: 600 } });
    expect(await busiest(world, (minute) => minute === at(9))).toEqual({ minute: at(5), perInstance: 10, peak: 10 });
  });

  test('has no rate of an instance where SageMaker publishes none', async () => {
    expect(await busiest(worldOf({ Invocations: { 4: 90 } }).world)).toEqual({ minute: at(4), peak: 1.5 });
  });

  test('is not there without requests', async () => {
    expect(await busiest(worldOf({}).world)).toBeUndefined();
    expect(await busiest(worldOf({ Invocations: { 4: 0 } }).world)).toBeUndefined();
  });

  test('is not guessed when CloudWatch cannot answer', async () => {
    await expect(busiest(worldOf({ Invocations: { 4: 90 } }, 'InternalError').world)).rejects.toThrow(Throttled);
  });
});
