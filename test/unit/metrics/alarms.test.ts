import { describe, expect, test } from '@jest/globals';
import type { MetricAlarm } from '../../../src/aws/cloudwatch.ts';
import { abortMetric, candidateAlarms, lintAlarm, lintAlarms } from '../../../src/metrics/alarms.ts';
import { candidate, dims, everything, facts, kinds, kit, part, theirs } from '../../support/alarms.ts';

describe('the alarms of a release', () => {
  const fleet = [
    { Name: 'EndpointName', Value: 'churn' },
    { Name: 'VariantName', Value: 'AllTraffic' },
    { Name: 'EndpointConfigName', Value: 'churn-1-4-0-1a2b3c4d' },
  ];
  test('errors: the rate of the candidate alone, two of three minutes', () => {
    expect(part('errors')).toEqual({
      AlarmName: expect.stringMatching(/^churn-1-4-0-1a2b3c4d-errors-[0-9a-f]{8}$/),
      AlarmDescription: "more than 1 % of the candidate's requests fail, callers' mistakes (4xx) not counted",
      Metrics: [
        expect.objectContaining({ Id: 'rate', ReturnData: true, Expression: expect.stringContaining('/ requests') }),
        ...['Invocations', 'InvocationModelErrors', 'Invocation4XXErrors', 'Invocation5XXErrors'].map((MetricName) => ({
          Id: expect.any(String),
          MetricStat: {
            Metric: { Namespace: 'AWS/SageMaker', MetricName, Dimensions: fleet },
            Period: 60,
            Stat: 'Sum',
          },
          ReturnData: false,
        })),
      ],
      Threshold: 0.01,
      ComparisonOperator: 'GreaterThanThreshold',
      EvaluationPeriods: 3,
      DatapointsToAlarm: 2,
      TreatMissingData: 'notBreaching',
    });
  });
  test('latency: microseconds, and few samples count', () => {
    expect(part('latency-p99')).toMatchObject({
      MetricName: 'ModelLatency',
      Dimensions: fleet,
      ExtendedStatistic: 'p99',
      Threshold: 300_000,
      EvaluateLowSampleCountPercentile: 'evaluate',
      TreatMissingData: 'notBreaching',
    });
    expect(part('latency-p99')).not.toHaveProperty('Statistic');
  });
  test('abort: one point of the metric that abortMetric names', () => {
    const { namespace, metric, dimensions } = abortMetric('churn', candidate.endpointConfig);
    expect(part('abort')).toMatchObject({
      Namespace: namespace,
      MetricName: metric,
      Dimensions: dimensions,
      Statistic: 'Maximum',
      Threshold: 1,
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      EvaluationPeriods: 1,
      TreatMissingData: 'notBreaching',
    });
  });
  test('of a candidate that is a variant of its own: by its variant, without an abort alarm', () => {
    const next = { endpoint: 'churn', variant: 'AllTraffic-next' };
    const specs = candidateAlarms(next, candidate.endpointConfig, { alarms: everything, bakeSeconds: 600 });
    const dimensions = [
      { Name: 'EndpointName', Value: 'churn' },
      { Name: 'VariantName', Value: 'AllTraffic-next' },
    ];
    expect(specs).toHaveLength(2);
    expect(specs[0]?.Metrics?.flatMap(({ MetricStat }) => MetricStat?.Metric?.Dimensions ?? [])).toEqual(
      Array.from({ length: 4 }, () => dimensions).flat(),
    );
    expect(specs[1]?.Dimensions).toEqual(dimensions);
    for (const spec of specs) expect(lintAlarm(spec, 600, next)).toEqual([]);
    expect(lintAlarm({ ...specs[1], TreatMissingData: 'breaching' } as MetricAlarm, 600, next)[0]?.kind).toBe(
      'not-ready',
    );
  });
  test('only what the manifest asks for, and the abort alarm where somebody looks at it', () => {
    expect(kit(600, { named: [] })).toHaveLength(1);
    expect(kit(0, { named: [] })).toEqual([]);
    expect(kit(0, { errors: 0.1, named: [] })).toHaveLength(1);
  });
  test('one bad minute is enough where the bake is too short for two, and the description says so', () => {
    expect(part('errors', 300)).toMatchObject({ DatapointsToAlarm: 2, EvaluationPeriods: 3 });
    expect(part('errors', 299)).toMatchObject({
      DatapointsToAlarm: 1,
      EvaluationPeriods: 1,
      AlarmDescription:
        "more than 1 % of the candidate's requests fail, callers' mistakes (4xx) not counted (1 of 1 instead of 2 of 3: the bake is only 4m 59s)",
    });
  });
  test('another threshold is another alarm, the same one the same', () => {
    const name = (errors: number) => kit(600, { errors, named: [] })[0]?.AlarmName;
    expect(name(0.01)).toBe(name(0.01));
    expect(name(0.01)).not.toBe(name(0.02));
  });
  test('a tolerance of every request can still be exceeded: by every request', () => {
    expect(kit(600, { errors: 1, named: [] })[0]).toMatchObject({
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      Threshold: 1,
    });
  });
});

