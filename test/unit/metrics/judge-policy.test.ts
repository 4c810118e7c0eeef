import { describe, expect, test } from '@jest/globals';
import type { GetMetricDataInput, GetMetricDataOutput } from '../../../src/aws/cloudwatch.ts';
import { type Instant, minutes } from '../../../src/clock.ts';
import type { JudgePolicy } from '../../../src/manifest/manifest.ts';
import { freezePolicy } from '../../../src/metrics/judge-policy.ts';
import type { World } from '../../../src/world.ts';
import { type Did, fakeMetrics, type MetricsOptions } from '../../support/metrics.ts';
import { judgePolicy, nine } from '../../support/stepping.ts';

const { burstGuard: _, ...auto } = judgePolicy;

const frozen = async (
  did: (fleet: string, at: Instant) => Did | undefined,
  options: MetricsOptions & {
    readonly judge?: JudgePolicy;
    readonly byDifference?: boolean;
    readonly since?: Instant;
    /** CloudWatch's answer about the latency. */
    readonly latencyAnswer?: GetMetricDataOutput;
  } = {},
) => {
  const metrics = fakeMetrics(did, options);
  const inputs: GetMetricDataInput[] = [];
  const getMetricData = async (input: GetMetricDataInput): Promise<GetMetricDataOutput> => {
    inputs.push(input);
    const name = input.MetricDataQueries?.[0]?.MetricStat?.Metric?.MetricName;
    return name === 'ModelLatency' && options.latencyAnswer ? options.latencyAnswer : metrics.getMetricData(input);
  };
  const world = { clock: { now: () => nine }, read: { cloudwatch: { getMetricData } } } as unknown as World;
  const found = await freezePolicy(world, { endpoint: 'churn', variant: 'AllTraffic' }, options.judge ?? auto, {
    minimumRequests: 600,
    names: { candidate: named, baseline: named },
    ...(options.byDifference ? { byDifference: true } : {}),
    ...(options.since === undefined ? {} : { since: options.since }),
  });
  return { ...found, requested: metrics.requested, inputs };
};

const named = { endpoint: 'churn', variant: 'AllTraffic', endpointConfig: 'churn-1-4-0', version: '1.4.0' };
const latencies = [...Array.from({ length: 96 }, () => 12), 40, 41, 42, 300];
const quiet = (): Did => ({ requests: 100, latencies });

test('rests on the day before of what serves, and on nothing of the candidate', async () => {
  const { requested, policy, guard } = await frozen(quiet);
  expect(new Set(requested.map(({ fleet }) => fleet))).toEqual(new Set(['AllTraffic']));
  expect(requested.every(({ from, to }) => from === nine - minutes(1440) && to === nine)).toBe(true);
  expect(guard).toEqual({ needed: false, because: 'errors came singly in 1440 buckets' });
  expect(policy).toMatchObject({ burstGuard: false, minimumRequests: 600, convict: judgePolicy.convict });
});

test('a minute without requests, and one that is not known, are no part of the history', async () => {
  const { guard, rates } = await frozen((_, at) =>
    at % minutes(3) === 0 ? { requests: 0 } : at % minutes(3) === minutes(1) ? { requests: 1, errors: 5 } : quiet(),
  );
  expect(guard.because).toBe('errors came singly in 480 buckets');
  expect(rates['errors']).toBe(0);
});

test('the time before `since` is no part of the history: something else had these metrics', async () => {
  const since = nine - minutes(90);
  const { guard, rates } = await frozen((_, at) => (at < since ? { ...quiet(), errors: 50 } : quiet()), { since });
  expect(guard.because).toBe('errors came singly in 90 buckets');
  expect(rates['errors']).toBe(0);
});

describe('the burst guard', () => {
  const bursts = (_fleet: string, at: Instant): Did => ({ ...quiet(), errors: at % minutes(30) === 0 ? 40 : 0 });

  test('is on after a day of bursts, unless the manifest says otherwise', async () => {
    expect((await frozen(bursts)).policy.burstGuard).toBe(true);
    expect((await frozen(bursts, { judge: judgePolicy })).policy.burstGuard).toBe(false);
    expect((await frozen(quiet, { judge: { ...auto, burstGuard: 'on' } })).policy.burstGuard).toBe(true);
  });

  test('is on where nothing is known', async () => {
    expect((await frozen(() => undefined)).policy.burstGuard).toBe(true);
  });

  test('has the dispersion of that day beside it, of errors and of 4xx answers, and without a day one that is learned', async () => {
    const dispersions = async (...options: Parameters<typeof frozen>) =>
      Object.fromEntries((await frozen(...options)).policy.metrics.map(({ name, dispersion }) => [name, dispersion]));
    const stormy = await dispersions((_, at) => ({ ...bursts('', at), clientErrors: 3 }));
    expect(stormy['errors']).toMatchObject({ burstSeconds: 60 });
    expect(stormy['errors']).toHaveProperty('health', expect.closeTo(40, -1.5));
    expect(stormy['client-errors']).toEqual({ against: 1, health: 1, burstSeconds: 60 });
    // Slow requests come together with the load, in both arms.
    expect(stormy['latency-1']).toBeUndefined();
    expect(await dispersions(() => undefined)).toEqual({ errors: 'learned', 'client-errors': 'learned' });
    expect(await dispersions(bursts, { judge: judgePolicy })).toMatchObject({ errors: undefined });
  });
});

