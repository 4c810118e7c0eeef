import { describe, expect, test } from '@jest/globals';
import { Throttled } from '../../../src/aws/retry.ts';
import { minutes } from '../../../src/clock.ts';
import { applyScaling, restoreScaling } from '../../../src/delivery/scaling-tasks.ts';
import { scalingOf } from '../../../src/endpoint/scaling.ts';
import type { Autoscaling, EndpointSpec } from '../../../src/manifest/manifest.ts';
import type { Turn } from '../../../src/mechanisms/turn.ts';
import type { Release, ScalingSnapshot, Submission } from '../../../src/release/record.ts';
import { guarded, release } from '../../support/release.ts';
import { type ScalingAws, scalingWorld, validation } from '../../support/scaling-world.ts';
import { turnsOf } from '../../support/turns.ts';

const resourceId = 'endpoint/churn/variant/AllTraffic';
const about = {
  ServiceNamespace: 'sagemaker',
  ScalableDimension: 'sagemaker:variant:DesiredInstanceCount',
  ResourceId: resourceId,
};
const arnOf = (name: string, id = 'old'): string =>
  `arn:aws:autoscaling:eu-west-1:111122223333:scalingPolicy:${id}:resource/sagemaker/${resourceId}:policyName/${name}`;
const tracking = (PolicyName: string, TargetValue = 650) => ({
  ...about,
  PolicyName,
  PolicyType: 'TargetTrackingScaling',
  TargetTrackingScalingPolicyConfiguration: {
    TargetValue,
    PredefinedMetricSpecification: { PredefinedMetricType: 'SageMakerVariantInvocationsPerInstance' },
  },
});
const wake = {
  ...about,
  PolicyName: 'wake',
  PolicyType: 'StepScaling',
  StepScalingPolicyConfiguration: { AdjustmentType: 'ChangeInCapacity', StepAdjustments: [{ ScalingAdjustment: 1 }] },
};
const queue = {
  AlarmName: 'queue',
  Namespace: 'Acme',
  MetricName: 'Queue',
  Threshold: 3,
  Dimensions: [{ Name: 'Queue', Value: 'a' }],
  AlarmActions: ['arn:aws:sns:eu-west-1:111122223333:on-call', arnOf('wake')],
};
const registered = { ...about, MinCapacity: 2, MaxCapacity: 6 };

/** A turn whose record takes what is saved. */
const turn = (world: Turn['world'], given: Partial<Release>) => {
  const remarks: string[] = [];
  const begun = release({ outcome: 'succeeded', phase: 'settling', ...given });
  const { turn: now, release: current } = turnsOf(begun, { world, remark: (sentence) => void remarks.push(sentence) });
  const state = {
    remarks,
    get release() {
      return current();
    },
  };
  return { state, now };
};

