import { describe, expect, test } from '@jest/globals';
import type { MetricAlarm } from '../../../src/aws/cloudwatch.ts';
import { type Instant, minutes } from '../../../src/clock.ts';
import { candidateAlarms } from '../../../src/metrics/alarms.ts';
import { armsOfFleets } from '../../../src/metrics/arms.ts';
import { type Comparison, compareArms } from '../../../src/metrics/compare-arms.ts';
import { readFleet } from '../../../src/metrics/fleet-metrics.ts';
import { watchOf } from '../../../src/metrics/watched.ts';
import type { World } from '../../../src/world.ts';
import { type Did, fakeMetrics, type MetricsOptions } from '../../support/metrics.ts';
import { configuration, guarded } from '../../support/release.ts';
import { nine } from '../../support/stepping.ts';

const [oldConfig, newConfig] = ['churn-1-0-0', 'churn-1-1-0'];
const fleet = { endpoint: 'churn', variant: 'AllTraffic' };
const [errors, latency] = candidateAlarms({ ...fleet, endpointConfig: newConfig }, newConfig, {
  alarms: { errors: 0.01, latencyP99Milliseconds: 300, named: [] },
  bakeSeconds: 600,
});
const ownErrors = watchOf(errors as MetricAlarm);
const ownLatency = watchOf(latency as MetricAlarm);

const add = (one: Did, other: Did): Did => ({
  requests: one.requests + other.requests,
  errors: (one.errors ?? 0) + (other.errors ?? 0),
  clientErrors: (one.clientErrors ?? 0) + (other.clientErrors ?? 0),
  latencies: [...(one.latencies ?? []), ...(other.latencies ?? [])],
});

/** Both fleets over ten minutes from nine o'clock; the variant's own metrics are their sum, as in CloudWatch. */
const compared = async (
  watch: Parameters<typeof compareArms>[0],
  fleets: (minute: number) => { readonly candidate: Did | undefined; readonly baseline: Did | undefined },
  { now = nine + minutes(20), ...options }: MetricsOptions & { readonly now?: Instant } = {},
): Promise<Comparison> => {
  const metrics = fakeMetrics((name, at) => {
    const { candidate, baseline } = fleets((at - nine) / minutes(1));
    if (name.endsWith(newConfig)) return candidate;
    if (name.endsWith(oldConfig)) return baseline;
    return candidate && baseline ? add(candidate, baseline) : (candidate ?? baseline);
  }, options);
  const world = {
    clock: { now: () => now },
    signal: new AbortController().signal,
    read: { cloudwatch: { getMetricData: metrics.getMetricData } },
  } as unknown as World;
  const release = { candidate: { ...configuration('1.1.0'), endpointConfig: newConfig }, submission: guarded };
  return compareArms(
    watch,
    {
      arms: (plan) => armsOfFleets(world, 'churn', release, plan),
      apart: (plan) => ({
        candidate: (from, to) => readFleet(world, { ...fleet, endpointConfig: newConfig }, plan, from, to),
        baseline: (from, to) => readFleet(world, { ...fleet, endpointConfig: oldConfig }, plan, from, to),
      }),
      candidate: '1.1.0',
      baseline: '1.0.0',
      convict: { worseThan: 1.2, falseRollback: 0.01 },
    },
    nine,
    nine + minutes(10),
  );
};

const calm = { candidate: { requests: 120 }, baseline: { requests: 360 } };
const during = (candidate: Partial<Did>, baseline: Partial<Did>) => (minute: number) =>
  minute === 3 || minute === 4
    ? { candidate: { ...calm.candidate, ...candidate }, baseline: { ...calm.baseline, ...baseline } }
    : calm;

