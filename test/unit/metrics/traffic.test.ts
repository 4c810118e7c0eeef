import { describe, expect, test } from '@jest/globals';
import type { GetMetricDataInput } from '../../../src/aws/cloudwatch.ts';
import { Throttled } from '../../../src/aws/retry.ts';
import { minutes } from '../../../src/clock.ts';
import { candidateFleet, firstRequestAt, requestsSeen, usualRate } from '../../../src/metrics/traffic.ts';
import type { World } from '../../../src/world.ts';
import { rejection } from '../../support/aws.ts';
import { created, guarded, release } from '../../support/release.ts';

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
          return { MetricDataResults: [{ Id: query?.Id, StatusCode, Timestamps, Values: Timestamps.map(() => 120) }] };
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

/** CloudWatch with these requests at these minutes before nine o'clock, in its answer's form. */
const answering = (points: Readonly<Record<number, number>>, more: object = {}) => {
  const inputs: GetMetricDataInput[] = [];
  const world = {
    clock: { now: () => now },
    read: {
      cloudwatch: {
        getMetricData: async (input: GetMetricDataInput) => {
          inputs.push(input);
          const found = Object.entries(points)
            .map(([before, requests]) => ({ at: now - minutes(Number(before)), requests }))
            .filter(({ at }) => at >= (input.StartTime?.getTime() ?? 0) && at < (input.EndTime?.getTime() ?? 0))
            .sort((one, other) => one.at - other.at);
          return {
            MetricDataResults: [
              {
                Id: input.MetricDataQueries?.[0]?.Id,
                StatusCode: 'Complete',
                Timestamps: found.map(({ at }) => new Date(at)),
                Values: found.map(({ requests }) => requests),
                ...more,
              },
            ],
          };
        },
      },
    },
  } as unknown as World;
  return { world, inputs };
};
const arm = { ...fleets, endpointConfig: 'churn-1-4-0-aaaaaaaa' };

describe('the new fleet of a release', () => {
  test('is counted as its kind of endpoint is, in the metrics of its configuration', () => {
    const submission = { ...guarded, endpointKind: 'asynchronous' } as const;
    expect(candidateFleet({ endpoint: 'churn', release: release({ submission }) })).toEqual({
      endpoint: 'churn',
      variant: 'AllTraffic',
      endpointConfig: 'churn-1-1-0',
      kind: 'asynchronous',
    });
  });

  test('without guardrails has no kind of its own: it is counted by invocations', async () => {
    const fleet = candidateFleet({ endpoint: 'churn', release: release({ submission: created }) });
    expect(fleet).toEqual({ endpoint: 'churn', variant: 'AllTraffic', endpointConfig: 'churn-1-1-0' });
    const { world: cloudwatch, inputs } = answering({});
    await requestsSeen(cloudwatch, fleet, now - minutes(5), now);
    expect(inputs[0]?.MetricDataQueries?.[0]?.MetricStat).toMatchObject({
      Metric: { Namespace: 'AWS/SageMaker', MetricName: 'Invocations' },
      Stat: 'Sum',
      Period: 60,
    });
  });
});

describe('the first request', () => {
  test('is in the first minute with one: a point of zero is none', async () => {
    const { world: cloudwatch } = answering({ 9: 0, 8: 0, 7: 3, 6: 50 });
    expect(await firstRequestAt(cloudwatch, arm, now - minutes(30))).toBe(now - minutes(7));
  });

  test('is not known before CloudWatch shows it, nor when the time to look at has not begun', async () => {
    expect(await firstRequestAt(answering({}).world, arm, now - minutes(30))).toBeUndefined();
    expect(await firstRequestAt(answering({ 9: 0 }).world, arm, now - minutes(30))).toBeUndefined();
    const { world: cloudwatch, inputs } = answering({ 0: 5 });
    expect(await firstRequestAt(cloudwatch, arm, now)).toBeUndefined();
    // CloudWatch refuses a time that ends before it begins.
    expect(inputs).toEqual([]);
  });

  test('is looked for from the minute of `from` on, oldest first', async () => {
    const { world: cloudwatch, inputs } = answering({ 5: 1 });
    expect(await firstRequestAt(cloudwatch, arm, now - minutes(4) - 30_000)).toBe(now - minutes(5));
    expect(inputs[0]).toMatchObject({
      StartTime: new Date(now - minutes(5)),
      EndTime: new Date(now),
      ScanBy: 'TimestampAscending',
    });
  });
});

describe('the usual rate', () => {
  const each = (from: number, until: number, requests: number): Readonly<Record<number, number>> =>
    Object.fromEntries(Array.from({ length: from - until + 1 }, (_, index) => [from - index, requests]));

  test('is that of the last quarter of an hour where it is busier than the hour', async () => {
    // The last three minutes are not complete.
    const { world: cloudwatch } = answering({ ...each(63, 19, 60), ...each(18, 4, 240), ...each(3, 0, 9999) });
    expect(await usualRate(cloudwatch, fleets)).toBe(4);
  });

  test('is that of the hour where the last quarter is quiet', async () => {
    const { world: cloudwatch } = answering({ ...each(63, 19, 120), ...each(18, 4, 0) });
    expect(await usualRate(cloudwatch, fleets)).toBe((45 * 120) / 3600);
  });

  test('of an endpoint that is younger counts from its first request on', async () => {
    expect(await usualRate(answering(each(8, 4, 120)).world, fleets)).toBe(2);
  });

  test('of an endpoint without requests is zero', async () => {
    expect(await usualRate(answering({}).world, fleets)).toBe(0);
    expect(await usualRate(answering({}, { Timestamps: undefined, Values: undefined }).world, fleets)).toBe(0);
  });
});