describe('the manifest, once the version serves', () => {
  const specOf = (autoscaling: Autoscaling, more: object = {}) =>
    ({ name: 'churn', autoscaling, ...more }) as EndpointSpec;
  const spec = specOf({ min: 2, max: 6, invocationsPerInstance: 70 });
  const applied = async (start: Partial<ScalingAws>, given: Partial<Release> = {}, wanted = spec) => {
    const { world, aws } = scalingWorld(start);
    const { state, now } = turn(world, given);
    const step = await applyScaling(wanted)(now());
    return { aws, state, step, again: () => applyScaling(wanted)(now()) };
  };

  test('is applied to the variant that serves, and never to a dark candidate', async () => {
    const calls = async (submission: Submission) => (await applied({}, { submission })).aws.calls;
    expect(await calls(guarded)).toEqual([
      `registerScalableTarget ${resourceId}`,
      'putScalingPolicy model-delivery-AllTraffic',
    ]);
    const dark = { mechanism: 'variants', variant: 'AllTraffic-next', canonical: 'AllTraffic', exclude: [] } as const;
    expect(await calls({ ...dark, kind: 'update', expectedSeconds: 300 })).toEqual([]);
    expect(await calls({ ...dark, kind: 'none' })).toEqual([]);
  });
  test('is not applied for a version that does not serve', async () => {
    expect((await applied({}, { outcome: 'rolled-back' })).aws.calls).toEqual([]);
  });
  test('the policy that is there is brought to the target, and others are not put', async () => {
    const { aws, again } = await applied({ target: registered, policies: [tracking('evening'), wake] });
    expect(aws.calls).toEqual([`registerScalableTarget ${resourceId}`, 'putScalingPolicy evening']);
    expect(aws.policies[0]).toMatchObject(tracking('evening', 70));
    expect(await again()).toBeUndefined();
    expect(aws.calls).toHaveLength(2);
  });
  test('a refusal is a remark', async () => {
    const { state, step } = await applied({ refuse: { putScalingPolicy: validation('another policy') } });
    expect(step).toBeUndefined();
    expect(state.remarks).toEqual([
      'autoscaling of churn is not as the manifest wants it; the next delivery tries it again: ValidationException: another policy',
    ]);
  });
  test('a policy in the way is a remark, and nothing is put', async () => {
    const step = [{ name: 'evening', alarm: 'queue', steps: [{ by: 1 }] }];
    const { aws, state } = await applied(
      { target: registered, policies: [tracking('evening')] },
      {},
      specOf({ min: 2, max: 6, step }),
    );
    expect(state.remarks).toEqual([expect.stringMatching(/is not as the manifest wants it: policy evening has type/)]);
    expect(aws.calls).toEqual([]);
  });
  test('what AWS shows otherwise than it was sent is sent once', async () => {
    const { aws, state, again } = await applied({ target: registered, policies: [tracking('evening')] });
    aws.policies[0] = tracking('evening', 71);
    expect(await again()).toBeUndefined();
    expect(state.remarks).toEqual([expect.stringMatching(/policy evening: target 71 → 70/)]);
    expect(aws.calls).toHaveLength(2);
  });
  test('an error that passes is retried, for a quarter of an hour', async () => {
    const refuse = { registerScalableTarget: new Throttled(0, validation('busy')) };
    const tried = (concludedAt: number | undefined) => {
      const { world } = scalingWorld({ refuse }, minutes(30));
      const { state, now } = turn(world, concludedAt === undefined ? {} : { concludedAt });
      return Promise.resolve(applyScaling(spec)(now())).then(() => state.remarks);
    };
    await expect(tried(undefined)).rejects.toThrow('busy');
    await expect(tried(minutes(15) + 1)).rejects.toThrow('busy');
    expect(await tried(minutes(15))).toEqual([expect.stringContaining('busy')]);
  });

  describe('step policies and their alarms', () => {
    const step = (name: string) => ({ name, alarm: 'queue', steps: [{ by: 1 }] });
    const alarm = { ...queue, AlarmActions: ['arn:aws:sns:eu-west-1:111122223333:on-call', arnOf('wake', 'dead')] };
    test('each policy is added to the actions of its alarm; a former ARN of it goes', async () => {
      const wanted = specOf({ min: 2, max: 6, step: [step('wake'), step('more')] });
      const { aws, again } = await applied({ target: registered, alarms: [alarm] }, {}, wanted);
      expect(aws.alarms).toEqual([
        {
          ...alarm,
          AlarmActions: ['arn:aws:sns:eu-west-1:111122223333:on-call', arnOf('wake', 'new-1'), arnOf('more', 'new-2')],
        },
      ]);
      expect(await again()).toBeUndefined();
    });
    test('an alarm alone is wired without putting the target again', async () => {
      const existing = { ...wake, PolicyARN: arnOf('wake') };
      const { aws } = await applied(
        { target: registered, policies: [existing], alarms: [alarm] },
        {},
        specOf({ min: 2, max: 6, step: [step('wake')] }),
      );
      expect(aws.calls).toEqual(['putMetricAlarm queue']);
    });
    test('an alarm that went away meanwhile is a remark', async () => {
      const { state } = await applied({ target: registered }, {}, specOf({ min: 2, max: 6, step: [step('wake')] }));
      expect(state.remarks).toContain('alarm queue, which starts scaling policy wake, does not exist');
    });
  });
});

