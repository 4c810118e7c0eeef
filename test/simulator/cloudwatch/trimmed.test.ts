import { describe, expect, test } from '@jest/globals';
import { cloudwatch, dimensions, green, minute } from '../support/cloudwatch.ts';

/** 1 to 100 microseconds, each once. */
const measured = (settings: Parameters<typeof cloudwatch>[0] = {}) => {
  const sim = cloudwatch(settings);
  for (let n = 1; n <= 100; n++) sim.metrics.record('AWS/SageMaker', 'ModelLatency', green, n, sim.at(0) + n);
  sim.advance(5 * minute);
  const Metric = { Namespace: 'AWS/SageMaker', MetricName: 'ModelLatency', Dimensions: dimensions(green) };
  const request = (Stat: string) => ({
    MetricDataQueries: [{ Id: 'q', MetricStat: { Metric, Period: 60, Stat } }],
    StartTime: sim.seconds(0),
    EndTime: sim.seconds(1),
  });
  const ask = (name: string): readonly number[] | undefined =>
    (sim.call('GetMetricData', request(name)) as { MetricDataResults: { Values: number[] }[] }).MetricDataResults[0]
      ?.Values;
  return { sim, ask, request };
};

describe('trimmed statistics', () => {
  test.each([
    ['TC(10:20)', 10],
    ['TC(:20)', 20],
    ['TC(90:)', 10],
    ['TC(0:0.5)', 0],
    ['TC(:1000000000000000)', 100],
    ['TC(10%:30%)', 20],
    ['tc90', 90],
    ['TS(98:100)', 199],
    ['TS(200:)', 0],
    ['PR(10:20)', 10],
    ['PR(:25)', 25],
    ['PR(25:)', 75],
    ['TM(10:12)', 11.5],
    ['TM(2%:98%)', 50.5],
    ['tm90', 45.5],
    ['IQM', 50.5],
    ['WM(10:90)', (10 * 10 + (80 * 101) / 2 + 10 * 90) / 100],
    ['wm98', 50.47],
  ])('%s of 1 to 100 is %d: above the lower bound, up to the upper one', (name, expected) => {
    expect(measured().ask(name)?.[0]).toBeCloseTo(expected, 9);
  });

  test('every value falls into exactly one of adjoining cells', () => {
    const { ask } = measured();
    const cells = ['TC(:10)', 'TC(10:50)', 'TC(50:99.5)', 'TC(99.5:)'].map((name) => ask(name)?.[0] ?? 0);
    expect(cells).toEqual([10, 40, 49, 1]);
  });

  test('a mean of nothing is no data point', () => {
    expect(measured().ask('TM(200:300)')).toEqual([]);
  });

  test.each(['TC()', 'TC(:)', 'TC(20:10)', 'TC(-1:5)', 'TC(1%:5)', 'PR(1%:5%)', 'TC(0%:101%)', 'tm101', 'XX(1:2)'])(
    '%s is no statistic',
    (name) => {
      const { sim, request } = measured();
      expect(sim.refusal('GetMetricData', request(name))?.code).toBe('ValidationError');
    },
  );

  test('GetMetricStatistics has them too, and alarms', () => {
    const { sim } = measured();
    const requested = {
      Namespace: 'AWS/SageMaker',
      MetricName: 'ModelLatency',
      Dimensions: dimensions(green),
      Period: 60,
    };
    expect(
      sim.call('GetMetricStatistics', {
        ...requested,
        StartTime: sim.seconds(0),
        EndTime: sim.seconds(1),
        ExtendedStatistics: ['TC(:20)', 'PR(:20)'],
      })['Datapoints'],
    ).toEqual([
      { Timestamp: sim.seconds(0), ExtendedStatistics: { 'TC(:20)': 20, 'PR(:20)': 20 }, Unit: 'Microseconds' },
    ]);
    for (let n = 1; n <= 10; n++) sim.metrics.record('AWS/SageMaker', 'ModelLatency', green, 95, sim.at(5) + n);
    sim.call('PutMetricAlarm', {
      ...requested,
      AlarmName: 'slow',
      ExtendedStatistic: 'PR(90:)',
      EvaluationPeriods: 1,
      Threshold: 50,
      ComparisonOperator: 'GreaterThanThreshold',
    });
    sim.advance(3 * minute);
    expect(sim.metrics.alarmState('slow')).toBe('ALARM');
  });

  test('a StatisticSet and values below zero have none', () => {
    const sim = cloudwatch();
    const put = (second: number, datum: object) =>
      sim.call('PutMetricData', {
        Namespace: 'Ours',
        MetricData: [{ MetricName: 'M', Timestamp: sim.seconds(second), ...datum }],
      });
    put(0, { StatisticValues: { SampleCount: 4, Sum: 10, Minimum: 1, Maximum: 4 } });
    put(1, { Values: [-1, 5] });
    put(2, { Values: [1, 5] });
    sim.advance(5 * minute);
    const requested = { Namespace: 'Ours', MetricName: 'M', Period: 60, ExtendedStatistics: ['TC(:3)'] };
    const { Datapoints } = sim.call('GetMetricStatistics', {
      ...requested,
      StartTime: sim.seconds(0),
      EndTime: sim.seconds(3),
    });
    expect(
      (Datapoints as { ExtendedStatistics: object }[]).map(({ ExtendedStatistics }) => ExtendedStatistics),
    ).toEqual([{}, {}, { 'TC(:3)': 1 }]);
  });

  test('where SageMaker’s latencies have none, a query returns no data points, and percentiles as before', () => {
    const { ask } = measured({ latencyTrimmedStatistics: false });
    expect([ask('TC(:20)'), ask('PR(:20)'), ask('p90'), ask('SampleCount')]).toEqual([[], [], [90], [100]]);
  });
});