describe('all alarms of a rollout', () => {
  const nothing = { metric: [], composite: [] };
  test('a name that does not exist', () => {
    expect(lintAlarms(kit(600), ['none'], nothing, 600, facts)).toEqual([
      {
        kind: 'not-ready',
        sentence: 'alarm none does not exist in this account and region: create it, or take it out of the manifest',
      },
    ]);
  });
  test("each that exists is linted, and the suite's own too", () => {
    const red: MetricAlarm = { ...theirs, AlarmName: 'red', StateValue: 'ALARM' };
    expect(kinds(lintAlarms([], ['red'], { metric: [red], composite: [] }, 600, facts))).toEqual(['not-ready']);
    expect(kinds(lintAlarms(kit(120), [], nothing, 120, facts))).toEqual(['cannot-fire', 'cannot-fire', 'warning']);
  });
  test('a composite alarm is a warning, a red one more than that', () => {
    const composite = (StateValue: string) =>
      lintAlarms([], ['c'], { metric: [], composite: [{ AlarmName: 'c', StateValue }] }, 600, facts);
    expect(kinds(composite('OK'))).toEqual(['warning']);
    expect(kinds(composite('ALARM'))).toEqual(['warning', 'not-ready']);
  });
  test('each is found by its own name', () => {
    const states = { first: 'OK', second: 'ALARM', third: 'OK' };
    const metric = Object.entries(states).map(([AlarmName, StateValue]) => ({ ...theirs, AlarmName, StateValue }));
    const composite = [
      { AlarmName: 'fourth', StateValue: 'OK' },
      { AlarmName: 'fifth', StateValue: 'ALARM' },
    ];
    const problems = lintAlarms(
      [],
      [...Object.keys(states), 'fifth'],
      { metric: metric as MetricAlarm[], composite },
      600,
      facts,
    );
    expect(problems.filter(({ kind }) => kind === 'not-ready').map(({ sentence }) => sentence.split(' ')[1])).toEqual([
      'second',
      'fifth',
    ]);
  });
  test('of a candidate that is a variant of its own, the suite reads any number itself, and composite ones too', () => {
    const next = { endpoint: 'churn', variant: 'AllTraffic-next' };
    const dimensions = dims({ EndpointName: 'churn', VariantName: 'AllTraffic-next' });
    const names = Array.from({ length: 12 }, (_, n) => `theirs-${n}`);
    const metric = names.map((AlarmName) => ({ ...theirs, AlarmName, Dimensions: dimensions }));
    const composite = [{ AlarmName: 'c', StateValue: 'OK' }];
    expect(lintAlarms([], [...names, 'c'], { metric, composite }, 600, next)).toEqual([]);
  });
  test('ten is the most', () => {
    const names = Array.from({ length: 8 }, (_, n) => `theirs-${n}`);
    const metric = names.map((AlarmName) => ({ ...theirs, AlarmName }));
    expect(lintAlarms(kit(600).slice(0, 2), names, { metric, composite: [] }, 600, facts)).toEqual([]);
    const [problem] = lintAlarms(kit(600), names, { metric, composite: [] }, 600, facts);
    expect(problem).toMatchObject({ kind: 'cannot-fire', sentence: expect.stringContaining('at most 7') });
  });
});
