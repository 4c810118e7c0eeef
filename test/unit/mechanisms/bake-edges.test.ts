import { describe, expect, test } from '@jest/globals';
import { minutes } from '../../../src/clock.ts';
import { countableAt, starvedBake, witnessBakes } from '../../../src/mechanisms/guardrail/bakes.ts';
import { causeOf } from '../../../src/mechanisms/guardrail/cause.ts';
import type { Bake } from '../../../src/release/record.ts';
import type { World } from '../../../src/world.ts';
import { fakeMetrics } from '../../support/metrics.ts';
import { guarded, release, secondSwap } from '../../support/release.ts';
import { nine } from '../../support/stepping.ts';

const fleet = { endpoint: 'churn', variant: 'AllTraffic', endpointConfig: 'churn-1-1-0' };
const bake: Bake = { stage: 'canary', startedAt: nine, endsAt: nine + minutes(10) };
const worldAt = (now: number, requests: number): World =>
  ({
    clock: { now: () => now },
    read: { cloudwatch: fakeMetrics((of) => (of.endsWith('churn-1-1-0') ? { requests } : undefined)) },
  }) as unknown as World;
const starved = (after: number, requests: number, given: Partial<Bake> = {}, least = 300) =>
  starvedBake(worldAt(nine + after, requests), fleet, [{ ...bake, ...given }], least);

describe('a bake with too few requests', () => {
  test('that has ended waits for its count', async () => {
    expect(await starved(minutes(10) - 1, 0)).toMatchObject({ projected: true });
    expect(await starved(minutes(10), 0)).toBeUndefined();
    expect(await starved(minutes(11), 0)).toBeUndefined();
  });

  test('is not projected once it was counted', async () => {
    expect(await starved(minutes(8), 0, { requests: 300 })).toBeUndefined();
    expect(await starved(minutes(8), 0, { requests: 299 })).toMatchObject({ requests: 299, projected: false });
  });

  test('is projected to its whole length, exactly to the minimum', async () => {
    // Four of ten minutes can be read.
    expect(await starved(minutes(7), 30)).toBeUndefined();
    expect(await starved(minutes(7), 30, {}, 301)).toEqual({ bake, requests: 300, projected: true });
  });

  test('is projected from one complete minute on', async () => {
    const short = { endsAt: nine + minutes(4) };
    expect(await starved(minutes(4) - 1, 0, short)).toBeUndefined();
    expect(await starved(minutes(4), 0, { endsAt: nine + minutes(5) })).toMatchObject({ projected: true });
  });
});

test('the last of several bakes decides when all of them can be counted', () => {
  const later = { ...bake, endsAt: nine + minutes(30) };
  expect(countableAt([later, bake])).toBe(nine + minutes(33));
  expect(countableAt([bake, later, { ...bake, endsAt: nine + minutes(60), requests: 5 }])).toBe(nine + minutes(33));
});

describe('the bakes that SageMaker shows', () => {
  const shows = (phase: string, name = 'AllTraffic') => ({
    endpointConfig: 'churn-1-1-0',
    variants: [{ name, current: 1, desired: 4, phases: [{ phase, message: '', since: nine }] }],
  });

  test('are those of the submitted variant, in the phase of that name, under guardrails', () => {
    expect(witnessBakes([], shows('Baking'), guarded)).toHaveLength(1);
    expect(witnessBakes([], shows('TrafficShifting'), guarded)).toEqual([]);
    expect(witnessBakes([], shows('Baking', 'other'), guarded)).toEqual([]);
    expect(witnessBakes([], shows('Baking'), secondSwap)).toEqual([]);
  });
});

describe('the cause of an update that came back', () => {
  const came = { release: release({ submission: guarded }), redAlarms: [], failureReason: undefined };

  test('is its limit, from that second on, in these words', () => {
    expect(causeOf({ ...came, elapsedSeconds: 3599 }).reason).toBe('cause-unknown');
    expect(causeOf({ ...came, elapsedSeconds: 3600 })).toEqual({
      reason: 'deployment-timeout',
      because: 'the update took longer than its limit of 3600 s',
    });
    expect(causeOf({ ...came, failureReason: 'odd', elapsedSeconds: 3600 }).because).toMatch(/limit of 3600 s: odd$/);
  });

  test.each([
    ['insufficient-traffic', /fewer requests than minimum-requests/],
    ['aborted-by-hand', /stopped by hand/],
  ] as const)('is the order to stop: %s', (why, words) => {
    const stopped = (because?: string) =>
      causeOf({
        ...came,
        elapsedSeconds: 60,
        release: release({
          witnessed: { abort: { at: nine, why, published: true, ...(because === undefined ? {} : { because }) } },
        }),
      });
    expect(stopped()).toMatchObject({ reason: why, because: expect.stringMatching(words) });
    expect(stopped('it is worse').because).toBe('it is worse');
  });

  test('is all alarms that went off', () => {
    expect(causeOf({ ...came, redAlarms: ['a', 'b'], elapsedSeconds: 60 })).toEqual({
      reason: 'alarm',
      because: 'alarms a, b went off',
    });
  });
});
