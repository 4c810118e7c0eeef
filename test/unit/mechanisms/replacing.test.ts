import { describe, expect, test } from '@jest/globals';
import { minutes, seconds } from '../../../src/clock.ts';
import type { Desired } from '../../../src/endpoint/desired.ts';
import { mechanisms } from '../../../src/mechanisms/all.ts';
import { publishDark } from '../../../src/mechanisms/publish.ts';
import { bringCount } from '../../../src/mechanisms/replacement/bring-count.ts';
import { freeScaling } from '../../../src/mechanisms/replacement/free-scaling.ts';
import { newRecord } from '../../../src/release/lifecycle.ts';
import type { Configuration, Release } from '../../../src/release/record.ts';
import type { World } from '../../../src/world.ts';
import { planningWorld } from '../../support/planning.ts';
import { configuration, release, secondSwap, subject, unchanged } from '../../support/release.ts';
import { nine } from '../../support/stepping.ts';
import { turnFrom, turnsOf } from '../../support/turns.ts';
import { busy, refusal } from '../../support/walking.ts';

describe('the plan of a way back', () => {
  const [from, to] = [configuration('1.1.0'), configuration('1.0.0')];
  const planned = (one: Configuration, other: Configuration) =>
    mechanisms.replacement.plan(planningWorld({}), {
      operation: 'rollback',
      record: newRecord(subject),
      from: one,
      to: other,
      variant: 'AllTraffic',
      because: 'wrong prices',
    });

  test('counts both fleets, each under its own type', async () => {
    const small = { ...to, instanceType: 'ml.c5.large' };
    const { plan } = await planned(from, small);
    expect(plan.peakInstances).toEqual({ 'ml.m5.large': 2, 'ml.c5.large': 2 });
    expect(plan.permissions).toContain('application-autoscaling:RegisterScalableTarget');
    expect((await planned(from, to)).plan.permissions).not.toContain('application-autoscaling:RegisterScalableTarget');
  });

  test('counts no instances where there are none', async () => {
    const serverless = { instanceType: 'serverless', instanceCount: 0 };
    expect((await planned({ ...from, ...serverless }, { ...to, ...serverless })).plan.peakInstances).toEqual({});
  });

  test('goes to a configuration without a version by its name', async () => {
    const { version: _, ...foreign } = { ...to, endpointConfig: 'made-by-hand' };
    const { release: back, plan, already } = await planned(from, foreign);
    expect(already).toBe('already-delivered');
    expect(back).toMatchObject({
      id: expect.stringMatching(/^churn-unversioned-/),
      version: 'made-by-hand',
      attempt: 1,
    });
    expect(plan.title).toContain('from 1.1.0 to made-by-hand');
    expect(plan.changes).toEqual([
      expect.objectContaining({
        verb: 'update',
        object: 'endpoint churn',
        details: expect.arrayContaining(['churn-1-1-0 → made-by-hand', 'all at once, watched by no alarm']),
      }),
    ]);
  });
});

interface Far {
  readonly status?: string;
  readonly config?: string;
  readonly counts?: readonly [current: number, desired: number];
  readonly variant?: string;
  readonly gone?: true;
  readonly refuses?: Error;
  readonly failureReason?: string;
}

/** A turn of a version that serves already, with two instances wanted, over an endpoint with four. */
const counting = (far: Far = {}, given: Partial<Release> = {}) => {
  const { status = 'InService', config = 'churn-1-1-0', counts = [4, 4], variant = 'AllTraffic' } = far;
  const sent: number[] = [];
  const world = {
    clock: { now: () => nine },
    read: {
      sagemaker: {
        describeEndpoint: async () => {
          if (far.gone) throw refusal('Could not find endpoint "churn".');
          return {
            EndpointStatus: status,
            EndpointConfigName: config,
            FailureReason: far.failureReason,
            ProductionVariants: [
              { VariantName: variant, CurrentInstanceCount: counts[0], DesiredInstanceCount: counts[1] },
            ],
          };
        },
      },
    },
    write: {
      sagemaker: {
        updateEndpointWeightsAndCapacities: async ({
          DesiredWeightsAndCapacities: [one],
        }: {
          DesiredWeightsAndCapacities: readonly { DesiredInstanceCount: number }[];
        }) => {
          if (far.refuses) throw far.refuses;
          sent.push(one?.DesiredInstanceCount ?? 0);
        },
      },
    },
  } as unknown as World;
  const { turn, release: now } = turnsOf(
    release({ submission: { ...unchanged, exclude: ['DesiredInstanceCount'] }, ...given }),
    { world },
  );
  return { bring: () => bringCount(turn()), sent, release: now };
};