describe('latency', () => {
  test('is counted at the baseline’s quantiles where CloudWatch counts, and how often it was that slow is known', async () => {
    const { latency, rates, policy } = await frozen(quiet);
    expect(latency).toMatchObject({ rung: 'cells', edges: [12, 42] });
    expect(rates['latency-1']).toBeCloseTo(0.04, 9);
    expect(rates['latency-2']).toBeCloseTo(0.01, 9);
    expect(policy.metrics.map(({ says }) => says)).toEqual([
      'errors',
      '4xx answers',
      'requests slower than 12 ms',
      'requests slower than 42 ms',
    ]);
  });

  test('is compared by percentile where it is not counted, and by mean where there is no percentile', async () => {
    expect((await frozen(quiet, { counted: false })).latency?.rung).toBe('percentile');
    expect((await frozen(quiet, { counted: false, percentiles: false })).latency?.rung).toBe('mean');
  });

  test('of two fleets that are told apart by difference is compared by mean: percentiles cannot be taken apart', async () => {
    expect((await frozen(quiet, { counted: false, byDifference: true })).latency?.rung).toBe('mean');
    expect((await frozen(quiet, { byDifference: true })).latency?.rung).toBe('cells');
  });

  test('is not compared by edges where there are no percentiles to take them from', async () => {
    expect((await frozen(quiet, { percentiles: false })).latency).toMatchObject({ rung: 'mean', edges: [] });
  });

  test('has the edges of the calendar day with more requests: the other one may be an hour of the night', async () => {
    const midnight = nine - minutes(9 * 60);
    const over =
      (before: number, after: number) =>
      (_: string, at: Instant): Did => {
        const [requests, milliseconds] = at < midnight ? [before, 30] : [after, 80];
        return { requests, latencies: Array.from({ length: requests }, () => milliseconds) };
      };
    // Fifteen hours of the day before, nine of this one.
    expect((await frozen(over(1, 9))).latency?.edges).toEqual([80]);
    expect((await frozen(over(9, 1))).latency?.edges).toEqual([30]);
  });

  test('is read by the day and by the hour, which CloudWatch takes in seconds', async () => {
    const periods = (await frozen(quiet)).inputs.flatMap(({ MetricDataQueries = [] }) =>
      MetricDataQueries.filter(({ MetricStat }) => MetricStat?.Metric?.MetricName === 'ModelLatency').map(
        ({ MetricStat }) => MetricStat?.Period,
      ),
    );
    expect(new Set(periods)).toEqual(new Set([86_400, 3600]));
  });

  test('is not judged on an answer without series, nor on one without points', async () => {
    for (const answer of [{}, { MetricDataResults: [{ Id: 'l3' }] }]) {
      const { latency, rates } = await frozen(quiet, { latencyAnswer: answer });
      expect([latency, Object.keys(rates)]).toEqual([undefined, ['errors', 'client-errors']]);
    }
  });

  test('is not judged where there are no samples', async () => {
    const { latency, policy } = await frozen(() => ({ requests: 100 }));
    expect(latency).toBeUndefined();
    expect(policy.metrics.map(({ name }) => name)).toEqual(['errors', 'client-errors']);
  });
});

test('what is usual is frozen, by the hour: an incident of the day before does not become usual', async () => {
  const ill = (at: Instant): boolean => at >= nine - minutes(300) && at < nine - minutes(200);
  const { policy } = await frozen((_, at) => ({
    requests: 100,
    errors: ill(at) ? 50 : 1,
    latencies: ill(at) ? Array.from({ length: 100 }, () => 900) : latencies,
  }));
  const usual = Object.fromEntries(policy.metrics.map(({ name, usual }) => [name, usual]));
  expect(usual['errors']).toBeCloseTo(0.01, 9);
  expect(usual['client-errors']).toBeUndefined();
  const tail = policy.metrics.findLast(({ excessBelow }) => excessBelow !== undefined);
  expect(tail?.usual).toBeCloseTo(0.01, 9);
  expect((await frozen(() => undefined)).policy.metrics[0]?.usual).toBe('unknown');
});

test('the baseline’s own rates are told', async () => {
  const { rates } = await frozen(() => ({ requests: 200, errors: 1, clientErrors: 4 }));
  expect(rates).toEqual({ errors: 0.005, 'client-errors': 0.02 });
});