describe('after the alarm on failed requests', () => {
  test('only the minutes that could set it off count, for both versions', async () => {
    expect(await compared(ownErrors, during({ errors: 36 }, { errors: 108 }))).toEqual({
      is: 'shared',
      because:
        'in the same 2 minutes 72 of 240 requests to 1.1.0 failed (30 %), and 216 of 720 (30 %) to 1.0.0: 1.0.0 failed as often',
    });
  });

  test('a version that fails alone stays convicted', async () => {
    expect(await compared(ownErrors, during({ errors: 36 }, { errors: 1 }))).toEqual({
      is: 'not-shared',
      because: 'in the same 2 minutes 72 of 240 requests to 1.1.0 failed (30 %), and 2 of 720 (0.278 %) to 1.0.0',
    });
  });

  test('a difference within chance is excused, and the sentence does not make the rates equal', async () => {
    const few = await compared(ownErrors, (minute) =>
      minute === 3 ? { candidate: { requests: 102, errors: 7 }, baseline: { requests: 303, errors: 12 } } : calm,
    );
    expect(few).toEqual({
      is: 'shared',
      because:
        'in the same 1 minute 7 of 102 requests to 1.1.0 failed (6.86 %), and 12 of 303 (3.96 %) to 1.0.0: 1.0.0 failed too, and the difference is within chance',
    });
    expect(await compared(ownErrors, during({ requests: 1750, errors: 120 }, { requests: 5300, errors: 210 }))).toEqual(
      {
        is: 'not-shared',
        because:
          'in the same 2 minutes 240 of 3500 requests to 1.1.0 failed (6.86 %), and 420 of 10600 (3.96 %) to 1.0.0: 1.0.0 failed too, but the difference is more than chance',
      },
    );
  });

  test('a minute at the limit does not count, and callers’ mistakes never do', async () => {
    const none = { is: 'not-shared', because: 'in no minute more than 1 % of the requests to 1.1.0 failed' };
    expect(await compared(ownErrors, during({ requests: 200, errors: 2 }, { errors: 100 }))).toEqual(none);
    expect(await compared(ownErrors, during({ clientErrors: 60 }, { clientErrors: 180 }))).toEqual(none);
  });

  test('too few requests to the old version are said', async () => {
    const few = await compared(ownErrors, (minute) => ({
      ...during({ errors: 36 }, {})(minute),
      baseline: { requests: 4, errors: 4 },
    }));
    expect(few.is).toBe('not-shared');
    expect(few.because).toMatch(/8 of 8 \(100 %\) to 1\.0\.0: too few requests to 1\.0\.0 for a comparison$/);
  });

  test('missing numbers of the old version are said, and excuse nothing', async () => {
    const failing = { requests: 120, errors: 36, clientErrors: 0 };
    const arms = { candidate: async () => () => failing, baseline: async () => () => undefined };
    const so = {
      arms: () => arms,
      apart: () => arms,
      candidate: '1.1.0',
      baseline: '1.0.0',
      convict: { worseThan: 1.2, falseRollback: 0.01 },
    };
    expect(await compareArms(ownErrors, so, nine, nine + minutes(2))).toEqual({
      is: 'unknown',
      because:
        'in 2 minutes 72 of 240 requests to 1.1.0 failed (30 %); the numbers of 1.0.0 are missing, so nothing speaks for 1.1.0',
    });
  });

  test('missing numbers of the new version are said', async () => {
    const gone = await compared(ownErrors, during({ errors: 36 }, { errors: 108 }), {
      status: { Invocations: 'InternalError' },
    });
    expect(gone).toEqual({ is: 'unknown', because: 'the numbers of 1.1.0 in these minutes are missing' });
  });

  test('minutes whose series have not all arrived are waited for', async () => {
    const late = await compared(ownErrors, during({ errors: 36 }, { errors: 108 }), {
      now: nine + minutes(10),
      lacks: (metric, minute) => metric === 'Invocation4XXErrors' && minute === nine + minutes(9),
    });
    expect(late.is).toBe('unsettled');
  });
});

describe('after the alarm on latency', () => {
  const slow = (share: number, requests: number) =>
    Array.from({ length: requests }, (_, index) => (index < share * requests ? 900 : 40));
  const both = (one: number, other: number) => (minute: number) => {
    const bad = minute === 3 || minute === 4;
    return {
      candidate: { requests: 120, latencies: slow(bad ? one : 0, 120) },
      baseline: { requests: 360, latencies: slow(bad ? other : 0, 360) },
    };
  };

  test('requests slower than its limit are counted in both fleets', async () => {
    expect(await compared(ownLatency, both(0.5, 0.5))).toEqual({
      is: 'shared',
      because:
        'in the same 2 minutes 120 of 240 requests to 1.1.0 took longer than 300 ms (50 %), and 360 of 720 (50 %) to 1.0.0: 1.0.0 was slow as often',
    });
    expect((await compared(ownLatency, both(0.5, 0))).is).toBe('not-shared');
  });

  test('where CloudWatch counts no requests by latency, the percentiles of both fleets are compared', async () => {
    expect(await compared(ownLatency, both(0.5, 0.5), { counted: false })).toEqual({
      is: 'shared',
      because:
        'in the same 2 minutes the p99 of 1.1.0 was up to 900 ms, and that of 1.0.0 up to 900 ms: 1.0.0 was too slow as well',
    });
    expect(await compared(ownLatency, both(0.5, 0), { counted: false })).toEqual({
      is: 'not-shared',
      because: 'in the same 2 minutes the p99 of 1.1.0 was up to 900 ms, and that of 1.0.0 up to 40 ms',
    });
  });

  test('the percentiles of a few requests excuse nothing', async () => {
    const few = (minute: number) => ({ ...both(0.5, 0.5)(minute), baseline: { requests: 9, latencies: slow(1, 9) } });
    expect((await compared(ownLatency, few, { counted: false })).is).toBe('not-shared');
  });

  test('a fleet that publishes none of its own is said', async () => {
    const found = await compared(ownLatency, (minute) => ({ ...both(0.5, 0.5)(minute), baseline: undefined }), {
      counted: false,
    });
    expect(found).toEqual({
      is: 'unknown',
      because:
        'the p99 of 1.1.0 was up to 900 ms; the p99 of 1.0.0 in these minutes is not published, so nothing speaks for 1.1.0',
    });
  });
});

