import { expect, test } from '@jest/globals';
import { minutes } from '../../../src/clock.ts';
import { armsOfTasks, requestsOfTasks, seriesOfTasks } from '../../../src/metrics/service-arms.ts';
import type { World } from '../../../src/world.ts';

const nine = Date.UTC(2026, 0, 5, 9);
const loadBalancer = 'app/churn/50dc6c495c0c9188';
const blue = { loadBalancer, targetGroup: 'targetgroup/churn-blue/73e2d6bc24d8a067' };
const green = { loadBalancer, targetGroup: 'targetgroup/churn-green/0123456789abcdef' };

type Points = Readonly<{ requests?: number; errors?: number; callers?: number }>;
/** One request has the series of both arms: of two that have one id, the second has a number. */
const ownId = (id: string): string => id.replace(/_\d+$/, '');

interface Query {
  readonly Id: string;
  readonly MetricStat: {
    readonly Metric: { readonly Dimensions: readonly { readonly Name: string; readonly Value: string }[] };
  };
}

/** Both arms in the minute of `nine`, three minutes after its end. */
const read = async (sums: Readonly<Record<string, Points>>) => {
  const world = {
    clock: { now: () => nine + minutes(4) },
    read: {
      cloudwatch: {
        getMetricData: async ({ MetricDataQueries }: { MetricDataQueries: readonly Query[] }) => ({
          MetricDataResults: MetricDataQueries.map(({ Id, MetricStat: { Metric } }) => {
            const [{ Value: group = '' } = {}] = Metric.Dimensions;
            const value = sums[group]?.[ownId(Id) as keyof Points];
            return {
              Id,
              StatusCode: 'Complete',
              Timestamps: value === undefined ? [] : [new Date(nine)],
              Values: value === undefined ? [] : [value],
            };
          }),
        }),
      },
    },
  } as unknown as World;
  const { candidate, baseline } = armsOfTasks(world, { candidate: green, baseline: blue }, undefined);
  const [one, other] = await Promise.all([candidate(nine, nine + minutes(1)), baseline(nine, nine + minutes(1))]);
  return { candidate: one(nine), baseline: other(nine) };
};

test('the metrics are those of the targets, by target group and load balancer', () => {
  const { namespace, dimensions, sums, latency } = seriesOfTasks(green);
  expect({ namespace, dimensions, sums, latency }).toEqual({
    namespace: 'AWS/ApplicationELB',
    dimensions: [
      { Name: 'TargetGroup', Value: 'targetgroup/churn-green/0123456789abcdef' },
      { Name: 'LoadBalancer', Value: 'app/churn/50dc6c495c0c9188' },
    ],
    sums: { requests: 'RequestCount', errors: 'HTTPCode_Target_5XX_Count', callers: 'HTTPCode_Target_4XX_Count' },
    latency: { metric: 'TargetResponseTime', perMillisecond: 0.001 },
  });
  expect(requestsOfTasks(green)).toEqual({
    namespace: 'AWS/ApplicationELB',
    name: 'RequestCount',
    statistic: 'Sum',
    dimensions,
  });
});

test('each arm is its target group; a minute without a data point of errors has none', async () => {
  expect(
    await read({ [blue.targetGroup]: { requests: 90 }, [green.targetGroup]: { requests: 10, errors: 2, callers: 3 } }),
  ).toEqual({
    candidate: { requests: 10, errors: 2, clientErrors: 3 },
    baseline: { requests: 90, errors: 0, clientErrors: 0 },
  });
  expect((await read({})).candidate).toEqual({ requests: 0, errors: 0, clientErrors: 0 });
});

test('more answers than requests do not fit together', async () => {
  const sums = { requests: 10, errors: 6, callers: 5 };
  expect((await read({ [green.targetGroup]: sums })).candidate).toBe('unsettled');
});
