import { describe, expect, test } from '@jest/globals';
import { cloudwatch, dimensions, green, minute } from '../support/cloudwatch.ts';

type Sim = ReturnType<typeof cloudwatch>;

const errorsAlarm = {
  AlarmName: 'errors',
  Namespace: 'AWS/SageMaker',
  MetricName: 'InvocationModelErrors',
  Dimensions: dimensions(green),
  Statistic: 'Average',
  Period: 60,
  EvaluationPeriods: 3,
  DatapointsToAlarm: 2,
  Threshold: 0.01,
  ComparisonOperator: 'GreaterThanThreshold',
  TreatMissingData: 'notBreaching',
};
const abortAlarm = {
  AlarmName: 'abort',
  Namespace: 'ModelDelivery',
  MetricName: 'Abort',
  Dimensions: dimensions({ EndpointName: 'churn', EndpointConfigName: 'churn-2' }),
  Statistic: 'Maximum',
  Period: 60,
  EvaluationPeriods: 1,
  Threshold: 1,
  ComparisonOperator: 'GreaterThanOrEqualToThreshold',
  TreatMissingData: 'notBreaching',
};

/** Every request of the minute that begins at `at`: so many, so many of them with an error. */
const traffic = (sim: Sim, at: number, requests: number, errors: number, metric = 'InvocationModelErrors'): void => {
  for (let n = 0; n < requests; n++)
    sim.metrics.record('AWS/SageMaker', metric, green, n < errors ? 1 : 0, at + (n * minute) / requests);
};
const described = (sim: Sim, name: string): Record<string, unknown> => {
  const { MetricAlarms } = sim.call('DescribeAlarms', { AlarmNames: [name] }) as {
    MetricAlarms: Record<string, unknown>[];
  };
  const [alarm] = MetricAlarms;
  if (!alarm) throw new Error(`${name} does not exist`);
  return alarm;
};
const transitions = (sim: Sim): readonly string[] =>
  sim.events.map(({ at, object, what }) => `${(at - sim.at(0)) / 1000}s ${object} ${what}`);

test('a new alarm has insufficient data, and its first evaluation follows within seconds', () => {
  const sim = cloudwatch();
  sim.call('PutMetricAlarm', errorsAlarm);
  expect(described(sim, 'errors')).toMatchObject({
    StateValue: 'INSUFFICIENT_DATA',
    StateReason: 'Unchecked: Initial alarm creation',
    ActionsEnabled: true,
  });
  sim.advance(5_000);
  expect(described(sim, 'errors')).toMatchObject({
    StateValue: 'OK',
    StateReason: expect.stringContaining('3 missing datapoints were treated as [NonBreaching]'),
  });
});

