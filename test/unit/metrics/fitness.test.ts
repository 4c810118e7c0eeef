import { describe, expect, test } from '@jest/globals';
import type { MetricAlarm } from '../../../src/aws/cloudwatch.ts';
import { type Fitness, refuseUnfit } from '../../../src/metrics/fitness.ts';
import { Refusal } from '../../../src/operation.ts';
import type { BakeStage } from '../../../src/rollout/compile.ts';
import type { World } from '../../../src/world.ts';
import { candidate, kit, part, theirs } from '../../support/alarms.ts';
import { nine } from '../../support/stepping.ts';

interface Given {
  readonly rate?: number;
  readonly stages?: readonly BakeStage[];
  readonly minimumRequests?: number;
  readonly named?: readonly string[];
  readonly own?: Fitness['alarms'];
  /** CloudWatch's alarms. */
  readonly metric?: readonly MetricAlarm[];
  readonly composite?: readonly object[];
}

const canary: readonly BakeStage[] = [
  { share: 0.25, bakeSeconds: 600 },
  { share: 1, bakeSeconds: 300 },
];

const check = async ({
  rate = 10,
  stages = canary,
  minimumRequests = 0,
  named = [],
  own = [],
  metric,
  composite,
}: Given) => {
  const calls: object[] = [];
  const world = {
    clock: { now: () => nine },
    read: {
      cloudwatch: {
        describeAlarms: async (input: object) => {
          calls.push(input);
          return { MetricAlarms: metric, CompositeAlarms: composite };
        },
      },
    },
  } as unknown as World;
  const fitness = {
    ...candidate,
    rollout: { minimumRequests, alarms: { named } },
    path: { mechanism: 'guardrail', stages },
    alarms: own,
    rate,
  } as unknown as Fitness;
  const result = await refuseUnfit(world, fitness).catch((error: unknown) => {
    if (error instanceof Refusal) return `${error.reason}: ${error.message}`;
    throw error;
  });
  return { result, calls };
};
const resultOf = async (given: Given) => (await check(given)).result;

describe('the usual traffic', () => {
  test('has to reach minimum-requests in each bake, at the candidate’s share of it', async () => {
    expect(await resultOf({ minimumRequests: 1500 })).toEqual([]);
    expect(await resultOf({ minimumRequests: 1501 })).toBe(
      'too-little-traffic: churn sees about 10 requests per second, so 25 % of them for 10m are about 1500, and minimum-requests is 1501: lengthen the bake or lower minimum-requests',
    );
  });

  test('is not rounded up, and is shown as a person reads it', async () => {
    expect(await resultOf({ rate: 9.9999, minimumRequests: 1500 })).toContain(
      'sees about 10 requests per second, so 25 % of them for 10m are about 1499',
    );
    expect(await resultOf({ rate: 0.128, minimumRequests: 100 })).toContain('sees about 0.13 requests per second');
  });

  test('proves nothing in a step without a bake, so it needs none', async () => {
    const stages = [...canary, { share: 1, bakeSeconds: 0 }];
    expect(await resultOf({ stages, minimumRequests: 1500 })).toEqual([]);
    expect(await resultOf({ stages: [{ share: 1, bakeSeconds: 0 }], rate: 0, minimumRequests: 1500 })).toEqual([]);
  });
});

describe('every alarm', () => {
  test('can go off in the shortest bake; a step without a bake is none', async () => {
    expect(await resultOf({ own: [part('errors')] })).toEqual([]);
    expect(await resultOf({ own: [part('errors')], stages: [...canary, { share: 1, bakeSeconds: 0 }] })).toEqual([]);
    const short = [...canary, { share: 1, bakeSeconds: 299 }];
    expect(await resultOf({ own: [part('errors')], stages: short })).toMatch(
      /^alarm-cannot-fire: .* cannot go off within the bake of 4m 59s/,
    );
  });

  test('of a rollout without any bake cannot go off', async () => {
    for (const stages of [[], [{ share: 1, bakeSeconds: 0 }]])
      expect(await resultOf({ own: [part('errors')], stages, named: [] })).toMatch(/^alarm-cannot-fire: /);
  });

  test('that the manifest names is looked up once, of either kind; without a name there is no call', async () => {
    expect((await check({ own: kit(600) })).calls).toEqual([]);
    const { result, calls } = await check({
      named: ['theirs', 'all'],
      metric: [theirs],
      composite: [{ AlarmName: 'all', StateValue: 'OK' }],
    });
    expect(calls).toEqual([{ AlarmNames: ['theirs', 'all'], AlarmTypes: ['MetricAlarm', 'CompositeAlarm'] }]);
    expect(result).toEqual([expect.stringContaining('alarm all is a composite alarm')]);
  });

  test('that does not exist, or is red, is not ready', async () => {
    expect(await resultOf({ named: ['none'] })).toMatch(/^alarm-not-ready: alarm none does not exist/);
    const red = { ...theirs, StateValue: 'ALARM' } as const;
    expect(await resultOf({ named: ['theirs'], metric: [red] })).toMatch(/^alarm-not-ready: .* already in ALARM/);
  });

  test('is in the refusal; one that can never go off first, because waiting does not help', async () => {
    const slow = { ...theirs, AlarmName: 'slow', Period: 600 };
    const slower = { ...theirs, AlarmName: 'slower', Period: 3600 };
    const refusal = await resultOf({ named: ['none', 'slow', 'slower'], metric: [slow, slower] });
    expect(refusal).toMatch(/^alarm-cannot-fire: alarm slow cannot [^;]+;[^;]+; alarm slower cannot [^;]+;[^;]+$/);
  });

  test('on a percentile has the traffic of the smallest share', async () => {
    const p99: MetricAlarm = {
      ...theirs,
      MetricName: 'ModelLatency',
      Statistic: undefined,
      ExtendedStatistic: 'p99',
      Threshold: 300_000,
      EvaluateLowSampleCountPercentile: 'ignore',
    };
    const given = { named: ['theirs'], metric: [p99] };
    // A thousand requests a minute: 17 a second of the candidate alone.
    expect(await resultOf({ ...given, rate: 66 })).toMatch(/^alarm-cannot-fire: .* about 990 are expected/);
    expect(await resultOf({ ...given, rate: 68 })).toEqual([
      expect.stringContaining('ignores periods with few samples'),
    ]);
  });

  test('that has existed for long has warmed up', async () => {
    const warm: MetricAlarm = {
      ...theirs,
      WarmUpConfiguration: { WarmUpPeriodDurationInMinutes: 60 },
      AlarmConfigurationUpdatedTimestamp: new Date(nine - 3_600_000),
    };
    expect(await resultOf({ named: ['theirs'], metric: [warm] })).toEqual([]);
    const young = { ...warm, AlarmConfigurationUpdatedTimestamp: new Date(nine) };
    expect(await resultOf({ named: ['theirs'], metric: [young] })).toMatch(/^alarm-cannot-fire: .*1h of warm-up/);
  });
});
