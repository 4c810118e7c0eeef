import { describe, expect, test } from '@jest/globals';
import { createStore } from '../../../simulator/services/cloudwatch/store.ts';
import { cloudwatch, dimensions, green, minute } from '../support/cloudwatch.ts';

type Sim = ReturnType<typeof cloudwatch>;

const stat = (Id: string, MetricName: string, Stat: string, Period = 60) => ({
  Id,
  MetricStat: { Metric: { Namespace: 'AWS/SageMaker', MetricName, Dimensions: dimensions(green) }, Period, Stat },
});
const own = (Id: string, Stat: string, Period = 60) => ({
  Id,
  MetricStat: { Metric: { Namespace: 'Ours', MetricName: 'M', Dimensions: [] }, Period, Stat },
});
interface Result {
  Id: string;
  Label: string;
  Timestamps: number[];
  Values: number[];
  StatusCode: string;
}
const query = (sim: Sim, MetricDataQueries: readonly object[], from = 0, to = 60, more: object = {}) =>
  sim.call('GetMetricData', {
    MetricDataQueries,
    StartTime: sim.seconds(from),
    EndTime: sim.seconds(to),
    ScanBy: 'TimestampAscending',
    ...more,
  }) as { MetricDataResults: Result[]; NextToken?: string };
const values = (sim: Sim, queries: readonly object[], from = 0, to = 60) =>
  query(sim, queries, from, to).MetricDataResults.map(({ Values }) => Values);
const put = (sim: Sim, datum: object, Namespace = 'Ours') =>
  sim.call('PutMetricData', { Namespace, MetricData: [{ MetricName: 'M', ...datum }] });

describe('what can be read when', () => {
  test('each observation by itself, once the metric delay has passed: a minute fills up while it is read', () => {
    const sim = cloudwatch();
    for (let n = 0; n < 60; n++) sim.metrics.record('AWS/SageMaker', 'Invocations', green, 1, sim.at(0) + n * 1000);
    const readAt = (milliseconds: number) => {
      sim.advanceTo(sim.at(0) + milliseconds);
      return values(sim, [stat('i', 'Invocations', 'Sum')]);
    };
    expect(readAt(minute)).toEqual([[]]);
    expect(readAt(minute + 1)).toEqual([[1]]);
    expect(readAt(minute + 30_000)).toEqual([[30]]);
    expect(readAt(2 * minute)).toEqual([[60]]);
  });

  test('a part of the requests of a minute later than its errors, of each fleet another one, where the setting says so', () => {
    const sim = cloudwatch({ lateInvocationsMs: 120_000 });
    const blue = { ...green, EndpointConfigName: 'churn-1' };
    for (let n = 0; n < 60; n++)
      for (const fleet of [green, blue])
        for (const metric of ['Invocations', 'InvocationModelErrors'])
          sim.metrics.record('AWS/SageMaker', metric, fleet, 1, sim.at(0) + n * 1000);
    const readAt = (milliseconds: number) => {
      sim.advanceTo(sim.at(0) + milliseconds);
      const [requests, errors] = [stat('i', 'Invocations', 'Sum'), stat('e', 'InvocationModelErrors', 'Sum')];
      const { MetricStat } = requests;
      const other = { ...MetricStat, Metric: { ...MetricStat.Metric, Dimensions: dimensions(blue) } };
      return values(sim, [requests, { Id: 'b', MetricStat: other }, errors]).flat();
    };
    const [one = 60, other = 60, errors] = readAt(2 * minute);
    expect(errors).toBe(60);
    expect(Math.max(one, other)).toBeLessThan(60);
    expect(one).not.toBe(other);
    expect(readAt(4 * minute)).toEqual([60, 60, 60]);
  });

  test('a point put for a coming minute is there before its minute comes', () => {
    const sim = cloudwatch();
    put(sim, { Timestamp: sim.seconds(30), Value: 7 });
    sim.advance(minute + 1);
    expect(values(sim, [own('m', 'Maximum')])).toEqual([[7]]);
    expect(values(sim, [own('m', 'Maximum')], 0, 30)).toEqual([[]]);
  });

  test('dimension sets are exact, in any order', () => {
    const sim = cloudwatch();
    sim.metrics.record('AWS/SageMaker', 'Invocations', green, 1, sim.at(0));
    sim.advance(5 * minute);
    const [whole] = [stat('i', 'Invocations', 'Sum')];
    const reversed = {
      ...whole,
      MetricStat: {
        ...whole.MetricStat,
        Metric: { ...whole.MetricStat.Metric, Dimensions: dimensions(green).toReversed() },
      },
    };
    const mixed = {
      ...whole,
      MetricStat: {
        ...whole.MetricStat,
        Metric: { ...whole.MetricStat.Metric, Dimensions: dimensions(green).slice(0, 2) },
      },
    };
    expect([values(sim, [whole]), values(sim, [reversed]), values(sim, [mixed])]).toEqual([[[1]], [[1]], [[]]]);
  });
});

