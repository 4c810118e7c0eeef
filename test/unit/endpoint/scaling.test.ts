import { describe, expect, test } from '@jest/globals';
import { putScaling, scalingOf } from '../../../src/endpoint/scaling.ts';
import type { World } from '../../../src/world.ts';

const StartTime = new Date('2026-12-24T06:00:00Z');
const resourceId = 'endpoint/churn/variant/AllTraffic';

/** A scalable target with one scheduled action; what is put is remembered. */
const scalingWorld = () => {
  const put: { readonly StartTime?: unknown; readonly Schedule?: unknown }[] = [];
  const world = {
    read: {
      autoscaling: {
        describeScalableTargets: async () => ({ ScalableTargets: [{ MinCapacity: 2, MaxCapacity: 8 }] }),
        describeScalingPolicies: async () => ({}),
        describeScheduledActions: async () => ({
          ScheduledActions: [{ ScheduledActionName: 'christmas', Schedule: 'cron(0 6 24 12 ? *)', StartTime }],
        }),
      },
    },
    write: {
      autoscaling: {
        registerScalableTarget: async () => ({}),
        putScheduledAction: async (action: (typeof put)[number]) => void put.push(action),
      },
    },
  } as unknown as World;
  return { world, put };
};

describe('autoscaling set aside and put back', () => {
  test('dates survive the release record, which is JSON', async () => {
    const { world, put } = scalingWorld();
    const snapshot = await scalingOf(world, 'churn', 'AllTraffic');
    expect(snapshot).toMatchObject({ resourceId, minCapacity: 2, maxCapacity: 8 });
    await putScaling(world, JSON.parse(JSON.stringify(snapshot)));
    expect(put).toEqual([{ ScheduledActionName: 'christmas', Schedule: 'cron(0 6 24 12 ? *)', StartTime }]);
  });
});