describe('autoscaling that a release set aside', () => {
  const policies = [
    { ...tracking('evening'), PolicyARN: arnOf('evening') },
    { ...wake, PolicyARN: arnOf('wake') },
  ];
  const snapshot = async (): Promise<ScalingSnapshot> => {
    const { world } = scalingWorld({ target: registered, policies });
    return JSON.parse(JSON.stringify(await scalingOf(world, 'churn', 'AllTraffic')));
  };
  const restored = async (start: Partial<ScalingAws>) => {
    const { world, aws } = scalingWorld(start);
    const { state, now } = turn(world, { scaling: await snapshot() });
    const step = await restoreScaling(now());
    return { aws, state, step, again: () => restoreScaling(now()) };
  };

  test('that was only suspended needs no change of its alarms: its policies have their ARNs still', async () => {
    const target = { ...registered, SuspendedState: { DynamicScalingInSuspended: true } };
    const { aws, state } = await restored({ target, policies, alarms: [queue] });
    expect(aws.calls).toEqual([`registerScalableTarget ${resourceId}`]);
    expect(state.release.scaling).toBeUndefined();
  });

  test('comes back, and alarms that start its step policies name their new ARNs', async () => {
    const { aws, state, step } = await restored({
      alarms: [{ ...queue, StateValue: 'OK', OKActions: [arnOf('wake')] }],
    });
    expect(aws.policies).toEqual([
      { ...tracking('evening'), PolicyARN: arnOf('evening', 'new-1') },
      { ...wake, PolicyARN: arnOf('wake', 'new-2') },
    ]);
    expect(aws.alarms).toEqual([
      {
        ...queue,
        AlarmActions: ['arn:aws:sns:eu-west-1:111122223333:on-call', arnOf('wake', 'new-2')],
        OKActions: [arnOf('wake', 'new-2')],
        InsufficientDataActions: [],
      },
    ]);
    expect(state.release.scaling).toBeUndefined();
    expect(step?.because).toContain('put autoscaling');
  });
  test('an alarm on metric math keeps its metrics and gets no dimensions', async () => {
    const { Dimensions: _none, ...math } = { ...queue, Metrics: [{ Id: 'e1', Expression: 'm1*2' }] };
    const { aws } = await restored({ alarms: [{ ...math, Dimensions: [] }] });
    expect(aws.alarms[0]).not.toHaveProperty('Dimensions');
    expect(aws.alarms[0]).toMatchObject({ Metrics: math.Metrics });
  });
  test('a crash between policy and alarm is made good', async () => {
    const back = [
      { ...tracking('evening'), PolicyARN: arnOf('evening', 'back') },
      { ...wake, PolicyARN: arnOf('wake', 'back') },
    ];
    const { aws } = await restored({ target: registered, policies: back, alarms: [queue] });
    expect(aws.calls).toEqual(['putMetricAlarm queue']);
    expect(aws.alarms[0]?.['AlarmActions']).toEqual([
      'arn:aws:sns:eu-west-1:111122223333:on-call',
      arnOf('wake', 'back'),
    ]);
  });
  test('an alarm that this role may not change is named with both ARNs', async () => {
    const { state, step } = await restored({ alarms: [queue], refuse: { putMetricAlarm: validation('denied') } });
    expect(state.remarks).toEqual([
      `alarm queue starts scaling policy wake by an ARN that no longer exists: replace ${arnOf('wake')} by ${arnOf('wake', 'new-2')} in its actions: ValidationException: denied`,
    ]);
    expect(step).toBeDefined();
  });
  test('only what is suspended is set where the target stayed: limits of a schedule stay', async () => {
    const suspended = { DynamicScalingInSuspended: true };
    const { aws } = await restored({ target: { ...registered, MinCapacity: 4, SuspendedState: suspended }, policies });
    expect(aws.calls).toEqual([`registerScalableTarget ${resourceId}`]);
    expect(aws.target).toMatchObject({
      MinCapacity: 4,
      MaxCapacity: 6,
      SuspendedState: { DynamicScalingInSuspended: false },
    });
  });
  test('a refusal is shouted with the snapshot, which stays in the record; other policies come back', async () => {
    const { aws, state, step, again } = await restored({
      refuse: { 'putScalingPolicy evening': validation('no more') },
    });
    expect(step).toBeUndefined();
    expect(state.remarks).toEqual([
      `AUTOSCALING OF ${resourceId} IS NOT AS IT WAS BEFORE THIS RELEASE. Restore it by hand from the snapshot in the release record (release ${state.release.id}, member scaling): policy evening: ValidationException: no more`,
    ]);
    expect(state.release.scaling).toBeDefined();
    expect(aws.policies).toHaveLength(1);
    delete aws.refuse['putScalingPolicy evening'];
    expect(await again()).toBeDefined();
    expect(state.release.scaling).toBeUndefined();
  });
  test('without its target no policy is tried', async () => {
    const { aws, state } = await restored({ refuse: { registerScalableTarget: validation('gone') } });
    expect(aws.calls).toEqual([]);
    expect(state.remarks).toEqual([expect.stringContaining(`${resourceId}: ValidationException: gone`)]);
  });
  test('of provisioned concurrency it ends with the serverless fleet, and the result says what it was', async () => {
    const { world, aws } = scalingWorld();
    const scaling = { ...(await snapshot()), dimension: 'sagemaker:variant:DesiredProvisionedConcurrency' as const };
    const { state, now } = turn(world, { scaling });
    expect(await restoreScaling(now())).toBeUndefined();
    expect(aws.calls).toEqual([]);
    expect(state.release.scaling).toBeUndefined();
    expect(state.remarks).toEqual([
      expect.stringMatching(/ended with the serverless fleet: 2 to 6 \(provisioned concurrency\); policy evening/),
    ]);
    // The serverless fleet serves on.
    const taken = turn(world, { scaling, outcome: 'rolled-back' });
    expect(await restoreScaling(taken.now())).toBeDefined();
    expect(aws.calls).toHaveLength(3);
  });
  test('a look that AWS refuses is shouted too', async () => {
    const { world } = scalingWorld({});
    const describeScalableTargets = async () => {
      throw validation('no look');
    };
    const { state, now } = turn(
      { ...world, read: { ...world.read, autoscaling: { ...world.read.autoscaling, describeScalableTargets } } },
      { scaling: await snapshot() },
    );
    expect(await restoreScaling(now())).toBeUndefined();
    expect(state.remarks).toEqual([expect.stringMatching(/^AUTOSCALING OF .* no look/)]);
  });
  test('an error that passes is retried', async () => {
    await expect(restored({ refuse: { putScalingPolicy: new Throttled(0, validation('busy')) } })).rejects.toThrow(
      'busy',
    );
  });
});