test('statistics, with exact percentiles by nearest rank', () => {
  const sim = cloudwatch();
  for (let n = 1; n <= 100; n++) sim.metrics.record('AWS/SageMaker', 'ModelLatency', green, n, sim.at(0) + n);
  sim.metrics.recordMany('AWS/SageMaker', 'ModelLatency', green, [10, 20], [3, 1], sim.at(1));
  sim.advance(5 * minute);
  const ask = (name: string, period = 60) => values(sim, [stat('q', 'ModelLatency', name, period)])[0];
  expect(ask('SampleCount')).toEqual([100, 4]);
  expect(ask('Average')).toEqual([50.5, 12.5]);
  expect(ask('Sum')).toEqual([5050, 50]);
  expect([ask('Minimum'), ask('Maximum')]).toEqual([
    [1, 10],
    [100, 20],
  ]);
  expect([ask('p50'), ask('p99'), ask('p99.9'), ask('p100')]).toEqual([
    [50, 10],
    [99, 20],
    [100, 20],
    [100, 20],
  ]);
  expect(ask('Sum', 300)).toEqual([5100]);
});

test('a StatisticSet has no percentiles unless all its values are equal', () => {
  const sim = cloudwatch();
  put(sim, { StatisticValues: { SampleCount: 4, Sum: 10, Minimum: 1, Maximum: 4 } });
  put(sim, { Timestamp: sim.seconds(1), StatisticValues: { SampleCount: 4, Sum: 8, Minimum: 2, Maximum: 2 } });
  put(sim, { Timestamp: sim.seconds(2), Values: [1, 5], Counts: [9, 1] });
  sim.advance(5 * minute);
  expect(values(sim, [own('a', 'Average'), own('p', 'p90')])).toEqual([
    [2.5, 2, 1.4],
    [2, 1],
  ]);
});

test('a value that occurred zero times leaves no trace', () => {
  const sim = cloudwatch();
  sim.metrics.recordMany('AWS/SageMaker', 'InvocationModelErrors', green, [0, 1], [10, 0], sim.at(0));
  sim.advance(5 * minute);
  expect(
    values(sim, [stat('a', 'InvocationModelErrors', 'Maximum'), stat('b', 'InvocationModelErrors', 'p100')]),
  ).toEqual([[0], [0]]);
});

test('ten-second periods of a high-resolution metric', () => {
  const sim = cloudwatch();
  for (const second of [0, 5, 25]) put(sim, { Timestamp: sim.seconds(0) + second, Value: 1, StorageResolution: 1 });
  sim.advance(5 * minute);
  expect(query(sim, [own('m', 'Sum', 10)]).MetricDataResults[0]).toMatchObject({
    Timestamps: [sim.seconds(0), sim.seconds(0) + 20],
    Values: [2, 1],
  });
});

