import { describe, expect, test } from '@jest/globals';
import { minutes } from '../../../src/clock.ts';
import type { Pending } from '../../../src/endpoint/observe.ts';
import { countableAt, countBakes, starvedBake, witnessBakes } from '../../../src/mechanisms/guardrail/bakes.ts';
import type { Bake, Submission } from '../../../src/release/record.ts';
import type { World } from '../../../src/world.ts';

const start = Date.parse('2026-01-05T09:00:00Z');
const submission = {
  mechanism: 'guardrail',
  variant: 'AllTraffic',
  bakeSeconds: 600,
  finalBakeSeconds: 300,
} as Submission;
const baking = (since: number, current: number): Pending => ({
  endpointConfig: 'churn-1-4-0-aaaaaaaa',
  variants: [{ name: 'AllTraffic', current, desired: 4, phases: [{ phase: 'Baking', message: 'anything', since }] }],
});
const candidate = { endpoint: 'churn', variant: 'AllTraffic', endpointConfig: 'churn-1-4-0-aaaaaaaa' };

/** A world whose candidate sees `perMinute` requests in every minute, readable at once. */
const world = (now: number, perMinute: number): World =>
  ({
    clock: { now: () => now, sleepUntil: async () => undefined },
    read: {
      cloudwatch: {
        getMetricData: async ({ StartTime, EndTime }: { StartTime: Date; EndTime: Date }) => {
          const count = Math.floor((EndTime.getTime() - StartTime.getTime()) / minutes(1));
          const Timestamps = Array.from(
            { length: count },
            (_, index) => new Date(StartTime.getTime() + minutes(index)),
          );
          return { MetricDataResults: [{ Id: 'requests', Timestamps, Values: Timestamps.map(() => perMinute) }] };
        },
      },
    },
  }) as unknown as World;

const bake: Bake = { stage: 'canary', startedAt: start, endsAt: start + minutes(10) };

describe('bakes as they are witnessed', () => {
  test('a part of the fleet bakes as long as the canary, the whole fleet as long as the final bake', () => {
    const first = witnessBakes([], baking(start, 1), submission);
    expect(first).toEqual([{ stage: 'canary', startedAt: start, endsAt: start + minutes(10) }]);
    const second = witnessBakes(first, baking(start + minutes(10), 4), submission);
    expect(second[1]).toEqual({ stage: 'full', startedAt: start + minutes(10), endsAt: start + minutes(15) });
  });

  test('seen twice is one bake', () => {
    const first = witnessBakes([], baking(start, 1), submission);
    expect(witnessBakes(first, baking(start, 1), submission)).toBe(first);
  });

  test('nothing pending, nothing new', () => {
    expect(witnessBakes([bake], undefined, submission)).toEqual([bake]);
  });
});

describe('requests in a bake', () => {
  test('are counted once its metrics are complete, three minutes after its end, and then never again', async () => {
    expect((await countBakes(world(start + minutes(12), 30), candidate, [bake]))[0]?.requests).toBeUndefined();
    const [counted] = await countBakes(world(start + minutes(13), 30), candidate, [bake]);
    expect(counted).toMatchObject({ requests: 300, countedAt: start + minutes(13) });
    expect((await countBakes(world(start + minutes(20), 99), candidate, counted ? [counted] : []))[0]?.requests).toBe(
      300,
    );
  });

  test('countableAt is when the last open bake can be counted', () => {
    expect(countableAt([bake])).toBe(start + minutes(13));
    expect(countableAt([{ ...bake, requests: 1 }])).toBeUndefined();
  });
});

describe('rule 5: a bake without traffic proves nothing', () => {
  test('a counted bake below the minimum starves', async () => {
    const found = await starvedBake(world(start + minutes(14), 0), candidate, [{ ...bake, requests: 299 }], 300);
    expect(found).toMatchObject({ requests: 299, projected: false });
  });

  test('the running bake is projected in its last three minutes, not before', async () => {
    expect(await starvedBake(world(start + minutes(6), 10), candidate, [bake], 300)).toBeUndefined();
    expect(await starvedBake(world(start + minutes(7), 10), candidate, [bake], 300)).toMatchObject({
      requests: 100,
      projected: true,
    });
    expect(await starvedBake(world(start + minutes(7), 30), candidate, [bake], 300)).toBeUndefined();
  });

  test('a bake too short for any complete minute is left for the count afterwards', async () => {
    const short: Bake = { ...bake, endsAt: start + minutes(3) };
    expect(await starvedBake(world(start + minutes(1), 0), candidate, [short], 300)).toBeUndefined();
  });

  test('zero asks for nothing', async () => {
    expect(await starvedBake(world(start + minutes(14), 0), candidate, [{ ...bake, requests: 0 }], 0)).toBeUndefined();
  });
});
