import { describe, expect, test } from '@jest/globals';
import { endingScaling, scalingChange } from '../../../src/endpoint/scaling-change.ts';
import type { Autoscaling, EndpointSpec } from '../../../src/manifest/manifest.ts';
import { Refusal } from '../../../src/operation.ts';
import type { ScalingSnapshot } from '../../../src/release/record.ts';
import { configuration } from '../../support/release.ts';
import { scalingWorld } from '../../support/scaling-world.ts';

const target = 'endpoint/churn/variant/main';
const wake = { PolicyName: 'wake', PolicyType: 'StepScaling', StepScalingPolicyConfiguration: {} };
const live = (more: Partial<ScalingSnapshot> = {}): ScalingSnapshot => ({
  resourceId: target,
  minCapacity: 0,
  maxCapacity: 4,
  suspended: { scaleIn: false, scaleOut: false, scheduled: false },
  policies: [],
  scheduledActions: [],
  ...more,
});
const change = (autoscaling: Autoscaling | undefined, existing?: ScalingSnapshot, alarms: readonly object[] = []) =>
  scalingChange(
    scalingWorld({ alarms: [...alarms] as Record<string, unknown>[] }).world,
    { name: 'churn', ...(autoscaling ? { autoscaling } : {}) } as EndpointSpec,
    'main',
    existing,
  );
const refusal = async (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'accepted',
    (error: unknown) => (error instanceof Refusal ? `${error.reason}: ${error.message}` : Promise.reject(error)),
  );

describe('autoscaling in a plan', () => {
  const step = [{ name: 'wake', alarm: 'queue', steps: [{ from: 0, by: 1 }] }];
  const asleep = `${target} may have no instance, and no step policy wakes it: requests wait until the backlog exceeds the target`;

  test('is created, or updated, or neither', async () => {
    const wanted: Autoscaling = { min: 0, max: 4, schedule: [{ name: 'a', at: 'rate(1 day)', min: 1 }] };
    expect((await change(wanted)).changes).toEqual([
      {
        verb: 'create',
        object: `autoscaling of ${target}`,
        details: ['none → 0 to 4 (instances)', 'scheduled action a: none → rate(1 day), min 1'],
      },
    ]);
    expect((await change(wanted, live())).changes).toEqual([
      expect.objectContaining({ verb: 'update', details: ['scheduled action a: none → rate(1 day), min 1'] }),
    ]);
    const there = { ScheduledActionName: 'a', Schedule: 'rate(1 day)', ScalableTargetAction: { MinCapacity: 1 } };
    expect((await change(wanted, live({ scheduledActions: [there] }))).changes).toEqual([]);
  });
  test('of an endpoint that sleeps without a policy to wake it', async () => {
    const backlog = { min: 0, max: 4, backlogPerInstance: 5 };
    expect((await change(backlog)).notes).toEqual([asleep]);
    expect((await change({ ...backlog, min: 1 })).notes).toEqual([]);
    expect((await change({ ...backlog, step }, undefined, [{ AlarmName: 'queue', AlarmActions: [] }])).notes).toEqual(
      [],
    );
    expect((await change(backlog, live({ policies: [wake] }))).notes).toEqual([
      `kept: autoscaling of ${target}: policy wake (StepScaling)`,
    ]);
  });
  test('an alarm that does not start its policy yet is a line; one that does is none', async () => {
    const arn = 'arn:wake';
    const there = {
      ...wake,
      StepScalingPolicyConfiguration: {
        AdjustmentType: 'ChangeInCapacity',
        StepAdjustments: [{ MetricIntervalLowerBound: 0, ScalingAdjustment: 1 }],
      },
    };
    const existing = live({ policies: [there], arns: { wake: arn } });
    const wanted = { min: 0, max: 4, step };
    expect((await change(wanted, existing, [{ AlarmName: 'queue', AlarmActions: ['other'] }])).changes).toEqual([
      expect.objectContaining({ details: ['alarm queue: starts policy wake too'] }),
    ]);
    expect((await change(wanted, existing, [{ AlarmName: 'queue', AlarmActions: ['other', arn] }])).changes).toEqual(
      [],
    );
    expect(await refusal(change(wanted, existing))).toBe(
      `alarm-not-ready: autoscaling of ${target}: alarm queue, which starts policy wake, does not exist: create it first`,
    );
  });
  test('a policy in the way is refused', async () => {
    const taken = { PolicyName: 'wake', PolicyType: 'PredictiveScaling' };
    expect(await refusal(change({ min: 0, max: 4, step }, live({ policies: [taken] })))).toMatch(
      /^infeasible-rollout: autoscaling of endpoint\/churn\/variant\/main: policy wake has type PredictiveScaling/,
    );
  });
  test('that the manifest does not have is kept, in words', async () => {
    expect(await change(undefined)).toEqual({ changes: [], notes: [] });
    expect(await change(undefined, live({ policies: [wake] }))).toEqual({
      changes: [],
      notes: [
        `kept: autoscaling of ${target}, which the manifest does not have: 0 to 4 (instances); policy wake (StepScaling)`,
      ],
    });
  });
  test('of a serverless fleet that instances replace ends, in words', async () => {
    const { world } = scalingWorld({ target: { MinCapacity: 1, MaxCapacity: 5 } });
    const serverless = { ...configuration('1.0.0'), instanceType: 'serverless' };
    const spec = (more: object): EndpointSpec => ({ name: 'churn', ...more }) as EndpointSpec;
    expect(await endingScaling(world, spec({}), 'main', serverless)).toEqual([
      `ends: autoscaling of ${target}: 1 to 5 (provisioned concurrency)`,
    ]);
    expect(await endingScaling(world, spec({ serverless: {} }), 'main', serverless)).toEqual([]);
    expect(await endingScaling(world, spec({}), 'main', configuration('1.0.0'))).toEqual([]);
    expect(await endingScaling(world, spec({}), 'main', undefined)).toEqual([]);
    expect(await endingScaling(scalingWorld().world, spec({}), 'main', serverless)).toEqual([]);
  });
});
