import { describe, expect, test } from '@jest/globals';
import type { GetMetricDataInput, GetMetricDataOutput } from '../../../src/aws/cloudwatch.ts';
import { minutes } from '../../../src/clock.ts';
import type { LatencyPlan } from '../../../src/judge/latency.ts';
import { readFleet } from '../../../src/metrics/fleet-metrics.ts';
import type { World } from '../../../src/world.ts';
import { nine } from '../../support/stepping.ts';

type Results = NonNullable<GetMetricDataOutput['MetricDataResults']>;
const fleet = { endpoint: 'churn', variant: 'AllTraffic' };
const to = nine + minutes(3);
const long = to + minutes(600);

/** @param pages CloudWatch's answer, page by page */
const read = async (
  pages: readonly (Results | undefined)[],
  {
    latency,
    now = long,
    of = fleet,
  }: { latency?: LatencyPlan; now?: number; of?: Parameters<typeof readFleet>[1] } = {},
) => {
  const inputs: GetMetricDataInput[] = [];
  const getMetricData = async (input: GetMetricDataInput): Promise<GetMetricDataOutput> => {
    const page = Number(input.NextToken ?? 0);
    inputs.push(input);
    return {
      ...(pages[page] === undefined ? {} : { MetricDataResults: pages[page] }),
      ...(page + 1 < pages.length ? { NextToken: String(page + 1) } : {}),
    };
  };
  const world = { clock: { now: () => now }, read: { cloudwatch: { getMetricData } } } as unknown as World;
  const minute = await readFleet(world, of, latency, nine, to);
  return { minute, inputs, queries: inputs[0]?.MetricDataQueries ?? [] };
};

/** A series with a point in the first minutes. */
const series = (Id: string, Values: readonly number[], StatusCode = 'Complete', first = 0) => ({
  Id,
  StatusCode: StatusCode as 'Complete',
  Values: [...Values],
  Timestamps: Values.map((_, index) => new Date(nine + minutes(first + index))),
});
const counts = [series('requests', [100, 200]), series('answers', [5, 0]), series('callers', [3, 0])];
const plan = (rung: LatencyPlan['rung'], edges: readonly number[] = []): LatencyPlan => ({ rung, edges, because: '' });

describe('the calls', () => {
  test('ask for one minute after the other of one fleet, oldest first', async () => {
    const { inputs, queries } = await read([counts], { of: { ...fleet, endpointConfig: 'churn-1-4-0' } });
    expect(inputs).toHaveLength(1);
    expect(inputs[0]).toMatchObject({ StartTime: new Date(nine), EndTime: new Date(to), ScanBy: 'TimestampAscending' });
    expect(queries.map(({ MetricStat }) => [MetricStat?.Metric?.MetricName, MetricStat?.Stat])).toEqual([
      ['Invocations', 'Sum'],
      ['InvocationModelErrors', 'Sum'],
      ['Invocation4XXErrors', 'Sum'],
    ]);
    for (const { MetricStat } of queries) {
      expect(MetricStat?.Period).toBe(60);
      expect(MetricStat?.Metric).toMatchObject({
        Namespace: 'AWS/SageMaker',
        Dimensions: [
          { Name: 'EndpointName', Value: 'churn' },
          { Name: 'VariantName', Value: 'AllTraffic' },
          { Name: 'EndpointConfigName', Value: 'churn-1-4-0' },
        ],
      });
    }
  });

  test.each<[LatencyPlan, readonly string[]]>([
    [plan('cells', [10, 25]), ['SampleCount', 'TC(:10000)', 'TC(10000:25000)']],
    [plan('percentile'), ['SampleCount', 'p99']],
    [plan('mean'), ['SampleCount', 'Sum']],
    [plan('maximum', [300]), ['SampleCount', 'Maximum']],
  ])('ask for the latency in microseconds, by the rung of the plan: %o', async (latency, stats) => {
    const { queries } = await read([counts], { latency });
    const statistics = queries.slice(3).map(({ MetricStat }) => [MetricStat?.Metric?.MetricName, MetricStat?.Stat]);
    expect(statistics).toEqual(stats.map((stat) => ['ModelLatency', stat]));
    // CloudWatch refuses two queries under one id, and an id that does not begin with a small letter.
    const ids = queries.map(({ Id }) => Id ?? '');
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(id).toMatch(/^[a-z][a-zA-Z0-9_]*$/);
  });
});