describe('metric math', () => {
  const seeded = () => {
    const sim = cloudwatch();
    for (const [m, errors] of [
      [0, 0],
      [2, 5],
    ] as const)
      for (let n = 0; n < 100; n++) {
        sim.metrics.record('AWS/SageMaker', 'Invocations', green, 1, sim.at(m) + n);
        if (n < errors) sim.metrics.record('AWS/SageMaker', 'InvocationModelErrors', green, 1, sim.at(m) + n);
      }
    sim.advance(10 * minute);
    return sim;
  };
  const hidden = [
    { ...stat('i', 'Invocations', 'Sum'), ReturnData: false },
    { ...stat('e', 'InvocationModelErrors', 'Sum'), ReturnData: false },
  ];
  test.each([
    ['e/i', [0.05]],
    ['100*FILL(e,0)/IF(i>0,i,1)', [0, 5]],
    ['FILL(i,0)', [100, 0, 100, 0]],
    ['-i + 2^3*2', [-84, -84]],
    ['IF(i > 50 AND e >= 5, 1, 0)', [1]],
    ['SUM(METRICS())', [100, 105]],
    ['i/SUM(e)', [20, 20]],
    ['i/(e-e)', []],
  ])('%s', (Expression, expected) => {
    expect(values(seeded(), [...hidden, { Id: 'x', Expression }], 0, 4)).toEqual([expected]);
  });
  test.each([
    ['i +', 'ValidationError'],
    ['none', 'ValidationError'],
    ['x', 'ValidationError'],
    ['NOFUNCTION(i)', 'ValidationError'],
    ['3', 'ValidationError'],
    ['ANOMALY_DETECTION_BAND(i)', 'NotSimulated'],
    ["SEARCH('{AWS/SageMaker}', 'Sum')", 'NotSimulated'],
    ['2 * RATE(i)', 'NotSimulated'],
    ["SUM(METRICS('i'))", 'NotSimulated'],
    ['FILL(i, REPEAT)', 'NotSimulated'],
    ['SUM([i, i])', 'NotSimulated'],
  ])('refuses %s as %s', (Expression, code) => {
    const sim = seeded();
    const input = {
      MetricDataQueries: [...hidden, { Id: 'x', Expression }],
      StartTime: sim.seconds(0),
      EndTime: sim.seconds(4),
    };
    expect(sim.refusal('GetMetricData', input)?.code).toBe(code);
  });
});

describe('GetMetricData', () => {
  test('newest first unless asked otherwise', () => {
    const sim = cloudwatch();
    for (const m of [0, 1]) sim.metrics.record('AWS/SageMaker', 'Invocations', green, m + 1, sim.at(m));
    sim.advance(5 * minute);
    const answer = query(sim, [{ ...stat('i', 'Invocations', 'Sum'), Label: 'requests' }], 0, 5, { ScanBy: undefined });
    expect(answer.MetricDataResults).toEqual([
      {
        Id: 'i',
        Label: 'requests',
        Timestamps: [sim.seconds(1), sim.seconds(0)],
        Values: [2, 1],
        StatusCode: 'Complete',
      },
    ]);
  });
  test('pages by data points', () => {
    const sim = cloudwatch();
    for (const m of [0, 1, 2]) sim.metrics.record('AWS/SageMaker', 'Invocations', green, m, sim.at(m));
    sim.advance(5 * minute);
    const ask = (NextToken?: string) =>
      query(sim, [stat('i', 'Invocations', 'Sum')], 0, 5, { MaxDatapoints: 2, NextToken });
    const first = ask();
    const second = ask(first.NextToken);
    expect(first.MetricDataResults[0]).toMatchObject({ Values: [0, 1], StatusCode: 'PartialData' });
    expect(second.MetricDataResults[0]).toMatchObject({ Values: [2], StatusCode: 'Complete' });
    expect(second.NextToken).toBeUndefined();
  });
  test.each([
    ['an id that starts with a capital', [stat('I', 'Invocations', 'Sum')]],
    ['one id twice', [stat('i', 'Invocations', 'Sum'), stat('i', 'Invocations', 'Sum')]],
    ['501 queries', Array.from({ length: 501 }, (_, n) => stat(`i${n}`, 'Invocations', 'Sum'))],
    ['a period of 45 s', [stat('i', 'Invocations', 'Sum', 45)]],
    ['an unknown statistic', [stat('i', 'Invocations', 'Total')]],
    ['neither metric nor expression', [{ Id: 'i' }]],
    [
      'periods mixed in an expression',
      [stat('a', 'Invocations', 'Sum'), stat('b', 'Invocations', 'Sum', 300), { Id: 'c', Expression: 'a+b' }],
    ],
  ])('refuses %s', (_what, MetricDataQueries) => {
    const sim = cloudwatch();
    expect(
      sim.refusal('GetMetricData', { MetricDataQueries, StartTime: sim.seconds(0), EndTime: sim.seconds(4) })?.code,
    ).toBe('ValidationError');
  });
  test('refuses an empty range', () => {
    const sim = cloudwatch();
    const input = {
      MetricDataQueries: [stat('i', 'Invocations', 'Sum')],
      StartTime: sim.seconds(4),
      EndTime: sim.seconds(4),
    };
    expect(sim.refusal('GetMetricData', input)?.code).toBe('ValidationError');
  });
});