describe('what an alarm watches', () => {
  const metric = (MetricName: string, more: Partial<MetricAlarm> = {}): MetricAlarm => ({
    AlarmName: 'team',
    Namespace: 'AWS/SageMaker',
    MetricName,
    Statistic: 'Average',
    Threshold: 0.05,
    ...more,
  });

  test.each([
    ['the release’s own', errors as MetricAlarm, { by: 'errors', limit: 0.01 }],
    ['its latency', latency as MetricAlarm, { by: 'latency', limit: expect.closeTo(0.01), slowerThan: 300 }],
    ['server errors', metric('Invocation5XXErrors'), { by: 'errors', limit: 0.05 }],
    ['their number', metric('Invocation5XXErrors', { Statistic: 'Sum', Threshold: 10 }), { by: 'errors', limit: 0 }],
    ['callers’ mistakes', metric('Invocation4XXErrors'), { by: 'client-errors', limit: 0.05 }],
    ['both', metric('InvocationModelErrors'), { by: 'failures', limit: 0.05 }],
    ['the mean latency', metric('ModelLatency', { Threshold: 250_000 }), { by: 'latency', limit: 0, slowerThan: 250 }],
    [
      'the load of the machines',
      metric('CPUUtilization', { Namespace: '/aws/sagemaker/Endpoints', Threshold: 90 }),
      { by: 'other', limit: 0.2 },
    ],
    ['the number of requests', metric('Invocations', { Statistic: 'Sum' }), { by: 'other', limit: 0.2 }],
    ['other alarms', undefined, { by: 'other', limit: 0.2, watched: 'other alarms' }],
  ] as const)('%s', (_, alarm, expected) => {
    expect(watchOf(alarm)).toMatchObject(expected);
  });

  test('is named', () => {
    expect(watchOf(metric('Invocation5XXErrors')).watched).toBe('AWS/SageMaker Invocation5XXErrors');
    expect(ownErrors.watched).toBe('AWS/SageMaker Invocations and 3 other metrics');
  });

  test('by a number of failures, every minute with one counts', async () => {
    const sum = watchOf(metric('Invocation5XXErrors', { Statistic: 'Sum', Threshold: 10 }));
    expect((await compared(sum, during({ errors: 12 }, { errors: 36 }))).because).toContain(
      '24 of 240 requests to 1.1.0 failed',
    );
  });

  test('by callers’ mistakes, and by both kinds of failure', async () => {
    const callers = during({ clientErrors: 36 }, { clientErrors: 108 });
    expect((await compared(watchOf(metric('Invocation4XXErrors')), callers)).because).toContain(
      'requests to 1.1.0 were answered with a 4xx (30 %), and 216 of 720 (30 %) to 1.0.0: 1.0.0 refused requests as often',
    );
    const mixed = during({ errors: 12, clientErrors: 24 }, { errors: 36, clientErrors: 72 });
    expect((await compared(watchOf(metric('InvocationModelErrors')), mixed)).because).toContain('72 of 240');
  });

  test('when it is neither, an outage of both excuses, and a few failures do not', async () => {
    const other = watchOf(metric('CPUUtilization', { Namespace: '/aws/sagemaker/Endpoints', Threshold: 90 }));
    expect((await compared(other, during({ errors: 36 }, { errors: 108 }))).is).toBe('shared');
    expect((await compared(other, during({ errors: 12 }, { errors: 36 }))).is).toBe('not-shared');
  });
});
