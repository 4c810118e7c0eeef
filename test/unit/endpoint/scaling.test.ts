import { describe, expect, test } from '@jest/globals';
import { putScaling, scalingOf } from '../../../src/endpoint/scaling.ts';
import type { World } from '../../../src/world.ts';
import { scalingWorld } from '../../support/scaling-world.ts';

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

test('only the ARNs of its own policies are kept: alarms that name them are changed', async () => {
  const arn = (name: string): string =>
    `arn:aws:autoscaling:eu-west-1:111122223333:scalingPolicy:0a1b:resource/sagemaker/${resourceId}:policyName/${name}`;
  const policies = [
    { PolicyName: 'wake', PolicyARN: arn('wake') },
    { PolicyName: 'sleep', PolicyARN: arn('wake') },
    { PolicyName: 'other', PolicyARN: 'arn:aws:sns:eu-west-1:111122223333:on-call' },
  ];
  const { world } = scalingWorld({ target: {}, policies });
  expect((await scalingOf(world, 'churn', 'AllTraffic'))?.arns).toEqual({ wake: arn('wake') });
});

describe('autoscaling set aside and put back', () => {
  test('dates survive the release record, which is JSON', async () => {
    const { world, put } = scalingWorld();
    const snapshot = await scalingOf(world, 'churn', 'AllTraffic');
    expect(snapshot).toMatchObject({ resourceId, minCapacity: 2, maxCapacity: 8 });
    await putScaling(world, JSON.parse(JSON.stringify(snapshot)));
    expect(put).toEqual([{ ScheduledActionName: 'christmas', Schedule: 'cron(0 6 24 12 ? *)', StartTime }]);
  });
});
