import { describe, expect, test } from '@jest/globals';
import type { MetricAlarm } from '../../../src/aws/cloudwatch.ts';
import { type AlarmFacts, type AlarmProblem, watchedMetrics } from '../../../src/metrics/alarm-lint.ts';
import { lintAlarm } from '../../../src/metrics/alarms.ts';
import { start } from '../../simulator/support/cloudwatch.ts';
import { candidate, dims, facts, kinds, part, theirs } from '../../support/alarms.ts';

describe('the lint', () => {
  const lint = (change: Partial<MetricAlarm>, bakeSeconds = 600, more: Partial<AlarmFacts> = {}) =>
    lintAlarm({ ...theirs, ...change }, bakeSeconds, { ...facts, ...more });
  const only = (change: Partial<MetricAlarm>, bakeSeconds?: number, more?: Partial<AlarmFacts>) => {
    const problems = lint(change, bakeSeconds, more);
    expect(problems).toHaveLength(1);
    return problems[0];
  };

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

  test('a metric of the same name in another namespace is the team’s own, which counts as the team likes', () => {
    for (const MetricName of ['InvocationModelErrors', 'Invocation4XXErrors'])
      expect(lint({ Namespace: 'Ours', MetricName, Threshold: 5, Dimensions: [] })).toEqual([]);
  });

  /** Metric math: the alarm has no metric of its own then. */
  const math = (metrics: readonly object[], Period = 60): Partial<MetricAlarm> => ({
    MetricName: undefined,
    Namespace: undefined,
    Statistic: undefined,
    Period: undefined,
    Dimensions: undefined,
    Threshold: 100,
    Metrics: metrics.map((Metric, index) => ({
      Id: `m${index}`,
      MetricStat: { Metric, Period, Stat: 'Sum' },
    })) as NonNullable<MetricAlarm['Metrics']>,
  });
  const ofSageMaker = (MetricName: string, dimensions: Record<string, string> = {}) => ({
    Namespace: 'AWS/SageMaker',
    MetricName,
    Dimensions: dims({
      EndpointName: 'churn',
      VariantName: 'AllTraffic',
      EndpointConfigName: candidate.endpointConfig,
      ...dimensions,
    }),
  });
  const ofTheirs = { Namespace: 'Ours', MetricName: 'Load', Dimensions: [] };

  test('an expression may take the 4xx off, so it is not said to count them', () => {
    expect(lint(math([ofSageMaker('InvocationModelErrors'), ofSageMaker('Invocation4XXErrors')]))).toEqual([]);
  });

  test('an expression is SageMaker’s as soon as one of its metrics is', () => {
    const mixed = [ofTheirs, ofSageMaker('Invocations')];
    expect(kinds(lint({ ...math(mixed), TreatMissingData: 'missing' }))).toEqual(['warning']);
    expect(only(math(mixed, 10))?.sentence).toContain('once a minute');
    expect(lint(math([ofTheirs], 10))).toEqual([]);
  });

  test('a query whose metric is not known is no metric of SageMaker', () => {
    const Metrics = [{ Id: 'a', MetricStat: { Metric: undefined, Period: 60, Stat: 'Sum' } }];
    expect(watchedMetrics({ ...theirs, Metrics } as MetricAlarm)).toEqual([
      { namespace: '', metric: '', dimensions: {}, periodSeconds: 60 },
    ]);
  });

  test('beside the serving variant a candidate may be compared with it; an alarm on the serving one alone does not see it', () => {
    const next = { endpoint: 'churn', variant: 'AllTraffic-next' };
    const metric = (VariantName: string) => ({
      Namespace: 'AWS/SageMaker',
      MetricName: 'Invocations',
      Dimensions: dims({ EndpointName: 'churn', VariantName }),
    });
    const between = (metrics: readonly object[]) => lintAlarm({ ...theirs, ...math(metrics) }, 600, next);
    expect(between([metric('AllTraffic-next'), metric('AllTraffic')])).toEqual([]);
    expect(between([metric('AllTraffic')])[0]).toMatchObject({
      kind: 'cannot-fire',
      sentence: expect.stringContaining('watches variant AllTraffic and this release is variant AllTraffic-next'),
    });
    // Under guardrails both fleets are one variant: nothing stands beside it.
    expect(kinds(lint(math([ofSageMaker('Invocations'), metric('b')])))).toEqual(['cannot-fire']);
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
  type Row = [string, Partial<MetricAlarm>, AlarmProblem['kind'] | undefined];
  test.each<Row>([
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
    ['Average < 0.5', { Threshold: 0.5, ComparisonOperator: 'LessThanThreshold' }, undefined],
    ['Average < 1', { Threshold: 1, ComparisonOperator: 'LessThanThreshold' }, undefined],
    ['Average <= 0', { Threshold: 0, ComparisonOperator: 'LessThanOrEqualToThreshold' }, undefined],
    ['Average > 0', { Threshold: 0 }, undefined],
    ...['tc99', 'TC(2:)', 'ts99', 'TS(:90%)', 'PR(:1)'].map(
      (ExtendedStatistic): Row => [
        `${ExtendedStatistic} > 5, which counts or adds up`,
        { Statistic: undefined, ExtendedStatistic, Threshold: 5 },
        undefined,
      ],
    ),
    ...['tm99', 'TM(:90%)', 'wm98', 'IQM'].map(
      (ExtendedStatistic): Row => [
        `${ExtendedStatistic} > 5, which is a mean`,
        { Statistic: undefined, ExtendedStatistic, Threshold: 5 },
        'cannot-fire',
      ],
    ),
    [
      'requests slower than 300 ms > 5',
      { MetricName: 'ModelLatency', Statistic: undefined, ExtendedStatistic: 'TC(300000:)', Threshold: 5 },
      undefined,
    ],
    ['latency of 1 millisecond', { MetricName: 'ModelLatency', Threshold: 1000 }, undefined],
    [
      'latency below 300 microseconds, which is fast',
      { MetricName: 'ModelLatency', Threshold: 300, ComparisonOperator: 'LessThanThreshold' },
      undefined,
    ],
    [
      'latency out of a band',
      { MetricName: 'ModelLatency', Threshold: 300, ComparisonOperator: 'LessThanLowerOrGreaterThanUpperThreshold' },
      undefined,
    ],
    ['overhead has no limit', { MetricName: 'OverheadLatency', Threshold: 60_000_000 }, undefined],
    ['no statistic that AWS names', { Statistic: undefined, Threshold: 5 }, undefined],
    ...(['Invocations', 'InvocationsPerInstance', 'Invocation5XXErrors', 'MidStreamErrors'] as const).map(
      (MetricName): Row => [`Average of ${MetricName} > 1`, { MetricName, Threshold: 1 }, 'cannot-fire'],
    ),
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
    // A name that only contains AWS's is the team's own: its dimensions mean what the team says.
    for (const Namespace of ['Ours/AWS/SageMaker', 'Ours/aws/sagemaker'])
      expect(lint({ ...cpu, Namespace, Dimensions: dims({ EndpointName: 'other' }) })).toEqual([]);
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
      'the stored one of the overhead',
      { MetricName: 'OverheadLatency', Threshold: 9000, Unit: 'Microseconds' },
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
    // A longer period has more: 300 s at 4 requests per second are 1,200.
    const longer = { ...p99, Period: 300, EvaluationPeriods: 1, DatapointsToAlarm: 1 };
    expect(only(longer, 600, { candidateRequestsPerSecond: 4 })?.kind).toBe('warning');
    expect(only(longer, 600, { candidateRequestsPerSecond: 3 })?.kind).toBe('cannot-fire');
    // Exactly as many as it takes.
    expect(only({ ...p99, ExtendedStatistic: 'p90' }, 600, { candidateRequestsPerSecond: 100 / 60 })).toMatchObject({
      kind: 'warning',
      sentence: expect.stringContaining('p90 needs 100 requests per 1m'),
    });
    // Of the fast tail there are as few.
    expect(only({ ...p99, ExtendedStatistic: 'p1' })?.sentence).toContain('p1 needs 1000 requests');
    expect(only({ ...p99, ExtendedStatistic: 'p99.9' })?.sentence).toContain('p99.9 needs 10000 requests');
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
});