describe('a minute', () => {
  test('has the model’s own failures apart from the callers’ mistakes, and no requests where there is no point', async () => {
    const { minute } = await read([counts]);
    expect(minute(nine)).toEqual({ requests: 100, errors: 2, clientErrors: 3 });
    expect(minute(nine + minutes(2))).toEqual({ requests: 0, errors: 0, clientErrors: 0 });
  });

  test('has its latency in milliseconds, and nothing of another rung', async () => {
    const counted = { requests: 100, errors: 2, clientErrors: 3 };
    const of = async (latency: LatencyPlan, ...more: Results) =>
      (await read([[...counts, series('samples', [100]), ...more]], { latency })).minute(nine);
    expect(await of(plan('mean'), series('sum', [2_500_000]))).toEqual({ ...counted, sum: 2500 });
    expect(await of(plan('percentile'), series('percentile', [42_000]))).toEqual({ ...counted, percentile: 42 });
    expect(await of(plan('maximum', [300]), series('maximum', [900_000]))).toEqual({ ...counted, maximum: 900 });
    expect(await of(plan('cells', [10, 25]), series('cell0', [60]), series('cell1', [30]))).toEqual({
      ...counted,
      // The rest was slower than the last edge.
      cells: [60, 30, 10],
    });
    // The cells arrived before the number of samples: none is fewer than none.
    expect(await of(plan('cells', [10]), series('cell0', [120]))).toMatchObject({ cells: [120, 0] });
  });

  test('has the parts of all pages; a page may be empty, and name no series', async () => {
    const { minute, inputs } = await read([
      [series('requests', [100], 'PartialData'), ...counts.slice(1)],
      undefined,
      [{}, { Id: 'other', StatusCode: 'Complete' }, series('requests', [200, 300], 'Complete', 1)],
    ]);
    expect(inputs.map(({ NextToken }) => NextToken)).toEqual([undefined, '1', '2']);
    expect([0, 1, 2].map((at) => minute(nine + minutes(at)))).toMatchObject([
      { requests: 100 },
      { requests: 200 },
      { requests: 300 },
    ]);
  });

  test('is not known where the last part of a series is missing', async () => {
    const { minute } = await read([counts, [series('requests', [], 'PartialData')]]);
    expect(minute(nine)).toMatchObject({ requests: 100 });
    expect(minute(nine + minutes(2))).toBeUndefined();
  });

  test('with a point without a value had none', async () => {
    const [requests, ...others] = counts;
    const { minute } = await read([[{ ...requests, Values: undefined }, series('answers', []), ...others.slice(1, 1)]]);
    expect(minute(nine)).toBeUndefined();
    const known = await read([[{ ...requests, Values: undefined }, series('answers', []), series('callers', [])]]);
    expect(known.minute(nine)).toEqual({ requests: 0, errors: 0, clientErrors: 0 });
  });
});

describe('a young minute', () => {
  const closes = nine + minutes(1);
  const at = (now: number, ...results: Results) => read([results], { now }).then(({ minute }) => minute(nine));
  const complete = (...ids: readonly string[]) => ids.map((id) => series(id, []));

  test('without any point had no requests: there is nothing to wait for', async () => {
    expect(await at(closes, ...complete('requests', 'answers', 'callers'))).toEqual({
      requests: 0,
      errors: 0,
      clientErrors: 0,
    });
  });

  test.each([
    ['requests', [series('answers', [5]), series('callers', [3])]],
    ['answers', [series('requests', [100]), series('callers', [0])]],
    ['callers', [series('requests', [100]), series('answers', [5])]],
    ['requests, answers', [series('callers', [0])]],
    ['answers, callers', [series('requests', [100])]],
  ])('is not settled while %s has not arrived, for five minutes after its end', async (missing, arrived) => {
    const all = [...arrived, ...complete(...missing.split(', '))];
    expect(await at(closes + minutes(5) - 1, ...all)).toBe('unsettled');
    expect(await at(closes + minutes(5), ...all)).not.toBe('unsettled');
  });

  test('whose series contradict each other is waited for, and then not known', async () => {
    const mistakes = [series('requests', [100]), series('answers', [3]), series('callers', [5])];
    const failures = [series('requests', [3]), series('answers', [5]), series('callers', [0])];
    for (const odd of [mistakes, failures]) {
      expect(await at(closes, ...odd)).toBe('unsettled');
      expect(await at(long, ...odd)).toBeUndefined();
    }
    // All of the requests failed, all by the callers' mistake: that is possible.
    const all = [series('requests', [5]), series('answers', [5]), series('callers', [5])];
    expect(await at(closes, ...all)).toEqual({ requests: 5, errors: 0, clientErrors: 5 });
  });
});
