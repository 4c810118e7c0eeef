/**
 * Answers of CloudWatch as they were recorded from AWS, in the snapshots of localstack/localstack (tests/aws/services/cloudwatch), from
 * which the simulator once differed; `npm run verify:foreign` compares all of them.
 */
import { PutMetricDataCommand, SetAlarmStateCommand } from '@aws-sdk/client-cloudwatch';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Account, openAccount } from '../support/account.ts';
import { cloudwatch } from '../support/cloudwatch.ts';

type Sim = ReturnType<typeof cloudwatch>;
const put = (sim: Sim, datum: object) =>
  sim.call('PutMetricData', { Namespace: 'Ours', MetricData: [{ MetricName: 'm', ...datum }] });
const stat = (Id: string, Stat: string, Period = 60, more: object = {}) => ({
  Id,
  MetricStat: { Metric: { Namespace: 'Ours', MetricName: 'm' }, Period, Stat },
  ...more,
});
const query = (sim: Sim, MetricDataQueries: readonly object[]) =>
  (
    sim.call('GetMetricData', { MetricDataQueries, StartTime: sim.seconds(0), EndTime: sim.seconds(60) }) as {
      MetricDataResults: { Label: string; Values: number[]; Messages?: object[] }[];
    }
  ).MetricDataResults;
const statistics = (from: number, to: number, Period = 60) => ({
  Namespace: 'Ours',
  MetricName: 'm',
  StartTime: from,
  EndTime: to,
  Period,
  Statistics: ['Average'],
});

describe('labels that nobody gave', () => {
  test.each([
    ['the statistic', [stat('a', 'Sum'), stat('b', 'Minimum')], ['m Sum', 'm Minimum']],
    ['the period', [stat('a', 'Sum'), stat('b', 'Sum', 30)], ['m 60', 'm 30']],
    ['both', [stat('a', 'Sum'), stat('b', 'Minimum', 30)], ['m Sum 60', 'm Minimum 30']],
    ['nothing', [stat('a', 'Sum'), stat('b', 'Sum')], ['m', 'm']],
    ['one that was given', [stat('a', 'Sum'), stat('b', 'Minimum', 30, { Label: 'x' })], ['m', 'x']],
  ])('differ by %s', (_what, queries, labels) => {
    const sim = cloudwatch();
    expect(query(sim, queries).map(({ Label }) => Label)).toEqual(labels);
  });
});

describe('several units', () => {
  const several = () => {
    const sim = cloudwatch({ metricDelayMs: 0 });
    for (const [Value, Unit] of [
      [60, 'Seconds'],
      [60_000, 'Milliseconds'],
      [5, 'Count'],
    ])
      put(sim, { Value, Unit });
    sim.advance(1);
    return sim;
  };
  test('GetMetricData reads the first by name, and says so', () => {
    expect(query(several(), [stat('a', 'Sum')])).toMatchObject([
      {
        Values: [5],
        Messages: [{ Code: 'MultipleUnits', Value: "Multiple units returned: '[Count, Milliseconds, Seconds]'" }],
      },
    ]);
  });
  test('GetMetricStatistics has a data point for each', () => {
    const sim = several();
    const { Datapoints } = sim.call('GetMetricStatistics', statistics(sim.seconds(0), sim.seconds(1))) as {
      Datapoints: object[];
    };
    expect(Datapoints).toMatchObject([
      { Average: 5, Unit: 'Count' },
      { Average: 60_000, Unit: 'Milliseconds' },
      { Average: 60, Unit: 'Seconds' },
    ]);
  });
});