describe('PutMetricData refuses', () => {
  const day = 24 * 60;
  test.each([
    ['no value', {}, 'MissingRequiredParameterException'],
    ['two kinds of value', { Value: 1, Values: [1] }, 'InvalidParameterCombinationException'],
    ['counts of another length', { Values: [1, 2], Counts: [1] }, 'InvalidParameterValueException'],
    ['infinity', { Value: Number.POSITIVE_INFINITY }, 'InvalidParameterValueException'],
    ['too large a value', { Value: 2 ** 361 }, 'InvalidParameterValueException'],
    ['a resolution of 10 s', { Value: 1, StorageResolution: 10 }, 'InvalidParameterValueException'],
    ['more than two weeks ago', { Value: 1, Timestamp: -14 * day - 1 }, 'InvalidParameterValueException'],
    ['more than two hours ahead', { Value: 1, Timestamp: 121 }, 'InvalidParameterValueException'],
  ])('%s', (_what, datum, code) => {
    const sim = cloudwatch();
    const timed = 'Timestamp' in datum ? { ...datum, Timestamp: sim.seconds(datum.Timestamp) } : datum;
    expect(sim.refusal('PutMetricData', { Namespace: 'Ours', MetricData: [{ MetricName: 'M', ...timed }] })?.code).toBe(
      code,
    );
  });
  test('the namespaces of AWS', () => {
    const input = { Namespace: 'AWS/SageMaker', MetricData: [{ MetricName: 'M', Value: 1 }] };
    expect(cloudwatch().refusal('PutMetricData', input)?.code).toBe('InvalidParameterValueException');
  });
});

test('ListMetrics and GetMetricStatistics', () => {
  const sim = cloudwatch();
  for (const value of [1, 3]) sim.metrics.record('AWS/SageMaker', 'ModelLatency', green, value, sim.at(0));
  put(sim, { Value: 1 });
  expect(sim.call('ListMetrics', {})).toEqual({ Metrics: [] });
  sim.advance(5 * minute);
  expect(
    sim.call('ListMetrics', { Namespace: 'AWS/SageMaker', Dimensions: [{ Name: 'EndpointName', Value: 'churn' }] }),
  ).toEqual({
    Metrics: [{ Namespace: 'AWS/SageMaker', MetricName: 'ModelLatency', Dimensions: dimensions(green) }],
  });
  const requested = {
    Namespace: 'AWS/SageMaker',
    MetricName: 'ModelLatency',
    Dimensions: dimensions(green),
    StartTime: sim.seconds(0),
    EndTime: sim.seconds(5),
    Period: 60,
  };
  expect(
    sim.call('GetMetricStatistics', { ...requested, Statistics: ['Average'], ExtendedStatistics: ['p99'] }),
  ).toEqual({
    Label: 'ModelLatency',
    Datapoints: [{ Timestamp: sim.seconds(0), Average: 2, ExtendedStatistics: { p99: 3 }, Unit: 'Microseconds' }],
  });
});

test('a hundred thousand observations are recorded and read', () => {
  const sim = cloudwatch();
  for (let n = 0; n < 100_000; n++)
    sim.metrics.record('AWS/SageMaker', 'ModelLatency', green, 1000 + (n % 5000), sim.at(0) + n * 10);
  sim.advanceTo(sim.at(30));
  const [counts] = values(sim, [stat('n', 'ModelLatency', 'SampleCount', 3600)]);
  expect(counts).toEqual([100_000]);
});

test('a hundred thousand observations that wait to be readable are looked through a few times, not at each that is added', () => {
  let looks = 0;
  const store = createStore(() => {
    looks += 1;
    return 0;
  });
  const selector = { namespace: 'Ours', metric: 'M', dimensions: [], unit: 'Count' };
  for (let at = 0; at < 100_000; at++)
    store.add(selector, [{ at, visibleAt: 1_000_000, resolutionMs: 60_000, value: 1, times: 1 }]);
  expect(looks).toBeGreaterThan(0);
  expect(looks).toBeLessThan(10);
});
