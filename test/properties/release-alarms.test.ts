import { describe, expect, test } from '@jest/globals';
import type { Alarms } from '../../src/manifest/manifest.ts';
import type { AlarmFacts } from '../../src/metrics/alarm-lint.ts';
import { abortMetric, lintAlarms, releaseAlarms, shortestAlarmedBakeSeconds } from '../../src/metrics/alarms.ts';
import { cloudwatch, start as startOfTest } from '../simulator/support/cloudwatch.ts';
import { fc } from '../support/properties.ts';

const candidate: AlarmFacts & { readonly endpointConfig: string } = {
  endpoint: 'churn',
  variant: 'AllTraffic',
  endpointConfig: 'churn-1-4-0-1a2b3c4d',
};
const kit = (bakeSeconds: number, alarms: Alarms) => releaseAlarms({ ...candidate, alarms, bakeSeconds });

describe('what the kit makes for a feasible bake works', () => {
  /** A rollout: provisioning, then a bake that begins anywhere within a minute. Requests come evenly. */
  const rollout = fc.record({
    bakeSeconds: fc.integer({ min: shortestAlarmedBakeSeconds, max: 900 }),
    offsetMs: fc.integer({ min: 0, max: 59_999 }),
    errors: fc.double({ min: 0.001, max: 1, noNaN: true }),
    latencyMs: fc.integer({ min: 1, max: 59_999 }),
    perMinute: fc.integer({ min: 1, max: 120 }),
    /** Share of the requests that the candidate answers with a 4xx, where it does not fail. */
    mistakes: fc.double({ min: 0, max: 1, noNaN: true }),
    /** Only what happened has a point: no zeros in the error metrics. */
    sparse: fc.boolean(),
    /** The lint reckons with three minutes: two until the data can be read, one until the alarm looks. */
    metricDelayMs: fc.integer({ min: 0, max: 120_000 }),
  });
  type Rollout = typeof rollout extends fc.Arbitrary<infer Value> ? Value : never;

  /**
   * Which of the release's alarms were red before the bake ended. In every minute the candidate answers `bad` of its requests wrongly and
   * slowly: the first ones when it violates, so that no partial minute looks healthy; the last ones when it does not.
   */
  const redDuring = (
    { bakeSeconds, offsetMs, errors, latencyMs, perMinute, mistakes, sparse, metricDelayMs }: Rollout,
    violates: boolean,
    abort: boolean,
  ) => {
    const { advanceTo, call, events, metrics } = cloudwatch({ metricDelayMs });
    const specs = kit(bakeSeconds, { errors, latencyP99Milliseconds: latencyMs, named: [] });
    for (const spec of specs) call('PutMetricAlarm', spec);
    const start = startOfTest + 180_000 + offsetMs;
    const end = start + bakeSeconds * 1000;
    advanceTo(start);
    const dimensions = {
      EndpointName: 'churn',
      VariantName: 'AllTraffic',
      EndpointConfigName: candidate.endpointConfig,
    };
    const record = (metric: string, value: number, at: number) =>
      metrics.record('AWS/SageMaker', metric, dimensions, value, at);
    for (let from = start; from < end; from = (Math.floor(from / 60_000) + 1) * 60_000) {
      const length = Math.min((Math.floor(from / 60_000) + 1) * 60_000, end) - from;
      const requests = Math.max(1, Math.floor((perMinute * length) / 60_000));
      const bad = violates
        ? Math.min(requests, Math.floor(requests * errors) + 1)
        : Math.floor(requests * errors * 0.99);
      for (let n = 0; n < requests; n++) {
        const isBad = violates ? n < bad : n >= requests - bad;
        const mistaken = !isBad && (violates ? n >= requests - requests * mistakes : n < requests * mistakes);
        const at = from + Math.floor((n * length) / requests);
        record('Invocations', 1, at);
        for (const [metric, one] of [
          ['InvocationModelErrors', isBad || mistaken],
          ['Invocation4XXErrors', mistaken],
          ['Invocation5XXErrors', isBad],
        ] as const)
          if (one || !sparse) record(metric, one ? 1 : 0, at);
        record('ModelLatency', latencyMs * 1000 + (violates ? 1 : 0), at);
      }
    }
    if (abort) {
      const { namespace, metric, dimensions: Dimensions } = abortMetric('churn', candidate.endpointConfig);
      call('PutMetricData', {
        Namespace: namespace,
        MetricData: Array.from({ length: 60 }, (_, n) => ({
          MetricName: metric,
          Dimensions,
          Timestamp: (start + n * 60_000) / 1000,
          Value: 1,
        })),
      });
    }
    advanceTo(end);
    return specs.map(({ AlarmName }) => [
      /-(errors|latency-p99|abort)-/.exec(AlarmName)?.[1],
      events.some((event) => event.object === AlarmName && event.what === 'ALARM'),
    ]);
  };

  test('the lint finds no error in it', () => {
    fc.assert(
      fc.property(rollout, ({ bakeSeconds, errors, latencyMs }) => {
        const problems = lintAlarms(
          kit(bakeSeconds, { errors, latencyP99Milliseconds: latencyMs, named: [] }),
          [],
          { metric: [], composite: [] },
          bakeSeconds,
          candidate,
        );
        expect(problems).toEqual([]);
      }),
    );
  });
  test('it goes off when the candidate violates what the manifest allows throughout the bake, or is told to stop', () => {
    fc.assert(
      fc.property(rollout, (request) => {
        expect(redDuring(request, true, true)).toEqual([
          ['errors', true],
          ['latency-p99', true],
          ['abort', true],
        ]);
      }),
      { numRuns: 30 },
    );
  });
  test('it stays quiet when the candidate does not, whatever mistakes its callers make', () => {
    fc.assert(
      fc.property(rollout, (request) => {
        expect(redDuring(request, false, false)).toEqual([
          ['errors', false],
          ['latency-p99', false],
          ['abort', false],
        ]);
      }),
      { numRuns: 30 },
    );
  });
});