test('a candidate with 5 % errors trips 2 of 3 after two minutes and the metric delay', () => {
  const sim = cloudwatch();
  sim.call('PutMetricAlarm', errorsAlarm);
  for (let m = 0; m < 6; m++) traffic(sim, sim.at(m), 100, 5);
  sim.advanceTo(sim.at(6));
  expect(transitions(sim)).toEqual(['5s errors OK', '180s errors ALARM']);
  expect(described(sim, 'errors')).toMatchObject({
    StateTransitionedTimestamp: sim.seconds(3),
    StateReason: expect.stringMatching(
      /^Threshold Crossed: 2 out of the last 3 datapoints \[0\.05 .*greater than the threshold \(0\.01\)/,
    ),
  });
  expect(JSON.parse(String(described(sim, 'errors')['StateReasonData']))).toMatchObject({
    version: '1.0',
    statistic: 'Average',
    period: 60,
    recentDatapoints: [0.05, 0.05],
  });
});

test('a healthy candidate never trips it', () => {
  const sim = cloudwatch();
  sim.call('PutMetricAlarm', errorsAlarm);
  for (let m = 0; m < 20; m++) traffic(sim, sim.at(m), 200, 1);
  sim.advanceTo(sim.at(22));
  expect(transitions(sim)).toEqual(['5s errors OK']);
});

test("AWS's sample alarm, Average of Invocation4XXErrors above 1, cannot fire even when every request fails", () => {
  const sim = cloudwatch();
  sim.call('PutMetricAlarm', {
    ...errorsAlarm,
    AlarmName: 'sample',
    MetricName: 'Invocation4XXErrors',
    Period: 60,
    EvaluationPeriods: 1,
    DatapointsToAlarm: 1,
    Threshold: 1,
  });
  for (let m = 0; m < 20; m++) traffic(sim, sim.at(m), 50, 50, 'Invocation4XXErrors');
  sim.advanceTo(sim.at(22));
  expect(transitions(sim)).toEqual(['5s sample OK']);
});

test('a point published ahead trips the abort alarm when its minute has passed, with nobody left to publish', () => {
  const sim = cloudwatch();
  sim.call('PutMetricAlarm', abortAlarm);
  sim.call('PutMetricData', {
    Namespace: 'ModelDelivery',
    MetricData: [3, 4, 5].map((m) => ({
      MetricName: 'Abort',
      Dimensions: abortAlarm.Dimensions,
      Timestamp: sim.seconds(m),
      Value: 1,
    })),
  });
  sim.advanceTo(sim.at(20));
  // Minute 5 is the last with a point; it decides until it leaves the range of N + 2 periods at minute 9.
  expect(transitions(sim)).toEqual(['5s abort OK', '240s abort ALARM', '540s abort OK']);
});

test('a period of a quarter of an hour slides every minute', () => {
  const sim = cloudwatch();
  sim.call('PutMetricAlarm', { ...abortAlarm, Statistic: 'Sum', Threshold: 2, Period: 900 });
  for (const m of [10, 20])
    sim.metrics.record(
      'ModelDelivery',
      'Abort',
      { EndpointName: 'churn', EndpointConfigName: 'churn-2' },
      1,
      sim.at(m),
    );
  sim.advanceTo(sim.at(40));
  expect(transitions(sim).slice(0, 2)).toEqual(['5s abort OK', `${22 * 60}s abort ALARM`]);
});

test('a wall-clock window looks back no further than its periods', () => {
  const sim = cloudwatch({ metricDelayMs: 0 });
  sim.call('PutMetricAlarm', { ...abortAlarm, TreatMissingData: 'missing', EvaluationWindow: { WallClockWindow: {} } });
  sim.metrics.record('ModelDelivery', 'Abort', { EndpointName: 'churn', EndpointConfigName: 'churn-2' }, 1, sim.at(0));
  sim.advanceTo(sim.at(3));
  expect(transitions(sim)).toEqual(['60s abort ALARM', '120s abort INSUFFICIENT_DATA']);
});

test('during warm-up it stays INSUFFICIENT_DATA whatever the metric says', () => {
  const sim = cloudwatch();
  sim.call('PutMetricAlarm', { ...errorsAlarm, WarmUpConfiguration: { WarmUpPeriodDurationInMinutes: 10 } });
  for (let m = 0; m < 15; m++) traffic(sim, sim.at(m), 20, 20);
  sim.advanceTo(sim.at(15));
  expect(transitions(sim)).toEqual(['600s errors ALARM']);
});

test('a unit that is not the stored one finds no data', () => {
  const sim = cloudwatch();
  sim.call('PutMetricAlarm', { ...errorsAlarm, Unit: 'Percent' });
  for (let m = 0; m < 6; m++) traffic(sim, sim.at(m), 20, 20);
  sim.advanceTo(sim.at(8));
  expect(transitions(sim)).toEqual(['5s errors OK']);
});

test('SetAlarmState lasts seconds', () => {
  const sim = cloudwatch();
  sim.call('PutMetricAlarm', errorsAlarm);
  sim.advance(20_000);
  sim.call('SetAlarmState', { AlarmName: 'errors', StateValue: 'ALARM', StateReason: 'by hand' });
  expect(sim.metrics.alarmState('errors')).toBe('ALARM');
  sim.advance(5_000);
  expect(sim.metrics.alarmState('errors')).toBe('OK');
  expect(sim.refusal('SetAlarmState', { AlarmName: 'none', StateValue: 'OK', StateReason: '' })?.code).toBe(
    'ResourceNotFound',
  );
  expect(
    sim.refusal('SetAlarmState', { AlarmName: 'errors', StateValue: 'OK', StateReason: '', StateReasonData: '{' })
      ?.code,
  ).toBe('InvalidFormatFault');
});

test('a percentile of too few samples freezes the state when the alarm says ignore, and counts when it says evaluate', () => {
  const sim = cloudwatch();
  const slow = {
    ...errorsAlarm,
    MetricName: 'ModelLatency',
    ExtendedStatistic: 'p99',
    Statistic: undefined,
    Threshold: 300_000,
  };
  const { Statistic: _none, ...p99 } = slow;
  sim.call('PutMetricAlarm', { ...p99, AlarmName: 'ignore', EvaluateLowSampleCountPercentile: 'ignore' });
  sim.call('PutMetricAlarm', { ...p99, AlarmName: 'evaluate', EvaluateLowSampleCountPercentile: 'evaluate' });
  for (let m = 0; m < 6; m++)
    for (let n = 0; n < 50; n++)
      sim.metrics.record('AWS/SageMaker', 'ModelLatency', green, 400_000, sim.at(m) + n * 1000);
  sim.advanceTo(sim.at(6));
  expect([sim.metrics.alarmState('ignore'), sim.metrics.alarmState('evaluate')]).toEqual(['OK', 'ALARM']);
});

test('ten-second periods see a standard metric only once a minute and lapse', () => {
  const sim = cloudwatch({ metricDelayMs: 0 });
  const fast = { ...abortAlarm, Period: 10, TreatMissingData: 'missing' };
  sim.call('PutMetricAlarm', fast);
  for (let m = 0; m < 3; m++)
    sim.call('PutMetricData', {
      Namespace: 'ModelDelivery',
      MetricData: [{ MetricName: 'Abort', Dimensions: fast.Dimensions, Timestamp: sim.seconds(m), Value: 1 }],
    });
  sim.advanceTo(sim.at(2));
  expect(transitions(sim).slice(0, 4)).toEqual([
    '10s abort ALARM',
    '40s abort INSUFFICIENT_DATA',
    '70s abort ALARM',
    '100s abort INSUFFICIENT_DATA',
  ]);
});

test('an alarm on metric math watches the one query that returns data', () => {
  const sim = cloudwatch();
  const stat = (MetricName: string) => ({
    Metric: { Namespace: 'AWS/SageMaker', MetricName, Dimensions: dimensions(green) },
    Period: 60,
    Stat: 'Sum',
  });
  sim.call('PutMetricAlarm', {
    AlarmName: 'rate',
    Metrics: [
      { Id: 'e', MetricStat: stat('InvocationModelErrors'), ReturnData: false },
      { Id: 'i', MetricStat: stat('Invocations'), ReturnData: false },
      { Id: 'rate', Expression: '100*FILL(e,0)/IF(i>0,i,1)' },
    ],
    EvaluationPeriods: 1,
    Threshold: 4,
    ComparisonOperator: 'GreaterThanThreshold',
    TreatMissingData: 'notBreaching',
  });
  for (let m = 0; m < 3; m++) {
    traffic(sim, sim.at(m), 100, 5);
    for (let n = 0; n < 100; n++) sim.metrics.record('AWS/SageMaker', 'Invocations', green, 1, sim.at(m) + n * 500);
  }
  sim.advanceTo(sim.at(3));
  expect(sim.metrics.alarmState('rate')).toBe('ALARM');
});

describe('PutMetricAlarm', () => {
  test('replaces everything and keeps the state', () => {
    const sim = cloudwatch();
    sim.call('PutMetricAlarm', { ...errorsAlarm, AlarmDescription: 'first' });
    sim.call('SetAlarmState', { AlarmName: 'errors', StateValue: 'ALARM', StateReason: 'by hand' });
    sim.call('PutMetricAlarm', errorsAlarm);
    expect(described(sim, 'errors')).not.toHaveProperty('AlarmDescription');
    expect(described(sim, 'errors')['StateValue']).toBe('ALARM');
  });

  test.each([
    ['both statistics', { ExtendedStatistic: 'p99' }],
    ['no such statistic', { Statistic: 'Mean' }],
    ['a period of 45 s', { Period: 45 }],
    ['more data points than periods', { DatapointsToAlarm: 4 }],
    ['more than a day of minutes', { EvaluationPeriods: 1441 }],
    ['more than a week of hours', { Period: 3600, EvaluationPeriods: 169 }],
    ['an unknown treatment', { TreatMissingData: 'alarming' }],
    ['low samples without a percentile', { EvaluateLowSampleCountPercentile: 'evaluate' }],
    ['a metric beside metric math', { Metrics: [{ Id: 'a', Expression: '1' }] }],
    ['anomaly detection', { ComparisonOperator: 'LessThanLowerThreshold' }],
    ['no threshold', { Threshold: undefined }],
    ['a dimension twice', { Dimensions: [...errorsAlarm.Dimensions, ...errorsAlarm.Dimensions] }],
  ])('refuses %s', (_what, change) => {
    const sim = cloudwatch();
    expect(sim.refusal('PutMetricAlarm', { ...errorsAlarm, ...change })?.code).toBe('ValidationError');
    expect(sim.call('DescribeAlarms', {})['MetricAlarms']).toEqual([]);
  });

  test('stops at the quota', () => {
    const sim = cloudwatch();
    for (let n = 0; n < 5000; n++) sim.call('PutMetricAlarm', { ...errorsAlarm, AlarmName: `errors-${n}` });
    expect(sim.refusal('PutMetricAlarm', { ...errorsAlarm, AlarmName: 'one-more' })?.code).toBe('LimitExceededFault');
  });
});

describe('DescribeAlarms', () => {
  const names = (answer: Record<string, unknown>) =>
    (answer['MetricAlarms'] as { AlarmName: string }[]).map(({ AlarmName }) => AlarmName);
  const seeded = () => {
    const sim = cloudwatch();
    for (const AlarmName of ['b-2', 'a-1', 'b-1']) sim.call('PutMetricAlarm', { ...errorsAlarm, AlarmName });
    return sim;
  };
  test('a name that does not exist is absent', () => {
    expect(names(seeded().call('DescribeAlarms', { AlarmNames: ['a-1', 'none'] }))).toEqual(['a-1']);
  });
  test('by prefix, paged, in order of name', () => {
    const sim = seeded();
    const first = sim.call('DescribeAlarms', { AlarmNamePrefix: 'b', MaxRecords: 1 });
    expect(names(first)).toEqual(['b-1']);
    const second = sim.call('DescribeAlarms', { AlarmNamePrefix: 'b', MaxRecords: 1, NextToken: first['NextToken'] });
    expect([names(second), second['NextToken']]).toEqual([['b-2'], undefined]);
    expect(sim.refusal('DescribeAlarms', { NextToken: 'made-up' })?.code).toBe('InvalidNextToken');
  });
  test('only the types asked for', () => {
    expect(names(seeded().call('DescribeAlarms', { AlarmTypes: ['CompositeAlarm'] }))).toEqual([]);
  });
});

test('DeleteAlarms deletes the alarms that exist, and the history stays', () => {
  const sim = cloudwatch();
  sim.call('PutMetricAlarm', errorsAlarm);
  expect(sim.refusal('DeleteAlarms', { AlarmNames: ['none'] })?.code).toBe('ResourceNotFound');
  expect(sim.metrics.alarmState('errors')).toBe('INSUFFICIENT_DATA');
  sim.advance(5_000);
  sim.call('DeleteAlarms', { AlarmNames: ['errors', 'none'] });
  expect(sim.metrics.alarmState('errors')).toBeUndefined();
  sim.advance(5 * minute);
  const { AlarmHistoryItems } = sim.call('DescribeAlarmHistory', {
    AlarmName: 'errors',
    HistoryItemType: 'StateUpdate',
  }) as {
    AlarmHistoryItems: { HistorySummary: string; HistoryData: string; Timestamp: number }[];
  };
  expect(AlarmHistoryItems).toHaveLength(1);
  expect(AlarmHistoryItems[0]).toMatchObject({
    HistorySummary: 'Alarm updated from INSUFFICIENT_DATA to OK',
    Timestamp: sim.seconds(0) + 5,
  });
  expect(JSON.parse(AlarmHistoryItems[0]?.HistoryData ?? '')).toMatchObject({ newState: { stateValue: 'OK' } });
});
