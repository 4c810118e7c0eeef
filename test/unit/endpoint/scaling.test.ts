import { describe, expect, test } from '@jest/globals';
import { laterSnapshot, putScaling, scalingOf } from '../../../src/endpoint/scaling.ts';
import { scalingWorld } from '../../support/scaling-world.ts';

const StartTime = new Date('2026-12-24T06:00:00Z');
const resourceId = 'endpoint/churn/variant/AllTraffic';

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

test('dates survive the release record, which is JSON', async () => {
  const christmas = { ScheduledActionName: 'christmas', Schedule: 'cron(0 6 24 12 ? *)', StartTime };
  const { world } = scalingWorld({ target: { MinCapacity: 2, MaxCapacity: 8 }, actions: [christmas] });
  const snapshot = await scalingOf(world, 'churn', 'AllTraffic');
  expect(snapshot).toMatchObject({ resourceId, minCapacity: 2, maxCapacity: 8 });
  const empty = scalingWorld();
  await putScaling(empty.world, JSON.parse(JSON.stringify(snapshot)));
  expect(empty.aws.actions).toEqual([christmas]);
});

describe('the snapshot before a target is removed', () => {
  const tracking = (name: string, target: number) => ({ PolicyName: name, target });
  const suspended = { scaleIn: false, scaleOut: false, scheduled: false };
  const snapshot = {
    resourceId: 'endpoint/churn/variant/AllTraffic',
    minCapacity: 2,
    maxCapacity: 6,
    suspended,
    policies: [tracking('visitors', 9), tracking('queue', 1)],
    scheduledActions: [{ ScheduledActionName: 'night' }],
    arns: { visitors: 'old', queue: 'old' },
  };
  const existing = {
    ...snapshot,
    maxCapacity: 8,
    suspended: { ...suspended, scaleIn: true, scheduled: true },
    policies: [tracking('visitors', 7), tracking('crowd', 1)],
    scheduledActions: [{ ScheduledActionName: 'fair' }],
    arns: { visitors: 'new' },
  };

  test('is the target of now, where the release has no earlier one', () => {
    expect(laterSnapshot(undefined, existing)).toBe(existing);
  });

  test('else has what others changed and what they removed, and the suspension before the release', () => {
    expect(laterSnapshot(snapshot, existing)).toEqual({
      ...existing,
      suspended: { ...suspended, scheduled: true },
      policies: [tracking('visitors', 7), tracking('crowd', 1), tracking('queue', 1)],
      scheduledActions: [{ ScheduledActionName: 'fair' }, { ScheduledActionName: 'night' }],
      arns: { visitors: 'new', queue: 'old' },
    });
  });

  test('has no ARNs where neither has any', () => {
    const { arns: _, ...plain } = snapshot;
    expect(laterSnapshot(plain, plain)).not.toHaveProperty('arns');
  });
});