describe('the count of a version that serves already', () => {
  test.each<[string, Far, Partial<Release>]>([
    ['an endpoint that is gone', { gone: true }, {}],
    ['an endpoint in motion', { status: 'Updating' }, {}],
    ['another configuration', { config: 'churn-theirs' }, {}],
    ['another variant', { variant: 'main' }, {}],
    ['a count that is right', { counts: [2, 2] }, {}],
    ['a count that autoscaling keeps', {}, { submission: unchanged }],
    ['a release that updates', {}, { submission: { ...secondSwap, mechanism: 'replacement' } }],
  ])('stays with %s', async (_what, far, given) => {
    const one = counting(far, given);
    expect(await one.bring()).toBeUndefined();
    expect(one.sent).toEqual([]);
  });

  test.each<[string, readonly [number, number]]>([
    ['differs', [4, 4]],
    ['has not arrived yet', [4, 2]],
    ['is about to leave', [2, 4]],
  ])('is set where it %s', async (_how, counts) => {
    const one = counting({ counts });
    expect(await one.bring()).toMatchObject({ because: `from ${counts[1]} to 2 instances`, percent: 9 });
    expect(one.sent).toEqual([2]);
    expect(one.release().witnessed.countSetAt).toBe(nine);
  });

  test('is set later while the endpoint is busy; another refusal is an error', async () => {
    expect(await counting({ refuses: busy }).bring()).toMatchObject({ percent: 9 });
    const quota = refusal('The account-level service limit is 0 Instances.', 'ResourceLimitExceeded');
    await expect(counting({ refuses: quota }).bring()).rejects.toBe(quota);
  });

  test.each([
    [seconds(60) - 1, undefined, undefined],
    [seconds(60), undefined, 'churn serves 1.1.0 with 4 instances, but the manifest wants 2'],
    [minutes(5), 'no capacity', 'churn serves 1.1.0 with 4 instances, but the manifest wants 2: no capacity'],
  ])('is given up after a minute: %d ms', async (after, failureReason, because) => {
    const far = failureReason === undefined ? {} : { failureReason };
    const one = counting(far, { witnessed: { countSetAt: nine - after } });
    await one.bring();
    expect(one.release().because).toBe(because);
    expect(one.release().reason).toBe(because && 'verification-mismatch');
    expect(one.sent).toEqual(because === undefined ? [2] : []);
  });
});

describe('autoscaling of a variant whose instance type changes', () => {
  const freeing = (given: Partial<Release>, has = true) => {
    const sent: string[] = [];
    const target = { MinCapacity: 1, MaxCapacity: 4 };
    const world = {
      read: {
        autoscaling: {
          describeScalableTargets: async () => ({ ScalableTargets: has ? [target] : [] }),
          describeScalingPolicies: async () => ({}),
          describeScheduledActions: async () => ({}),
        },
      },
      write: {
        autoscaling: {
          deregisterScalableTarget: async ({ ResourceId }: { ResourceId: string }) => void sent.push(ResourceId),
        },
      },
    } as unknown as World;
    const { turn, release: now } = turnsOf(release({ baseline: configuration('1.0.0'), ...given }), { world });
    return { free: () => freeScaling(turn()), sent, release: now };
  };
  const other = { candidate: { ...configuration('1.1.0'), instanceType: 'ml.c5.large' } };

  test('is noted, then removed, and the report names it', async () => {
    const one = freeing(other);
    expect(await one.free()).toEqual({
      because:
        'removed autoscaling of endpoint/churn/variant/AllTraffic for the duration of this release: the instance type changes',
      percent: 9,
    });
    expect(one.sent).toEqual(['endpoint/churn/variant/AllTraffic']);
    expect(one.release().scaling).toMatchObject({ minCapacity: 1, maxCapacity: 4 });
  });

  test('keeps the policies of an earlier note: a second read may find less', async () => {
    const scaling: NonNullable<Release['scaling']> = {
      resourceId: 'endpoint/churn/variant/AllTraffic',
      minCapacity: 2,
      maxCapacity: 9,
      suspended: { scaleIn: false, scaleOut: false, scheduled: false },
      policies: [{ PolicyName: 'visitors' }],
      scheduledActions: [{ ScheduledActionName: 'night' }],
    };
    const one = freeing({ ...other, scaling });
    await one.free();
    expect(one.release().scaling).toEqual({ ...scaling, minCapacity: 1, maxCapacity: 4 });
  });

  test('stays where the type stays, where there is none, and on a new endpoint', async () => {
    expect(await freeing({}).free()).toBeUndefined();
    expect(await freeing(other, false).free()).toBeUndefined();
    expect(await freeing({ ...other, baseline: undefined as never }).free()).toBeUndefined();
  });
});

test('a dark candidate needs a baseline and the name of the variant that stays', async () => {
  const dark = { ...secondSwap, canonical: 'AllTraffic' };
  const publishing = (given: Partial<Release>) =>
    publishDark(turnFrom({ world: {} as World, endpoint: 'churn', release: release(given) }), {} as Desired);
  await expect(publishing({ submission: dark })).rejects.toThrow(/has no baseline for its dark candidate$/);
  await expect(publishing({ baseline: configuration('1.0.0'), submission: secondSwap })).rejects.toThrow(
    /has no baseline for its dark candidate$/,
  );
});