describe('refusals', () => {
  test.each([
    ['equal', 0, 0],
    ['inverted', 60, 0],
    ['equal to the second', 0.1, 0.9],
  ])('%s times', (_what, from, to) => {
    const sim = cloudwatch();
    expect(sim.refusal('GetMetricStatistics', statistics(sim.seconds(0) + from, sim.seconds(0) + to))).toMatchObject({
      code: 'InvalidParameterValueException',
      message: 'The parameter StartTime must be less than the parameter EndTime.',
    });
  });
  test('of GetMetricData, times that are equal or inverted', () => {
    const sim = cloudwatch();
    const between = (from: number, to: number) =>
      sim.refusal('GetMetricData', {
        MetricDataQueries: [stat('a', 'Sum')],
        StartTime: sim.seconds(0) + from,
        EndTime: sim.seconds(0) + to,
      })?.message;
    expect(between(0.1, 0.9)).toBe('The parameter StartTime must not equal parameter EndTime.');
    expect(between(60, 0)).toBe('The parameter EndTime must be greater than StartTime.');
  });
  test('a query of Metrics Insights, by its name', () => {
    const sim = cloudwatch();
    const Expression = 'SELECT SUM(m) FROM "Ours" GROUP BY team';
    const refusal = sim.refusal('GetMetricData', {
      MetricDataQueries: [{ Id: 'a', Expression, Period: 60 }],
      StartTime: sim.seconds(0),
      EndTime: sim.seconds(60),
    });
    expect(refusal).toMatchObject({ code: 'NotSimulated' });
  });
  test('more data points than fit, by the range and not by the data', () => {
    const sim = cloudwatch();
    expect(sim.refusal('GetMetricStatistics', statistics(sim.seconds(0), sim.seconds(1440), 1))).toMatchObject({
      code: 'InvalidParameterCombinationException',
      message:
        'You have requested up to 86400 datapoints, which exceeds the limit of 1440. You may reduce the datapoints requested by increasing Period, or decreasing the time range.',
    });
  });
  test.each([
    [
      { Value: 1, Values: [1] },
      'InvalidParameterCombination',
      'Value and MetricData.member.1.Values are mutually exclusive',
    ],
    [
      { Value: 1, StatisticValues: { SampleCount: 1, Sum: 1, Minimum: 1, Maximum: 1 } },
      'InvalidParameterCombination',
      'Value and MetricData.member.1.StatisticValues are mutually exclusive and you have specified both.',
    ],
    [
      { Values: [1], Counts: [1, 2] },
      'InvalidParameterValue',
      'Values and MetricData.member.1.Counts must be of the same size.',
    ],
  ])('PutMetricData with %j', (datum, code, message) => {
    const sim = cloudwatch();
    const input = { Namespace: 'Ours', MetricData: [{ MetricName: 'm', ...datum }] };
    expect(sim.refusal('PutMetricData', input)).toMatchObject({
      code: `${code}Exception`,
      message: expect.stringContaining(message),
    });
  });
});

test('an alarm of ten seconds may watch a metric of AWS', () => {
  const sim = cloudwatch();
  const alarm = {
    AlarmName: 'quick',
    Namespace: 'AWS/EC2',
    MetricName: 'CPUUtilization',
    Statistic: 'Average',
    Period: 10,
    EvaluationPeriods: 1,
    Threshold: 30,
    ComparisonOperator: 'GreaterThanThreshold',
    TreatMissingData: 'breaching',
  };
  sim.call('PutMetricAlarm', alarm);
  sim.advance(10_000);
  expect(sim.metrics.alarmState('quick')).toBe('ALARM');
});

test('of alarms that are partly unknown the others are deleted; of none it depends', () => {
  const kept = cloudwatch();
  expect(kept.refusal('DeleteAlarms', { AlarmNames: ['none'] })).toMatchObject({
    code: 'ResourceNotFound',
    message: '',
  });
  expect(cloudwatch({ unknownAlarmsDeleted: 'ignored' }).call('DeleteAlarms', { AlarmNames: ['none'] })).toEqual({});
});

describe('on the wire', () => {
  let account: Account;
  beforeAll(async () => {
    account = await openAccount();
  });
  afterAll(() => account.simulator.close());

  test('an error has one name in the body and another in the header', async () => {
    const MetricData = [{ MetricName: 'm', Value: 1, Values: [1] }];
    const refused = await account.cloudwatch
      .send(new PutMetricDataCommand({ Namespace: 'Ours', MetricData }))
      .catch((error) => error);
    expect([refused.name, refused.$response?.headers['x-amzn-query-error']]).toEqual([
      'InvalidParameterCombinationException',
      'InvalidParameterCombination;Sender',
    ]);
  });
  test('a missing alarm has no message', async () => {
    const state = { AlarmName: 'none', StateValue: 'OK' as const, StateReason: 'a test' };
    const refused = await account.cloudwatch.send(new SetAlarmStateCommand(state)).catch((error) => error);
    expect([refused.name, refused.$metadata.httpStatusCode]).toEqual(['ResourceNotFound', 404]);
  });
});
