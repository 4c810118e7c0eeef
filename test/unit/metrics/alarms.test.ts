import { describe, expect, test } from '@jest/globals';
import type { MetricAlarm } from '../../../src/aws/cloudwatch.ts';
import type { Alarms } from '../../../src/manifest/manifest.ts';
import type { AlarmFacts, AlarmProblem } from '../../../src/metrics/alarm-lint.ts';
import { abortMetric, candidateAlarms, lintAlarm, lintAlarms, releaseAlarms } from '../../../src/metrics/alarms.ts';
import { start } from '../../simulator/support/cloudwatch.ts';

const candidate = { endpoint: 'churn', variant: 'AllTraffic', endpointConfig: 'churn-1-4-0-1a2b3c4d' };
const facts: AlarmFacts = candidate;
const everything: Alarms = { errors: 0.01, latencyP99Milliseconds: 300, named: [] };
const kit = (bakeSeconds: number, alarms: Alarms = everything) => releaseAlarms({ ...candidate, alarms, bakeSeconds });
const part = (what: string, bakeSeconds = 600) => {
  const found = kit(bakeSeconds).find(({ AlarmName }) => AlarmName.includes(`-${what}-`));
  if (!found) throw new Error(`no ${what} alarm`);
  return found;
};

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

describe('the lint', () => {
  const kinds = (problems: readonly AlarmProblem[]) => problems.map(({ kind }) => kind);
  const [asyncErrors] = releaseAlarms({ ...candidate, kind: 'asynchronous', alarms: everything, bakeSeconds: 600 });
  const base: MetricAlarm = { ...asyncErrors, AlarmName: 'theirs' };
  const lint = (change: Partial<MetricAlarm>, bakeSeconds = 600, more: Partial<AlarmFacts> = {}) =>
    lintAlarm({ ...base, ...change }, bakeSeconds, { ...facts, ...more });
  const only = (change: Partial<MetricAlarm>, bakeSeconds?: number, more?: Partial<AlarmFacts>) => {
    const problems = lint(change, bakeSeconds, more);
    expect(problems).toHaveLength(1);
    return problems[0];
  };
  const dims = (record: Record<string, string>) => Object.entries(record).map(([Name, Value]) => ({ Name, Value }));

  test('finds nothing wrong with a sound alarm, whether its actions are enabled or not', () => {
    expect(lint({})).toEqual([]);
    expect(lint({ ActionsEnabled: false, StateValue: 'OK' })).toEqual([]);
    expect(lint({ StateValue: 'INSUFFICIENT_DATA' })).toEqual([]);
    expect(lintAlarm(part('errors'), 600, facts)).toEqual([]);
  });

  test("callers' mistakes would take back a good candidate, unless an expression takes them off", () => {
    for (const MetricName of ['InvocationModelErrors', 'Invocation4XXErrors'])
      expect(only({ MetricName })).toEqual({
        kind: 'warning',
        sentence: expect.stringContaining('counts 4xx answers'),
      });
  });

  test("AWS's sample: the average of ones and zeros is never above 1", () => {
    const problem = only({
      MetricName: 'Invocation5XXErrors',
      Threshold: 1,
      ComparisonOperator: 'GreaterThanThreshold',
    });
    expect(problem).toEqual({
      kind: 'cannot-fire',
      sentence: 'alarm theirs cannot go off: Average of Invocation5XXErrors is between 0 and 1, and the threshold is 1',
    });
  });
  test.each<[string, Partial<MetricAlarm>, AlarmProblem['kind'] | undefined]>([
    ['Average >= 1', { Threshold: 1, ComparisonOperator: 'GreaterThanOrEqualToThreshold' }, undefined],
    ['Average >= 1.5', { Threshold: 1.5, ComparisonOperator: 'GreaterThanOrEqualToThreshold' }, 'cannot-fire'],
    ['Maximum > 1', { Statistic: 'Maximum', Threshold: 1 }, 'cannot-fire'],
    ['p99 > 1', { Statistic: undefined, ExtendedStatistic: 'p99', Threshold: 1 }, 'cannot-fire'],
    ['Sum > 5', { Statistic: 'Sum', Threshold: 5 }, undefined],
    ['SampleCount > 5', { Statistic: 'SampleCount', Threshold: 5 }, undefined],
    ['Sum < 0', { Statistic: 'Sum', Threshold: 0, ComparisonOperator: 'LessThanThreshold' }, 'cannot-fire'],
    ['Average <= -1', { Threshold: -1, ComparisonOperator: 'LessThanOrEqualToThreshold' }, 'cannot-fire'],
    ['Average >= 0', { Threshold: 0, ComparisonOperator: 'GreaterThanOrEqualToThreshold' }, 'warning'],
    ['Average > -1', { Threshold: -1 }, 'warning'],
    ['Average <= 1', { Threshold: 1, ComparisonOperator: 'LessThanOrEqualToThreshold' }, 'warning'],
    ['Average < 2', { Threshold: 2, ComparisonOperator: 'LessThanThreshold' }, 'warning'],
    ['latency of 300 microseconds', { MetricName: 'ModelLatency', Threshold: 300 }, 'warning'],
    ['latency of 300 milliseconds', { MetricName: 'ModelLatency', Threshold: 300_000 }, undefined],
    ['latency beyond the limit of a request', { MetricName: 'ModelLatency', Threshold: 60_000_000 }, 'cannot-fire'],
    ['a metric of their own', { Namespace: 'Ours', Threshold: 5, Dimensions: [] }, undefined],
  ])('threshold in range: %s', (_what, change, expected) => {
    expect(kinds(lint(change))).toEqual(expected === undefined ? [] : [expected]);
  });

  test.each<[string, Partial<MetricAlarm>, number, AlarmProblem['kind'] | undefined]>([
    ['2 of 3 minutes in 5 minutes', {}, 300, undefined],
    ['2 of 3 minutes in a second less', {}, 299, 'cannot-fire'],
    [
      'two periods of ten minutes in ten minutes',
      { Period: 600, EvaluationPeriods: 2, DatapointsToAlarm: 2 },
      600,
      'cannot-fire',
    ],
    [
      'without DatapointsToAlarm all periods count',
      { DatapointsToAlarm: undefined, EvaluationPeriods: 10 },
      600,
      'cannot-fire',
    ],
    ['a metric of their own is no faster', { Namespace: 'Ours', Dimensions: [] }, 200, 'cannot-fire'],
    ['no bake', {}, 0, 'cannot-fire'],
  ])('time enough: %s', (_what, change, bakeSeconds, expected) => {
    expect(kinds(lint(change, bakeSeconds))).toEqual(expected === undefined ? [] : [expected]);
  });
  test('the sentence shows the sum', () => {
    expect(only({}, 240)?.sentence).toBe(
      'alarm theirs cannot go off within the bake of 4m: it needs 5m (2 × 1m of data, 3m until the data can be read); lengthen the bake or shorten the alarm',
    );
  });
  test('metric math counts its slowest metric, and is checked for dimensions', () => {
    const query = (Id: string, Period: number, EndpointName: string) => ({
      Id,
      MetricStat: {
        Metric: {
          Namespace: 'AWS/SageMaker',
          MetricName: 'Invocations',
          Dimensions: dims({ EndpointName, VariantName: 'AllTraffic', EndpointConfigName: candidate.endpointConfig }),
        },
        Period,
        Stat: 'Sum',
      },
    });
    const math = {
      MetricName: undefined,
      Namespace: undefined,
      Statistic: undefined,
      Period: undefined,
      Dimensions: undefined,
      Threshold: 100,
    };
    expect(lint({ ...math, Metrics: [query('a', 60, 'churn'), query('b', 60, 'churn')] })).toEqual([]);
    expect(kinds(lint({ ...math, Metrics: [query('a', 60, 'churn'), query('b', 300, 'churn')] }))).toEqual([
      'cannot-fire',
    ]);
    expect(only({ ...math, Metrics: [query('a', 60, 'churn'), query('b', 60, 'other')] })?.sentence).toContain(
      'endpoint other',
    );
  });
  test('a warm-up counts, until it is over', () => {
    const warm = { WarmUpConfiguration: { WarmUpPeriodDurationInMinutes: 6 } };
    expect(only(warm)?.sentence).toContain('6m of warm-up');
    expect(lint(warm, 660)).toEqual([]);
    const since = { ...warm, AlarmConfigurationUpdatedTimestamp: new Date(start) };
    expect(lint(since, 600, { now: start + 360_000 })).toEqual([]);
    expect(kinds(lint(since, 600, { now: start + 30_000 }))).toEqual(['cannot-fire']);
  });
  test('high-resolution periods on a metric AWS publishes once a minute', () => {
    expect(only({ Period: 10 })).toMatchObject({ kind: 'warning', sentence: expect.stringContaining('once a minute') });
  });

  test.each<[string, Record<string, string>, AlarmProblem['kind'], string]>([
    ['another endpoint', { EndpointName: 'other', VariantName: 'AllTraffic' }, 'cannot-fire', 'endpoint other'],
    ['another variant', { EndpointName: 'churn', VariantName: 'b' }, 'cannot-fire', 'variant b'],
    [
      'another config',
      { EndpointName: 'churn', VariantName: 'AllTraffic', EndpointConfigName: 'churn-1' },
      'cannot-fire',
      'endpoint config churn-1',
    ],
    ['both fleets', { EndpointName: 'churn', VariantName: 'AllTraffic' }, 'warning', 'mixes the old and the new fleet'],
    ['no variant', { EndpointName: 'churn' }, 'cannot-fire', 'VariantName'],
    ['no endpoint', { VariantName: 'AllTraffic' }, 'cannot-fire', 'EndpointName'],
  ])('dimensions: %s', (_what, dimensions, kind, words) => {
    expect(only({ Dimensions: dims(dimensions) })).toEqual({ kind, sentence: expect.stringContaining(words) });
  });
  test('instance metrics of another endpoint are no use either, and of this one they are', () => {
    const cpu = { Namespace: '/aws/sagemaker/Endpoints', MetricName: 'CPUUtilization', Threshold: 90 };
    expect(only({ ...cpu, Dimensions: dims({ EndpointName: 'other', VariantName: 'AllTraffic' }) })?.kind).toBe(
      'cannot-fire',
    );
    expect(lint({ ...cpu, Dimensions: dims({ EndpointName: 'churn', VariantName: 'AllTraffic' }) })).toEqual([]);
  });

  test.each<[string, Partial<MetricAlarm>, AlarmProblem['kind'] | undefined]>([
    ['another than the stored', { Unit: 'Percent' }, 'cannot-fire'],
    ['the stored one', { Unit: 'None' }, undefined],
    [
      'the stored one of a latency',
      { MetricName: 'ModelLatency', Threshold: 300_000, Unit: 'Microseconds' },
      undefined,
    ],
    [
      'milliseconds of a latency',
      { MetricName: 'ModelLatency', Threshold: 300_000, Unit: 'Milliseconds' },
      'cannot-fire',
    ],
    ['of a metric of their own', { Namespace: 'Ours', Dimensions: [], Unit: 'Count' }, 'warning'],
  ])('unit: %s', (_what, change, expected) => {
    expect(kinds(lint(change))).toEqual(expected === undefined ? [] : [expected]);
  });

  const both = dims({ EndpointName: 'churn', VariantName: 'AllTraffic' });
  test.each<[string, Partial<MetricAlarm>, readonly AlarmProblem['kind'][]]>([
    ['breaching on the candidate', { TreatMissingData: 'breaching' }, ['not-ready']],
    ['breaching on both fleets', { TreatMissingData: 'breaching', Dimensions: both }, ['warning', 'warning']],
    ['missing', { TreatMissingData: 'missing' }, ['warning']],
    ['nothing said, which is missing', { TreatMissingData: undefined }, ['warning']],
    ['ignore', { TreatMissingData: 'ignore' }, ['warning']],
    ['breaching on a metric of their own', { TreatMissingData: 'breaching', Namespace: 'Ours', Dimensions: [] }, []],
    ['nothing said on a metric of their own', { TreatMissingData: undefined, Namespace: 'Ours', Dimensions: [] }, []],
  ])('missing data: %s', (_what, change, expected) => {
    expect(kinds(lint(change))).toEqual(expected);
  });

  test('a percentile that ignores few samples needs the traffic for them', () => {
    const p99 = {
      MetricName: 'ModelLatency',
      Statistic: undefined,
      ExtendedStatistic: 'p99',
      Threshold: 300_000,
      EvaluateLowSampleCountPercentile: 'ignore',
    };
    expect(only(p99)).toMatchObject({
      kind: 'warning',
      sentence: expect.stringContaining('p99 needs 1000 requests per 1m'),
    });
    expect(only(p99, 600, { candidateRequestsPerSecond: 5 })).toMatchObject({
      kind: 'cannot-fire',
      sentence: expect.stringContaining('about 300 are expected'),
    });
    expect(only(p99, 600, { candidateRequestsPerSecond: 50 })?.kind).toBe('warning');
    expect(lint({ ...p99, EvaluateLowSampleCountPercentile: 'evaluate' })).toEqual([]);
  });

  test('an alarm that is red already would take back any release', () => {
    expect(only({ StateValue: 'ALARM', StateReason: 'Threshold Crossed' })).toEqual({
      kind: 'not-ready',
      sentence:
        'alarm theirs is already in ALARM (Threshold Crossed), so it would take back any release: wait until it is OK',
    });
  });
  test("the autoscaler's alarms are not ours to use", () => {
    expect(only({ AlarmName: 'TargetTracking-endpoint/churn/variant/AllTraffic-AlarmHigh-1' })?.kind).toBe(
      'cannot-fire',
    );
  });
  test('the abort alarm holds over bakes, so a short one is only a warning', () => {
    expect(lintAlarm(part('abort'), 240, facts)).toEqual([]);
    expect(kinds(lintAlarm(part('abort'), 120, facts))).toEqual(['warning']);
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
      const red: MetricAlarm = { ...base, AlarmName: 'red', StateValue: 'ALARM' };
      expect(kinds(lintAlarms([], ['red'], { metric: [red], composite: [] }, 600, facts))).toEqual(['not-ready']);
      expect(kinds(lintAlarms(kit(120), [], nothing, 120, facts))).toEqual(['cannot-fire', 'cannot-fire', 'warning']);
    });
    test('a composite alarm is a warning, a red one more than that', () => {
      const composite = (StateValue: string) =>
        lintAlarms([], ['c'], { metric: [], composite: [{ AlarmName: 'c', StateValue }] }, 600, facts);
      expect(kinds(composite('OK'))).toEqual(['warning']);
      expect(kinds(composite('ALARM'))).toEqual(['warning', 'not-ready']);
    });
    test('ten is the most', () => {
      const names = Array.from({ length: 8 }, (_, n) => `theirs-${n}`);
      const metric = names.map((AlarmName) => ({ ...base, AlarmName }));
      expect(lintAlarms(kit(600).slice(0, 2), names, { metric, composite: [] }, 600, facts)).toEqual([]);
      const [problem] = lintAlarms(kit(600), names, { metric, composite: [] }, 600, facts);
      expect(problem).toMatchObject({ kind: 'cannot-fire', sentence: expect.stringContaining('at most 7') });
    });
  });
});
